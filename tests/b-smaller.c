/* b-smaller.c: what it saves to take dead neurons and filters out of a network,
 * by hand: b-smaller [samples] [repeats]. Both networks predict the same
 * pictures in turns; the fastest of each counts. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "solvers/nn/sparsity.h"
#include "spred/rng.h"

enum { SIDE = 28, CLASSES = 10, CHUNK = 256 };

struct example {
    const char *name, *layers;
};
static const struct example examples[] = {
    {"LeNet-300-100", "linear(out=300)|relu|linear(out=100)|relu|linear"},
    {"LeNet-5", "conv(out=20,kernel=5)|relu|max-pool(size=2)|"
                "conv(out=50,kernel=5)|relu|max-pool(size=2)|"
                "linear(out=500)|relu|linear"}};

struct bench {
    struct spred_env env;
    struct spred_rng *rng;
    size_t n, repeats;
    float *x; /* SIDE * SIDE x n */
    double *scores, *others;
};

static void need(struct bench *b, enum spred_status status)
{
    if (status == SPRED_OK)
        return;
    fprintf(stderr, "b-smaller: %s\n", b->env.error);
    exit(1);
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* A share of the rows of every layer but the last. */
static void kill_rows(struct bench *b, struct nn *nn, double share)
{
    size_t count, last = nn_shape_of(nn)->branches[0].n - 1;
    struct nn_tensor *t = nn_tensors(nn, &count);
    for (size_t k = 0; k < count; k++) {
        size_t dead = (size_t)(share * (double)t[k].rows);
        if (t[k].role == NN_BIAS || t[k].layer == last)
            continue;
        for (size_t i = 0; i < t[k].rows; i++) {
            double left = (double)(t[k].rows - i);
            if (spred_rng_uniform(b->rng) * left >= (double)dead)
                continue;
            dead--;
            for (size_t j = 0; j < t[k].cols; j++)
                t[k].value[i + j * t[k].rows] = 0;
        }
    }
}

static double seconds(struct bench *b, struct nn *nn, double *scores)
{
    double start = now();
    need(b, nn_predict_samples(&b->env, nn, b->x, b->n, scores));
    return now() - start;
}

static void compare(struct bench *b, const struct example *e, double share)
{
    struct nn_shape shape = {.inputs = SIDE * SIDE,
                             .outputs = CLASSES,
                             .classes = 1,
                             .n_branches = 1,
                             .picture = {SIDE, SIDE, 1}};
    struct nn *nn, *left;
    double full = INFINITY, small = INFINITY, macs, smaller, apart = 0, top = 0;
    need(b, nn_parse(&b->env, e->layers, &shape.branches[0]));
    need(b, nn_new(&b->env, &shape, CHUNK, 1, &nn));
    kill_rows(b, nn, share);
    double start = now();
    need(b, nn_smaller(&b->env, nn, CHUNK, &left));
    double making = now() - start;
    need(b, nn_count(&b->env, nn, NULL, NULL, NULL, &macs));
    need(b, nn_count(&b->env, left, NULL, NULL, NULL, &smaller));
    for (size_t r = 0; r < b->repeats; r++) {
        full = fmin(full, seconds(b, nn, b->scores));
        small = fmin(small, seconds(b, left, b->others));
    }
    for (size_t k = 0; k < b->n * CLASSES; k++) {
        top = fmax(top, fabs(b->scores[k]));
        apart = fmax(apart, fabs(b->scores[k] - b->others[k]));
    }
    printf("%s, %g%% dead: %.2f us a picture, smaller %.2f us: %.2f times as "
           "fast with 1/%.2f of the multiply-adds; apart by %.1e; made in "
           "%.1f ms\n",
           e->name, 100 * share, 1e6 * full / (double)b->n,
           1e6 * small / (double)b->n, full / small, macs / smaller,
           apart / top, 1e3 * making);
    nn_free(nn);
    nn_free(left);
}

int main(int argc, char **argv)
{
    struct bench b = {.n = argc > 1 ? strtoul(argv[1], NULL, 10) : 10000,
                      .repeats = argc > 2 ? strtoul(argv[2], NULL, 10) : 7};
    spred_env_init(&b.env);
    b.rng = spred_rng_new(&b.env, 1);
    b.x = spred_alloc(&b.env, b.n * SIDE * SIDE, sizeof *b.x);
    b.scores = spred_alloc(&b.env, b.n * CLASSES, sizeof *b.scores);
    b.others = spred_alloc(&b.env, b.n * CLASSES, sizeof *b.others);
    if (!b.rng || !b.x || !b.scores || !b.others)
        need(&b, SPRED_ENOMEM);
    for (size_t e = 0; e < b.n * SIDE * SIDE; e++)
        b.x[e] = (float)spred_rng_uniform(b.rng);
    for (size_t k = 0; k < sizeof examples / sizeof *examples; k++)
        for (int quarters = 2; quarters < 4; quarters++)
            compare(&b, &examples[k], quarters / 4.);
    spred_rng_free(b.rng);
    spred_free(&b.env, b.x);
    spred_free(&b.env, b.scores);
    spred_free(&b.env, b.others);
    return 0;
}
