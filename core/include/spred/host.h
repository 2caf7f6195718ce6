/* host.h: the only loop: steps, clock, observations, stop rule, along a path.
 */
#ifndef SPRED_HOST_H
#define SPRED_HOST_H

#include "spred/certificate.h"
#include "spred/solver.h"

enum spred_stop {
    SPRED_STOP_NONE = 0,
    SPRED_STOP_TARGET,      /* certified to the asked gap */
    SPRED_STOP_STATIONARY,  /* not convex: stationary to the asked tolerance */
    SPRED_STOP_STALL,       /* neither objective nor gap moves any more */
    SPRED_STOP_STEPS,       /* step limit */
    SPRED_STOP_TIME,        /* billed time used up */
    SPRED_STOP_DIVERGED,    /* not finite, or the objective exploded */
    SPRED_STOP_REFUTED,     /* the method claimed optimality, the certificate
                               says no */
    SPRED_STOP_INTERRUPTED, /* cancel */
    SPRED_STOP_FAILED       /* a step returned an error (text in env) */
};
SPRED_API const char *spred_stop_name(enum spred_stop stop);

struct spred_host_plan {
    const double *lambda; /* n_lambda values, descending */
    size_t n_lambda;
    double gap;         /* asked relative gap; not convex: stationarity */
    double stall_eps;   /* relative to P(0) */
    int stall_patience; /* observations without progress; while the objective
                           swings above its best, also 1000 steps and as many
                           as the best took */
    double wall;        /* billed seconds of the whole path: every lambda gets
                           an equal part of what is left when it starts */
    long steps;         /* per lambda */
    double growth;      /* of the observation grid: next = max(s+1, s*growth) */
    size_t batch;       /* > 1: for methods whose steps settle, so many lambdas
                           are certified together, after one step each; those
                           that fail are gone on with. Faster as a whole; one
                           observation a lambda, and none at step 0 */
    double (*now)(void *cookie); /* seconds, monotonic; NULL: the real clock */
    void *clock_cookie;
};

/* gap 1e-6, stall 1e-10 x 3, wall 120 s, 1e6 steps, growth 1.25. */
SPRED_API void spred_host_plan_default(struct spred_host_plan *plan);

/* One observation; everything borrowed for the call. */
struct spred_host_point {
    size_t lambda_index; /* 0.. */
    double lambda;
    long step;           /* steps done at this lambda: 0 = the warm start */
    double seconds;      /* billed at this lambda */
    double seconds_path; /* billed since the run began, set-up included */
    double passes;       /* since the run began */
    struct spred_certificate certificate;
    enum spred_stop stop; /* not NONE: the last observation at this lambda */
    const double *w, *b;
};

struct spred_host_totals {
    double seconds_setup, seconds_solve; /* billed */
    double seconds_certify;              /* not billed */
    double passes;
    long steps;
    size_t certified; /* lambdas that reached the target; not convex: that are
                         stationary */
    double worst_gap, worst_floor, worst_kkt;
    enum spred_stop stop; /* worst over the path: TARGET (not convex:
                             STATIONARY) if all reached theirs */
};

/* Runs solver over the path. options: a struct of solver->options_size. The
 * observer may return nonzero to interrupt. SPRED_OK also when the run ended
 * badly (see totals->stop); an error only when nothing could be run. */
SPRED_API enum spred_status spred_host_run(
    struct spred_env *env, const struct spred_solver *solver,
    const void *options, const struct spred_problem *problem,
    const struct spred_host_plan *plan, uint64_t seed,
    int (*observe)(void *cookie, const struct spred_host_point *point),
    void *cookie, struct spred_host_totals *totals);

/* ratio_k from 1 down to min_ratio, n values evenly spaced in log, times
 * lambda_max, into out. n = 1 gives min_ratio. */
SPRED_API void spred_lambda_path(double lambda_max, double min_ratio, size_t n,
                                 double *out);

#endif
