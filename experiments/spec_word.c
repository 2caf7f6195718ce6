/* spec_word.c: a structured value (the layers of a network) as one word, for
 * options that take a text. */
#include "experiments/spec_read.h"

#include <string.h>

/* What a word is made of: nothing of the grammar itself, no blanks. */
static enum spred_status put_scalar(const struct spec_reader *r,
                                    const struct spec_node *node,
                                    const char *what, struct spred_buffer *out)
{
    const char *text = node->text;
    if (!text || node->kind == SPEC_NODE_NULL)
        return spec_fail(r, node, "%s: expected one value here, found %s", what,
                         node->kind == SPEC_NODE_LIST  ? "a list"
                         : node->kind == SPEC_NODE_MAP ? "a map"
                                                       : "nothing");
    for (const char *c = text; *c; c++)
        if ((unsigned char)*c <= ' ' || *c == 127 || strchr("|(),=;", *c))
            return spec_fail(r, node,
                             "%s: '%.100s': a value here cannot have blanks or "
                             "any of | ( ) , = ;",
                             what, text);
    if (*text == '\0')
        return spec_fail(r, node, "%s: is empty, expected a value", what);
    return spred_buffer_add(r->env, out, "%s", text);
}

/* "a=1,b=2"; a map inside is its kind and then its other keys. */
static enum spred_status put_pairs(const struct spec_reader *r,
                                   const struct spec_node *map,
                                   const char *what, int inside,
                                   struct spred_buffer *out)
{
    int first = 1;
    for (size_t i = 0; i < map->n; i++) {
        const struct spec_node *value = map->items[i];
        if (inside && strcmp(map->keys[i]->text, "kind") == 0)
            continue; /* said by the key outside */
        SPRED_TRY(spred_buffer_add(r->env, out, first && !inside ? "" : ","));
        first = 0;
        SPRED_TRY(put_scalar(r, map->keys[i], what, out));
        SPRED_TRY(spred_buffer_add(r->env, out, "="));
        if (value->kind != SPEC_NODE_MAP || inside) {
            SPRED_TRY(put_scalar(r, value, what, out));
            continue;
        }
        const struct spec_node *kind = spec_node_get(value, "kind");
        if (!kind)
            return spec_fail(r, value,
                             "%s: '%.100s' has no 'kind', expected for example "
                             "%.100s: {kind: spred, lambda: 0.1}",
                             what, map->keys[i]->text, map->keys[i]->text);
        SPRED_TRY(put_scalar(r, kind, what, out));
        SPRED_TRY(put_pairs(r, value, what, 1, out));
    }
    return SPRED_OK;
}

/* "relu", "linear(out=64)". */
static enum spred_status put_item(const struct spec_reader *r,
                                  const struct spec_node *item,
                                  const char *what, struct spred_buffer *out)
{
    if (item->kind != SPEC_NODE_MAP)
        return put_scalar(r, item, what, out);
    if (item->n != 1)
        return spec_fail(r, item,
                         "%s: expected one name with its settings, for example "
                         "linear: {out: 64}; this map has %zu keys",
                         what, item->n);
    const struct spec_node *settings = item->items[0];
    SPRED_TRY(put_scalar(r, item->keys[0], what, out));
    if (settings->kind == SPEC_NODE_NULL)
        return SPRED_OK;
    SPRED_TRY(spec_want(r, settings, what, SPEC_NODE_MAP));
    if (settings->n == 0)
        return SPRED_OK;
    SPRED_TRY(spred_buffer_add(r->env, out, "("));
    SPRED_TRY(put_pairs(r, settings, what, 0, out));
    return spred_buffer_add(r->env, out, ")");
}

enum spred_status spec_word(const struct spec_reader *r,
                            const struct spec_node *node, const char *what,
                            struct spec_node **out)
{
    struct spred_buffer text = {0};
    enum spred_status status = spred_buffer_append(r->env, &text, "", 0);
    if (node->kind == SPEC_NODE_LIST && node->n == 0)
        status = spec_fail(r, node, "%s: is empty, expected at least one item",
                           what);
    if (node->kind == SPEC_NODE_LIST)
        for (size_t i = 0; status == SPRED_OK && i < node->n; i++) {
            if (i)
                status = spred_buffer_add(r->env, &text, "|");
            if (status == SPRED_OK)
                status = put_item(r, node->items[i], what, &text);
        }
    else if (status == SPRED_OK)
        status = put_item(r, node, what, &text);
    if (status == SPRED_OK &&
        !(*out =
              spec_node_new(r->env, r->doc, SPEC_NODE_TEXT, text.text, node)))
        status = SPRED_ENOMEM;
    spred_free(r->env, text.text);
    return status;
}
