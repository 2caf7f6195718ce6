/* data.h: a data set in memory: X, feature and sample names, targets. */
#ifndef SPRED_DATA_H
#define SPRED_DATA_H

#include "spred/hash.h"
#include "spred/matrix.h"

enum spred_target_kind { SPRED_TARGET_CLASS, SPRED_TARGET_REAL };

/* What could be predicted: one GDS subset type, a .cls file, a y column. */
struct spred_target {
    char *name; /* "disease state", "class", "y1" */
    enum spred_target_kind kind;
    size_t n_levels; /* CLASS: number of classes */
    char **levels;   /* CLASS: n_levels names, in order of the source */
    int32_t *codes;  /* CLASS: n, 0..n_levels-1, or -1: sample not covered */
    double *values;  /* REAL: n, NaN: not covered */
};

/* Owned by whoever made it; free with spred_data_free. Missing values in X are
 * NaN (dense storages only). Arrays of names have n or p entries and are never
 * NULL; names are UTF-8 and may be empty. */
struct spred_data {
    char *name;    /* short, for rows and files: "GDS507", "golub" */
    char *source;  /* one line: where it came from and in which form */
    char *note;    /* one line for the report (what was unusual), or "" */
    int simulated; /* 1: never to be shown as real */
    char hash[SPRED_HEX_SIZE]; /* SHA-256 of the source bytes; where a labels
                                  file or a reading option took part: of the
                                  hashes and options together */
    struct spred_matrix x;     /* n samples x p features */
    char **features;           /* p: probe or column identifiers */
    char **symbols;            /* p: gene symbols (IDENTIFIER), "" if none */
    char **samples;            /* n */
    size_t n_targets;
    struct spred_target *targets;
    size_t missing; /* NaN cells in x */
    double *truth; /* p: coefficients that made a simulated y, or 1 where a gene
                      has an effect of another form; or NULL */
    /* The features are the cells of a picture: feature
     * (y * width + x) * channels + c. All 0: they are not. */
    size_t height, width, channels;
    size_t given_test; /* the last so many samples are the published test part;
                          0: there is none */
    void *mapping; /* the mapped cache file that holds the arrays, or NULL */
    size_t mapping_size;
    char *pool; /* a block that holds many of the names, or NULL: a name
                   that lies in it or in the mapping is not freed alone */
    size_t pool_size;
};

SPRED_API void spred_data_free(struct spred_env *env, struct spred_data *data);

/* The target called name (a "y:" before it is optional), or NULL. Borrowed. */
SPRED_API const struct spred_target *
spred_data_target(const struct spred_data *data, const char *name);

/* `target: auto`: the class target that covers all samples (else the most) with
 * the most balanced classes of at least 5 samples (highest entropy divided by
 * log of the number of classes; ties: first), else the first REAL target; NULL
 * if there is none. *why (spred_free) says in one line what was picked and why.
 * DESIGN.md section 3. */
SPRED_API const struct spred_target *
spred_data_auto_target(struct spred_env *env, const struct spred_data *data,
                       char **why);

/* The given samples (ascending) of data as a data set of its own, everything
 * copied; those of the given test part stay that. The hash is the whole's. */
SPRED_API enum spred_status spred_data_take(struct spred_env *env,
                                            const struct spred_data *data,
                                            const size_t *rows, size_t n,
                                            struct spred_data *out);

/* Checks that sizes, codes and pointers agree (after a load). */
SPRED_API enum spred_status spred_data_check(struct spred_env *env,
                                             const struct spred_data *data);

#endif
