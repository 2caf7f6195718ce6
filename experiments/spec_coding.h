/* spec_coding.h: sparse coding as an experiment file asks for it: patches of
 * pictures, dictionaries learned on them, coders compared on their codes. */
#ifndef EXPERIMENTS_SPEC_CODING_H
#define EXPERIMENTS_SPEC_CODING_H

#include "experiments/spec.h"

/* `patches:` of one size. The last of several pictures, or the right share of
 * the last one, is held out: no patch comes from there. Owned by its data set.
 */
struct spec_patches {
    char **pictures; /* paths, or names of the Debian pictures */
    size_t n_pictures;
    int debian;
    int64_t size, count;
    size_t held;  /* index of the picture that is held out */
    double share; /* of its width, at the right; 1: all of it */
    int center;   /* default true */
    int norm;     /* 0: none (default), 1: unit */
};

/* A coder, or a way to learn a dictionary, with one combination of options. */
struct spec_coding_method {
    char *name; /* registry name */
    struct spec_setting *settings;
    size_t n_settings;
    char *label; /* the name plus what was set */
    unsigned line, column;
};

/* `coding:`; owned by the spec. */
struct spec_coding {
    struct spec_coding_method *dictionaries, *coders;
    size_t n_dictionaries, n_coders;
    int64_t *atoms;
    size_t n_atoms;
    double dictionary_lambda;
    double *lambda; /* absolute, in the unit of the patches */
    size_t n_lambda;
    double *gaps; /* descending, relative to |x|^2 / 2 */
    size_t n_gaps;
    double sigma;     /* of the noise to take off, grey levels; 0: none */
    int64_t stride;   /* between overlapping patches */
    double noise_gap; /* asked of their codes */
};

void spec_patches_free(struct spred_env *env, struct spec_patches *patches);
void spec_coding_free(struct spred_env *env, struct spec_coding *coding);

/* Private to the readers and writers of specs. */
struct spec_reader;
struct spec_node;
struct spec_writer;
enum spred_status spec_read_patches(struct spec_reader *r,
                                    struct spec_node *node, size_t group);
enum spred_status spec_read_coding(struct spec_reader *r,
                                   struct spec_node *node);
void spec_put_patches(struct spec_writer *w, const struct spec *spec,
                      size_t group);
void spec_put_coding(struct spec_writer *w, const struct spec_coding *coding);

#endif
