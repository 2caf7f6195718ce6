/* model_host.h: plays the runner for a model: small tasks, and at every offer
 * the checks of what spred/model.h promises. */
#ifndef MODEL_HOST_H
#define MODEL_HOST_H

#include "test.h"

#include "spred/metric.h"
#include "spred/model.h"
#include "spred/rng.h"

/* Samples of one part of a task, owned. */
struct part_of {
    size_t n;
    float *x;
    int32_t *codes;
    double *values;
};

struct samples {
    size_t p, classes;
    struct part_of train, validate, test;
};

enum { INFORMED = 4 }; /* the first genes of a task with an effect */

/* Genes N(0, 1), but the last constant and the last but one a copy of the
 * first; class k >= 1 has its genes shifted: easy. effect 0: the target has
 * nothing to do with the genes. */
static inline void part_make(struct part_of *part, struct spred_rng *rng,
                             size_t n, size_t p, size_t classes, double effect)
{
    part->n = n;
    part->x = calloc(n * p + 1, sizeof *part->x);
    part->codes = classes ? calloc(n + 1, sizeof *part->codes) : NULL;
    part->values = classes ? NULL : calloc(n + 1, sizeof *part->values);
    for (size_t i = 0; i < n; i++) {
        size_t code = classes ? i % classes : 0;
        double sum = 0;
        for (size_t j = 0; j + 2 < p; j++) {
            double z = spred_rng_normal(rng);
            if (classes && j < INFORMED)
                z += effect * (classes == 2 ? code == 1 : code == j);
            sum += j < INFORMED ? z : 0;
            part->x[i + j * n] = (float)z;
        }
        part->x[i + (p - 2) * n] = part->x[i];
        if (classes)
            part->codes[i] = (int32_t)code;
        else
            part->values[i] = 7 + effect * sum + spred_rng_normal(rng);
    }
}

/* x = (x - mean) / sd, both of the training part; a constant stays as it is. */
static inline void part_scale(struct part_of *part, const float *train,
                              size_t n_train, size_t p)
{
    for (size_t j = 0; j < p; j++) {
        double mean = 0, square = 0, n = (double)n_train;
        const float *x = train + j * n_train;
        for (size_t i = 0; i < n_train; i++)
            mean += x[i] / n;
        for (size_t i = 0; i < n_train; i++)
            square += (x[i] - mean) * (x[i] - mean) / n;
        for (size_t i = 0; square > 0 && i < part->n; i++)
            part->x[i + j * part->n] =
                (float)((part->x[i + j * part->n] - mean) / sqrt(square));
    }
}

static inline void samples_make(struct samples *s, size_t n, size_t p,
                                size_t classes, double effect, uint64_t seed)
{
    struct spred_env env;
    spred_env_init(&env);
    struct spred_rng *rng = spred_rng_new(&env, seed);
    assert_non_null(rng);
    s->p = p;
    s->classes = classes;
    part_make(&s->train, rng, n, p, classes, effect);
    part_make(&s->validate, rng, n / 2, p, classes, effect);
    part_make(&s->test, rng, n, p, classes, effect);
    spred_rng_free(rng);
    float *x = malloc(n * p * sizeof *x); /* as it was */
    memcpy(x, s->train.x, n * p * sizeof *x);
    part_scale(&s->train, x, n, p);
    part_scale(&s->validate, x, n, p);
    part_scale(&s->test, x, n, p);
    free(x);
}

static inline void part_free(struct part_of *part)
{
    free(part->x);
    free(part->codes);
    free(part->values);
}

static inline void samples_free(struct samples *s)
{
    part_free(&s->train);
    part_free(&s->validate);
    part_free(&s->test);
}

/* One fit and what came of it. */
struct host {
    struct spred_env *env;
    const struct spred_model *model;
    const struct samples *samples;
    void *options, *state;
    struct spred_model_task task;
    struct spred_model_report report;
    size_t offers, refuse_at; /* that offer (from 1) ends in `refusal` */
    enum spred_status refusal;
    int checks;         /* 0: the offers are only counted and scored */
    uint64_t digest;    /* of all that was offered */
    double best, score; /* on the validation part; of the best, on the test */
    size_t genes;       /* of the best */
};

static inline void digest_add(uint64_t *digest, const void *bytes, size_t size)
{
    const unsigned char *b = bytes; /* FNV-1a */
    for (size_t i = 0; i < size; i++)
        *digest = (*digest ^ b[i]) * UINT64_C(1099511628211);
}

static inline size_t host_outputs(const struct host *h)
{
    return h->task.classes ? h->task.classes : 1;
}

/* n x K scores of a part; free them. NULL: predict failed (*status). */
static inline double *host_predict(struct host *h, const float *x, size_t n,
                                   enum spred_status *status)
{
    size_t k = host_outputs(h);
    double *scores = malloc((n * k + 1) * sizeof *scores);
    for (size_t e = 0; e < n * k; e++)
        scores[e] = NAN;
    *status = h->model->predict(h->env, h->state, x, n, scores);
    if (*status == SPRED_OK)
        return scores;
    free(scores);
    return NULL;
}

/* Balanced accuracy, or R2. */
static inline double host_worth(const struct host *h, const double *scores,
                                const struct part_of *part)
{
    if (!h->task.classes)
        return spred_r2(part->values, scores, part->n);
    int32_t *said = calloc(part->n + 1, sizeof *said);
    for (size_t i = 0; i < part->n; i++)
        for (size_t c = 1; c < h->task.classes; c++)
            if (scores[i + c * part->n] > scores[i + (size_t)said[i] * part->n])
                said[i] = (int32_t)c;
    double worth =
        spred_balanced_accuracy(part->codes, said, part->n, h->task.classes);
    free(said);
    return worth;
}

/* The same rows again: the same bits. Genes without importance scrambled: the
 * same bits. One row alone: the same but for rounding. */
static inline void host_check(struct host *h, const double *scores,
                              const double *importance)
{
    const struct part_of *part = &h->samples->test;
    size_t n = part->n, p = h->samples->p, k = host_outputs(h), used = 0;
    const char *name = h->model->name;
    enum spred_status status;
    double *again = host_predict(h, part->x, n, &status);
    assert_ok(h->env, status);
    if (memcmp(scores, again, n * k * sizeof *scores) != 0)
        fail_msg("%s: predicting twice differs", name);
    free(again);
    float *x = malloc(n * p * sizeof *x), *row = malloc(p * sizeof *row);
    memcpy(x, part->x, n * p * sizeof *x);
    for (size_t j = 0; j < p; j++) {
        if (!isfinite(importance[j]) || importance[j] < 0)
            fail_msg("%s: importance %g of gene %zu", name, importance[j], j);
        used += importance[j] > 0;
        row[j] = x[n - 1 + j * n];
        for (size_t i = 0; !(importance[j] > 0) && i < n; i++)
            x[i + j * n] = (float)(3 * sin((double)(i + 7 * j)));
    }
    if (!(h->model->takes & SPRED_MODEL_CHOOSES) && used < p)
        fail_msg("%s uses %zu of %zu genes and says that it cannot choose",
                 name, used, p);
    again = host_predict(h, x, n, &status);
    assert_ok(h->env, status);
    for (size_t e = 0; e < n * k; e++)
        if (!isfinite(scores[e]) ||
            memcmp(scores + e, again + e, sizeof *scores) != 0)
            fail_msg("%s: score %.17g of sample %zu is %.17g when genes of "
                     "importance 0 change (%zu are used)",
                     name, scores[e], e % n, again[e], used);
    free(again);
    again = host_predict(h, row, 1, &status);
    assert_ok(h->env, status);
    for (size_t c = 0; c < k; c++)
        if (!(fabs(again[c] - scores[n - 1 + c * n]) <=
              1e-4 * (1 + fabs(again[c]))))
            fail_msg("%s: a row alone has score %.9g, among others %.9g", name,
                     again[c], scores[n - 1 + c * n]);
    free(again);
    free(x);
    free(row);
}

/* What the model is worth now; the best on the validation part is kept. */
static inline enum spred_status host_judge(struct host *h,
                                           struct spred_offer *offer)
{
    const struct samples *s = h->samples;
    size_t used = 0, p = s->p;
    enum spred_status status;
    double worth = NAN, *importance = calloc(p, sizeof *importance);
    double *scores = NULL;
    if (h->task.validate.n > 0) {
        scores = host_predict(h, s->validate.x, s->validate.n, &status);
        if (scores)
            worth = host_worth(h, scores, &s->validate);
        free(scores);
        if (!scores) {
            free(importance);
            return status;
        }
    }
    scores = host_predict(h, s->test.x, s->test.n, &status);
    if (scores) {
        h->model->genes(h->state, importance);
        for (size_t j = 0; j < p; j++)
            used += importance[j] > 0;
        if (h->checks)
            host_check(h, scores, importance);
        digest_add(&h->digest, scores,
                   s->test.n * host_outputs(h) * sizeof *scores);
        digest_add(&h->digest, importance, p * sizeof *importance);
        int better = h->offers == 1 || isnan(h->best) || worth > h->best;
        if (better) {
            h->best = worth;
            h->score = host_worth(h, scores, &s->test);
            h->genes = used;
        }
        *offer =
            (struct spred_offer){worth, isnan(worth) ? NAN : 1 - worth, better};
    }
    free(importance);
    free(scores);
    return status;
}

static inline enum spred_status host_offer(void *cookie, const char *what,
                                           struct spred_offer *offer)
{
    struct host *h = cookie;
    if (h->refuse_at > 0 && h->offers >= h->refuse_at)
        fail_msg("%s offers again after an offer failed", h->model->name);
    h->offers++;
    if (!what || strlen(what) > 60 || strchr(what, '\n'))
        fail_msg("%s offers '%s'", h->model->name, what ? what : "NULL");
    if (h->checks)
        digest_add(&h->digest, what, strlen(what));
    if (h->offers == h->refuse_at)
        return spred_fail(h->env, h->refusal, "this offer was to fail");
    return host_judge(h, offer);
}

static inline struct spred_rows rows_of(const struct samples *s,
                                        const struct part_of *part)
{
    return (struct spred_rows){part->n,     s->p,         part->x,
                               part->codes, part->values, {0, 0, 0}};
}

/* An option, if the model has it and the value fits. */
static inline void host_set(struct host *h, const char *name, const char *value)
{
    const struct spred_option *o = h->model->options;
    while (o && o->name && strcmp(o->name, name) != 0)
        o++;
    if (o && o->name)
        (void)spred_options_set(h->env, h->model->options, h->options, name,
                                value);
}

static inline void host_open(struct host *h, struct spred_env *env,
                             const struct spred_model *model,
                             const struct samples *samples)
{
    static const char *const quick[][2] = {
        {"steps", "60"},          {"every", "20"},
        {"hidden", "8"},          {"hidden2", "4"},
        {"dense_steps", "20"},    {"patience", "3"},
        {"batch", "0"},           {"features", "10"},
        {"lambda_start", "0.02"}, {"path_multiplier", "1.5"},
        {"epochs", "80"},         {"fine_tune", "4"},
        {"compression", "4"},     {"network", "linear(out=16)|relu|linear"}};
    memset(h, 0, sizeof *h);
    h->env = env;
    h->model = model;
    h->samples = samples;
    h->options = calloc(1, model->options_size + 1);
    assert_ok(env, spred_options_default(env, model->options, h->options));
    for (size_t i = 0; i < sizeof quick / sizeof *quick; i++)
        host_set(h, quick[i][0], quick[i][1]);
    h->task.train = rows_of(samples, &samples->train);
    h->task.validate = rows_of(samples, &samples->validate);
    h->task.classes = samples->classes;
    h->task.threads = 1;
    h->task.seed = 11;
    h->task.offer = host_offer;
    h->task.cookie = h;
    h->checks = 1;
}

static inline void host_forget(struct host *h)
{
    if (h->state)
        h->model->free(h->env, h->state);
    free(h->state);
    h->state = NULL;
}

/* Fits from nothing; what was fitted before is freed. */
static inline enum spred_status host_fit(struct host *h)
{
    host_forget(h);
    h->offers = 0;
    h->digest = UINT64_C(14695981039346656037);
    h->best = h->score = NAN;
    h->report = (struct spred_model_report){0};
    h->state = calloc(1, h->model->state_size);
    return h->model->fit(h->env, h->state, h->options, &h->task, &h->report);
}

static inline void host_close(struct host *h)
{
    host_forget(h);
    free(h->options);
}

#endif
