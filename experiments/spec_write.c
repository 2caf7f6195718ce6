/* spec_write.c: values of a spec as YAML text. */
#include "experiments/spec_write.h"

#include <stdio.h>
#include <string.h>

#include "experiments/units.h"

void spec_put(struct spec_writer *w, const char *text)
{
    if (w->status == SPRED_OK)
        w->status = spred_buffer_append(w->env, &w->text, text, strlen(text));
}

void spec_put_integer(struct spec_writer *w, int64_t value)
{
    if (w->status == SPRED_OK)
        w->status =
            spred_buffer_add(w->env, &w->text, "%lld", (long long)value);
}

void spec_put_real(struct spec_writer *w, double value)
{
    char text[32];
    spec_shortest(value, text);
    spec_put(w, text);
}

static void put_share(struct spec_writer *w, double value)
{
    char text[32];
    spec_shortest_share(value, text);
    spec_put(w, text);
}

/* Bytes at c that only an escape can write (C1 controls, the line separators of
 * Unicode, a byte order mark, non-characters), or 0; and their code point. */
static size_t unprintable(const char *c, unsigned *code)
{
    const unsigned char *s = (const unsigned char *)c;
    *code = s[0];
    if (s[0] < 0x20 || s[0] == 0x7F)
        return 1;
    if (s[0] == 0xC2 && s[1] < 0xA0) {
        *code = s[1];
        return 2;
    }
    if (s[0] != 0xE2 && s[0] != 0xEF)
        return 0;
    *code = (s[0] & 0x0Fu) << 12 | (s[1] & 0x3Fu) << 6 | (s[2] & 0x3Fu);
    return *code == 0x2028 || *code == 0x2029 || *code == 0xFEFF ||
                   *code >= 0xFFFE
               ? 3
               : 0;
}

/* Plain where that is safe, else in double quotes. */
void spec_put_text(struct spec_writer *w, const char *text)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._/-";
    if (strspn(text, plain) == strlen(text) && strncmp(text, "-", 1) != 0 &&
        strncmp(text, ".", 1) != 0 && spec_plain_kind(text) == SPEC_NODE_TEXT) {
        spec_put(w, text);
        return;
    }
    spec_put(w, "\"");
    for (const char *c = text; *c;) {
        char one[16] = {*c, '\0'};
        unsigned code;
        size_t length = unprintable(c, &code);
        if (length)
            snprintf(one, sizeof one, "\\u%04X", code);
        else if (*c == '"' || *c == '\\')
            snprintf(one, sizeof one, "\\%c", *c);
        spec_put(w, one);
        c += length ? length : 1;
    }
    spec_put(w, "\"");
}

void spec_put_value(struct spec_writer *w, const struct spec_field *field,
                    const void *slot)
{
    switch (field->kind) {
    case SPEC_FIELD_INT:
        spec_put_integer(w, *(const int64_t *)slot);
        break;
    case SPEC_FIELD_REAL:
        spec_put_real(w, *(const double *)slot);
        break;
    case SPEC_FIELD_CHOICE:
        spec_put_text(w, field->choices[*(const int *)slot]);
        break;
    case SPEC_FIELD_BOOL:
        spec_put(w, *(const int *)slot ? "true" : "false");
        break;
    case SPEC_FIELD_DURATION:
    case SPEC_FIELD_SIZE:
        spec_put_real(w, *(const double *)slot);
        spec_put(w, field->kind == SPEC_FIELD_SIZE ? " B" : " s");
        break;
    case SPEC_FIELD_SHARE:
        put_share(w, *(const double *)slot);
        break;
    case SPEC_FIELD_TEXT:
    case SPEC_FIELD_OTHER: /* of type char * wherever it gets here */
        spec_put_text(w, *(char *const *)slot);
        break;
    case SPEC_FIELD_MAP:
        break;
    }
}

/* "{gap: 1e-06, ...}", without texts that are not given. */
void spec_put_fields(struct spec_writer *w, const struct spec_field *table,
                     const void *from)
{
    const char *between = "{";
    for (; table->key; table++) {
        const char *at = (const char *)from + table->offset;
        const void *slot = at;
        int text =
            table->kind == SPEC_FIELD_TEXT || table->kind == SPEC_FIELD_OTHER;
        if (text && !*(char *const *)slot)
            continue;
        spec_put(w, between);
        spec_put(w, table->key);
        spec_put(w, ": ");
        if (table->kind == SPEC_FIELD_MAP)
            spec_put_fields(w, table->fields, from);
        else
            spec_put_value(w, table, slot);
        between = ", ";
    }
    spec_put(w, "}");
}
