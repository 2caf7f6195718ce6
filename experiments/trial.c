/* trial.c: rows by the protocol, split by sample, preprocessing learnt on the
 * training part. */
#include "experiments/parts.h"
#include "experiments/trial.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "experiments/spec.h"
#include "spred/loader.h"
#include "spred/paper.h"

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
    spred_free(env, trial->rows);
    labels_free(env, &trial->labels);
    if (!trial->lent)
        spred_data_free(env, &trial->data);
    memset(trial, 0, sizeof *trial);
}

/* y of the rows. */
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

/* A model sees pictures as such: one mean and one s.d. per channel. A solver's
 * columns must be centred one by one, or it would have no intercept. The
 * logarithm of a picture is nobody's wish, unless it is said. */
static struct spred_preprocess_rules make_rules(const struct job *job,
                                                const struct spred_data *data)
{
    int paper = strcmp(job->protocol, "paper") == 0;
    int never = paper || (job->log2 == SPRED_LOG2_AUTO && data->channels);
    return (struct spred_preprocess_rules){
        .log2 = never ? SPRED_LOG2_NEVER : (enum spred_log2)job->log2,
        .missing_refuse = (int)job->missing_refuse,
        .variance_keep = paper ? 1 : job->variance_keep,
        .center = job->intercept != 0 || (!paper && job->standardize != 0),
        .standardize = !paper && job->standardize != 0,
        .channels = !paper && job_has_model(job) ? data->channels : 0,
        .borrow = !paper}; /* the paper's rows are gone after this */
}

static enum spred_status prepare(struct spred_env *env, const struct job *job,
                                 const struct spred_data *data,
                                 const struct spred_matrix *raw,
                                 const struct spred_split *split,
                                 const int32_t *codes, const double *values,
                                 struct trial *out)
{
    const struct spred_preprocess_rules rules = make_rules(job, data);
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

enum spred_status trial_given(struct spred_env *env,
                              const struct spred_data *data)
{
    return data->given_test
               ? SPRED_OK
               : spred_fail(env, SPRED_EINVAL,
                            "%s: has no published test part, which protocol: "
                            "{kind: given} needs (kind: clean splits at "
                            "random)",
                            data->name);
}

static uint64_t split_seed(const struct job *job, int64_t repeat,
                           const char *role)
{
    return spred_seed(strtoull(job->seed, NULL, 10), job->dataset,
                      (uint64_t)repeat, role);
}

/* Strata of the data's samples: class codes; for a real-valued target all 0; -1
 * = left out. Free it. */
static int32_t *make_strata(struct spred_env *env, const struct labels *labels)
{
    int32_t *strata = spred_alloc(env, labels->n, sizeof *strata);
    for (size_t i = 0; strata && i < labels->n; i++)
        strata[i] = labels->codes              ? labels->codes[i]
                    : isnan(labels->values[i]) ? -1
                                               : 0;
    return strata;
}

static size_t count_strata(const struct labels *labels)
{
    return labels->codes ? labels->n_classes : 1;
}

/* Hold-out number `trial`, or fold (trial - 1) mod folds of a repeat; or the
 * data's own test part. */
static enum spred_status split_samples(struct spred_env *env,
                                       const struct job *job,
                                       const struct spred_data *data,
                                       const int32_t *codes, size_t n,
                                       size_t n_levels, struct spred_split *out)
{
    if (strcmp(job->protocol, "given") == 0) {
        SPRED_TRY(trial_given(env, data));
        return spred_split_given(env, codes, n, n_levels, data->given_test,
                                 job->validate,
                                 split_seed(job, job->trial, "split"), out);
    }
    if (job->folds == 0)
        return spred_split_holdout(env, codes, n, n_levels, job->test,
                                   job->validate,
                                   split_seed(job, job->trial, "split"), out);
    double rest = 1 - 1 / (double)job->folds;
    int64_t repeat = (job->trial - 1) / job->folds + 1;
    return spred_split_kfold(env, codes, n, n_levels, (size_t)job->folds,
                             (size_t)((job->trial - 1) % job->folds),
                             fmin(job->validate / rest, 0.9),
                             split_seed(job, repeat, "split"), out);
}

/* Is every index below n, and nobody in two parts (or twice in one)? */
static enum spred_status check_split(struct spred_env *env, const char *name,
                                     const int32_t *codes, size_t n,
                                     const struct spred_split *split)
{
    const struct {
        const char *name;
        const size_t *rows;
        size_t n;
    } parts[] = {{"training", split->train, split->n_train},
                 {"validation", split->validate, split->n_validate},
                 {"test", split->test, split->n_test}};
    unsigned char *seen = spred_alloc(env, n, 1);
    enum spred_status status = seen ? SPRED_OK : SPRED_ENOMEM;
    if (status == SPRED_OK && split->n_train == 0)
        status = spred_fail(env, SPRED_EINVAL,
                            "protocol %s: the training part is empty", name);
    for (size_t k = 0; k < 3; k++)
        for (size_t i = 0; status == SPRED_OK && i < parts[k].n; i++) {
            size_t row = parts[k].rows[i];
            if (row >= n)
                status = spred_fail(env, SPRED_EINVAL,
                                    "protocol %s: the %s part has sample %zu, "
                                    "there are %zu",
                                    name, parts[k].name, row + 1, n);
            else if (codes[row] < 0)
                status = spred_fail(env, SPRED_EINVAL,
                                    "protocol %s: the %s part has sample %zu, "
                                    "which has no target",
                                    name, parts[k].name, row + 1);
            else if (seen[row])
                status = spred_fail(env, SPRED_EINVAL,
                                    "protocol %s: sample %zu of the %s part is "
                                    "already taken",
                                    name, row + 1, parts[k].name);
            else
                seen[row] = 1;
        }
    spred_free(env, seen);
    return status;
}

/* The script says who trains. */
static enum spred_status own_split(struct spred_env *env, const struct job *job,
                                   const struct parts_protocol *protocol,
                                   const struct trial *trial,
                                   const int32_t *strata,
                                   struct spred_split *split)
{
    const struct labels *labels = &trial->labels;
    SPRED_TRY(protocol->split(protocol->self, env, &trial->data, labels->codes,
                              labels->n, job->trial,
                              split_seed(job, job->trial, "split"), split));
    SPRED_TRY(check_split(env, protocol->name, strata, labels->n, split));
    if (job->choose == SPEC_CHOOSE_HOLDOUT && split->n_validate == 0 &&
        job->lambdas && strchr(job->lambdas, ' '))
        return spred_fail(env, SPRED_EINVAL,
                          "protocol %s: the validation part is empty, but it "
                          "chooses among the lambdas (or choose: {kind: cv}, "
                          "or none)",
                          protocol->name);
    if (split->n_validate == 0 && job->tune && strchr(job->tune, ';'))
        return spred_fail(env, SPRED_EINVAL,
                          "protocol %s: the validation part is empty, but it "
                          "chooses among the tuned settings",
                          protocol->name);
    return SPRED_OK;
}

static enum spred_status make_clean(struct spred_env *env,
                                    const struct job *job,
                                    const struct parts_protocol *protocol,
                                    struct trial *out)
{
    struct spred_split split = {0};
    char *picked = NULL;
    SPRED_TRY(labels_make(env, &out->data, job->target, &out->labels, &picked));
    spred_free(env, picked);
    const struct labels *labels = &out->labels;
    out->n_classes = out->n_labels = labels->n_classes;
    int32_t *strata = make_strata(env, labels);
    if (!strata)
        return SPRED_ENOMEM;
    enum spred_status status =
        protocol ? own_split(env, job, protocol, out, strata, &split)
                 : split_samples(env, job, &out->data, strata, labels->n,
                                 count_strata(labels), &split);
    if (status == SPRED_OK)
        status = prepare(env, job, &out->data, &out->data.x, &split,
                         labels->codes, labels->values, out);
    out->rows = split.train;
    split.train = NULL;
    spred_split_free(env, &split);
    spred_free(env, strata);
    return status;
}

enum spred_status trial_fold(struct spred_env *env, const struct job *job,
                             const struct trial *whole, size_t fold,
                             struct trial *out)
{
    const struct labels *labels = &whole->labels;
    struct spred_split split = {0};
    memset(out, 0, sizeof *out);
    int32_t *all = make_strata(env, labels), *strata = NULL;
    if (all)
        strata = spred_alloc(env, labels->n, sizeof *strata);
    enum spred_status status = strata ? SPRED_OK : SPRED_ENOMEM;
    for (size_t i = 0; strata && i < labels->n; i++)
        strata[i] = -1;
    for (size_t i = 0; strata && i < whole->train.n; i++)
        strata[whole->rows[i]] = all[whole->rows[i]];
    if (status == SPRED_OK)
        status =
            spred_split_kfold(env, strata, labels->n, count_strata(labels),
                              (size_t)job->choose_folds, fold, 0,
                              split_seed(job, job->trial, "choose"), &split);
    if (status == SPRED_OK)
        status = prepare(env, job, &whole->data, &whole->data.x, &split,
                         labels->codes, labels->values, out);
    out->n_classes = out->n_labels = whole->n_classes;
    spred_split_free(env, &split);
    spred_free(env, strata);
    spred_free(env, all);
    return status;
}

/* Numbers the labels of the training rows 0.. in order of their first number;
 * a label that only other rows have gets a number that no model predicts. */
static enum spred_status renumber(struct spred_env *env,
                                  const struct spred_split *split,
                                  const struct spred_paper *paper,
                                  int32_t *codes, size_t *n_classes)
{
    int32_t *number = spred_alloc(env, paper->labels, sizeof *number);
    if (!number)
        return SPRED_ENOMEM;
    int32_t next = 1; /* 0 = not seen in training */
    for (size_t i = 0; i < split->n_train; i++)
        number[paper->label[split->train[i]]] = 1;
    for (size_t k = 0; k < paper->labels; k++)
        number[k] = number[k] ? next++ : 0;
    *n_classes = (size_t)next - 1;
    for (size_t k = 0; k < paper->labels; k++)
        number[k] = number[k] ? number[k] : next++;
    for (size_t i = 0; i < paper->rows; i++)
        codes[i] = number[paper->label[i]] - 1;
    spred_free(env, number);
    return SPRED_OK;
}

/* PAPER.md section 3: one row per (subset, sample) over all subset types, split
 * by row, at random. */
static enum spred_status make_paper(struct spred_env *env,
                                    const struct job *job, struct trial *out)
{
    struct spred_paper paper = {0};
    struct spred_matrix rows = {0};
    struct spred_split split = {0};
    int32_t *codes = NULL;
    enum spred_status status = spred_paper_rows(env, &out->data, &paper);
    if (status == SPRED_OK)
        status = spred_paper_matrix(env, &out->data, &paper, &rows, NULL);
    if (status == SPRED_OK)
        status =
            spred_split_holdout(env, NULL, paper.rows, 1, job->test,
                                (1 - job->test) * job->validate,
                                split_seed(job, job->trial, "split"), &split);
    if (status == SPRED_OK &&
        !(codes = spred_alloc(env, paper.rows, sizeof *codes)))
        status = SPRED_ENOMEM;
    if (status == SPRED_OK)
        status = renumber(env, &split, &paper, codes, &out->n_classes);
    if (status == SPRED_OK)
        status = prepare(env, job, &out->data, &rows, &split, codes, NULL, out);
    out->n_labels = paper.labels;
    out->majority = paper.majority;
    out->ceiling = paper.ceiling;
    out->informed = paper.informed;
    spred_free(env, codes);
    spred_split_free(env, &split);
    spred_matrix_free(env, &rows);
    spred_paper_free(env, &paper);
    return status;
}

/* The split and what follows, of the data that are there. */
static enum spred_status make(struct spred_env *env, const struct job *job,
                              const struct parts_protocol *protocol,
                              struct trial *out, double *seconds)
{
    double from = trial_now();
    enum spred_status status = strcmp(job->protocol, "paper") == 0
                                   ? make_paper(env, job, out)
                                   : make_clean(env, job, protocol, out);
    *seconds = trial_now() - from;
    return status;
}

static void start(struct trial *out)
{
    memset(out, 0, sizeof *out);
    out->majority = out->ceiling = out->informed = NAN;
}

enum spred_status trial_make(struct spred_env *env, const struct job *job,
                             const struct parts_protocol *protocol,
                             struct trial *out, double seconds[2])
{
    double from = trial_now();
    start(out);
    SPRED_TRY(spred_cache_map(env, job->data_path, &out->data));
    if (strcmp(out->data.hash, job->data_hash) != 0)
        return spred_fail(env, SPRED_EINVAL,
                          "%s: the cached data changed since the plan was made",
                          job->data_path);
    seconds[0] = trial_now() - from;
    return make(env, job, protocol, out, &seconds[1]);
}

enum spred_status trial_lend(struct spred_env *env, const struct job *job,
                             const struct parts_protocol *protocol,
                             const struct spred_data *data, struct trial *out,
                             double *seconds)
{
    start(out);
    out->data = *data;
    out->lent = 1;
    return make(env, job, protocol, out, seconds);
}
