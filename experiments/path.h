/* path.h: the state of a lambda path on one trial (private to the experiments
 * room). A job has one; with cross-validation every fold has one of its own,
 * whose test part is what the fold leaves out. */
#ifndef EXPERIMENTS_PATH_H
#define EXPERIMENTS_PATH_H

#include "experiments/groups.h"
#include "experiments/parts.h"
#include "experiments/score.h"
#include "spred/host.h"

/* Weights up to these count as zeros in the columns that say so. */
#define PATH_TINY 1e-12
#define PATH_SMALL 1e-6

/* A nonzero weight of the model at one lambda. */
struct entry {
    size_t lambda, output, feature;
    double weight;
};

struct path {
    struct spred_env *env;
    const struct job *job;
    struct results_record *record;
    const struct parts *parts; /* of the job's script, or NULL */
    struct spred_pool *pool;   /* shares passes over X, or folds; NULL: none */
    struct trial trial;
    const struct spred_data *data; /* of the trial; a fold's is lent */
    const struct spred_solver *solver;
    const struct spred_loss *loss;
    const struct spred_penalty_form *form; /* a script's penalty, or NULL */
    struct grouping grouping;
    double *equal; /* p ones: weights of the groups; or NULL */
    void *options;
    double *ratio, *lambda; /* n_lambda */
    size_t n_lambda;
    size_t problems; /* 1, or one per class */
    size_t outputs;  /* columns of scores: problems times problem outputs */
    size_t first;    /* output of the problem that runs now */
    size_t from;     /* first lambda of the run in course */
    double lambda_max;
    double *y;               /* n_train */
    double *validate, *test; /* [lambda][output][sample] linear predictors */
    unsigned char *seen;     /* n_lambda x outputs */
    double *objective;       /* n_lambda: sum over problems */
    double *intercept;       /* n_lambda x outputs */
    struct entry *entries;
    size_t n_entries, room;
    struct results_point *points; /* in record, grown by doubling */
    size_t point_room;
    size_t batch;    /* lambdas certified together, as spred_host_plan says */
    double kept_gap; /* of the last observation kept at this lambda; not convex:
                        its stationarity */
    double billed;   /* seconds of the runs before this one */
    double passes_before;
    enum spred_stop stop;      /* the worst so far */
    enum spred_status failure; /* inside the observer */
    int told_to_stop;          /* by the script */
    double *cv_loss, *cv_se;   /* n_lambda each, one block; NULL: none */
};

/* Everything before the first step: lambdas, options, trial, problems, grid,
 * room. env, job, parts, record (its run row started), pool and batch are set
 * before. data: in memory, outlive the path; NULL: the job's file. A skip has a
 * status and a reason in the run row. */
enum spred_status path_open(struct path *path, const struct spred_data *data);
/* Solves, chooses lambda, tests, keeps the genes: the rest of the record. */
enum spred_status path_run(struct path *path);
/* Problem `index` of path->problems, which borrows from the path; one at a
 * time. */
enum spred_status path_problem(struct path *path, size_t index,
                               struct spred_problem *problem);
/* lambda_max over the problems, and the grid from the ratios. */
enum spred_status path_grid(struct path *path);
/* 0: the penalty is not convex: no gap, runs end stationary. */
int path_is_convex(const struct path *path);
/* Why the solver does not take the problem, or NULL. */
enum spred_status path_refusal(struct path *path, const char **out);
/* What the trial, loss, problems and outputs ask for. */
enum spred_status path_allocate(struct path *path);
/* The whole path: counts, times and gaps into the record's run, whose texts it
 * leaves alone. wall: billed seconds. */
enum spred_status path_solve(struct path *path, double wall, uint64_t seed);
/* 1 if every output has a model at this lambda. */
int path_complete(const struct path *path, size_t lambda);
void path_release(struct path *path);

/* path_solve for the training part and for every fold of the job's
 * cross-validation, shared by the threads of path->pool; fills cv_loss and
 * cv_se and adds the folds' rows, counts and times to the record. The result
 * does not depend on the threads. *points: how many are in all. */
enum spred_status path_cross_validate(struct path *path, uint64_t seed,
                                      int64_t *points, int64_t *certified);

/* Host observer: stores the point; at the last one of a lambda also the model's
 * predictions and weights. */
int path_observe(void *cookie, const struct spred_host_point *point);

/* Chooses lambda on the validation part (higher balanced accuracy, in the
 * paper's protocol accuracy, then lower loss, then larger lambda), by the
 * cross-validated loss, or not at all (the smallest), then touches the test
 * part once and keeps the genes. */
enum spred_status path_choose(struct path *path);

#endif
