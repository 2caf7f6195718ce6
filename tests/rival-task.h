/* rival-task.h: a small runner for models in tests: made samples in three
 * parts, options, every offer kept. */
#ifndef RIVAL_TASK_H
#define RIVAL_TASK_H

#include "test.h"

#include "spred/model.h"
#include "spred/rng.h"

enum { RIVAL_OFFERS = 800 };

struct rival_part {
    size_t n, p;
    float *x;       /* n x p, column-major */
    int32_t *codes; /* or */
    double *values;
};

struct rival_offer {
    char what[80];
    size_t genes;
    double valid, test; /* accuracy, or R2 */
};

struct rival {
    struct spred_env env;
    size_t p, classes;
    struct rival_part part[3]; /* train, validate, test */
    const struct spred_model *model;
    void *options, *state;
    struct spred_model_report report;
    size_t n_offers;
    struct rival_offer offers[RIVAL_OFFERS];
    double *importance; /* p, of the last offer */
    int check;          /* genes with importance 0 must have no effect */
    size_t keep;        /* most genes of the offer that is kept; 0: none is */
    double *kept;       /* its importance: the first with so few, or NULL */
    long fail_at;       /* the offer that fails, from 1; 0: none */
};

/* Fills a row of p standard normals' neighbours and says its target. */
typedef double rival_draw(struct spred_rng *rng, double *x, size_t p);

/* Columns are centred and scaled as the training part's. */
static inline void rival_scale(struct rival *r)
{
    struct rival_part *train = &r->part[0];
    for (size_t j = 0; j < r->p; j++) {
        double mean = 0, square = 0;
        for (size_t i = 0; i < train->n; i++)
            mean += (double)train->x[i + j * train->n] / (double)train->n;
        for (size_t i = 0; i < train->n; i++)
            square += pow((double)train->x[i + j * train->n] - mean, 2) /
                      (double)train->n;
        double scale = square > 0 ? 1 / sqrt(square) : 0;
        for (size_t k = 0; k < 3; k++)
            for (size_t i = 0; i < r->part[k].n; i++) {
                float *x = &r->part[k].x[i + j * r->part[k].n];
                *x = (float)(((double)*x - mean) * scale);
            }
    }
}

static inline void rival_room(struct rival *r, size_t k, size_t n)
{
    struct rival_part *part = &r->part[k];
    part->n = n;
    part->p = r->p;
    part->x = calloc(n * r->p + 1, sizeof *part->x);
    if (r->classes)
        part->codes = calloc(n + 1, sizeof *part->codes);
    else
        part->values = calloc(n + 1, sizeof *part->values);
}

static inline void rival_model(struct rival *r, const char *name)
{
    r->model = spred_model_find(name);
    assert_non_null(r->model);
    r->options = calloc(1, r->model->options_size);
    assert_ok(&r->env,
              spred_options_default(&r->env, r->model->options, r->options));
    r->importance = calloc(r->p, sizeof *r->importance);
}

/* n samples a part. classes = 0: real-valued. */
static inline void rival_make(struct rival *r, const char *name,
                              rival_draw *draw, size_t n_train, size_t n_valid,
                              size_t n_test, size_t p, size_t classes,
                              uint64_t seed)
{
    size_t n[3] = {n_train, n_valid, n_test};
    memset(r, 0, sizeof *r);
    spred_env_init(&r->env);
    r->p = p;
    r->classes = classes;
    struct spred_rng *rng = spred_rng_new(&r->env, seed);
    double *row = calloc(p, sizeof *row);
    for (size_t k = 0; k < 3; k++) {
        rival_room(r, k, n[k]);
        for (size_t i = 0; i < n[k]; i++) {
            double y = draw(rng, row, p);
            for (size_t j = 0; j < p; j++)
                r->part[k].x[i + j * n[k]] = (float)row[j];
            if (classes)
                r->part[k].codes[i] = (int32_t)y;
            else
                r->part[k].values[i] = y;
        }
    }
    free(row);
    spred_rng_free(rng);
    rival_scale(r);
    rival_model(r, name);
}

static inline void rival_set(struct rival *r, const char *name,
                             const char *value)
{
    assert_ok(&r->env, spred_options_set(&r->env, r->model->options, r->options,
                                         name, value));
}

/* LassoNet: every model of the path as it stands. */
static inline void rival_whole_path(struct rival *r)
{
    rival_set(r, "refit", "false");
    rival_set(r, "genes", "0");
}

static inline double rival_score(const struct rival *r,
                                 const struct rival_part *part,
                                 const double *scores)
{
    double right = 0, rest = 0, total = 0, mean = 0;
    for (size_t i = 0; i < part->n && r->classes; i++) {
        size_t best = 0;
        for (size_t k = 1; k < r->classes; k++)
            if (scores[i + k * part->n] > scores[i + best * part->n])
                best = k;
        right += (int32_t)best == part->codes[i];
    }
    if (r->classes)
        return right / (double)part->n;
    for (size_t i = 0; i < part->n; i++)
        mean += part->values[i] / (double)part->n;
    for (size_t i = 0; i < part->n; i++) {
        rest += pow(scores[i] - part->values[i], 2);
        total += pow(mean - part->values[i], 2);
    }
    return 1 - rest / total;
}

static inline double rival_predict(struct rival *r, size_t k,
                                   struct spred_env *env,
                                   enum spred_status *status)
{
    struct rival_part *part = &r->part[k];
    double score = NAN;
    if (!part->n)
        return score;
    double *scores =
        calloc(part->n * (r->classes ? r->classes : 1), sizeof *scores);
    *status = r->model->predict(env, r->state, part->x, part->n, scores);
    if (*status == SPRED_OK)
        score = rival_score(r, part, scores);
    free(scores);
    return score;
}

/* Genes with importance 0 are shuffled: not a bit of a score changes. */
static inline void rival_no_effect(struct rival *r)
{
    struct rival_part *part = &r->part[1];
    size_t outputs = r->classes ? r->classes : 1, size = part->n * outputs;
    double *a = calloc(size, sizeof *a), *b = calloc(size, sizeof *b);
    float *x = calloc(part->n * r->p, sizeof *x);
    for (size_t j = 0; j < r->p; j++)
        for (size_t i = 0; i < part->n; i++)
            x[i + j * part->n] =
                r->importance[j] > 0
                    ? part->x[i + j * part->n]
                    : (float)((double)((i * 7 + j * 3) % 11) - 5);
    assert_ok(&r->env,
              r->model->predict(&r->env, r->state, part->x, part->n, a));
    assert_ok(&r->env, r->model->predict(&r->env, r->state, x, part->n, b));
    for (size_t e = 0; e < size; e++)
        assert_near(a[e], b[e], 1e-6 * (1 + fabs(a[e])));
    free(a);
    free(b);
    free(x);
}

struct rival_call {
    struct rival *rival;
    struct spred_env *env;
};

static enum spred_status rival_offered(void *cookie, const char *what,
                                       struct spred_offer *out)
{
    struct rival_call *call = cookie;
    struct rival *r = call->rival;
    enum spred_status status = SPRED_OK;
    assert_true(r->n_offers < RIVAL_OFFERS);
    struct rival_offer *offer = &r->offers[r->n_offers++];
    snprintf(offer->what, sizeof offer->what, "%s", what);
    if ((long)r->n_offers == r->fail_at)
        return spred_fail(call->env, SPRED_EIO, "this offer fails");
    offer->valid = rival_predict(r, 1, call->env, &status);
    if (status == SPRED_OK)
        offer->test = rival_predict(r, 2, call->env, &status);
    if (status != SPRED_OK)
        return status;
    r->model->genes(r->state, r->importance);
    offer->genes = 0;
    for (size_t j = 0; j < r->p; j++)
        offer->genes += r->importance[j] > 0;
    if (r->check)
        rival_no_effect(r);
    if (!r->kept && offer->genes <= r->keep) {
        r->kept = calloc(r->p, sizeof *r->kept);
        memcpy(r->kept, r->importance, r->p * sizeof *r->kept);
    }
    *out = (struct spred_offer){.score = offer->valid, .best = 1};
    return SPRED_OK;
}

/* Fits by this env; the state stays for predict until the next run. */
static inline enum spred_status rival_run(struct rival *r,
                                          struct spred_env *env, uint64_t seed)
{
    struct rival_call call = {r, env};
    struct spred_model_task task = {.classes = r->classes,
                                    .seed = seed,
                                    .threads = 1,
                                    .offer = rival_offered,
                                    .cookie = &call};
    const struct rival_part *a = &r->part[0], *b = &r->part[1];
    task.train = (struct spred_rows){.n = a->n,
                                     .p = a->p,
                                     .x = a->x,
                                     .codes = a->codes,
                                     .values = a->values};
    task.validate = (struct spred_rows){.n = b->n,
                                        .p = b->p,
                                        .x = b->x,
                                        .codes = b->codes,
                                        .values = b->values};
    r->n_offers = 0;
    free(r->kept);
    r->kept = NULL;
    memset(&r->report, 0, sizeof r->report);
    r->state = calloc(1, r->model->state_size);
    return r->model->fit(env, r->state, r->options, &task, &r->report);
}

/* Frees the fitted model. */
static inline void rival_forget(struct rival *r, struct spred_env *env)
{
    if (r->state)
        r->model->free(env, r->state);
    free(r->state);
    r->state = NULL;
}

static inline void rival_free(struct rival *r)
{
    rival_forget(r, &r->env);
    for (size_t k = 0; k < 3; k++) {
        free(r->part[k].x);
        free(r->part[k].codes);
        free(r->part[k].values);
    }
    free(r->options);
    free(r->importance);
    free(r->kept);
}

#endif
