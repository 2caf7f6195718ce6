/* b-network.c: a model on trials of a data set, as the clean protocol does it:
 * seconds, accuracy, genes; and the prepared data for peers/network.py. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "spred/loader.h"
#include "spred/metric.h"
#include "spred/model.h"
#include "spred/preprocess.h"
#include "spred/simulate.h"
#include "spred/split.h"

extern void openblas_set_num_threads(int threads);

static _Noreturn void stop(const char *what, const char *why)
{
    fprintf(stderr, "b-network: %s: %s\n", what, why);
    exit(1);
}

struct part {
    size_t n, p;
    float *x;
    int32_t *codes;
};

struct bench {
    struct spred_env env;
    struct spred_data data;
    const struct spred_target *target;
    const struct spred_model *model;
    void *options;
    size_t trials, first, threads, repeats;
    int verbose;
    const char *dump;
    /* of a trial */
    struct part train, validate, test;
    void *state;
    double best, best_loss, accuracy, balanced;
    size_t genes, offers;
    char what[64];
};

static double seconds_of(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Softmax's balanced accuracy, accuracy and log-loss of a part. */
static void score(struct bench *b, const struct part *part, double *accuracy,
                  double *balanced, double *loss)
{
    size_t k = b->target->n_levels, n = part->n;
    double *scores = calloc(n * k + 1, sizeof *scores);
    int32_t *said = calloc(n + 1, sizeof *said);
    if (b->model->predict(&b->env, b->state, part->x, n, scores) != SPRED_OK)
        stop("predict", b->env.error);
    *loss = 0;
    for (size_t i = 0; i < n; i++) {
        double most = -INFINITY, sum = 0;
        for (size_t c = 0; c < k; c++)
            if (scores[i + c * n] > most) {
                most = scores[i + c * n];
                said[i] = (int32_t)c;
            }
        for (size_t c = 0; c < k; c++)
            sum += exp(scores[i + c * n] - most);
        *loss += (most + log(sum) - scores[i + (size_t)part->codes[i] * n]) /
                 (double)n;
    }
    *accuracy = spred_accuracy(part->codes, said, n);
    *balanced = spred_balanced_accuracy(part->codes, said, n, k);
    free(scores);
    free(said);
}

static enum spred_status offer(void *cookie, const char *what,
                               struct spred_offer *out)
{
    struct bench *b = cookie;
    double accuracy, balanced, loss, test_loss, *weight;
    score(b, &b->validate, &accuracy, &balanced, &loss);
    out->score = balanced;
    out->loss = loss;
    out->best = balanced > b->best ||
                (!(balanced < b->best) && loss < b->best_loss) || !b->offers;
    b->offers++;
    if (!out->best)
        return SPRED_OK;
    b->best = balanced;
    b->best_loss = loss;
    score(b, &b->test, &b->accuracy, &b->balanced, &test_loss);
    weight = calloc(b->train.p, sizeof *weight);
    b->model->genes(b->state, weight);
    b->genes = 0;
    for (size_t j = 0; j < b->train.p; j++)
        b->genes += weight[j] > 0;
    free(weight);
    snprintf(b->what, sizeof b->what, "%s", what);
    return SPRED_OK;
}

static void take(struct bench *b, const struct spred_prepared *prepared,
                 const size_t *rows, size_t n, struct part *out)
{
    struct spred_matrix x;
    if (spred_prepared_apply(&b->env, prepared, &b->data.x, rows, n, &x) !=
        SPRED_OK)
        stop("data", b->env.error);
    struct spred_design design = {
        .matrix = &x, .mean = prepared->mean, .scale = prepared->scale};
    double *column = calloc(n + 1, sizeof *column);
    out->n = n;
    out->p = prepared->p;
    out->x = calloc(n * out->p + 1, sizeof *out->x);
    out->codes = calloc(n + 1, sizeof *out->codes);
    for (size_t j = 0; j < out->p; j++) {
        spred_design_column(&design, j, column);
        for (size_t i = 0; i < n; i++)
            out->x[i + j * n] = (float)column[i];
    }
    for (size_t i = 0; i < n; i++)
        out->codes[i] = b->target->codes[rows[i]];
    free(column);
    spred_matrix_free(&b->env, &x);
}

static void write_part(const struct bench *b, const char *name,
                       const struct part *part)
{
    char path[1024];
    snprintf(path, sizeof path, "%s-%s.bin", b->dump, name);
    FILE *file = fopen(path, "wb");
    int32_t head[3] = {(int32_t)part->n, (int32_t)part->p,
                       (int32_t)b->target->n_levels};
    if (!file || fwrite(head, sizeof head, 1, file) != 1 ||
        fwrite(part->codes, sizeof *part->codes, part->n, file) != part->n ||
        fwrite(part->x, sizeof *part->x, part->n * part->p, file) !=
            part->n * part->p ||
        fclose(file))
        stop(path, "cannot be written");
}

static void prepare(struct bench *b, uint64_t seed)
{
    struct spred_split split;
    struct spred_prepared prepared;
    struct spred_matrix train;
    struct spred_preprocess_rules rules = {.log2 = SPRED_LOG2_AUTO,
                                           .variance_keep = 1,
                                           .center = 1,
                                           .standardize = 1};
    if (spred_split_holdout(&b->env, b->target->codes, b->data.x.rows,
                            b->target->n_levels, .2, .2, seed,
                            &split) != SPRED_OK ||
        spred_prepare(&b->env, &b->data.x, split.train, split.n_train, &rules,
                      &prepared, &train) != SPRED_OK)
        stop("data", b->env.error);
    take(b, &prepared, split.train, split.n_train, &b->train);
    take(b, &prepared, split.validate, split.n_validate, &b->validate);
    take(b, &prepared, split.test, split.n_test, &b->test);
    if (b->dump) {
        write_part(b, "train", &b->train);
        write_part(b, "validate", &b->validate);
        write_part(b, "test", &b->test);
    }
    spred_matrix_free(&b->env, &train);
    spred_prepared_free(&b->env, &prepared);
    spred_split_free(&b->env, &split);
}

static void free_part(struct part *part)
{
    free(part->x);
    free(part->codes);
}

static struct spred_rows rows_of(const struct part *part)
{
    return (struct spred_rows){
        .n = part->n, .p = part->p, .x = part->x, .codes = part->codes};
}

/* One fit; sums += test accuracy, balanced, genes, seconds. */
static void trial(struct bench *b, uint64_t seed, double *sums)
{
    struct spred_model_report report = {0};
    struct spred_model_task task = {.train = rows_of(&b->train),
                                    .validate = rows_of(&b->validate),
                                    .classes = b->target->n_levels,
                                    .seed = seed,
                                    .threads = b->threads,
                                    .offer = offer,
                                    .cookie = b};
    b->state = calloc(1, b->model->state_size);
    b->offers = 0;
    double begin = seconds_of(CLOCK_MONOTONIC);
    double begin_cpu = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
    if (b->model->fit(&b->env, b->state, b->options, &task, &report) !=
        SPRED_OK)
        stop("fit", b->env.error);
    double seconds = seconds_of(CLOCK_MONOTONIC) - begin;
    double cpu = seconds_of(CLOCK_PROCESS_CPUTIME_ID) - begin_cpu;
    if (b->verbose)
        printf("  seed %d: %.3f s wall, %.3f s processor, validation %.3f, "
               "test %.3f balanced %.3f, "
               "%zu genes, %ld steps, %.1f passes, %s; %s\n",
               (int)seed, seconds, cpu, b->best, b->accuracy, b->balanced,
               b->genes, report.steps, report.passes, b->what, report.note);
    double add[] = {b->accuracy, b->balanced, (double)b->genes, seconds,
                    b->best};
    for (size_t e = 0; e < 5; e++)
        sums[e] += add[e];
    b->model->free(&b->env, b->state);
    free(b->state);
}

/* One NAME=VALUE of b-network itself; 0: it is none of these. */
static int set(struct bench *b, const char *name, const char *value)
{
    if (strcmp(name, "trials") == 0)
        b->trials = (size_t)atol(value);
    else if (strcmp(name, "seed") == 0)
        b->first = (size_t)atol(value);
    else if (strcmp(name, "threads") == 0)
        b->threads = (size_t)atol(value);
    else if (strcmp(name, "verbose") == 0)
        b->verbose = atoi(value);
    else if (strcmp(name, "dump") == 0)
        b->dump = value;
    else
        return 0;
    return 1;
}

int main(int argc, char **argv)
{
    struct bench b = {.trials = 5, .first = 1, .threads = 1};
    struct spred_load_options load = {0};
    char labels[1024], *why = NULL;
    double sums[5] = {0};
    spred_env_init(&b.env);
    if (argc < 3)
        stop("usage", "b-network DATA MODEL [trials=5] [seed=1] [threads=1] "
                      "[verbose=1] [dump=PREFIX] [OPTION=VALUE...]; the labels "
                      "of NAME.gct.gz are NAME.cls; DATA simulated: 100 of 167 "
                      "samples x 22283 to train");
    snprintf(labels, sizeof labels, "%s", argv[1]);
    char *dot = strstr(labels, ".gct");
    if (dot) {
        strcpy(dot, ".cls");
        load.labels = labels;
    }
    struct spred_simulation made = {.n = 167,
                                    .p = 22283,
                                    .blocks = 100,
                                    .k = 4,
                                    .classes = 2,
                                    .rho_min = .5,
                                    .rho_max = .9,
                                    .snr = 50,
                                    .seed = 1};
    if ((strcmp(argv[1], "simulated") == 0
             ? spred_simulate(&b.env, &made, &b.data)
             : spred_load(&b.env, argv[1], &load, &b.data)) != SPRED_OK)
        stop(argv[1], b.env.error);
    b.target = spred_data_auto_target(&b.env, &b.data, &why);
    spred_free(&b.env, why);
    b.model = spred_model_find(argv[2]);
    if (!b.model || !b.target || b.target->kind != SPRED_TARGET_CLASS)
        stop(argv[2], "no such model, or no class target");
    b.options = calloc(1, b.model->options_size + 1);
    if (b.model->options)
        spred_options_default(&b.env, b.model->options, b.options);
    for (int i = 3; i < argc; i++) {
        char *value = strchr(argv[i], '=');
        if (!value)
            stop(argv[i], "NAME=VALUE was expected");
        *value++ = 0;
        if (!set(&b, argv[i], value) &&
            spred_options_set(&b.env, b.model->options, b.options, argv[i],
                              value) != SPRED_OK)
            stop(argv[i], b.env.error);
    }
    openblas_set_num_threads((int)b.threads);
    for (size_t t = 0; t < b.trials; t++) {
        prepare(&b, b.first + t);
        trial(&b, b.first + t, sums);
        free_part(&b.train);
        free_part(&b.validate);
        free_part(&b.test);
    }
    for (size_t e = 0; e < 5; e++)
        sums[e] /= (double)b.trials;
    printf("%s %s: test %.3f, balanced %.3f, validation %.3f, genes %.1f, "
           "%.3f s; %zu trials, %zu threads\n",
           b.data.name, b.model->name, sums[0], sums[1], sums[4], sums[2],
           sums[3], b.trials, b.threads);
    free(b.options);
    spred_data_free(&b.env, &b.data);
    return 0;
}
