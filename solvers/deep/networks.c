/* networks.c: the networks of the compression experiments, written as the words
 * that a user could write. */
#include "solvers/deep/networks.h"

#include <math.h>
#include <string.h>

#include "spred/text.h"

/* A block of He et al. 2016 with its shortcut (option A: no weights). */
#define BLOCK(out, first)                                                      \
    "|conv(out=" out ",kernel=3,pad=1,bias=false" first                        \
    ")|batch-norm|relu|conv(out=" out                                          \
    ",kernel=3,pad=1,bias=false)|batch-norm|add(back=5)|relu"
#define STRIDE ",stride=2"
#define RES_START "conv(out=16,kernel=3,pad=1,bias=false)|batch-norm|relu"
#define RES_END "|global-pool|linear"
#define VGG(out)                                                               \
    "conv(out=" out                                                            \
    ",kernel=3,pad=1,bias=false)|batch-norm|relu|conv(out=" out                \
    ",kernel=3,pad=1,bias=false)|batch-norm|relu|max-pool(size=2)|"

struct network {
    const char *name, *layers;
};

static const struct network networks[] = {
    /* LeCun, Bottou, Bengio, Haffner 1998, with relu */
    {"lenet-300-100", "linear(out=300)|relu|linear(out=100)|relu|linear"},
    /* the same, its 61 706 parameters, with max pooling; 28 x 28 pictures */
    {"lenet-5",
     "conv(out=6,kernel=5,pad=2)|relu|max-pool(size=2)|conv(out=16,kernel=5)|"
     "relu|max-pool(size=2)|linear(out=120)|relu|linear(out=84)|relu|linear"},
    /* the one of Caffe's examples, which most of the pruning papers call
     * LeNet-5: 431 080 parameters */
    {"lenet-5-caffe",
     "conv(out=20,kernel=5)|relu|max-pool(size=2)|conv(out=50,kernel=5)|relu|"
     "max-pool(size=2)|linear(out=500)|relu|linear"},
    {"vgg-small", VGG("32") VGG("64") VGG("128") "linear(out=256)|relu|linear"},
    {"resnet-8",
     RES_START BLOCK("16", "") BLOCK("32", STRIDE) BLOCK("64", STRIDE) RES_END},
    {"resnet-20",
     RES_START BLOCK("16", "") BLOCK("16", "") BLOCK("16", "")
         BLOCK("32", STRIDE) BLOCK("32", "") BLOCK("32", "") BLOCK("64", STRIDE)
             BLOCK("64", "") BLOCK("64", "") RES_END},
};
enum { NETWORKS = sizeof networks / sizeof *networks };

static int has_weights(const struct nn_layer *layer)
{
    return layer->kind == NN_LINEAR || layer->kind == NN_CONV;
}

/* A single word is meant as a name, unless it is a kind of layer. */
static enum spred_status check_name(struct spred_env *env, const char *text)
{
    const char *names[NETWORKS + 1] = {NULL};
    if (strpbrk(text, "(|") || strcmp(text, "linear") == 0)
        return SPRED_OK;
    for (size_t k = 0; k < NETWORKS; k++)
        names[k] = networks[k].name;
    const char *near = spred_nearest(text, names);
    return spred_fail(env, SPRED_EINVAL,
                      "network: unknown name '%.60s'%s%s%s: expected "
                      "lenet-300-100, lenet-5, lenet-5-caffe, vgg-small, "
                      "resnet-8, resnet-20 or layers such as "
                      "linear(out=64)|relu|linear",
                      text, near ? ", did you mean '" : "", near ? near : "",
                      near ? "'?" : "");
}

enum spred_status deep_network(struct spred_env *env, const char *text,
                               struct nn_branch *out)
{
    for (size_t k = 0; k < NETWORKS; k++)
        if (strcmp(text, networks[k].name) == 0)
            return nn_parse(env, networks[k].layers, out);
    SPRED_TRY(check_name(env, text));
    SPRED_TRY(nn_parse(env, text, out));
    for (size_t l = 0; l < out->n; l++)
        if (out->layers[l].sparse.kind != NN_DENSE)
            return spred_fail(env, SPRED_EINVAL,
                              "network: layer %zu has a sparsity of its own: "
                              "expected none, the model puts its own on all "
                              "layers",
                              l + 1);
    return SPRED_OK;
}

const char *deep_needs_pictures(const struct nn_branch *branch)
{
    for (size_t l = 0; l < branch->n; l++)
        switch (branch->layers[l].kind) {
        case NN_CONV:
            return "conv";
        case NN_MAX_POOL:
        case NN_AVG_POOL:
        case NN_GLOBAL_POOL:
            return "pooling";
        default:
            break;
        }
    return NULL;
}

void deep_make_sparse(struct nn_branch *branch, const struct nn_sparse *sparse,
                      size_t last_columns)
{
    size_t first = branch->n, last = 0;
    for (size_t l = branch->n; l-- > 0;)
        if (has_weights(&branch->layers[l])) {
            last = last ? last : l;
            first = l;
        }
    for (size_t l = 0; l < branch->n; l++) {
        struct nn_layer *layer = &branch->layers[l];
        if (!has_weights(layer) || sparse->kind == NN_DENSE)
            continue;
        layer->sparse = *sparse;
        if (l == last && sparse->group == NN_OUTPUT) {
            layer->sparse.group = NN_ELEMENT;
            layer->sparse.lambda /= sqrt((double)last_columns);
        }
        if (l == first && sparse->group == NN_INPUT && layer->kind == NN_CONV)
            layer->sparse = (struct nn_sparse){.kind = NN_DENSE};
    }
}
