/* load_idx.c: LeCun's idx arrays, as MNIST and its kin are published: pictures
 * with their labels and their test part, a plain matrix, or a vector of labels.
 * Format: http://yann.lecun.com/exdb/mnist, "the IDX file format". */
#include "pictures.h"

#include <math.h>
#include <string.h>

#define MOST_DIMS 8
/* Classes are whole numbers from 0 to one less. */
#define MOST_CLASSES 65536.0

static const struct type {
    unsigned char code;
    unsigned char item; /* bytes */
    const char *name;
} types[] = {{0x08, 1, "unsigned bytes"}, {0x09, 1, "signed bytes"},
             {0x0B, 2, "shorts"},         {0x0C, 4, "integers"},
             {0x0D, 4, "floats"},         {0x0E, 8, "doubles"}};

/* An open file; everything borrowed from it. */
struct idx {
    const struct type *type;
    size_t n_dims, dims[MOST_DIMS];
    size_t p; /* product of all but the first */
    const unsigned char *values;
};

static const struct type *type_of(unsigned char code)
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (types[i].code == code)
            return &types[i];
    return NULL;
}

static size_t big_endian(const unsigned char *at)
{
    return (size_t)at[0] << 24 | (size_t)at[1] << 16 | (size_t)at[2] << 8 |
           at[3];
}

int spred_is_idx(const char *bytes, size_t length)
{
    return length >= 8 && bytes[0] == 0 && bytes[1] == 0 &&
           type_of((unsigned char)bytes[2]) && bytes[3] >= 1 &&
           bytes[3] <= MOST_DIMS;
}

static enum spred_status open_file(struct spred_env *env,
                                   const struct spred_bytes *file,
                                   struct idx *out)
{
    const unsigned char *bytes = (const unsigned char *)file->bytes;
    memset(out, 0, sizeof *out);
    if (!spred_is_idx(file->bytes, file->length))
        return spred_fail(env, SPRED_EFORMAT,
                          "%s: byte 0: found no idx header (two zeros, a type, "
                          "1 to %d dimensions), expected one",
                          file->path, MOST_DIMS);
    out->type = type_of(bytes[2]);
    out->n_dims = bytes[3];
    size_t head = 4 + 4 * out->n_dims, room = SIZE_MAX / 16, count = 1;
    if (file->length < head)
        return spred_fail(env, SPRED_EFORMAT,
                          "%s: byte %zu: the header is cut off, expected %zu "
                          "bytes",
                          file->path, file->length, head);
    for (size_t k = 0; k < out->n_dims; k++) {
        size_t size = out->dims[k] = big_endian(bytes + 4 + 4 * k);
        if (size == 0 || count > room / size)
            return spred_fail(env, SPRED_EFORMAT,
                              "%s: byte %zu: found size %zu of dimension %zu, "
                              "expected %s",
                              file->path, 4 + 4 * k, size, k + 1,
                              size ? "less" : "at least 1");
        count *= size;
        out->p = k ? out->p * size : 1;
    }
    out->values = bytes + head;
    size_t expected = head + count * out->type->item;
    if (file->length != expected)
        return spred_fail(
            env, SPRED_EFORMAT,
            "%s: byte %zu: %s, expected %zu bytes: a header of "
            "%zu and %zu values (%s)",
            file->path, file->length < expected ? file->length : expected,
            file->length < expected ? "the file ends" : "the file goes on",
            expected, head, count, out->type->name);
    if (out->dims[0] > INT32_MAX)
        return spred_fail(env, SPRED_EFORMAT,
                          "%s: byte 4: found %zu samples, expected fewer",
                          file->path, out->dims[0]);
    return SPRED_OK;
}

static double value_at(const struct idx *idx, size_t k)
{
    const unsigned char *at = idx->values + k * idx->type->item;
    uint64_t bits = 0;
    for (size_t i = 0; i < idx->type->item; i++)
        bits = bits << 8 | at[i];
    switch (idx->type->code) {
    case 0x08:
        return (double)bits;
    case 0x09:
        return (double)bits - (bits & 0x80 ? 0x100 : 0);
    case 0x0B:
        return (double)bits - (bits & 0x8000 ? 0x10000 : 0);
    case 0x0C:
        return (double)bits - (bits & 0x80000000u ? 4294967296.0 : 0);
    case 0x0D: {
        uint32_t half = (uint32_t)bits;
        float value;
        memcpy(&value, &half, sizeof value);
        return (double)value;
    }
    default: {
        double value;
        memcpy(&value, &bits, sizeof value);
        return value;
    }
    }
}

/* The labels of one file as codes; n of them. */
static enum spred_status read_codes(struct spred_env *env,
                                    const struct spred_bytes *file,
                                    const struct idx *idx, size_t n,
                                    int32_t *codes)
{
    if (idx->n_dims != 1 || idx->dims[0] != n)
        return spred_fail(env, SPRED_EFORMAT,
                          "%s: byte 4: found %zu labels of %zu dimension%s, "
                          "expected %zu of one, as there are samples",
                          file->path, idx->dims[0], idx->n_dims,
                          idx->n_dims == 1 ? "" : "s", n);
    for (size_t i = 0; i < n; i++) {
        double value = value_at(idx, i);
        if (!(value >= 0 && value < MOST_CLASSES) || value > floor(value))
            return spred_fail(env, SPRED_EFORMAT,
                              "%s: byte %zu: found label %g, expected a whole "
                              "number from 0 to %.0f",
                              file->path, 8 + i * idx->type->item, value,
                              MOST_CLASSES - 1);
        codes[i] = (int32_t)value;
    }
    return SPRED_OK;
}

enum spred_status spred_idx_labels(struct spred_env *env,
                                   const struct spred_bytes *file,
                                   struct spred_data *data)
{
    struct idx idx;
    size_t n = data->x.rows;
    SPRED_TRY(open_file(env, file, &idx));
    int32_t *codes = spred_alloc(env, n, sizeof *codes);
    if (!codes)
        return SPRED_ENOMEM;
    enum spred_status status = read_codes(env, file, &idx, n, codes);
    if (status == SPRED_OK)
        return spred_pictures_target(env, data, "class", codes, NULL, 0);
    spred_free(env, codes);
    return status;
}

/* ---- a plain matrix ---- */

static enum spred_status read_matrix(struct spred_env *env,
                                     const struct spred_bytes *file,
                                     const struct idx *idx,
                                     struct spred_data *out)
{
    size_t n = idx->dims[0], p = idx->p;
    const char *slash = strrchr(file->path, '/');
    int wide = idx->type->item > 4 || idx->type->code == 0x0C;
    out->source = spred_format(env, "%s: idx array of %s",
                               slash ? slash + 1 : file->path, idx->type->name);
    if (!out->source)
        return SPRED_ENOMEM;
    SPRED_TRY(
        spred_matrix_new(env, wide ? SPRED_F64 : SPRED_F32, n, p, 0, &out->x));
    for (size_t i = 0; i < n; i++) {
        if (i % 1024 == 0)
            SPRED_TRY(spred_check_cancel(env));
        for (size_t j = 0; j < p; j++) {
            double value = value_at(idx, i * p + j);
            out->missing += isnan(value) != 0;
            if (wide)
                out->x.f64[i + j * n] = value;
            else
                out->x.f32[i + j * n] = (float)value;
        }
    }
    return spred_data_number_names(env, out);
}

/* ---- pictures ---- */

/* Fashion-MNIST's classes have names (Xiao, Rasul and Vollgraf 2017); it is
 * known by its labels, whatever its files are called: SHA-256 of the 60 000
 * of the training part and of the 10 000 of the test part. */
static const char *const fashion_names[] = {
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
    "Sandal",      "Shirt",   "Sneaker",  "Bag",   "Ankle boot"};
static const char *const fashion_labels[] = {
    "3d0e6c6ea990b53b6f8f500a41cac93881d981b315f84578b7d915342ade01e9",
    "657fbd221bfc9f4198cc14b5619cc33ec57c58dd0e47af4d99d6650759e869a7"};

static int is_fashion(const struct idx *labels)
{
    char hash[SPRED_HEX_SIZE];
    spred_sha256(labels->values, labels->dims[0] * labels->type->item, hash);
    return strcmp(hash, fashion_labels[0]) == 0 ||
           strcmp(hash, fashion_labels[1]) == 0;
}

/* The set while it is read: at most a training and a test part. */
struct set {
    const struct spred_load_options *options;
    struct spred_picture_files files;
    struct spred_bytes pictures[2], labels[2]; /* pictures[0]: the caller's */
    struct idx idx[2];
    int32_t *codes;
    size_t n;
    int fashion;
};

/* The test part, of pictures as large as those of the training part. */
static enum spred_status open_test(struct spred_env *env, struct set *set)
{
    const struct idx *train = &set->idx[0], *test = &set->idx[1];
    SPRED_TRY(spred_bytes_read(env, set->files.file[1].pictures,
                               set->options->max_bytes, &set->pictures[1]));
    SPRED_TRY(open_file(env, &set->pictures[1], &set->idx[1]));
    if (test->n_dims != 3 || test->type != train->type ||
        test->dims[1] != train->dims[1] || test->dims[2] != train->dims[2])
        return spred_fail(env, SPRED_EFORMAT,
                          "%s: byte 0: found no pictures of %zu x %zu unsigned "
                          "bytes, expected those of %s",
                          set->files.file[1].pictures, train->dims[1],
                          train->dims[2], set->files.file[0].pictures);
    return SPRED_OK;
}

static enum spred_status read_labels(struct spred_env *env, struct set *set)
{
    size_t row = 0;
    set->codes = spred_alloc(env, set->n, sizeof *set->codes);
    if (!set->codes)
        return SPRED_ENOMEM;
    for (size_t k = 0; k < set->files.n; k++) {
        struct idx labels;
        SPRED_TRY(spred_bytes_read(env, set->files.file[k].labels,
                                   set->options->max_bytes, &set->labels[k]));
        SPRED_TRY(open_file(env, &set->labels[k], &labels));
        SPRED_TRY(read_codes(env, &set->labels[k], &labels, set->idx[k].dims[0],
                             set->codes + row));
        set->fashion |= k == 0 && is_fashion(&labels);
        row += set->idx[k].dims[0];
    }
    return SPRED_OK;
}

static enum spred_status describe(struct spred_env *env, struct set *set,
                                  int labelled, struct spred_data *out)
{
    const char *hashes[4];
    size_t count = 0;
    for (size_t k = 0; k < set->files.n; k++) {
        hashes[count++] = set->pictures[k].hash;
        if (labelled)
            hashes[count++] = set->labels[k].hash;
    }
    char *form = spred_format(env, "idx, pictures of %zu x %zu", out->width,
                              out->height);
    if (!form)
        return SPRED_ENOMEM;
    enum spred_status status =
        spred_pictures_source(env, &set->files, form, hashes, count, out);
    spred_free(env, form);
    if (status != SPRED_OK || !labelled)
        return status;
    const char *path = set->files.file[0].labels, *slash = strrchr(path, '/');
    out->note = spred_format(env, "classes from %s%s", slash ? slash + 1 : path,
                             set->fashion ? ", named as Fashion-MNIST's" : "");
    return out->note ? SPRED_OK : SPRED_ENOMEM;
}

static enum spred_status read_set(struct spred_env *env, struct set *set,
                                  struct spred_data *out)
{
    struct spred_picture_block blocks[2];
    const struct idx *idx = set->idx;
    const struct spred_picture_shape shape = {idx->dims[1], idx->dims[2], 1, 0};
    int labelled = set->files.file[0].labels != NULL;
    if (set->files.n > 1)
        SPRED_TRY(open_test(env, set));
    for (size_t k = 0; k < set->files.n; k++) {
        blocks[k] = (struct spred_picture_block){idx[k].values, idx[k].dims[0],
                                                 idx[k].p};
        set->n += idx[k].dims[0];
        out->given_test = set->files.file[k].test ? idx[k].dims[0] : 0;
    }
    if (labelled)
        SPRED_TRY(read_labels(env, set));
    SPRED_TRY(spred_pictures_fill(env, &shape, blocks, set->files.n, out));
    if (labelled) {
        int32_t *codes = set->codes;
        set->codes = NULL;
        SPRED_TRY(spred_pictures_target(
            env, out, "class", codes, set->fashion ? fashion_names : NULL, 10));
    }
    return describe(env, set, labelled, out);
}

static enum spred_status idx_read(struct spred_env *env,
                                  const struct spred_bytes *file,
                                  const struct spred_load_options *options,
                                  struct spred_data *out)
{
    struct set set = {.options = options, .pictures = {*file}};
    SPRED_TRY(open_file(env, file, &set.idx[0]));
    if (set.idx[0].n_dims == 1)
        return spred_fail(env, SPRED_EFORMAT,
                          "%s: byte 3: found an array of one dimension, "
                          "expected samples x features or pictures (labels go "
                          "to `labels:`)",
                          file->path);
    if (set.idx[0].n_dims != 3 || set.idx[0].type->code != 0x08)
        return read_matrix(env, file, &set.idx[0], out);
    enum spred_status status = spred_picture_files(
        env, file->folder ? file->folder : file->path, &set.files);
    if (status == SPRED_OK && options->labels && !file->folder) {
        /* Who names labels has said what belongs to the file. */
        for (size_t k = set.files.n; k-- > 1; set.files.n = k) {
            spred_free(env, set.files.file[k].pictures);
            spred_free(env, set.files.file[k].labels);
        }
        spred_free(env, set.files.file[0].labels);
        set.files.file[0].labels = NULL;
    }
    if (status == SPRED_OK)
        status = read_set(env, &set, out);
    spred_picture_files_free(env, &set.files);
    spred_bytes_free(env, &set.pictures[1]);
    spred_bytes_free(env, &set.labels[0]);
    spred_bytes_free(env, &set.labels[1]);
    spred_free(env, set.codes);
    return status;
}

/* A CIFAR file may begin like an idx file: then the size says no. */
static int idx_probe(const char *bytes, size_t length)
{
    const struct spred_bytes file = {
        .bytes = (char *)(size_t)bytes, .length = length, .path = ""};
    struct spred_env env;
    struct idx idx;
    if (!spred_is_idx(bytes, length))
        return 0;
    spred_env_init(&env);
    return open_file(&env, &file, &idx) == SPRED_OK ? 100 : 40;
}

const struct spred_loader spred_load_idx = {
    "idx", "idx3-ubyte, idx3-ubyte.gz",
    "idx arrays: MNIST's pictures with the labels and the test part that lie "
    "beside them (or a folder of them), or a matrix",
    idx_probe, idx_read};
