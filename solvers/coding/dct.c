/* dct.c: the overcomplete DCT as a dictionary: cosines of more frequencies than
 * a signal has values, in two directions if signals are square patches. */
#include <math.h>

#include "solvers/coding/atoms.h"

static const double pi = 3.14159265358979323846;

/* d_e = cos(pi k (e + 1/2) / p) over s values; above frequency 0 without its
 * mean. */
static void cosine(size_t s, size_t p, size_t k, double *d)
{
    double mean = 0;
    for (size_t e = 0; e < s; e++) {
        d[e] = cos(pi * (double)k * ((double)e + .5) / (double)p);
        mean += d[e] / (double)s;
    }
    for (size_t e = 0; k > 0 && e < s; e++)
        d[e] -= mean;
}

/* Side of a square patch of m values, or 0. */
static size_t side_of(size_t m)
{
    size_t side = (size_t)(sqrt((double)m) + .5);
    return side > 1 && side * side == m ? side : 0;
}

/* The next pair of frequencies by their sum, both below p. */
static void next_pair(size_t p, size_t *row, size_t *column)
{
    do {
        size_t sum = *row + *column;
        if (*row > 0 && *column < p) {
            (*row)--;
            (*column)++;
        } else {
            *row = sum + 1;
            *column = 0;
        }
    } while (*row >= p || *column >= p);
}

static enum spred_status learn(struct spred_env *env, const void *options,
                               const struct spred_dictionary_task *task,
                               double *dictionary)
{
    size_t m = task->m, side = side_of(m), p = task->atoms;
    (void)options;
    if (side) {
        p = (size_t)ceil(sqrt((double)task->atoms));
        while (p * p < task->atoms)
            p++;
    }
    double *one = spred_alloc(env, 2 * m, sizeof *one);
    if (!one)
        return SPRED_ENOMEM;
    size_t row = 0, column = 0;
    for (size_t j = 0; j < task->atoms; j++) {
        double *d = dictionary + j * m;
        if (side) {
            double *down = one, *across = one + side;
            cosine(side, p, row, down);
            cosine(side, p, column, across);
            for (size_t e = 0; e < m; e++)
                d[e] = across[e % side] * down[e / side];
            if (j + 1 < task->atoms)
                next_pair(p, &row, &column);
        } else {
            cosine(m, p, j, d);
        }
        if (!atoms_normalise(m, d)) /* one value: only its mean */
            for (size_t e = 0; e < m; e++)
                d[e] = 1 / sqrt((double)m);
    }
    spred_free(env, one);
    return task->pass ? task->pass(task->cookie, dictionary, 0, 0) : SPRED_OK;
}

const struct spred_dictionary_method spred_dictionary_dct = {
    .name = "dct",
    .doc = "overcomplete DCT, the lowest frequencies: a control",
    .reference = "Aharon, Elad and Bruckstein, IEEE Trans. Signal Process. 54 "
                 "(2006)",
    .api_version = 1,
    .learn = learn};
