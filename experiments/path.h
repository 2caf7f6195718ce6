/* path.h: the state of one job while its lambda path runs (private to the
 * experiments room): path_observe fills it, path_choose reads it. */
#ifndef EXPERIMENTS_PATH_H
#define EXPERIMENTS_PATH_H

#include "experiments/groups.h"
#include "experiments/score.h"
#include "spred/host.h"

/* A nonzero weight of the model at one lambda. */
struct entry {
    size_t lambda, output, feature;
    double weight;
};

struct path {
    struct spred_env *env;
    const struct job *job;
    struct results_record *record;
    struct trial trial;
    const struct spred_solver *solver;
    const struct spred_loss *loss;
    struct grouping grouping;
    double *equal; /* p ones: weights of the groups; or NULL */
    void *options;
    double *ratio, *lambda; /* n_lambda */
    size_t n_lambda;
    size_t problems; /* 1, or one per class */
    size_t outputs;  /* columns of scores: problems times problem outputs */
    size_t first;    /* output of the problem that runs now */
    double lambda_max;
    double *y;               /* n_train */
    double *validate, *test; /* [lambda][output][sample] linear predictors */
    unsigned char *seen;     /* n_lambda x outputs */
    double *objective;       /* n_lambda: sum over problems */
    struct entry *entries;
    size_t n_entries, room;
    struct results_point *points; /* in record, grown by doubling */
    size_t point_room;
    double kept_gap;      /* of the last observation kept at this lambda;
                             not convex: its stationarity */
    double billed_before; /* of the problems already run */
    double passes_before;
    enum spred_status failure; /* inside the observer */
};

/* Host observer: stores the point; at the last one of a lambda also the model's
 * predictions and weights. */
int path_observe(void *cookie, const struct spred_host_point *point);

/* Chooses lambda on the validation part (higher balanced accuracy, in the
 * paper's protocol accuracy, then lower loss, then larger lambda), then touches
 * the test part once and keeps the genes. */
enum spred_status path_choose(struct path *path);

#endif
