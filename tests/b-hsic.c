/* b-hsic.c: seconds of block HSIC Lasso: b-hsic SAMPLES GENES [OPTION VALUE]...
 * Standard normal genes, two classes by the first ten of them. */
#include "model_run.h"

#include <time.h>

#include "spred/rng.h"

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

int main(int count, char **arguments)
{
    struct spred_env env;
    struct model_run run;
    spred_env_init(&env);
    if (count < 3 || count % 2 == 0)
        return fprintf(stderr,
                       "usage: b-hsic SAMPLES GENES [OPTION VALUE]...\n"),
               2;
    size_t n = strtoul(arguments[1], NULL, 10);
    size_t p = strtoul(arguments[2], NULL, 10);
    float *x = malloc(n * p * sizeof *x);
    int32_t *codes = malloc(n * sizeof *codes);
    struct spred_rng *rng = spred_rng_new(&env, 1);
    for (size_t e = 0; e < n * p; e++)
        x[e] = (float)spred_rng_normal(rng);
    for (size_t i = 0; i < n; i++) {
        double sum = 0;
        for (size_t j = 0; j < 10 && j < p; j++)
            sum += x[i + j * n];
        codes[i] = sum > 0;
    }
    run_open(&run, &env, "hsic-lasso", (const char *const *)arguments + 3);
    run.task.train =
        (struct spred_rows){.n = n, .p = p, .x = x, .codes = codes};
    run.task.classes = 2;
    double start = now();
    if (run_fit(&run) != SPRED_OK)
        return fprintf(stderr, "%s\n", env.error), 1;
    printf("%zu x %zu: %.3f s, %ld steps, %.1f passes; %s\n", n, p,
           now() - start, run.report.steps, run.report.passes, run.report.note);
    run_close(&run);
    spred_rng_free(rng);
    free(codes);
    free(x);
    return 0;
}
