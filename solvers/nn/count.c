/* count.c: weights that are not 0, units that are left, multiply-adds, of the
 * products of every layer that can be made sparse. */
#include "solvers/nn/products.h"
#include "solvers/nn/sparsity.h"

#include <string.h>

/* Layers of all branches have names without memory. */
#define TEN(kind, tens)                                                        \
    kind tens "0", kind tens "1", kind tens "2", kind tens "3", kind tens "4", \
        kind tens "5", kind tens "6", kind tens "7", kind tens "8",            \
        kind tens "9"
#define HUNDRED(kind, hundreds)                                                \
    TEN(kind, hundreds "0"), TEN(kind, hundreds "1"), TEN(kind, hundreds "2"), \
        TEN(kind, hundreds "3"), TEN(kind, hundreds "4"),                      \
        TEN(kind, hundreds "5"), TEN(kind, hundreds "6"),                      \
        TEN(kind, hundreds "7"), TEN(kind, hundreds "8"),                      \
        TEN(kind, hundreds "9")
#define NAMES(kind)                                                            \
    TEN(kind, ""), TEN(kind, "1"), TEN(kind, "2"), TEN(kind, "3"),             \
        TEN(kind, "4"), TEN(kind, "5"), TEN(kind, "6"), TEN(kind, "7"),        \
        TEN(kind, "8"), TEN(kind, "9"), HUNDRED(kind, "1")

static const char *name_of(const struct nn_unit *u, size_t place)
{
    static const char *const linear[] = {NAMES("linear")};
    static const char *const conv[] = {NAMES("conv")};
    _Static_assert(sizeof linear / sizeof *linear >
                       (size_t)NN_MAX_BRANCHES * NN_MAX_LAYERS,
                   "a name for every layer");
    return u->layer->kind == NN_CONV ? conv[place] : linear[place];
}

static void count_rows(const real *w, const struct nn_unit *u, size_t columns,
                       struct spred_layer_mark *mark)
{
    for (size_t from = 0; from < u->rows; from += NN_ROW_TILE) {
        size_t rows =
            u->rows - from < NN_ROW_TILE ? u->rows - from : NN_ROW_TILE;
        size_t seen[NN_ROW_TILE] = {0};
        for (size_t j = 0; j < columns; j++)
            for (size_t i = 0; i < rows; i++)
                seen[i] += w[from + i + j * u->rows] != 0;
        for (size_t i = 0; i < rows; i++) {
            mark->nonzero += seen[i];
            mark->units_left += seen[i] > 0;
        }
    }
}

enum spred_status nn_count(struct spred_env *env, struct nn *nn,
                           struct spred_layer_mark *layers, size_t *n_layers,
                           double *macs, double *macs_dense)
{
    size_t place = 0;
    double left = 0, all = 0;
    (void)env;
    for (size_t b = 0; b < nn->shape.n_branches; b++)
        for (size_t l = 0; l < nn->shape.branches[b].n; l++) {
            const struct nn_unit *u = &nn->units[b][l];
            if (!nn_has_weights(u))
                continue;
            const real *w = nn_weights(nn, b, l);
            if (!w)
                return SPRED_ENOMEM;
            struct spred_layer_mark mark = {.name = name_of(u, place + 1),
                                            .weights = u->rows * u->cols,
                                            .units = u->rows};
            count_rows(w, u, nn_columns(nn, &nn->tensors[u->tensor]), &mark);
            left += (double)mark.nonzero * nn_positions(u);
            all += (double)mark.weights * nn_positions(u);
            if (layers)
                layers[place] = mark;
            place++;
        }
    if (n_layers)
        *n_layers = place;
    if (macs)
        *macs = left;
    if (macs_dense)
        *macs_dense = all;
    return SPRED_OK;
}
