/* options.c: what the table cannot say of these models' options: networks that
 * are none or do not fit the pictures, lists of numbers. */
#include "solvers/deep/deep.h"

#include <string.h>

#include "solvers/deep/networks.h"
#include "spred/text.h"

enum { MOST_WORD = 32 };

const char *const deep_groups[] = {"element", "input", "output", NULL};
const char *const deep_scopes[] = {"global", "layer", NULL};

enum spred_status deep_list_read(struct spred_env *env, const char *text,
                                 const char *what, double least, double most,
                                 struct deep_list *out)
{
    *out = (struct deep_list){0};
    for (const char *at = text;; at++) {
        char word[MOST_WORD];
        size_t length = strcspn(at, ";|");
        double *value = &out->values[out->n];
        if (out->n == DEEP_LIST)
            return spred_fail(env, SPRED_EINVAL,
                              "%s: more than %d numbers in a list", what,
                              DEEP_LIST);
        if (length < sizeof word) {
            memcpy(word, at, length);
            word[length] = '\0';
        }
        if (length >= sizeof word || !spred_parse_real(word, value) ||
            !(*value >= least && *value <= most))
            return spred_fail(env, SPRED_EINVAL,
                              "%s: '%.*s' is not a number of %g to %g: "
                              "expected a list, [1, 2], or numbers with | "
                              "between them",
                              what, length < 40 ? (int)length : 40, at, least,
                              most);
        for (size_t k = 0; k < out->n; k++)
            if (!(out->values[k] < *value || out->values[k] > *value))
                return spred_fail(env, SPRED_EINVAL, "%s: %s is there twice",
                                  what, word);
        out->n++;
        at += length;
        if (!*at)
            return SPRED_OK;
    }
}

enum spred_status deep_check(struct spred_env *env, const void *options)
{
    const struct deep_options *o = options;
    struct nn_branch branch;
    struct deep_list list;
    SPRED_TRY(deep_network(env, o->network, &branch));
    /* A model's table has those that it needs; the others are empty. */
    if (o->thresholds[0])
        SPRED_TRY(
            deep_list_read(env, o->thresholds, "thresholds", 0, 1e6, &list));
    if (o->fine_thresholds[0])
        SPRED_TRY(deep_list_read(env, o->fine_thresholds, "fine_thresholds", 0,
                                 1e6, &list));
    if (o->compression[0])
        SPRED_TRY(
            deep_list_read(env, o->compression, "compression", 1, 1e6, &list));
    return SPRED_OK;
}

enum spred_status deep_shape(struct spred_env *env,
                             const struct deep_options *options,
                             const struct spred_rows *rows, size_t classes,
                             struct nn_shape *out)
{
    *out = (struct nn_shape){.inputs = rows->p,
                             .outputs = classes ? classes : 1,
                             .classes = classes > 0,
                             .picture = rows->picture,
                             .n_branches = 1,
                             .start = NN_START_KAIMING};
    SPRED_TRY(deep_network(env, options->network, &out->branches[0]));
    const char *need = deep_needs_pictures(&out->branches[0]);
    if (rows->picture.height == 0 && need)
        return spred_fail(env, SPRED_EINVAL,
                          "network '%.80s' has %s layers, but the samples are "
                          "no pictures: expected image data, or linear layers "
                          "such as lenet-300-100",
                          options->network, need);
    /* Samples are contiguous in every case. */
    if (rows->picture.height == 0)
        out->picture = (struct spred_picture){1, 1, rows->p};
    return SPRED_OK;
}

enum spred_status deep_fits(struct spred_env *env, const void *options,
                            const struct spred_rows *rows, size_t classes)
{
    struct nn_shape shape;
    SPRED_TRY(deep_shape(env, options, rows, classes, &shape));
    return nn_shape_check(env, &shape);
}
