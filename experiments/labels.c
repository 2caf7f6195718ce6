/* labels.c: picks a target, drops classes that are too small, renumbers. */
#include "experiments/labels.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "spred/text.h"

void labels_free(struct spred_env *env, struct labels *labels)
{
    for (size_t k = 0; labels->names && k < labels->n_classes; k++)
        spred_free(env, labels->names[k]);
    spred_free(env, labels->names);
    spred_free(env, labels->codes);
    spred_free(env, labels->values);
    spred_free(env, labels->note);
    memset(labels, 0, sizeof *labels);
}

static enum spred_status
find_target(struct spred_env *env, const struct spred_data *data,
            const char *name, const struct spred_target **out, char **note)
{
    if (strcmp(name, "auto") == 0) {
        *out = spred_data_auto_target(env, data, note);
        if (*out)
            return SPRED_OK;
        if (data->n_targets != 1)
            return spred_fail(
                env, SPRED_EINVAL, "%s has no target to predict (%s)",
                data->name,
                data->n_targets ? "none has two classes of 5 samples; name one"
                                : "no classes, no y: give labels");
        *out = &data->targets[0]; /* the only one: judged by its classes */
        spred_free(env, *note);
        *note = spred_strdup(env, "");
        return *note ? SPRED_OK : SPRED_ENOMEM;
    }
    *out = spred_data_target(data, name);
    *note = spred_strdup(env, "");
    if (*out)
        return *note ? SPRED_OK : SPRED_ENOMEM;
    struct spred_buffer list = {0};
    enum spred_status status = SPRED_OK;
    for (size_t t = 0; status == SPRED_OK && t < data->n_targets; t++)
        status = spred_buffer_add(env, &list, "%s'%s'", t ? ", " : "",
                                  data->targets[t].name);
    if (status == SPRED_OK)
        status =
            spred_fail(env, SPRED_ENOTFOUND, "%s has no target '%s'; it has %s",
                       data->name, name, list.text ? list.text : "none");
    spred_free(env, list.text);
    return status;
}

static enum spred_status keep_classes(struct spred_env *env,
                                      const struct spred_data *data,
                                      const struct spred_target *target,
                                      struct labels *out)
{
    size_t n = data->x.rows;
    size_t *count = spred_alloc(env, target->n_levels, sizeof *count);
    int32_t *code = spred_alloc(env, target->n_levels, sizeof *code);
    struct spred_buffer dropped = {0};
    out->codes = spred_alloc(env, n, sizeof *out->codes);
    out->names = spred_alloc(env, target->n_levels, sizeof *out->names);
    enum spred_status status =
        count && code && out->codes && out->names ? SPRED_OK : SPRED_ENOMEM;
    for (size_t i = 0; status == SPRED_OK && i < n; i++)
        if (target->codes[i] >= 0)
            count[target->codes[i]]++;
    for (size_t k = 0; status == SPRED_OK && k < target->n_levels; k++) {
        code[k] = -1;
        if (count[k] >= LABELS_MIN_CLASS) {
            code[k] = (int32_t)out->n_classes;
            out->names[out->n_classes] = spred_strdup(env, target->levels[k]);
            status = out->names[out->n_classes++] ? SPRED_OK : SPRED_ENOMEM;
        } else {
            status = spred_buffer_add(env, &dropped, "%s'%s' (%zu)",
                                      dropped.length ? ", " : "",
                                      target->levels[k], count[k]);
        }
    }
    for (size_t i = 0; status == SPRED_OK && i < n; i++) {
        int32_t from = target->codes[i];
        out->codes[i] = from >= 0 ? code[from] : -1;
        out->used += out->codes[i] >= 0;
    }
    if (status == SPRED_OK && out->n_classes < 2)
        status = spred_fail(env, SPRED_EINVAL,
                            "%s: target '%s' has %zu class%s with at least %d "
                            "samples, two are needed",
                            data->name, target->name, out->n_classes,
                            out->n_classes == 1 ? "" : "es", LABELS_MIN_CLASS);
    if (status == SPRED_OK && dropped.length) {
        char *note = spred_format(
            env, "%s%sclasses of fewer than %d samples left out: %s", out->note,
            *out->note ? "; " : "", LABELS_MIN_CLASS, dropped.text);
        spred_free(env, out->note);
        out->note = note;
        status = note ? SPRED_OK : SPRED_ENOMEM;
    }
    spred_free(env, dropped.text);
    spred_free(env, code);
    spred_free(env, count);
    return status;
}

enum spred_status labels_make(struct spred_env *env,
                              const struct spred_data *data, const char *name,
                              struct labels *out, char **picked)
{
    const struct spred_target *target = NULL;
    memset(out, 0, sizeof *out);
    *picked = NULL;
    out->n = data->x.rows;
    enum spred_status status =
        find_target(env, data, name, &target, &out->note);
    if (status == SPRED_OK && target->kind == SPRED_TARGET_CLASS) {
        status = keep_classes(env, data, target, out);
    } else if (status == SPRED_OK) {
        out->values = spred_alloc(env, out->n, sizeof *out->values);
        status = out->values ? SPRED_OK : SPRED_ENOMEM;
        for (size_t i = 0; status == SPRED_OK && i < out->n; i++) {
            out->values[i] = target->values[i];
            out->used += isnan(target->values[i]) ? 0 : 1;
        }
    }
    if (status == SPRED_OK && !(*picked = spred_strdup(env, target->name)))
        status = SPRED_ENOMEM;
    if (status != SPRED_OK)
        labels_free(env, out);
    return status;
}
