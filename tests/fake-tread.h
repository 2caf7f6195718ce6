/* fake-tread.h: a model that goes step after step, saves itself on its way,
 * goes on from what it saved, marks how sparse it is, shows its weights and can
 * be stored; all it does follows from its bytes. */
#ifndef SPRED_FAKE_TREAD_H
#define SPRED_FAKE_TREAD_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "spred/model.h"

enum {
    TREAD_WELL,
    TREAD_LATE,  /* saves after its first offer */
    TREAD_NAN,   /* its last mark cannot be predicted */
    TREAD_PICKY, /* refuses what was saved */
    TREAD_ODD,   /* a mark with more weights left than there are */
    TREAD_DIE    /* fails in the middle, once it saved */
};
static const char *const tread_ways[] = {"well", "late", "nan", "picky",
                                         "odd",  "die",  NULL};
struct tread_options {
    long steps, every, pause;
    double rate;
    int way;
};
#define TREAD(kind, member) kind, offsetof(struct tread_options, member)
static const struct spred_option tread_table[] = {
    {"steps", TREAD(SPRED_OPTION_INT, steps), "40", 1, 1e9, NULL, "of a fit"},
    {"every", TREAD(SPRED_OPTION_INT, every), "5", 1, 1e9, NULL, "a save"},
    {"pause", TREAD(SPRED_OPTION_INT, pause), "0", 0, 1e6, NULL, "ms a step"},
    {"rate", TREAD(SPRED_OPTION_REAL, rate), "0.1", 0, 10, NULL, "of a step"},
    {"way", TREAD(SPRED_OPTION_CHOICE, way), "well", 0, 0, tread_ways, "how"},
    {0}};

/* What a fit saves and a store keeps, the weights p x outputs behind it. */
struct tread_head {
    uint64_t magic, step, random, p, outputs;
};
#define TREAD_MAGIC UINT64_C(0x6461657274)

struct tread {
    struct tread_head head;
    double *w;
};

static enum spred_status tread_pack(struct spred_env *env,
                                    const struct tread *s, void **bytes,
                                    size_t *size)
{
    size_t n = s->head.p * s->head.outputs * sizeof *s->w;
    *size = sizeof s->head + n;
    char *out = *bytes = spred_alloc(env, *size, 1);
    if (!out)
        return SPRED_ENOMEM;
    memcpy(out, &s->head, sizeof s->head);
    memcpy(out + sizeof s->head, s->w, n);
    return SPRED_OK;
}

static enum spred_status tread_unpack(struct spred_env *env, struct tread *s,
                                      const void *bytes, size_t size)
{
    const char *from = bytes;
    if (size >= sizeof s->head)
        memcpy(&s->head, from, sizeof s->head);
    if (size < sizeof s->head || s->head.magic != TREAD_MAGIC ||
        s->head.p * s->head.outputs * sizeof *s->w != size - sizeof s->head)
        return spred_fail(env, SPRED_EFORMAT, "not the bytes of a tread");
    s->w = spred_alloc(env, s->head.p * s->head.outputs, sizeof *s->w);
    if (!s->w)
        return SPRED_ENOMEM;
    memcpy(s->w, from + sizeof s->head, size - sizeof s->head);
    return SPRED_OK;
}

/* Where fits begin, for a test that looks on: a line in the file. */
static void tread_tell(const struct tread *s)
{
    const char *path = getenv("TREAD_LOG");
    FILE *file = path ? fopen(path, "a") : NULL;
    if (!file)
        return;
    fprintf(file, "%lu\n", (unsigned long)s->head.step);
    fclose(file);
}

/* A step on one sample, as the random state says: softmax and cross-entropy. */
static void tread_step(struct tread *s, const struct spred_rows *rows,
                       double rate)
{
    double score[8], total = 0;
    s->head.random =
        s->head.random * UINT64_C(6364136223846793005) + 1442695040888963407u;
    size_t i = (size_t)(s->head.random >> 33) % rows->n;
    for (size_t k = 0; k < s->head.outputs; k++) {
        score[k] = 0;
        for (size_t j = 0; j < s->head.p; j++)
            score[k] +=
                s->w[j + k * s->head.p] * (double)rows->x[i + j * rows->n];
        total += exp(score[k]);
    }
    for (size_t k = 0; k < s->head.outputs; k++) {
        double error =
            (rows->codes[i] == (int32_t)k ? 1 : 0) - exp(score[k]) / total;
        for (size_t j = 0; j < s->head.p; j++)
            s->w[j + k * s->head.p] +=
                rate * error * (double)rows->x[i + j * rows->n];
    }
    s->head.step++;
}

/* Two layers: the first half of the genes and the second. */
static enum spred_status tread_mark(struct tread *s, const char *rule,
                                    double threshold,
                                    const struct spred_model_task *task)
{
    struct spred_layer_mark layers[2] = {{.name = "first"}, {.name = "second"}};
    size_t left = 0;
    for (size_t j = 0; j < s->head.p; j++) {
        struct spred_layer_mark *layer = &layers[j >= s->head.p / 2];
        size_t nonzero = 0;
        for (size_t k = 0; k < s->head.outputs; k++)
            nonzero += fabs(s->w[j + k * s->head.p]) > 0;
        layer->weights += s->head.outputs;
        layer->nonzero += nonzero;
        layer->units++;
        layer->units_left += nonzero > 0;
        left += nonzero;
    }
    if (strcmp(rule, "odd") == 0)
        layers[1].nonzero = layers[1].weights + 1;
    const struct spred_mark mark = {.rule = rule,
                                    .threshold = threshold,
                                    .macs = (double)left,
                                    .macs_dense =
                                        (double)(s->head.p * s->head.outputs),
                                    .layers = layers,
                                    .n_layers = 2};
    return task->mark(task->cookie, &mark);
}

/* Weights up to the threshold are zero while it is marked. */
static enum spred_status tread_cut(struct spred_env *env, struct tread *s,
                                   double threshold, int spoil,
                                   const struct spred_model_task *task)
{
    size_t n = s->head.p * s->head.outputs;
    double *kept = spred_alloc(env, n, sizeof *kept);
    if (!kept)
        return SPRED_ENOMEM;
    memcpy(kept, s->w, n * sizeof *kept);
    for (size_t e = 0; e < n; e++)
        if (fabs(s->w[e]) <= threshold)
            s->w[e] = 0;
    if (spoil)
        s->w[0] = NAN;
    enum spred_status status = tread_mark(s, "threshold", threshold, task);
    memcpy(s->w, kept, n * sizeof *kept);
    spred_free(env, kept);
    return status;
}

static enum spred_status tread_show(struct spred_env *env,
                                    const struct tread *s, const char *name,
                                    const struct spred_model_task *task)
{
    const struct spred_picture line = {1, s->head.p, 1};
    size_t n = s->head.p * s->head.outputs;
    float *values = spred_alloc(env, n, sizeof *values);
    if (!values)
        return SPRED_ENOMEM;
    for (size_t e = 0; e < n; e++)
        values[e] = (float)s->w[e];
    enum spred_status status = task->show(task->cookie, name, s->head.p,
                                          s->head.outputs, &line, values);
    spred_free(env, values);
    return status;
}

static enum spred_status tread_save(struct spred_env *env,
                                    const struct tread *s,
                                    const struct spred_model_task *task)
{
    void *bytes = NULL;
    size_t size = 0;
    if (!task->save)
        return SPRED_OK;
    enum spred_status status = tread_pack(env, s, &bytes, &size);
    if (status == SPRED_OK)
        status = task->save(task->cookie, bytes, size);
    spred_free(env, bytes);
    return status;
}

static enum spred_status tread_end(struct spred_env *env, struct tread *s,
                                   const struct tread_options *o,
                                   const struct spred_model_task *task)
{
    struct spred_offer offer;
    char what[32];
    snprintf(what, sizeof what, "step=%ld", o->steps);
    SPRED_TRY(task->offer(task->cookie, what, &offer));
    if (o->way == TREAD_LATE)
        SPRED_TRY(tread_save(env, s, task));
    if (task->mark) {
        SPRED_TRY(
            tread_mark(s, o->way == TREAD_ODD ? "odd" : "dense", NAN, task));
        SPRED_TRY(tread_cut(env, s, 0.1, 0, task));
        SPRED_TRY(tread_cut(env, s, 0.2, o->way == TREAD_NAN, task));
    }
    return task->show ? tread_show(env, s, "weights", task) : SPRED_OK;
}

static enum spred_status tread_fit(struct spred_env *env, void *state,
                                   const void *options,
                                   const struct spred_model_task *task,
                                   struct spred_model_report *report)
{
    const struct tread_options *o = options;
    const struct timespec pause = {o->pause / 1000, o->pause % 1000 * 1000000L};
    struct tread *s = state;
    if (task->saved && o->way == TREAD_PICKY)
        return spred_fail(env, SPRED_EFORMAT, "saved bytes are not for me");
    if (task->saved) {
        SPRED_TRY(tread_unpack(env, s, task->saved, task->saved_size));
    } else {
        s->head = (struct tread_head){TREAD_MAGIC, 0, task->seed, task->train.p,
                                      task->classes};
        s->w = spred_alloc(env, s->head.p * s->head.outputs, sizeof *s->w);
        if (!s->w)
            return SPRED_ENOMEM;
    }
    tread_tell(s);
    if (task->show)
        SPRED_TRY(tread_show(env, s, "weights", task));
    while (s->head.step < (uint64_t)o->steps) {
        SPRED_TRY(spred_check_cancel(env));
        tread_step(s, &task->train, o->rate);
        if (o->pause)
            nanosleep(&pause, NULL);
        if (s->head.step % (uint64_t)o->every == 0)
            SPRED_TRY(tread_save(env, s, task));
        if (o->way == TREAD_DIE && s->head.step == (uint64_t)o->steps / 2)
            return spred_fail(env, SPRED_EINVAL, "fell at step %lu",
                              (unsigned long)s->head.step);
    }
    report->steps = (long)s->head.step;
    report->passes = (double)s->head.step / (double)task->train.n;
    snprintf(report->note, sizeof report->note, "%ld steps", report->steps);
    return tread_end(env, s, o, task);
}

static enum spred_status tread_predict(struct spred_env *env, void *state,
                                       const float *x, size_t n, double *scores)
{
    const struct tread *s = state;
    (void)env;
    for (size_t k = 0; k < s->head.outputs; k++)
        for (size_t i = 0; i < n; i++) {
            scores[i + k * n] = 0;
            for (size_t j = 0; j < s->head.p; j++)
                scores[i + k * n] +=
                    s->w[j + k * s->head.p] * (double)x[i + j * n];
        }
    return SPRED_OK;
}

static void tread_genes(const void *state, double *importance)
{
    const struct tread *s = state;
    for (size_t j = 0; j < s->head.p; j++) {
        importance[j] = 0;
        for (size_t k = 0; k < s->head.outputs; k++)
            importance[j] = fmax(importance[j], fabs(s->w[j + k * s->head.p]));
    }
}

static void tread_free(struct spred_env *env, void *state)
{
    spred_free(env, ((struct tread *)state)->w);
}

static enum spred_status tread_store(struct spred_env *env, const void *state,
                                     void **bytes, size_t *size)
{
    return tread_pack(env, state, bytes, size);
}

static enum spred_status tread_load(struct spred_env *env, void *state,
                                    size_t p, size_t outputs, const void *bytes,
                                    size_t size)
{
    (void)p;
    (void)outputs;
    return tread_unpack(env, state, bytes, size);
}

static const struct spred_model tread = {
    .name = "tread",
    .doc = "goes step after step",
    .reference = "none",
    .api_version = 2,
    .takes = SPRED_MODEL_CLASSES | SPRED_MODEL_LOGITS | SPRED_MODEL_CHOOSES,
    .state_size = sizeof(struct tread),
    .options_size = sizeof(struct tread_options),
    .options = tread_table,
    .fit = tread_fit,
    .predict = tread_predict,
    .genes = tread_genes,
    .free = tread_free,
    .store = tread_store,
    .load = tread_load};

#endif
