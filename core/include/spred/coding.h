/* coding.h: sparse coding of many signals over one dictionary, certified signal
 * by signal: min (1/2)|x - D z|^2 + lambda |z|_1 (PAPER.md section 2). */
#ifndef SPRED_CODING_H
#define SPRED_CODING_H

#include <stdint.h>
#include "spred/option.h"
#include "spred/pool.h"

/* All matrices column-major, borrowed. */
struct spred_coding {
    size_t m;                 /* values of a signal */
    size_t atoms;             /* columns of D */
    size_t n;                 /* signals */
    const double *dictionary; /* m x atoms */
    const double *signals;    /* m x n */
    double lambda;            /* > 0, in the unit of the signals */
    double gap;     /* asked of every signal: duality gap / (|x|^2 / 2) */
    size_t threads; /* they share the signals; no bit depends on them */
    double wall;    /* billed seconds after which it ends; 0: none */
};

/* Codes by signal; arrays owned, spred_codes_free. Zeros are not stored. */
struct spred_codes {
    size_t n;
    size_t *start;  /* n + 1 */
    uint32_t *atom; /* start[n] */
    double *value;  /* start[n] */
    size_t room;    /* of atom and value */
};
SPRED_API void spred_codes_free(struct spred_env *env,
                                struct spred_codes *codes);

/* What all signals share; made once and billed. */
struct spred_coding_shared {
    const struct spred_coding *coding;
    const double *gram; /* atoms x atoms: D'D; NULL if the coder does not ask */
    double lipschitz;   /* largest eigenvalue of D'D, an upper bound; 0 if the
                           coder does not ask */
};

/* A method is one const struct, one file in solvers/coding. */
struct spred_coder {
    const char *name;      /* "coordinate-descent", "spred-newton" */
    const char *alias;     /* or NULL */
    const char *doc;       /* one line */
    const char *reference; /* the paper or book */
    unsigned api_version;  /* raised when results change; part of the job key */
    int wants_gram, wants_lipschitz;
    size_t options_size;
    const struct spred_option *options; /* ends with a NULL name; or NULL */
    /* Workspace of one thread (spred_alloc), or NULL: error text is set. */
    void *(*open)(struct spred_env *env, const void *options,
                  const struct spred_coding_shared *shared);
    void (*close)(struct spred_env *env, void *work);
    /* Codes `count` (1..256) signals from number `first`: correlations are D'x
     * (atoms x count, scratch that may be overwritten), z atoms x count, zeroed
     * by the caller. *steps += what it did. Polls nothing: the caller does,
     * between calls. */
    enum spred_status (*code)(struct spred_env *env, void *work, size_t first,
                              size_t count, double *correlations, double *z,
                              long *steps);
};

/* NULL-ended, generated from the list in solvers/meson.build. */
extern SPRED_API const struct spred_coder *const spred_coders[];
SPRED_API const struct spred_coder *spred_coder_find(const char *name);

struct spred_coding_report {
    double seconds; /* billed: Gram, constants, correlations, codes */
    double seconds_certify;
    long steps;
    size_t coded; /* signals that were reached before the wall */
    /* Worst over all signals (of those not reached: of z = 0): */
    double gap;   /* relative to |x|^2 / 2 */
    double floor; /* bound on the rounding error of that */
    /* Of the coded signals alone; means are NaN if there is none: */
    size_t certified; /* gap + floor <= asked */
    double objective; /* mean */
    double squares; /* mean of |x - Dz|^2 / |x|^2 over signals that are not 0 */
    double nonzeros; /* mean number of nonzero codes */
};

/* Codes all signals by one method, certifies every one of them apart from the
 * clock. options: of the coder. codes: owned by the caller also after an error;
 * may be NULL. SPRED_EINTERRUPTED: cancelled. */
SPRED_API enum spred_status
spred_code(struct spred_env *env, const struct spred_coder *coder,
           const void *options, const struct spred_coding *coding,
           struct spred_codes *codes, struct spred_coding_report *report);

/* The certificate alone, of codes that anybody computed: fills coded (all),
 * certified, gap, floor, objective, squares, nonzeros. The dual point of a
 * signal is its residual, scaled so that |D'r| <= lambda. */
SPRED_API enum spred_status
spred_codes_certify(struct spred_env *env, const struct spred_coding *coding,
                    const struct spred_codes *codes,
                    struct spred_coding_report *report);

/* ---- dictionaries ---- */

struct spred_dictionary_task {
    size_t m, atoms, n;
    const double *signals; /* m x n */
    double lambda;
    uint64_t seed;
    size_t threads;
    double wall; /* seconds; 0: none */
    /* Called after every pass with the dictionary so far; or NULL. */
    enum spred_status (*pass)(void *cookie, const double *dictionary, long pass,
                              double seconds);
    void *cookie;
};

/* A way to learn one: online, joint spred, none of it (DCT, signals). */
struct spred_dictionary_method {
    const char *name, *alias, *doc, *reference;
    unsigned api_version;
    size_t options_size;
    const struct spred_option *options;
    /* Name of the coder that it calls with these options: what it learns
     * depends on that one's api_version too. NULL: it calls none. */
    const char *(*coder)(const void *options);
    /* dictionary: m x atoms, owned by the caller; unit-norm columns at the
     * end. */
    enum spred_status (*learn)(struct spred_env *env, const void *options,
                               const struct spred_dictionary_task *task,
                               double *dictionary);
};
extern SPRED_API const struct spred_dictionary_method
    *const spred_dictionary_methods[];
SPRED_API const struct spred_dictionary_method *
spred_dictionary_method_find(const char *name);

/* The way to call one: checks the task, keeps the clock, which methods do not
 * see: `seconds` of pass (the time in pass itself is not counted), and wall,
 * after which the last pass's dictionary is kept. seconds: billed in all; or
 * NULL. Atoms have unit norm at the end. SPRED_EINTERRUPTED: cancelled. */
SPRED_API enum spred_status spred_dictionary_learn(
    struct spred_env *env, const struct spred_dictionary_method *method,
    const void *options, const struct spred_dictionary_task *task,
    double *dictionary, double *seconds);

#endif
