/* plot.c: spred.plot: a figure from a table of curves. */
#include <math.h>
#include <string.h>

#include "lua/figure.h"
#include "lua/results.h"
#include "plots/plots.h"
#include "spred/text.h"

#define SERIES_MOST 64
#define NAMES_MOST 10000

static const char *const plot_keys[] = {
    "x",     "y",       "low",     "high",      "z",   "series", "label",
    "title", "xlabel",  "ylabel",  "zlabel",    "log", "kind",   "name",
    "bins",  "caption", "results", "simulated", NULL};
static const char *const series_keys[] = {"label", "x",    "y",
                                          "low",   "high", NULL};

/* A reading in progress; all stack indices are absolute. */
struct reading {
    lua_State *L;
    const char *what;
    int table, kept; /* the plot's table; the list of what is kept alive */
    struct plots_series_figure *out;
    struct plots_series *series;
};

static void keep(struct reading *r)
{
    lua_rawseti(r->L, r->kept, (lua_Integer)lua_rawlen(r->L, r->kept) + 1);
}

static char *new_memory(struct reading *r, size_t size)
{
    char *memory = lua_newuserdatauv(r->L, size, 0);
    memset(memory, 0, size);
    keep(r);
    return memory;
}

/* A list of numbers or a vector of field `key`; NULL: there is none. */
static const double *numbers(struct reading *r, int table, const char *key,
                             size_t *n)
{
    lua_State *L = r->L;
    if (lua_getfield(L, table, key) == LUA_TNIL) {
        lua_pop(L, 1);
        return NULL;
    }
    const char *name = lua_pushfstring(L, "%s.%s", r->what, key);
    const double *values = binding_vector(L, -2, n, name);
    keep(r);
    lua_pop(L, 2);
    return values;
}

/* x as a list of strings: names of x = 1, 2, ... of the whole figure. */
static int read_names(struct reading *r, int table)
{
    lua_State *L = r->L;
    int base = lua_gettop(L), x = base + 1;
    int is_names = lua_getfield(L, table, "x") == LUA_TTABLE &&
                   lua_geti(L, x, 1) == LUA_TSTRING;
    lua_settop(L, is_names ? x : base);
    if (!is_names)
        return 0;
    size_t n = (size_t)luaL_len(L, x);
    if (n > NAMES_MOST)
        luaL_error(L, "%s.x: %I names are too many", r->what, (lua_Integer)n);
    const char **names =
        (const char **)(void *)new_memory(r, (n + 1) * sizeof *names);
    for (size_t i = 0; i < n; i++) {
        if (lua_geti(L, x, (lua_Integer)i + 1) != LUA_TSTRING)
            luaL_error(L, "%s.x[%I]: expected a name like the first, got a %s",
                       r->what, (lua_Integer)i + 1, luaL_typename(L, -1));
        names[i] = lua_tostring(L, -1);
        keep(r);
    }
    lua_settop(L, base);
    if (n > r->out->n_x_names) {
        r->out->x_names = names;
        r->out->n_x_names = n;
    }
    return 1;
}

/* 1, 2, ..., n. */
static const double *counted(struct reading *r, size_t n)
{
    double *x = (double *)(void *)new_memory(r, (n + 1) * sizeof *x);
    for (size_t i = 0; i < n; i++)
        x[i] = (double)i + 1;
    return x;
}

static void same_length(struct reading *r, const char *key, size_t n,
                        size_t expected)
{
    if (n != expected)
        luaL_error(r->L, "%s: %I values of %s for %I of y", r->what,
                   (lua_Integer)n, key, (lua_Integer)expected);
}

static void read_series(struct reading *r, int table, struct plots_series *s)
{
    lua_State *L = r->L;
    size_t n = 0;
    s->label = binding_text(L, table, r->what, "label", NULL);
    int count_only =
        r->out->kind == PLOTS_HISTOGRAM || r->out->kind == PLOTS_BOX;
    s->y = numbers(r, table, "y", &s->n);
    if (!s->y && count_only)
        s->y = numbers(r, table, "x", &s->n);
    if (!s->y)
        luaL_error(L, "%s.y: expected a list of numbers or a vector, got nil",
                   r->what);
    if (!count_only && !read_names(r, table))
        s->x = numbers(r, table, "x", &n);
    if (s->x)
        same_length(r, "x", n, s->n);
    else
        s->x = counted(r, s->n);
    if (r->out->x_names && s->n > r->out->n_x_names)
        luaL_error(L, "%s: %I values of y for %I names", r->what,
                   (lua_Integer)s->n, (lua_Integer)r->out->n_x_names);
    s->low = numbers(r, table, "low", &n);
    if (s->low)
        same_length(r, "low", n, s->n);
    s->high = numbers(r, table, "high", &n);
    if (s->high)
        same_length(r, "high", n, s->n);
    if (!s->low != !s->high)
        luaL_error(L, "%s: low and high come together", r->what);
}

static void read_all_series(struct reading *r)
{
    lua_State *L = r->L;
    if (lua_getfield(L, r->table, "series") == LUA_TNIL) {
        lua_pop(L, 1);
        r->out->n_series = 1;
        read_series(r, r->table, r->series);
        return;
    }
    lua_Integer n = lua_istable(L, -1) ? luaL_len(L, -1) : 0;
    if (n < 1 || n > SERIES_MOST)
        luaL_error(L, "%s.series: expected a list of 1 to %d tables", r->what,
                   SERIES_MOST);
    int list = lua_gettop(L);
    lua_pushvalue(L, list);
    keep(r);
    for (lua_Integer i = 1; i <= n; i++) {
        struct reading one = *r;
        lua_geti(L, list, i);
        int table = lua_gettop(L);
        lua_pushvalue(L, table);
        keep(r);
        one.what = lua_pushfstring(L, "%s.series[%I]", r->what, i);
        binding_keys(L, table, one.what, series_keys);
        read_series(&one, table, &r->series[i - 1]);
        lua_settop(L, list);
    }
    lua_pop(L, 1);
    r->out->n_series = (size_t)n;
}

/* Cells of the matrix z, x and y its columns and rows unless given. */
static void read_heat(struct reading *r)
{
    lua_State *L = r->L;
    size_t nx = 0, ny = 0;
    lua_getfield(L, r->table, "z");
    struct lua_matrix *z = binding_matrix_check(L, -1);
    if (z->m.storage != SPRED_F64)
        luaL_error(L, "%s.z: expected a dense f64 matrix", r->what);
    size_t rows = z->m.rows, cols = z->m.cols, n = rows * cols;
    const double *data = z->m.f64;
    keep(r);
    const double *x = numbers(r, r->table, "x", &nx);
    const double *y = numbers(r, r->table, "y", &ny);
    if ((x && nx != cols) || (y && ny != rows))
        luaL_error(L, "%s: z is %I x %I: expected y and x of these lengths",
                   r->what, (lua_Integer)rows, (lua_Integer)cols);
    double *cells =
        (double *)(void *)new_memory(r, (2 * n + 1) * sizeof *cells);
    for (size_t k = 0; k < n; k++) {
        size_t i = k % rows, j = k / rows;
        cells[k] = x ? x[j] : (double)j + 1;
        cells[n + k] = y ? y[i] : (double)i + 1;
    }
    *r->series =
        (struct plots_series){.x = cells, .y = cells + n, .z = data, .n = n};
    r->out->n_series = 1;
}

static enum plots_series_kind read_kind(struct reading *r)
{
    const char *const *kinds = plots_series_kinds();
    int heat = lua_getfield(r->L, r->table, "z") != LUA_TNIL;
    lua_pop(r->L, 1);
    const char *name =
        binding_text(r->L, r->table, r->what, "kind", heat ? "heat" : "lines");
    for (size_t i = 0; kinds[i]; i++)
        if (strcmp(kinds[i], name) == 0) {
            if (heat != (i == PLOTS_HEAT))
                luaL_error(r->L, "%s: z and kind = \"heat\" come together",
                           r->what);
            return (enum plots_series_kind)i;
        }
    const char *near = spred_nearest(name, kinds);
    luaL_error(r->L, "%s.kind: no kind '%s'%s%s%s", r->what, name,
               near ? " (did you mean '" : "", near ? near : "",
               near ? "'?)" : "");
    return PLOTS_LINES;
}

static void read_logs(struct reading *r)
{
    const char *log = binding_text(r->L, r->table, r->what, "log", "");
    if (log[strspn(log, "xyz")])
        luaL_error(r->L,
                   "%s.log: expected the letters of logarithmic axes, \"x\", "
                   "\"y\", \"xy\" (\"z\": a heat map), got \"%s\"",
                   r->what, log);
    r->out->log_x = strchr(log, 'x') != NULL;
    r->out->log_y = strchr(log, 'y') != NULL;
    r->out->log_z = strchr(log, 'z') != NULL;
    if (r->out->log_x && r->out->kind >= PLOTS_HISTOGRAM)
        luaL_error(r->L,
                   "%s.log: the x axis of this kind cannot be "
                   "logarithmic",
                   r->what);
}

void binding_series_figure(lua_State *L, int index, const char *what,
                           struct plots_series_figure *out)
{
    struct reading r = {.L = L, .what = what, .out = out};
    memset(out, 0, sizeof *out);
    r.table = lua_absindex(L, index);
    binding_keys(L, r.table, what, plot_keys);
    lua_newtable(L);
    r.kept = lua_gettop(L);
    lua_pushvalue(L, r.table);
    keep(&r);
    r.series = (struct plots_series *)(void *)new_memory(
        &r, SERIES_MOST * sizeof *r.series);
    out->series = r.series;
    out->name = binding_text(L, r.table, what, "name", "plot");
    out->title = binding_text(L, r.table, what, "title", NULL);
    out->x_label = binding_text(L, r.table, what, "xlabel", NULL);
    out->y_label = binding_text(L, r.table, what, "ylabel", NULL);
    out->z_label = binding_text(L, r.table, what, "zlabel", NULL);
    out->caption = binding_text(L, r.table, what, "caption", NULL);
    if (lua_getfield(L, r.table, "results") != LUA_TNIL)
        out->store = binding_results_check(L, -1)->db;
    lua_pop(L, 1);
    out->simulated = binding_boolean(L, r.table, what, "simulated", 0);
    lua_Integer bins = binding_integer(L, r.table, what, "bins", 0);
    if (bins < 0 || bins > 10000)
        luaL_error(L, "%s.bins: expected 1 to 10000, got %I", what, bins);
    out->bins = (size_t)bins;
    out->kind = read_kind(&r);
    read_logs(&r);
    if (out->kind == PLOTS_HEAT)
        read_heat(&r);
    else
        read_all_series(&r);
}

static int plot(lua_State *L)
{
    struct plots_series_figure figure;
    char name[PLOTS_NAME_SIZE];
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    binding_series_figure(L, 1, "spred.plot", &figure);
    const char *folder = binding_figure_folder(L);
    int at = lua_gettop(L);
    binding_try(L, plots_series_draw(binding_env(L), &figure, folder, 0, name));
    binding_figure_new(L, at, name);
    return 1;
}

static const struct binding_entry functions[] = {
    {"plot", plot,
     "spred.plot{x=, y= | series={{label=, x=, y=, low=, high=}, ...}, "
     "title=, xlabel=, ylabel=, log=\"x\"|\"y\"|\"xy\", kind=, name=, "
     "caption=}",
     "A figure from lists of numbers or vectors; without x they count from 1, "
     "x may be a list of names. low and high: a band or bars. kind: \"lines\", "
     "\"points\", \"linespoints\", \"steps\", \"bars\", \"histogram\" (of y; "
     "bins=), \"box\" (quartiles of each series), \"heat\" (of the matrix z=, "
     "zlabel=). simulated=true: the caption says so first; results=r: it names "
     "the data "
     "sets, the seed and the machine of these results."},
    {0}};

void binding_open_plot(lua_State *L)
{
    binding_functions(L, functions);
}
