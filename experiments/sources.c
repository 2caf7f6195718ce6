/* sources.c: where each data set comes from, and what stands in for GEO. */
#include "experiments/sources.h"

#include <stdio.h>
#include <string.h>

#include "experiments/labels.h"
#include "experiments/parts.h"
#include "experiments/trial.h"
#include "spred/simulate.h"
#include "spred/text.h"

static void source_free(struct spred_env *env, struct source *source)
{
    spred_free(env, source->name);
    spred_free(env, source->source);
    spred_free(env, source->hash);
    spred_free(env, source->path);
    spred_free(env, source->target);
    memset(source, 0, sizeof *source);
}

void sources_free(struct spred_env *env, struct source *sources, size_t count)
{
    for (size_t i = 0; sources && i < count; i++)
        source_free(env, &sources[i]);
    spred_free(env, sources);
}

enum spred_status plan_note(struct spred_env *env, struct plan *plan,
                            const char *key, const char *text)
{
    char **notes =
        spred_resize(env, plan->notes, plan->n_notes + 1, sizeof *notes);
    if (!notes)
        return SPRED_ENOMEM;
    plan->notes = notes;
    notes[plan->n_notes] = spred_format(env, "%s\t%s", key, text);
    return notes[plan->n_notes++] ? SPRED_OK : SPRED_ENOMEM;
}

static enum spred_status load_file(struct spred_env *env,
                                   const struct spec_dataset *set,
                                   struct spred_data *data, char **cached)
{
    struct spred_load_options options = {.name = set->name,
                                         .labels = set->labels,
                                         .object = set->object,
                                         .response = set->response};
    if (set->orientation && strcmp(set->orientation, "samples-in-rows") == 0)
        options.orientation = SPRED_SAMPLES_IN_ROWS;
    if (set->orientation && strcmp(set->orientation, "samples-in-columns") == 0)
        options.orientation = SPRED_SAMPLES_IN_COLUMNS;
    return spred_load_cached(env, set->path, &options, NULL, data, cached);
}

/* Does the cache hold these data, and undamaged? */
int source_is_kept(struct spred_env *env, const char *cached, const char *hash)
{
    struct spred_data kept;
    if (spred_cache_map_whole(env, cached, &kept) != SPRED_OK)
        return 0;
    int same = strcmp(kept.hash, hash) == 0;
    spred_data_free(env, &kept);
    return same;
}

static enum spred_status load_simulated(struct spred_env *env,
                                        const struct spec *spec,
                                        const struct spec_dataset *set,
                                        struct spred_data *data, char **cached)
{
    struct spred_simulation s = {
        .kind = (enum spred_simulation_kind)set->kind,
        .density = set->density,
        .noise = set->noise,
        .n = (size_t)set->n,
        .p = (size_t)set->p,
        .blocks = (size_t)set->blocks,
        .k = (size_t)set->k,
        .classes = (size_t)set->classes,
        .rho_min = set->rho_min,
        .rho_max = set->rho_max,
        .snr = set->snr,
        .seed = spred_seed(spec->seed, set->name, 0, "simulate")};
    char *folder = NULL;
    SPRED_TRY(spred_simulate(env, &s, data));
    spred_free(env, data->name);
    data->name = spred_strdup(env, set->name);
    SPRED_TRY(spred_cache_dir(env, "data", &folder));
    *cached = spred_format(env, "%s/simulated-%s.sbd", folder, data->hash);
    spred_free(env, folder);
    if (!data->name || !*cached)
        return SPRED_ENOMEM;
    return source_is_kept(env, *cached, data->hash)
               ? SPRED_OK
               : spred_cache_write(env, *cached, data);
}

/* What the data of a script's source are known by: the script, the file's
 * content, the settings. */
static enum spred_status own_hash(struct spred_env *env,
                                  const struct spec *spec,
                                  const struct spec_dataset *set,
                                  char hash[SPRED_HEX_SIZE])
{
    struct spred_buffer text = {0};
    char content[SPRED_HEX_SIZE] = "";
    if (set->path)
        SPRED_TRY(spred_sha256_file(env, set->path, content));
    enum spred_status status = spred_buffer_add(
        env, &text, "spredbench source 1\n%s\n%s\n%s\n",
        spec->parts->hash ? spec->parts->hash : "", set->loader, content);
    for (size_t i = 0; status == SPRED_OK && i < set->n_settings; i++)
        status = spred_buffer_add(
            env, &text, "%zu %s=%s\n", strlen(set->settings[i].value),
            set->settings[i].name, set->settings[i].value);
    if (status == SPRED_OK)
        spred_sha256(text.text, text.length, hash);
    spred_free(env, text.text);
    return status;
}

static enum spred_status make_own(struct spred_env *env,
                                  const struct spec *spec,
                                  const struct spec_dataset *set,
                                  struct spred_data *data)
{
    const struct parts_source *source = parts_source(spec->parts, set->loader);
    size_t n = set->n_settings;
    if (!source)
        return spred_fail(env, SPRED_ENOTFOUND, "no loader '%s'", set->loader);
    const char **names = spred_alloc(env, 2 * n + 1, sizeof *names);
    if (!names)
        return SPRED_ENOMEM;
    for (size_t i = 0; i < n; i++) {
        names[i] = set->settings[i].name;
        names[n + i] = set->settings[i].value;
    }
    enum spred_status status =
        source->make(source->self, env, set->path, names, names + n, n, data);
    spred_free(env, names);
    return status;
}

/* A script's data are made here, once, so that the workers need no script for
 * them. */
static enum spred_status load_own(struct spred_env *env,
                                  const struct spec *spec,
                                  const struct spec_dataset *set,
                                  struct spred_data *data, char **cached)
{
    char hash[SPRED_HEX_SIZE], *folder = NULL;
    SPRED_TRY(own_hash(env, spec, set, hash));
    SPRED_TRY(spred_cache_dir(env, "data", &folder));
    *cached = spred_format(env, "%s/script-%s.sbd", folder, hash);
    spred_free(env, folder);
    if (!*cached)
        return SPRED_ENOMEM;
    if (source_is_kept(env, *cached, hash))
        return spred_cache_map(env, *cached, data);
    SPRED_TRY(make_own(env, spec, set, data));
    memcpy(data->hash, hash, sizeof hash);
    spred_free(env, data->name);
    data->name = spred_strdup(env, set->name);
    if (!data->source)
        data->source =
            spred_format(env, "script %s, %s", spec->script ? spec->script : "",
                         set->loader);
    if (!data->note)
        data->note = spred_strdup(env, "");
    if (!data->name || !data->source || !data->note)
        return SPRED_ENOMEM;
    SPRED_TRY(spred_data_check(env, data));
    return spred_cache_write(env, *cached, data);
}

static enum spred_status load_geo(struct spred_env *env,
                                  const struct spec_dataset *set,
                                  const struct spred_fetch_options *fetch,
                                  struct spred_data *data, char **cached)
{
    char *path = NULL;
    struct spred_load_options options = {.name = set->name};
    SPRED_TRY(spred_fetch_geo(env, set->name, fetch, &path));
    enum spred_status status =
        spred_load_cached(env, path, &options, NULL, data, cached);
    spred_free(env, path);
    return status;
}

/* The Debian set's name, or NULL. */
static const char *debian_name(const struct spec_dataset *set)
{
    return set->source == SPEC_DEBIAN   ? set->name
           : set->source == SPEC_IMAGES ? set->loader
                                        : NULL;
}

/* What the file asks for; a Debian set has a target of its own. */
const char *source_target(const struct spec_dataset *set)
{
    const char *name = debian_name(set);
    if (name && strcmp(set->target, "auto") == 0)
        for (const struct spred_debian_set *s = spred_debian_sets(); s->name;
             s++)
            if (strcmp(s->name, name) == 0)
                return s->target;
    return set->target;
}

enum spred_status source_load(struct spred_env *env, const struct spec *spec,
                              const struct spec_dataset *set,
                              const struct spred_fetch_options *fetch,
                              struct spred_data *data, char **path)
{
    if (set->source == SPEC_GEO)
        return load_geo(env, set, fetch, data, path);
    if (set->source == SPEC_IMAGES)
        return images_load(env, spec, set, fetch, data, path);
    if (set->source == SPEC_DEBIAN)
        return spred_load_debian(env, set->name, fetch, NULL, data, path);
    if (set->source == SPEC_FILE)
        return load_file(env, set, data, path);
    if (set->source == SPEC_LOADER)
        return load_own(env, spec, set, data, path);
    if (set->source == SPEC_PATCHES)
        return patches_load(env, spec, set, fetch, data, path);
    return load_simulated(env, spec, set, data, path);
}

static enum spred_status load_one(struct spred_env *env,
                                  const struct spec *spec,
                                  const struct spec_dataset *set,
                                  const struct spred_fetch_options *fetch,
                                  struct plan *plan, struct source *out)
{
    struct spred_data data = {0};
    struct labels labels = {0};
    enum spred_status status =
        source_load(env, spec, set, fetch, &data, &out->path);
    if (status == SPRED_OK && spec->protocol.given)
        status = trial_given(env, &data);
    if (status == SPRED_OK && spec->protocol.paper)
        out->target = spred_strdup(env, "all subset types");
    else if (status == SPRED_OK && set->source == SPEC_PATCHES)
        out->target = spred_strdup(env, "");
    else if (status == SPRED_OK)
        status =
            labels_make(env, &data, source_target(set), &labels, &out->target);
    if (status == SPRED_OK) {
        char key[256];
        out->name = spred_strdup(env, set->name);
        out->source = spred_strdup(env, data.source);
        out->hash = spred_strdup(env, data.hash);
        out->simulated = data.simulated;
        out->patches = set->patches;
        out->samples = data.x.rows;
        out->features = data.x.cols;
        out->classes = labels.n_classes;
        out->picture =
            (struct spred_picture){data.height, data.width, data.channels};
        snprintf(key, sizeof key, "data:%.200s", set->name);
        char *text = spred_format(
            env, "%zu samples x %zu features%s%s%s%s%s%s%s", data.x.rows,
            data.x.cols, set->patches ? "" : "; target '",
            out->target ? out->target : "", set->patches ? "" : "'",
            labels.note && *labels.note ? "; " : "",
            labels.note ? labels.note : "", *data.note ? "; " : "", data.note);
        status = out->name && out->source && out->hash && out->target && text
                     ? plan_note(env, plan, key, text)
                     : SPRED_ENOMEM;
        spred_free(env, text);
    }
    if (status == SPRED_OK && data.given_test && !spec->protocol.given)
        status = plan_note(env, plan, "warning:given",
                           "a published test part is mixed into the splits: "
                           "protocol: {kind: given} keeps it apart");
    labels_free(env, &labels);
    spred_data_free(env, &data);
    if (status == SPRED_OK && !out->path)
        status = spred_fail(env, SPRED_EIO,
                            "the parsed data could not be kept for the "
                            "workers: no usable cache folder (set "
                            "XDG_CACHE_HOME)");
    return status;
}

/* One plain line: which group's GEO sets were not reached and what stands in.
 */
static enum spred_status tell_fallback(struct spred_env *env,
                                       const struct spec *spec, size_t group,
                                       struct plan *plan)
{
    struct spred_buffer line = {0};
    enum spred_status status = spred_buffer_add(
        env, &line,
        "GEO could not be reached (%s); using real data sets from "
        "Debian packages instead, under their own names:",
        env->error);
    const char *separator = " ";
    for (size_t i = 0; status == SPRED_OK && i < spec->n_datasets; i++)
        if (spec->datasets[i].group == group && spec->datasets[i].fallback) {
            status = spred_buffer_add(env, &line, "%s%s", separator,
                                      spec->datasets[i].name);
            separator = ", ";
        }
    if (status == SPRED_OK) {
        spred_log(env, SPRED_LOG_WARN, "%s", line.text);
        status = plan_note(env, plan, "warning:sources", line.text);
    }
    spred_free(env, line.text);
    return status;
}

static int has_fallback(const struct spec *spec, size_t group)
{
    for (size_t i = 0; i < spec->n_datasets; i++)
        if (spec->datasets[i].group == group && spec->datasets[i].fallback)
            return 1;
    return 0;
}

/* Adds the line of the experiment file that named the data set. */
static enum spred_status at_line(struct spred_env *env, const struct spec *spec,
                                 const struct spec_dataset *set,
                                 enum spred_status status)
{
    size_t length = strlen(set->name);
    int named = strncmp(env->error, set->name, length) == 0;
    char place[64] = "";
    if (set->line) /* 0: not of a file */
        snprintf(place, sizeof place, "%u:%u:", set->line, set->column);
    return spred_fail(env, status, "%s:%s %s%s%s", spec->path, place,
                      named ? "" : set->name, named ? "" : ": ", env->error);
}

static int loaded(const struct source *sources, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(sources[i].name, name) == 0)
            return 1;
    return 0;
}

enum spred_status sources_load(struct spred_env *env, const struct spec *spec,
                               const struct spred_fetch_options *fetch,
                               struct plan *plan, struct source **out,
                               size_t *count)
{
    enum spred_status status = SPRED_OK;
    /* Groups whose GEO sets cannot be reached / of which one was. */
    size_t lost = SIZE_MAX, reached = SIZE_MAX;
    *count = 0;
    *out = spred_alloc(env, spec->n_datasets, sizeof **out);
    if (!*out)
        return SPRED_ENOMEM;
    for (size_t i = 0; status == SPRED_OK && i < spec->n_datasets; i++) {
        const struct spec_dataset *set = &spec->datasets[i];
        if (set->fallback ? set->group != lost : set->group == lost)
            continue;
        if (set->fallback && loaded(*out, *count, set->name))
            continue; /* two groups may fall back on the same set */
        struct source *source = &(*out)[*count];
        status = load_one(env, spec, set, fetch, plan, source);
        if (status == SPRED_OK) {
            (*count)++;
            reached = set->source == SPEC_GEO ? set->group : reached;
            continue;
        }
        source_free(env, source);
        if (status != SPRED_EIO || set->source != SPEC_GEO ||
            !has_fallback(spec, set->group)) {
            status = at_line(env, spec, set, status);
            continue;
        }
        if (reached == set->group) { /* some came: this one is left out */
            spred_log(env, SPRED_LOG_WARN, "%s; left out", env->error);
            status = plan_note(env, plan, "warning:left-out", env->error);
        } else {
            lost = set->group;
            status = tell_fallback(env, spec, lost, plan);
        }
    }
    return status;
}

enum spred_status source_lend(struct spred_env *env,
                              const struct spec_dataset *set,
                              const struct spred_data *data, struct source *out)
{
    struct labels labels = {0};
    *out = (struct source){.name = data->name,
                           .source = data->source,
                           .hash = (char *)(size_t)data->hash,
                           .path = data->name,
                           .simulated = data->simulated,
                           .samples = data->x.rows,
                           .features = data->x.cols};
    SPRED_TRY(
        labels_make(env, data, source_target(set), &labels, &out->target));
    labels_free(env, &labels);
    return SPRED_OK;
}
