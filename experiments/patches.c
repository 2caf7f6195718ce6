/* patches.c: a set of patches, cut out of its pictures, and the picture that is
 * held out, both in the cache of mapped data. */
#include <stdio.h>
#include <string.h>

#include "experiments/sources.h"
#include "experiments/spec_coding.h"
#include "spred/image.h"
#include "spred/text.h"

static const char ending[] = ".sbd";

/* The pictures of one data set; all owned. */
struct album {
    struct spred_image *images; /* n; to learn on */
    size_t n;
    struct spred_image held;
};

static void album_free(struct spred_env *env, struct album *album)
{
    for (size_t i = 0; album->images && i < album->n; i++)
        spred_image_free(env, &album->images[i]);
    spred_free(env, album->images);
    spred_image_free(env, &album->held);
}

/* Images that are all to learn on, minus what is held out. */
static enum spred_status hold_out(struct spred_env *env,
                                  const struct spec_patches *p,
                                  struct album *album)
{
    struct spred_image *image = &album->images[p->held], left;
    if (!(p->share < 1)) {
        album->held = *image;
        *image = album->images[--album->n];
        memset(&album->images[album->n], 0, sizeof *image);
        return SPRED_OK;
    }
    size_t width = (size_t)((double)image->width * p->share + 0.5);
    size_t size = (size_t)p->size;
    if (width < size || image->width < width + size)
        return spred_fail(env, SPRED_EINVAL,
                          "held_out: %zu of %zu columns of the last picture "
                          "leave no patch of %zu x %zu on one side",
                          width, image->width, size, size);
    SPRED_TRY(spred_image_crop(env, image, image->width - width, 0, width,
                               image->height, &album->held));
    SPRED_TRY(spred_image_crop(env, image, 0, 0, image->width - width,
                               image->height, &left));
    spred_image_free(env, image);
    *image = left;
    return SPRED_OK;
}

static enum spred_status open_album(struct spred_env *env,
                                    const struct spec_patches *p,
                                    const struct spred_fetch_options *fetch,
                                    struct album *album)
{
    char **paths = spred_alloc(env, p->n_pictures, sizeof *paths);
    memset(album, 0, sizeof *album);
    album->images = spred_alloc(env, p->n_pictures, sizeof *album->images);
    enum spred_status status = paths && album->images ? SPRED_OK : SPRED_ENOMEM;
    if (status == SPRED_OK && p->debian)
        status = spred_fetch_pictures(env, fetch, paths);
    for (size_t i = 0; status == SPRED_OK && i < p->n_pictures; i++, album->n++)
        status = spred_image_read(env, p->debian ? paths[i] : p->pictures[i],
                                  &album->images[i]);
    for (size_t i = 0; paths && i < p->n_pictures; i++)
        spred_free(env, paths[i]);
    spred_free(env, paths);
    return status == SPRED_OK ? hold_out(env, p, album) : status;
}

char *patches_picture(struct spred_env *env, const char *path)
{
    size_t length = strlen(path), tail = sizeof ending - 1;
    return spred_format(env, "%.*s-held-out%s",
                        (int)(length > tail ? length - tail : length), path,
                        ending);
}

/* The patches' hash, with the picture that is held out in it. */
static enum spred_status hash_all(struct spred_env *env,
                                  const struct album *album,
                                  struct spred_data *data)
{
    char *text =
        spred_format(env, "%s held out: %zu x %zu of %s", data->hash,
                     album->held.width, album->held.height, album->held.hash);
    if (!text)
        return SPRED_ENOMEM;
    spred_sha256(text, strlen(text), data->hash);
    spred_free(env, text);
    return SPRED_OK;
}

static enum spred_status keep_picture(struct spred_env *env, const char *path,
                                      const struct spred_image *image)
{
    struct spred_data data = {0};
    char *kept = patches_picture(env, path);
    enum spred_status status = kept ? SPRED_OK : SPRED_ENOMEM;
    if (status == SPRED_OK && !source_is_kept(env, kept, image->hash)) {
        status = spred_image_data(env, image, "held-out", &data);
        if (status == SPRED_OK)
            status = spred_cache_write(env, kept, &data);
        spred_data_free(env, &data);
    }
    spred_free(env, kept);
    return status;
}

static enum spred_status tell_source(struct spred_env *env,
                                     const struct spec_dataset *set,
                                     struct spred_data *data)
{
    const struct spec_patches *p = set->patches;
    struct spred_buffer list = {0};
    enum spred_status status = SPRED_OK;
    for (size_t i = 0; status == SPRED_OK && i < p->n_pictures; i++) {
        const char *slash = strrchr(p->pictures[i], '/');
        if (i != p->held || p->share < 1)
            status =
                spred_buffer_add(env, &list, "%s%s", list.length ? ", " : "",
                                 slash ? slash + 1 : p->pictures[i]);
    }
    const char *slash = strrchr(p->pictures[p->held], '/');
    const char *held = slash ? slash + 1 : p->pictures[p->held];
    data->name = spred_strdup(env, set->name);
    data->source = spred_format(
        env, "%s%s: %s", p->debian ? "Debian package " : "pictures",
        p->debian ? spred_debian_pictures()->package : "",
        list.text ? list.text : "");
    data->note = p->share < 1 ? spred_format(env, "held out: %g%% of %s",
                                             100 * p->share, held)
                              : spred_format(env, "held out: %s", held);
    spred_free(env, list.text);
    return data->name && data->source && data->note ? status : SPRED_ENOMEM;
}

static enum spred_status build(struct spred_env *env, const struct spec *spec,
                               const struct spec_dataset *set,
                               const struct album *album,
                               struct spred_data *data, char **path)
{
    const struct spec_patches *p = set->patches;
    const struct spred_patches patches = {
        .size = (size_t)p->size,
        .count = (size_t)p->count,
        .center = p->center,
        .unit = p->norm,
        .seed = spred_seed(spec->seed, set->name, 0, "patches")};
    char *folder = NULL;
    SPRED_TRY(spred_patches_data(env, album->images, album->n, &patches, data));
    SPRED_TRY(hash_all(env, album, data));
    SPRED_TRY(tell_source(env, set, data));
    SPRED_TRY(spred_cache_dir(env, "data", &folder));
    *path = spred_format(env, "%s/patches-%s%s", folder, data->hash, ending);
    spred_free(env, folder);
    if (!*path)
        return SPRED_ENOMEM;
    if (!source_is_kept(env, *path, data->hash))
        SPRED_TRY(spred_cache_write(env, *path, data));
    return keep_picture(env, *path, &album->held);
}

enum spred_status patches_load(struct spred_env *env, const struct spec *spec,
                               const struct spec_dataset *set,
                               const struct spred_fetch_options *fetch,
                               struct spred_data *data, char **path)
{
    struct album album;
    enum spred_status status = open_album(env, set->patches, fetch, &album);
    if (status == SPRED_OK)
        status = build(env, spec, set, &album, data, path);
    album_free(env, &album);
    return status;
}
