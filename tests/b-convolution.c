/* b-convolution.c: epochs of LeNet-5 through the network engine: seconds and
 * losses, to be set beside peers/convolution.py.
 *   b-convolution [NAME=VALUE...]   names as those of peers/convolution.py, and
 *   model=WORD (layers), profile=yes (seconds of gradient and of step) */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zlib.h>

#include "solvers/nn/conv.h"
#include "solvers/nn/optimise.h"
#include "spred/linalg.h"
#include "spred/rng.h"

enum { SIDE = 28, PIXELS = SIDE * SIDE, CLASSES = 10 };

static const char lenet[] =
    "conv(out=6,kernel=5,pad=2)|relu|max-pool(size=2)|conv(out=16,kernel=5)|"
    "relu|max-pool(size=2)|linear(out=120)|relu|linear(out=84)|relu|linear";

struct bench {
    struct spred_env env;
    const char *data, *model;
    size_t n, batch, threads;
    long epochs;
    double lr, momentum;
    uint64_t seed;
    int profile;
    float *x; /* n pictures */
    int32_t *codes;
};

static _Noreturn void stop(const char *what, const char *why)
{
    fprintf(stderr, "b-convolution: %s: %s\n", what, why);
    exit(1);
}

static double seconds_of(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void read_idx(const char *folder, const char *name, size_t head,
                     unsigned char *out, size_t count)
{
    char path[1024];
    unsigned char skipped[16];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    gzFile file = gzopen(path, "rb");
    if (!file || gzread(file, skipped, (unsigned)head) != (int)head ||
        gzread(file, out, (unsigned)count) != (int)count)
        stop(path, "cannot be read");
    gzclose(file);
}

static void load(struct bench *b)
{
    size_t cells = b->n * PIXELS;
    b->x = malloc(cells * sizeof *b->x);
    b->codes = malloc(b->n * sizeof *b->codes);
    if (strcmp(b->data, "random") == 0) {
        struct spred_rng *rng = spred_rng_new(&b->env, 7);
        for (size_t e = 0; e < cells; e++)
            b->x[e] = (float)spred_rng_normal(rng);
        for (size_t i = 0; i < b->n; i++)
            b->codes[i] = (int32_t)spred_rng_below(rng, CLASSES);
        spred_rng_free(rng);
        return;
    }
    unsigned char *bytes = malloc(cells);
    double sum = 0, squares = 0;
    read_idx(b->data, "train-images-idx3-ubyte.gz", 16, bytes, cells);
    for (size_t e = 0; e < cells; e++) {
        sum += bytes[e];
        squares += (double)bytes[e] * bytes[e];
    }
    double mean = sum / (double)cells;
    double deviation = sqrt(squares / (double)cells - mean * mean);
    for (size_t e = 0; e < cells; e++)
        b->x[e] = (float)((bytes[e] - mean) / deviation);
    read_idx(b->data, "train-labels-idx1-ubyte.gz", 8, bytes, b->n);
    for (size_t i = 0; i < b->n; i++)
        b->codes[i] = bytes[i];
    free(bytes);
}

static void set(struct bench *b, const char *word)
{
    const char *value = strchr(word, '=');
    size_t length = value ? (size_t)(value - word) : 0;
    value = value ? value + 1 : "";
#define IS(name) (length == strlen(name) && strncmp(word, name, length) == 0)
    if (IS("data"))
        b->data = value;
    else if (IS("model"))
        b->model = value;
    else if (IS("n"))
        b->n = (size_t)atol(value);
    else if (IS("batch"))
        b->batch = (size_t)atol(value);
    else if (IS("threads"))
        b->threads = (size_t)atol(value);
    else if (IS("epochs"))
        b->epochs = atol(value);
    else if (IS("seed"))
        b->seed = (uint64_t)atol(value);
    else if (IS("lr"))
        b->lr = atof(value);
    else if (IS("momentum"))
        b->momentum = atof(value);
    else if (IS("profile"))
        b->profile = 1;
    else
        stop(word, "expected data, model, n, batch, threads, epochs, seed, lr, "
                   "momentum or profile");
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Milliseconds; sorts. */
static double median(double *seconds, size_t n)
{
    qsort(seconds, n, sizeof *seconds, compare);
    return 1e3 * seconds[n / 2];
}

/* One epoch; the mean loss. wall, cpu: seconds of every step. */
static double epoch(struct bench *b, struct nn *nn, struct spred_rng *rng,
                    size_t *order, float *part, int32_t *codes, double *times,
                    double *wall, double *cpu)
{
    struct nn_rule rule = {
        .kind = NN_SGD, .lr = b->lr, .momentum = b->momentum};
    struct nn_training training = {.first = rule, .rest = rule, .steps = 1};
    double scratch[1024], sum = 0;
    size_t steps = b->n / b->batch;
    spred_rng_shuffle(rng, order, b->n);
    for (size_t k = 0; k < steps; k++) {
        double start = seconds_of(CLOCK_MONOTONIC);
        double start_cpu = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
        for (size_t i = 0; i < b->batch; i++) {
            size_t from = order[k * b->batch + i];
            memcpy(part + i * PIXELS, b->x + from * PIXELS,
                   PIXELS * sizeof *part);
            codes[i] = b->codes[from];
        }
        double gathered = seconds_of(CLOCK_MONOTONIC);
        sum += nn_gradient(nn, part, b->batch, codes, NULL);
        double done = seconds_of(CLOCK_MONOTONIC);
        nn_step(nn, &training, (long)k, 1, 1, scratch);
        times[0] += gathered - start;
        times[1] += done - gathered;
        double end = seconds_of(CLOCK_MONOTONIC);
        times[2] += end - done;
        wall[k] = end - start;
        cpu[k] = seconds_of(CLOCK_PROCESS_CPUTIME_ID) - start_cpu;
    }
    return sum / (double)steps;
}

int main(int argc, char **argv)
{
    struct bench b = {.data = "random",
                      .model = lenet,
                      .n = 60000,
                      .batch = 128,
                      .threads = 2,
                      .epochs = 1,
                      .lr = .05,
                      .momentum = .9,
                      .seed = 1};
    struct nn_shape shape = {.inputs = PIXELS,
                             .outputs = CLASSES,
                             .picture = {SIDE, SIDE, 1},
                             .classes = 1,
                             .n_branches = 1};
    struct nn_training training = {.first = {.momentum = .9},
                                   .rest = {.momentum = .9}};
    struct nn *nn;
    spred_env_init(&b.env);
    for (int k = 1; k < argc; k++)
        set(&b, argv[k]);
    spred_blas_threads((int)b.threads);
    load(&b);
    if (nn_parse(&b.env, b.model, &shape.branches[0]) != SPRED_OK ||
        nn_new(&b.env, &shape, b.batch, b.seed, &nn) != SPRED_OK ||
        nn_moments(&b.env, nn, &training) != SPRED_OK)
        stop("the network", b.env.error);
    struct spred_rng *rng = spred_rng_new(&b.env, b.seed + 1);
    size_t *order = malloc(b.n * sizeof *order);
    float *part = malloc(b.batch * PIXELS * sizeof *part);
    int32_t *codes = malloc(b.batch * sizeof *codes);
    size_t steps = b.n / b.batch;
    double *walls = malloc(steps * sizeof *walls);
    double *cpus = malloc(steps * sizeof *cpus);
    for (size_t i = 0; i < b.n; i++)
        order[i] = i;
    for (long e = 1; e <= b.epochs; e++) {
        double times[3] = {0}, wall = seconds_of(CLOCK_MONOTONIC);
        double cpu = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
        double loss =
            epoch(&b, nn, rng, order, part, codes, times, walls, cpus);
        wall = seconds_of(CLOCK_MONOTONIC) - wall;
        cpu = seconds_of(CLOCK_PROCESS_CPUTIME_ID) - cpu;
        printf("spredbench (%s): %.3f s wall, %.3f s processor, epoch %ld, "
               "loss %.4f, median step %.3f ms wall, %.3f ms processor; %zu "
               "threads\n",
               nn_conv_best()->name, wall, cpu, e, loss, median(walls, steps),
               median(cpus, steps), b.threads);
        if (b.profile)
            printf("  gather %.3f s, gradient %.3f s, step %.3f s\n", times[0],
                   times[1], times[2]);
        fflush(stdout);
    }
    nn_free(nn);
    spred_rng_free(rng);
    free(walls);
    free(cpus);
    free(order);
    free(part);
    free(codes);
    free(b.x);
    free(b.codes);
    return 0;
}
