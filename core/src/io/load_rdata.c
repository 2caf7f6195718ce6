/* load_rdata.c: R data (.rda, .RData, .rds): finds the object, hands it on. */
#include "rdata.h"
#include "io.h"

#include <string.h>

#include "spred/text.h"

#define MANY_FEATURES 10  /* a table with as many numbers is the data set */
#define MAX_LISTED 12     /* objects that an error message names */
#define MAX_OBJECTS 10000 /* objects looked at */

/* What an object is to this reader; higher is a better first choice. */
enum fit { FIT_NONE, FIT_SMALL, FIT_TABLE, FIT_ESET };

struct choice {
    struct spred_env *env;
    const char *where, *wanted; /* wanted: options->object or NULL */
    struct r_object best;
    enum fit fit;
    int seen;                 /* the wanted name exists */
    struct spred_buffer list; /* "golub (matrix 3051 x 38), ..." */
    size_t listed;
    const char **names; /* for the nearest name, spred_free each */
    size_t n_names;
};

static enum fit fit_of(const struct r_node *node)
{
    size_t rows, columns, numeric = 0;
    if (r_eset_matrix(node))
        return FIT_ESET;
    if (r_is_numeric(node) && !r_is_factor(node) &&
        r_matrix_size(node, &rows, &columns))
        return rows > 1 && columns > 1 &&
                       (rows > MANY_FEATURES || columns > MANY_FEATURES)
                   ? FIT_TABLE
                   : FIT_SMALL;
    if (!r_frame_size(node, &rows, &columns))
        return FIT_NONE;
    for (size_t j = 0; j < columns; j++)
        numeric += r_is_numeric(node->items[j]) ? 1 : 0;
    if (rows < 2 || (numeric == 0 && columns <= MANY_FEATURES))
        return FIT_NONE; /* wide tables of text may hold numbers as text */
    return numeric > MANY_FEATURES ? FIT_TABLE : FIT_SMALL;
}

static enum spred_status describe(struct choice *c, const char *name,
                                  const struct r_node *node)
{
    size_t rows = 0, columns = 0;
    const struct r_node *eset = r_eset_matrix(node), *class;
    const char *comma = c->listed ? ", " : "";
    if (++c->listed > MAX_LISTED)
        return c->listed == MAX_LISTED + 1
                   ? spred_buffer_add(c->env, &c->list, ", ...")
                   : SPRED_OK;
    if (eset && r_matrix_size(eset, &rows, &columns))
        return spred_buffer_add(c->env, &c->list,
                                "%s%s (ExpressionSet %zu x %zu)", comma, name,
                                rows, columns);
    if (r_matrix_size(node, &rows, &columns))
        return spred_buffer_add(
            c->env, &c->list, "%s%s (%s %zu x %zu)", comma, name,
            r_is_numeric(node) ? "matrix" : "text matrix", rows, columns);
    if (r_frame_size(node, &rows, &columns))
        return spred_buffer_add(c->env, &c->list, "%s%s (data.frame %zu x %zu)",
                                comma, name, rows, columns);
    class = r_attribute(node, "class");
    if (class && class->type == R_STRING && class->length && !class->deferred) {
        char *text = r_text_copy(c->env, class->strings[0]);
        enum spred_status status =
            text ? spred_buffer_add(c->env, &c->list, "%s%s (class %s)", comma,
                                    name, text)
                 : SPRED_ENOMEM;
        spred_free(c->env, text);
        return status;
    }
    return spred_buffer_add(c->env, &c->list, "%s%s (%s of %zu)", comma, name,
                            node->type == R_STRING ? "text vector"
                            : node->type == R_LIST ? "list"
                            : r_is_numeric(node)   ? "vector"
                                                   : "other object",
                            node->length);
}

/* Looks at one named object; elements of a list one level down as "a$b". */
static enum spred_status consider(struct choice *c, char *name,
                                  const struct r_node *node,
                                  const struct r_node *scope, int depth);

static enum spred_status consider_members(struct choice *c, const char *name,
                                          const struct r_node *node, int depth)
{
    struct r_entries entries;
    SPRED_TRY(r_list_entries(c->env, node, &entries));
    enum spred_status status = SPRED_OK;
    for (size_t i = 0; status == SPRED_OK && i < entries.count; i++) {
        char *inner = r_text_copy(c->env, entries.items[i].name);
        char *full = !inner   ? NULL
                     : !name  ? spred_strdup(c->env, inner)
                     : *inner ? spred_format(c->env, "%s$%s", name, inner)
                              : spred_format(c->env, "%s$%zu", name, i + 1);
        spred_free(c->env, inner);
        status = full ? consider(c, full, entries.items[i].node, node, depth)
                      : SPRED_ENOMEM;
    }
    spred_free(c->env, entries.items);
    return status;
}

/* Takes over name. */
static enum spred_status consider(struct choice *c, char *name,
                                  const struct r_node *node,
                                  const struct r_node *scope, int depth)
{
    enum fit fit = fit_of(node);
    enum spred_status status = SPRED_OK;
    if (c->n_names >= MAX_OBJECTS) {
        spred_free(c->env, name);
        return SPRED_OK;
    }
    const char **names =
        spred_resize(c->env, c->names, c->n_names + 2, sizeof *names);
    if (!names) {
        spred_free(c->env, name);
        return SPRED_ENOMEM;
    }
    c->names = names;
    c->names[c->n_names++] = name;
    c->names[c->n_names] = NULL;
    size_t length = strlen(name);
    int inside = c->wanted && depth > 0 &&
                 strncmp(name, c->wanted, strlen(c->wanted)) == 0 &&
                 length > strlen(c->wanted) && name[strlen(c->wanted)] == '$';
    int allowed = !c->wanted || strcmp(name, c->wanted) == 0 || inside;
    c->seen |= c->wanted && strcmp(name, c->wanted) == 0;
    if (allowed && fit > c->fit) {
        c->fit = fit;
        c->best = (struct r_object){name, node, scope};
    }
    if (depth == 0 || fit != FIT_NONE)
        status = describe(c, name, node);
    if (status == SPRED_OK && fit == FIT_NONE && node->type == R_LIST &&
        depth < 2 && !r_inherits(node, "data.frame"))
        status = consider_members(c, name, node, depth + 1);
    return status;
}

static enum spred_status no_fit(struct choice *c)
{
    const char *expected = "a numeric matrix, data.frame or ExpressionSet";
    const char *list = c->list.text ? c->list.text : "nothing";
    if (c->wanted && !c->seen) {
        const char *near = c->names ? spred_nearest(c->wanted, c->names) : NULL;
        return spred_fail(c->env, SPRED_ENOTFOUND,
                          "%s: no object '%s'%s%s%s; the file holds %s",
                          c->where, c->wanted, near ? ", did you mean '" : "",
                          near ? near : "", near ? "'?" : "", list);
    }
    if (c->wanted)
        return spred_fail(c->env, SPRED_EFORMAT,
                          "%s: object '%s' does not fit, expected %s; the file "
                          "holds %s",
                          c->where, c->wanted, expected, list);
    return spred_fail(c->env, SPRED_EFORMAT,
                      "%s: no object fits, expected %s; the file holds %s",
                      c->where, expected, list);
}

static enum spred_status numbered(struct spred_env *env, char **names,
                                  size_t count, const char *prefix)
{
    for (size_t i = 0; i < count; i++) {
        if (names[i][0] != '\0')
            continue;
        char *made = spred_format(env, "%s%zu", prefix, i + 1);
        if (!made)
            return SPRED_ENOMEM;
        spred_free(env, names[i]);
        names[i] = made;
    }
    return SPRED_OK;
}

static enum spred_status take(struct choice *c, const struct spred_bytes *file,
                              const struct spred_load_options *options,
                              struct spred_data *out)
{
    struct spred_env *env = c->env;
    const struct r_object *object = &c->best;
    size_t rows, columns;
    if (c->fit == FIT_ESET)
        SPRED_TRY(r_read_eset(env, c->where, object, out));
    else if (r_frame_size(object->node, &rows, &columns))
        SPRED_TRY(r_read_frame(env, c->where, object, options, out));
    else
        SPRED_TRY(r_read_matrix(env, c->where, object, options, out));
    SPRED_TRY(numbered(env, out->features, out->x.cols, "G"));
    SPRED_TRY(numbered(env, out->samples, out->x.rows, "S"));
    out->name = options->name ? spred_strdup(env, options->name)
                              : spred_data_name(env, file->path);
    out->source =
        spred_format(env, "%s, R object %s", file->path, object->name);
    out->note = spred_strdup(env, "");
    memcpy(out->hash, file->hash, sizeof out->hash);
    return out->name && out->source && out->note ? SPRED_OK : SPRED_ENOMEM;
}

static enum spred_status read_rdata(struct spred_env *env,
                                    const struct spred_bytes *file,
                                    const struct spred_load_options *options,
                                    struct spred_data *out)
{
    static const struct spred_load_options none = {0};
    struct choice c = {0};
    struct r_file tree;
    options = options ? options : &none;
    c.env = env;
    c.where = file->path;
    c.wanted = options->object;
    enum spred_status status = r_parse(env, file, &tree);
    if (status == SPRED_OK && tree.is_rds) {
        char *name = spred_data_name(env, file->path);
        status = name ? consider(&c, name, tree.root, NULL, 0) : SPRED_ENOMEM;
    } else if (status == SPRED_OK) {
        status = consider_members(&c, NULL, tree.root, 0);
    }
    if (status == SPRED_OK)
        status = c.fit == FIT_NONE ? no_fit(&c) : take(&c, file, options, out);
    for (size_t i = 0; i < c.n_names; i++)
        spred_free(env, (char *)(uintptr_t)c.names[i]);
    spred_free(env, c.names);
    spred_free(env, c.list.text);
    r_free(&tree);
    return status;
}

static int probe(const char *bytes, size_t length)
{
    return r_probe(bytes, length) ? 100 : 0;
}

const struct spred_loader spred_load_rdata = {
    "r-data", "rda, RData, rds",
    "R's save() and saveRDS() files (XDR, versions 2 and 3): matrix (genes on "
    "the longer side unless names or labels say otherwise), data.frame (rows "
    "are samples), list of these, ExpressionSet",
    probe, read_rdata};
