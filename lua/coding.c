/* coding.c: spred.pictures, patches, dictionary, code and coders: sparse coding
 * from a script; and the userdata `codes`. */
#include "lua/binding.h"

#include <stdio.h>
#include <string.h>

#include "lua/data.h"
#include "lua/matrix.h"
#include "spred/coding.h"
#include "spred/image.h"
#include "spred/text.h"

/* Pictures while a function reads them; freed when it is collected. */
struct album {
    struct script *script;
    struct spred_image *images;
    char **paths;
    size_t n;
};

static int album_release(lua_State *L)
{
    struct album *album = lua_touserdata(L, 1);
    for (size_t i = 0; i < album->n; i++) {
        if (album->images)
            spred_image_free(album->script->env, &album->images[i]);
        if (album->paths)
            spred_free(album->script->env, album->paths[i]);
    }
    spred_free(album->script->env, album->images);
    spred_free(album->script->env, album->paths);
    memset(album, 0, sizeof *album);
    return 0;
}

static const struct binding_entry album_methods[] = {
    {"__gc", album_release, NULL, NULL}, {0}};
static const struct binding_type binding_album = {
    "album", "Pictures being read.", album_methods, NULL, NULL};

/* Room for n pictures; n 0: the Debian ones, fetched. Pushed. */
static struct album *push_album(lua_State *L, size_t n)
{
    const struct spred_debian_set *sets = spred_debian_pictures();
    const struct spred_fetch_options fetch = {.progress = data_download,
                                              .progress_cookie = script_of(L)};
    struct album *album = binding_new(L, &binding_album, sizeof *album, 0);
    album->script = script_of(L);
    size_t count = n;
    while (n == 0 && sets[count].name)
        count++;
    album->images =
        spred_alloc(album->script->env, count, sizeof *album->images);
    album->paths = spred_alloc(album->script->env, count, sizeof *album->paths);
    if (!album->images || !album->paths)
        binding_try(L, SPRED_ENOMEM);
    album->n = count;
    if (n == 0)
        binding_try(
            L, spred_fetch_pictures(album->script->env, &fetch, album->paths));
    for (size_t i = 0; n == 0 && i < count; i++)
        binding_try(L, spred_image_read(album->script->env, album->paths[i],
                                        &album->images[i]));
    return album;
}

/* A path beside the script wins over one in the working folder. */
static void read_picture(lua_State *L, struct album *album, size_t i,
                         const char *path)
{
    struct spred_env *env = album->script->env;
    const char *script = album->script->path;
    const char *slash = script ? strrchr(script, '/') : NULL;
    if (slash && *path != '/') {
        FILE *there;
        album->paths[i] =
            spred_format(env, "%.*s/%s", (int)(slash - script), script, path);
        if (!album->paths[i])
            binding_try(L, SPRED_ENOMEM);
        if ((there = fopen(album->paths[i], "r")))
            path = album->paths[i];
        if (there)
            fclose(there);
    }
    binding_try(L, spred_image_read(env, path, &album->images[i]));
}

static void push_picture(lua_State *L, const struct spred_image *image)
{
    double *out = binding_matrix_new(L, image->height, image->width);
    for (size_t y = 0; y < image->height; y++)
        for (size_t x = 0; x < image->width; x++)
            out[y + x * image->height] = image->grey[y * image->width + x];
}

static int pictures(lua_State *L)
{
    int n = lua_gettop(L);
    for (int i = 1; i <= n; i++)
        luaL_checkstring(L, i);
    struct album *album = push_album(L, (size_t)n);
    lua_newtable(L);
    for (size_t i = 0; i < album->n; i++) {
        if (n > 0)
            read_picture(L, album, i, lua_tostring(L, (int)i + 1));
        push_picture(L, &album->images[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    return 1;
}

/* The matrix at the top as picture i. */
static void take_matrix(lua_State *L, struct album *album, size_t i)
{
    const struct spred_matrix *m = &binding_matrix_check(L, -1)->m;
    struct spred_image *image = &album->images[i];
    if (m->rows == 0 || m->cols == 0)
        luaL_error(L, "spred.patches.pictures: picture %I is empty",
                   (lua_Integer)i + 1);
    image->grey =
        spred_alloc(album->script->env, m->rows * m->cols, sizeof *image->grey);
    double *column = lua_newuserdatauv(L, m->rows * sizeof *column, 0);
    if (!image->grey)
        binding_try(L, SPRED_ENOMEM);
    image->height = m->rows;
    image->width = m->cols;
    for (size_t x = 0; x < m->cols; x++) {
        spred_matrix_column(m, x, column);
        for (size_t y = 0; y < m->rows; y++)
            image->grey[y * m->cols + x] = column[y];
    }
    lua_pop(L, 1);
}

/* pictures = {matrix or path, ...}, one of them, or nil: the Debian ones. */
static struct album *push_pictures(lua_State *L, const char *what)
{
    int kind = lua_getfield(L, 1, "pictures");
    if (kind == LUA_TNIL)
        return push_album(L, 0);
    if (kind != LUA_TTABLE) {
        lua_createtable(L, 1, 0);
        lua_pushvalue(L, -2);
        lua_rawseti(L, -2, 1);
    }
    int list = lua_gettop(L);
    lua_Integer n = luaL_len(L, list);
    if (n < 1)
        luaL_error(L, "%s.pictures: is empty, expected matrices or paths",
                   what);
    struct album *album = push_album(L, (size_t)n);
    for (lua_Integer i = 0; i < n; i++) {
        if (lua_geti(L, list, i + 1) == LUA_TSTRING)
            read_picture(L, album, (size_t)i, lua_tostring(L, -1));
        else
            take_matrix(L, album, (size_t)i);
        lua_pop(L, 1);
    }
    return album;
}

static int patches(lua_State *L)
{
    static const char what[] = "spred.patches";
    static const char *const keys[] = {"pictures", "size", "count", "center",
                                       "norm",     "seed", NULL};
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    binding_keys(L, 1, what, keys);
    lua_Integer size = binding_integer(L, 1, what, "size", 8);
    lua_Integer count = binding_integer(L, 1, what, "count", 10000);
    const char *norm = binding_text(L, 1, what, "norm", "none");
    if (size < 1 || size > 64)
        luaL_error(L, "%s.size: expected 1 to 64, got %I", what, size);
    if (count < 1 || count > 10000000)
        luaL_error(L, "%s.count: expected 1 to 10000000, got %I", what, count);
    if (strcmp(norm, "none") != 0 && strcmp(norm, "unit") != 0)
        luaL_error(L, "%s.norm: expected none or unit, got '%s'", what, norm);
    const struct spred_patches how = {
        .size = (size_t)size,
        .count = (size_t)count,
        .center = binding_boolean(L, 1, what, "center", 1),
        .unit = strcmp(norm, "unit") == 0,
        .seed = (uint64_t)binding_integer(L, 1, what, "seed", 17)};
    struct album *album = push_pictures(L, what);
    double *out = binding_matrix_new(L, how.size * how.size, how.count);
    binding_try(L, spred_patches_sample(binding_env(L), album->images, album->n,
                                        &how, out));
    return 1;
}

/* ---- options of a method, as text ---- */

/* A new options struct, pushed: the defaults and the table `options`. */
static void *push_options(lua_State *L, const char *what, const char *name,
                          const struct spred_option *table, size_t size)
{
    static const struct spred_option none[] = {{0}};
    struct spred_env *env = binding_env(L);
    void *options = lua_newuserdatauv(L, size ? size : 1, 0);
    int at = lua_gettop(L);
    memset(options, 0, size ? size : 1);
    if (table)
        binding_try(L, spred_options_default(env, table, options));
    int kind = lua_getfield(L, 1, "options");
    if (kind != LUA_TNIL && kind != LUA_TTABLE)
        luaL_error(L, "%s.options: expected a table, got a %s", what,
                   luaL_typename(L, -1));
    for (lua_pushnil(L); kind == LUA_TTABLE && lua_next(L, at + 1);
         lua_settop(L, at + 2)) {
        if (lua_type(L, -2) != LUA_TSTRING)
            luaL_error(L, "%s.options: expected names as keys", what);
        const char *value = luaL_tolstring(L, -1, NULL);
        const char *key = lua_tostring(L, -3);
        if (spred_options_set(env, table ? table : none, options, key, value))
            luaL_error(L, "%s.options: %s: %s", what, name, env->error);
    }
    lua_settop(L, at);
    return options;
}

/* The matrix under a key, dense doubles; pushed. */
static const struct spred_matrix *push_matrix(lua_State *L, const char *what,
                                              const char *key)
{
    if (lua_getfield(L, 1, key) == LUA_TNIL)
        luaL_error(L, "%s: '%s' is missing, expected a matrix", what, key);
    const struct spred_matrix *m = &binding_matrix_check(L, -1)->m;
    if (m->storage != SPRED_F64 || m->rows == 0 || m->cols == 0)
        luaL_error(L, "%s.%s: expected a dense f64 matrix that is not empty",
                   what, key);
    return m;
}

static double positive(lua_State *L, const char *what, const char *key,
                       double fallback)
{
    double value = binding_real(L, 1, what, key, fallback);
    if (!(value > 0))
        luaL_error(L, "%s.%s: expected a number above 0%s", what, key,
                   fallback > 0 ? "" : ", and there is no default");
    return value;
}

static size_t threads_of(lua_State *L, const char *what)
{
    lua_Integer n = binding_integer(L, 1, what, "threads", 1);
    if (n < 1 || n > 1024)
        luaL_error(L, "%s.threads: expected 1 to 1024, got %I", what, n);
    return (size_t)n;
}

/* Raises the error of a name that is in no registry. */
static int no_method(lua_State *L, const char *what, const char *key,
                     const char *name, int coders)
{
    const char *names[128];
    size_t n = 0;
    for (size_t i = 0; coders && spred_coders[i] && n < 127; i++)
        names[n++] = spred_coders[i]->name;
    for (size_t i = 0; !coders && spred_dictionary_methods[i] && n < 127; i++)
        names[n++] = spred_dictionary_methods[i]->name;
    names[n] = NULL;
    const char *near = spred_nearest(name, names);
    return luaL_error(L, "%s.%s: no '%s'%s%s%s (spred.coders() lists them)",
                      what, key, name, near ? ", did you mean '" : "",
                      near ? near : "", near ? "'?" : "");
}

static int dictionary(lua_State *L)
{
    static const char what[] = "spred.dictionary";
    static const char *const keys[] = {"signals", "atoms",   "lambda",
                                       "method",  "options", "seed",
                                       "threads", "wall",    NULL};
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    binding_keys(L, 1, what, keys);
    lua_Integer atoms = binding_integer(L, 1, what, "atoms", 256);
    const char *name = binding_text(L, 1, what, "method", "online");
    const struct spred_dictionary_method *method =
        spred_dictionary_method_find(name);
    if (!method)
        return no_method(L, what, "method", name, 0);
    if (atoms < 1 || atoms > 65536)
        luaL_error(L, "%s.atoms: expected 1 to 65536, got %I", what, atoms);
    const struct spred_matrix *x = push_matrix(L, what, "signals");
    const struct spred_dictionary_task task = {
        .m = x->rows,
        .atoms = (size_t)atoms,
        .n = x->cols,
        .signals = x->f64,
        .lambda = positive(L, what, "lambda", 0),
        .seed = (uint64_t)binding_integer(L, 1, what, "seed", 17),
        .threads = threads_of(L, what),
        .wall = binding_real(L, 1, what, "wall", 0)};
    const void *options = push_options(L, what, method->name, method->options,
                                       method->options_size);
    double *out = binding_matrix_new(L, task.m, task.atoms);
    double seconds;
    binding_try(L, spred_dictionary_learn(binding_env(L), method, options,
                                          &task, out, &seconds));
    return 1;
}

/* ---- codes ---- */

struct lua_codes {
    struct spred_env *env;
    struct spred_codes codes;
    struct spred_coding_report report;
    size_t atoms;
};
static const struct binding_type binding_codes;

static struct lua_codes *check(lua_State *L)
{
    return binding_check(L, 1, &binding_codes);
}

static int code(lua_State *L)
{
    static const char what[] = "spred.code";
    static const char *const keys[] = {"dictionary", "signals", "lambda",
                                       "coder",      "options", "gap",
                                       "threads",    "wall",    NULL};
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    binding_keys(L, 1, what, keys);
    const char *name = binding_text(L, 1, what, "coder", "coordinate-descent");
    const struct spred_coder *coder = spred_coder_find(name);
    if (!coder)
        return no_method(L, what, "coder", name, 1);
    const struct spred_matrix *d = push_matrix(L, what, "dictionary");
    const struct spred_matrix *x = push_matrix(L, what, "signals");
    if (d->rows != x->rows)
        luaL_error(L,
                   "%s: the dictionary's atoms have %I values, the signals %I",
                   what, (lua_Integer)d->rows, (lua_Integer)x->rows);
    const struct spred_coding task = {.m = d->rows,
                                      .atoms = d->cols,
                                      .n = x->cols,
                                      .dictionary = d->f64,
                                      .signals = x->f64,
                                      .lambda = positive(L, what, "lambda", 0),
                                      .gap = positive(L, what, "gap", 1e-6),
                                      .threads = threads_of(L, what),
                                      .wall =
                                          binding_real(L, 1, what, "wall", 0)};
    const void *options =
        push_options(L, what, coder->name, coder->options, coder->options_size);
    struct lua_codes *codes = binding_new(L, &binding_codes, sizeof *codes, 0);
    codes->env = binding_env(L);
    codes->atoms = d->cols;
    binding_try(L, spred_code(codes->env, coder, options, &task, &codes->codes,
                              &codes->report));
    return 1;
}

static int release(lua_State *L)
{
    struct lua_codes *codes = lua_touserdata(L, 1);
    if (codes->env)
        spred_codes_free(codes->env, &codes->codes);
    return 0;
}

static int get_matrix(lua_State *L)
{
    const struct lua_codes *c = check(L);
    size_t n = c->codes.n, stored = n ? c->codes.start[n] : 0;
    struct spred_matrix *m = &matrix_new(L, SPRED_CSC, c->atoms, n, stored)->m;
    for (size_t i = 0; i <= n && n; i++)
        m->colptr[i] = (int64_t)c->codes.start[i];
    for (size_t e = 0; e < stored; e++) {
        m->rowind[e] = (int32_t)c->codes.atom[e];
        m->values[e] = c->codes.value[e];
    }
    return 1;
}

#define NUMBER(name)                                                           \
    static int get_##name(lua_State *L)                                        \
    {                                                                          \
        lua_pushnumber(L, check(L)->report.name);                              \
        return 1;                                                              \
    }
#define INTEGER(name)                                                          \
    static int get_##name(lua_State *L)                                        \
    {                                                                          \
        lua_pushinteger(L, (lua_Integer)check(L)->report.name);                \
        return 1;                                                              \
    }
NUMBER(gap)
NUMBER(floor)
NUMBER(objective)
NUMBER(squares)
NUMBER(nonzeros)
NUMBER(seconds)
NUMBER(seconds_certify)
INTEGER(steps)
INTEGER(coded)
INTEGER(certified)
#undef NUMBER
#undef INTEGER

static int get_signals(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)check(L)->codes.n);
    return 1;
}

static int to_text(lua_State *L)
{
    const struct lua_codes *c = check(L);
    char text[256];
    snprintf(text, sizeof text,
             "codes of %zu signals over %zu atoms: %zu certified, worst gap "
             "%.2g, %.3g nonzeros each, %.3g s",
             c->codes.n, c->atoms, c->report.certified, c->report.gap,
             c->report.nonzeros, c->report.seconds);
    lua_pushstring(L, text);
    return 1;
}

static const struct binding_entry methods[] = {
    {"__gc", release, NULL, NULL}, {"__tostring", to_text, NULL, NULL}, {0}};
static const struct binding_entry properties[] = {
    {"matrix", get_matrix, "codes.matrix",
     "The codes, a sparse matrix atoms x signals."},
    {"signals", get_signals, "codes.signals", "How many signals there are."},
    {"certified", get_certified, "codes.certified",
     "Signals whose gap, rounding bound included, is at most what was asked."},
    {"coded", get_coded, "codes.coded",
     "Signals that were reached before the wall."},
    {"gap", get_gap, "codes.gap",
     "The worst duality gap of a signal, relative to |x|^2 / 2; a signal that "
     "was not reached has the code 0."},
    {"floor", get_floor, "codes.floor",
     "The worst bound on the rounding error of that."},
    {"objective", get_objective, "codes.objective",
     "Mean of |x - Dz|^2 / 2 + lambda |z|_1 over the coded signals; NaN if "
     "there is none."},
    {"squares", get_squares, "codes.squares",
     "Mean of |x - Dz|^2 / |x|^2 over coded signals that are not 0."},
    {"nonzeros", get_nonzeros, "codes.nonzeros",
     "Mean number of nonzero codes of a coded signal."},
    {"steps", get_steps, "codes.steps", "What the coder did, in its unit."},
    {"seconds", get_seconds, "codes.seconds",
     "Billed time: Gram, constants, correlations, codes."},
    {"seconds_certify", get_seconds_certify, "codes.seconds_certify",
     "Time of the certificates."},
    {0}};
static const struct binding_type binding_codes = {
    "codes", "Sparse codes of many signals, with their certificate.", methods,
    properties, NULL};

/* ---- what there is ---- */

static void push_method(lua_State *L, const char *name, const char *alias,
                        const char *doc, const char *kind,
                        const struct spred_option *o)
{
    const char *const fields[] = {"name", name, "alias", alias,
                                  "doc",  doc,  "kind",  kind};
    lua_createtable(L, 0, 5);
    for (size_t i = 0; i < 8; i += 2) {
        lua_pushstring(L, fields[i + 1]);
        lua_setfield(L, -2, fields[i]);
    }
    lua_newtable(L);
    for (; o && o->name; o++) {
        lua_pushstring(L, o->initial);
        lua_setfield(L, -2, o->name);
    }
    lua_setfield(L, -2, "options");
    lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
}

static int coders(lua_State *L)
{
    lua_newtable(L);
    for (size_t i = 0; spred_coders[i]; i++)
        push_method(L, spred_coders[i]->name, spred_coders[i]->alias,
                    spred_coders[i]->doc, "coder", spred_coders[i]->options);
    for (size_t i = 0; spred_dictionary_methods[i]; i++) {
        const struct spred_dictionary_method *m = spred_dictionary_methods[i];
        push_method(L, m->name, m->alias, m->doc, "dictionary", m->options);
    }
    return 1;
}

void binding_open_coding(lua_State *L)
{
    static const struct binding_entry functions[] = {
        {"pictures", pictures, "spred.pictures([path, ...])",
         "Grey pictures from PGM, PPM and PNG files, a list of matrices height "
         "x width of levels 0 to 255 (colours by their luma, ITU-R BT.601). "
         "Without paths: the free photographs of a Debian package, downloaded "
         "once."},
        {"patches", patches,
         "spred.patches{pictures=, size=8, count=10000, center=true, "
         "norm=\"none\", seed=17}",
         "Square patches at random places of pictures (matrices or paths; by "
         "default those of spred.pictures()), no place twice: a matrix size * "
         "size x count, a patch a column, row by row. center: the mean of each "
         "is taken off; norm \"unit\": then each is divided by its norm."},
        {"dictionary", dictionary,
         "spred.dictionary{signals=, atoms=256, lambda=, method=\"online\", "
         "options=, seed=17, threads=1, wall=}",
         "Learns atoms of norm 1 over which the signals (a column each) have "
         "sparse codes: a matrix m x atoms. wall: seconds after which it ends "
         "(then the atoms depend on the clock)."},
        {"code", code,
         "spred.code{dictionary=, signals=, lambda=, "
         "coder=\"coordinate-descent\", options=, gap=1e-6, threads=1, wall=}",
         "For every signal x the z of least |x - Dz|^2 / 2 + lambda |z|_1, "
         "certified one by one: gap is relative to |x|^2 / 2. Gives codes."},
        {"coders", coders, "spred.coders()",
         "The coders and the ways to learn a dictionary, a list of tables with "
         "name, alias, doc, kind (\"coder\" or \"dictionary\") and options "
         "(the defaults as text)."},
        {0}};
    binding_type(L, &binding_album);
    binding_type(L, &binding_codes);
    binding_functions(L, functions);
}
