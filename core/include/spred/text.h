/* text.h: small text helpers that every room needs: strict numbers, nearest
 * name, growing buffers. */
#ifndef SPRED_TEXT_H
#define SPRED_TEXT_H

#include <stdint.h>
#include "spred/env.h"

/* The whole of text (no blanks, no trailing junk) as a number, independent of
 * the locale. Returns 1 on success, 0 otherwise (*out untouched). Real numbers
 * are finite decimals; hexadecimal, nan and inf are refused. Integers are
 * decimal digits with an optional sign, no '.', no exponent. */
SPRED_API int spred_parse_real(const char *text, double *out);
SPRED_API int spred_parse_int(const char *text, int64_t *out);

/* The entry of the NULL-ended list that is nearest to name (Damerau-Levenshtein
 * distance at most 1 + a third of the length), or NULL. Borrowed. */
SPRED_API const char *spred_nearest(const char *name, const char *const *list);

/* A growing text; zero-initialise, free `text` with spred_free. */
struct spred_buffer {
    char *text; /* NUL-terminated once something was appended, else NULL */
    size_t length, capacity;
};
SPRED_API enum spred_status spred_buffer_add(struct spred_env *env,
                                             struct spred_buffer *buffer,
                                             const char *format, ...)
    SPRED_PRINTF(3, 4);
SPRED_API enum spred_status spred_buffer_append(struct spred_env *env,
                                                struct spred_buffer *buffer,
                                                const void *bytes,
                                                size_t length);

#endif
