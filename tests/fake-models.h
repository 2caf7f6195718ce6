/* fake-models.h: models that look at one gene after the other, offer each, and
 * misbehave when told to; and a small data set whose gene 3 says the class. */
#ifndef SPRED_FAKE_MODELS_H
#define SPRED_FAKE_MODELS_H

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "experiments/parts.h"
#include "experiments/plan.h"
#include "experiments/sources.h"
#include "spred/rng.h"

enum {
    LOOK_WELL,
    LOOK_DIVERGE,
    LOOK_FAIL,
    LOOK_HANG,
    LOOK_SILENT,
    LOOK_NAN,
    LOOK_SPOIL /* gene 3: the validation part can be predicted, the test
                  part cannot */
};
static const char *const look_ways[] = {"well",   "diverge", "fail",  "hang",
                                        "silent", "nan",     "spoil", NULL};
struct look_options {
    double gain;
    long genes;
    int way;
    char word[SPRED_OPTION_TEXT_MAX];
};
#define LOOK(kind, member) kind, offsetof(struct look_options, member)
static const struct spred_option look_table[] = {
    {"gain", LOOK(SPRED_OPTION_REAL, gain), "1", 0, 100, NULL, "of the scores"},
    {"genes", LOOK(SPRED_OPTION_INT, genes), "5", 1, 1000, NULL, "looked at"},
    {"way", LOOK(SPRED_OPTION_CHOICE, way), "well", 0, 0, look_ways, "how"},
    {"word", LOOK(SPRED_OPTION_TEXT, word), "", 0, 0, NULL, "layers"},
    {0}};

struct look {
    double *weight; /* p: the gain of the gene that it looks at */
    size_t p, at, outputs;
    int spoil, predicted; /* parts, of this offer */
};

static enum spred_status look_fit(struct spred_env *env, void *state,
                                  const void *options,
                                  const struct spred_model_task *task,
                                  struct spred_model_report *report)
{
    const struct look_options *o = options;
    struct look *s = state;
    s->p = task->train.p;
    s->outputs = task->classes ? task->classes : 1;
    s->spoil = o->way == LOOK_SPOIL;
    if (!(s->weight = spred_alloc(env, s->p, sizeof *s->weight)))
        return SPRED_ENOMEM;
    snprintf(report->note, sizeof report->note, "looked with gain %g", o->gain);
    if (o->way == LOOK_FAIL)
        return spred_fail(env, SPRED_EINVAL, "will not look");
    for (long g = 0; g < o->genes && o->way != LOOK_SILENT; g++) {
        char what[32];
        struct spred_offer offer;
        s->weight[s->at] = 0;
        s->at = (size_t)g % s->p;
        s->predicted = 0;
        s->weight[s->at] = o->way == LOOK_NAN ? NAN : o->gain;
        report->steps++;
        report->passes += 1 / (double)s->p;
        if (o->way == LOOK_DIVERGE && g == 1)
            return spred_fail(env, SPRED_ENUMERIC, "the loss is not finite");
        while (o->way == LOOK_HANG && g == 3)
            SPRED_TRY(spred_check_cancel(env));
        snprintf(what, sizeof what, "gene=%ld", g + 1);
        SPRED_TRY(task->offer(task->cookie, what, &offer));
    }
    return SPRED_OK;
}

/* The classes lie at 0, 1, 2 ... of the gene. */
static enum spred_status look_predict(struct spred_env *env, void *state,
                                      const float *x, size_t n, double *scores)
{
    struct look *s = state;
    (void)env;
    s->predicted++;
    for (size_t k = 0; k < s->outputs; k++)
        for (size_t i = 0; i < n; i++) {
            double at = s->weight[s->at] * (double)x[i + s->at * n];
            scores[i + k * n] = s->outputs == 1 ? at : at * (double)k;
            if (s->spoil && s->at == 2 && s->predicted == 2)
                scores[i + k * n] = NAN;
        }
    return SPRED_OK;
}

static void look_genes(const void *state, double *importance)
{
    const struct look *s = state;
    for (size_t j = 0; j < s->p; j++)
        importance[j] = fabs(s->weight[j]) > 0 ? fabs(s->weight[j]) : 0;
}

static void look_genes_all(const void *state, double *importance)
{
    const struct look *s = state;
    for (size_t j = 0; j < s->p; j++)
        importance[j] = 1 + fabs(s->weight[j]);
}

static void look_free(struct spred_env *env, void *state)
{
    spred_free(env, ((struct look *)state)->weight);
}

#define LOOK_MODEL(model_name, model_takes, model_genes)                       \
    {                                                                          \
        .name = model_name, .doc = "looks", .reference = "none",               \
        .api_version = 3, .takes = model_takes,                                \
        .state_size = sizeof(struct look),                                     \
        .options_size = sizeof(struct look_options), .options = look_table,    \
        .fit = look_fit, .predict = look_predict, .genes = model_genes,        \
        .free = look_free                                                      \
    }
static const struct spred_model look = LOOK_MODEL("look",
                                                  SPRED_MODEL_CLASSES |
                                                      SPRED_MODEL_REAL |
                                                      SPRED_MODEL_LOGITS |
                                                      SPRED_MODEL_CHOOSES,
                                                  look_genes),
                                look_all =
                                    LOOK_MODEL("look-all", SPRED_MODEL_CLASSES,
                                               look_genes_all);
static const struct spred_model *const look_models[] = {&look, &look_all, NULL};

/* ---- the data ---- */

enum { PLAIN_N = 60, PLAIN_P = 250 };
struct plain {
    struct spred_data data;
    struct spred_target target;
    double x[PLAIN_N * PLAIN_P], values[PLAIN_N], truth[PLAIN_P];
    int32_t codes[PLAIN_N];
    char *names[PLAIN_P], text[PLAIN_P][8], *levels[3];
};

/* Gene 1 numbers the samples, gene 3 has the class in it, gene 2 a hint; the
 * first class is twice as large as the others. real: y is gene 3. */
static inline void plain_make(struct plain *d, size_t classes, int real)
{
    struct spred_env env;
    spred_env_init(&env);
    struct spred_rng *rng = spred_rng_new(&env, 7);
    memset(d, 0, sizeof *d);
    for (size_t j = 0; j < PLAIN_P; j++) {
        d->names[j] = d->text[j];
        snprintf(d->text[j], sizeof d->text[j], "g%zu", j + 1);
    }
    for (size_t i = 0; i < PLAIN_N; i++) {
        size_t code = i % (classes + 1) < 2 ? 0 : i % (classes + 1) - 1;
        d->codes[i] = (int32_t)code;
        for (size_t j = 0; j < PLAIN_P; j++)
            d->x[i + j * PLAIN_N] = spred_rng_normal(rng);
        d->x[i] = (double)i;
        d->x[i + PLAIN_N] += (double)code;
        d->x[i + 2 * PLAIN_N] = (double)code + 0.1 * d->x[i + 2 * PLAIN_N];
        d->values[i] = d->x[i + 2 * PLAIN_N];
    }
    spred_rng_free(rng);
    d->truth[2] = d->truth[5] = 1;
    static char level_names[3][2] = {"a", "b", "c"};
    for (size_t k = 0; k < 3; k++)
        d->levels[k] = level_names[k];
    static char target[] = "class", name[] = "plain", none[] = "";
    d->target = (struct spred_target){.name = target};
    if (real) {
        d->target.kind = SPRED_TARGET_REAL;
        d->target.values = d->values;
    } else {
        d->target.kind = SPRED_TARGET_CLASS;
        d->target.n_levels = classes;
        d->target.levels = d->levels;
        d->target.codes = d->codes;
    }
    d->data = (struct spred_data){.name = name,
                                  .source = none,
                                  .note = none,
                                  .simulated = 1,
                                  .hash = "plain",
                                  .x = {.storage = SPRED_F64,
                                        .rows = PLAIN_N,
                                        .cols = PLAIN_P,
                                        .f64 = d->x},
                                  .features = d->names,
                                  .symbols = d->names,
                                  .samples = d->names,
                                  .n_targets = 1,
                                  .targets = &d->target,
                                  .truth = d->truth};
}

#endif
