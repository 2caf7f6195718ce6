/* learn-fixture.h: a job of a fake model on the plain data, done in this
 * process. */
#ifndef SPRED_LEARN_FIXTURE_H
#define SPRED_LEARN_FIXTURE_H

#include "fake-models.h"
#include "fake-tread.h"
#include "test.h"

#include "experiments/learn.h"

static const struct spred_model *const ready_models[] = {&look, &look_all,
                                                         &tread, NULL};

/* A job of the fake model on the plain data, and its record. */
struct ready {
    struct spred_env env;
    struct plain plain;
    struct parts parts;
    struct job job;
    struct results_record record;
    struct learn *learn;
    char options[256], tune[256];
};

static inline void ready_make(struct ready *r, const char *model,
                              const char *options, const char *tune,
                              size_t classes)
{
    memset(r, 0, sizeof *r);
    spred_env_init(&r->env);
    plain_make(&r->plain, classes ? classes : 2, classes == 0);
    r->parts.models = ready_models;
    snprintf(r->options, sizeof r->options, "%s", options);
    snprintf(r->tune, sizeof r->tune, "%s", tune);
    static char protocol[] = "clean", target[] = "auto", seed[] = "3",
                none[] = "", problem[] = "model";
    results_row_clear(job_columns, &r->job);
    r->job = (struct job){.dataset = r->plain.data.name,
                          .data_hash = none,
                          .target = target,
                          .protocol = protocol,
                          .trial = 1,
                          .test = 0.2,
                          .validate = 0.2,
                          .seed = seed,
                          .variance_keep = 1,
                          .problem = problem,
                          .loss = none,
                          .penalty = none,
                          .lambdas = none,
                          .intercept = 1,
                          .standardize = 1,
                          .solver = (char *)(size_t)model,
                          .model = (char *)(size_t)model,
                          .options = r->options,
                          .tune = r->tune,
                          .wall = 100,
                          .threads = 1};
}

static inline enum spred_status ready_open(struct ready *r)
{
    SPRED_TRY(job_start_row(&r->env, &r->job, &r->record.run));
    return learn_open(&r->env, &r->job, &r->parts, &r->plain.data, &r->record,
                      &r->learn);
}

static inline void ready_run(struct ready *r)
{
    assert_ok(&r->env, ready_open(r));
    assert_non_null(r->learn);
    assert_ok(&r->env, learn_run(r->learn));
}

static inline void ready_free(struct ready *r)
{
    learn_close(r->learn);
    results_record_free(&r->env, &r->record);
}

#endif
