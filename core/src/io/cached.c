/* cached.c: loading through the cache: its folder, its keys, its repair. */
#define _XOPEN_SOURCE 700 /* realpath */
#include "cache.h"
#include "pictures.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "spred/file.h"
#include "spred/text.h"

/* Digits of the key in a cache file's name. */
#define KEY_DIGITS 24

/* mkdir -p; path is changed and put back. */
static enum spred_status make_folder(struct spred_env *env, char *path)
{
    struct stat info;
    if (!*path)
        return spred_fail(env, SPRED_EIO, "the cache folder has no name");
    if (stat(path, &info) == 0)
        return S_ISDIR(info.st_mode)
                   ? SPRED_OK
                   : spred_fail(env, SPRED_EIO, "%s: is not a folder", path);
    return spred_make_folders(env, path, 0700);
}

enum spred_status spred_cache_dir(struct spred_env *env, const char *sub,
                                  char **out)
{
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    *out = NULL;
    if (cache && *cache == '/') /* the XDG text: others are to be ignored */
        *out = spred_format(env, "%s/spredbench/%s", cache, sub);
    else if (home && *home)
        *out = spred_format(env, "%s/.cache/spredbench/%s", home, sub);
    else
        return spred_fail(env, SPRED_EIO,
                          "no folder for the cache: neither XDG_CACHE_HOME "
                          "nor HOME is set");
    if (!*out)
        return SPRED_ENOMEM;
    enum spred_status status = make_folder(env, *out);
    if (status != SPRED_OK) {
        spred_free(env, *out);
        *out = NULL;
    }
    return status;
}

/* One line for a file that will be read: what changes when it changes. */
static enum spred_status add_file(struct spred_env *env,
                                  struct spred_buffer *key, const char *path)
{
    struct stat info;
    char *real = realpath(path, NULL);
    if (!real || stat(real, &info) != 0) {
        free(real);
        return spred_fail(env, SPRED_EIO, "%s: %s", path, strerror(errno));
    }
    enum spred_status status = spred_buffer_add(
        env, key, "file %s\n%lld %lld.%09ld %llu %llu\n", real,
        (long long)info.st_size, (long long)info.st_mtim.tv_sec,
        (long)info.st_mtim.tv_nsec, (unsigned long long)info.st_dev,
        (unsigned long long)info.st_ino);
    free(real);
    return status;
}

/* The file and, of a set of pictures, all that are read with it. */
static enum spred_status add_files(struct spred_env *env,
                                   struct spred_buffer *key, const char *path)
{
    struct spred_picture_files files;
    SPRED_TRY(add_file(env, key, path));
    enum spred_status status = spred_picture_files(env, path, &files);
    for (size_t i = 0; status == SPRED_OK && i < files.n; i++) {
        if (strcmp(files.file[i].pictures, path) != 0)
            status = add_file(env, key, files.file[i].pictures);
        if (status == SPRED_OK && files.file[i].labels)
            status = add_file(env, key, files.file[i].labels);
    }
    spred_picture_files_free(env, &files);
    return status;
}

static enum spred_status write_key(struct spred_env *env, const char *path,
                                   const struct spred_load_options *options,
                                   struct spred_buffer *key)
{
    char *beside = NULL;
    SPRED_TRY(spred_buffer_add(env, key, "reader %d\n", SPRED_READER_VERSION));
    SPRED_TRY(add_files(env, key, path));
    if (!options->labels)
        SPRED_TRY(spred_sidecar(env, path, &beside));
    const char *labels = options->labels ? options->labels : beside;
    enum spred_status status = labels ? add_file(env, key, labels) : SPRED_OK;
    spred_free(env, beside);
    SPRED_TRY(status);
    const char *texts[] = {options->name, options->object, options->response};
    for (size_t i = 0; i < 3; i++)
        SPRED_TRY(spred_buffer_add(env, key, "%s%s\n", texts[i] ? "=" : "-",
                                   texts[i] ? texts[i] : ""));
    return spred_buffer_add(env, key, "%d %d %zu\n", options->labels != NULL,
                            (int)options->orientation, options->max_bytes);
}

/* folder/NAME-key.spred; NULL in *out when there is no usable folder. */
static enum spred_status cache_file(struct spred_env *env, const char *path,
                                    const struct spred_load_options *options,
                                    const char *folder, char **out)
{
    struct spred_buffer key = {0};
    char hex[SPRED_HEX_SIZE];
    *out = NULL;
    enum spred_status status = write_key(env, path, options, &key);
    if (status == SPRED_OK)
        spred_sha256(key.text, key.length, hex);
    spred_free(env, key.text);
    SPRED_TRY(status);
    char *name = spred_data_name(env, path), *place = NULL;
    if (folder) {
        place = spred_strdup(env, folder);
        status = place ? make_folder(env, place) : SPRED_ENOMEM;
    } else {
        status = spred_cache_dir(env, "data", &place);
    }
    if (!name)
        status = SPRED_ENOMEM;
    if (status == SPRED_OK) {
        *out = spred_format(env, "%s/%.60s-%.*s.spred", place, name, KEY_DIGITS,
                            hex);
        status = *out ? SPRED_OK : SPRED_ENOMEM;
    } else if (status == SPRED_EIO) {
        spred_log(env, SPRED_LOG_WARN, "data are not cached: %s", env->error);
        status = SPRED_OK;
    }
    spred_free(env, name);
    spred_free(env, place);
    return status;
}

/* Writes the loaded data set and takes the mapped one in its place. What goes
 * wrong is logged; *file becomes NULL then. */
static enum spred_status store(struct spred_env *env, char **file,
                               struct spred_data *data)
{
    struct spred_data mapped;
    enum spred_status status = spred_cache_write(env, *file, data);
    if (status == SPRED_OK)
        status = spred_cache_map(env, *file, &mapped);
    if (status == SPRED_OK) {
        spred_data_free(env, data);
        *data = mapped;
        return SPRED_OK;
    }
    if (status == SPRED_EINTERRUPTED || status == SPRED_ENOMEM)
        return status;
    spred_log(env, SPRED_LOG_WARN, "data are not cached: %s", env->error);
    spred_free(env, *file);
    *file = NULL;
    return SPRED_OK;
}

enum spred_status spred_load_cached(struct spred_env *env, const char *path,
                                    const struct spred_load_options *options,
                                    const char *cache_dir,
                                    struct spred_data *out, char **cached_path)
{
    static const struct spred_load_options none;
    const struct spred_load_options *how = options ? options : &none;
    char *file = NULL;
    memset(out, 0, sizeof *out);
    if (cached_path)
        *cached_path = NULL;
    SPRED_TRY(cache_file(env, path, how, cache_dir, &file));
    enum spred_status status =
        file ? spred_cache_map_whole(env, file, out) : SPRED_ENOTFOUND;
    if (status != SPRED_OK) {
        if (status != SPRED_ENOTFOUND)
            spred_log(env, SPRED_LOG_WARN, "read again: %s", env->error);
        status = spred_load(env, path, how, out);
        if (status == SPRED_OK && file)
            status = store(env, &file, out);
    }
    if (status != SPRED_OK)
        spred_data_free(env, out);
    if (status == SPRED_OK && cached_path)
        *cached_path = file;
    else
        spred_free(env, file);
    return status;
}
