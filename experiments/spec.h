/* spec.h: an experiment file as the program sees it, defaults filled in. */
#ifndef EXPERIMENTS_SPEC_H
#define EXPERIMENTS_SPEC_H

#include <stddef.h>
#include <stdint.h>
#include "spred/env.h"

struct parts;
struct parts_opener;

/* All text and arrays of a spec are owned by it (spec_free). Every part that
 * came from a line of the file remembers it for messages. */

enum spec_source {
    SPEC_GEO,       /* geo: {accession: [...], target: ...} */
    SPEC_DEBIAN,    /* debian: name or [names] */
    SPEC_FILE,      /* file: path or {path, labels, target, ...} */
    SPEC_SIMULATED, /* simulated: {kind, n, p, ...} */
    SPEC_PATCHES,   /* patches: {pictures, size, count, ...} */
    SPEC_LOADER,    /* loader: {name: a script's, path, options} */
    SPEC_IMAGES     /* images: a Debian set's name or {path | name, ...} */
};

struct spec_setting {
    char *name, *value; /* one option, as text */
    unsigned line, column;
};

struct spec_dataset {
    enum spec_source source;
    char *name;   /* accession, Debian set name, file's or given name */
    char *path;   /* FILE, IMAGES: as written; relative to the experiment file's
                     folder if it exists there, else to the working folder */
    char *loader; /* LOADER: its name in the script */
    struct spec_setting *settings; /* LOADER */
    size_t n_settings;
    char *labels, *object, *response, *orientation; /* FILE or NULL */
    char *target;    /* subset type or column; "auto" */
    int64_t samples; /* IMAGES: at most so many outside the test part,
                        stratified, whatever the trial; 0: all */
    int kind;        /* SIMULATED: enum spred_simulation_kind */
    int64_t n, p;
    int64_t blocks, k, classes; /* blocks and planted, as rho and snr */
    double rho_min, rho_max, snr;
    double density, noise;        /* iid and sensing: share of effects, s.d. */
    struct spec_patches *patches; /* PATCHES (spec_coding.h), else NULL */
    size_t group;                 /* data sets of one list item share a group */
    int fallback; /* 1: used only when its group's GEO set failed (EIO) */
    unsigned line, column;
};

enum spec_loss {
    SPEC_SQUARED,
    SPEC_LOGISTIC,
    SPEC_MULTINOMIAL,
    SPEC_CUSTOM /* a script's */
};

enum spec_penalty {
    SPEC_PENALTY_L1,
    SPEC_PENALTY_GROUP,
    SPEC_PENALTY_POWER,
    SPEC_PENALTY_CUSTOM /* a script's */
};
enum spec_groups {
    SPEC_GROUPS_NONE,   /* each feature is one (over: classes) */
    SPEC_GROUPS_SIZE,   /* blocks of group_size consecutive features */
    SPEC_GROUPS_SYMBOL, /* features with one gene symbol */
    SPEC_GROUPS_FILE    /* a label a line, or "feature,group" lines */
};

struct spec_problem {
    char *name;          /* given, or "lasso" / "logistic" ... */
    enum spec_loss loss; /* squared on classes: -1/+1, one-vs-rest for more;
                            logistic: binomial for 2 classes, multinomial for
                            more; multinomial: softmax always */
    char *own_loss, *own_penalty; /* names of a script's, or NULL */
    double l1_ratio; /* 1: L1; below: elastic net (glmnet's alpha) */
    enum spec_penalty penalty;
    enum spec_groups groups; /* GROUP */
    int64_t group_size;
    char *group_file;  /* as written; found like a data set's path */
    int over_classes;  /* GROUP: the norm runs over the classes too */
    int equal_weights; /* GROUP: 0: sqrt(features of the group) (default) */
    int64_t factors;   /* POWER: D of |w|^(2/D) */
    int intercept;     /* default true */
    int standardize;   /* 1: on the training part (default), 0: no */
    /* lambda: `path: 50, min_ratio: 0.05`, or a ratio, a list of ratios, or
     * `absolute: [..]` */
    size_t n_lambda;
    double *lambda; /* descending; ratios of lambda_max unless absolute */
    int lambda_absolute;
    int authors;    /* 1: `scaling: authors`: the file's absolute lambdas go
                       with a squared loss without 1/2; halved in lambda */
    int warm_start; /* default true: the path is one run; false: every lambda
                       starts from nothing, set-up included */
    unsigned line, column;
};

/* One solver with one combination of its options (sweeps are expanded). */
struct spec_solver {
    char *name; /* registry name: "coordinate-descent" */
    struct spec_setting *settings;
    size_t n_settings;
    char *label; /* what figures show: name plus what was set */
    unsigned line, column;
};

/* One option of a model and the values among which a job chooses. */
struct spec_axis {
    char *name;
    char **values;
    size_t n_values;
    unsigned line, column;
};

/* One model with one combination of its options (sweeps are expanded). */
struct spec_model {
    char *name; /* registry name */
    struct spec_setting *settings;
    size_t n_settings;
    struct spec_axis *tune; /* `tune: {name: [values]}`: the grid of one job */
    size_t n_tune;
    char *label; /* name plus what was set and what is tuned */
    unsigned line, column;
};

struct spec_preprocess {
    int log2;             /* 0 never, 1 always, 2 auto (default) */
    int missing_refuse;   /* 1: refuse; 0: median of the training part */
    double variance_keep; /* share of features kept by variance; 1 = all */
};

enum spec_choose {
    SPEC_CHOOSE_HOLDOUT, /* lambda by the validation part (default) */
    SPEC_CHOOSE_CV,      /* by cross-validation inside the training part */
    SPEC_CHOOSE_NONE     /* the smallest lambda stands for the path */
};

struct spec_protocol {
    char *kind;            /* clean (default), paper, given or a script's */
    int paper;             /* 1: paper */
    int given;             /* 1: given: the data's published test part tests;
                              test is 0, validate a share of the rest */
    int own;               /* 1: a script's: test, validate, folds unused */
    int64_t trials;        /* repeats (default 5) */
    int64_t folds;         /* 0: hold-out (default); k >= 2: every repeat is a
                              k-fold cross-validation, k trials; test unused */
    double test, validate; /* shares of all samples (default .2 and .2, but
                              nothing validates unless choose is hold-out) */
    int choose;            /* enum spec_choose */
    int64_t choose_folds;  /* CV: default 10 */
    int choose_1se;        /* CV: 1: largest lambda within one standard error
                              of the least loss (default); 0: the least */
};

struct spec_stop {
    double gap;             /* relative, default 1e-6 */
    double stall_eps;       /* default 1e-10 */
    int64_t stall_patience; /* default 3 observations */
    double wall;            /* billed seconds of one run (path), default 120 */
    int64_t steps;          /* per lambda, default 1000000 */
    double fit;             /* seconds of a model's fits, all settings of its
                               grid together, default 300 */
};

struct spec_limits {
    double wall;   /* seconds of the worker process, default 600 */
    double memory; /* bytes, default 4 GiB */
    double grace;  /* seconds between TERM and KILL, default 5 */
    double script; /* seconds of one call into the script outside the workers,
                      default 30 */
};

struct spec {
    char *name;    /* also the results folder */
    char *path;    /* the file, as given */
    uint64_t seed; /* default 17 */
    struct spec_dataset *datasets;
    size_t n_datasets;
    struct spec_problem *problems; /* `problem: {}` or `problems: [{}, {}]` */
    size_t n_problems;
    struct spec_solver *solvers;
    size_t n_solvers;
    struct spec_model *models; /* beside problems and solvers, or instead */
    size_t n_models;
    struct spec_coding *coding; /* `coding:` (spec_coding.h), or NULL */
    struct spec_preprocess preprocess;
    struct spec_protocol protocol;
    struct spec_stop stop;
    struct spec_limits limits;
    int64_t threads; /* measure.threads, default 1: they share the passes over
                        X, or the folds of a cross-validation */
    int64_t batch;   /* measure.batch, default 1: lambdas certified together */
    int keep_models; /* measure.keep_models, default 0: what stands of a model
                        is kept as a file */
    char **figures;  /* kinds; default gap-time, profile, accuracy-genes */
    size_t n_figures;
    char *script; /* path of the script beside the experiment, or NULL */
    const struct parts *parts;         /* what it adds, or NULL */
    struct parts *opened;              /* the same if spec_free closes them */
    const struct parts_opener *opener; /* by this; must outlive the spec */
    char *resolved; /* canonical YAML of the whole, every default shown */
};

/* The same questions about models. */
struct spec_model_names {
    const char *(*resolve)(const char *name);
    const char *const *all;
    enum spred_status (*check)(struct spred_env *env, const char *model,
                               const char *option, const char *value);
    /* 1: the option's value is a word that a list or a map may stand for. */
    int (*is_word)(const char *model, const char *option);
};

/* What the spec must know of the solvers, handed in by the front door so that
 * this room names none: resolve a name as written and an optional variant to
 * the registry name and the option row check. */
struct spec_solver_names {
    /* Registry name for a name as written (canonical, alias, or NAME + "-" +
     * variant), or NULL. */
    const char *(*resolve)(const char *name, const char *variant);
    /* NULL-ended list for "did you mean". */
    const char *const *all;
    /* Checks one option of a registry name; error text in env. */
    enum spred_status (*check)(struct spred_env *env, const char *solver,
                               const char *option, const char *value);
    const struct spec_model_names *models; /* NULL: there are none */
    /* Of `coding:`; their is_word is not asked. NULL: there are none. */
    const struct spec_model_names *coders, *dictionaries;
    /* How `script:` becomes parts; NULL: scripts are refused. */
    const struct parts_opener *opener;
    /* Or parts that are open already, those of a running script, and its path
     * for the workers; borrowed. */
    const struct parts *parts;
    const char *script;
};

/* Reads an experiment file; overrides are "a.b=v" texts (--set; v is YAML).
 * Errors: SPRED_EFORMAT / SPRED_EINVAL with "file:line:column: ..." or
 * "--set a.b=v: ..."; SPRED_EIO with "file: ..."; SPRED_ENOMEM. After an error
 * *out is empty. */
enum spred_status spec_read(struct spred_env *env, const char *path,
                            const char *const *overrides, size_t n_overrides,
                            const struct spec_solver_names *solvers,
                            struct spec *out);
/* The same from a tree that was built by hand (spec_node_new, spec_node_add)
 * under doc->root; doc->path is what messages call it. */
struct spec_document;
enum spred_status
spec_read_tree(struct spred_env *env, struct spec_document *doc,
               const char *const *overrides, size_t n_overrides,
               const struct spec_solver_names *solvers, struct spec *out);
void spec_free(struct spred_env *env, struct spec *spec);

#endif
