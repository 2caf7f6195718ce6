/* picture_files.c: which files together make one set of pictures. */
#include "pictures.h"

#include <string.h>
#include <sys/stat.h>

static const char *const packings[] = {"", ".gz", ".bz2", ".xz", NULL};

int spred_is_folder(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

void spred_picture_files_free(struct spred_env *env,
                              struct spred_picture_files *files)
{
    for (size_t i = 0; i < files->n; i++) {
        spred_free(env, files->file[i].pictures);
        spred_free(env, files->file[i].labels);
    }
    memset(files, 0, sizeof *files);
}

/* *out: stem as it is or packed, if there is such a file; else NULL. */
static enum spred_status find_file(struct spred_env *env, const char *stem,
                                   char **out)
{
    struct stat info;
    *out = NULL;
    for (size_t i = 0; packings[i]; i++) {
        char *path = spred_format(env, "%s%s", stem, packings[i]);
        if (!path)
            return SPRED_ENOMEM;
        if (stat(path, &info) == 0 && S_ISREG(info.st_mode)) {
            *out = path;
            return SPRED_OK;
        }
        spred_free(env, path);
    }
    return SPRED_OK;
}

/* stem with the last `from` of its base name replaced; NULL in *out: there is
 * none. */
static enum spred_status replace(struct spred_env *env, const char *stem,
                                 const char *from, const char *to, char **out)
{
    const char *slash = strrchr(stem, '/'), *found = NULL;
    for (const char *at = slash ? slash : stem; (at = strstr(at, from)); at++)
        found = at;
    *out = NULL;
    if (!found)
        return SPRED_OK;
    *out = spred_format(env, "%.*s%s%s", (int)(found - stem), stem, to,
                        found + strlen(from));
    return *out ? SPRED_OK : SPRED_ENOMEM;
}

/* The labels of "...images...idx3...": "...labels...idx1...", if there. */
static enum spred_status find_labels(struct spred_env *env, const char *stem,
                                     char **out)
{
    char *first = NULL, *second = NULL;
    *out = NULL;
    enum spred_status status = replace(env, stem, "images", "labels", &first);
    if (status == SPRED_OK && first)
        status = replace(env, first, "idx3", "idx1", &second);
    if (status == SPRED_OK && first)
        status = find_file(env, second ? second : first, out);
    spred_free(env, first);
    spred_free(env, second);
    return status;
}

/* The test part beside a training part that has labels or not. */
static enum spred_status add_test(struct spred_env *env, const char *stem,
                                  struct spred_picture_files *out)
{
    static const char *const names[] = {"t10k", "test", NULL};
    int labelled = out->file[0].labels != NULL;
    for (size_t i = 0; names[i] && out->n == 1; i++) {
        char *test = NULL;
        struct spred_picture_file *file = &out->file[1];
        enum spred_status status = replace(env, stem, "train", names[i], &test);
        if (status == SPRED_OK && test)
            status = find_file(env, test, &file->pictures);
        if (status == SPRED_OK && file->pictures) {
            out->n = 2;
            file->test = 1;
            status = find_labels(env, test, &file->labels);
            if (status == SPRED_OK && labelled && !file->labels)
                status = spred_fail(env, SPRED_ENOTFOUND,
                                    "%s: found no file of labels beside it, "
                                    "expected one as %s has",
                                    file->pictures, out->file[0].pictures);
        }
        spred_free(env, test);
        SPRED_TRY(status);
    }
    return SPRED_OK;
}

/* path and what goes with it. */
static enum spred_status of_file(struct spred_env *env, const char *path,
                                 struct spred_picture_files *out)
{
    const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
    out->n = 1;
    out->file[0].pictures = spred_strdup(env, path);
    if (!out->file[0].pictures)
        return SPRED_ENOMEM;
    if (!strstr(base, "images") || !strstr(base, "idx"))
        return SPRED_OK;
    char *stem = spred_strndup(env, path, spred_unpacked_length(path));
    enum spred_status status =
        stem ? find_labels(env, stem, &out->file[0].labels) : SPRED_ENOMEM;
    if (status == SPRED_OK)
        status = add_test(env, stem, out);
    spred_free(env, stem);
    return status;
}

/* Adds folder/name if it is there. */
static enum spred_status add(struct spred_env *env, const char *folder,
                             const char *name, int test,
                             struct spred_picture_files *out)
{
    char *stem = spred_format(env, "%s/%s", folder, name), *path = NULL;
    enum spred_status status =
        stem ? find_file(env, stem, &path) : SPRED_ENOMEM;
    if (path)
        out->file[out->n++] = (struct spred_picture_file){path, NULL, test};
    spred_free(env, stem);
    return status;
}

static enum spred_status of_folder(struct spred_env *env, const char *folder,
                                   struct spred_picture_files *out)
{
    static const char *const idx[] = {"train-images-idx3-ubyte",
                                      "train-images.idx3-ubyte", NULL};
    static const char *const cifar[] = {"data_batch_1.bin",
                                        "data_batch_2.bin",
                                        "data_batch_3.bin",
                                        "data_batch_4.bin",
                                        "data_batch_5.bin",
                                        "train.bin",
                                        NULL};
    for (size_t i = 0; idx[i]; i++) {
        SPRED_TRY(add(env, folder, idx[i], 0, out));
        if (out->n) {
            char *path = out->file[0].pictures;
            memset(out, 0, sizeof *out);
            enum spred_status status = of_file(env, path, out);
            spred_free(env, path);
            return status;
        }
    }
    for (size_t i = 0; cifar[i] && out->n + 1 < SPRED_PICTURE_FILES; i++)
        SPRED_TRY(add(env, folder, cifar[i], 0, out));
    if (out->n == 0)
        return spred_fail(env, SPRED_ENOTFOUND,
                          "%s: the folder has no pictures that are known, "
                          "expected train-images-idx3-ubyte[.gz] (MNIST's "
                          "names), data_batch_1.bin[.gz] (CIFAR-10) or "
                          "train.bin[.gz] (CIFAR-100)",
                          folder);
    const char *first = strrchr(out->file[0].pictures, '/') + 1;
    return add(env, folder,
               strncmp(first, "train", 5) == 0 ? "test.bin" : "test_batch.bin",
               1, out);
}

enum spred_status spred_picture_files(struct spred_env *env, const char *path,
                                      struct spred_picture_files *out)
{
    memset(out, 0, sizeof *out);
    return spred_is_folder(path) ? of_folder(env, path, out)
                                 : of_file(env, path, out);
}
