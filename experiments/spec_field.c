/* spec_field.c: one YAML value -> one checked C value, and tables of them. */
#include "experiments/spec_read.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "experiments/units.h"

#define WHAT_MAX 128 /* a path such as "datasets.0.simulated.n" */

enum spred_status spec_fail(const struct spec_reader *r,
                            const struct spec_node *node, const char *format,
                            ...)
{
    char place[SPRED_ERROR_MAX / 2], text[SPRED_ERROR_MAX];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    spec_node_place(r->doc, node, place, sizeof place);
    return spred_fail(r->env, SPRED_EINVAL, "%s%s", place, text);
}

enum spred_status spec_unknown(const struct spec_reader *r,
                               const struct spec_node *node, const char *kind,
                               const char *word, const char *const *list)
{
    char all[SPRED_ERROR_MAX / 2] = "";
    const char *nearest = spred_nearest(word, list);
    if (nearest)
        return spec_fail(r, node, "unknown %s '%.100s', did you mean '%s'?",
                         kind, word, nearest);
    for (size_t used = 0; *list && used < sizeof all; list++)
        used += (size_t)snprintf(all + used, sizeof all - used, "%s%s",
                                 used ? ", " : "", *list);
    const char *digits = word + strspn(word, "0123456789");
    return spec_fail(r, node, "unknown %s '%.100s', expected one of: %s%s",
                     kind, word, all,
                     *digits ? "" : " (decimals are written with a point)");
}

enum spred_status spec_want(const struct spec_reader *r,
                            const struct spec_node *node, const char *what,
                            enum spec_node_kind kind)
{
    static const char *const kinds[] = {"nothing", "true or false", "a number",
                                        "a text",  "a list",        "a map"};
    if (node->kind == kind)
        return SPRED_OK;
    if (node->kind == SPEC_NODE_NULL)
        return spec_fail(r, node, "%s: has no value, expected %s", what,
                         kinds[kind]);
    if (node->text)
        return spec_fail(
            r, node, "%s: '%.100s' is %s, expected %s", what, node->text,
            node->quoted ? "a text in quotes" : kinds[node->kind], kinds[kind]);
    return spec_fail(r, node, "%s: found %s, expected %s", what,
                     kinds[node->kind], kinds[kind]);
}

static enum spred_status want_number(const struct spec_reader *r,
                                     const struct spec_node *node,
                                     const char *what)
{
    if (node->kind == SPEC_NODE_TEXT && !node->quoted)
        return spec_fail(
            r, node, "%s: '%.100s' is not a number%s", what, node->text,
            strchr(node->text, ',') ? ", decimals are written with a point"
                                    : "");
    return spec_want(r, node, what, SPEC_NODE_NUMBER);
}

enum spred_status spec_real(const struct spec_reader *r,
                            const struct spec_node *node, const char *what,
                            double min, double max, double *out)
{
    double value;
    SPRED_TRY(want_number(r, node, what));
    if (!spred_parse_real(node->text, &value))
        return spec_fail(r, node, "%s: '%.100s' is not a finite decimal number",
                         what, node->text);
    if (!(value >= min && value <= max))
        return spec_fail(r, node,
                         "%s: '%.100s' is out of bounds, expected a number "
                         "from %g to %g",
                         what, node->text, min, max);
    *out = value;
    return SPRED_OK;
}

enum spred_status spec_int(const struct spec_reader *r,
                           const struct spec_node *node, const char *what,
                           double min, double max, int64_t *out)
{
    int64_t value;
    SPRED_TRY(want_number(r, node, what));
    if (!spred_parse_int(node->text, &value))
        return spec_fail(r, node,
                         "%s: '%.100s' is not a whole number, expected digits "
                         "only",
                         what, node->text);
    if (!((double)value >= min && (double)value <= max))
        return spec_fail(r, node,
                         "%s: '%.100s' is out of bounds, expected a whole "
                         "number from %.0f to %.0f",
                         what, node->text, min, max);
    *out = value;
    return SPRED_OK;
}

enum spred_status spec_text(const struct spec_reader *r,
                            const struct spec_node *node, const char *what,
                            char **out)
{
    SPRED_TRY(spec_want(r, node, what, SPEC_NODE_TEXT));
    if (*node->text == '\0')
        return spec_fail(r, node, "%s: is empty, expected a text", what);
    char *copy = spred_strdup(r->env, node->text);
    if (!copy)
        return SPRED_ENOMEM;
    spred_free(r->env, *out);
    *out = copy;
    return SPRED_OK;
}

int spec_name_is_safe(const char *name)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    size_t length = strlen(name);
    return length > 0 && length <= 64 && *name != '.' &&
           strspn(name, allowed) == length;
}

enum spred_status spec_name(const struct spec_reader *r,
                            const struct spec_node *node, const char *what,
                            char **out)
{
    if (node->kind == SPEC_NODE_TEXT && !spec_name_is_safe(node->text))
        return spec_fail(r, node,
                         "%s: '%.100s' is not a safe name, expected letters, "
                         "digits, '.', '_' and '-' (at most 64, not starting "
                         "with '.')",
                         what, node->text);
    return spec_text(r, node, what, out);
}

enum spred_status spec_choice(const struct spec_reader *r,
                              const struct spec_node *node, const char *what,
                              const char *const *choices, int *out)
{
    if (node->kind != SPEC_NODE_TEXT)
        return spec_want(r, node, what, SPEC_NODE_TEXT);
    for (int i = 0; choices[i]; i++)
        if (strcmp(choices[i], node->text) == 0) {
            *out = i;
            return SPRED_OK;
        }
    return spec_unknown(r, node, what, node->text, choices);
}

enum spred_status spec_bool(const struct spec_reader *r,
                            const struct spec_node *node, const char *what,
                            int *out)
{
    SPRED_TRY(spec_want(r, node, what, SPEC_NODE_BOOL));
    *out = *node->text == 't';
    return SPRED_OK;
}

/* "wall: '120' has no unit, expected for example 120 s". */
static enum spred_status quantity(const struct spec_reader *r,
                                  const struct spec_node *node,
                                  const char *what,
                                  const struct spec_field *field, double *out)
{
    if (!node->text || node->kind == SPEC_NODE_NULL)
        return spec_want(r, node, what, SPEC_NODE_TEXT);
    double value = 0;
    const char *wrong =
        field->kind == SPEC_FIELD_DURATION ? spec_duration(node->text, &value)
        : field->kind == SPEC_FIELD_SIZE   ? spec_size(node->text, &value)
                                           : spec_share(node->text, &value);
    char bounds[128], low[40], high[40];
    if (!wrong && !(value >= field->min && value <= field->max)) {
        const char *unit = field->kind == SPEC_FIELD_DURATION ? " s" : " B";
        if (field->kind == SPEC_FIELD_SHARE) {
            spec_shortest_share(field->min, low);
            spec_shortest_share(field->max, high);
            unit = "";
        } else {
            spec_shortest(field->min, low);
            spec_shortest(field->max, high);
        }
        snprintf(bounds, sizeof bounds,
                 "is out of bounds, expected from %s%s to %s%s", low, unit,
                 high, unit);
        wrong = bounds;
    }
    if (wrong)
        return spec_fail(r, node, "%s: '%.100s' %s", what, node->text, wrong);
    *out = value;
    return SPRED_OK;
}

static enum spred_status read_field(const struct spec_reader *r,
                                    const struct spec_node *node,
                                    const char *what,
                                    const struct spec_field *field, void *out)
{
    char *at = out ? (char *)out + field->offset : NULL;
    void *slot = at; /* aligned: offset of a member of that type */
    switch (field->kind) {
    case SPEC_FIELD_INT:
        return spec_int(r, node, what, field->min, field->max, slot);
    case SPEC_FIELD_REAL:
        return spec_real(r, node, what, field->min, field->max, slot);
    case SPEC_FIELD_TEXT:
        return spec_text(r, node, what, slot);
    case SPEC_FIELD_CHOICE:
        return spec_choice(r, node, what, field->choices, slot);
    case SPEC_FIELD_BOOL:
        return spec_bool(r, node, what, slot);
    case SPEC_FIELD_DURATION:
    case SPEC_FIELD_SIZE:
    case SPEC_FIELD_SHARE:
        return quantity(r, node, what, field, slot);
    case SPEC_FIELD_MAP:
        return spec_fields(r, node, what, field->fields, out);
    case SPEC_FIELD_OTHER:
        break;
    }
    return SPRED_OK;
}

enum spred_status spec_fields(const struct spec_reader *r,
                              const struct spec_node *map, const char *what,
                              const struct spec_field *table, void *out)
{
    const char *keys[32];
    size_t n_keys = 0;
    for (const struct spec_field *f = table; f->key && n_keys < 31; f++)
        keys[n_keys++] = f->key;
    keys[n_keys] = NULL;
    SPRED_TRY(spec_want(r, map, what, SPEC_NODE_MAP));
    for (size_t i = 0; i < map->n; i++) {
        const struct spec_field *field = table;
        const char *key = map->keys[i]->text;
        char inner[WHAT_MAX], kind[WHAT_MAX + 16];
        while (field->key && strcmp(field->key, key) != 0)
            field++;
        if (!field->key) {
            snprintf(kind, sizeof kind, "key in %s", what);
            return spec_unknown(r, map->keys[i], kind, key, keys);
        }
        snprintf(inner, sizeof inner, "%.80s.%.40s", what, key);
        SPRED_TRY(read_field(r, map->items[i], inner, field, out));
    }
    return SPRED_OK;
}

void *spec_grow(const struct spec_reader *r, void *array, size_t n, size_t size)
{
    char *grown = spred_resize(r->env, array, n + 1, size);
    if (grown)
        memset(grown + n * size, 0, size);
    return grown;
}
