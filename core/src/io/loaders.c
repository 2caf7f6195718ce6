/* loaders.c: the table of readers, and reading a file by the bytes it holds. */
#include "pictures.h"

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include "spred/text.h"

static const struct spred_loader *const loaders[] = {
    &spred_load_soft,     &spred_load_gct, &spred_load_rdata,
    &spred_load_npy,      &spred_load_idx, &spred_load_cifar,
    &spred_load_svmlight, &spred_load_csv, NULL};

const struct spred_loader *const *spred_loaders(void)
{
    return loaders;
}

static int ends_with(const char *text, size_t length, const char *end)
{
    size_t width = strlen(end);
    return length > width &&
           strncasecmp(text + length - width, end, width) == 0;
}

size_t spred_unpacked_length(const char *path)
{
    static const char *const packings[] = {".gz", ".bz2", ".xz", NULL};
    size_t length = strlen(path);
    for (size_t i = 0; packings[i]; i++)
        if (ends_with(path, length, packings[i]))
            return length - strlen(packings[i]);
    return length;
}

char *spred_data_name(struct spred_env *env, const char *path)
{
    static const char *const endings[] = {
        ".soft",  ".gct",  ".csv",   ".tsv",      ".txt",    ".tab",
        ".svm",   ".svml", ".dat",   ".svmlight", ".libsvm", ".rda",
        ".rdata", ".rds",  ".X.npy", ".npy",      ".bin",    NULL};
    size_t whole = strlen(path);
    while (whole > 1 && path[whole - 1] == '/') /* a folder's */
        whole--;
    const char *base = path + whole;
    while (base > path && base[-1] != '/')
        base--;
    size_t length = spred_unpacked_length(base);
    if (length > (size_t)(path + whole - base))
        length = (size_t)(path + whole - base);
    for (size_t i = 0; endings[i]; i++)
        if (ends_with(base, length, endings[i])) {
            length -= strlen(endings[i]);
            if (i == 0 && ends_with(base, length, "_full"))
                length -= strlen("_full");
            break;
        }
    return spred_utf8(env, (struct spred_span){base, length});
}

enum spred_status spred_sidecar(struct spred_env *env, const char *path,
                                char **out)
{
    struct stat info;
    static const struct {
        const char *data, *labels;
    } pairs[] = {{".gct", ".cls"}, {".X.npy", ".y.npy"}, {NULL, NULL}};
    size_t length = spred_unpacked_length(path), k = 0;
    *out = NULL;
    while (pairs[k].data && !ends_with(path, length, pairs[k].data))
        k++;
    if (!pairs[k].data)
        return SPRED_OK;
    *out = spred_format(env, "%.*s%s", (int)(length - strlen(pairs[k].data)),
                        path, pairs[k].labels);
    if (!*out)
        return SPRED_ENOMEM;
    if (stat(*out, &info) != 0 || !S_ISREG(info.st_mode)) {
        spred_free(env, *out);
        *out = NULL;
    }
    return SPRED_OK;
}

static enum spred_status unknown_format(struct spred_env *env,
                                        const struct spred_bytes *file)
{
    struct spred_buffer names = {0};
    enum spred_status status = SPRED_OK;
    for (size_t i = 0; loaders[i] && status == SPRED_OK; i++)
        status = spred_buffer_add(env, &names, "%s%s (%s)", i ? ", " : "",
                                  loaders[i]->name, loaders[i]->extensions);
    if (status == SPRED_OK)
        status = spred_fail(
            env, SPRED_EFORMAT,
            "%s:1:1: found %s, expected one of the formats %s", file->path,
            file->length >= 2 && (memcmp(file->bytes, "\xff\xfe", 2) == 0 ||
                                  memcmp(file->bytes, "\xfe\xff", 2) == 0)
                ? "UTF-16 text (save it as UTF-8)"
                : "a file of unknown format",
            names.text);
    spred_free(env, names.text);
    return status;
}

static enum spred_status pick(struct spred_env *env,
                              const struct spred_bytes *file,
                              const struct spred_loader **out)
{
    int best = 0;
    *out = NULL;
    if (file->length == 0)
        return spred_fail(env, SPRED_EFORMAT,
                          "%s:1:1: found an empty file, expected data",
                          file->path);
    for (size_t i = 0; loaders[i]; i++) {
        int score = loaders[i]->probe(file->bytes, file->length);
        if (score > best) {
            best = score;
            *out = loaders[i];
        }
    }
    size_t end = spred_unpacked_length(file->path);
    if (!*out && ends_with(file->path, end, ".bin"))
        *out = &spred_load_cifar; /* which says what is wrong */
    return *out ? SPRED_OK : unknown_format(env, file);
}

/* The hash that stands for all that shaped the data: the file alone, or the
 * file, the labels and the options that change how it is read. */
static enum spred_status mix_hash(struct spred_env *env,
                                  const struct spred_load_options *options,
                                  const char *labels_hash,
                                  struct spred_data *data)
{
    if (!labels_hash && !options->object && !options->response &&
        options->orientation == SPRED_ORIENT_AUTO)
        return SPRED_OK;
    char *text = spred_format(
        env, "%s\nlabels %s\nobject %s\nresponse %s\n%d\n", data->hash,
        labels_hash ? labels_hash : "", options->object ? options->object : "",
        options->response ? options->response : "", (int)options->orientation);
    if (!text)
        return SPRED_ENOMEM;
    spred_sha256(text, strlen(text), data->hash);
    spred_free(env, text);
    return SPRED_OK;
}

/* The labels take the place of the targets that the file itself may hold: who
 * names labels has said what is to be predicted. */
static enum spred_status apply_labels(struct spred_env *env, const char *path,
                                      int found_beside, size_t max_bytes,
                                      struct spred_data *data,
                                      char hash[SPRED_HEX_SIZE])
{
    struct spred_bytes file;
    SPRED_TRY(spred_bytes_read(env, path, max_bytes, &file));
    memcpy(hash, file.hash, SPRED_HEX_SIZE);
    size_t replaced = data->n_targets;
    spred_targets_clear(env, data);
    enum spred_status status = spred_labels_apply(env, &file, data);
    spred_bytes_free(env, &file);
    SPRED_TRY(status);
    const char *slash = strrchr(path, '/'), *old = data->note;
    struct spred_buffer note = {0};
    if (*old)
        SPRED_TRY(spred_buffer_add(env, &note, "%s; ", old));
    status = spred_buffer_add(
        env, &note, "%s from %s%s",
        data->targets[0].kind == SPRED_TARGET_CLASS ? "classes" : "response",
        slash ? slash + 1 : path,
        found_beside ? ", found beside the file" : "");
    if (status == SPRED_OK && replaced)
        status = spred_buffer_add(
            env, &note, ", instead of %zu targets of the file", replaced);
    if (status != SPRED_OK) {
        spred_free(env, note.text);
        return status;
    }
    spred_free(env, data->note);
    data->note = note.text;
    return SPRED_OK;
}

static enum spred_status load(struct spred_env *env,
                              const struct spred_bytes *file,
                              const struct spred_load_options *options,
                              struct spred_data *out)
{
    const struct spred_loader *loader;
    char *beside = NULL, labels_hash[SPRED_HEX_SIZE];
    SPRED_TRY(pick(env, file, &loader));
    SPRED_TRY(loader->read(env, file, options, out));
    if (!*out->hash)
        memcpy(out->hash, file->hash, sizeof out->hash);
    if (!out->name)
        out->name = options->name
                        ? spred_strdup(env, options->name)
                        : spred_data_name(env, file->folder ? file->folder
                                                            : file->path);
    if (!out->note)
        out->note = spred_strdup(env, "");
    if (!out->name || !out->note)
        return SPRED_ENOMEM;
    if (!options->labels &&
        (loader == &spred_load_gct || loader == &spred_load_npy))
        SPRED_TRY(spred_sidecar(env, file->path, &beside));
    const char *labels = options->labels ? options->labels : beside;
    enum spred_status status = SPRED_OK;
    if (labels)
        status = apply_labels(env, labels, beside != NULL, options->max_bytes,
                              out, labels_hash);
    spred_free(env, beside);
    SPRED_TRY(status);
    SPRED_TRY(mix_hash(env, options, labels ? labels_hash : NULL, out));
    return spred_data_check(env, out);
}

enum spred_status spred_load(struct spred_env *env, const char *path,
                             const struct spred_load_options *options,
                             struct spred_data *out)
{
    static const struct spred_load_options none;
    struct spred_picture_files files = {0};
    struct spred_bytes file;
    enum spred_status status = SPRED_OK;
    int folder = spred_is_folder(path);
    memset(out, 0, sizeof *out);
    if (folder)
        status = spred_picture_files(env, path, &files);
    if (status == SPRED_OK)
        status = spred_bytes_read(env, folder ? files.file[0].pictures : path,
                                  options ? options->max_bytes : 0, &file);
    if (status != SPRED_OK) {
        spred_picture_files_free(env, &files);
        return status;
    }
    file.folder = folder ? path : NULL;
    status = load(env, &file, options ? options : &none, out);
    if (out->mapping != file.bytes)
        spred_bytes_free(env, &file);
    spred_picture_files_free(env, &files);
    if (status != SPRED_OK)
        spred_data_free(env, out);
    return status;
}
