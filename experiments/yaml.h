/* yaml.h: a strict YAML 1.2 core reader: a tree whose nodes know their place.
 */
#ifndef EXPERIMENTS_YAML_H
#define EXPERIMENTS_YAML_H

#include <stddef.h>
#include "spred/env.h"

#define SPEC_DEPTH_MAX 32         /* maps and lists inside each other */
#define SPEC_BYTES_MAX (1u << 20) /* of a file */
#define SPEC_NODES_MAX 100000u    /* in a file and its overrides */
#define SPEC_KEYS_MAX 256u        /* in one map */

enum spec_node_kind {
    SPEC_NODE_NULL,
    SPEC_NODE_BOOL,
    SPEC_NODE_NUMBER, /* written as a number; may still be out of range */
    SPEC_NODE_TEXT,
    SPEC_NODE_LIST,
    SPEC_NODE_MAP
};

/* Scalars have text as written (bool: "true" or "false"; null: ""). Lists have
 * n items; maps have n items and n keys (SPEC_NODE_TEXT whatever they look
 * like). Line and column count from 1. */
struct spec_node {
    enum spec_node_kind kind;
    char *text;
    int quoted;         /* written with quotes or as a block */
    int swept;          /* a key whose values make a sweep (spec_sweep.c) */
    const char *origin; /* "a.b=v" of --set (borrowed), NULL: the file */
    unsigned line, column;
    size_t n, capacity;
    struct spec_node **keys, **items; /* borrowed from the document */
    struct spec_node *next;           /* chain by which the document frees */
};

/* All nodes of a file and its overrides. Zero-initialise; release with
 * spec_document_free. path is borrowed. */
struct spec_document {
    const char *path;
    struct spec_node *root; /* NULL: nothing but comments */
    struct spec_node *all;
    size_t count;
};

/* Reads a file. SPRED_EIO: cannot be read; SPRED_EFORMAT: not strict YAML, the
 * text says where and what was expected. Free the document in either case. */
enum spred_status spec_document_read(struct spred_env *env, const char *path,
                                     struct spec_document *doc);

/* Parses bytes as one YAML value into *root (NULL: nothing there), owned by the
 * document. origin: as in spec_node. */
enum spred_status spec_document_parse(struct spred_env *env,
                                      struct spec_document *doc,
                                      const char *bytes, size_t length,
                                      const char *origin,
                                      struct spec_node **root);
void spec_document_free(struct spred_env *env, struct spec_document *doc);

/* A new node of the document, its place and origin copied from `like` unless
 * that is NULL; text (may be NULL) is copied. NULL: out of memory or too many
 * nodes; the error text is set. */
struct spec_node *spec_node_new(struct spred_env *env,
                                struct spec_document *doc,
                                enum spec_node_kind kind, const char *text,
                                const struct spec_node *like);

/* Appends to a list (key NULL) or a map. */
enum spred_status spec_node_add(struct spred_env *env, struct spec_node *parent,
                                struct spec_node *key, struct spec_node *item);

/* The value of a key of a map, or NULL. */
struct spec_node *spec_node_get(const struct spec_node *map, const char *key);

/* "FILE:LINE:COLUMN: " or "--set a.b=v: " into text. */
void spec_node_place(const struct spec_document *doc,
                     const struct spec_node *node, char *text, size_t size);

/* What a plain scalar is by the YAML 1.2 core schema. */
enum spec_node_kind spec_plain_kind(const char *text);

/* What must be refused before libyaml sees the bytes: no UTF-8, control
 * characters, tabs in an indentation. Returns NULL or what is wrong, and
 * where. Depth is checked event by event: libyaml looks ahead 1024 characters
 * at most, so it never gets to the 17 s that it takes for 100 000 nested
 * brackets. */
const char *spec_scan(const char *bytes, size_t length, unsigned *line,
                      unsigned *column);

#endif
