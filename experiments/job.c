/* job.c: the job's columns, its key, and the row it starts. */
#include "experiments/job.h"

#include "experiments/code.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "spred/text.h"

#define TEXT(field, doc)                                                       \
    {                                                                          \
#field, RESULTS_TEXT, offsetof(struct job, field), doc                 \
    }
#define INT(field, doc)                                                        \
    {                                                                          \
#field, RESULTS_INT, offsetof(struct job, field), doc                  \
    }
#define REAL(field, doc)                                                       \
    {                                                                          \
#field, RESULTS_REAL, offsetof(struct job, field), doc                 \
    }

const struct results_column job_columns[] = {
    TEXT(dataset, "name of the data set; part of its seeds"),
    TEXT(data_hash, "SHA-256 of the data"),
    TEXT(target, "what is predicted"),
    TEXT(protocol, "clean, paper, given or a script's"),
    INT(trial, "1.."),
    INT(folds, "0: hold-out; else trials are folds"),
    REAL(test, "share of the samples; 0 with folds and kind: given"),
    REAL(validate, "share of the samples; given: of those that do not test"),
    INT(choose, "0 hold-out, 1 cross-validation, 2 none"),
    INT(choose_folds, "of the cross-validation"),
    INT(choose_1se, "1: the one-standard-error rule"),
    TEXT(seed, "of the experiment"),
    INT(log2, "0 never, 1 always, 2 auto"),
    INT(missing_refuse, "1: refuse missing values"),
    REAL(variance_keep, "share of the features"),
    TEXT(problem, "name of the problem"),
    TEXT(loss, "squared, logistic, multinomial or a script's"),
    REAL(l1_ratio, "1 = no ridge part"),
    TEXT(penalty, "l1, group, power or a script's"),
    TEXT(groups, "size, symbol or file of a group penalty"),
    INT(over_classes, "1: groups run over the classes"),
    INT(equal_weights, "0: sqrt(features of the group)"),
    INT(factors, "of a power penalty"),
    INT(intercept, "0 or 1"),
    INT(standardize, "0 or 1"),
    TEXT(lambdas, "descending"),
    INT(lambda_absolute, "0: ratios of lambda_max"),
    INT(cold, "1: no warm starts"),
    TEXT(solver, "registry name"),
    TEXT(options, "all options"),
    INT(api_version, "of the solver"),
    REAL(gap, "asked relative gap"),
    REAL(stall_eps, "progress that counts"),
    INT(stall_patience, "observations"),
    REAL(wall, "billed seconds of the path"),
    INT(steps, "per lambda"),
    INT(batch, "lambdas certified together"),
    INT(threads, "that share passes over X, or folds"),
    TEXT(script_hash, "SHA-256 of the script; empty: it changes nothing"),
    TEXT(model, "registry name; empty: a solver's job"),
    TEXT(tune, "values that the model chooses from"),
    TEXT(dictionary, "how it is learned; empty: no sparse coding"),
    TEXT(dictionary_options, "all options of that"),
    TEXT(coding, "settings of the dictionary and the patches"),
    TEXT(gaps, "asked relative gaps, descending"),
    TEXT(experiment, "name of the experiment"),
    TEXT(source, "where the data came from"),
    TEXT(data_path, "mapped cache file"),
    TEXT(group_file, "labels of the features"),
    TEXT(machine, "fingerprint id"),
    TEXT(label, "what figures show"),
    TEXT(script, "path; empty: none is opened"),
    TEXT(folder, "of the results; empty: nothing is kept"),
    INT(keep_models, "1: the model that stands is a file, too"),
    INT(simulated, "0 or 1"),
    INT(samples, "of the data set"),
    INT(features, "of the data set"),
    REAL(limit_wall, "seconds of the process"),
    REAL(limit_memory, "bytes"),
    REAL(limit_grace, "seconds from TERM to KILL"),
    {0}};

static const char last_key_column[] = "threads";

int job_has_model(const struct job *job)
{
    return job->model && *job->model;
}

int job_has_coding(const struct job *job)
{
    return job->dictionary && *job->dictionary;
}

char *job_text(struct spred_env *env, const struct job *job)
{
    struct spred_buffer out = {0};
    enum spred_status status =
        spred_buffer_add(env, &out, "spredbench job 1\n");
    for (const struct results_column *c = job_columns;
         status == SPRED_OK && c->name; c++) {
        const char *field = (const char *)job + c->offset;
        if (c->kind == RESULTS_TEXT) {
            const char *text = *(char *const *)(const void *)field;
            status = spred_buffer_add(env, &out, "%s=%s\n", c->name,
                                      text ? text : "");
        } else if (c->kind == RESULTS_INT) {
            status = spred_buffer_add(
                env, &out, "%s=%lld\n", c->name,
                (long long)*(const int64_t *)(const void *)field);
        } else {
            status = spred_buffer_add(env, &out, "%s=%.17g\n", c->name,
                                      *(const double *)(const void *)field);
        }
        if (strcmp(c->name, last_key_column) == 0)
            break;
    }
    /* Keys of jobs without a script, a model or coding stay what they were.
     */
    const struct {
        const char *name, *text;
    } more[] = {{"script_hash", job->script_hash},
                {"model", job->model},
                {"tune", job->tune},
                {"dictionary", job->dictionary},
                {"dictionary_options", job->dictionary_options},
                {"coding", job->coding},
                {"gaps", job->gaps}};
    for (size_t i = 0; i < sizeof more / sizeof *more; i++)
        if (status == SPRED_OK && more[i].text && *more[i].text)
            status = spred_buffer_add(env, &out, "%s=%s\n", more[i].name,
                                      more[i].text);
    if (status != SPRED_OK) {
        spred_free(env, out.text);
        return NULL;
    }
    return out.text;
}

enum spred_status job_key(struct spred_env *env, const struct job *job,
                          char key[SPRED_HEX_SIZE])
{
    char *text = job_text(env, job);
    if (!text)
        return SPRED_ENOMEM;
    spred_sha256(text, strlen(text), key);
    spred_free(env, text);
    return SPRED_OK;
}

/* "l1", "elastic-net(0.5)", "group(size 5, l1_ratio 0.5)", "power(3)". */
static char *penalty_words(struct spred_env *env, const struct job *job)
{
    if (job->penalty && strcmp(job->penalty, "power") == 0)
        return spred_format(env, "power(%lld)", (long long)job->factors);
    int simple = !job->penalty || strcmp(job->penalty, "l1") == 0;
    if (!simple && strcmp(job->penalty, "group") != 0)
        return spred_strdup(env, job->penalty); /* a script's */
    if (simple)
        return job->l1_ratio < 1
                   ? spred_format(env, "elastic-net(%g)", job->l1_ratio)
                   : spred_strdup(env, "l1");
    const char *groups = job->groups ? job->groups : "";
    int shown = strncmp(groups, "file ", 5) == 0 ? 13 : 64; /* of a hash: 8 */
    char ratio[48] = "";
    if (job->l1_ratio < 1)
        snprintf(ratio, sizeof ratio, ", l1_ratio %g", job->l1_ratio);
    return spred_format(env, "group(%.*s%s%s%s%s)", shown, groups,
                        *groups && job->over_classes ? ", " : "",
                        job->over_classes ? "classes" : "",
                        job->equal_weights ? ", equal weights" : "", ratio);
}

const char *job_failure_word(const char *error)
{
    return strncmp(error, "out of memory", 13) == 0 ? "memory" : "error";
}

enum spred_status job_start_row(struct spred_env *env, const struct job *job,
                                struct results_run *row)
{
    char key[SPRED_HEX_SIZE], started[32];
    time_t now = time(NULL);
    struct tm utc;
    int coding = job_has_coding(job);
    results_row_clear(results_run_columns, row);
    SPRED_TRY(job_key(env, job, key));
    gmtime_r(&now, &utc);
    strftime(started, sizeof started, "%Y-%m-%dT%H:%M:%SZ", &utc);
    const struct {
        char **to;
        const char *from;
    } copies[] = {{&row->job, key},
                  {&row->experiment, job->experiment},
                  {&row->dataset, job->dataset},
                  {&row->source, job->source},
                  {&row->target, job->target},
                  {&row->protocol, job->protocol},
                  {&row->problem, job->problem},
                  {&row->loss, job_has_model(job) || coding ? NULL : job->loss},
                  {&row->solver, job->solver},
                  {&row->options, job->options},
                  {&row->kind, job_has_model(job) ? "model"
                               : coding           ? "coding"
                                                  : "solver"},
                  {&row->machine, job->machine},
                  {&row->started, started},
                  {&row->seed, job->seed}};
    for (size_t i = 0; i < sizeof copies / sizeof *copies; i++)
        if (copies[i].from &&
            !(*copies[i].to = spred_strdup(env, copies[i].from)))
            return SPRED_ENOMEM;
    row->simulated = job->simulated;
    row->trial = job->trial;
    row->features = job->features;
    if (job_has_model(job))
        return SPRED_OK;
    if (coding)
        return code_start_row(env, job, row);
    row->penalty = penalty_words(env, job);
    row->warm_start = !job->cold;
    row->gap_target = job->gap;
    return row->penalty ? SPRED_OK : SPRED_ENOMEM;
}
