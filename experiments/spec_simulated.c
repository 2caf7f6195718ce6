/* spec_simulated.c: simulated data sets; lists of values make several. */
#include "experiments/spec_read.h"

#include <string.h>

#include "experiments/units.h"
#include "spred/simulate.h"

#define SIDE_MAX 1e7 /* samples or features */

#define FIELD(key, kind, member, low, high)                                    \
    {                                                                          \
        key, kind, offsetof(struct spec_dataset, member), low, high, NULL,     \
            NULL                                                               \
    }
/* What all kinds have. */
#define COMMON                                                                 \
    {                                                                          \
        "kind",                                                                \
        SPEC_FIELD_OTHER,                                                      \
        offsetof(struct spec_dataset, kind),                                   \
        0,                                                                     \
        0,                                                                     \
        NULL,                                                                  \
        NULL},                                                                 \
        {"name",                                                               \
         SPEC_FIELD_OTHER,                                                     \
         offsetof(struct spec_dataset, name),                                  \
         0,                                                                    \
         0,                                                                    \
         NULL,                                                                 \
         NULL},                                                                \
        FIELD("n", SPEC_FIELD_INT, n, 4, SIDE_MAX),                            \
        FIELD("p", SPEC_FIELD_INT, p, 1, SIDE_MAX)
static const struct spec_field blocks_fields[] = {
    COMMON,
    FIELD("blocks", SPEC_FIELD_INT, blocks, 1, SIDE_MAX),
    {"rho", SPEC_FIELD_OTHER, 0, 0, 0, NULL, NULL},
    FIELD("k", SPEC_FIELD_INT, k, 0, SIDE_MAX),
    FIELD("snr", SPEC_FIELD_REAL, snr, 1e-6, 1e12),
    FIELD("classes", SPEC_FIELD_INT, classes, 0, 1000),
    {0}};
static const struct spec_field iid_fields[] = {
    COMMON,
    FIELD("density", SPEC_FIELD_SHARE, density, 0, 1),
    FIELD("noise", SPEC_FIELD_REAL, noise, 0, 1e12),
    {0}};
#undef COMMON
#undef FIELD

const char *const spec_simulated_kinds[] = {"blocks", "iid", "sensing",
                                            "planted", NULL};
const struct spec_field *const spec_simulated_fields[] = {
    blocks_fields, iid_fields, iid_fields, blocks_fields};

static enum spred_status read_rho(struct spec_reader *r,
                                  const struct spec_node *rho,
                                  struct spec_dataset *d)
{
    const struct spec_node *low = rho, *high = rho;
    if (rho->kind == SPEC_NODE_LIST) {
        if (rho->n != 2)
            return spec_fail(r, rho,
                             "simulated.rho: found %zu values, expected one "
                             "number or [lowest, highest]",
                             rho->n);
        low = rho->items[0];
        high = rho->items[1];
    }
    SPRED_TRY(spec_real(r, low, "simulated.rho", 0, 0.9999, &d->rho_min));
    SPRED_TRY(spec_real(r, high, "simulated.rho", 0, 0.9999, &d->rho_max));
    if (d->rho_min > d->rho_max)
        return spec_fail(r, high,
                         "simulated.rho: expected [lowest, highest], found "
                         "the larger first");
    return SPRED_OK;
}

/* "-rho0.3", or "-rho0.3-0.9" for a range. */
static enum spred_status add_rho(struct spec_reader *r,
                                 const struct spec_dataset *d,
                                 struct spred_buffer *name)
{
    char low[32], high[32];
    spec_shortest(d->rho_min, low);
    spec_shortest(d->rho_max, high);
    if (strcmp(low, high) == 0)
        return spred_buffer_add(r->env, name, "-rho%s", low);
    return spred_buffer_add(r->env, name, "-rho%s-%s", low, high);
}

/* simulated-n200-p20000, and what else the sweep changes. */
static enum spred_status make_name(struct spec_reader *r,
                                   const struct spec_node *map,
                                   struct spec_dataset *d)
{
    const struct spec_node *given = spec_node_get(map, "name");
    struct spred_buffer name = {0};
    enum spred_status status;
    int named = 0; /* the sweep gives every set its own name */
    for (size_t i = 0; i < map->n; i++)
        named |= map->keys[i]->swept && map->items[i] == given;
    if (given) {
        SPRED_TRY(spec_name(r, given, "simulated.name", &d->name));
        status = spred_buffer_add(r->env, &name, "%s", d->name);
    } else {
        status = spred_buffer_add(r->env, &name, "simulated-n%lld-p%lld",
                                  (long long)d->n, (long long)d->p);
    }
    for (size_t i = 0; i < map->n; i++) {
        const char *key = map->keys[i]->text;
        int size = strcmp(key, "n") == 0 || strcmp(key, "p") == 0;
        if (!map->keys[i]->swept)
            continue;
        if (named || (!given && size))
            continue; /* already said */
        if (status == SPRED_OK && strcmp(key, "rho") == 0)
            status = add_rho(r, d, &name);
        else if (status == SPRED_OK && strcmp(key, "density") == 0)
            status = spred_buffer_add(r->env, &name, "-density%g", d->density);
        else if (status == SPRED_OK)
            status = spred_buffer_add(r->env, &name, "-%s%s", key,
                                      map->items[i]->text);
    }
    spred_free(r->env, d->name);
    d->name = name.text;
    if (status == SPRED_OK && !spec_name_is_safe(d->name))
        status = spec_fail(r, map,
                           "simulated: '%.100s' is too long for a name, "
                           "add 'name' to the tied keys",
                           d->name);
    return status;
}

static int in_blocks(const struct spec_dataset *d)
{
    return d->kind == SPRED_SIMULATE_BLOCKS ||
           d->kind == SPRED_SIMULATE_PLANTED;
}

/* Planted effects come in sets, no two genes of one block. */
static enum spred_status check_planted(struct spec_reader *r,
                                       const struct spec_node *map,
                                       const struct spec_dataset *d)
{
    const struct spec_node *k = spec_node_get(map, "k");
    const struct spec_node *blocks = spec_node_get(map, "blocks");
    if (d->kind != SPRED_SIMULATE_PLANTED)
        return SPRED_OK;
    if (d->k % SPRED_PLANTED_SET)
        return spec_fail(r, k ? k : map,
                         "simulated.k: planted effects come in sets of %d, "
                         "expected a multiple of %d, found %lld",
                         SPRED_PLANTED_SET, SPRED_PLANTED_SET, (long long)d->k);
    if (d->k > d->blocks)
        return spec_fail(r,
                         blocks ? blocks
                         : k    ? k
                                : map,
                         "simulated.blocks: every planted gene has a block of "
                         "its own, expected at least k = %lld blocks, found "
                         "%lld",
                         (long long)d->k, (long long)d->blocks);
    return SPRED_OK;
}

/* kind has its defaults and its keys; a sweep is of one kind. */
static enum spred_status read_kind(struct spec_reader *r,
                                   const struct spec_node *map,
                                   struct spec_dataset *d)
{
    const struct spec_node *kind = spec_node_get(map, "kind");
    for (size_t i = 0; i < map->n; i++)
        if (map->keys[i]->swept && map->items[i] == kind)
            return spec_fail(r, map->keys[i],
                             "simulated.kind: a sweep is of one kind, expected "
                             "one data set for each");
    if (kind)
        SPRED_TRY(spec_choice(r, kind, "simulated.kind", spec_simulated_kinds,
                              &d->kind));
    d->density = d->kind == SPRED_SIMULATE_SENSING ? 0.1 : 1;
    d->noise = d->kind == SPRED_SIMULATE_SENSING ? 0.01 : 0.1;
    if (in_blocks(d)) {
        d->blocks = d->k = 10;
        d->snr = 3;
        if (d->kind == SPRED_SIMULATE_PLANTED)
            d->k = SPRED_PLANTED_SET;
        d->classes = 2;
        d->rho_min = d->rho_max = 0.5;
    }
    return SPRED_OK;
}

static enum spred_status read_one(struct spec_reader *r, struct spec_node *map,
                                  size_t group)
{
    struct spec_dataset *d = spec_add_dataset(r, map, SPEC_SIMULATED, group);
    if (!d)
        return SPRED_ENOMEM;
    SPRED_TRY(read_kind(r, map, d));
    SPRED_TRY(
        spec_fields(r, map, "simulated", spec_simulated_fields[d->kind], d));
    if (!d->n || !d->p)
        return spec_fail(r, map, "simulated: '%s' is missing",
                         d->n ? "p" : "n");
    const struct spec_node *rho = spec_node_get(map, "rho");
    const struct spec_node *k = spec_node_get(map, "k");
    const struct spec_node *blocks = spec_node_get(map, "blocks");
    const struct spec_node *classes = spec_node_get(map, "classes");
    if (rho)
        SPRED_TRY(read_rho(r, rho, d));
    if (!k && d->k > d->p)
        d->k = d->p;
    if (!blocks && d->kind == SPRED_SIMULATE_PLANTED && d->blocks < d->k)
        d->blocks = d->k;
    if (!blocks && d->blocks > d->p)
        d->blocks = d->p;
    if (d->k > d->p || d->blocks > d->p)
        return spec_fail(r, d->k > d->p ? k : blocks,
                         "simulated.%s: is more than p = %lld",
                         d->k > d->p ? "k" : "blocks", (long long)d->p);
    SPRED_TRY(check_planted(r, map, d));
    if (d->classes == 1 || d->classes > d->n)
        return spec_fail(r, classes ? classes : map,
                         "simulated.classes: expected 0 (a number is "
                         "predicted) or 2 to n = %lld",
                         (long long)d->n);
    return make_name(r, map, d);
}

enum spred_status spec_read_simulated(struct spec_reader *r,
                                      struct spec_node *node, size_t group)
{
    struct spec_node *list;
    SPRED_TRY(spec_sweep(r, node, "simulated", "rho", &list));
    for (size_t i = 0; i < list->n; i++)
        SPRED_TRY(read_one(r, list->items[i], group));
    return SPRED_OK;
}
