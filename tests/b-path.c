/* b-path.c: times one method on one lambda path of a NumPy problem (made by
 * shared/peers/generate.py): billed seconds, certificates, passes, memory. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "spred/host.h"
#include "spred/linalg.h"

static void stop(const char *what, const char *why)
{
    fprintf(stderr, "b-path: %s: %s\n", what, why);
    exit(2);
}

/* The payload of a little-endian float64 file, mapped; the shape is the
 * caller's to know: *count values. */
static double *map_npy(const char *prefix, const char *part, size_t *count)
{
    char path[4096];
    struct stat info;
    snprintf(path, sizeof path, "%s.%s.npy", prefix, part);
    int fd = open(path, O_RDONLY);
    if (fd < 0 || fstat(fd, &info) != 0)
        stop(path, "cannot be read");
    unsigned char *bytes =
        mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    if (bytes == MAP_FAILED || memcmp(bytes, "\x93NUMPY\x01", 7) != 0)
        stop(path, "is not a NumPy file of version 1");
    size_t header = 10 + (size_t)bytes[8] + 256 * (size_t)bytes[9];
    *count = ((size_t)info.st_size - header) / sizeof(double);
    return (double *)(void *)(bytes + header);
}

struct setting {
    const char *prefix, *loss, *solver;
    size_t lambdas, repeats, batch;
    double ratio, gap, wall;
    int cold, verbose, storage, cpu, over, factors;
    size_t group;
};

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
    const struct setting *s = cookie;
    if (s->verbose > 1 || (s->verbose && point->stop != SPRED_STOP_NONE))
        printf("  lambda %zu step %ld s %.4f path %.4f passes %.1f gap %.2e "
               "support %zu %s\n",
               point->lambda_index, point->step, point->seconds,
               point->seconds_path, point->passes, point->certificate.gap,
               point->certificate.support, spred_stop_name(point->stop));
    return 0;
}

static size_t classes_of(const double *y, size_t n, int32_t *codes)
{
    size_t most = 0;
    for (size_t i = 0; i < n; i++) {
        codes[i] = (int32_t)y[i];
        if ((size_t)codes[i] + 1 > most)
            most = (size_t)codes[i] + 1;
    }
    return most;
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

static void run(struct spred_env *env, const struct setting *s,
                const struct spred_solver *solver, const void *options,
                struct spred_problem *problem)
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
    plan.batch = s->batch;
    plan.now = s->cpu ? cpu_clock : NULL;
    for (size_t repeat = 0; repeat < s->repeats; repeat++) {
        if (spred_host_run(env, solver, options, problem, &plan, 17, show,
                           (void *)s, &totals) != SPRED_OK)
            stop(solver->name, env->error);
        struct rusage usage;
        getrusage(RUSAGE_SELF, &usage);
        printf("%s %s %s gap %g: %.4f s billed (setup %.4f), certify %.4f, "
               "passes %.1f, steps %ld, %zu/%zu certified, worst %.2e, %s, "
               "%ld MB\n",
               s->prefix, s->loss, solver->name, s->gap,
               totals.seconds_setup + totals.seconds_solve,
               totals.seconds_setup, totals.seconds_certify, totals.passes,
               totals.steps, totals.certified, plan.n_lambda, totals.worst_gap,
               spred_stop_name(totals.stop), usage.ru_maxrss / 1024);
    }
}

int main(int argc, char **argv)
{
    struct setting s = {
        .lambdas = 100, .repeats = 1, .ratio = 0.01, .gap = 1e-6, .wall = 60};
    struct spred_env env;
    spred_env_init(&env);
    if (argc < 4)
        stop("usage",
             "b-path PREFIX squared|logistic|multinomial SOLVER "
             "[lambdas=100] [ratio=.01] [gap=1e-6] [repeat=1] "
             "[wall=60] [cold=1] [verbose=1] [cpu=1] [batch=32] [f32=1|csc=1] "
             "[threads=1] [group=SIZE] [over=1] [factors=3] "
             "[OPTION=VALUE]");
    s.prefix = argv[1];
    s.loss = argv[2];
    s.solver = argv[3];
    const struct spred_solver *solver = spred_solver_find(s.solver);
    if (!solver)
        stop(s.solver, "no such solver");
    size_t threads = 1;
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
        else if (strcmp(argv[i], "batch") == 0)
            s.batch = (size_t)atol(value);
        else if (strcmp(argv[i], "cpu") == 0)
            s.cpu = atoi(value);
        else if (strcmp(argv[i], "f32") == 0)
            s.storage = SPRED_F32;
        else if (strcmp(argv[i], "csc") == 0)
            s.storage = SPRED_CSC;
        else if (strcmp(argv[i], "group") == 0)
            s.group = (size_t)atol(value);
        else if (strcmp(argv[i], "over") == 0)
            s.over = atoi(value);
        else if (strcmp(argv[i], "factors") == 0)
            s.factors = atoi(value);
        else if (strcmp(argv[i], "threads") == 0)
            threads = (size_t)atol(value);
        else if (spred_options_set(&env, solver->options, options, argv[i],
                                   value) != SPRED_OK)
            stop(argv[i], env.error);
    }
    size_t cells, n;
    double *x = map_npy(s.prefix, "X", &cells);
    double *y = map_npy(s.prefix, "y", &n);
    int32_t *codes = calloc(n, sizeof *codes);
    struct spred_matrix matrix = {
        .storage = SPRED_F64, .rows = n, .cols = cells / n, .f64 = x};
    struct spred_matrix other;
    struct spred_problem problem = {0};
    problem.loss = spred_loss_named(s.loss);
    if (!problem.loss)
        stop(s.loss, "no such loss");
    if (s.storage != SPRED_F64 &&
        spred_matrix_convert(&env, &matrix, (enum spred_storage)s.storage,
                             &other) != SPRED_OK)
        stop("conversion", env.error);
    problem.x.matrix = s.storage == SPRED_F64 ? &matrix : &other;
    problem.n = n;
    problem.p = matrix.cols;
    problem.y = y;
    problem.outputs = 1;
    problem.penalty.l1_ratio = 1;
    if (problem.loss == &spred_loss_multinomial) {
        problem.outputs = classes_of(y, n, codes);
        problem.codes = codes;
        problem.y = NULL;
    }
    size_t *first = calloc(2 * problem.p + 1, sizeof *first);
    struct spred_groups groups;
    set_penalty(&s, &problem.penalty, problem.p, first, &groups);
    struct spred_pool *pool = spred_pool_new(&env, threads);
    if (!pool)
        stop("threads", env.error);
    problem.x.pool = pool;
    if (spred_problem_init(&env, &problem) != SPRED_OK)
        stop("problem", env.error);
    run(&env, &s, solver, options, &problem);
    free(first);
    spred_pool_free(pool);
    free(codes);
    free(options);
    return 0;
}
