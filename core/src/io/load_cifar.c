/* load_cifar.c: CIFAR-10's and CIFAR-100's binary records: one label
 * (CIFAR-100: coarse and fine), then 32 x 32 red, green and blue bytes
 * (Krizhevsky 2009, https://www.cs.toronto.edu/~kriz/cifar.html). */
#include "pictures.h"

#include <string.h>
#include "spred/file.h"

#define SIDE ((size_t)32)
#define PIXELS (3 * SIDE * SIDE)
#define NAMES_MOST 100

/* The two forms of a record. */
static const struct form {
    const char *name;
    size_t labels; /* bytes before the pixels */
    struct {
        const char *name, *file; /* target; its names beside the data */
        unsigned classes;
        const char *fallback[10];
    } target[2];
} forms[] = {{"CIFAR-10",
              1,
              {{"class",
                "batches.meta.txt",
                10,
                {"airplane", "automobile", "bird", "cat", "deer", "dog", "frog",
                 "horse", "ship", "truck"}}}},
             {"CIFAR-100",
              2,
              {{"superclass", "coarse_label_names.txt", 20, {NULL}},
               {"class", "fine_label_names.txt", 100, {NULL}}}}};

static size_t record_of(const struct form *form)
{
    return form->labels + PIXELS;
}

/* The first byte that is no label, or length. */
static size_t wrong_label(const struct form *form, const char *bytes,
                          size_t length)
{
    for (size_t at = 0; at < length; at += record_of(form))
        for (size_t k = 0; k < form->labels && at + k < length; k++)
            if ((unsigned char)bytes[at + k] >= form->target[k].classes)
                return at + k;
    return length;
}

/* What the records are: their size and labels tell. NULL: neither. */
static const struct form *form_of(const char *bytes, size_t length)
{
    for (size_t f = 0; f < 2; f++)
        if (length > 0 && length % record_of(&forms[f]) == 0 &&
            wrong_label(&forms[f], bytes, length) == length)
            return &forms[f];
    return NULL;
}

/* Text has no control characters but blanks. */
static int cifar_probe(const char *bytes, size_t length)
{
    const struct form *form = form_of(bytes, length);
    for (size_t at = 0; form && at < length; at += record_of(form))
        for (size_t k = 0; k < form->labels; k++)
            if ((unsigned char)bytes[at + k] < ' ' &&
                !memchr("\t\n\r\f", bytes[at + k], 4))
                return 60;
    return 0;
}

/* Why the bytes are not records of that form (or of any: NULL). */
static enum spred_status complain(struct spred_env *env,
                                  const struct spred_bytes *file,
                                  const struct form *form)
{
    const struct form *like = form ? form : &forms[0];
    size_t record = record_of(like), rest = file->length % record;
    size_t wrong = wrong_label(like, file->bytes, file->length - rest);
    if (wrong < file->length - rest || file->length == 0)
        return spred_fail(
            env, SPRED_EFORMAT,
            "%s: byte %zu: found %d, expected a label below %u at the head of "
            "a record of %zu bytes (%s)",
            file->path, wrong, (unsigned char)file->bytes[wrong],
            like->target[wrong % record].classes, record, like->name);
    return spred_fail(env, SPRED_EFORMAT,
                      "%s: byte %zu: the last record is cut off, found %zu "
                      "bytes of it, expected %zu (%s%s)",
                      file->path, file->length - rest, rest, record, like->name,
                      form ? "" : "; CIFAR-100: 3074");
}

/* Lines of a text as names, in `text`; how many there are. */
static size_t split_lines(char *text, const char **names)
{
    size_t count = 0;
    for (char *at = text; *at && count < NAMES_MOST;) {
        size_t length = strcspn(at, "\r\n");
        char *next = at + length + strspn(at + length, "\r\n");
        at[length] = '\0';
        if (length)
            names[count++] = at;
        at = next;
    }
    return count;
}

struct set {
    const struct form *form;
    struct spred_picture_files files;
    struct spred_bytes bytes[SPRED_PICTURE_FILES]; /* bytes[0]: the caller's */
    size_t n;
};

/* Target k; its names are those of the file beside, else the built-in ones. */
static enum spred_status add_target(struct spred_env *env, const struct set *s,
                                    size_t k, struct spred_data *out)
{
    const char *path = s->files.file[0].pictures, *slash = strrchr(path, '/');
    const char *beside[NAMES_MOST], *const *names = NULL;
    size_t classes = s->form->target[k].classes, row = 0, length = 0;
    char *text = NULL;
    char *file =
        spred_format(env, "%.*s%s", slash ? (int)(slash + 1 - path) : 0, path,
                     s->form->target[k].file);
    int32_t *codes = spred_alloc(env, s->n, sizeof *codes);
    enum spred_status status = file && codes ? SPRED_OK : SPRED_ENOMEM;
    for (size_t b = 0; status == SPRED_OK && b < s->files.n; b++)
        for (size_t at = k; at < s->bytes[b].length; at += record_of(s->form))
            codes[row++] = (unsigned char)s->bytes[b].bytes[at];
    if (status == SPRED_OK)
        status = spred_read_file(env, file, &text, &length);
    if (status == SPRED_OK && split_lines(text, beside) == classes)
        names = beside;
    if (status == SPRED_ENOTFOUND)
        status = SPRED_OK;
    if (!names && s->form->target[k].fallback[0])
        names = s->form->target[k].fallback;
    spred_free(env, file);
    if (status == SPRED_OK)
        status = spred_pictures_target(env, out, s->form->target[k].name, codes,
                                       names, classes);
    else
        spred_free(env, codes);
    spred_free(env, text);
    return status;
}

static enum spred_status read_set(struct spred_env *env,
                                  const struct spred_load_options *options,
                                  struct set *s, struct spred_data *out)
{
    static const struct spred_picture_shape shape = {SIDE, SIDE, 3, 1};
    struct spred_picture_block blocks[SPRED_PICTURE_FILES];
    const char *hashes[SPRED_PICTURE_FILES];
    size_t record = record_of(s->form);
    for (size_t b = 0; b < s->files.n; b++) {
        const struct spred_bytes *file = &s->bytes[b];
        if (b > 0)
            SPRED_TRY(spred_bytes_read(env, s->files.file[b].pictures,
                                       options->max_bytes, &s->bytes[b]));
        if (form_of(file->bytes, file->length) != s->form)
            return complain(env, file, s->form);
        size_t n = file->length / record;
        blocks[b] = (struct spred_picture_block){
            (const unsigned char *)file->bytes + s->form->labels, n, record};
        s->n += n;
        out->given_test = s->files.file[b].test ? n : 0;
        hashes[b] = file->hash;
    }
    SPRED_TRY(spred_pictures_fill(env, &shape, blocks, s->files.n, out));
    for (size_t k = s->form->labels; k-- > 0;) /* the fine classes first */
        SPRED_TRY(add_target(env, s, k, out));
    char *form =
        spred_format(env, "%s records, pictures of 32 x 32 x 3", s->form->name);
    enum spred_status status =
        form ? spred_pictures_source(env, &s->files, form, hashes, s->files.n,
                                     out)
             : SPRED_ENOMEM;
    spred_free(env, form);
    return status;
}

static enum spred_status cifar_read(struct spred_env *env,
                                    const struct spred_bytes *file,
                                    const struct spred_load_options *options,
                                    struct spred_data *out)
{
    struct set set = {.form = form_of(file->bytes, file->length),
                      .bytes = {*file}};
    if (!set.form)
        return complain(env, file, NULL);
    enum spred_status status = spred_picture_files(
        env, file->folder ? file->folder : file->path, &set.files);
    if (status == SPRED_OK)
        status = read_set(env, options, &set, out);
    for (size_t b = 1; b < SPRED_PICTURE_FILES; b++)
        spred_bytes_free(env, &set.bytes[b]);
    spred_picture_files_free(env, &set.files);
    return status;
}

const struct spred_loader spred_load_cifar = {
    "cifar", "bin, bin.gz",
    "CIFAR-10 and CIFAR-100 binary records (a folder: all batches)",
    cifar_probe, cifar_read};
