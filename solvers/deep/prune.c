/* prune.c: which weights are the smallest, and keeping them at zero. */
#include "solvers/deep/prune.h"

#include <math.h>
#include <string.h>

/* Weights of one layer: of a network without sparsity it has one matrix. */
static int is_weight(const struct nn_tensor *t)
{
    return t->role == NN_FIRST || t->role == NN_WEIGHT;
}

size_t deep_mask_size(struct nn *nn)
{
    size_t count, size = 0;
    const struct nn_tensor *tensors = nn_tensors(nn, &count);
    for (size_t i = 0; i < count; i++)
        if (is_weight(&tensors[i]))
            size += tensors[i].rows * tensors[i].cols;
    return size;
}

void deep_mask_read(struct nn *nn, unsigned char *mask)
{
    size_t count;
    const struct nn_tensor *tensors = nn_tensors(nn, &count);
    for (size_t i = 0; i < count; i++) {
        size_t size = tensors[i].rows * tensors[i].cols;
        if (!is_weight(&tensors[i]))
            continue;
        for (size_t e = 0; e < size; e++)
            mask[e] = tensors[i].value[e] < 0 || tensors[i].value[e] > 0;
        mask += size;
    }
}

void deep_mask_apply(struct nn *nn, const unsigned char *mask)
{
    size_t count;
    struct nn_tensor *tensors = nn_tensors(nn, &count);
    for (size_t i = 0; i < count; i++) {
        size_t size = tensors[i].rows * tensors[i].cols;
        real *restrict value = tensors[i].value;
        if (!is_weight(&tensors[i]))
            continue;
        for (size_t e = 0; e < size; e++)
            value[e] = mask[e] ? value[e] : 0;
        mask += size;
    }
}

/* ---- sizes of groups ---- */

/* What may be cut of one layer. */
struct part {
    struct nn_tensor *tensor;
    enum nn_group group;
    float *sizes;  /* one a group */
    size_t groups; /* INPUT: column j belongs to group j % groups, so that
                      all cells of one channel of CONV are one group */
    size_t each;   /* weights of a group */
};

static size_t group_of(const struct part *part, size_t i, size_t j)
{
    if (part->group == NN_ELEMENT)
        return i + j * part->tensor->rows;
    return part->group == NN_INPUT ? j % part->groups : i;
}

static size_t groups_of(struct nn *nn, const struct nn_tensor *t,
                        enum nn_group group)
{
    const struct nn_layer *layer =
        &nn_shape_of(nn)->branches[t->branch].layers[t->layer];
    if (group == NN_ELEMENT)
        return t->rows * t->cols;
    if (group == NN_OUTPUT)
        return t->rows;
    return layer->kind == NN_CONV ? t->cols / (layer->kernel * layer->kernel)
                                  : t->cols;
}

/* Whether the cut spares a layer. */
static int spared(struct nn *nn, const struct nn_tensor *t, size_t weights,
                  enum nn_group group)
{
    const struct nn_branch *branch = &nn_shape_of(nn)->branches[t->branch];
    if (group == NN_OUTPUT)
        return t->layer + 1 == branch->n;
    return group == NN_INPUT && weights == 0 &&
           branch->layers[t->layer].kind != NN_LINEAR;
}

static void measure(struct part *part)
{
    const struct nn_tensor *t = part->tensor;
    size_t rows = t->rows, total = rows * t->cols;
    if (part->group == NN_ELEMENT) {
        for (size_t e = 0; e < total; e++)
            part->sizes[e] = (float)fabs((double)t->value[e]);
        return;
    }
    memset(part->sizes, 0, part->groups * sizeof *part->sizes);
    for (size_t j = 0; j < t->cols; j++)
        for (size_t i = 0; i < rows; i++) {
            float w = (float)t->value[i + j * rows];
            part->sizes[group_of(part, i, j)] += w * w;
        }
    for (size_t g = 0; g < part->groups; g++)
        part->sizes[g] = sqrtf(part->sizes[g] / (float)part->each);
}

/* The parts and the sizes of their groups; *sizes is to be freed. */
static enum spred_status open_parts(struct spred_env *env, struct nn *nn,
                                    enum nn_group group, struct part *parts,
                                    size_t *n, float **sizes)
{
    size_t count, weights = 0, total = 0;
    struct nn_tensor *tensors = nn_tensors(nn, &count);
    *n = 0;
    for (size_t i = 0; i < count; i++) {
        struct nn_tensor *t = &tensors[i];
        if (!is_weight(t) || spared(nn, t, weights++, group))
            continue;
        struct part *part = &parts[(*n)++];
        part->tensor = t;
        part->group = group;
        part->groups = groups_of(nn, t, group);
        part->each = t->rows * t->cols / part->groups;
        total += part->groups;
    }
    *sizes = spred_alloc(env, total, sizeof **sizes);
    if (!*sizes)
        return SPRED_ENOMEM;
    float *at = *sizes;
    for (size_t k = 0; k < *n; k++) {
        parts[k].sizes = at;
        at += parts[k].groups;
        measure(&parts[k]);
    }
    return SPRED_OK;
}

/* Weights in groups of at most this size. */
static size_t weights_to(const struct part *parts, size_t n, float size)
{
    size_t total = 0;
    for (size_t k = 0; k < n; k++) {
        size_t groups = 0;
        for (size_t g = 0; g < parts[k].groups; g++)
            groups += parts[k].sizes[g] <= size;
        total += groups * parts[k].each;
    }
    return total;
}

/* The largest size up to which there are at most `wanted` weights; negative:
 * none. Floats that are not negative are in the order of their bits. */
static float threshold_of(const struct part *parts, size_t n, size_t wanted)
{
    uint32_t low = 0, high = 0x7f800000u; /* 0, infinity */
    float size = 0;
    if (weights_to(parts, n, size) > wanted)
        return -1;
    while (high - low > 1) { /* low is fine, high is not (or infinity) */
        uint32_t middle = low + (high - low) / 2;
        memcpy(&size, &middle, sizeof size);
        if (weights_to(parts, n, size) <= wanted)
            low = middle;
        else
            high = middle;
    }
    memcpy(&size, &low, sizeof size);
    return size;
}

static size_t all_weights(const struct part *parts, size_t n)
{
    size_t total = 0;
    for (size_t k = 0; k < n; k++)
        total += parts[k].groups * parts[k].each;
    return total;
}

/* Cuts; returns the largest size that was. */
static double cut_to(const struct part *part, float threshold)
{
    struct nn_tensor *t = part->tensor;
    size_t rows = t->rows;
    float largest = 0;
    for (size_t g = 0; g < part->groups; g++)
        if (part->sizes[g] <= threshold && part->sizes[g] > largest)
            largest = part->sizes[g];
    for (size_t j = 0; j < t->cols; j++)
        for (size_t i = 0; i < rows; i++)
            if (part->sizes[group_of(part, i, j)] <= threshold)
                t->value[i + j * rows] = 0;
    return (double)largest;
}

enum spred_status deep_prune(struct spred_env *env, struct nn *nn,
                             const struct deep_cut *cut, double zeros,
                             double *threshold)
{
    struct part parts[NN_MAX_LAYERS];
    float *sizes = NULL;
    size_t n;
    *threshold = 0;
    SPRED_TRY(open_parts(env, nn, cut->group, parts, &n, &sizes));
    size_t step = cut->scope == DEEP_LAYER ? 1 : n;
    for (size_t k = 0; k < n; k += step) {
        double all = (double)all_weights(parts + k, step);
        float bound =
            threshold_of(parts + k, step, (size_t)floor(zeros * all + .5));
        for (size_t i = k; i < k + step; i++)
            *threshold = fmax(*threshold, cut_to(&parts[i], bound));
    }
    spred_free(env, sizes);
    return SPRED_OK;
}

double deep_gradual_share(const struct deep_gradual *gradual, long step,
                          long steps)
{
    double begin = gradual->begin * (double)steps;
    double end = gradual->end * (double)steps, done = (double)(step + 1);
    int last = done >= end && done < end + 1;
    if (done < begin || done >= end + 1 ||
        ((step + 1) % gradual->every != 0 && !last))
        return -1;
    double rest = 1 - (done - begin) / (end - begin);
    return gradual->target * (1 - (rest > 0 ? rest * rest * rest : 0));
}
