/* extrapolate.c: Anderson acceleration of the sweeps over the outputs: classes
 * that share their samples pull each other slowly. Bertrand and Massias 2021,
 * algorithm 2, safeguarded by the objective. */
#include <string.h>

#include "spred/linalg.h"
#include "working_set.h"

enum { DEPTH = 5 };
static const double regular = 1e-12; /* of the trace */

/* Weights on the sets, intercepts, M. */
static size_t length(const struct working_set *ws)
{
    size_t total = ws->problem->outputs * (1 + ws->problem->n);
    for (size_t k = 0; k < ws->problem->outputs; k++)
        total += ws->set[k].size;
    return total;
}

static void save(const struct working_set *ws, double *to)
{
    size_t outputs = ws->problem->outputs;
    memcpy(to, ws->m, ws->problem->n * outputs * sizeof *to);
    to += ws->problem->n * outputs;
    memcpy(to, ws->b, outputs * sizeof *to);
    to += outputs;
    for (size_t k = 0; k < outputs; k++)
        for (size_t s = 0; s < ws->set[k].size; s++)
            *to++ = ws->w[ws->set[k].column[s] + k * ws->problem->p];
}

static void load(struct working_set *ws, const double *from)
{
    size_t outputs = ws->problem->outputs;
    memcpy(ws->m, from, ws->problem->n * outputs * sizeof *from);
    from += ws->problem->n * outputs;
    memcpy(ws->b, from, outputs * sizeof *from);
    from += outputs;
    for (size_t k = 0; k < outputs; k++)
        for (size_t s = 0; s < ws->set[k].size; s++)
            ws->w[ws->set[k].column[s] + k * ws->problem->p] = *from++;
}

static double objective(const struct working_set *ws)
{
    const struct spred_problem *problem = ws->problem;
    return problem->loss->value(problem, ws->m) +
           spred_penalty_value(problem, ws->lambda, ws->w);
}

/* c = argmin |sum c_i (z_{i+1} - z_i)| with sum c = 1, over the weights and
 * intercepts; out = sum c_i z_{i+1}. 0: no combination was found. */
static int combine(const struct working_set *ws, size_t size, double *out)
{
    size_t skip = ws->problem->n * ws->problem->outputs;
    const double *z = ws->past;
    double u[DEPTH * DEPTH], c[DEPTH], trace = 0, total = 0;
    for (size_t i = 0; i < DEPTH; i++)
        for (size_t l = 0; l <= i; l++) {
            double sum = 0;
            for (size_t e = skip; e < size; e++)
                sum += (z[e + (i + 1) * size] - z[e + i * size]) *
                       (z[e + (l + 1) * size] - z[e + l * size]);
            u[i + l * DEPTH] = sum;
            trace += i == l ? sum : 0;
        }
    for (size_t i = 0; i < DEPTH; i++) {
        u[i + i * DEPTH] += regular * trace;
        c[i] = 1;
    }
    if (!(trace > 0) || spred_cholesky(DEPTH, u, DEPTH) != 0)
        return 0;
    spred_cholesky_solve(DEPTH, 1, u, DEPTH, c, DEPTH);
    for (size_t i = 0; i < DEPTH; i++)
        total += c[i];
    if (!(total > 0))
        return 0;
    memset(out, 0, size * sizeof *out);
    for (size_t i = 0; i < DEPTH; i++)
        spred_axpy(size, c[i] / total, z + (i + 1) * size, out);
    return 1;
}

enum spred_status working_set_extrapolate(struct working_set *ws)
{
    const struct spred_problem *problem = ws->problem;
    size_t size = length(ws), wanted = (DEPTH + 3) * size;
    if (size != ws->past_length) { /* the sets are others */
        ws->past_length = size;
        ws->past_count = 0;
    }
    if (wanted > ws->past_room) {
        double *grown =
            spred_resize(ws->env, ws->past, 2 * wanted, sizeof *grown);
        if (!grown)
            return SPRED_ENOMEM;
        ws->past = grown;
        ws->past_room = 2 * wanted;
    }
    save(ws, ws->past + ws->past_count++ * size);
    if (ws->past_count <= DEPTH)
        return SPRED_OK;
    double *now = ws->past + DEPTH * size, *jump = now + size;
    ws->past_count = 1;
    if (combine(ws, size, jump)) {
        double before = objective(ws);
        load(ws, jump);
        if (objective(ws) < before)
            now = jump;
        else
            load(ws, now);
        ws->value = problem->loss->value(problem, ws->m);
        problem->loss->residual(problem, ws->m, ws->r);
    }
    memmove(ws->past, now, size * sizeof *now);
    return SPRED_OK;
}
