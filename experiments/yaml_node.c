/* yaml_node.c: the nodes of a YAML tree and the document that owns them. */
#include "experiments/yaml.h"

#include <stdio.h>
#include <string.h>

struct spec_node *spec_node_new(struct spred_env *env,
                                struct spec_document *doc,
                                enum spec_node_kind kind, const char *text,
                                const struct spec_node *like)
{
    if (doc->count >= SPEC_NODES_MAX) {
        spred_fail(env, SPRED_EFORMAT, "%s: more than %u values", doc->path,
                   SPEC_NODES_MAX);
        return NULL;
    }
    struct spec_node *node = spred_alloc(env, 1, sizeof *node);
    if (!node)
        return NULL;
    node->next = doc->all;
    doc->all = node;
    doc->count++;
    node->kind = kind;
    if (like) {
        node->line = like->line;
        node->column = like->column;
        node->origin = like->origin;
    }
    if (text && !(node->text = spred_strdup(env, text)))
        return NULL;
    return node;
}

enum spred_status spec_node_add(struct spred_env *env, struct spec_node *parent,
                                struct spec_node *key, struct spec_node *item)
{
    if (parent->n == parent->capacity) {
        size_t capacity = 2 * parent->capacity + 4;
        struct spec_node **items =
            spred_resize(env, parent->items, capacity, sizeof(void *));
        if (!items)
            return SPRED_ENOMEM;
        parent->items = items;
        struct spec_node **keys =
            spred_resize(env, parent->keys, capacity, sizeof(void *));
        if (!keys)
            return SPRED_ENOMEM;
        parent->keys = keys;
        parent->capacity = capacity;
    }
    parent->keys[parent->n] = key;
    parent->items[parent->n++] = item;
    return SPRED_OK;
}

struct spec_node *spec_node_get(const struct spec_node *map, const char *key)
{
    for (size_t i = 0; map->kind == SPEC_NODE_MAP && i < map->n; i++)
        if (strcmp(map->keys[i]->text, key) == 0)
            return map->items[i];
    return NULL;
}

void spec_node_place(const struct spec_document *doc,
                     const struct spec_node *node, char *text, size_t size)
{
    if (node && node->origin)
        snprintf(text, size, "--set %s: ", node->origin);
    else if (node && node->line) /* 0: not of a file */
        snprintf(text, size, "%s:%u:%u: ", doc->path, node->line, node->column);
    else
        snprintf(text, size, "%s: ", doc->path);
}

void spec_document_free(struct spred_env *env, struct spec_document *doc)
{
    struct spec_node *next;
    for (struct spec_node *node = doc->all; node; node = next) {
        next = node->next;
        spred_free(env, node->text);
        spred_free(env, node->keys);
        spred_free(env, node->items);
        spred_free(env, node);
    }
    memset(doc, 0, sizeof *doc);
}
