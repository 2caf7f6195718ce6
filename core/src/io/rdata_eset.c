/* rdata_eset.c: Bioconductor's ExpressionSet: exprs, phenoData, features. */
#include "rdata.h"
#include "io.h"

#include <string.h>

const struct r_node *r_eset_matrix(const struct r_node *node)
{
    size_t rows, columns;
    if (!node || node->type != R_S4)
        return NULL;
    const struct r_node *matrix =
        r_member(r_attribute(node, "assayData"), "exprs");
    return r_is_numeric(matrix) && r_matrix_size(matrix, &rows, &columns)
               ? matrix
               : NULL;
}

/* The featureData column that holds gene symbols, if its name says so. */
static const struct r_node *symbols(const struct r_node *frame, size_t p)
{
    static const char *const names[] = {
        "symbol",      "Symbol",      "SYMBOL",      "gene_symbol",
        "Gene Symbol", "Gene.Symbol", "Gene symbol", "hgnc_symbol",
        "GeneSymbol",  "IDENTIFIER",  NULL};
    for (const char *const *name = names; *name; name++) {
        const struct r_node *column = r_member(frame, *name);
        if (column && column->length == p &&
            (column->type == R_STRING || r_is_factor(column)))
            return column;
    }
    return NULL;
}

enum spred_status r_read_eset(struct spred_env *env, const char *where,
                              const struct r_object *object,
                              struct spred_data *out)
{
    const struct r_node *node = object->node;
    const struct r_node *matrix = r_eset_matrix(node);
    const struct r_node *phenotypes =
        r_attribute(r_attribute(node, "phenoData"), "data");
    const struct r_node *features =
        r_attribute(r_attribute(node, "featureData"), "data");
    SPRED_TRY(r_fill(env, where, object, matrix, 1, out));
    size_t n = out->x.rows, p = out->x.cols;
    if (out->samples[0][0] == '\0')
        SPRED_TRY(
            r_set_names(env, out->samples, r_row_names(phenotypes, n), n));
    if (out->features[0][0] == '\0')
        SPRED_TRY(r_set_names(env, out->features, r_row_names(features, p), p));
    SPRED_TRY(r_set_names(env, out->symbols, symbols(features, p), p));
    SPRED_TRY(r_add_phenotypes(env, out, phenotypes, n));
    return out->n_targets ? SPRED_OK : r_add_companions(env, object, out);
}
