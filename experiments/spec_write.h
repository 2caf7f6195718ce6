/* spec_write.h: values of a spec as YAML text; private. */
#ifndef EXPERIMENTS_SPEC_WRITE_H
#define EXPERIMENTS_SPEC_WRITE_H

#include "experiments/spec_read.h"

/* The first failure stays; later writes do nothing. */
struct spec_writer {
    struct spred_env *env;
    struct spred_buffer text;
    enum spred_status status;
};

void spec_put(struct spec_writer *w, const char *text);
void spec_put_integer(struct spec_writer *w, int64_t value);
/* The shortest decimal that reads back to the same number. */
void spec_put_real(struct spec_writer *w, double value);
/* Plain where that is safe, else in double quotes. */
void spec_put_text(struct spec_writer *w, const char *text);
/* The value of one field, given where it lies. */
void spec_put_value(struct spec_writer *w, const struct spec_field *field,
                    const void *slot);
/* "{gap: 1e-06, ...}", without texts that are not given. */
void spec_put_fields(struct spec_writer *w, const struct spec_field *table,
                     const void *from);

/* spec_penalty.c: the penalty of a problem. */
void spec_put_penalty(struct spec_writer *w, const struct spec_problem *p);

#endif
