/* yaml.c: libyaml events -> a tree of places and plain values, strictly. */
#include "experiments/yaml.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <yaml.h>

struct builder {
    struct spred_env *env;
    struct spec_document *doc;
    yaml_parser_t parser;
    const char *origin;
};

static enum spred_status refuse(struct builder *b, yaml_mark_t mark,
                                const char *what)
{
    char place[SPRED_ERROR_MAX / 2];
    struct spec_node node = {.line = (unsigned)mark.line + 1,
                             .column = (unsigned)mark.column + 1,
                             .origin = b->origin};
    spec_node_place(b->doc, &node, place, sizeof place);
    return spred_fail(b->env, SPRED_EFORMAT, "%s%s", place, what);
}

/* The next event; delete it with yaml_event_delete. */
static enum spred_status next_event(struct builder *b, yaml_event_t *event)
{
    char what[SPRED_ERROR_MAX / 4];
    yaml_parser_t *p = &b->parser;
    if (yaml_parser_parse(p, event))
        return SPRED_OK;
    memset(event, 0, sizeof *event);
    if (p->error == YAML_MEMORY_ERROR)
        return spred_fail(b->env, SPRED_ENOMEM, "out of memory (YAML)");
    yaml_mark_t mark = p->problem_mark;
    if (p->error == YAML_READER_ERROR)
        mark = p->mark;
    if (p->context)
        snprintf(what, sizeof what, "%s, %s (which began at line %zu)",
                 p->problem, p->context, p->context_mark.line + 1);
    else
        snprintf(what, sizeof what, "%s", p->problem ? p->problem : "not YAML");
    return refuse(b, mark, what);
}

/* Anchors and tags are refused: a file says what it means where it means it,
 * and no alias can multiply. */
static enum spred_status check_marks(struct builder *b,
                                     const yaml_event_t *event)
{
    const yaml_char_t *anchor = NULL, *tag = NULL;
    if (event->type == YAML_SCALAR_EVENT) {
        anchor = event->data.scalar.anchor;
        tag = event->data.scalar.tag;
    } else if (event->type == YAML_SEQUENCE_START_EVENT) {
        anchor = event->data.sequence_start.anchor;
        tag = event->data.sequence_start.tag;
    } else if (event->type == YAML_MAPPING_START_EVENT) {
        anchor = event->data.mapping_start.anchor;
        tag = event->data.mapping_start.tag;
    }
    if (anchor || event->type == YAML_ALIAS_EVENT)
        return refuse(b, event->start_mark,
                      "anchors and aliases (&name, *name) are not allowed, "
                      "write the value out");
    if (tag)
        return refuse(b, event->start_mark,
                      "tags (!name) are not allowed, write the value alone");
    return SPRED_OK;
}

static enum spred_status scalar(struct builder *b, const yaml_event_t *event,
                                struct spec_node *node)
{
    const char *text = (const char *)event->data.scalar.value;
    if (strlen(text) != event->data.scalar.length)
        return refuse(b, event->start_mark, "a NUL character, expected text");
    node->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    node->kind = node->quoted ? SPEC_NODE_TEXT : spec_plain_kind(text);
    if (node->kind == SPEC_NODE_NULL)
        text = "";
    if (node->kind == SPEC_NODE_BOOL)
        text = *text == 't' || *text == 'T' ? "true" : "false";
    node->text = spred_strdup(b->env, text);
    return node->text ? SPRED_OK : SPRED_ENOMEM;
}

static enum spred_status check_key(struct builder *b, const yaml_event_t *event,
                                   const struct spec_node *map)
{
    char what[SPRED_ERROR_MAX / 4];
    if (event->type != YAML_SCALAR_EVENT)
        return refuse(b, event->start_mark, "a key must be a single word");
    const char *key = (const char *)event->data.scalar.value;
    int plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    if (*key == '\0' || strlen(key) != event->data.scalar.length ||
        (plain && spec_plain_kind(key) == SPEC_NODE_NULL))
        return refuse(b, event->start_mark, "an empty key");
    if (plain && strcmp(key, "<<") == 0)
        return refuse(b, event->start_mark,
                      "merge keys (<<) are not allowed, write the keys out");
    if (map->n >= SPEC_KEYS_MAX)
        return refuse(b, event->start_mark, "more than 256 keys in one map");
    for (size_t i = 0; i < map->n; i++)
        if (strcmp(map->keys[i]->text, key) == 0) {
            snprintf(what, sizeof what,
                     "duplicate key '%.100s', it is already at line %u", key,
                     map->keys[i]->line);
            return refuse(b, event->start_mark, what);
        }
    return SPRED_OK;
}

static enum spred_status build(struct builder *b, yaml_event_t *event,
                               unsigned depth, struct spec_node **out);

/* The children of a list or map up to its end event. */
static enum spred_status children(struct builder *b, struct spec_node *parent,
                                  yaml_event_type_t end, unsigned depth)
{
    for (;;) {
        yaml_event_t event;
        struct spec_node *key = NULL, *item = NULL;
        SPRED_TRY(next_event(b, &event));
        if (event.type == end) {
            yaml_event_delete(&event);
            return SPRED_OK;
        }
        if (parent->kind == SPEC_NODE_MAP) {
            enum spred_status status = check_marks(b, &event);
            if (status == SPRED_OK)
                status = check_key(b, &event, parent);
            if (status != SPRED_OK) {
                yaml_event_delete(&event);
                return status;
            }
            SPRED_TRY(build(b, &event, depth, &key));
            key->kind = SPEC_NODE_TEXT;
            SPRED_TRY(next_event(b, &event));
        }
        SPRED_TRY(build(b, &event, depth, &item));
        SPRED_TRY(spec_node_add(b->env, parent, key, item));
    }
}

/* Makes the node of an event, which it deletes. */
static enum spred_status build(struct builder *b, yaml_event_t *event,
                               unsigned depth, struct spec_node **out)
{
    enum spred_status status = check_marks(b, event);
    yaml_event_type_t type = event->type, end = YAML_NO_EVENT;
    struct spec_node *node = NULL;
    if (status == SPRED_OK && depth > SPEC_DEPTH_MAX)
        status = refuse(b, event->start_mark,
                        "nested too deep, expected at most 32 levels");
    if (status == SPRED_OK && b->doc->count >= SPEC_NODES_MAX)
        status = refuse(b, event->start_mark, "too many values");
    if (status == SPRED_OK) {
        struct spec_node like = {.line = (unsigned)event->start_mark.line + 1,
                                 .column =
                                     (unsigned)event->start_mark.column + 1,
                                 .origin = b->origin};
        *out = node =
            spec_node_new(b->env, b->doc, SPEC_NODE_NULL, NULL, &like);
        status = node ? SPRED_OK : SPRED_ENOMEM;
    }
    if (status == SPRED_OK && type == YAML_SCALAR_EVENT) {
        status = scalar(b, event, node);
    } else if (status == SPRED_OK && type == YAML_SEQUENCE_START_EVENT) {
        node->kind = SPEC_NODE_LIST;
        end = YAML_SEQUENCE_END_EVENT;
    } else if (status == SPRED_OK) {
        node->kind = SPEC_NODE_MAP;
        end = YAML_MAPPING_END_EVENT;
    }
    yaml_event_delete(event);
    if (status == SPRED_OK && end != YAML_NO_EVENT)
        status = children(b, node, end, depth + 1);
    return status;
}

static enum spred_status build_stream(struct builder *b,
                                      struct spec_node **root)
{
    int documents = 0;
    for (;;) {
        yaml_event_t event;
        SPRED_TRY(next_event(b, &event));
        yaml_event_type_t type = event.type;
        yaml_mark_t mark = event.start_mark;
        if (type == YAML_STREAM_START_EVENT || type == YAML_STREAM_END_EVENT ||
            type == YAML_DOCUMENT_END_EVENT ||
            type == YAML_DOCUMENT_START_EVENT) {
            yaml_event_delete(&event);
            if (type == YAML_STREAM_END_EVENT)
                return SPRED_OK;
            if (type == YAML_DOCUMENT_START_EVENT && documents++)
                return refuse(b, mark, "a second document (---), expected one");
            continue;
        }
        SPRED_TRY(build(b, &event, 1, root));
    }
}

enum spred_status spec_document_parse(struct spred_env *env,
                                      struct spec_document *doc,
                                      const char *bytes, size_t length,
                                      const char *origin,
                                      struct spec_node **root)
{
    struct builder b = {.env = env, .doc = doc, .origin = origin};
    yaml_mark_t mark = {0};
    unsigned line, column;
    *root = NULL;
    if (length > SPEC_BYTES_MAX)
        return refuse(&b, mark, "more than 1 MiB, expected an experiment");
    if (length >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0) {
        bytes += 3; /* a byte order mark */
        length -= 3;
    }
    const char *wrong = spec_scan(bytes, length, &line, &column);
    if (wrong) {
        mark.line = line - 1;
        mark.column = column - 1;
        return refuse(&b, mark, wrong);
    }
    if (!yaml_parser_initialize(&b.parser))
        return spred_fail(env, SPRED_ENOMEM, "out of memory (YAML)");
    yaml_parser_set_encoding(&b.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&b.parser, (const unsigned char *)bytes,
                                 length);
    enum spred_status status = build_stream(&b, root);
    yaml_parser_delete(&b.parser);
    return status;
}

enum spred_status spec_document_read(struct spred_env *env, const char *path,
                                     struct spec_document *doc)
{
    doc->path = path;
    FILE *file = fopen(path, "rb");
    if (!file)
        return spred_fail(env, SPRED_EIO, "%s: cannot be opened: %s", path,
                          strerror(errno));
    size_t size = SPEC_BYTES_MAX + 1; /* one more tells that it is too long */
    char *bytes = spred_alloc(env, size, 1);
    size_t length = bytes ? fread(bytes, 1, size, file) : 0;
    int failed = ferror(file) ? errno : 0;
    fclose(file);
    enum spred_status status = bytes ? SPRED_OK : SPRED_ENOMEM;
    if (failed == EISDIR)
        status =
            spred_fail(env, SPRED_EIO,
                       "%s: is a folder, expected an experiment file", path);
    else if (failed)
        status = spred_fail(env, SPRED_EIO, "%s: cannot be read: %s", path,
                            strerror(failed));
    if (status == SPRED_OK)
        status = spec_document_parse(env, doc, bytes, length, NULL, &doc->root);
    spred_free(env, bytes);
    return status;
}
