/* coordinate_descent.c: sparse coding by coordinate descent on the shared Gram
 * matrix, signal by signal (descend.h). */
#include "solvers/coding/descend.h"
#include "solvers/coding/signal_gap.h"

struct options {
    long sweeps;
};

struct work {
    struct descend descend;
    const struct spred_coding *coding;
    long sweeps;
};

static void close_work(struct spred_env *env, void *cookie)
{
    struct work *work = cookie;
    descend_close(env, &work->descend);
    spred_free(env, work);
}

static void *open_work(struct spred_env *env, const void *options,
                       const struct spred_coding_shared *shared)
{
    const struct options *chosen = options;
    struct work *work = spred_alloc(env, 1, sizeof *work);
    if (!work)
        return NULL;
    work->coding = shared->coding;
    work->sweeps = chosen->sweeps;
    if (descend_open(env, &work->descend, shared) != SPRED_OK) {
        spred_free(env, work);
        return NULL;
    }
    return work;
}

static enum spred_status code(struct spred_env *env, void *cookie, size_t first,
                              size_t count, double *correlations, double *z,
                              long *steps)
{
    struct work *work = cookie;
    const struct spred_coding *coding = work->coding;
    (void)env;
    for (size_t i = 0; i < count; i++) {
        const double *x = coding->signals + (first + i) * coding->m;
        descend_signal(&work->descend, correlations + i * coding->atoms,
                       signal_square(coding->m, x), coding->lambda, coding->gap,
                       work->sweeps, z + i * coding->atoms, steps);
    }
    return SPRED_OK;
}

static const struct spred_option table[] = {
    {"sweeps", SPRED_OPTION_INT, offsetof(struct options, sweeps), "100000", 1,
     1e9, NULL, "of one signal, at most"},
    {NULL, 0, 0, NULL, 0, 0, NULL, NULL}};

const struct spred_coder spred_coder_coordinate_descent = {
    .name = "coordinate-descent",
    .alias = "cd",
    .doc = "coordinate descent on the shared Gram matrix, with working sets",
    .reference = "Friedman, Hastie and Tibshirani, J. Stat. Softw. 33 (2010)",
    .api_version = 1,
    .wants_gram = 1,
    .options_size = sizeof(struct options),
    .options = table,
    .open = open_work,
    .close = close_work,
    .code = code};
