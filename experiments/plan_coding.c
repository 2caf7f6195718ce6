/* plan_coding.c: the job of a coder: the dictionary that it codes over, and
 * what of the pictures its row shows. */
#include <stdio.h>
#include <string.h>

#include "experiments/code.h"
#include "experiments/plan_part.h"
#include "experiments/sources.h"
#include "experiments/spec_coding.h"
#include "experiments/units.h"
#include "spred/text.h"

/* What has nothing to do with coding stands still, so that it changes no key.
 */
static void set_neutral(struct job *job)
{
    job->folds = job->choose = job->choose_folds = job->choose_1se = 0;
    job->test = job->validate = 0;
    job->log2 = job->missing_refuse = 0;
    job->variance_keep = job->l1_ratio = 1;
    job->over_classes = job->equal_weights = job->factors = 0;
    job->intercept = job->standardize = 0;
    job->lambda_absolute = job->cold = 1;
    job->stall_eps = 0;
    job->stall_patience = job->steps = 0;
    job->batch = 1;
}

/* "coding(online passes=5 atoms=256 lambda=20)". */
static char *problem_name(struct spred_env *env,
                          const struct spec_coding_method *dictionary,
                          int64_t atoms, double lambda)
{
    char text[32];
    spec_shortest(lambda, text);
    return spred_format(env, "coding(%s atoms=%lld lambda=%s)",
                        dictionary->label, (long long)atoms, text);
}

/* That of the coder which learning calls; 0: none. */
static enum spred_status
coder_version(struct spred_env *env,
              const struct spred_dictionary_method *learn, const char *options,
              long *version)
{
    void *chosen = NULL;
    *version = 0;
    if (!learn->coder)
        return SPRED_OK;
    enum spred_status status =
        code_parse(env, learn->options, learn->options_size, options, &chosen);
    if (status == SPRED_OK)
        *version = (long)spred_coder_find(learn->coder(chosen))->api_version;
    spred_free(env, chosen);
    return status;
}

static char *numbers_text(struct spred_env *env, const double *values, size_t n)
{
    struct spred_buffer out = {0};
    for (size_t i = 0; i < n; i++) {
        char text[32];
        spec_shortest(values[i], text);
        if (spred_buffer_add(env, &out, "%s%s", i ? " " : "", text)) {
            spred_free(env, out.text);
            return NULL;
        }
    }
    return out.text;
}

enum spred_status plan_coding(struct spred_env *env, const struct spec *spec,
                              const struct source *source,
                              const struct spec_coding_method *dictionary,
                              int64_t atoms, double lambda,
                              const struct spec_coding_method *coder, int first,
                              int64_t trial, const char *machine,
                              struct job *job)
{
    const struct spec_coding *c = spec->coding;
    const struct spred_coder *code = spred_coder_find(coder->name);
    const struct spred_dictionary_method *learn =
        spred_dictionary_method_find(dictionary->name);
    results_row_clear(job_columns, job);
    if (!code || !learn || !source->patches)
        return spred_fail(env, SPRED_ENOTFOUND, "%s:%u:%u: no coder '%s'",
                          spec->path, coder->line, coder->column, coder->name);
    SPRED_TRY(plan_common(env, spec, source, trial, machine, job));
    set_neutral(job);
    job->dictionary_options = plan_options(
        env, spec, learn->name, learn->options, learn->options_size,
        dictionary->settings, dictionary->n_settings);
    if (!job->dictionary_options)
        return SPRED_EINVAL;
    long version;
    SPRED_TRY(coder_version(env, learn, job->dictionary_options, &version));
    const struct code_settings settings = {
        .atoms = (long)atoms,
        .lambda = c->dictionary_lambda,
        .api_version = (long)learn->api_version,
        .coder_version = version,
        .size = (long)source->patches->size,
        .center = source->patches->center,
        .unit = source->patches->norm,
        .sigma = first ? c->sigma : 0,
        .stride = first && c->sigma > 0 ? (long)c->stride : 1,
        .noise_gap = first && c->sigma > 0 ? c->noise_gap : 1,
        .show = first && !(lambda < c->lambda[0] || lambda > c->lambda[0])};
    const struct {
        char **to;
        char *text;
    } texts[] = {
        {&job->problem, problem_name(env, dictionary, atoms, lambda)},
        {&job->loss, spred_strdup(env, "")},
        {&job->penalty, spred_strdup(env, "")},
        {&job->groups, spred_strdup(env, "")},
        {&job->lambdas, numbers_text(env, &lambda, 1)},
        {&job->solver, spred_strdup(env, code->name)},
        {&job->label, spred_strdup(env, coder->label)},
        {&job->dictionary, spred_strdup(env, learn->name)},
        {&job->coding, spred_options_text(env, code_options, &settings)},
        {&job->gaps, numbers_text(env, c->gaps, c->n_gaps)}};
    int missing = 0;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        missing |= !(*texts[i].to = texts[i].text);
    if (missing)
        return SPRED_ENOMEM;
    job->options =
        plan_options(env, spec, code->name, code->options, code->options_size,
                     coder->settings, coder->n_settings);
    job->api_version = code->api_version;
    job->gap = c->gaps[c->n_gaps - 1];
    return job->options ? SPRED_OK : SPRED_EINVAL;
}
