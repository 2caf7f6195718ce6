/* print.c: a network's layers as the word that parse.c reads. */
#include "solvers/nn/inside.h"
#include "solvers/nn/sparsity.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "spred/text.h"

struct writer {
    struct spred_env *env;
    struct spred_buffer text;
    int keys; /* of this layer, until now */
    int failed;
};

static void add(struct writer *w, const char *text)
{
    if (!w->failed &&
        spred_buffer_append(w->env, &w->text, text, strlen(text)) != SPRED_OK)
        w->failed = 1;
}

static void add_key(struct writer *w, const char *key, const char *value)
{
    add(w, w->keys++ ? "," : "(");
    add(w, key);
    add(w, "=");
    add(w, value);
}

static void add_count(struct writer *w, const char *key, size_t value)
{
    char text[32];
    snprintf(text, sizeof text, "%zu", value);
    add_key(w, key, text);
}

/* The shortest decimals that are read as this number again. */
static void add_real(struct writer *w, const char *key, double value)
{
    char text[64];
    double back = 0;
    for (int digits = 6; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        for (char *c = text; *c; c++) /* a locale with a decimal comma */
            if (*c == ',')
                *c = '.';
        if (spred_parse_real(text, &back) && !(back < value || back > value))
            break;
    }
    add_key(w, key, text);
}

static void add_sparse(struct writer *w, const struct nn_sparse *s)
{
    static const char *const kinds[] = {[NN_DENSE] = "none",
                                        [NN_SPRED] = "spred",
                                        [NN_SUBGRADIENT] = "subgradient",
                                        [NN_PROXIMAL] = "proximal",
                                        [NN_STG] = "stg",
                                        [NN_STR] = "str"};
    static const char *const groups[] = {[NN_ELEMENT] = "element",
                                         [NN_INPUT] = "input",
                                         [NN_OUTPUT] = "output",
                                         [NN_BLOCK] = "block"};
    if (s->kind == NN_DENSE)
        return;
    add_key(w, "sparse", kinds[s->kind]);
    add_key(w, "group", groups[s->group]);
    if (s->group == NN_BLOCK)
        add_count(w, "block", s->block);
    if (s->kind == NN_SPRED && s->factors)
        add_count(w, "factors", s->factors);
    add_real(w, "lambda", s->lambda);
    if ((s->kind == NN_STG || s->kind == NN_STR) && s->sigma > 0)
        add_real(w, "sigma", s->sigma);
}

static void add_layer(struct writer *w, const struct nn_layer *layer)
{
    const struct nn_kind *kind = nn_kind_of(layer->kind);
    w->keys = 0;
    add(w, kind->name);
    if (kind->keys & NN_KEY_OUT && layer->out)
        add_count(w, "out", layer->out);
    if (kind->keys & NN_KEY_BIAS && layer->no_bias)
        add_key(w, "bias", "false");
    if (kind->keys & NN_KEY_RATE)
        add_real(w, "rate", layer->rate);
    if (layer->kind == NN_CONV)
        add_count(w, "kernel", layer->kernel);
    if (layer->kind == NN_MAX_POOL || layer->kind == NN_AVG_POOL)
        add_count(w, "size", layer->size);
    if (layer->stride)
        add_count(w, "stride", layer->stride);
    if (layer->pad)
        add_count(w, "pad", layer->pad);
    if (layer->back)
        add_count(w, "back", layer->back);
    if (kind->keys & NN_KEY_SPARSE)
        add_sparse(w, &layer->sparse);
    if (w->keys)
        add(w, ")");
}

char *nn_print(struct spred_env *env, const struct nn_branch *branch)
{
    struct writer w = {.env = env};
    for (size_t l = 0; l < branch->n; l++) {
        if (l)
            add(&w, "|");
        add_layer(&w, &branch->layers[l]);
    }
    if (!w.failed)
        return w.text.text;
    spred_free(env, w.text.text);
    return NULL;
}
