/* option.h: one table row per option feeds YAML, --help, man page and store. */
#ifndef SPRED_OPTION_H
#define SPRED_OPTION_H

#include <stddef.h>
#include "spred/env.h"

enum spred_option_kind {
    SPRED_OPTION_BOOL,   /* field: int, text: true | false */
    SPRED_OPTION_INT,    /* field: long */
    SPRED_OPTION_REAL,   /* field: double */
    SPRED_OPTION_CHOICE, /* field: int, index into choices */
    SPRED_OPTION_TEXT    /* field: char[SPRED_OPTION_TEXT_MAX]: one word of
                            printable characters without blanks, or "" */
};
#define SPRED_OPTION_TEXT_MAX 1024

/* A table ends with a row whose name is NULL. */
struct spred_option {
    const char *name;
    enum spred_option_kind kind;
    size_t offset;              /* of the field in the options struct */
    const char *initial;        /* the default, as text */
    double min, max;            /* inclusive bounds, for INT and REAL */
    const char *const *choices; /* NULL-ended, for CHOICE */
    const char *doc;            /* one line: what it does, its unit */
};

/* Writes every default into the options struct. A default that does not parse
 * is SPRED_EINVAL (a programming error that the contract test finds). */
SPRED_API enum spred_status
spred_options_default(struct spred_env *env, const struct spred_option *table,
                      void *options);

/* Sets one option from text. SPRED_ENOTFOUND: no such name (the text names the
 * nearest); SPRED_EINVAL: the value does not fit (the text says what was
 * expected). */
SPRED_API enum spred_status spred_options_set(struct spred_env *env,
                                              const struct spred_option *table,
                                              void *options, const char *name,
                                              const char *value);

/* Canonical text "a=1 b=true", all options in table order, reals as the
 * shortest decimal that reads back to the same number. Free with spred_free. */
SPRED_API char *spred_options_text(struct spred_env *env,
                                   const struct spred_option *table,
                                   const void *options);

#endif
