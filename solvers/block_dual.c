/* block_dual.c: Newton's method of block_factored.c with a system of as many
 * unknowns as rows: A = ZV, D = kappa I + V^2 ridge, K = A D^{-1} A' + I,
 *   r = K^{-1} target,  u = D^{-1} A'r,
 *   Hessian = lambda diag(1 + 3 |g|^2 - 4 kappa |g|^2 / D)
 *             + 4 n lambda^2 (A D^{-1} G)' K^{-1} (A D^{-1} G).
 * SOLVERS.md section 3, dual form. */
#include <math.h>
#include <string.h>

#include "block_factored.h"
#include "spred/linalg.h"

/* |1 - |g|^2| at least: the Hessian stays positive definite. */
static const double least_bend = 1e-14;

int block_dual_applies(const struct block_factored *s)
{
    return s->model->z && s->size > s->model->rows;
}

enum spred_status block_dual_reserve(struct spred_env *env,
                                     struct block_factored *s)
{
    size_t rows = s->model->rows, active = s->active;
    SPRED_TRY(block_room(env, &s->matrix, &s->matrix_room, rows * rows));
    SPRED_TRY(block_room(env, &s->panel, &s->panel_room, rows * s->size));
    SPRED_TRY(block_room(env, &s->root, &s->root_room, s->size));
    return block_room(env, &s->bent, &s->bent_room, active * (rows + active));
}

double block_dual_evaluate(struct block_factored *s, const double *v, double *u)
{
    const struct block_model *model = s->model;
    size_t rows = model->rows, size = s->size;
    double value = 0;
    for (size_t a = 0; a < s->active; a++) {
        size_t b = s->block[a];
        double root = sqrt(s->kappa + s->ridge[b] * v[a] * v[a]);
        for (size_t e = s->start[a]; e < s->start[a + 1]; e++) {
            const double *z = model->z + s->index[e] * rows;
            double scale = s->scale[b] * v[a] / root;
            s->root[e] = root;
            for (size_t i = 0; i < rows; i++)
                s->panel[e + i * size] = scale * z[i];
        }
    }
    spred_syrk(rows, size, 1, s->panel, size, 0, s->matrix, rows);
    for (size_t i = 0; i < rows; i++)
        s->matrix[i * (rows + 1)] += 1;
    if (spred_cholesky(rows, s->matrix, rows) != 0)
        return INFINITY;
    memcpy(s->left, model->target, rows * sizeof *s->left);
    spred_cholesky_solve(rows, 1, s->matrix, rows, s->left, rows);
    spred_gemv(size, rows, 1, s->panel, size, s->left, 0, u);
    for (size_t a = 0; a < s->active; a++) {
        value += s->lambda * v[a] * v[a] / 2;
        for (size_t e = s->start[a]; e < s->start[a + 1]; e++) {
            u[e] /= s->root[e];
            value -= v[a] * s->c[s->index[e]] * u[e] / (2 * model->n);
        }
    }
    return isfinite(value) ? value : INFINITY;
}

/* bent = L^{-1} A D^{-1} G. */
static void bend(struct block_factored *s)
{
    size_t rows = s->model->rows;
    for (size_t a = 0; a < s->active; a++)
        for (size_t i = 0; i < rows; i++) {
            const double *panel = s->panel + i * s->size;
            double sum = 0;
            for (size_t e = s->start[a]; e < s->start[a + 1]; e++)
                sum += panel[e] * s->g[e] / s->root[e];
            s->bent[i + a * rows] = sum;
        }
    spred_lower_solve_many(rows, s->active, s->matrix, rows, s->bent, rows);
}

double block_dual_direction(struct block_factored *s)
{
    size_t rows = s->model->rows, active = s->active;
    double *hessian = s->bent + rows * active, slope = 0;
    bend(s);
    spred_syrk(active, rows, 4 * s->kappa, s->bent, rows, 0, hessian, active);
    for (size_t a = 0; a < active; a++) { /* in units of lambda */
        double square = s->square[a], root = s->root[s->start[a]];
        double ridge = 1 - s->kappa / (root * root);
        hessian[a * (active + 1)] +=
            fmax(fabs(1 - square), least_bend) + 4 * square * fmax(ridge, 0);
        s->step[a] = -s->v[a] * (1 - square);
    }
    if (spred_cholesky(active, hessian, active) != 0)
        return 1;
    spred_cholesky_solve(active, 1, hessian, active, s->step, active);
    for (size_t a = 0; a < active; a++)
        slope += s->lambda * s->v[a] * (1 - s->square[a]) * s->step[a];
    return isfinite(slope) ? slope : 1;
}
