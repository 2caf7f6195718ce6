/* b-nn.c: how long one gradient of the network engine takes, by hand:
 * b-nn [inputs] [samples] [hidden] [live] [steps]; hidden 0: f_l alone. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "solvers/nn/nn.h"
#include "spred/rng.h"

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static size_t argument(int argc, char **argv, int k, size_t standard)
{
    return argc > k ? (size_t)strtoul(argv[k], NULL, 10) : standard;
}

static void fill(struct nn_shape *shape, size_t hidden)
{
    struct nn_branch *head = &shape->branches[0], *deep = &shape->branches[1];
    head->n = 1;
    head->layers[0].no_bias = 1;
    shape->n_branches = hidden ? 2 : 1;
    deep->n = 5;
    deep->layers[0] = (struct nn_layer){.out = hidden, .no_bias = 1};
    deep->layers[1].kind = deep->layers[3].kind = NN_RELU;
    deep->layers[2].out = hidden;
}

int main(int argc, char **argv)
{
    size_t p = argument(argc, argv, 1, 22283);
    size_t n = argument(argc, argv, 2, 100);
    size_t hidden = argument(argc, argv, 3, 1024);
    size_t live = argument(argc, argv, 4, p);
    size_t steps = argument(argc, argv, 5, 20);
    struct nn_shape shape = {
        .inputs = p,
        .outputs = 4,
        .classes = 1,
        .gate = {.kind = NN_SPRED, .group = NN_INPUT, .lambda = .01}};
    struct spred_env env;
    struct nn *nn;
    spred_env_init(&env);
    fill(&shape, hidden);
    real *x = spred_alloc(&env, n * p, sizeof *x);
    int32_t *codes = spred_alloc(&env, n, sizeof *codes);
    double *sizes = spred_alloc(&env, p, sizeof *sizes);
    struct spred_rng *rng = spred_rng_new(&env, 1);
    if (!x || !codes || !sizes || !rng ||
        nn_new(&env, &shape, n, 1, &nn) != SPRED_OK) {
        fprintf(stderr, "b-nn: %s\n", env.error);
        return 1;
    }
    for (size_t e = 0; e < n * p; e++)
        x[e] = (real)spred_rng_normal(rng);
    for (size_t i = 0; i < n; i++)
        codes[i] = (int32_t)(i % 4);
    nn_set_live(nn, live);
    nn_gradient(nn, x, n, codes, NULL);
    double start = now(), loss = 0;
    for (size_t s = 0; s < steps; s++)
        loss = nn_gradient(nn, x, n, codes, NULL);
    printf("%zu x %zu, hidden %zu, live %zu: %.2f ms a gradient (loss %g)\n", n,
           p, hidden, live, 1e3 * (now() - start) / (double)steps, loss);
    start = now();
    nn_input_gradient(nn, x, n, p, sizes);
    printf("sizes of all input gradients: %.2f ms\n", 1e3 * (now() - start));
    start = now();
    nn_importance(nn, 0, sizes);
    printf("importance of all inputs: %.2f ms\n", 1e3 * (now() - start));
    start = now();
    real *saved = nn_save(&env, nn);
    printf("saved: %.2f ms\n", 1e3 * (now() - start));
    spred_free(&env, saved);
    spred_rng_free(rng);
    nn_free(nn);
    spred_free(&env, x);
    spred_free(&env, codes);
    spred_free(&env, sizes);
    return 0;
}
