/* working_set.h: what coordinate-descent and spred-newton share: working sets
 * of columns, a quadratic model of the loss on them, and a line search. */
#ifndef SOLVERS_WORKING_SET_H
#define SOLVERS_WORKING_SET_H

#include "spred/scan.h"
#include "spred/solver.h"

/* The model of one output on its set, in the weights w (m values) of the set:
 *   q(w) = -(1/n) g'(w - w0) + (1/2n) |sqrt(h) o Z(w - w0)|^2
 *          + sum_j l1_j |w_j| + l2_j w_j^2 / 2,
 * where column j of Z is (raw_j - centre_j) * scale_j. With an intercept the
 * centres are the h-weighted means, which eliminates b exactly. */
struct quadratic {
    const struct spred_problem *problem;
    double lambda;
    size_t size;            /* m */
    const size_t *column;   /* m: the features of the set */
    const double *h;        /* n positive weights; all 1 for squared loss */
    double h_total;         /* their sum */
    const double *residual; /* n: R of this output */
    const double *gradient; /* m: g = Z'R */
    const double *centre;   /* m, raw units */
    const double *l1, *l2;  /* m */
    double tolerance;       /* worst KKT violation asked, in units of l1 */
    double *w;              /* m: w0 on entry, the minimiser on return */
};

struct working_set;

/* Minimises a quadratic. */
struct inner_method {
    double share; /* its tolerance as a share of the present violation */
    enum spred_status (*solve)(void *method, const struct quadratic *model,
                               struct spred_work *work);
    /* One iteration over all outputs at once, or NULL; see joint_step. */
    enum spred_status (*together)(void *method, struct working_set *ws,
                                  double tolerance, double *met, int *applies,
                                  struct spred_work *work);
};

/* The set of one output. */
struct feature_list {
    size_t *column; /* size of capacity features */
    size_t size, capacity;
};

struct candidate {
    double violation;
    size_t column;
};

/* Everything is owned and freed by working_set_free. */
struct working_set {
    struct spred_env *env;
    const struct spred_problem *problem;
    double lambda;
    double reached_lambda; /* of the last step; lambda_max before */
    double asked;          /* relative gap */
    double target; /* KKT violation asked on the sets in the last step */
    int reached;   /* 1: and it was met */
    double *w;     /* p x K */
    double b[SPRED_MAX_OUTPUTS];
    double value;              /* mean loss at m */
    double *m, *r, *h, *trial; /* n x K each */
    double *move;              /* n: change of one column of m */
    struct spred_scanner *scanner;
    double *g;     /* p x K: X'R, exact where it reaches the bound of the
                      lambda it was scanned for */
    double *bound; /* p: n l1_j */
    int fresh;     /* 1: g belongs to the iterate */
    int roomy;     /* 1: sets keep more than the support from lambda to lambda,
                      for a method whose work on a set hardly grows with it */
    unsigned char *inside; /* p x K: 1 = in the set */
    struct feature_list set[SPRED_MAX_OUTPUTS];
    struct candidate *candidate; /* room for candidates */
    size_t candidates;
    double *gather; /* 5 x gathered: the model's arrays */
    size_t gathered;
};

/* W = 0, b = the null intercept, empty sets. */
enum spred_status working_set_init(struct working_set *ws,
                                   struct spred_env *env,
                                   const struct spred_problem *problem,
                                   enum spred_precision precision);
/* A new lambda: the sets become the support (or not much more, if roomy). */
void working_set_start(struct working_set *ws, double lambda, double asked);
/* Grown sets, the model minimised on them, one pass over X; again until the
 * violations are small enough for the gap that is asked, or MOST_ROUNDS. */
enum spred_status working_set_step(struct working_set *ws,
                                   const struct inner_method *inner,
                                   void *method, struct spred_work *work);
void working_set_get(const struct working_set *ws, double *w, double *b);
void working_set_free(struct working_set *ws);

/* Line searches on the true objective: most halvings, share of the predicted
 * decrease, slack for rounding (relative). */
enum { SEARCH_HALVINGS = 40 };
extern const double search_armijo, search_rounding;
/* Least curvature of a sample in a model. */
extern const double model_least_weight;

/* prox_newton.c: minimises over the sets until the worst violation met in one
 * sweep over the outputs is below tolerance, or sweeps are used up. Wants m, r
 * and value at (w, b), keeps them there. */
enum spred_status working_set_solve(struct working_set *ws, double tolerance,
                                    const struct inner_method *inner,
                                    void *method, struct spred_work *work);

/* Distance of g/n - l2 w to l1 d|w|, in units of l1; g = x'R. */
double kkt_violation(double g, double n, double w, double l1, double l2);

#endif
