/* images.c: a data set of pictures, whole or a stratified part of it. */
#include "experiments/sources.h"

#include <math.h>
#include <string.h>

#include "experiments/labels.h"
#include "spred/split.h"
#include "spred/text.h"

/* The samples that stay, ascending: set->samples of those before the test part,
 * stratified by the target, and the test part. */
static enum spred_status choose_rows(struct spred_env *env,
                                     const struct spec *spec,
                                     const struct spec_dataset *set,
                                     const struct spred_data *data,
                                     size_t **rows, size_t *n)
{
    size_t first = data->x.rows - data->given_test;
    struct labels labels;
    struct spred_split split = {0};
    char *picked = NULL;
    SPRED_TRY(labels_make(env, data, source_target(set), &labels, &picked));
    spred_free(env, picked);
    enum spred_status status = spred_split_holdout(
        env, labels.codes, first, labels.codes ? labels.n_classes : 1,
        (double)set->samples / (double)first, 0,
        spred_seed(spec->seed, set->name, 0, "samples"), &split);
    if (status == SPRED_OK) {
        *n = split.n_test + data->given_test;
        *rows = spred_alloc(env, *n, sizeof **rows);
        status = *rows ? SPRED_OK : SPRED_ENOMEM;
    }
    for (size_t i = 0; status == SPRED_OK && i < *n; i++)
        (*rows)[i] =
            i < split.n_test ? split.test[i] : first + i - split.n_test;
    spred_split_free(env, &split);
    labels_free(env, &labels);
    return status;
}

/* What the part is known by: the whole, how many, and what chose them. */
static enum spred_status part_hash(struct spred_env *env,
                                   const struct spec *spec,
                                   const struct spec_dataset *set,
                                   const struct spred_data *data,
                                   char hash[SPRED_HEX_SIZE])
{
    char *text =
        spred_format(env, "%s\n%s\n%lld samples %s\n%llu\n", data->hash,
                     set->name, (long long)set->samples, source_target(set),
                     (unsigned long long)spec->seed);
    if (!text)
        return SPRED_ENOMEM;
    spred_sha256(text, strlen(text), hash);
    spred_free(env, text);
    return SPRED_OK;
}

static enum spred_status take_part(struct spred_env *env,
                                   const struct spec *spec,
                                   const struct spec_dataset *set,
                                   struct spred_data *data)
{
    struct spred_data part;
    size_t *rows = NULL, n = 0, first = data->x.rows - data->given_test;
    SPRED_TRY(choose_rows(env, spec, set, data, &rows, &n));
    enum spred_status status = spred_data_take(env, data, rows, n, &part);
    spred_free(env, rows);
    SPRED_TRY(status);
    char *source = spred_format(
        env, "%s; %zu of %zu samples%s, stratified, all trials the same",
        data->source, n - data->given_test, first,
        data->given_test ? " outside the test part" : "");
    spred_data_free(env, data);
    *data = part;
    if (!source)
        return SPRED_ENOMEM;
    spred_free(env, data->source);
    data->source = source;
    return SPRED_OK;
}

/* data becomes the part; *path its file in the cache. */
static enum spred_status load_part(struct spred_env *env,
                                   const struct spec *spec,
                                   const struct spec_dataset *set,
                                   struct spred_data *data, char **path)
{
    char hash[SPRED_HEX_SIZE], *folder = NULL;
    SPRED_TRY(part_hash(env, spec, set, data, hash));
    SPRED_TRY(spred_cache_dir(env, "data", &folder));
    spred_free(env, *path);
    *path = spred_format(env, "%s/images-%s.sbd", folder, hash);
    spred_free(env, folder);
    if (!*path)
        return SPRED_ENOMEM;
    if (source_is_kept(env, *path, hash)) {
        spred_data_free(env, data);
        return spred_cache_map(env, *path, data);
    }
    SPRED_TRY(take_part(env, spec, set, data));
    memcpy(data->hash, hash, sizeof hash);
    return spred_cache_write(env, *path, data);
}

/* The data are called as the file says. */
static enum spred_status name_data(struct spred_env *env, const char *name,
                                   struct spred_data *data)
{
    char *copy = spred_strdup(env, name);
    if (!copy)
        return SPRED_ENOMEM;
    if (!data->mapping) /* else it lies in the file */
        spred_free(env, data->name);
    data->name = copy;
    return SPRED_OK;
}

enum spred_status images_load(struct spred_env *env, const struct spec *spec,
                              const struct spec_dataset *set,
                              const struct spred_fetch_options *fetch,
                              struct spred_data *data, char **path)
{
    const struct spred_load_options options = {.name = set->name};
    SPRED_TRY(
        set->path
            ? spred_load_cached(env, set->path, &options, NULL, data, path)
            : spred_load_debian(env, set->loader, fetch, NULL, data, path));
    if (!data->channels)
        return spred_fail(env, SPRED_EINVAL,
                          "%s holds no pictures (other data: `file:`)",
                          set->path ? set->path : set->loader);
    SPRED_TRY(name_data(env, set->name, data));
    size_t others = data->x.rows - data->given_test;
    if (set->samples > 0 && (size_t)set->samples < others)
        SPRED_TRY(load_part(env, spec, set, data, path));
    return SPRED_OK;
}
