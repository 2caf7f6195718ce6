/* parse.c: reads a network's layers from one word:
 * "linear(out=64,sparse=spred,group=input,lambda=0.03)|relu|linear". */
#include "solvers/nn/inside.h"

#include <string.h>
#include "spred/text.h"

enum { MOST_WORD = 64, MOST_NAMES = 16 };

struct reader {
    struct spred_env *env;
    const char *at;
    size_t layer; /* 1.. */
    struct nn_layer *out;
    const char *detail; /* the first key that only makes sense with sparse */
    int grouped, weighed;
};

static const char *const sparse_names[] = {[NN_DENSE] = "none",
                                           [NN_SPRED] = "spred",
                                           [NN_SUBGRADIENT] = "subgradient",
                                           [NN_PROXIMAL] = "proximal",
                                           [NN_STG] = "stg",
                                           [NN_STR] = "str",
                                           NULL};
static const char *const group_names[] = {[NN_ELEMENT] = "element",
                                          [NN_INPUT] = "input",
                                          [NN_OUTPUT] = "output",
                                          [NN_BLOCK] = "block",
                                          NULL};
static const char *const truths[] = {"false", "no", "off", "true",
                                     "yes",   "on", NULL};

/* The word up to one of `ends` or the end of the text. */
static enum spred_status read_word(struct reader *r, const char *ends,
                                   char word[MOST_WORD])
{
    size_t length = strcspn(r->at, ends);
    if (length >= MOST_WORD)
        return spred_fail(r->env, SPRED_EINVAL,
                          "layer %zu: \"%.20s...\" is too long for a word",
                          r->layer, r->at);
    memcpy(word, r->at, length);
    word[length] = '\0';
    r->at += length;
    return SPRED_OK;
}

/* "linear, relu, ..." of a NULL-ended list */
static void join(const char *const *names, char *out, size_t room)
{
    size_t at = 0;
    out[0] = '\0';
    for (size_t k = 0; names[k]; k++) {
        size_t length = strlen(names[k]);
        if (at + length + 3 > room)
            return;
        if (k) {
            memcpy(out + at, ", ", 2);
            at += 2;
        }
        memcpy(out + at, names[k], length + 1);
        at += length;
    }
}

/* Index of word in the list. what: "kind of layer", "key of linear". */
static enum spred_status find(struct reader *r, const char *const *names,
                              const char *what, const char *word, size_t *index)
{
    char all[256];
    for (size_t k = 0; names[k]; k++)
        if (strcmp(names[k], word) == 0) {
            *index = k;
            return SPRED_OK;
        }
    const char *near = spred_nearest(word, names);
    join(names, all, sizeof all);
    return spred_fail(r->env, SPRED_EINVAL,
                      "layer %zu: unknown %s \"%s\"%s%s%s: expected %s%s",
                      r->layer, what, word, near ? ", did you mean \"" : "",
                      near ? near : "", near ? "\"?" : "",
                      names[0] && names[1] ? "one of " : "",
                      names[0] ? all : "nothing");
}

static enum spred_status read_count(struct reader *r, const char *key,
                                    const char *value, int64_t least,
                                    size_t *out)
{
    int64_t number;
    if (!spred_parse_int(value, &number) || number < least)
        return spred_fail(r->env, SPRED_EINVAL,
                          "layer %zu: %s=%s: expected a whole number >= %lld",
                          r->layer, key, value, (long long)least);
    *out = (size_t)number;
    return SPRED_OK;
}

static enum spred_status read_real(struct reader *r, const char *key,
                                   const char *value, double least,
                                   double below, double *out)
{
    double number;
    if (!spred_parse_real(value, &number) || number < least ||
        (below > 0 && number >= below))
        return below > 0
                   ? spred_fail(r->env, SPRED_EINVAL,
                                "layer %zu: %s=%s: expected a number >= %g and "
                                "< %g",
                                r->layer, key, value, least, below)
                   : spred_fail(r->env, SPRED_EINVAL,
                                "layer %zu: %s=%s: expected a number >= %g",
                                r->layer, key, value, least);
    *out = number;
    return SPRED_OK;
}

/* From GROUP on: what only makes sense with SPARSE. */
enum key {
    OUT,
    KERNEL,
    STRIDE,
    PAD,
    SIZE,
    BACK,
    BIAS,
    RATE,
    SPARSE,
    GROUP,
    BLOCK,
    FACTORS,
    LAMBDA,
    SIGMA
};

struct key_name {
    const char *name;
    enum key key;
    unsigned need; /* enum nn_key bit of the kind of layer */
};
static const struct key_name keys[] = {
    {"out", OUT, NN_KEY_OUT},          {"kernel", KERNEL, NN_KEY_KERNEL},
    {"stride", STRIDE, NN_KEY_STRIDE}, {"pad", PAD, NN_KEY_KERNEL},
    {"size", SIZE, NN_KEY_SIZE},       {"back", BACK, NN_KEY_BACK},
    {"bias", BIAS, NN_KEY_BIAS},       {"rate", RATE, NN_KEY_RATE},
    {"sparse", SPARSE, NN_KEY_SPARSE}, {"group", GROUP, NN_KEY_SPARSE},
    {"block", BLOCK, NN_KEY_SPARSE},   {"factors", FACTORS, NN_KEY_SPARSE},
    {"lambda", LAMBDA, NN_KEY_SPARSE}, {"sigma", SIGMA, NN_KEY_SPARSE}};

static enum spred_status set_key(struct reader *r, const struct key_name *k,
                                 const char *value)
{
    struct nn_sparse *sparse = &r->out->sparse;
    size_t index = 0;
    if (k->key >= GROUP && !r->detail)
        r->detail = k->name;
    switch (k->key) {
    case OUT:
        return read_count(r, k->name, value, 1, &r->out->out);
    case KERNEL:
        return read_count(r, k->name, value, 1, &r->out->kernel);
    case STRIDE:
        return read_count(r, k->name, value, 1, &r->out->stride);
    case PAD:
        return read_count(r, k->name, value, 0, &r->out->pad);
    case SIZE:
        return read_count(r, k->name, value, 1, &r->out->size);
    case BACK:
        return read_count(r, k->name, value, 1, &r->out->back);
    case BIAS:
        SPRED_TRY(find(r, truths, "value of bias", value, &index));
        r->out->no_bias = index < 3;
        return SPRED_OK;
    case RATE:
        return read_real(r, k->name, value, 0, 1, &r->out->rate);
    case SPARSE:
        SPRED_TRY(find(r, sparse_names, "sparse kind", value, &index));
        sparse->kind = (enum nn_sparse_kind)index;
        return SPRED_OK;
    case GROUP:
        SPRED_TRY(find(r, group_names, "group", value, &index));
        sparse->group = (enum nn_group)index;
        r->grouped = 1;
        return SPRED_OK;
    case BLOCK:
        return read_count(r, k->name, value, 1, &sparse->block);
    case FACTORS:
        return read_count(r, k->name, value, 2, &sparse->factors);
    case LAMBDA:
        r->weighed = 1;
        return read_real(r, k->name, value, 0, 0, &sparse->lambda);
    case SIGMA:
        return read_real(r, k->name, value, 0, 0, &sparse->sigma);
    }
    return SPRED_OK;
}

static enum spred_status read_key(struct reader *r, const struct nn_kind *kind,
                                  unsigned *seen)
{
    const char *names[MOST_NAMES];
    const struct key_name *known[MOST_NAMES];
    char word[MOST_WORD], what[MOST_WORD + 16] = "key of ";
    size_t count = 0, index = 0;
    SPRED_TRY(read_word(r, "=,)|", word));
    for (size_t k = 0; k < sizeof keys / sizeof *keys; k++)
        if (kind->keys & keys[k].need) {
            known[count] = &keys[k];
            names[count++] = keys[k].name;
        }
    names[count] = NULL;
    strcat(what, kind->name);
    SPRED_TRY(find(r, names, what, word, &index));
    if (*r->at != '=')
        return spred_fail(r->env, SPRED_EINVAL,
                          "layer %zu: %s has no value: expected %s=VALUE",
                          r->layer, word, word);
    r->at++;
    if (*seen & 1u << known[index]->key)
        return spred_fail(r->env, SPRED_EINVAL, "layer %zu: %s comes twice",
                          r->layer, word);
    *seen |= 1u << known[index]->key;
    SPRED_TRY(read_word(r, "=,)|", word));
    return set_key(r, known[index], word);
}

/* Keys that a kind of layer cannot do without. */
static enum spred_status check_needs(struct reader *r, const char *name,
                                     unsigned seen)
{
    static const struct {
        enum nn_layer_kind kind;
        enum key key;
        const char *text;
    } needs[] = {
        {NN_CONV, OUT, "out=FILTERS"},
        {NN_CONV, KERNEL, "kernel=PIXELS"},
        {NN_MAX_POOL, SIZE, "size=PIXELS"},
        {NN_AVG_POOL, SIZE, "size=PIXELS"},
        {NN_ADD, BACK, "back=LAYERS, whose input is added"},
    };
    for (size_t k = 0; k < sizeof needs / sizeof *needs; k++)
        if (r->out->kind == needs[k].kind && !(seen & 1u << needs[k].key))
            return spred_fail(r->env, SPRED_EINVAL, "layer %zu: %s needs %s",
                              r->layer, name, needs[k].text);
    return SPRED_OK;
}

/* What belongs together. */
static enum spred_status check_keys(struct reader *r, const char *name,
                                    unsigned seen)
{
    struct nn_sparse *sparse = &r->out->sparse;
    if (r->out->kind == NN_DROPOUT && !(seen & 1u << RATE))
        return spred_fail(r->env, SPRED_EINVAL,
                          "layer %zu: dropout needs rate=SHARE, the share of "
                          "zeros",
                          r->layer);
    SPRED_TRY(check_needs(r, name, seen));
    if (sparse->kind == NN_DENSE && r->detail)
        return spred_fail(r->env, SPRED_EINVAL,
                          "layer %zu (%s): %s without sparse=: expected spred, "
                          "subgradient, proximal, stg or str",
                          r->layer, name, r->detail);
    if (sparse->kind == NN_DENSE)
        return SPRED_OK;
    if (!r->weighed)
        return spred_fail(r->env, SPRED_EINVAL,
                          "layer %zu (%s): sparse=%s needs lambda=STRENGTH",
                          r->layer, name, sparse_names[sparse->kind]);
    if (sparse->kind == NN_STG && !r->grouped)
        sparse->group = NN_INPUT;
    if (sparse->kind == NN_STG && sparse->group != NN_INPUT)
        return spred_fail(r->env, SPRED_EINVAL,
                          "layer %zu (%s): sparse=stg gates inputs: expected "
                          "group=input",
                          r->layer, name);
    if ((sparse->group == NN_BLOCK) != (sparse->block > 0))
        return spred_fail(r->env, SPRED_EINVAL,
                          "layer %zu (%s): group=block and block=COLUMNS go "
                          "together",
                          r->layer, name);
    if (sparse->factors && sparse->kind != NN_SPRED)
        return spred_fail(r->env, SPRED_EINVAL,
                          "layer %zu (%s): factors is for sparse=spred",
                          r->layer, name);
    if (sparse->factors > NN_MAX_FACTORS)
        return spred_fail(r->env, SPRED_EINVAL,
                          "layer %zu (%s): factors=%zu: expected 2 to %d",
                          r->layer, name, sparse->factors, NN_MAX_FACTORS);
    if (seen & 1u << SIGMA && sparse->kind != NN_STG && sparse->kind != NN_STR)
        return spred_fail(r->env, SPRED_EINVAL,
                          "layer %zu (%s): sigma is for sparse=stg and str",
                          r->layer, name);
    return SPRED_OK;
}

static enum spred_status read_layer(struct reader *r)
{
    const char *names[MOST_NAMES];
    char word[MOST_WORD];
    size_t index = 0, count = 0;
    unsigned seen = 0;
    for (; nn_kind_of(count) && count + 1 < MOST_NAMES; count++)
        names[count] = nn_kind_of(count)->name;
    names[count] = NULL;
    r->detail = NULL;
    r->grouped = r->weighed = 0;
    SPRED_TRY(read_word(r, "(|),", word));
    SPRED_TRY(find(r, names, "kind of layer", word, &index));
    r->out->kind = (enum nn_layer_kind)index;
    if (*r->at == '(') {
        do {
            r->at++;
            if (*r->at != ')')
                SPRED_TRY(read_key(r, nn_kind_of(index), &seen));
        } while (*r->at == ',');
        if (*r->at != ')')
            return spred_fail(r->env, SPRED_EINVAL,
                              "layer %zu: \")\" is missing after %s(", r->layer,
                              word);
        r->at++;
    }
    if (*r->at && *r->at != '|')
        return spred_fail(
            r->env, SPRED_EINVAL,
            "layer %zu: \"%.20s\" after %s: expected \"|\" or the "
            "end",
            r->layer, r->at, word);
    return check_keys(r, word, seen);
}

enum spred_status nn_parse(struct spred_env *env, const char *text,
                           struct nn_branch *out)
{
    struct reader r = {.env = env, .at = text};
    memset(out, 0, sizeof *out);
    for (;;) {
        if (out->n == NN_MAX_LAYERS)
            return spred_fail(env, SPRED_EINVAL,
                              "a network of more than %d layers",
                              NN_MAX_LAYERS);
        r.out = &out->layers[out->n];
        r.layer = ++out->n;
        SPRED_TRY(read_layer(&r));
        if (!*r.at)
            break;
        r.at++;
    }
    int pictures = nn_needs_picture(out);
    for (size_t l = 0; l < out->n; l++) {
        int last = l + 1 == out->n;
        const struct nn_layer *layer = &out->layers[l];
        if (((l == 0 && !pictures) || last) && layer->kind != NN_LINEAR)
            return spred_fail(env, SPRED_EINVAL,
                              "layer %zu is %s: the first and the last layer "
                              "must be linear",
                              l + 1, nn_kind_of(layer->kind)->name);
        if (!last && layer->kind == NN_LINEAR && layer->out == 0)
            return spred_fail(env, SPRED_EINVAL,
                              "layer %zu: linear needs out=UNITS (only the "
                              "last layer takes the number of classes)",
                              l + 1);
    }
    return SPRED_OK;
}
