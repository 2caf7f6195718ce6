/* rdata_matrix.c: an R matrix as samples x genes, with what lies beside it. */
#include "rdata.h"
#include "io.h"

#include <math.h>
#include <string.h>

#define MAX_ENTRIES 100000

enum spred_status r_list_entries(struct spred_env *env,
                                 const struct r_node *scope,
                                 struct r_entries *out)
{
    size_t count = 0;
    memset(out, 0, sizeof *out);
    if (scope && scope->type == R_LIST)
        count = scope->length < MAX_ENTRIES ? scope->length : MAX_ENTRIES;
    for (const struct r_node *cell = scope;
         cell && cell->type == R_PAIRLIST && count < MAX_ENTRIES;
         cell = cell->cdr)
        count++;
    out->items = spred_alloc(env, count, sizeof *out->items);
    if (!out->items)
        return SPRED_ENOMEM;
    const struct r_node *names = r_attribute(scope, "names"), *cell = scope;
    for (size_t i = 0; i < count; i++) {
        struct r_entry *entry = &out->items[i];
        if (scope->type == R_LIST) {
            entry->node = scope->items[i];
            if (names && names->type == R_STRING && i < names->length)
                entry->name = r_string(names, i);
        } else {
            entry->node = cell->car;
            if (cell->tag && cell->tag->type == R_SYMBOL)
                entry->name = cell->tag->strings[0];
            cell = cell->cdr;
        }
    }
    out->count = count;
    return SPRED_OK;
}

enum spred_status r_new_data(struct spred_env *env, size_t n, size_t p,
                             struct spred_data *out)
{
    SPRED_TRY(spred_matrix_new(env, SPRED_F64, n, p, 0, &out->x));
    out->features = spred_names_empty(env, p);
    out->symbols = spred_names_empty(env, p);
    out->samples = spred_names_empty(env, n);
    return out->features && out->symbols && out->samples ? SPRED_OK
                                                         : SPRED_ENOMEM;
}

enum spred_status r_set_names(struct spred_env *env, char **slots,
                              const struct r_node *names, size_t count)
{
    for (size_t i = 0; names && i < count && i < names->length; i++) {
        char *copy = r_string_copy(env, names, i);
        if (!copy)
            return SPRED_ENOMEM;
        spred_free(env, slots[i]);
        slots[i] = copy;
    }
    return SPRED_OK;
}

enum spred_status r_fill(struct spred_env *env, const char *where,
                         const struct r_object *object,
                         const struct r_node *matrix, int genes_in_rows,
                         struct spred_data *out)
{
    size_t rows, columns;
    if (!r_matrix_size(matrix, &rows, &columns))
        return spred_fail(env, SPRED_EFORMAT,
                          "%s: '%s' has no two dimensions that fit its length, "
                          "expected a matrix",
                          where, object->name);
    size_t n = genes_in_rows ? columns : rows;
    size_t p = genes_in_rows ? rows : columns;
    SPRED_TRY(r_new_data(env, n, p, out));
    for (size_t c = 0; c < columns; c++)
        for (size_t r = 0; r < rows; r++) {
            double value = r_number(matrix, r + c * rows);
            if (isinf(value))
                return spred_fail(env, SPRED_EFORMAT,
                                  "%s: '%s'[%zu, %zu] is infinite, expected a "
                                  "finite number or NA",
                                  where, object->name, r + 1, c + 1);
            out->missing += isnan(value) ? 1 : 0;
            out->x.f64[genes_in_rows ? c + r * n : r + c * n] = value;
        }
    SPRED_TRY(r_set_names(env, genes_in_rows ? out->features : out->samples,
                          r_dimnames(matrix, 0, rows), rows));
    return r_set_names(env, genes_in_rows ? out->samples : out->features,
                       r_dimnames(matrix, 1, columns), columns);
}

/* Texts that all differ, none empty (open hashing, FNV-1a). */
static int all_distinct(struct spred_env *env, const struct r_node *texts,
                        size_t from, size_t count)
{
    size_t size = 16;
    while (size < 2 * count)
        size *= 2;
    size_t *table = spred_alloc(env, size, sizeof *table);
    int distinct = table != NULL;
    for (size_t i = 0; distinct && i < count; i++) {
        struct r_text text = r_string(texts, from + i);
        uint64_t hash = UINT64_C(1469598103934665603);
        for (size_t k = 0; k < text.length; k++)
            hash =
                (hash ^ (unsigned char)text.bytes[k]) * UINT64_C(1099511628211);
        size_t at = (size_t)hash & (size - 1);
        while (table[at] &&
               !r_text_equal(r_string(texts, from + table[at] - 1), text))
            at = (at + 1) & (size - 1);
        distinct = text.length > 0 && !table[at];
        table[at] = i + 1;
    }
    spred_free(env, table);
    return distinct;
}

static int is_number(struct r_text text)
{
    double ignored;
    return r_text_number(text, &ignored) >= 0;
}

/* A character vector or matrix with one row a gene: the last column of
 * distinct texts that are not numbers names the genes (multtest's golub.gnames
 * is index, description, accession). */
static enum spred_status companion_names(struct spred_env *env,
                                         const struct r_node *node, size_t p,
                                         struct spred_data *out)
{
    if (node->type != R_STRING || node->deferred || node->length % p)
        return SPRED_OK;
    for (size_t column = node->length / p; column-- > 0;) {
        size_t from = column * p;
        if (is_number(r_string(node, from)) ||
            !all_distinct(env, node, from, p))
            continue;
        for (size_t j = 0; j < p; j++) {
            char *copy = r_text_copy(env, r_string(node, from + j));
            if (!copy)
                return SPRED_ENOMEM;
            spred_free(env, out->features[j]);
            out->features[j] = copy;
        }
        break;
    }
    return SPRED_OK;
}

enum spred_status r_add_companions(struct spred_env *env,
                                   const struct r_object *object,
                                   struct spred_data *out)
{
    size_t n = out->x.rows, p = out->x.cols;
    struct r_entries entries;
    SPRED_TRY(r_list_entries(env, object->scope, &entries));
    enum spred_status status = SPRED_OK;
    for (size_t i = 0; status == SPRED_OK && i < entries.count; i++) {
        const struct r_node *node = entries.items[i].node, *dim;
        size_t rows, columns;
        int made;
        if (node == object->node)
            continue;
        dim = r_attribute(node, "dim");
        if (r_frame_size(node, &rows, &columns)) {
            status = r_add_phenotypes(env, out, node, n);
        } else if (node->length == n &&
                   (!dim || dim->length == 1 ||
                    r_matrix_size(node, &rows, &columns))) {
            char *name = r_text_copy(env, entries.items[i].name);
            status =
                name ? r_add_target(env, out, node, n, name, R_PHENOTYPE, &made)
                     : SPRED_ENOMEM;
            spred_free(env, name);
        } else if (node->length >= p && out->features[0][0] == '\0') {
            status = companion_names(env, node, p, out);
        }
    }
    spred_free(env, entries.items);
    return status;
}

/* Vectors and tables that could label a dimension of this length: no texts
 * that all differ, for those name it. */
static size_t labels_for(struct spred_env *env, const struct r_entries *entries,
                         const struct r_node *self, size_t length)
{
    size_t found = 0;
    for (size_t i = 0; i < entries->count; i++) {
        const struct r_node *node = entries->items[i].node;
        size_t rows, columns;
        if (node != self &&
            ((node->length == length &&
              (r_is_numeric(node) || (node->type == R_STRING &&
                                      !all_distinct(env, node, 0, length))) &&
              !r_attribute(node, "dim")) ||
             (r_frame_size(node, &rows, &columns) && rows == length)))
            found++;
    }
    return found;
}

static int names_axis(const struct r_node *matrix, int axis,
                      const char *const *words)
{
    const struct r_node *names =
        r_attribute(r_attribute(matrix, "dimnames"), "names");
    if (!names || names->type != R_STRING || names->length != 2)
        return 0;
    for (; *words; words++)
        if (r_text_is(r_string(names, (size_t)axis), *words))
            return 1;
    return 0;
}

/* Most names of the axis are Affymetrix probes ("1007_s_at"). */
static int probes_axis(const struct r_node *matrix, int axis, size_t length)
{
    const struct r_node *names = r_dimnames(matrix, axis, length);
    size_t found = 0;
    for (size_t i = 0; names && i < length; i++) {
        struct r_text text = r_string(names, i);
        found += text.length > 3 &&
                 memcmp(text.bytes + text.length - 3, "_at", 3) == 0;
    }
    return 2 * found > length;
}

/* Genes in rows? What the dimnames say, else where labels fit, else the longer
 * side holds the genes. */
static enum spred_status orientation(struct spred_env *env,
                                     const struct r_object *object, size_t rows,
                                     size_t columns, int *genes_in_rows)
{
    static const char *const genes[] = {"Features", "features", "Genes",
                                        "genes",    "Probes",   "probes",
                                        "gene",     "Gene",     NULL};
    static const char *const samples[] = {
        "Samples", "samples", "Sample", "sample", "Arrays", "arrays", NULL};
    const struct r_node *matrix = object->node;
    int in_rows = names_axis(matrix, 0, genes) ||
                  names_axis(matrix, 1, samples) ||
                  probes_axis(matrix, 0, rows);
    int in_columns = names_axis(matrix, 1, genes) ||
                     names_axis(matrix, 0, samples) ||
                     probes_axis(matrix, 1, columns);
    *genes_in_rows = rows > columns;
    if (in_rows != in_columns) {
        *genes_in_rows = in_rows;
        return SPRED_OK;
    }
    struct r_entries entries;
    SPRED_TRY(r_list_entries(env, object->scope, &entries));
    size_t along_rows = labels_for(env, &entries, matrix, rows);
    size_t along_columns = labels_for(env, &entries, matrix, columns);
    if (!along_rows != !along_columns)
        *genes_in_rows = along_columns > 0;
    spred_free(env, entries.items);
    return SPRED_OK;
}

enum spred_status r_read_matrix(struct spred_env *env, const char *where,
                                const struct r_object *object,
                                const struct spred_load_options *options,
                                struct spred_data *out)
{
    size_t rows = 0, columns = 0;
    int genes_in_rows = options->orientation == SPRED_SAMPLES_IN_COLUMNS;
    r_matrix_size(object->node, &rows, &columns);
    if (options->orientation == SPRED_ORIENT_AUTO)
        SPRED_TRY(orientation(env, object, rows, columns, &genes_in_rows));
    SPRED_TRY(r_fill(env, where, object, object->node, genes_in_rows, out));
    return r_add_companions(env, object, out);
}
