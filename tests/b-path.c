/* b-path.c: times one method on one lambda path of a NumPy problem (made by
 * shared/peers/generate.py): billed seconds, certificates, passes, memory. */
#include <malloc.h>
#include <sys/resource.h>

#include "npy_problem.h"

#include "spred/host.h"
#include "spred/linalg.h"

struct setting {
    const char *prefix, *loss, *solver;
    size_t lambdas, repeats;
    double ratio, gap, wall;
    int cold, verbose, tsv;
    enum spred_storage storage;
};

static int show(void *cookie, const struct spred_host_point *point)
{
    const struct setting *s = cookie;
    if (s->verbose > 1 || (s->verbose && point->stop != SPRED_STOP_NONE))
        printf("  lambda %zu step %ld s %.4f path %.4f passes %.1f gap %.2e "
               "support %zu %s\n",
               point->lambda_index, point->step, point->seconds,
               point->seconds_path, point->passes, point->certificate.gap,
               point->certificate.support, spred_stop_name(point->stop));
    return 0;
}

/* What the harness and the solver hold beside the mapped files, bytes. */
struct held {
    size_t now, most;
};

static void *count_memory(void *cookie, void *pointer, size_t size)
{
    struct held *held = cookie;
    held->now -= pointer ? malloc_usable_size(pointer) : 0;
    if (size == 0) {
        free(pointer);
        return NULL;
    }
    void *block = realloc(pointer, size);
    if (!block)
        stop("memory", "there is not enough");
    held->now += malloc_usable_size(block);
    held->most = held->now > held->most ? held->now : held->most;
    return block;
}

static void report(const struct setting *s, const struct spred_solver *solver,
                   size_t n_lambda, const struct held *held,
                   const struct spred_host_totals *totals)
{
    const double mb = 1048576;
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    if (s->tsv)
        printf("%s\t%s\t%s\t%g\t%.9f\t%.9f\t%.9f\t%.2f\t%ld\t%zu\t%zu\t%.6e\t"
               "%s\t%ld\t%.3f\n",
               s->prefix, s->loss, solver->name, s->gap,
               totals->seconds_setup + totals->seconds_solve,
               totals->seconds_setup, totals->seconds_certify, totals->passes,
               totals->steps, totals->certified, n_lambda, totals->worst_gap,
               spred_stop_name(totals->stop), usage.ru_maxrss / 1024,
               (double)held->most / mb);
    else
        printf("%s %s %s gap %g: %.4f s billed (setup %.4f), certify %.4f, "
               "passes %.1f, steps %ld, %zu/%zu certified, worst %.2e, %s, "
               "%ld MB, %.1f of them allocated\n",
               s->prefix, s->loss, solver->name, s->gap,
               totals->seconds_setup + totals->seconds_solve,
               totals->seconds_setup, totals->seconds_certify, totals->passes,
               totals->steps, totals->certified, n_lambda, totals->worst_gap,
               spred_stop_name(totals->stop), usage.ru_maxrss / 1024,
               (double)held->most / mb);
}

static void run(struct spred_env *env, const struct setting *s,
                const struct spred_solver *solver, const void *options,
                const struct held *held, struct spred_problem *problem)
{
    double lambda[1000];
    struct spred_host_plan plan;
    struct spred_host_totals totals;
    spred_host_plan_default(&plan);
    spred_lambda_path(problem->lambda_max, s->ratio, s->lambdas, lambda);
    plan.lambda = s->cold ? lambda + s->lambdas - 1 : lambda;
    plan.n_lambda = s->cold ? 1 : s->lambdas;
    plan.gap = s->gap;
    plan.wall = s->wall;
    for (size_t repeat = 0; repeat < s->repeats; repeat++) {
        if (spred_host_run(env, solver, options, problem, &plan, 17, show,
                           (void *)s, &totals) != SPRED_OK)
            stop(solver->name, env->error);
        report(s, solver, plan.n_lambda, held, &totals);
    }
}

int main(int argc, char **argv)
{
    struct setting s = {
        .lambdas = 100, .repeats = 1, .ratio = 0.01, .gap = 1e-6, .wall = 60};
    struct held held = {0, 0};
    struct npy_problem file;
    struct spred_env env;
    spred_env_init(&env);
    if (argc < 4)
        stop("usage", "b-path PREFIX squared|logistic|multinomial SOLVER "
                      "[lambdas=100] [ratio=.01] [gap=1e-6] [repeat=1] "
                      "[wall=60] [cold=1] [verbose=1] [tsv=1] [f32=1|csc=1] "
                      "[threads=1] [OPTION=VALUE]");
    s.prefix = argv[1];
    s.loss = argv[2];
    s.solver = argv[3];
    const struct spred_solver *solver = spred_solver_find(s.solver);
    if (!solver)
        stop(s.solver, "no such solver");
    void *options = calloc(1, solver->options_size + 1);
    spred_options_default(&env, solver->options, options);
    spred_blas_threads(1);
    for (int i = 4; i < argc; i++) {
        char *value = strchr(argv[i], '=');
        if (!value)
            stop(argv[i], "NAME=VALUE was expected");
        *value++ = 0;
        if (strcmp(argv[i], "lambdas") == 0)
            s.lambdas = (size_t)atol(value);
        else if (strcmp(argv[i], "repeat") == 0)
            s.repeats = (size_t)atol(value);
        else if (strcmp(argv[i], "ratio") == 0)
            s.ratio = atof(value);
        else if (strcmp(argv[i], "gap") == 0)
            s.gap = atof(value);
        else if (strcmp(argv[i], "wall") == 0)
            s.wall = atof(value);
        else if (strcmp(argv[i], "cold") == 0)
            s.cold = atoi(value);
        else if (strcmp(argv[i], "verbose") == 0)
            s.verbose = atoi(value);
        else if (strcmp(argv[i], "tsv") == 0)
            s.tsv = atoi(value);
        else if (strcmp(argv[i], "f32") == 0)
            s.storage = SPRED_F32;
        else if (strcmp(argv[i], "csc") == 0)
            s.storage = SPRED_CSC;
        else if (strcmp(argv[i], "threads") == 0)
            spred_blas_threads(atoi(value));
        else if (spred_options_set(&env, solver->options, options, argv[i],
                                   value) != SPRED_OK)
            stop(argv[i], env.error);
    }
    npy_problem_open(&env, s.prefix, s.loss, s.storage, &file);
    env.reallocate = count_memory; /* a converted X is not counted */
    env.allocate_cookie = &held;
    run(&env, &s, solver, options, &held, &file.problem);
    env.reallocate = NULL;
    npy_problem_close(&env, &file);
    free(options);
    return 0;
}
