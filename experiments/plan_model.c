/* plan_model.c: the job of a model: its options, the grid it chooses from, and
 * whether its network fits the data. */
#include <stdio.h>
#include <string.h>

#include "experiments/learn.h"
#include "experiments/parts.h"
#include "experiments/plan_part.h"
#include "experiments/sources.h"
#include "spred/text.h"

/* The word "name=..." of an options text, and its length; NULL: none. */
static const char *find_word(const char *text, const char *name, size_t *length)
{
    size_t width = strlen(name);
    for (const char *at = text; *at; at += *length, at += *at == ' ') {
        *length = strcspn(at, " ");
        if (strncmp(at, name, width) == 0 && at[width] == '=')
            return at;
    }
    return NULL;
}

/* Is the value among "a;b;c"? */
static int has_value(const char *list, const char *value, size_t length)
{
    for (; *list; list += strcspn(list, ";"), list += *list == ';')
        if (strcspn(list, ";") == length && memcmp(list, value, length) == 0)
            return 1;
    return 0;
}

/* "lr=0.3;0.1": the values as the option prints them, each once. */
static enum spred_status axis_word(struct spred_env *env,
                                   const struct spec *spec,
                                   const struct spred_model *model,
                                   const struct spec_axis *axis,
                                   struct spred_buffer *out)
{
    SPRED_TRY(spred_buffer_add(env, out, "%s=", axis->name));
    size_t begin = out->length;
    for (size_t i = 0; i < axis->n_values; i++) {
        const struct spec_setting set = {axis->name, axis->values[i],
                                         axis->line, axis->column};
        char *text = plan_options(env, spec, model->name, model->options,
                                  model->options_size, &set, 1);
        if (!text)
            return SPRED_EINVAL;
        size_t length = 0, skip = strlen(axis->name) + 1;
        const char *word = find_word(text, axis->name, &length);
        enum spred_status status = SPRED_OK;
        if (!has_value(out->text + begin, word + skip, length - skip))
            status = spred_buffer_add(env, out, "%s%.*s", i ? ";" : "",
                                      (int)(length - skip), word + skip);
        spred_free(env, text);
        if (status != SPRED_OK)
            return status;
    }
    return SPRED_OK;
}

/* The options with the words of `tune` in the places of its names. */
static enum spred_status merge(struct spred_env *env, struct job *job)
{
    struct spred_buffer out = {0};
    enum spred_status status = spred_buffer_append(env, &out, "", 0);
    for (const char *at = job->options; status == SPRED_OK && *at;) {
        size_t length = strcspn(at, " "), name = strcspn(at, "="), tuned;
        char *key = spred_strndup(env, at, name);
        const char *word = key ? find_word(job->tune, key, &tuned) : NULL;
        status = !key ? SPRED_ENOMEM
                      : spred_buffer_add(
                            env, &out, "%s%.*s", out.length ? " " : "",
                            (int)(word ? tuned : length), word ? word : at);
        spred_free(env, key);
        at += length;
        at += *at == ' ';
    }
    if (status != SPRED_OK) {
        spred_free(env, out.text);
        return status;
    }
    spred_free(env, job->options);
    job->options = out.text;
    return SPRED_OK;
}

static enum spred_status fill_options(struct spred_env *env,
                                      const struct spec *spec,
                                      const struct spred_model *model,
                                      const struct spec_model *chosen,
                                      struct job *job)
{
    struct spred_buffer tune = {0};
    job->options =
        plan_options(env, spec, model->name, model->options,
                     model->options_size, chosen->settings, chosen->n_settings);
    if (!job->options)
        return SPRED_EINVAL;
    enum spred_status status = spred_buffer_append(env, &tune, "", 0);
    for (size_t i = 0; status == SPRED_OK && i < chosen->n_tune; i++) {
        if (i)
            status = spred_buffer_add(env, &tune, " ");
        if (status == SPRED_OK)
            status = axis_word(env, spec, model, &chosen->tune[i], &tune);
    }
    job->tune = tune.text;
    return status == SPRED_OK ? merge(env, job) : status;
}

enum spred_status plan_model(struct spred_env *env, const struct spec *spec,
                             const struct source *source,
                             const struct spec_model *chosen, int64_t trial,
                             const char *machine, struct job *job)
{
    const struct spred_model *model = parts_model(spec->parts, chosen->name);
    results_row_clear(job_columns, job);
    if (!model)
        return spred_fail(env, SPRED_ENOTFOUND, "%s:%u:%u: no model '%s'",
                          spec->path, chosen->line, chosen->column,
                          chosen->name);
    SPRED_TRY(plan_common(env, spec, source, trial, machine, job));
    job->problem = spred_strdup(env, "model");
    job->loss = spred_strdup(env, "");
    job->penalty = spred_strdup(env, "");
    job->groups = spred_strdup(env, "");
    job->lambdas = spred_strdup(env, "");
    job->solver = spred_strdup(env, model->name);
    job->model = spred_strdup(env, model->name);
    job->label = spred_strdup(env, chosen->label);
    if (!job->problem || !job->loss || !job->penalty || !job->groups ||
        !job->lambdas || !job->solver || !job->model || !job->label)
        return SPRED_ENOMEM;
    SPRED_TRY(
        plan_script(env, spec, model != spred_model_find(model->name), job));
    /* What only problems have stands still, so that it changes no key. The
     * paper's rows are used as its loader leaves them: not centred again. */
    job->l1_ratio = 1;
    job->standardize = 1;
    job->intercept = !spec->protocol.paper;
    job->over_classes = job->equal_weights = job->factors = 0;
    job->lambda_absolute = job->cold = 0;
    job->gap = job->stall_eps = 0;
    job->stall_patience = job->steps = 0;
    job->batch = 1;
    job->wall = spec->stop.fit;
    job->api_version = model->api_version;
    job->keep_models = spec->keep_models && model->store && model->load;
    return fill_options(env, spec, model, chosen, job);
}

/* A job of the model on the data set; NULL: the script left none. */
static const struct job *find_job(const struct plan *plan, const char *dataset,
                                  const char *label)
{
    for (size_t i = 0; i < plan->n_jobs; i++)
        if (job_has_model(&plan->jobs[i]) &&
            strcmp(plan->jobs[i].dataset, dataset) == 0 &&
            strcmp(plan->jobs[i].label, label) == 0)
            return &plan->jobs[i];
    return NULL;
}

static enum spred_status fits_one(struct spred_env *env,
                                  const struct spec *spec,
                                  const struct source *source,
                                  const struct spec_model *chosen,
                                  const struct job *job)
{
    /* Features that leave are holes in a picture. */
    int whole = spec->preprocess.variance_keep >= 1;
    const struct spred_picture none = {0, 0, 0}, picture = source->picture;
    const struct spred_rows rows = {.p = source->features,
                                    .picture = whole ? picture : none};
    char place[64] = "", pixels[96] = "";
    enum spred_status status =
        learn_fits(env, job, parts_model(spec->parts, chosen->name), &rows,
                   source->classes);
    if (status != SPRED_EINVAL)
        return status;
    if (chosen->line) /* 0: not of a file */
        snprintf(place, sizeof place, "%u:%u:", chosen->line, chosen->column);
    if (rows.picture.height)
        snprintf(pixels, sizeof pixels, " (%zu x %zu pixels)", picture.height,
                 picture.width);
    return spred_fail(env, status, "%s:%s %s on %s%s: %s", spec->path, place,
                      chosen->label, source->name, pixels, env->error);
}

enum spred_status plan_fits(struct spred_env *env, const struct spec *spec,
                            const struct source *sources, size_t n_sources,
                            const struct plan *plan)
{
    for (size_t d = 0; d < n_sources && !spec->protocol.paper; d++)
        for (size_t m = 0; m < spec->n_models; m++) {
            const struct spec_model *chosen = &spec->models[m];
            const struct spred_model *model =
                parts_model(spec->parts, chosen->name);
            const struct job *job =
                model && model->fits
                    ? find_job(plan, sources[d].name, chosen->label)
                    : NULL;
            if (job)
                SPRED_TRY(fits_one(env, spec, &sources[d], chosen, job));
        }
    return SPRED_OK;
}
