/* spec_set.c: --set a.b=v replaces or adds one value of the file's tree. */
#include "experiments/spec_read.h"

#include <string.h>

#define SEGMENT_MAX 128

static enum spred_status list_item(const struct spec_reader *r,
                                   const struct spec_node *at,
                                   const struct spec_node *list,
                                   const char *segment, size_t *index)
{
    int64_t value;
    if (!spred_parse_int(segment, &value) || value < 0 ||
        (uint64_t)value >= list->n)
        return spec_fail(r, at,
                         "'%s' is not an item of this list, expected 0 to %zu",
                         segment, list->n ? list->n - 1 : 0);
    *index = (size_t)value;
    return SPRED_OK;
}

/* The slot that a segment names in parent: an item of a list, the value of a
 * key, or a new key. */
static enum spred_status find_slot(const struct spec_reader *r,
                                   const struct spec_node *at,
                                   struct spec_node *parent,
                                   const char *segment, size_t *slot)
{
    if (parent->kind == SPEC_NODE_LIST)
        return list_item(r, at, parent, segment, slot);
    if (parent->kind == SPEC_NODE_NULL)
        parent->kind = SPEC_NODE_MAP;
    if (parent->kind != SPEC_NODE_MAP)
        return spec_fail(r, at,
                         "'%s' is inside '%.100s', which is neither a map nor "
                         "a list",
                         segment, parent->text);
    for (*slot = 0; *slot < parent->n; ++*slot)
        if (strcmp(parent->keys[*slot]->text, segment) == 0)
            return SPRED_OK;
    if (parent->n >= SPEC_KEYS_MAX)
        return spec_fail(r, at, "more than %u keys in one map", SPEC_KEYS_MAX);
    struct spec_node *key =
        spec_node_new(r->env, r->doc, SPEC_NODE_TEXT, segment, parent);
    struct spec_node *value =
        spec_node_new(r->env, r->doc, SPEC_NODE_MAP, NULL, parent);
    if (!key || !value)
        return SPRED_ENOMEM;
    key->origin = value->origin = at->origin;
    return spec_node_add(r->env, parent, key, value);
}

/* Overridden values keep a place in the file for later messages. */
static void adopt(struct spec_node *node, const struct spec_node *old,
                  unsigned depth)
{
    node->line = old->line;
    node->column = old->column;
    for (size_t i = 0; depth < SPEC_DEPTH_MAX && i < node->n; i++) {
        adopt(node->items[i], old, depth + 1);
        if (node->keys[i])
            adopt(node->keys[i], old, depth + 1);
    }
}

/* models.0.tune.lr: the name of an item of these lists may be left out; a name
 * without options gets some. */
static enum spred_status skip_name(const struct spec_reader *r,
                                   const struct spec_node *at,
                                   const char *segment,
                                   struct spec_node **parent)
{
    struct spec_node *item = *parent;
    if (item->kind == SPEC_NODE_TEXT) {
        struct spec_node *key =
            spec_node_new(r->env, r->doc, SPEC_NODE_TEXT, item->text, item);
        struct spec_node *options =
            spec_node_new(r->env, r->doc, SPEC_NODE_MAP, NULL, item);
        if (!key || !options)
            return SPRED_ENOMEM;
        options->origin = at->origin;
        item->kind = SPEC_NODE_MAP;
        spred_free(r->env, item->text);
        item->text = NULL;
        SPRED_TRY(spec_node_add(r->env, item, key, options));
    }
    if (item->kind == SPEC_NODE_MAP && item->n == 1 &&
        strcmp(item->keys[0]->text, segment) != 0)
        *parent = item->items[0];
    return SPRED_OK;
}

enum spred_status spec_override(const struct spec_reader *r, const char *text)
{
    const struct spec_node at = {.origin = text};
    const char *equals = strchr(text, '=');
    if (!equals || equals == text)
        return spec_fail(r, &at, "expected for example --set stop.gap=1e-4");
    struct spec_node *value, *parent = r->doc->root;
    size_t slot = 0, levels = 0;
    int named =
        strncmp(text, "models.", 7) == 0 || strncmp(text, "solvers.", 8) == 0;
    SPRED_TRY(spec_document_parse(r->env, r->doc, equals + 1,
                                  strlen(equals + 1), text, &value));
    if (!value)
        return spec_fail(r, &at, "has no value after '='");
    for (const char *c = text; c <= equals;) {
        char segment[SEGMENT_MAX];
        size_t length = strcspn(c, ".=");
        if (length == 0 || length >= sizeof segment ||
            ++levels > SPEC_DEPTH_MAX)
            return spec_fail(r, &at,
                             "expected keys with points between them, for "
                             "example --set stop.gap=1e-4");
        memcpy(segment, c, length);
        segment[length] = '\0';
        if (levels > 1)
            parent = parent->items[slot];
        if (levels == 3 && named)
            SPRED_TRY(skip_name(r, &at, segment, &parent));
        SPRED_TRY(find_slot(r, &at, parent, segment, &slot));
        c += length + 1;
    }
    adopt(value, parent->items[slot], 0);
    parent->items[slot] = value;
    return SPRED_OK;
}
