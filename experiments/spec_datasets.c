/* spec_datasets.c: the list of data sets; those of GEO and of Debian. */
#include "experiments/spec_coding.h"
#include "experiments/spec_read.h"

#include <string.h>

/* What `otherwise: debian` stands for. */
const char *const spec_debian_default[] = {
    "golub", "all-bt", "all-bcrabl", "bladder", "khan", "gds507", NULL};

static const struct spec_field geo_fields[] = {
    {"accession", SPEC_FIELD_OTHER, 0, 0, 0, NULL, NULL},
    {"target", SPEC_FIELD_OTHER, 0, 0, 0, NULL, NULL},
    {0}};

static const struct spec_field otherwise_fields[] = {
    {"debian", SPEC_FIELD_OTHER, 0, 0, 0, NULL, NULL}, {0}};

struct spec_dataset *spec_add_dataset(struct spec_reader *r,
                                      const struct spec_node *node,
                                      enum spec_source source, size_t group)
{
    struct spec *out = r->out;
    struct spec_dataset *array =
        spec_grow(r, out->datasets, out->n_datasets, sizeof *array);
    if (!array)
        return NULL;
    out->datasets = array;
    struct spec_dataset *d = &array[out->n_datasets++];
    d->source = source;
    d->group = group;
    d->line = node->line;
    d->column = node->column;
    d->target = spred_strdup(r->env, "auto");
    return d->target ? d : NULL;
}

/* A text or a list of texts, as an array of borrowed nodes. */
static enum spred_status one_or_more(const struct spec_reader *r,
                                     struct spec_node **node, const char *what,
                                     struct spec_node ***items, size_t *n)
{
    *items = node;
    *n = 1;
    if ((*node)->kind != SPEC_NODE_LIST)
        return SPRED_OK;
    *items = (*node)->items;
    *n = (*node)->n;
    return *n ? SPRED_OK
              : spec_fail(r, *node, "%s: is empty, expected at least one name",
                          what);
}

static int is_accession(const char *text)
{
    size_t digits =
        strncmp(text, "GDS", 3) == 0 ? strspn(text + 3, "0123456789") : 0;
    return digits >= 1 && digits <= 9 && text[3 + digits] == '\0' &&
           text[3] != '0';
}

/* target: one subset type, or a map accession -> subset type. */
static enum spred_status geo_target(struct spec_reader *r,
                                    const struct spec_node *target,
                                    struct spec_dataset *d)
{
    if (target->kind == SPEC_NODE_MAP) {
        target = spec_node_get(target, d->name);
        if (!target)
            return SPRED_OK;
    }
    return spec_text(r, target, "geo.target", &d->target);
}

static enum spred_status geo_target_keys(struct spec_reader *r,
                                         const struct spec_node *target,
                                         struct spec_node *const *items,
                                         size_t n)
{
    for (size_t i = 0; target->kind == SPEC_NODE_MAP && i < target->n; i++) {
        size_t k = 0;
        while (k < n && strcmp(items[k]->text, target->keys[i]->text) != 0)
            k++;
        if (k == n)
            return spec_fail(r, target->keys[i],
                             "geo.target: '%.100s' is not one of the "
                             "accessions above",
                             target->keys[i]->text);
    }
    return SPRED_OK;
}

static enum spred_status read_geo(struct spec_reader *r, struct spec_node *node,
                                  size_t group)
{
    struct spec_node *accession = node, *target = NULL, **items;
    size_t n;
    if (node->kind == SPEC_NODE_MAP) {
        SPRED_TRY(spec_fields(r, node, "geo", geo_fields, NULL));
        accession = spec_node_get(node, "accession");
        target = spec_node_get(node, "target");
        if (!accession)
            return spec_fail(r, node,
                             "geo: 'accession' is missing, expected for "
                             "example accession: [GDS1815]");
    }
    SPRED_TRY(one_or_more(r, &accession, "geo.accession", &items, &n));
    for (size_t i = 0; i < n; i++) {
        SPRED_TRY(spec_want(r, items[i], "geo.accession", SPEC_NODE_TEXT));
        if (!is_accession(items[i]->text))
            return spec_fail(r, items[i],
                             "geo.accession: '%.100s' is not a GEO DataSet, "
                             "expected GDS and digits, for example GDS1815",
                             items[i]->text);
        struct spec_dataset *d = spec_add_dataset(r, items[i], SPEC_GEO, group);
        if (!d)
            return SPRED_ENOMEM;
        SPRED_TRY(spec_text(r, items[i], "geo.accession", &d->name));
        if (target)
            SPRED_TRY(geo_target(r, target, d));
    }
    return target ? geo_target_keys(r, target, items, n) : SPRED_OK;
}

static enum spred_status read_debian(struct spec_reader *r,
                                     struct spec_node *node, size_t group,
                                     int fallback)
{
    struct spec_node **items;
    size_t n;
    SPRED_TRY(one_or_more(r, &node, "debian", &items, &n));
    for (size_t i = 0; i < n; i++) {
        struct spec_dataset *d =
            spec_add_dataset(r, items[i], SPEC_DEBIAN, group);
        if (!d)
            return SPRED_ENOMEM;
        d->fallback = fallback;
        SPRED_TRY(spec_name(r, items[i], "debian", &d->name));
    }
    return SPRED_OK;
}

static enum spred_status read_otherwise(struct spec_reader *r,
                                        struct spec_node *node, size_t group)
{
    if (node->kind == SPEC_NODE_MAP) {
        SPRED_TRY(spec_fields(r, node, "otherwise", otherwise_fields, NULL));
        struct spec_node *names = spec_node_get(node, "debian");
        if (names)
            return read_debian(r, names, group, 1);
    }
    if (node->kind != SPEC_NODE_TEXT || strcmp(node->text, "debian") != 0)
        return spec_fail(r, node,
                         "otherwise: expected debian or {debian: [golub, "
                         "khan]}");
    for (size_t i = 0; spec_debian_default[i]; i++) {
        struct spec_dataset *d = spec_add_dataset(r, node, SPEC_DEBIAN, group);
        if (!d)
            return SPRED_ENOMEM;
        d->fallback = 1;
        d->name = spred_strdup(r->env, spec_debian_default[i]);
        if (!d->name)
            return SPRED_ENOMEM;
    }
    return SPRED_OK;
}

static enum spred_status read_item(struct spec_reader *r,
                                   struct spec_node *item, size_t group)
{
    static const char *const keys[] = {"geo",       "debian",  "file",
                                       "simulated", "loader",  "images",
                                       "otherwise", "patches", NULL};
    struct spec_node *source = NULL, *otherwise = NULL;
    int kind = -1;
    SPRED_TRY(spec_want(r, item, "datasets", SPEC_NODE_MAP));
    for (size_t i = 0; i < item->n; i++) {
        int k = 0;
        while (keys[k] && strcmp(keys[k], item->keys[i]->text) != 0)
            k++;
        if (!keys[k])
            return spec_unknown(r, item->keys[i], "kind of data set",
                                item->keys[i]->text, keys);
        if (strcmp(keys[k], "otherwise") == 0) {
            otherwise = item->items[i];
            continue;
        }
        if (source)
            return spec_fail(r, item->keys[i],
                             "a data set has one source, found %s and %s",
                             keys[kind], keys[k]);
        source = item->items[i];
        kind = k;
    }
    if (!source)
        return spec_fail(r, item,
                         "expected one of geo, debian, file, simulated, "
                         "loader, images, patches");
    if (otherwise && kind != 0)
        return spec_fail(r, otherwise, "otherwise: only geo can need it");
    if (kind == 0)
        SPRED_TRY(read_geo(r, source, group));
    else if (kind == 1)
        SPRED_TRY(read_debian(r, source, group, 0));
    else if (kind == 2)
        SPRED_TRY(spec_read_file(r, source, group));
    else if (kind == 3)
        SPRED_TRY(spec_read_simulated(r, source, group));
    else if (kind == 7)
        SPRED_TRY(spec_read_patches(r, source, group));
    else if (kind == 4)
        SPRED_TRY(spec_read_loader(r, source, group));
    else
        SPRED_TRY(spec_read_images(r, source, group));
    return otherwise ? read_otherwise(r, otherwise, group) : SPRED_OK;
}

/* Two sets of one name would share their rows. A fallback may stand in more
 * than one group. */
static enum spred_status check_names(struct spec_reader *r, size_t from,
                                     const struct spec_node *item)
{
    const struct spec *out = r->out;
    for (size_t i = from; i < out->n_datasets; i++)
        for (size_t k = 0; k < i; k++) {
            const struct spec_dataset *a = &out->datasets[k],
                                      *b = &out->datasets[i];
            struct spec_node at = {
                .origin = item->origin, .line = b->line, .column = b->column};
            if (strcmp(a->name, b->name) == 0 &&
                !(a->fallback && b->fallback && a->group != b->group))
                return spec_fail(r, &at,
                                 "two data sets are called '%.100s' (the other "
                                 "is at line %u), drop one or add 'name'",
                                 b->name, a->line);
        }
    return SPRED_OK;
}

enum spred_status spec_read_datasets(struct spec_reader *r,
                                     struct spec_node *node)
{
    SPRED_TRY(spec_want(r, node, "datasets", SPEC_NODE_LIST));
    if (node->n == 0)
        return spec_fail(r, node,
                         "datasets: is empty, expected at least one data set");
    for (size_t i = 0; i < node->n; i++) {
        size_t from = r->out->n_datasets;
        SPRED_TRY(read_item(r, node->items[i], i));
        if (r->out->n_datasets > SPEC_SWEEP_MAX)
            return spec_fail(r, node->items[i], "more than %u data sets",
                             SPEC_SWEEP_MAX);
        SPRED_TRY(check_names(r, from, node->items[i]));
    }
    return SPRED_OK;
}
