/* learn_grid.c: the settings of a model's job: "lr=0.3;0.1 lambda=0.3" is two
 * of them. */
#include "experiments/learn_part.h"

#include <string.h>

#include "spred/text.h"

static enum spred_status add_axis(struct learn *learn, char *word,
                                  struct axis *axis)
{
    struct spred_env *env = learn->env;
    char *equals = strchr(word, '='), *rest = NULL;
    size_t room = 1;
    if (!equals)
        return spred_fail(env, SPRED_EINVAL, "'%s' tunes nothing", word);
    *equals = '\0';
    for (const char *c = equals + 1; *c; c++)
        room += *c == ';';
    axis->name = spred_strdup(env, word);
    axis->values = spred_alloc(env, room, sizeof *axis->values);
    if (!axis->name || !axis->values)
        return SPRED_ENOMEM;
    for (char *value = strtok_r(equals + 1, ";", &rest); value;
         value = strtok_r(NULL, ";", &rest)) {
        if (!(axis->values[axis->n] = spred_strdup(env, value)))
            return SPRED_ENOMEM;
        axis->n++;
    }
    if (axis->n == 0)
        return spred_fail(env, SPRED_EINVAL, "'%s' has no values", word);
    learn->settings *= axis->n;
    return SPRED_OK;
}

static int is_tuned(const struct learn *learn, const char *word)
{
    size_t length = strcspn(word, "=");
    for (size_t k = 0; k < learn->n_axes; k++)
        if (strncmp(learn->axes[k].name, word, length) == 0 &&
            learn->axes[k].name[length] == '\0')
            return 1;
    return 0;
}

/* The options that no axis has. */
static enum spred_status keep_plain(struct learn *learn)
{
    struct spred_buffer out = {0};
    const char *at = learn->job->options ? learn->job->options : "";
    enum spred_status status = spred_buffer_append(learn->env, &out, "", 0);
    while (status == SPRED_OK && *at) {
        size_t length = strcspn(at, " ");
        if (!is_tuned(learn, at))
            status = spred_buffer_add(learn->env, &out, "%s%.*s",
                                      out.length ? " " : "", (int)length, at);
        at += length;
        at += *at == ' ';
    }
    learn->plain = out.text;
    return status;
}

enum spred_status learn_grid(struct learn *learn)
{
    struct spred_env *env = learn->env;
    const char *tune = learn->job->tune ? learn->job->tune : "";
    size_t room = 1;
    char *copy = spred_strdup(env, tune), *rest = NULL;
    for (const char *c = tune; *c; c++)
        room += *c == ' ';
    learn->settings = 1;
    learn->axes = spred_alloc(env, room, sizeof *learn->axes);
    enum spred_status status = copy && learn->axes ? SPRED_OK : SPRED_ENOMEM;
    for (char *word = status == SPRED_OK ? strtok_r(copy, " ", &rest) : NULL;
         word && status == SPRED_OK; word = strtok_r(NULL, " ", &rest))
        status = add_axis(learn, word, &learn->axes[learn->n_axes++]);
    spred_free(env, copy);
    return status == SPRED_OK ? keep_plain(learn) : status;
}

/* "a=1 b=2" into the options. */
static enum spred_status set_words(struct learn *learn, const char *text,
                                   void *options)
{
    struct spred_env *env = learn->env;
    char *copy = spred_strdup(env, text), *rest = NULL;
    enum spred_status status = copy ? SPRED_OK : SPRED_ENOMEM;
    for (char *word = copy ? strtok_r(copy, " ", &rest) : NULL;
         word && status == SPRED_OK; word = strtok_r(NULL, " ", &rest)) {
        char *equals = strchr(word, '=');
        if (!equals)
            continue;
        *equals = '\0';
        status = spred_options_set(env, learn->model->options, options, word,
                                   equals + 1);
    }
    spred_free(env, copy);
    return status;
}

enum spred_status learn_setting(struct learn *learn, size_t i, void *options,
                                char **text)
{
    struct spred_buffer out = {0};
    size_t block = learn->settings;
    *text = NULL;
    SPRED_TRY(
        spred_options_default(learn->env, learn->model->options, options));
    SPRED_TRY(set_words(learn, learn->plain, options));
    enum spred_status status = spred_buffer_append(learn->env, &out, "", 0);
    for (size_t k = 0; status == SPRED_OK && k < learn->n_axes; k++) {
        const struct axis *axis = &learn->axes[k];
        block /= axis->n;
        status =
            spred_buffer_add(learn->env, &out, "%s%s=%s", k ? " " : "",
                             axis->name, axis->values[i / block % axis->n]);
    }
    if (status == SPRED_OK)
        status = set_words(learn, out.text, options);
    if (status != SPRED_OK) {
        spred_free(learn->env, out.text);
        return status;
    }
    *text = out.text;
    return SPRED_OK;
}

enum spred_status learn_fits(struct spred_env *env, const struct job *job,
                             const struct spred_model *model,
                             const struct spred_rows *rows, size_t classes)
{
    struct learn *learn = spred_alloc(env, 1, sizeof *learn);
    void *options = spred_alloc(env, 1, model->options_size);
    if (learn)
        *learn = (struct learn){.env = env, .job = job, .model = model};
    enum spred_status status =
        learn && options ? learn_grid(learn) : SPRED_ENOMEM;
    for (size_t i = 0; status == SPRED_OK && i < learn->settings; i++) {
        char *text;
        status = learn_setting(learn, i, options, &text);
        spred_free(env, text);
        if (status == SPRED_OK)
            status = model->fits(env, options, rows, classes);
    }
    spred_free(env, options);
    learn_close(learn);
    return status;
}
