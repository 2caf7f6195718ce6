/* quasi_newton.c: liblbfgs behind a plain interface. Nocedal and Wright 2006,
 * algorithm 7.5; Andrew and Gao 2007 (OWL-QN). */
#include "solvers/quasi_newton.h"

#include <lbfgs.h>
#include <limits.h>

/* SSE builds of the library want blocks of this many variables. */
enum { BLOCK = 16 };
/* Iterations of the pieces: restarts lose the memory, so they get rare. */
enum { FIRST_PIECE = 50, GROWTH = 2, LONGEST_PIECE = 400 };
/* What our progress callback answers; the library passes it on. */
enum { GO_ON = 0, ENOUGH = 1000, CANCELLED };

struct piece {
    const struct quasi_newton *q;
    size_t padded;
    int iterations;
};

static double evaluate(void *instance, const double *x, double *g, const int n,
                       const double step)
{
    const struct piece *piece = instance;
    (void)n;
    (void)step;
    for (size_t e = piece->q->variables; e < piece->padded; e++)
        g[e] = 0;
    return piece->q->evaluate(piece->q->cookie, x, g);
}

static int progress(void *instance, const double *x, const double *g,
                    const double fx, const double xnorm, const double gnorm,
                    const double step, int n, int k, int ls)
{
    struct piece *piece = instance;
    (void)x;
    (void)g;
    (void)fx;
    (void)xnorm;
    (void)gnorm;
    (void)step;
    (void)n;
    (void)ls;
    piece->iterations = k;
    if (spred_check_cancel(piece->q->env) != SPRED_OK)
        return CANCELLED;
    return piece->q->enough(piece->q->cookie) ? ENOUGH : GO_ON;
}

static size_t padded(const struct quasi_newton *q)
{
    return (q->variables + BLOCK - 1) / BLOCK * BLOCK;
}

enum spred_status quasi_newton_open(struct quasi_newton *q,
                                    struct spred_env *env, size_t variables)
{
    q->env = env;
    q->variables = variables;
    if (variables > INT_MAX - BLOCK)
        return spred_fail(env, SPRED_EINVAL,
                          "liblbfgs cannot count %zu variables", variables);
    q->x = spred_alloc(env, padded(q), sizeof *q->x);
    quasi_newton_start(q);
    return q->x ? SPRED_OK : SPRED_ENOMEM;
}

void quasi_newton_start(struct quasi_newton *q)
{
    q->piece = FIRST_PIECE;
    q->stuck = 0;
}

enum spred_status quasi_newton_piece(struct quasi_newton *q)
{
    struct piece piece = {q, padded(q), 0};
    lbfgs_parameter_t rules;
    if (q->stuck)
        return SPRED_OK;
    lbfgs_parameter_init(&rules);
    rules.m = q->memory;
    rules.epsilon = 0; /* `enough` decides */
    rules.max_iterations = q->piece;
    if (q->strength > 0) {
        rules.linesearch = LBFGS_LINESEARCH_BACKTRACKING;
        rules.orthantwise_c = q->strength;
        rules.orthantwise_start = 0;
        rules.orthantwise_end = (int)q->penalised;
    }
    int end = lbfgs((int)piece.padded, q->x, NULL, evaluate, progress, &piece,
                    &rules);
    if (end == LBFGSERR_OUTOFMEMORY)
        return spred_fail(q->env, SPRED_ENOMEM, "out of memory in liblbfgs");
    if (end == CANCELLED)
        return SPRED_EINTERRUPTED;
    if (end >= LBFGSERR_INVALID_N && end <= LBFGSERR_INVALID_ORTHANTWISE_END)
        return spred_fail(q->env, SPRED_EINVAL, "liblbfgs refuses: %d", end);
    q->stuck = piece.iterations == 0;
    if (q->piece < LONGEST_PIECE)
        q->piece *= GROWTH;
    return SPRED_OK;
}

void quasi_newton_close(struct quasi_newton *q)
{
    if (q->env)
        spred_free(q->env, q->x);
}
