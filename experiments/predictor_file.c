/* predictor_file.c: a predictor as a file: a head of text that names the model
 * and has the hash of the rest, then fields of 8 bytes (their order is that of
 * this machine), texts with their length before them, and the model's bytes. */
#include "experiments/predictor.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "experiments/parts.h"
#include "spred/file.h"
#include "spred/hash.h"
#include "spred/text.h"

#define HEAD 512 /* bytes: the text, then zeros */
#define BYTE_ORDER UINT64_C(0x0102030405060708)

/* ---- out ---- */

struct writer {
    struct spred_env *env;
    struct spred_buffer out;
    enum spred_status status; /* the first error */
};

static void put(struct writer *w, const void *bytes, size_t size)
{
    if (w->status == SPRED_OK)
        w->status = spred_buffer_append(w->env, &w->out, bytes, size);
}

static void put_count(struct writer *w, size_t count)
{
    uint64_t value = count;
    put(w, &value, sizeof value);
}

static void put_bytes(struct writer *w, const void *bytes, size_t size)
{
    put_count(w, size);
    put(w, bytes, size);
}

static void put_text(struct writer *w, const char *text)
{
    put_bytes(w, text ? text : "", text ? strlen(text) : 0);
}

static void put_texts(struct writer *w, char *const *texts, size_t n)
{
    for (size_t i = 0; i < n; i++)
        put_text(w, texts[i]);
}

/* values: n, or NULL. */
static void put_reals(struct writer *w, const double *values, size_t n)
{
    put_count(w, values != NULL);
    if (values)
        put(w, values, n * sizeof *values);
}

static void put_body(struct writer *w, const struct predictor *p,
                     const void *bytes, size_t size)
{
    const struct spred_prepared *prepared = &p->prepared;
    put_count(w, BYTE_ORDER);
    put_count(w, (size_t)p->threads);
    put_count(w, p->outputs);
    put_count(w, p->n_classes);
    put_count(w, prepared->p_raw);
    put_count(w, prepared->p);
    for (size_t j = 0; j < prepared->p; j++)
        put_count(w, prepared->kept[j]);
    put_count(w, prepared->log2 != 0);
    put(w, &prepared->log2_floor, sizeof prepared->log2_floor);
    put_reals(w, prepared->median, prepared->p);
    put_reals(w, prepared->mean, prepared->p);
    put_reals(w, prepared->scale, prepared->p);
    put_texts(w, p->classes, p->n_classes);
    put_texts(w, p->features, prepared->p_raw);
    put_texts(w, p->symbols, prepared->p_raw);
    put_text(w, p->dataset);
    put_text(w, p->options);
    put_text(w, p->chosen);
    put_bytes(w, bytes, size);
}

enum spred_status predictor_write(struct spred_env *env, const char *path,
                                  const struct predictor *p, const void *bytes,
                                  size_t size)
{
    struct writer w = {.env = env};
    char head[HEAD] = "", hash[SPRED_HEX_SIZE];
    put_body(&w, p, bytes, size);
    if (w.status == SPRED_OK) {
        spred_sha256(w.out.text, w.out.length, hash);
        snprintf(head, sizeof head,
                 "spredbench model 1\nmodel %.100s\nversion %u\nsha256 %s\n",
                 p->model->name, p->model->api_version, hash);
        const struct spred_piece pieces[] = {{head, sizeof head},
                                             {w.out.text, w.out.length}};
        w.status = spred_write_pieces(env, path, pieces, 2);
    }
    spred_free(env, w.out.text);
    return w.status;
}

/* ---- in ---- */

struct reader {
    struct spred_env *env;
    const char *at;
    size_t left;
    enum spred_status status; /* the first error */
};

static const void *take(struct reader *r, size_t size)
{
    const void *at = r->at;
    if (r->status == SPRED_OK && size > r->left)
        r->status =
            spred_fail(r->env, SPRED_EFORMAT, "the file ends too early");
    if (r->status != SPRED_OK)
        return NULL;
    r->at += size;
    r->left -= size;
    return at;
}

/* At most `most`; 0 after an error. */
static size_t take_count(struct reader *r, size_t most)
{
    uint64_t value = 0;
    const void *at = take(r, sizeof value);
    if (at)
        memcpy(&value, at, sizeof value);
    if (value > most) {
        r->status = spred_fail(r->env, SPRED_EFORMAT,
                               "a count in the file is not possible");
        return 0;
    }
    return (size_t)value;
}

static const void *take_bytes(struct reader *r, size_t *size)
{
    *size = take_count(r, r->left);
    return take(r, *size);
}

static char *take_text(struct reader *r)
{
    size_t length;
    const char *at = take_bytes(r, &length);
    char *text = at ? spred_strndup(r->env, at, length) : NULL;
    if (at && !text)
        r->status = SPRED_ENOMEM;
    return text;
}

/* Every one of n takes at least 8 bytes of the file. */
static char **take_texts(struct reader *r, size_t n)
{
    char **texts = spred_alloc(r->env, n, sizeof *texts);
    if (!texts)
        r->status = SPRED_ENOMEM;
    for (size_t i = 0; texts && i < n; i++)
        texts[i] = take_text(r);
    return texts;
}

static double *take_reals(struct reader *r, size_t n)
{
    if (!take_count(r, 1))
        return NULL;
    const void *at = take(r, n * sizeof(double));
    double *values = at ? spred_alloc(r->env, n, sizeof *values) : NULL;
    if (at && !values)
        r->status = SPRED_ENOMEM;
    if (values)
        memcpy(values, at, n * sizeof *values);
    for (size_t i = 0; values && i < n; i++)
        if (!isfinite(values[i]) && r->status == SPRED_OK)
            r->status = spred_fail(r->env, SPRED_EFORMAT,
                                   "a number in the file is not finite");
    return values;
}

static void take_prepared(struct reader *r, struct spred_prepared *out)
{
    const size_t most = r->left / 16; /* two names of each feature */
    size_t p_raw = take_count(r, most), p = take_count(r, p_raw);
    out->kept = spred_alloc(r->env, p, sizeof *out->kept);
    if (!out->kept) {
        r->status = SPRED_ENOMEM;
        return;
    }
    out->p = p;
    for (size_t j = 0; j < p; j++) {
        out->kept[j] = take_count(r, p_raw - 1);
        if (j > 0 && out->kept[j] <= out->kept[j - 1] && r->status == SPRED_OK)
            r->status = spred_fail(r->env, SPRED_EFORMAT,
                                   "the features in the file have no order");
    }
    out->log2 = (int)take_count(r, 1);
    const void *at = take(r, sizeof out->log2_floor);
    if (at)
        memcpy(&out->log2_floor, at, sizeof out->log2_floor);
    out->median = take_reals(r, p);
    out->mean = take_reals(r, p);
    out->scale = take_reals(r, p);
    out->p_raw = p_raw; /* its names are freed once they are there */
}

static void take_body(struct reader *r, struct predictor *out)
{
    if (take_count(r, (size_t)-1) != BYTE_ORDER && r->status == SPRED_OK)
        r->status = spred_fail(r->env, SPRED_EFORMAT,
                               "the file is of a machine with another order "
                               "of bytes");
    out->threads = (int64_t)take_count(r, 1024);
    out->outputs = take_count(r, r->left / 8);
    size_t n_classes = take_count(r, r->left / 8);
    take_prepared(r, &out->prepared);
    if (r->status != SPRED_OK)
        return;
    if (out->prepared.p == 0 || out->threads < 1 ||
        out->outputs != (n_classes ? n_classes : 1)) {
        r->status = spred_fail(r->env, SPRED_EFORMAT,
                               "a count in the file is not possible");
        return;
    }
    out->n_classes = n_classes;
    out->classes = take_texts(r, n_classes);
    out->features = take_texts(r, out->prepared.p_raw);
    out->symbols = take_texts(r, out->prepared.p_raw);
    out->dataset = take_text(r);
    out->options = take_text(r);
    out->chosen = take_text(r);
}

static void take_model(struct reader *r, struct predictor *out)
{
    size_t size;
    const void *bytes = take_bytes(r, &size);
    if (r->status == SPRED_OK && r->left)
        r->status = spred_fail(r->env, SPRED_EFORMAT,
                               "the file goes on behind its end");
    if (r->status != SPRED_OK)
        return;
    /* The model's own numbers may be aligned: a block begins as they did. */
    void *copy = spred_alloc(r->env, size, 1);
    out->state = spred_alloc(r->env, 1, out->model->state_size);
    r->status = copy && out->state ? SPRED_OK : SPRED_ENOMEM;
    if (r->status == SPRED_OK) {
        memcpy(copy, bytes, size);
        r->status = out->model->load(r->env, out->state, out->prepared.p,
                                     out->outputs, copy, size);
    }
    spred_free(r->env, copy);
}

/* The head, and the model that it names. */
static enum spred_status read_head(struct spred_env *env, const char *text,
                                   size_t length, struct predictor *out)
{
    char head[HEAD], name[101], hash[65], found[SPRED_HEX_SIZE];
    unsigned version;
    if (length < HEAD)
        return spred_fail(env, SPRED_EFORMAT, "not a saved model");
    memcpy(head, text, HEAD);
    head[HEAD - 1] = '\0';
    if (sscanf(head,
               "spredbench model 1\nmodel %100s\nversion %u\nsha256 %64s\n",
               name, &version, hash) != 3)
        return spred_fail(env, SPRED_EFORMAT, "not a saved model");
    spred_sha256(text + HEAD, length - HEAD, found);
    if (strcmp(hash, found) != 0)
        return spred_fail(env, SPRED_EFORMAT, "the file is damaged");
    out->model = parts_model(NULL, name);
    if (!out->model || !out->model->load)
        return spred_fail(env, SPRED_ENOTFOUND,
                          "it is of the model '%s', which this program %s",
                          name, out->model ? "cannot load" : "does not have");
    if (out->model->api_version != version)
        return spred_fail(env, SPRED_EFORMAT,
                          "it is of version %u of the model %s, this program "
                          "has version %u",
                          version, name, out->model->api_version);
    return SPRED_OK;
}

enum spred_status predictor_read(struct spred_env *env, const char *path,
                                 struct predictor *out)
{
    char *text = NULL, reason[SPRED_ERROR_MAX];
    size_t length;
    memset(out, 0, sizeof *out);
    SPRED_TRY(spred_read_file(env, path, &text, &length));
    enum spred_status status = read_head(env, text, length, out);
    if (status == SPRED_OK) {
        struct reader r = {
            .env = env, .at = text + HEAD, .left = length - HEAD};
        take_body(&r, out);
        if (r.status == SPRED_OK)
            take_model(&r, out);
        status = r.status;
    }
    spred_free(env, text);
    if (status != SPRED_OK && status != SPRED_ENOMEM) {
        memcpy(reason, env->error, sizeof reason);
        return spred_fail(env, status, "%s: %.900s", path, reason);
    }
    return status;
}
