/* blocks_rows.c: the model of a set of blocks as least squares, Q = z'z: for
 * methods that prefer rows when there are fewer of them than values. One
 * output: z = sqrt(h) (Z - centre). Softmax: with s_k = sqrt(p_k), H_i =
 * diag(p) - pp' = diag(s) (I - ss') diag(s) = F_i'F_i, F_i = V' diag(s), V the
 * last K - 1 columns of the Householder reflector that takes s to a multiple of
 * the first axis: n (K-1) rows. */
#include <math.h>
#include <string.h>

#include "blocks.h"
#include "spred/linalg.h"

/* Least curvature of a sample in a model. */
static const double least_weight = 1e-9;
/* A class less likely than this, and true: its residual over s is too large. */
static const double least_share = 1e-10;

enum spred_status block_rows_choose(struct block_set *set)
{
    const struct spred_problem *problem = set->problem;
    size_t n = problem->n, rows = n * (problem->outputs - 1);
    if (set->values <= rows)
        return SPRED_OK;
    for (size_t i = 0; i < n; i++)
        if (!(set->h[i + (size_t)problem->codes[i] * n] > least_share))
            return SPRED_OK;
    size_t wanted = rows * (problem->outputs + set->value_room);
    if (wanted > set->factor_room) {
        spred_free(set->env, set->factor);
        set->factor_room = 0;
        set->factor = spred_alloc(set->env, wanted, sizeof *set->factor);
        if (!set->factor)
            return SPRED_ENOMEM;
        set->factor_room = wanted;
    }
    set->rows = rows;
    return SPRED_OK;
}

/* Reflector of sample i: v with V[k, l] = (k == l + 1) - v_k v_{l+1}, and s. */
static void reflect(const struct block_set *set, size_t i, double *s, double *v)
{
    size_t n = set->problem->n, outputs = set->problem->outputs;
    double norm = 0, square = 0;
    for (size_t k = 0; k < outputs; k++) {
        s[k] = sqrt(set->h[i + k * n]);
        norm += s[k] * s[k];
    }
    for (size_t k = 0; k < outputs; k++) {
        v[k] = s[k] + (k == 0 ? sqrt(norm) : 0);
        square += v[k] * v[k];
    }
    for (size_t k = 0; k < outputs; k++)
        v[k] *= sqrt(2 / square);
}

static double complement(const double *v, size_t k, size_t l)
{
    return (k == l + 1 ? 1 : 0) - v[k] * v[l + 1];
}

void block_rows_fill(struct block_set *set)
{
    const struct spred_problem *problem = set->problem;
    size_t n = problem->n, outputs = problem->outputs, rows = set->rows;
    double s[SPRED_MAX_OUTPUTS], v[SPRED_MAX_OUTPUTS];
    double *f = set->factor, *z = f + rows * outputs;
    for (size_t i = 0; i < n; i++) {
        reflect(set, i, s, v);
        for (size_t k = 0; k < outputs; k++)
            for (size_t l = 0; l + 1 < outputs; l++)
                f[i + l * n + k * rows] = complement(v, k, l) * s[k];
    }
    for (size_t e = 0; e < set->values; e++) {
        const double *column = set->z + set->slot[e] * n;
        const double *own = f + set->output[e] * rows;
        for (size_t l = 0; l + 1 < outputs; l++)
            for (size_t i = 0; i < n; i++)
                z[i + l * n + e * rows] = own[i + l * n] * column[i];
    }
    if (problem->intercept) /* F's columns are those of the intercepts */
        spred_gemm(0, 0, rows, set->values, outputs, -1, f, rows, set->lifted,
                   outputs, 1, z, rows);
    spred_syrk(set->values, rows, 1, z, rows, 0, set->q, set->value_room);
    for (size_t e = 0; e < set->values; e++)
        for (size_t c = e + 1; c < set->values; c++)
            set->q[e + c * set->value_room] = set->q[c + e * set->value_room];
}

/* target_i = V'(R_i / s), for F'V'(R / s) = R: R_i sums to zero. */
static void softmax_target(const struct block_set *set, double *target)
{
    size_t n = set->problem->n, outputs = set->problem->outputs;
    double s[SPRED_MAX_OUTPUTS], v[SPRED_MAX_OUTPUTS];
    for (size_t i = 0; i < n; i++) {
        reflect(set, i, s, v);
        for (size_t l = 0; l + 1 < outputs; l++) {
            double sum = 0;
            for (size_t k = 0; k < outputs; k++)
                if (s[k] > 0)
                    sum += complement(v, k, l) * set->r[i + k * n] / s[k];
            target[i + l * n] = sum;
        }
    }
}

/* sqrt(h) (z - h-weighted mean) and R / sqrt(h). */
static double *weighted_rows(struct block_set *set, double *target)
{
    size_t n = set->problem->n;
    double *root = set->move;
    for (size_t i = 0; i < n; i++) {
        root[i] = sqrt(fmax(set->h[i], least_weight));
        target[i] = set->r[i] / root[i];
    }
    for (size_t e = 0; e < set->values; e++) {
        double centre = set->problem->intercept ? set->lifted[e] : 0;
        for (size_t i = 0; i < n; i++)
            set->panel[i + e * n] = root[i] * (set->z[i + e * n] - centre);
    }
    return set->panel;
}

const double *block_set_rows(struct block_set *set, double *target,
                             size_t *rows)
{
    const struct spred_problem *problem = set->problem;
    const double *z = set->z;
    *rows = problem->outputs > 1 ? set->rows : problem->n;
    if (set->values == 0 || *rows == 0)
        return NULL;
    if (problem->outputs > 1) {
        z = set->factor + set->rows * problem->outputs;
        softmax_target(set, target);
    } else if (problem->loss->quadratic) {
        memcpy(target, set->r, problem->n * sizeof *target);
    } else {
        z = weighted_rows(set, target);
    }
    spred_gemv(*rows, set->values, 1, z, *rows, set->x, 1, target);
    return z;
}
