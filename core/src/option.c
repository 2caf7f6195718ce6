/* option.c: option tables: defaults, checked setting, canonical text. */
#include "spred/option.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "spred/text.h"

#define MAX_NAMES 64 /* options in one table; the contract test checks it */

static enum spred_status refuse(struct spred_env *env,
                                const struct spred_option *row,
                                const char *value, const char *expected)
{
    return spred_fail(env, SPRED_EINVAL, "%s: '%s' is not %s", row->name, value,
                      expected);
}

static enum spred_status set_number(struct spred_env *env,
                                    const struct spred_option *row, char *field,
                                    const char *value)
{
    char expected[128];
    double real;
    int64_t integer;
    if (row->kind == SPRED_OPTION_INT) {
        snprintf(expected, sizeof expected, "an integer from %.0f to %.0f",
                 row->min, row->max);
        if (!spred_parse_int(value, &integer) || (double)integer < row->min ||
            (double)integer > row->max)
            return refuse(env, row, value, expected);
        long stored = (long)integer;
        memcpy(field, &stored, sizeof stored);
        return SPRED_OK;
    }
    snprintf(expected, sizeof expected, "a number from %g to %g", row->min,
             row->max);
    if (!spred_parse_real(value, &real) || real < row->min || real > row->max)
        return refuse(env, row, value, expected);
    memcpy(field, &real, sizeof real);
    return SPRED_OK;
}

static enum spred_status set_word(struct spred_env *env,
                                  const struct spred_option *row, char *field,
                                  const char *value)
{
    static const char *const truth[] = {"false", "true", NULL};
    const char *const *words =
        row->kind == SPRED_OPTION_BOOL ? truth : row->choices;
    for (int i = 0; words[i]; i++)
        if (strcmp(words[i], value) == 0) {
            memcpy(field, &i, sizeof i);
            return SPRED_OK;
        }
    char expected[256] = "one of";
    for (int i = 0; words[i]; i++) {
        size_t used = strlen(expected);
        snprintf(expected + used, sizeof expected - used, "%s %s", i ? "," : "",
                 words[i]);
    }
    return refuse(env, row, value, expected);
}

static enum spred_status set_text(struct spred_env *env,
                                  const struct spred_option *row, char *field,
                                  const char *value)
{
    size_t length = strlen(value);
    for (size_t i = 0; i < length; i++)
        if (value[i] <= ' ' || value[i] == 127)
            return refuse(env, row, value, "one word without blanks");
    if (length >= SPRED_OPTION_TEXT_MAX)
        return spred_fail(env, SPRED_EINVAL,
                          "%s: longer than the %d characters it may have",
                          row->name, SPRED_OPTION_TEXT_MAX - 1);
    memset(field, 0, SPRED_OPTION_TEXT_MAX);
    memcpy(field, value, length);
    return SPRED_OK;
}

static enum spred_status set_row(struct spred_env *env,
                                 const struct spred_option *row, void *options,
                                 const char *value)
{
    char *field = (char *)options + row->offset;
    if (row->kind == SPRED_OPTION_INT || row->kind == SPRED_OPTION_REAL)
        return set_number(env, row, field, value);
    if (row->kind == SPRED_OPTION_TEXT)
        return set_text(env, row, field, value);
    return set_word(env, row, field, value);
}

enum spred_status spred_options_default(struct spred_env *env,
                                        const struct spred_option *table,
                                        void *options)
{
    for (; table && table->name; table++)
        SPRED_TRY(set_row(env, table, options, table->initial));
    return SPRED_OK;
}

enum spred_status spred_options_set(struct spred_env *env,
                                    const struct spred_option *table,
                                    void *options, const char *name,
                                    const char *value)
{
    const char *names[MAX_NAMES + 1];
    size_t count = 0;
    for (; table && table->name; table++) {
        if (strcmp(table->name, name) == 0)
            return set_row(env, table, options, value);
        if (count < MAX_NAMES)
            names[count++] = table->name;
    }
    names[count] = NULL;
    const char *near = spred_nearest(name, names);
    if (near)
        return spred_fail(env, SPRED_ENOTFOUND,
                          "no option '%s' (did you mean '%s'?)", name, near);
    struct spred_buffer list = {0};
    for (size_t i = 0; i < count; i++)
        SPRED_TRY(
            spred_buffer_add(env, &list, "%s%s", i ? ", " : "", names[i]));
    enum spred_status status =
        spred_fail(env, SPRED_ENOTFOUND, "no option '%s' (there %s %s)", name,
                   count ? "are:" : "are", count ? list.text : "none");
    spred_free(env, list.text);
    return status;
}

/* The shortest decimal that reads back to the same number. */
static void shortest(double value, char *text, size_t size)
{
    for (int digits = 1; digits <= 17; digits++) {
        double back;
        snprintf(text, size, "%.*g", digits, value);
        if (spred_parse_real(text, &back) && !(back < value || back > value))
            return;
    }
}

char *spred_options_text(struct spred_env *env,
                         const struct spred_option *table, const void *options)
{
    struct spred_buffer out = {0};
    enum spred_status status = spred_buffer_append(env, &out, "", 0);
    for (; status == SPRED_OK && table && table->name; table++) {
        const char *field = (const char *)options + table->offset;
        char number[64];
        const char *text = number;
        int index;
        long integer;
        double real;
        switch (table->kind) {
        case SPRED_OPTION_BOOL:
            memcpy(&index, field, sizeof index);
            text = index ? "true" : "false";
            break;
        case SPRED_OPTION_CHOICE:
            memcpy(&index, field, sizeof index);
            text = table->choices[index];
            break;
        case SPRED_OPTION_INT:
            memcpy(&integer, field, sizeof integer);
            snprintf(number, sizeof number, "%ld", integer);
            break;
        case SPRED_OPTION_REAL:
            memcpy(&real, field, sizeof real);
            shortest(real, number, sizeof number);
            break;
        case SPRED_OPTION_TEXT:
            text = field;
            break;
        }
        status = spred_buffer_add(env, &out, "%s%s=%s", out.length ? " " : "",
                                  table->name, text);
    }
    if (status != SPRED_OK) {
        spred_free(env, out.text);
        return NULL;
    }
    return out.text;
}
