/* scan.c: lines, cells and numbers of a text file held in memory. */
#include "io.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "spred/text.h"

/* Longest number that is read. */
#define NUMBER_MAX 400
/* A mantissa of so many digits and a power of ten below 10^22 are both exact
 * doubles, so that one division rounds right. */
#define EXACT_DIGITS 15

void spred_scan_init(struct spred_scan *scan, struct spred_env *env,
                     const struct spred_bytes *file)
{
    memset(scan, 0, sizeof *scan);
    scan->env = env;
    scan->path = file->path;
    scan->next = file->bytes;
    scan->end = file->bytes + file->length;
    if (file->length >= 3 && memcmp(file->bytes, "\xEF\xBB\xBF", 3) == 0)
        scan->next += 3;
    scan->begin = scan->stop = scan->next;
}

int spred_scan_next(struct spred_scan *scan)
{
    if (scan->next == scan->end)
        return 0;
    scan->begin = scan->next;
    scan->line++;
    const char *newline =
        memchr(scan->next, '\n', (size_t)(scan->end - scan->next));
    scan->stop = newline ? newline : scan->end;
    scan->next = newline ? newline + 1 : scan->end;
    if (scan->stop > scan->begin && scan->stop[-1] == '\r')
        scan->stop--;
    return 1;
}

enum spred_status spred_scan_fail(const struct spred_scan *scan, const char *at,
                                  const char *format, ...)
{
    char text[SPRED_ERROR_MAX];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return spred_fail(scan->env, SPRED_EFORMAT, "%s:%zu:%zu: %s", scan->path,
                      scan->line, (size_t)(at - scan->begin) + 1, text);
}

struct spred_span spred_span_trim(struct spred_span span)
{
    while (span.length && *span.at == ' ')
        span.at++, span.length--;
    while (span.length && span.at[span.length - 1] == ' ')
        span.length--;
    return span;
}

int spred_span_is(struct spred_span span, const char *text)
{
    return span.length == strlen(text) &&
           strncasecmp(span.at, text, span.length) == 0;
}

int spred_is_missing(struct spred_span cell)
{
    cell = spred_span_trim(cell);
    return cell.length == 0 || spred_span_is(cell, "na") ||
           spred_span_is(cell, "nan") || spred_span_is(cell, "null");
}

int spred_span_int(struct spred_span span, int64_t *out)
{
    char text[32];
    if (span.length >= sizeof text || memchr(span.at, 0, span.length))
        return 0;
    memcpy(text, span.at, span.length);
    text[span.length] = '\0';
    return spred_parse_int(text, out);
}

struct spred_span spred_scan_field(const char **at, const char *stop,
                                   char delimiter)
{
    const char *from = *at,
               *to = memchr(from, delimiter, (size_t)(stop - from));
    *at = to ? to + 1 : NULL;
    return (struct spred_span){from, (size_t)((to ? to : stop) - from)};
}

static const char *slow_cell(const char *at, const char *stop, char delimiter,
                             double *out)
{
    char text[NUMBER_MAX];
    const char *next = at;
    struct spred_span cell = spred_scan_field(&next, stop, delimiter);
    const char *end = cell.at + cell.length;
    cell = spred_span_trim(cell);
    if (spred_is_missing(cell)) {
        *out = (double)NAN;
        return end;
    }
    if (cell.length >= sizeof text || memchr(cell.at, 0, cell.length))
        return NULL;
    memcpy(text, cell.at, cell.length);
    text[cell.length] = '\0';
    return spred_parse_real(text, out) ? end : NULL;
}

const char *spred_scan_cell(const char *at, const char *stop, char delimiter,
                            double *out)
{
    static const double powers[EXACT_DIGITS + 1] = {
        1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
        1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    const char *c = at;
    uint64_t mantissa = 0;
    size_t digits, decimals = 0;
    int negative = c < stop && *c == '-';
    c += negative;
    const char *from = c;
    for (; c < stop && *c >= '0' && *c <= '9'; c++)
        mantissa = mantissa * 10 + (uint64_t)(*c - '0');
    digits = (size_t)(c - from);
    if (c < stop && *c == '.') {
        from = ++c;
        for (; c < stop && *c >= '0' && *c <= '9'; c++)
            mantissa = mantissa * 10 + (uint64_t)(*c - '0');
        decimals = (size_t)(c - from);
        digits += decimals;
    }
    if (digits == 0 || digits > EXACT_DIGITS || (c < stop && *c != delimiter))
        return slow_cell(at, stop, delimiter, out);
    double value = (double)mantissa / powers[decimals];
    *out = negative ? -value : value;
    return c;
}

/* Length of the UTF-8 character at `at` (left bytes left), 0: none. */
static size_t utf8_length(const unsigned char *at, size_t left)
{
    size_t length = at[0] < 0x80   ? 1
                    : at[0] < 0xC2 ? 0
                    : at[0] < 0xE0 ? 2
                    : at[0] < 0xF0 ? 3
                    : at[0] < 0xF5 ? 4
                                   : 0;
    if (at[0] == 0 || length == 0 || length > left)
        return 0;
    for (size_t i = 1; i < length; i++)
        if ((at[i] & 0xC0) != 0x80)
            return 0;
    if (length > 2) { /* overlong forms, surrogates, beyond U+10FFFF */
        unsigned two = (unsigned)at[0] << 8 | at[1];
        if ((two >= 0xE080 && two < 0xE0A0) ||
            (two >= 0xEDA0 && two < 0xEE00) ||
            (two >= 0xF080 && two < 0xF090) || two >= 0xF490)
            return 0;
    }
    return length;
}

struct spred_quoted spred_quote(struct spred_span span)
{
    struct spred_quoted out;
    const unsigned char *bytes = (const unsigned char *)span.at;
    size_t used = 0, limit = sizeof out.text - 6; /* room for ...' and NUL */
    size_t i = 0;
    out.text[used++] = '\'';
    while (i < span.length) {
        size_t length = utf8_length(bytes + i, span.length - i);
        if (used + (length ? length : 1) > limit)
            break;
        if (length == 0 || bytes[i] < 0x20 || bytes[i] == 0x7F) {
            out.text[used++] = bytes[i] == '\t' ? ' ' : '?';
            i++;
        } else {
            memcpy(out.text + used, bytes + i, length);
            used += length;
            i += length;
        }
    }
    strcpy(out.text + used, i < span.length ? "...'" : "'");
    return out;
}

char *spred_utf8(struct spred_env *env, struct spred_span span)
{
    const unsigned char *bytes = (const unsigned char *)span.at;
    size_t i = 0, length;
    while (i < span.length &&
           (length = utf8_length(bytes + i, span.length - i)) > 0)
        i += length;
    if (i == span.length)
        return spred_strndup(env, span.at, span.length);
    char *out = spred_alloc(env, 2 * span.length + 1, 1);
    if (!out)
        return NULL;
    size_t used = 0;
    for (i = 0; i < span.length; i++) {
        if (bytes[i] < 0x80) {
            out[used++] = bytes[i] ? (char)bytes[i] : '?';
        } else {
            out[used++] = (char)(0xC0 | bytes[i] >> 6);
            out[used++] = (char)(0x80 | (bytes[i] & 0x3F));
        }
    }
    return out;
}
