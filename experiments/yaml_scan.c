/* yaml_scan.c: what is checked before libyaml sees a byte, and plain scalars.
 */
#include "experiments/yaml.h"

#include <string.h>

/* Bytes of the UTF-8 character at s (1..4), or 0 if it is not one. */
static size_t character(const unsigned char *s, size_t left)
{
    static const unsigned char lowest[] = {0, 0, 0x80, 0xA0, 0x90};
    size_t n = s[0] < 0x80                    ? 1
               : s[0] >= 0xC2 && s[0] <= 0xDF ? 2
               : s[0] >= 0xE0 && s[0] <= 0xEF ? 3
               : s[0] >= 0xF0 && s[0] <= 0xF4 ? 4
                                              : 0;
    if (n == 0 || n > left)
        return 0;
    for (size_t i = 1; i < n; i++)
        if ((s[i] & 0xC0) != 0x80)
            return 0;
    if ((s[0] == 0xE0 || s[0] == 0xF0) && s[1] < lowest[n])
        return 0; /* longer than need be */
    if ((s[0] == 0xED && s[1] > 0x9F) || (s[0] == 0xF4 && s[1] > 0x8F))
        return 0; /* surrogates, beyond U+10FFFF */
    return n;
}

const char *spec_scan(const char *bytes, size_t length, unsigned *line,
                      unsigned *column)
{
    const unsigned char *s = (const unsigned char *)bytes;
    int indent = 1, comment = 0;
    *line = *column = 1;
    for (size_t i = 0; i < length;) {
        size_t n = character(s + i, length - i);
        unsigned char c = s[i];
        if (n == 0)
            return "these bytes are not UTF-8, expected a UTF-8 text file";
        if (c == '\t' && indent && !comment)
            return "a tab in the indentation, expected spaces";
        if ((c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7F)
            return "a control character, expected text";
        if (c == '#' && (i == 0 || strchr(" \t\n\r", s[i - 1])))
            comment = 1;
        if (c != ' ')
            indent = 0;
        i += n;
        ++*column;
        if (c == '\n' || (c == '\r' && (i == length || s[i] != '\n'))) {
            ++*line;
            *column = 1;
            indent = 1;
            comment = 0;
        }
    }
    return NULL;
}

static int is_word(const char *text, const char *const *words)
{
    for (; *words; words++)
        if (strcmp(text, *words) == 0)
            return 1;
    return 0;
}

static size_t digits(const char *text)
{
    return strspn(text, "0123456789");
}

enum spec_node_kind spec_plain_kind(const char *text)
{
    static const char *const nulls[] = {"", "~", "null", "Null", "NULL", NULL};
    static const char *const bools[] = {"true",  "True",  "TRUE", "false",
                                        "False", "FALSE", NULL};
    static const char *const special[] = {".inf", ".Inf", ".INF", NULL};
    static const char *const nan[] = {".nan", ".NaN", ".NAN", NULL};
    if (is_word(text, nulls))
        return SPEC_NODE_NULL;
    if (is_word(text, bools))
        return SPEC_NODE_BOOL;
    if (is_word(text, nan))
        return SPEC_NODE_NUMBER;
    const char *c = text;
    if (c[0] == '0' && (c[1] == 'x' || c[1] == 'o') && c[2]) {
        const char *allowed =
            c[1] == 'x' ? "0123456789abcdefABCDEF" : "01234567";
        return c[2 + strspn(c + 2, allowed)] ? SPEC_NODE_TEXT
                                             : SPEC_NODE_NUMBER;
    }
    if (*c == '+' || *c == '-')
        c++;
    if (is_word(c, special))
        return SPEC_NODE_NUMBER;
    size_t whole = digits(c), part = 0;
    c += whole;
    if (*c == '.') {
        part = digits(++c);
        c += part;
    }
    if (whole + part == 0)
        return SPEC_NODE_TEXT;
    if (*c == 'e' || *c == 'E') {
        c++;
        if (*c == '+' || *c == '-')
            c++;
        size_t exponent = digits(c);
        if (exponent == 0)
            return SPEC_NODE_TEXT;
        c += exponent;
    }
    return *c ? SPEC_NODE_TEXT : SPEC_NODE_NUMBER;
}
