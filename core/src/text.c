/* text.c: strict numbers, nearest name, growing text. */
#include "spred/text.h"

#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Fast exact path (Clinger): mantissa below 2^53, |decimal exponent| <= 22. */
#define EXACT_LIMIT UINT64_C(900719925474099) /* times 10 plus 9 < 2^53 */
static const double powers_of_ten[] = {
    1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/* strtod in the C locale, whatever the process has set. */
static double strtod_c(const char *text)
{
    const char *point = localeconv()->decimal_point;
    const char *dot = strchr(text, '.');
    if (!dot || strcmp(point, ".") == 0)
        return strtod(text, NULL);
    char local[512];
    size_t before = (size_t)(dot - text), width = strlen(point);
    if (strlen(text) + width >= sizeof local)
        return NAN;
    memcpy(local, text, before);
    memcpy(local + before, point, width);
    strcpy(local + before + width, dot + 1);
    return strtod(local, NULL);
}

int spred_parse_real(const char *text, double *out)
{
    const char *c = text;
    uint64_t mantissa = 0;
    int digits = 0, kept = 0, scale = 0, negative = 0;
    if (*c == '+' || *c == '-')
        negative = *c++ == '-';
    for (; *c >= '0' && *c <= '9'; c++, digits++) {
        if (mantissa < EXACT_LIMIT)
            mantissa = mantissa * 10 + (uint64_t)(*c - '0'), kept++;
        else
            scale++, kept = 99; /* digits were dropped: not exact */
    }
    if (*c == '.')
        for (c++; *c >= '0' && *c <= '9'; c++, digits++) {
            if (mantissa < EXACT_LIMIT)
                mantissa = mantissa * 10 + (uint64_t)(*c - '0'), kept++,
                scale--;
            else
                kept = 99;
        }
    if (digits == 0)
        return 0;
    if (*c == 'e' || *c == 'E') {
        int exponent = 0, sign = 1;
        c++;
        if (*c == '+' || *c == '-')
            sign = *c++ == '-' ? -1 : 1;
        if (*c < '0' || *c > '9')
            return 0;
        for (; *c >= '0' && *c <= '9'; c++)
            exponent = exponent < 9999 ? exponent * 10 + (*c - '0') : 9999;
        scale += sign * exponent;
    }
    if (*c != '\0')
        return 0;
    double value;
    if (kept < 99 && scale >= -22 && scale <= 22) {
        value = (double)mantissa;
        value = scale < 0 ? value / powers_of_ten[-scale]
                          : value * powers_of_ten[scale];
        value = negative ? -value : value;
    } else {
        value = strtod_c(text);
    }
    if (!isfinite(value))
        return 0;
    *out = value;
    return 1;
}

int spred_parse_int(const char *text, int64_t *out)
{
    const char *c = text;
    if (*c == '+' || *c == '-')
        c++;
    if (*c == '\0')
        return 0;
    for (const char *d = c; *d; d++)
        if (*d < '0' || *d > '9')
            return 0;
    errno = 0;
    long long value = strtoll(text, NULL, 10);
    if (errno)
        return 0;
    *out = value;
    return 1;
}

/* Optimal string alignment distance, names cut at 63 characters. */
static size_t distance(const char *a, const char *b)
{
    size_t row[3][64], n = strlen(a), m = strlen(b);
    n = n > 63 ? 63 : n;
    m = m > 63 ? 63 : m;
    for (size_t j = 0; j <= m; j++)
        row[1][j] = j;
    for (size_t i = 1; i <= n; i++) {
        const size_t *old = row[(i + 2) % 3], *last = row[i % 3];
        size_t *now = row[(i + 1) % 3];
        now[0] = i;
        for (size_t j = 1; j <= m; j++) {
            size_t best = last[j - 1] + (a[i - 1] != b[j - 1]);
            if (last[j] + 1 < best)
                best = last[j] + 1;
            if (now[j - 1] + 1 < best)
                best = now[j - 1] + 1;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
                a[i - 2] == b[j - 1] && old[j - 2] + 1 < best)
                best = old[j - 2] + 1;
            now[j] = best;
        }
    }
    return row[(n + 1) % 3][m];
}

const char *spred_nearest(const char *name, const char *const *list)
{
    const char *best = NULL;
    size_t limit = 1 + strlen(name) / 3;
    for (; *list; list++) {
        size_t d = distance(name, *list);
        if (d <= limit) {
            best = *list;
            limit = d ? d - 1 : 0;
            if (d == 0)
                break;
        }
    }
    return best;
}

enum spred_status spred_buffer_append(struct spred_env *env,
                                      struct spred_buffer *buffer,
                                      const void *bytes, size_t length)
{
    if (buffer->length + length + 1 > buffer->capacity) {
        size_t capacity = 2 * buffer->capacity + length + 64;
        char *text = spred_resize(env, buffer->text, capacity, 1);
        if (!text)
            return SPRED_ENOMEM;
        buffer->text = text;
        buffer->capacity = capacity;
    }
    if (length)
        memcpy(buffer->text + buffer->length, bytes, length);
    buffer->length += length;
    buffer->text[buffer->length] = '\0';
    return SPRED_OK;
}

enum spred_status spred_buffer_add(struct spred_env *env,
                                   struct spred_buffer *buffer,
                                   const char *format, ...)
{
    char small[512];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(small, sizeof small, format, arguments);
    va_end(arguments);
    if (length < 0)
        return spred_fail(env, SPRED_EINVAL, "text could not be formatted");
    if ((size_t)length < sizeof small)
        return spred_buffer_append(env, buffer, small, (size_t)length);
    char *large = spred_alloc(env, (size_t)length + 1, 1);
    if (!large)
        return SPRED_ENOMEM;
    va_start(arguments, format);
    vsnprintf(large, (size_t)length + 1, format, arguments);
    va_end(arguments);
    enum spred_status status =
        spred_buffer_append(env, buffer, large, (size_t)length);
    spred_free(env, large);
    return status;
}
