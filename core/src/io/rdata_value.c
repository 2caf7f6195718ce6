/* rdata_value.c: what an R node holds: numbers, texts, names, dimensions. */
#include "rdata.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define MAX_CHAIN 100000 /* cells of a pairlist that a look-up visits */

int r_text_equal(struct r_text a, struct r_text b)
{
    if (!a.bytes || !b.bytes)
        return a.bytes == b.bytes;
    return a.length == b.length && memcmp(a.bytes, b.bytes, a.length) == 0;
}

int r_text_is(struct r_text text, const char *other)
{
    return text.bytes && text.length == strlen(other) &&
           memcmp(text.bytes, other, text.length) == 0;
}

int r_is_symbol(const struct r_node *node, const char *name)
{
    return node && (node->type == R_SYMBOL || node->type == R_CHAR) &&
           r_text_is(node->strings[0], name);
}

static const struct r_node *find_pair(const struct r_node *cell,
                                      const char *name)
{
    for (size_t i = 0; cell && cell->type == R_PAIRLIST && i < MAX_CHAIN;
         i++, cell = cell->cdr)
        if (r_is_symbol(cell->tag, name))
            return cell->car;
    return NULL;
}

const struct r_node *r_attribute(const struct r_node *node, const char *name)
{
    return node ? find_pair(node->attributes, name) : NULL;
}

int r_inherits(const struct r_node *node, const char *name)
{
    const struct r_node *class = r_attribute(node, "class");
    if (!class || class->type != R_STRING || class->deferred)
        return 0;
    for (size_t i = 0; i < class->length; i++)
        if (r_text_is(class->strings[i], name))
            return 1;
    return 0;
}

const struct r_node *r_member(const struct r_node *node, const char *name)
{
    if (!node)
        return NULL;
    if (node->type == R_PAIRLIST)
        return find_pair(node, name);
    if (node->type == R_LIST) {
        const struct r_node *names = r_attribute(node, "names");
        if (!names || names->type != R_STRING || names->deferred)
            return NULL;
        for (size_t i = 0; i < node->length && i < names->length; i++)
            if (r_text_is(names->strings[i], name))
                return node->items[i];
        return NULL;
    }
    if (node->type != R_ENVIRONMENT)
        return NULL;
    const struct r_node *found = find_pair(node->car, name);
    const struct r_node *table = node->cdr;
    if (!found && table && table->type == R_LIST)
        for (size_t i = 0; i < table->length && !found; i++)
            found = find_pair(table->items[i], name);
    return found;
}

int r_is_numeric(const struct r_node *node)
{
    return node && (node->type == R_REAL || node->type == R_INTEGER ||
                    node->type == R_LOGICAL);
}

int r_is_factor(const struct r_node *node)
{
    if (!node || node->type != R_INTEGER || !r_inherits(node, "factor"))
        return 0;
    const struct r_node *levels = r_attribute(node, "levels");
    return levels && levels->type == R_STRING && !levels->deferred;
}

static uint32_t big32(const unsigned char *b)
{
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 |
           b[3];
}

double r_number(const struct r_node *node, size_t i)
{
    if (node->compact)
        return node->start + (double)i * node->step;
    if (node->type == R_REAL) {
        const unsigned char *b = node->data + 8 * i;
        uint64_t bits = (uint64_t)big32(b) << 32 | big32(b + 4);
        double value;
        memcpy(&value, &bits, sizeof value);
        return isnan(value) ? (double)NAN : value; /* NA is a NaN payload */
    }
    uint32_t bits = big32(node->data + 4 * i);
    int32_t value;
    memcpy(&value, &bits, sizeof value);
    return value == INT32_MIN ? (double)NAN : (double)value;
}

struct r_text r_string(const struct r_node *node, size_t i)
{
    const struct r_text missing = {0};
    if (node->type == R_STRING)
        return node->deferred ? missing : node->strings[i];
    if (!r_is_factor(node))
        return missing;
    const struct r_node *levels = r_attribute(node, "levels");
    double code = r_number(node, i);
    if (!(code >= 1 && code <= (double)levels->length))
        return missing;
    return levels->strings[(size_t)code - 1];
}

/* Length of the valid UTF-8 sequence at c (left bytes remain), 0: none. */
static size_t utf8_length(const unsigned char *c, size_t left)
{
    size_t length = c[0] < 0x80                    ? 1
                    : c[0] >= 0xc2 && c[0] <= 0xdf ? 2
                    : (c[0] & 0xf0) == 0xe0        ? 3
                    : c[0] >= 0xf0 && c[0] <= 0xf4 ? 4
                                                   : 0;
    if (length > left)
        return 0;
    for (size_t i = 1; i < length; i++)
        if ((c[i] & 0xc0) != 0x80)
            return 0;
    return length;
}

static int is_utf8(struct r_text text)
{
    const unsigned char *c = (const unsigned char *)text.bytes;
    for (size_t i = 0, step; i < text.length; i += step)
        if (!(step = utf8_length(c + i, text.length - i)))
            return 0;
    return 1;
}

/* Unmarked strings are in the writer's encoding: UTF-8 if they are valid,
 * else read as Latin-1. Control characters become blanks: names go into tables
 * and one-line messages. */
char *r_text_copy(struct spred_env *env, struct r_text text)
{
    if (!text.bytes)
        return spred_strdup(env, "");
    int latin1 = text.latin1 || !is_utf8(text);
    char *copy = spred_alloc(env, 2 * text.length + 1, 1);
    if (!copy)
        return NULL;
    size_t at = 0;
    for (size_t i = 0; i < text.length; i++) {
        unsigned char c = (unsigned char)text.bytes[i];
        if (c < 32 || c == 127) {
            copy[at++] = ' ';
        } else if (c >= 128 && latin1) {
            copy[at++] = (char)(0xc0 | c >> 6);
            copy[at++] = (char)(0x80 | (c & 0x3f));
        } else {
            copy[at++] = (char)c;
        }
    }
    return copy;
}

char *r_string_copy(struct spred_env *env, const struct r_node *node, size_t i)
{
    const struct r_node *numbers = node->deferred ? node->car : node;
    if (!node->deferred && (node->type == R_STRING || r_is_factor(node)))
        return r_text_copy(env, r_string(node, i));
    if (!r_is_numeric(numbers))
        return spred_strdup(env, "");
    double value = r_number(numbers, i);
    if (isnan(value))
        return spred_strdup(env, "");
    if (numbers->type == R_LOGICAL)
        return spred_strdup(env, value > 0 ? "TRUE" : "FALSE");
    char *text = spred_format(env, "%.15g", value);
    for (char *c = text; c && *c; c++)
        if (*c == ',')
            *c = '.'; /* a locale with a decimal comma */
    return text;
}

int r_matrix_size(const struct r_node *node, size_t *rows, size_t *columns)
{
    const struct r_node *dim = r_attribute(node, "dim");
    if (!r_is_numeric(dim) || dim->length != 2 || !node || node->compact)
        return 0;
    double n = r_number(dim, 0), m = r_number(dim, 1);
    if (!(n >= 1 && m >= 1 && n < 2147483648.0 && m < 2147483648.0))
        return 0;
    *rows = (size_t)n;
    *columns = (size_t)m;
    return node->length / *rows == *columns && node->length % *rows == 0;
}

const struct r_node *r_dimnames(const struct r_node *node, int axis,
                                size_t length)
{
    const struct r_node *names = r_attribute(node, "dimnames");
    if (!names || names->type != R_LIST || names->length != 2)
        return NULL;
    names = names->items[axis];
    return names->type == R_STRING && names->length == length ? names : NULL;
}

int r_frame_size(const struct r_node *node, size_t *rows, size_t *columns)
{
    if (!node || node->type != R_LIST || !r_inherits(node, "data.frame") ||
        node->length == 0)
        return 0;
    *columns = node->length;
    *rows = node->items[0]->length;
    for (size_t j = 0; j < node->length; j++)
        if (node->items[j]->length != *rows)
            return 0;
    return *rows > 0;
}

const struct r_node *r_row_names(const struct r_node *frame, size_t rows)
{
    const struct r_node *names = r_attribute(frame, "row.names");
    return names && names->type == R_STRING && names->length == rows ? names
                                                                     : NULL;
}
