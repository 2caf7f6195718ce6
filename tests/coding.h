/* coding.h: small sparse-coding tasks for the tests: random dictionaries of
 * several kinds, signals, coders with their default options. */
#ifndef SPRED_TEST_CODING_H
#define SPRED_TEST_CODING_H

#include "test.h"

#include "spred/certificate.h"
#include "spred/coding.h"
#include "spred/rng.h"

enum kind {
    PLAIN,      /* unit-norm atoms, normal */
    COHERENT,   /* atoms that are nearly alike */
    DUPLICATES, /* atoms twice, with either sign, and sums of others */
    SCALED,     /* norms from 0 to 10 */
    KINDS
};

struct coding_sample {
    struct spred_coding task;
    double *dictionary, *signals;
};

static inline void make_atom(struct spred_rng *rng, enum kind kind, size_t m,
                             size_t j, double *dictionary)
{
    double *d = dictionary + j * m, square = 0, scale = 1;
    size_t from = j ? spred_rng_below(rng, j) : 0;
    size_t other = j ? spred_rng_below(rng, j) : 0;
    for (size_t e = 0; e < m; e++)
        d[e] = spred_rng_normal(rng) + (kind == COHERENT ? 3 : 0);
    if (kind == DUPLICATES && j % 3 == 1)
        for (size_t e = 0; e < m; e++)
            d[e] = (j % 2 ? 1 : -1) * dictionary[e + from * m];
    if (kind == DUPLICATES && j % 3 == 2)
        for (size_t e = 0; e < m; e++)
            d[e] = dictionary[e + from * m] + dictionary[e + other * m];
    for (size_t e = 0; e < m; e++)
        square += d[e] * d[e];
    if (kind == SCALED)
        scale = j % 5 == 4 ? 0 : 10 * spred_rng_uniform(rng);
    for (size_t e = 0; e < m && square > 0; e++)
        d[e] *= scale / sqrt(square);
}

/* Signals: a few atoms and noise; every 7th is zero. */
static inline void coding_sample(struct coding_sample *s, enum kind kind,
                                 size_t m, size_t atoms, size_t n,
                                 double lambda, uint64_t seed)
{
    struct spred_env env;
    spred_env_init(&env);
    struct spred_rng *rng = spred_rng_new(&env, seed);
    s->dictionary = calloc(m * atoms, sizeof *s->dictionary);
    s->signals = calloc(m * n, sizeof *s->signals);
    for (size_t j = 0; j < atoms; j++)
        make_atom(rng, kind, m, j, s->dictionary);
    for (size_t i = 0; i < n; i++) {
        double *x = s->signals + i * m;
        for (size_t k = 0; k < 3 && i % 7 != 6; k++) {
            size_t j = spred_rng_below(rng, atoms);
            double a = spred_rng_normal(rng);
            for (size_t e = 0; e < m; e++)
                x[e] +=
                    a * s->dictionary[e + j * m] + .1 * spred_rng_normal(rng);
        }
    }
    spred_rng_free(rng);
    s->task = (struct spred_coding){.m = m,
                                    .atoms = atoms,
                                    .n = n,
                                    .dictionary = s->dictionary,
                                    .signals = s->signals,
                                    .lambda = lambda,
                                    .gap = 1e-6,
                                    .threads = 1};
}

static inline void coding_sample_free(struct coding_sample *s)
{
    free(s->dictionary);
    free(s->signals);
}

/* Default options of a coder, then NAME = VALUE if name is not NULL; free(). */
static inline void *coder_options(const struct spred_coder *coder,
                                  const char *name, const char *value)
{
    struct spred_env env;
    spred_env_init(&env);
    void *options = calloc(1, coder->options_size + 1);
    assert_ok(&env, spred_options_default(&env, coder->options, options));
    if (name)
        assert_ok(&env, spred_options_set(&env, coder->options, options, name,
                                          value));
    return options;
}

/* Codes a task by a coder of that name with its defaults. */
static inline enum spred_status code_by(struct spred_env *env, const char *name,
                                        const struct spred_coding *task,
                                        struct spred_codes *codes,
                                        struct spred_coding_report *report)
{
    const struct spred_coder *coder = spred_coder_find(name);
    assert_non_null(coder);
    void *options = coder_options(coder, NULL, NULL);
    enum spred_status status =
        spred_code(env, coder, options, task, codes, report);
    free(options);
    return status;
}

static inline struct spred_codes dense_codes(const double *z, size_t atoms,
                                             size_t n)
{
    struct spred_codes codes = {.n = n, .room = atoms * n};
    codes.start = calloc(n + 1, sizeof *codes.start);
    codes.atom = calloc(atoms * n + 1, sizeof *codes.atom);
    codes.value = calloc(atoms * n + 1, sizeof *codes.value);
    for (size_t i = 0, at = 0; i < n; codes.start[++i] = at)
        for (size_t j = 0; j < atoms; j++)
            if (z[j + i * atoms] < 0 || z[j + i * atoms] > 0) {
                codes.atom[at] = (uint32_t)j;
                codes.value[at++] = z[j + i * atoms];
            }
    return codes;
}

static inline void free_dense(struct spred_codes *codes)
{
    free(codes->start);
    free(codes->atom);
    free(codes->value);
}

/* The problem of one signal as a lasso: n = m rows, lambda / m. */
static inline void lasso_of(struct spred_env *env,
                            const struct spred_coding *task, size_t i,
                            struct spred_matrix *matrix,
                            struct spred_problem *problem)
{
    assert_ok(
        env, spred_matrix_new(env, SPRED_F64, task->m, task->atoms, 0, matrix));
    memcpy(matrix->f64, task->dictionary,
           task->m * task->atoms * sizeof *matrix->f64);
    memset(problem, 0, sizeof *problem);
    problem->x.matrix = matrix;
    problem->n = task->m;
    problem->p = task->atoms;
    problem->outputs = 1;
    problem->loss = &spred_loss_squared;
    problem->y = task->signals + i * task->m;
    problem->penalty.l1_ratio = 1;
    assert_ok(env, spred_problem_init(env, problem));
}

#endif
