/* xdr.h: writes R's XDR serialisation, so that tests need no R. */
#ifndef SPRED_TESTS_XDR_H
#define SPRED_TESTS_XDR_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define XDR_ATTR 512
#define XDR_TAG 1024
#define XDR_OBJECT 256

struct xdr {
    unsigned char *bytes; /* free() */
    size_t length, capacity;
    int symbols; /* references given out so far */
};

static inline void xdr_raw(struct xdr *x, const void *bytes, size_t length)
{
    if (x->length + length > x->capacity) {
        x->capacity = 2 * x->capacity + length + 256;
        x->bytes = realloc(x->bytes, x->capacity);
        if (!x->bytes)
            abort();
    }
    if (length)
        memcpy(x->bytes + x->length, bytes, length);
    x->length += length;
}

static inline void xdr_int(struct xdr *x, int32_t value)
{
    uint32_t v = (uint32_t)value;
    unsigned char b[4] = {(unsigned char)(v >> 24), (unsigned char)(v >> 16),
                          (unsigned char)(v >> 8), (unsigned char)v};
    xdr_raw(x, b, 4);
}

static inline void xdr_double(struct xdr *x, double value)
{
    uint64_t v;
    memcpy(&v, &value, sizeof v);
    xdr_int(x, (int32_t)(uint32_t)(v >> 32));
    xdr_int(x, (int32_t)(uint32_t)v);
}

/* R's NA_real_: a NaN with the payload 1954. */
static inline void xdr_na(struct xdr *x)
{
    xdr_int(x, 0x7ff00000);
    xdr_int(x, 1954);
}

static inline void xdr_header(struct xdr *x, int version, int rds)
{
    if (!rds)
        xdr_raw(x, version == 3 ? "RDX3\n" : "RDX2\n", 5);
    xdr_raw(x, "X\n", 2);
    xdr_int(x, version);
    xdr_int(x, 0x00040202);
    xdr_int(x, version == 3 ? 0x00030500 : 0x00020300);
    if (version == 3) {
        xdr_int(x, 5);
        xdr_raw(x, "UTF-8", 5);
    }
}

/* CHARSXP; NULL: NA_character_. */
static inline void xdr_char(struct xdr *x, const char *text)
{
    xdr_int(x, 9 | 64 << 12); /* ASCII */
    xdr_int(x, text ? (int32_t)strlen(text) : -1);
    if (text)
        xdr_raw(x, text, strlen(text));
}

static inline void xdr_symbol(struct xdr *x, const char *name)
{
    xdr_int(x, 1);
    xdr_char(x, name);
    x->symbols++;
}

static inline void xdr_nil(struct xdr *x)
{
    xdr_int(x, 254);
}

/* A tagged pairlist cell; the value follows, then the next cell or nil. */
static inline void xdr_cell(struct xdr *x, const char *tag)
{
    xdr_int(x, 2 | XDR_TAG);
    xdr_symbol(x, tag);
}

static inline void xdr_strings(struct xdr *x, int flags, size_t n,
                               const char *const *texts)
{
    xdr_int(x, 16 | flags);
    xdr_int(x, (int32_t)n);
    for (size_t i = 0; i < n; i++)
        xdr_char(x, texts[i]);
}

static inline void xdr_ints(struct xdr *x, int flags, size_t n,
                            const int32_t *values)
{
    xdr_int(x, 13 | flags);
    xdr_int(x, (int32_t)n);
    for (size_t i = 0; i < n; i++)
        xdr_int(x, values[i]);
}

/* NaN is written as NA. */
static inline void xdr_doubles(struct xdr *x, int flags, size_t n,
                               const double *values)
{
    xdr_int(x, 14 | flags);
    xdr_int(x, (int32_t)n);
    for (size_t i = 0; i < n; i++)
        if (values[i] < values[i] || values[i] >= values[i])
            xdr_double(x, values[i]);
        else
            xdr_na(x);
}

static inline void xdr_list(struct xdr *x, int flags, size_t n)
{
    xdr_int(x, 19 | flags);
    xdr_int(x, (int32_t)n);
}

/* dim = c(rows, columns), then the caller's further attributes or nil. */
static inline void xdr_dim(struct xdr *x, int32_t rows, int32_t columns)
{
    int32_t dim[2] = {rows, columns};
    xdr_cell(x, "dim");
    xdr_ints(x, 0, 2, dim);
}

static inline void xdr_class(struct xdr *x, const char *name)
{
    xdr_cell(x, "class");
    xdr_strings(x, 0, 1, &name);
}

/* A factor of n codes (1 based, INT32_MIN: NA). */
static inline void xdr_factor(struct xdr *x, size_t n, const int32_t *codes,
                              size_t n_levels, const char *const *levels)
{
    xdr_ints(x, XDR_ATTR | XDR_OBJECT, n, codes);
    xdr_cell(x, "levels");
    xdr_strings(x, 0, n_levels, levels);
    xdr_class(x, "factor");
    xdr_nil(x);
}

#endif
