/* rdata_column.c: R vectors as class labels, real targets or numbers. */
#include "rdata.h"
#include "io.h"

#include <math.h>
#include <string.h>

#include "spred/text.h"

#define MAX_LEVELS 1000      /* more distinct texts are identifiers */
#define MAX_NUMBER_LEVELS 20 /* more distinct whole numbers are quantities */
#define PER_NUMBER_LEVEL 5   /* samples a whole-number class needs on average */

int r_text_number(struct r_text text, double *out)
{
    char cell[64];
    const char *c = text.bytes;
    size_t length = text.length;
    *out = NAN;
    while (c && length && (*c == ' ' || *c == '\t'))
        c++, length--;
    while (c && length && (c[length - 1] == ' ' || c[length - 1] == '\t'))
        length--;
    struct r_text trimmed = {c, length, 0};
    if (!c || length == 0 || r_text_is(trimmed, "NA") ||
        r_text_is(trimmed, "NaN") || r_text_is(trimmed, "null"))
        return 0;
    if (length >= sizeof cell)
        return -1;
    memcpy(cell, c, length);
    cell[length] = '\0';
    return spred_parse_real(cell, out) ? 1 : -1;
}

enum spred_status r_parse_column(struct spred_env *env,
                                 const struct r_node *column, size_t n,
                                 double *values, struct r_parsed *out)
{
    const struct r_node *texts = column;
    double *levels = NULL;
    signed char *kinds = NULL;
    *out = (struct r_parsed){0, n, 0};
    if (r_is_factor(column)) { /* each level once */
        texts = r_attribute(column, "levels");
        levels = spred_alloc(env, texts->length, sizeof *levels);
        kinds = spred_alloc(env, texts->length, 1);
        if (!levels || !kinds) {
            spred_free(env, levels);
            spred_free(env, kinds);
            return SPRED_ENOMEM;
        }
        for (size_t i = 0; i < texts->length; i++)
            kinds[i] =
                (signed char)r_text_number(texts->strings[i], &levels[i]);
    }
    for (size_t i = 0; i < n; i++) {
        int kind = 0;
        values[i] = NAN;
        if (levels) {
            double code = r_number(column, i);
            if (code >= 1 && code <= (double)texts->length) {
                kind = kinds[(size_t)code - 1];
                values[i] = levels[(size_t)code - 1];
            }
        } else {
            kind = r_text_number(r_string(column, i), &values[i]);
        }
        out->numbers += kind > 0;
        out->bad += kind < 0;
        if (kind < 0 && out->first_bad == n)
            out->first_bad = i;
    }
    spred_free(env, levels);
    spred_free(env, kinds);
    return SPRED_OK;
}

/* Codes of the texts, numbered by first appearance (STRING) or level (factor);
 * representatives: an element that holds the class. Returns the number of
 * classes, MAX_LEVELS + 1 if there are more. */
static size_t text_codes(const struct r_node *column, size_t n, int32_t *codes,
                         size_t *representatives)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        struct r_text text = r_string(column, i);
        codes[i] = -1;
        if (!text.bytes || text.length == 0)
            continue;
        size_t level = 0;
        while (level < count &&
               !r_text_equal(text, r_string(column, representatives[level])))
            level++;
        if (level == count) {
            if (count == MAX_LEVELS)
                return MAX_LEVELS + 1;
            representatives[count++] = i;
        }
        codes[i] = (int32_t)level;
    }
    return count;
}

static size_t number_codes(const struct r_node *column, size_t n,
                           int32_t *codes, size_t *representatives, size_t most)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        double value = r_number(column, i);
        codes[i] = -1;
        if (isnan(value))
            continue;
        if (value < floor(value) || value > floor(value))
            return most + 1;
        size_t level = 0;
        while (level < count) {
            double other = r_number(column, representatives[level]);
            if (!(value < other) && !(value > other))
                break;
            level++;
        }
        if (level == count) {
            if (count == most)
                return most + 1;
            representatives[count++] = i;
        }
        codes[i] = (int32_t)level;
    }
    return count;
}

/* The place of an element in the order of the classes: factors by level,
 * numbers ascending, texts as they came. */
static double rank_of(const struct r_node *column, size_t element, size_t level)
{
    return r_is_numeric(column) ? r_number(column, element) : (double)level;
}

static enum spred_status
make_classes(struct spred_env *env, struct spred_data *data,
             const struct r_node *column, size_t n, const char *name,
             const int32_t *codes, const size_t *representatives, size_t count)
{
    struct spred_target *target = spred_target_add(env, data);
    if (!target)
        return SPRED_ENOMEM;
    target->kind = SPRED_TARGET_CLASS;
    target->name = spred_strdup(env, name);
    target->levels = spred_alloc(env, count, sizeof *target->levels);
    target->codes = spred_alloc(env, n, sizeof *target->codes);
    if (!target->name || !target->levels || !target->codes)
        return SPRED_ENOMEM;
    target->n_levels = count;
    for (size_t i = 0; i < n; i++)
        target->codes[i] = -1;
    for (size_t level = 0; level < count; level++) {
        double rank = rank_of(column, representatives[level], level);
        size_t place = 0;
        for (size_t other = 0; other < count; other++)
            place += rank_of(column, representatives[other], other) < rank;
        target->levels[place] =
            r_string_copy(env, column, representatives[level]);
        if (!target->levels[place])
            return SPRED_ENOMEM;
        for (size_t i = 0; i < n; i++)
            if (codes[i] == (int32_t)level)
                target->codes[i] = (int32_t)place;
    }
    return SPRED_OK;
}

/* Real values that vary and are not just 1, 2, 3, ... */
static int is_quantity(const struct r_node *column, size_t n)
{
    double low = INFINITY, high = -INFINITY;
    int counts = 1;
    for (size_t i = 0; i < n; i++) {
        double value = r_number(column, i), wanted = (double)i + 1;
        if (isinf(value))
            return 0;
        counts = counts && !(value < wanted) && !(value > wanted);
        low = value < low ? value : low;
        high = value > high ? value : high;
    }
    return low < high && !counts;
}

static enum spred_status make_real(struct spred_env *env,
                                   struct spred_data *data,
                                   const struct r_node *column, size_t n,
                                   const char *name)
{
    struct spred_target *target = spred_target_add(env, data);
    if (!target)
        return SPRED_ENOMEM;
    target->kind = SPRED_TARGET_REAL;
    target->name = spred_strdup(env, name);
    target->values = spred_alloc(env, n, sizeof *target->values);
    if (!target->name || !target->values)
        return SPRED_ENOMEM;
    for (size_t i = 0; i < n; i++)
        target->values[i] = r_number(column, i);
    return SPRED_OK;
}

enum spred_status r_add_target(struct spred_env *env, struct spred_data *data,
                               const struct r_node *column, size_t n,
                               const char *name, enum r_column_rule rule,
                               int *made)
{
    *made = 0;
    int factor = r_is_factor(column), numeric = !factor && r_is_numeric(column);
    int text = column->type == R_STRING && !column->deferred;
    int logical = numeric && column->type == R_LOGICAL;
    if (column->length != n || n < 2 || !(factor || numeric || text) ||
        (numeric && !logical && rule == R_FEATURE_TABLE))
        return SPRED_OK;
    int32_t *codes = spred_alloc(env, n, sizeof *codes);
    size_t *first = spred_alloc(env, MAX_LEVELS, sizeof *first);
    enum spred_status status = codes && first ? SPRED_OK : SPRED_ENOMEM;
    if (status == SPRED_OK) {
        size_t count =
            numeric ? number_codes(column, n, codes, first, MAX_NUMBER_LEVELS)
                    : text_codes(column, n, codes, first);
        size_t covered = 0;
        for (size_t i = 0; count <= MAX_LEVELS && i < n; i++)
            covered += codes[i] >= 0;
        int classes = count >= 2;
        if (numeric && !logical)
            classes = classes && count <= MAX_NUMBER_LEVELS &&
                      count * PER_NUMBER_LEVEL <= covered;
        else if (!factor && rule != R_RESPONSE)
            classes = classes && count <= covered / 2;
        else
            classes = classes && count < covered;
        if (classes) {
            status =
                make_classes(env, data, column, n, name, codes, first, count);
            *made = 1;
        } else if (numeric && !logical &&
                   (rule == R_RESPONSE || is_quantity(column, n))) {
            status = make_real(env, data, column, n, name);
            *made = 1;
        }
    }
    spred_free(env, codes);
    spred_free(env, first);
    return status;
}

enum spred_status r_add_phenotypes(struct spred_env *env,
                                   struct spred_data *data,
                                   const struct r_node *frame, size_t n)
{
    const struct r_node *names = r_attribute(frame, "names");
    size_t rows, columns;
    if (!r_frame_size(frame, &rows, &columns) || rows != n)
        return SPRED_OK;
    for (size_t j = 0; j < columns; j++) {
        int made;
        char *name = names && names->type == R_STRING && j < names->length
                         ? r_string_copy(env, names, j)
                         : spred_format(env, "column %zu", j + 1);
        if (!name)
            return SPRED_ENOMEM;
        enum spred_status status = r_add_target(env, data, frame->items[j], n,
                                                name, R_PHENOTYPE, &made);
        spred_free(env, name);
        SPRED_TRY(status);
    }
    return SPRED_OK;
}
