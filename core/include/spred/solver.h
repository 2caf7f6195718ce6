/* solver.h: a method is one const struct; the host owns the loop and the clock.
 */
#ifndef SPRED_SOLVER_H
#define SPRED_SOLVER_H

#include "spred/option.h"
#include "spred/problem.h"

/* What a method needs of a problem; a mismatch is a skip with its reason. */
enum spred_needs {
    SPRED_NEEDS_NOTHING = 0,
    SPRED_NEEDS_QUADRATIC = 1 << 0,  /* squared loss */
    SPRED_NEEDS_PURE_L1 = 1 << 1,    /* no ridge part */
    SPRED_NEEDS_ONE_OUTPUT = 1 << 2, /* not multinomial */
    /* Penalties: without any of these bits L1 and elastic net only. */
    SPRED_TAKES_GROUPS = 1 << 8, /* group penalties as well */
    SPRED_NEEDS_GROUPS = 1 << 9, /* group penalties only */
    SPRED_NEEDS_POWER = 1 << 10, /* power penalties only */
    SPRED_TAKES_CUSTOM = 1 << 11 /* custom penalties as well: asks penalties
                                    only through spred_penalty_prox */
};

/* Work counted by the method itself. */
struct spred_work {
    double passes; /* passes over X: adjoint = 1; touching m columns = m/p */
};

struct spred_solver {
    const char *name;      /* "coordinate-descent", "spred-newton" */
    const char *alias;     /* "cd", or NULL */
    const char *doc;       /* one line */
    const char *reference; /* the paper or book */
    unsigned api_version;  /* raised when results change; part of the job key */
    unsigned needs;        /* enum spred_needs bits */
    /* The relative gap that the method promises to reach, certified, with its
     * default options on well-conditioned problems in a sane number of steps;
     * the contract test holds it to that. 0: promises nothing. */
    double claim;
    /* 1: a step goes on until its iterate should meet the tolerance, so that
     * its certificate may wait (spred_host_plan.batch). */
    int settles;
    size_t state_size; /* zeroed by the host before init */
    size_t options_size;
    const struct spred_option *options; /* ends with a NULL name; or NULL */
    /* Allocates and computes constants; W = 0, b = the null intercept. problem,
     * options, env outlive the state. Everything random comes from seed. */
    enum spred_status (*init)(struct spred_env *env, void *state,
                              const void *options,
                              const struct spred_problem *problem,
                              uint64_t seed, struct spred_work *work);
    /* A new lambda (usually smaller than the last: keep the iterate as warm
     * start). tolerance: the relative gap that is asked, for inner rules. */
    enum spred_status (*start)(void *state, double lambda, double tolerance);
    /* One outer iteration, of any size. *finished = 1: the method itself claims
     * optimality to the tolerance; the host's certificate will confirm or
     * refute it. No allocation inside if it can be helped. */
    enum spred_status (*step)(void *state, struct spred_work *work,
                              int *finished);
    /* W: p x K column-major, b: K, for the current lambda. */
    void (*get)(const void *state, double *w, double *b);
    /* Frees what init made, also after a failed init (fields may be 0). */
    void (*free)(struct spred_env *env, void *state);
    /* A method made at run time: what the host puts into the first pointer of
     * the zeroed state before init, so that one set of functions can serve
     * several methods. NULL: nothing is put there. */
    const void *self;
};

/* NULL-ended array, generated from the list in solvers/meson.build. */
extern SPRED_API const struct spred_solver *const spred_solvers[];

/* By name or alias; NULL if there is none. */
SPRED_API const struct spred_solver *spred_solver_find(const char *name);

/* NULL if solver takes the problem, else one line: what it needs. Static. */
SPRED_API const char *spred_solver_refuses(const struct spred_solver *solver,
                                           const struct spred_problem *problem);

#endif
