/* model_run.h: a model fitted and offered as the runner does it, for tests of
 * models: what it offered, how many genes, how good on rows it did not see. */
#ifndef MODEL_RUN_H
#define MODEL_RUN_H

#include "test.h"

#include "spred/metric.h"
#include "spred/model.h"

enum { MOST_OFFERS = 16 };

struct offered {
    char what[32];
    size_t genes;
    double accuracy; /* real-valued: R2 */
};

struct model_run {
    struct spred_env *env;
    const struct spred_model *model;
    void *options, *state; /* state NULL: not fitted */
    struct spred_model_task task;
    const struct spred_rows *test; /* or NULL */
    struct spred_model_report report;
    struct offered offers[MOST_OFFERS];
    size_t n_offers;
    enum spred_status answer; /* of every offer */
};

static inline size_t run_outputs(const struct model_run *run)
{
    return run->task.classes ? run->task.classes : 1;
}

/* What the model says of rows; NaN: predict failed. */
static inline double run_accuracy(struct model_run *run,
                                  const struct spred_rows *rows)
{
    size_t n = rows->n, k = run_outputs(run);
    double *scores = malloc((n * k + 1) * sizeof *scores), right = 0;
    double mean = 0, rest = 0, all = 0;
    if (run->model->predict(run->env, run->state, rows->x, n, scores) !=
        SPRED_OK) {
        free(scores);
        return NAN;
    }
    for (size_t i = 0; i < n && rows->codes; i++) {
        size_t best = 0;
        for (size_t c = 1; c < k; c++)
            if (scores[i + c * n] > scores[i + best * n])
                best = c;
        right += (int32_t)best == rows->codes[i];
    }
    for (size_t i = 0; i < n && rows->values; i++)
        mean += rows->values[i] / (double)n;
    for (size_t i = 0; i < n && rows->values; i++) {
        all += (rows->values[i] - mean) * (rows->values[i] - mean);
        rest += (rows->values[i] - scores[i]) * (rows->values[i] - scores[i]);
    }
    free(scores);
    return rows->codes ? right / (double)n : 1 - rest / all;
}

/* The genes with importance > 0, largest first; returns how many. */
static inline size_t run_genes(const struct model_run *run, size_t *out,
                               size_t most)
{
    size_t p = run->task.train.p, found = 0;
    double *importance = malloc(p * sizeof *importance);
    run->model->genes(run->state, importance);
    for (;;) {
        size_t best = p;
        for (size_t j = 0; j < p; j++)
            if (importance[j] > 0 &&
                (best == p || importance[j] > importance[best]))
                best = j;
        if (best == p)
            break;
        if (found < most)
            out[found] = best;
        found++;
        importance[best] = 0;
    }
    free(importance);
    return found;
}

static inline enum spred_status run_offered(void *cookie, const char *what,
                                            struct spred_offer *out)
{
    struct model_run *run = cookie;
    struct offered *o = &run->offers[run->n_offers++];
    size_t none[1];
    assert_true(run->n_offers <= MOST_OFFERS);
    snprintf(o->what, sizeof o->what, "%s", what);
    o->genes = run_genes(run, none, 0);
    o->accuracy = run->test ? run_accuracy(run, run->test) : NAN;
    *out = (struct spred_offer){NAN, NAN, 0};
    return run->answer;
}

/* options: "name value name value ...", or NULL-ended strings. */
static inline void run_open(struct model_run *run, struct spred_env *env,
                            const char *name, const char *const *options)
{
    memset(run, 0, sizeof *run);
    run->env = env;
    run->model = spred_model_find(name);
    assert_non_null(run->model);
    run->options = calloc(1, run->model->options_size + 1);
    if (run->model->options)
        assert_ok(
            env, spred_options_default(env, run->model->options, run->options));
    for (; options && *options; options += 2)
        assert_ok(env, spred_options_set(env, run->model->options, run->options,
                                         options[0], options[1]));
    run->task.threads = 1;
    run->task.seed = 1;
    run->task.offer = run_offered;
    run->task.cookie = run;
}

static inline void run_forget(struct model_run *run)
{
    if (run->state)
        run->model->free(run->env, run->state);
    free(run->state);
    run->state = NULL;
}

static inline enum spred_status run_fit(struct model_run *run)
{
    run_forget(run);
    run->n_offers = 0;
    run->report = (struct spred_model_report){0};
    run->state = calloc(1, run->model->state_size);
    return run->model->fit(run->env, run->state, run->options, &run->task,
                           &run->report);
}

static inline void run_close(struct model_run *run)
{
    run_forget(run);
    free(run->options);
}

#endif
