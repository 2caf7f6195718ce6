/* compression.h: the marks of a store as settings, each over its trials: what
 * the queries on compression share. Private to the results room. */
#ifndef RESULTS_COMPRESSION_H
#define RESULTS_COMPRESSION_H

#include "results/view.h"

/* Below it lies a choice: validation accuracy lost against dense. */
#define RESULTS_ONE_POINT 0.01
/* Compressions at which methods are compared. */
#define RESULTS_LEVELS 2, 5, 10, 20, 50, 100, 200, 500, 1000

/* A mark of one trial. */
struct results_seed {
    int64_t trial, run, mark; /* run: id in the store */
    double weights, nonzero;  /* nonzero: at least 1 */
    double macs, macs_dense, seconds, seconds_dense;
    double validation, accuracy, loss;
    double lost, validation_lost; /* against dense, same trial */
};

/* What differs by the seed alone. */
struct results_setting {
    const char *dataset, *solver; /* borrowed from the view */
    char *network, *method, *setting, *rule;
    double threshold; /* NaN: none */
    size_t nth;       /* of the marks of a fit with this rule and threshold */
    size_t order;     /* of the data set; of the first mark */
    size_t place;
    double ratio; /* test / training samples; 0: the test part is given */
    struct results_seed *seeds;
    size_t n, capacity;
    int is_dense; /* by its rule */
    int stands;   /* 1: the dense network that others are compared with */
    int front, front_macs, front_speed; /* see query.h */
    /* over trials: */
    double compression, macs, speedup; /* macs: times fewer */
    double validation, accuracy, validation_lost;
};

struct results_settings {
    struct results_setting *rows; /* by data set, network, dense first, method,
                                     compression */
    size_t n, capacity;
};

/* All marks of the view. Free with results_settings_free, also after a
 * failure. */
enum spred_status results_settings_read(struct spred_env *env,
                                        struct results_view *view,
                                        struct results_settings *out);
void results_settings_free(struct spred_env *env,
                           struct results_settings *settings);

/* settings.c. The words of one run's options and of a candidate's settings:
 * network, method and setting of `out` (owned). */
enum spred_status results_settings_name(struct spred_env *env,
                                        const struct results_view *view,
                                        const struct results_view_run *run,
                                        const char *candidate,
                                        struct results_setting *out);

/* front.c. Compares with dense, sums up over trials, sorts, finds fronts. */
enum spred_status results_settings_finish(struct spred_env *env,
                                          struct results_settings *settings);

/* Ends of the rows from i on with the same data set and network, and the same
 * method too. */
size_t results_network_end(const struct results_settings *s, size_t i);
size_t results_method_end(const struct results_settings *s, size_t i);
/* The dense network that rows i .. end - 1 (of one network) are compared with;
 * end: none. */
size_t results_dense(const struct results_settings *s, size_t i, size_t end);

/* The setting of rows i .. end - 1 (one method) with the largest compression
 * among those that lose at most a point of validation accuracy; end: none. */
size_t results_best(const struct results_settings *s, size_t i, size_t end);
/* The one with the highest validation accuracy among those with at least this
 * compression; end: none. Both leave out dense ones, and those with fewer
 * trials than another has. */
size_t results_at_least(const struct results_settings *s, size_t i, size_t end,
                        double compression);

/* Mean, least and most of a number of the seeds; NaN: there is none. */
struct results_spread {
    double mean, low, high;
    size_t n;
};
struct results_spread
results_spread(const struct results_setting *s,
               double (*number)(const struct results_seed *));
double results_seed_compression(const struct results_seed *seed);
double results_seed_macs(const struct results_seed *seed);
double results_seed_speedup(const struct results_seed *seed);
double results_seed_accuracy(const struct results_seed *seed);
double results_seed_validation(const struct results_seed *seed);
double results_seed_lost(const struct results_seed *seed);
double results_seed_validation_lost(const struct results_seed *seed);
double results_seed_loss(const struct results_seed *seed);

#endif
