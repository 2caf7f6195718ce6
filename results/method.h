/* method.h: methods, that is models and solvers side by side, and the genes
 * that their trials chose. Private to the results room. */
#ifndef RESULTS_METHOD_H
#define RESULTS_METHOD_H

#include "results/view.h"

/* One method on one data set: runs begin .. end - 1 of the view. */
struct results_method {
    const char *dataset; /* borrowed from the view */
    char *name;          /* a model's label; "PROBLEM (SOLVER)" */
    int model;
    size_t begin, end;
    double ratio; /* mean of results_run_ratio */
};

struct results_methods {
    struct results_method *rows; /* by data set; solvers, then models */
    size_t n;
};

/* All methods of a view. A problem is one method: of its solvers the one with
 * most runs in the store that ended well, the first by label if several have.
 * Free with results_methods_free, also after a failure. */
enum spred_status results_methods_list(struct spred_env *env,
                                       const struct results_view *view,
                                       struct results_methods *out);
void results_methods_free(struct spred_env *env,
                          struct results_methods *methods);

/* Did the run end with a choice of genes; does it use every one? */
int results_run_chose(const struct results_run *run);
int results_run_uses_all(const struct results_run *run);
/* Does some trial of the method leave out a gene, but not all? */
int results_method_selects(const struct results_view *view,
                           const struct results_method *method);

/* Mean and half width over the runs of a method of number(run) (NaN: none);
 * scratch holds as many as there are runs. Returns how many count. */
size_t results_method_interval(const struct results_view *view,
                               const struct results_method *method,
                               double (*number)(const struct results_run *),
                               double *scratch, double *mean, double *half);

/* A gene of one run with its best rank over the outputs. */
struct results_pick {
    char *feature, *symbol; /* symbol: "" if there is none */
    size_t run;             /* of the view */
    double rank;
};

struct results_picks {
    struct results_pick *rows; /* by feature, then run */
    size_t n, capacity;
};

/* The stored genes of the method's runs that chose some but do not use all.
 * Free with results_picks_free, also after a failure. */
enum spred_status results_picks_read(struct spred_env *env,
                                     struct results_view *view,
                                     const struct results_method *method,
                                     struct results_picks *out);
void results_picks_free(struct spred_env *env, struct results_picks *picks);

#endif
