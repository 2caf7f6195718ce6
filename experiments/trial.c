/* trial.c: rows by the protocol, split by sample, preprocessing learnt on the
 * training part. */
#include "experiments/trial.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "spred/loader.h"

double trial_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void part_free(struct spred_env *env, struct part *part)
{
    spred_matrix_free(env, &part->x);
    spred_free(env, part->codes);
    spred_free(env, part->values);
}

void trial_free(struct spred_env *env, struct trial *trial)
{
    part_free(env, &trial->train);
    part_free(env, &trial->validate);
    part_free(env, &trial->test);
    spred_prepared_free(env, &trial->prepared);
    labels_free(env, &trial->labels);
    spred_data_free(env, &trial->data);
    memset(trial, 0, sizeof *trial);
}

/* y of the rows; map renumbers the classes (-1: none of the training part has
 * it; such a sample keeps a code that no model predicts). */
static enum spred_status fill_part(struct spred_env *env, struct part *part,
                                   const size_t *rows, size_t n,
                                   const int32_t *codes, const double *values)
{
    part->n = n;
    if (codes)
        part->codes = spred_alloc(env, n, sizeof *part->codes);
    else
        part->values = spred_alloc(env, n, sizeof *part->values);
    if (!part->codes && !part->values)
        return SPRED_ENOMEM;
    for (size_t i = 0; i < n; i++) {
        if (codes)
            part->codes[i] = codes[rows[i]];
        else
            part->values[i] = values[rows[i]];
    }
    return SPRED_OK;
}

static enum spred_status prepare(struct spred_env *env, const struct job *job,
                                 const struct spred_matrix *raw,
                                 const struct spred_split *split,
                                 const int32_t *codes, const double *values,
                                 struct trial *out)
{
    int paper = strcmp(job->protocol, "paper") == 0;
    struct spred_preprocess_rules rules = {
        .log2 = paper ? SPRED_LOG2_NEVER : (enum spred_log2)job->log2,
        .missing_refuse = (int)job->missing_refuse,
        .variance_keep = paper ? 1 : job->variance_keep,
        .center = job->intercept != 0 || job->standardize != 0,
        .standardize = !paper && job->standardize != 0};
    SPRED_TRY(spred_prepare(env, raw, split->train, split->n_train, &rules,
                            &out->prepared, &out->train.x));
    SPRED_TRY(spred_prepared_apply(env, &out->prepared, raw, split->validate,
                                   split->n_validate, &out->validate.x));
    SPRED_TRY(spred_prepared_apply(env, &out->prepared, raw, split->test,
                                   split->n_test, &out->test.x));
    out->p = out->prepared.p;
    SPRED_TRY(fill_part(env, &out->train, split->train, split->n_train, codes,
                        values));
    SPRED_TRY(fill_part(env, &out->validate, split->validate, split->n_validate,
                        codes, values));
    return fill_part(env, &out->test, split->test, split->n_test, codes,
                     values);
}

static uint64_t split_seed(const struct job *job)
{
    return spred_seed(strtoull(job->seed, NULL, 10), job->dataset,
                      (uint64_t)job->trial, "split");
}

static enum spred_status make_clean(struct spred_env *env,
                                    const struct job *job, struct trial *out)
{
    struct spred_split split = {0};
    char *picked = NULL;
    SPRED_TRY(labels_make(env, &out->data, job->target, &out->labels, &picked));
    spred_free(env, picked);
    const struct labels *labels = &out->labels;
    out->n_classes = labels->n_classes;
    int32_t *strata = NULL; /* a real-valued target: 0, or -1 = left out */
    if (!labels->codes) {
        strata = spred_alloc(env, labels->n, sizeof *strata);
        if (!strata)
            return SPRED_ENOMEM;
        for (size_t i = 0; i < labels->n; i++)
            strata[i] = isnan(labels->values[i]) ? -1 : 0;
    }
    enum spred_status status =
        spred_split_holdout(env, strata ? strata : labels->codes, labels->n,
                            strata ? 1 : labels->n_classes, job->test,
                            job->validate, split_seed(job), &split);
    if (status == SPRED_OK)
        status = prepare(env, job, &out->data.x, &split, labels->codes,
                         labels->values, out);
    spred_split_free(env, &split);
    spred_free(env, strata);
    return status;
}

enum spred_status trial_make(struct spred_env *env, const struct job *job,
                             struct trial *out, double seconds[2])
{
    double from = trial_now();
    memset(out, 0, sizeof *out);
    out->ceiling = out->informed = NAN;
    SPRED_TRY(spred_cache_map(env, job->data_path, &out->data));
    if (strcmp(out->data.hash, job->data_hash) != 0)
        return spred_fail(env, SPRED_EINVAL,
                          "%s: the cached data changed since the plan was made",
                          job->data_path);
    seconds[0] = trial_now() - from;
    from = trial_now();
    enum spred_status status = make_clean(env, job, out);
    seconds[1] = trial_now() - from;
    return status;
}
