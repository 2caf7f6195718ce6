/* fake-parts.h: parts made in C, by an opener that looks for words in the
 * "script": what the tests of experiments/parts.h run. */
#ifndef SPRED_FAKE_PARTS_H
#define SPRED_FAKE_PARTS_H

#include "test.h"

#include <math.h>
#include <unistd.h>

#include "experiments/job.h"
#include "experiments/parts.h"
#include "spred/simulate.h"

/* ---- the parts ---- */

/* Proximal gradient with a step that any standardised X allows. */
struct ista {
    const struct spred_problem *problem;
    double *w, *m, *r, *c;
    double b, lambda;
};
struct ista_options {
    double step;
    int lies;
};
static const struct spred_option ista_table[] = {
    {"step", SPRED_OPTION_REAL, offsetof(struct ista_options, step), "1", 0.01,
     1, NULL, "of the safe step"},
    {0}};

static enum spred_status ista_init(struct spred_env *env, void *state,
                                   const void *options,
                                   const struct spred_problem *problem,
                                   uint64_t seed, struct spred_work *work)
{
    struct ista *s = state;
    (void)options;
    (void)seed;
    (void)work;
    s->problem = problem;
    s->b = problem->null_intercept[0];
    s->w = spred_alloc(env, problem->p, sizeof *s->w);
    s->c = spred_alloc(env, problem->p, sizeof *s->c);
    s->m = spred_alloc(env, problem->n, sizeof *s->m);
    s->r = spred_alloc(env, problem->n, sizeof *s->r);
    return s->w && s->c && s->m && s->r ? SPRED_OK : SPRED_ENOMEM;
}

static enum spred_status ista_start(void *state, double lambda,
                                    double tolerance)
{
    (void)tolerance;
    ((struct ista *)state)->lambda = lambda;
    return SPRED_OK;
}

static enum spred_status ista_step(void *state, struct spred_work *work,
                                   int *finished)
{
    struct ista *s = state;
    const struct spred_problem *q = s->problem;
    double step = 1 / (double)q->p, mean = 0;
    (void)finished;
    for (int k = 0; k < 50; k++) {
        spred_problem_predict(q, s->w, &s->b, s->m);
        q->loss->residual(q, s->m, s->r);
        for (size_t i = 0; i < q->n; i++)
            mean += s->r[i] / (double)q->n;
        s->b += mean;
        mean = 0;
        spred_design_adjoint(&q->x, s->r, s->c);
        for (size_t j = 0; j < q->p; j++)
            s->w[j] += step * s->c[j] / (double)q->n;
        spred_penalty_prox(q, s->lambda, step, s->w);
        work->passes += 2;
    }
    return SPRED_OK;
}

/* Claims to be there at once. */
static enum spred_status lie(void *state, struct spred_work *work,
                             int *finished)
{
    (void)state;
    (void)work;
    *finished = 1;
    return SPRED_OK;
}

static void ista_get(const void *state, double *w, double *b)
{
    const struct ista *s = state;
    memcpy(w, s->w, s->problem->p * sizeof *w);
    *b = s->b;
}

static void ista_free(struct spred_env *env, void *state)
{
    struct ista *s = state;
    spred_free(env, s->w);
    spred_free(env, s->c);
    spred_free(env, s->m);
    spred_free(env, s->r);
}

#define ISTA(title, step_function)                                             \
    {                                                                          \
        .name = title, .doc = "d", .reference = "r", .api_version = 1,         \
        .needs = SPRED_NEEDS_ONE_OUTPUT, .state_size = sizeof(struct ista),    \
        .options_size = sizeof(struct ista_options), .options = ista_table,    \
        .init = ista_init, .start = ista_start, .step = step_function,         \
        .get = ista_get, .free = ista_free                                     \
    }
static const struct spred_solver my_ista = ISTA("my-ista", ista_step);
static const struct spred_solver my_liar = ISTA("my-liar", lie);
static const struct spred_solver *const solvers[] = {&my_ista, &my_liar, NULL};

/* The mean absolute error; the support. */
static enum spred_status mae(const void *self, struct spred_env *env,
                             const struct parts_sample *sample, double *out)
{
    (void)self;
    if (!sample->values || sample->n == 0)
        return spred_fail(env, SPRED_EINVAL, "no values");
    *out = 0;
    for (size_t i = 0; i < sample->n; i++)
        *out += fabs(sample->values[i] - sample->scores[i]) / (double)sample->n;
    return SPRED_OK;
}

static enum spred_status count(const void *self, struct spred_env *env,
                               const struct parts_sample *sample, double *out)
{
    (void)self;
    (void)env;
    *out = 0;
    for (size_t j = 0; j < sample->p; j++)
        *out += sample->weights[j] < 0 || sample->weights[j] > 0;
    return *out == (double)sample->support ? SPRED_OK : SPRED_EINVAL;
}
static const struct parts_metric metrics[] = {
    {"mae", "d", NULL, mae}, {"size", "d", NULL, count}, {0}};

/* Thirds in order; "overlap": sample 1 also tests. */
static enum spred_status thirds(const void *self, struct spred_env *env,
                                const struct spred_data *data,
                                const int32_t *codes, size_t n, int64_t trial,
                                uint64_t seed, struct spred_split *out)
{
    (void)data;
    (void)codes;
    (void)trial;
    (void)seed;
    size_t **const rows[] = {&out->train, &out->validate, &out->test};
    size_t *const sizes[] = {&out->n_train, &out->n_validate, &out->n_test};
    for (size_t k = 0; k < 3; k++) {
        size_t from = k * n / 3, to = (k + 1) * n / 3;
        if (!(*rows[k] = spred_alloc(env, to - from, sizeof **rows[k])))
            return SPRED_ENOMEM;
        for (size_t i = from; i < to; i++)
            (*rows[k])[(*sizes[k])++] = i;
    }
    if (self)
        out->test[0] = strcmp(self, "overlap") == 0 ? 0 : n;
    return SPRED_OK;
}
static const struct parts_protocol protocols[] = {
    {"thirds", "d", NULL, thirds},
    {"overlap", "d", "overlap", thirds},
    {"outside", "d", "outside", thirds},
    {0}};

static enum spred_status simulate(const void *self, struct spred_env *env,
                                  const char *path, const char *const *names,
                                  const char *const *values, size_t n,
                                  struct spred_data *out)
{
    (void)self;
    struct spred_simulation s = {.n = 45,
                                 .p = 8,
                                 .blocks = 2,
                                 .k = 2,
                                 .rho_min = .1,
                                 .rho_max = .2,
                                 .snr = 3,
                                 .seed = 5};
    if (n != 1 || strcmp(names[0], "n") != 0)
        return spred_fail(env, SPRED_EINVAL, "expected n");
    if (path && access(path, R_OK) != 0)
        return spred_fail(env, SPRED_EIO, "%s", path);
    s.n = (size_t)atoi(values[0]);
    return spred_simulate(env, &s, out);
}
static const struct parts_source sources[] = {{"mine", "d", NULL, simulate},
                                              {0}};
static const char *const figures[] = {"my-figure", NULL};

/* ---- the opener ---- */

struct fake {
    struct parts parts;
    struct spred_env *env;
    char hash[SPRED_HEX_SIZE];
    size_t ends; /* calls of on_job_end */
};

static enum spred_status first_only(void *self, struct spred_env *env,
                                    const struct job *jobs, size_t n,
                                    unsigned char *keep)
{
    (void)self;
    (void)env;
    for (size_t i = 0; i < n; i++)
        keep[i] = jobs[i].trial == 1;
    return SPRED_OK;
}

static enum spred_status count_end(void *self, struct spred_env *env,
                                   const struct results_record *record)
{
    struct fake *fake = self;
    fake->ends++;
    return record->run.trial > 1
               ? spred_fail(env, SPRED_EINVAL, "on_job_end fails here")
               : SPRED_OK;
}

static enum spred_status skip_liars(void *self, struct spred_env *env,
                                    const struct job *job, char **skip)
{
    (void)self;
    *skip = strcmp(job->solver, "my-liar") == 0 ? spred_strdup(env, "a liar")
                                                : NULL;
    return SPRED_OK;
}

static enum spred_status stop_second(void *self, struct spred_env *env,
                                     const struct job *job, size_t output,
                                     const struct spred_host_point *point,
                                     int *stop)
{
    (void)self;
    (void)env;
    (void)job;
    *stop = output == 0 && point->lambda_index == 1;
    return SPRED_OK;
}

static enum spred_status fake_open(void *cookie, struct spred_env *env,
                                   const char *path, int worker, double memory,
                                   double seconds, struct parts **out)
{
    char text[512] = "";
    struct fake *fake = spred_alloc(env, 1, sizeof *fake);
    FILE *file = fopen(path, "rb");
    (void)cookie;
    if (!file || !fake) {
        if (file)
            fclose(file);
        spred_free(env, fake);
        return spred_fail(env, SPRED_EIO, "%s: cannot be opened", path);
    }
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    if (worker ? !(memory > 0) || seconds > 0 : !(seconds > 0)) {
        spred_free(env, fake);
        return spred_fail(env, SPRED_EINVAL, "wrong limits");
    }
    struct parts *p = &fake->parts;
    spred_sha256(text, strlen(text), fake->hash);
    fake->env = env;
    p->self = fake;
    p->hash = fake->hash;
    p->solvers = solvers;
    p->protocols = protocols;
    p->sources = sources;
    p->figures = figures;
    p->metrics = strstr(text, "metrics") ? metrics : NULL;
    p->on_plan = strstr(text, "on_plan") ? first_only : NULL;
    p->on_job_end = strstr(text, "on_job_end") ? count_end : NULL;
    p->on_job_start = strstr(text, "on_job_start") ? skip_liars : NULL;
    p->on_point = strstr(text, "on_point") ? stop_second : NULL;
    *out = p;
    return SPRED_OK;
}

static void fake_close(void *cookie, struct parts *parts)
{
    struct fake *fake = parts->self;
    (void)cookie;
    spred_free(fake->env, fake);
}
static const struct parts_opener opener = {NULL, fake_open, fake_close};

#endif
