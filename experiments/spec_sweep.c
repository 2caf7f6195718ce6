/* spec_sweep.c: lists of values stand for every combination of them; tied keys
 * ("n, p": [[200, 20000], [400, 50000]]) move together. */
#include "experiments/spec_read.h"

#include <string.h>

#define TIED_MAX 16 /* keys tied by one entry */

/* One entry of the map: one key, or several tied ones, and its choices. */
struct axis {
    struct spec_node *keys[TIED_MAX];
    size_t n_keys, n_choices;
    struct spec_node *value;
    int listed; /* value is a list of choices, not one choice */
};

static enum spred_status split_key(const struct spec_reader *r,
                                   const struct spec_node *key, struct axis *a)
{
    const char *c = key->text;
    for (;;) {
        size_t length = strcspn(c, ",");
        const char *from = c + strspn(c, " "), *to = c + length;
        while (to > from && to[-1] == ' ')
            to--;
        if (from >= to || a->n_keys == TIED_MAX)
            return spec_fail(r, key,
                             "'%.100s' does not tie keys, expected for "
                             "example \"n, p\": [[200, 20000], [400, 50000]]",
                             key->text);
        struct spec_node *part =
            spec_node_new(r->env, r->doc, SPEC_NODE_TEXT, NULL, key);
        if (!part)
            return SPRED_ENOMEM;
        part->text = spred_strndup(r->env, from, (size_t)(to - from));
        if (!part->text)
            return SPRED_ENOMEM;
        part->swept = 1;
        a->keys[a->n_keys++] = part;
        if (c[length] == '\0')
            return SPRED_OK;
        c += length + 1;
    }
}

static enum spred_status check_tied(const struct spec_reader *r,
                                    const struct spec_node *key,
                                    const struct axis *a)
{
    SPRED_TRY(spec_want(r, a->value, key->text, SPEC_NODE_LIST));
    for (size_t i = 0; i < a->value->n; i++) {
        const struct spec_node *row = a->value->items[i];
        SPRED_TRY(spec_want(r, row, key->text, SPEC_NODE_LIST));
        if (row->n != a->n_keys)
            return spec_fail(r, row,
                             "'%.100s' ties %zu keys, but this list has %zu "
                             "value%s",
                             key->text, a->n_keys, row->n,
                             row->n == 1 ? "" : "s");
    }
    return SPRED_OK;
}

static enum spred_status make_axis(const struct spec_reader *r,
                                   struct spec_node *key,
                                   struct spec_node *value, const char *pair,
                                   struct axis *a)
{
    a->value = value;
    if (strchr(key->text, ',')) {
        SPRED_TRY(split_key(r, key, a));
        SPRED_TRY(check_tied(r, key, a));
        a->listed = 1;
    } else {
        int nested = value->n > 0 && value->items[0]->kind == SPEC_NODE_LIST;
        a->listed = value->kind == SPEC_NODE_LIST &&
                    (!pair || strcmp(key->text, pair) != 0 || nested);
        key->swept = a->listed;
        a->keys[a->n_keys++] = key;
    }
    a->n_choices = a->listed ? value->n : 1;
    if (a->n_choices == 0)
        return spec_fail(r, value, "%s: is empty, expected at least one value",
                         key->text);
    return SPRED_OK;
}

static enum spred_status add_choice(const struct spec_reader *r,
                                    const struct axis *a, size_t choice,
                                    struct spec_node *combination)
{
    for (size_t k = 0; k < a->n_keys; k++) {
        struct spec_node *value =
            a->listed ? a->value->items[choice] : a->value;
        if (a->n_keys > 1)
            value = value->items[k];
        if (spec_node_get(combination, a->keys[k]->text))
            return spec_fail(r, a->keys[k], "duplicate key '%.100s'",
                             a->keys[k]->text);
        SPRED_TRY(spec_node_add(r->env, combination, a->keys[k], value));
    }
    return SPRED_OK;
}

/* Combination number i: the first key of the map moves slowest. */
static enum spred_status combine(const struct spec_reader *r,
                                 const struct axis *axes, size_t n_axes,
                                 size_t total, size_t i,
                                 struct spec_node *combination)
{
    for (size_t k = 0; k < n_axes; k++) {
        total /= axes[k].n_choices;
        SPRED_TRY(add_choice(r, &axes[k], i / total, combination));
        i %= total;
    }
    return SPRED_OK;
}

enum spred_status spec_sweep(const struct spec_reader *r, struct spec_node *map,
                             const char *what, const char *pair,
                             struct spec_node **list)
{
    SPRED_TRY(spec_want(r, map, what, SPEC_NODE_MAP));
    struct axis *axes = spred_alloc(r->env, map->n, sizeof *axes);
    enum spred_status status = axes ? SPRED_OK : SPRED_ENOMEM;
    size_t total = 1;
    for (size_t k = 0; k < map->n && status == SPRED_OK; k++) {
        status = make_axis(r, map->keys[k], map->items[k], pair, &axes[k]);
        if (status == SPRED_OK && axes[k].n_choices > SPEC_SWEEP_MAX / total)
            status = spec_fail(r, map->keys[k],
                               "%s: this sweep has more than %u combinations",
                               what, SPEC_SWEEP_MAX);
        if (status == SPRED_OK)
            total *= axes[k].n_choices;
    }
    if (status == SPRED_OK) {
        *list = spec_node_new(r->env, r->doc, SPEC_NODE_LIST, NULL, map);
        status = *list ? SPRED_OK : SPRED_ENOMEM;
    }
    for (size_t i = 0; i < total && status == SPRED_OK; i++) {
        struct spec_node *combination =
            spec_node_new(r->env, r->doc, SPEC_NODE_MAP, NULL, map);
        status = combination ? combine(r, axes, map->n, total, i, combination)
                             : SPRED_ENOMEM;
        if (status == SPRED_OK)
            status = spec_node_add(r->env, *list, NULL, combination);
    }
    spred_free(r->env, axes);
    return status;
}
