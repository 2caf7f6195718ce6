/* b-path.c: times one method on one lambda path of a NumPy problem (made by
 * shared/peers/generate.py): billed seconds, certificates, passes, memory. */
#include <math.h>
#include <sys/resource.h>
#include <time.h>

#include "npy_problem.h"

#include "spred/host.h"
#include "spred/linalg.h"

#define MIB 1048576.0
#define LAMBDAS_MAX ((size_t)1000)

struct setting {
    const char *prefix, *loss, *solver;
    size_t lambdas, repeats, threads, batch, group;
    double ratio, gap, wall;
    int cold, verbose, tsv, cpu, over, factors;
    enum spred_storage storage;
    double own_before, own_most; /* bytes beside mapped files */
    const char *weights; /* file for W (p x K) at every lambda, or NULL */
    FILE *to;            /* that file while it is written */
    size_t block;        /* p * K */
};

/* Memory of this process beside pages of mapped files. */
static double own_memory(void)
{
    long pages[3] = {0, 0, 0}; /* size, resident, shared */
    FILE *file = fopen("/proc/self/statm", "r");
    if (file) {
        if (fscanf(file, "%ld %ld %ld", &pages[0], &pages[1], &pages[2]) != 3)
            pages[1] = pages[2] = 0;
        fclose(file);
    }
    return (double)(pages[1] - pages[2]) * (double)sysconf(_SC_PAGESIZE);
}

/* Seconds of this process on a processor: steadier than the wall clock on a
 * busy machine. */
static double cpu_clock(void *cookie)
{
    struct timespec t;
    (void)cookie;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int show(void *cookie, const struct spred_host_point *point)
{
    struct setting *s = cookie;
    s->own_most = fmax(s->own_most, own_memory());
    size_t size = s->block * sizeof *point->w;
    if (s->to && point->stop != SPRED_STOP_NONE &&
        (fseek(s->to, (long)(point->lambda_index * size), SEEK_SET) != 0 ||
         fwrite(point->w, 1, size, s->to) != size))
        stop(s->weights, "cannot be written");
    if (s->verbose > 1 || (s->verbose && point->stop != SPRED_STOP_NONE))
        printf("  lambda %zu step %ld s %.4f path %.4f passes %.1f gap %.2e "
               "support %zu %s\n",
               point->lambda_index, point->step, point->seconds,
               point->seconds_path, point->passes, point->certificate.gap,
               point->certificate.support, spred_stop_name(point->stop));
    return 0;
}

static void report(const struct setting *s, size_t n_lambda,
                   const struct spred_host_totals *t)
{
    struct rusage usage;
    double billed = t->seconds_setup + t->seconds_solve;
    double own = (s->own_most - s->own_before) / MIB;
    getrusage(RUSAGE_SELF, &usage);
    if (s->tsv)
        printf("%s\t%s\t%s\t%g\t%.9f\t%.9f\t%.9f\t%.2f\t%ld\t%zu\t%zu\t%.6e\t"
               "%s\t%ld\t%.1f\n",
               s->prefix, s->loss, s->solver, s->gap, billed, t->seconds_setup,
               t->seconds_certify, t->passes, t->steps, t->certified, n_lambda,
               t->worst_gap, spred_stop_name(t->stop), usage.ru_maxrss / 1024,
               own);
    else
        printf("%s %s %s gap %g: %.4f s billed (setup %.4f), certify %.4f, "
               "passes %.1f, steps %ld, %zu/%zu certified, worst %.2e, %s, "
               "%ld MB, %.1f of them for solving\n",
               s->prefix, s->loss, s->solver, s->gap, billed, t->seconds_setup,
               t->seconds_certify, t->passes, t->steps, t->certified, n_lambda,
               t->worst_gap, spred_stop_name(t->stop), usage.ru_maxrss / 1024,
               own);
}

/* Groups of consecutive features, rows over the classes, or a power. first: 2p
 * + 1 values. */
static void set_penalty(const struct setting *s, struct spred_penalty *penalty,
                        size_t p, size_t *first, struct spred_groups *groups)
{
    size_t *member = first + p + 1, count = 0;
    for (size_t j = 0; j < p; j++)
        member[j] = j;
    while (s->group && first[count] < p) {
        count++;
        first[count] = count * s->group < p ? count * s->group : p;
    }
    *groups = (struct spred_groups){count, first, member};
    if (s->group || s->over)
        penalty->kind = SPRED_PENALTY_GROUP;
    penalty->groups = s->group ? groups : NULL;
    penalty->over_outputs = s->over;
    if (s->factors) {
        penalty->kind = SPRED_PENALTY_POWER;
        penalty->factors = s->factors;
    }
}

static void run(struct spred_env *env, struct setting *s,
                const struct spred_solver *solver, const void *options,
                struct spred_problem *problem)
{
    double lambda[LAMBDAS_MAX];
    struct spred_host_plan plan;
    struct spred_host_totals totals;
    spred_host_plan_default(&plan);
    spred_lambda_path(problem->lambda_max, s->ratio, s->lambdas, lambda);
    plan.lambda = s->cold ? lambda + s->lambdas - 1 : lambda;
    plan.n_lambda = s->cold ? 1 : s->lambdas;
    plan.gap = s->gap;
    plan.wall = s->wall;
    plan.batch = s->batch;
    plan.now = s->cpu ? cpu_clock : NULL;
    s->own_before = own_memory();
    s->block = problem->p * problem->outputs;
    for (size_t repeat = 0; repeat < s->repeats; repeat++) {
        if (s->weights && !(s->to = fopen(s->weights, "wb")))
            stop(s->weights, "cannot be written");
        if (spred_host_run(env, solver, options, problem, &plan, 17, show, s,
                           &totals) != SPRED_OK)
            stop(solver->name, env->error);
        if (s->to && fclose(s->to) != 0)
            stop(s->weights, "cannot be written");
        report(s, plan.n_lambda, &totals);
    }
}

/* One NAME=VALUE of b-path itself; 0: it is none of these. */
static int set(struct setting *s, const char *name, const char *value)
{
    if (strcmp(name, "lambdas") == 0)
        s->lambdas = (size_t)atol(value);
    else if (strcmp(name, "repeat") == 0)
        s->repeats = (size_t)atol(value);
    else if (strcmp(name, "ratio") == 0)
        s->ratio = atof(value);
    else if (strcmp(name, "gap") == 0)
        s->gap = atof(value);
    else if (strcmp(name, "wall") == 0)
        s->wall = atof(value);
    else if (strcmp(name, "cold") == 0)
        s->cold = atoi(value);
    else if (strcmp(name, "verbose") == 0)
        s->verbose = atoi(value);
    else if (strcmp(name, "tsv") == 0)
        s->tsv = atoi(value);
    else if (strcmp(name, "cpu") == 0)
        s->cpu = atoi(value);
    else if (strcmp(name, "f32") == 0)
        s->storage = SPRED_F32;
    else if (strcmp(name, "csc") == 0)
        s->storage = SPRED_CSC;
    else if (strcmp(name, "weights") == 0)
        s->weights = value;
    else if (strcmp(name, "batch") == 0)
        s->batch = (size_t)atol(value);
    else if (strcmp(name, "group") == 0)
        s->group = (size_t)atol(value);
    else if (strcmp(name, "over") == 0)
        s->over = atoi(value);
    else if (strcmp(name, "factors") == 0)
        s->factors = atoi(value);
    else if (strcmp(name, "threads") == 0)
        s->threads = (size_t)atol(value);
    else
        return 0;
    return 1;
}

int main(int argc, char **argv)
{
    struct setting s = {.lambdas = 100,
                        .repeats = 1,
                        .threads = 1,
                        .ratio = 0.01,
                        .gap = 1e-6,
                        .wall = 60};
    struct npy_problem file;
    struct spred_env env;
    spred_env_init(&env);
    if (argc < 4)
        stop("usage",
             "b-path PREFIX squared|logistic|multinomial SOLVER "
             "[lambdas=100] [ratio=.01] [gap=1e-6] [repeat=1] [wall=60] "
             "[cold=1] [verbose=1] [tsv=1] [cpu=1] [batch=32] [f32=1|csc=1] "
             "[threads=1] [group=SIZE] [over=1] [factors=3] [weights=FILE] "
             "[OPTION=VALUE]");
    s.prefix = argv[1];
    s.loss = argv[2];
    s.solver = argv[3];
    const struct spred_solver *solver = spred_solver_find(s.solver);
    if (!solver)
        stop(s.solver, "no such solver");
    void *options = calloc(1, solver->options_size + 1);
    spred_options_default(&env, solver->options, options);
    for (int i = 4; i < argc; i++) {
        char *value = strchr(argv[i], '=');
        if (!value)
            stop(argv[i], "NAME=VALUE was expected");
        *value++ = 0;
        if (!set(&s, argv[i], value) &&
            spred_options_set(&env, solver->options, options, argv[i], value) !=
                SPRED_OK)
            stop(argv[i], env.error);
    }
    if (s.lambdas < 1 || s.lambdas > LAMBDAS_MAX)
        stop("lambdas", "1 to 1000 were expected");
    spred_blas_threads(1); /* the pool has the threads */
    npy_problem_open(&env, s.prefix, s.loss, s.storage, &file);
    size_t *first = calloc(2 * file.problem.p + 1, sizeof *first);
    struct spred_groups groups;
    set_penalty(&s, &file.problem.penalty, file.problem.p, first, &groups);
    struct spred_pool *pool = spred_pool_new(&env, s.threads);
    if (!pool)
        stop("threads", env.error);
    file.problem.x.pool = pool;
    npy_problem_init(&env, &file);
    run(&env, &s, solver, options, &file.problem);
    spred_pool_free(pool);
    free(first);
    npy_problem_close(&env, &file);
    free(options);
    return 0;
}
