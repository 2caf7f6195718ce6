/* b-coding.c: codes signals of a file over the dictionary of a file, or learns
 * one: seconds, certified gap, nonzeros; for peers/coding.py and by hand. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "spred/coding.h"
#include "spred/linalg.h"

static _Noreturn void stop(const char *what, const char *why)
{
    fprintf(stderr, "b-coding: %s: %s\n", what, why);
    exit(1);
}

/* Doubles of a whole file; their number. */
static double *read_doubles(const char *path, size_t *count)
{
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END) != 0)
        stop(path, "cannot be read");
    long bytes = ftell(file);
    rewind(file);
    double *out = malloc((size_t)bytes + sizeof *out);
    *count = (size_t)bytes / sizeof *out;
    if (!out || fread(out, sizeof *out, *count, file) != *count)
        stop(path, "cannot be read");
    fclose(file);
    return out;
}

static void write_doubles(const char *path, const double *values, size_t count)
{
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(values, sizeof *values, count, file) != count ||
        fclose(file))
        stop(path, "cannot be written");
}

/* Processor seconds of all threads. */
static double processor(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

struct bench {
    struct spred_env env;
    const char *signals, *dictionary, *out;
    size_t m, atoms, threads, repeats;
    double lambda, gap, wall;
    unsigned long seed;
};

/* One NAME=VALUE of b-coding itself; 0: it is none of these. */
static int set(struct bench *b, const char *name, const char *value)
{
    if (strcmp(name, "signals") == 0)
        b->signals = value;
    else if (strcmp(name, "dictionary") == 0)
        b->dictionary = value;
    else if (strcmp(name, "out") == 0)
        b->out = value;
    else if (strcmp(name, "m") == 0)
        b->m = (size_t)atol(value);
    else if (strcmp(name, "atoms") == 0)
        b->atoms = (size_t)atol(value);
    else if (strcmp(name, "threads") == 0)
        b->threads = (size_t)atol(value);
    else if (strcmp(name, "repeats") == 0)
        b->repeats = (size_t)atol(value);
    else if (strcmp(name, "lambda") == 0)
        b->lambda = atof(value);
    else if (strcmp(name, "gap") == 0)
        b->gap = atof(value);
    else if (strcmp(name, "wall") == 0)
        b->wall = atof(value);
    else if (strcmp(name, "seed") == 0)
        b->seed = strtoul(value, NULL, 10);
    else
        return 0;
    return 1;
}

static void *options(struct bench *b, const struct spred_option *table,
                     size_t size, int argc, char **argv)
{
    void *chosen = calloc(1, size + 1);
    if (spred_options_default(&b->env, table, chosen) != SPRED_OK)
        stop("options", b->env.error);
    for (int i = 3; i < argc; i++) {
        char *value = strchr(argv[i], '=');
        if (!value)
            stop(argv[i], "NAME=VALUE was expected");
        *value++ = 0;
        if (!set(b, argv[i], value) &&
            spred_options_set(&b->env, table, chosen, argv[i], value) !=
                SPRED_OK)
            stop(argv[i], b->env.error);
    }
    return chosen;
}

static void write_codes(const struct bench *b, const struct spred_codes *codes)
{
    double *dense = calloc(codes->n * b->atoms + 1, sizeof *dense);
    for (size_t i = 0; i < codes->n; i++)
        for (size_t at = codes->start[i]; at < codes->start[i + 1]; at++)
            dense[i * b->atoms + codes->atom[at]] = codes->value[at];
    write_doubles(b->out, dense, codes->n * b->atoms);
    free(dense);
}

static void code(struct bench *b, const char *name, int argc, char **argv)
{
    const struct spred_coder *coder = spred_coder_find(name);
    size_t values, cells;
    if (!coder)
        stop(name, "no such coder");
    void *chosen = options(b, coder->options, coder->options_size, argc, argv);
    double *signals = read_doubles(b->signals, &values);
    double *dictionary = read_doubles(b->dictionary, &cells);
    b->atoms = cells / b->m;
    struct spred_coding task = {.m = b->m,
                                .atoms = b->atoms,
                                .n = values / b->m,
                                .dictionary = dictionary,
                                .signals = signals,
                                .lambda = b->lambda,
                                .gap = b->gap,
                                .threads = b->threads,
                                .wall = b->wall};
    for (size_t k = 0; k < b->repeats; k++) {
        struct spred_codes codes;
        struct spred_coding_report r, again;
        double begin = processor();
        if (spred_code(&b->env, coder, chosen, &task, &codes, &r) != SPRED_OK)
            stop(name, b->env.error);
        double middle = processor(), cpu;
        if (spred_codes_certify(&b->env, &task, &codes, &again) != SPRED_OK)
            stop(name, b->env.error);
        cpu = middle - begin - (processor() - middle); /* of the codes alone */
        printf("%s seconds %.6f cpu %.6f certify %.6f certified %zu of %zu gap "
               "%.3g "
               "floor %.3g nonzeros %.3f objective %.10f squares %.5f steps "
               "%ld\n",
               name, r.seconds, cpu, r.seconds_certify, r.certified, task.n,
               r.gap, r.floor, r.nonzeros, r.objective, r.squares, r.steps);
        if (b->out && k + 1 == b->repeats)
            write_codes(b, &codes);
        spred_codes_free(&b->env, &codes);
    }
    free(chosen);
    free(signals);
    free(dictionary);
}

/* The certificate of codes of a file: dense, one signal after the other. */
static void certify(struct bench *b, const char *path, int argc, char **argv)
{
    size_t values, cells, count, at = 0;
    free(options(b, NULL, 0, argc, argv));
    double *signals = read_doubles(b->signals, &values);
    double *dictionary = read_doubles(b->dictionary, &cells);
    double *dense = read_doubles(path, &count);
    struct spred_coding task = {.m = b->m,
                                .atoms = cells / b->m,
                                .n = values / b->m,
                                .dictionary = dictionary,
                                .signals = signals,
                                .lambda = b->lambda,
                                .gap = b->gap,
                                .threads = b->threads};
    struct spred_codes codes = {.n = task.n, .room = count};
    struct spred_coding_report r = {0};
    if (count != task.n * task.atoms)
        stop(path, "not the size of the codes");
    codes.start = calloc(task.n + 1, sizeof *codes.start);
    codes.atom = calloc(count + 1, sizeof *codes.atom);
    codes.value = calloc(count + 1, sizeof *codes.value);
    for (size_t e = 0; e < count; e++) {
        if (dense[e] < 0 || dense[e] > 0) {
            codes.atom[at] = (uint32_t)(e % task.atoms);
            codes.value[at++] = dense[e];
        }
        codes.start[e / task.atoms + 1] = at;
    }
    if (spred_codes_certify(&b->env, &task, &codes, &r) != SPRED_OK)
        stop(path, b->env.error);
    printf("certified %zu of %zu gap %.3g floor %.3g nonzeros %.3f objective "
           "%.10f\n",
           r.certified, task.n, r.gap, r.floor, r.nonzeros, r.objective);
    free(codes.start);
    free(codes.atom);
    free(codes.value);
    free(signals);
    free(dictionary);
    free(dense);
}

static enum spred_status pass(void *cookie, const double *dictionary,
                              long number, double seconds)
{
    (void)cookie;
    (void)dictionary;
    printf("pass %ld seconds %.3f\n", number, seconds);
    return SPRED_OK;
}

static void learn(struct bench *b, const char *name, int argc, char **argv)
{
    const struct spred_dictionary_method *method =
        spred_dictionary_method_find(name);
    size_t values;
    double seconds;
    if (!method)
        stop(name, "no such way to a dictionary");
    void *chosen =
        options(b, method->options, method->options_size, argc, argv);
    double *signals = read_doubles(b->signals, &values);
    double *dictionary = calloc(b->m * b->atoms + 1, sizeof *dictionary);
    struct spred_dictionary_task task = {.m = b->m,
                                         .atoms = b->atoms,
                                         .n = values / b->m,
                                         .signals = signals,
                                         .lambda = b->lambda,
                                         .seed = b->seed,
                                         .threads = b->threads,
                                         .wall = b->wall,
                                         .pass = pass};
    if (spred_dictionary_learn(&b->env, method, chosen, &task, dictionary,
                               &seconds) != SPRED_OK)
        stop(name, b->env.error);
    printf("%s seconds %.3f\n", name, seconds);
    if (b->out)
        write_doubles(b->out, dictionary, b->m * b->atoms);
    free(chosen);
    free(signals);
    free(dictionary);
}

int main(int argc, char **argv)
{
    struct bench b = {.m = 64,
                      .atoms = 256,
                      .threads = 1,
                      .repeats = 1,
                      .lambda = .1,
                      .gap = 1e-6,
                      .seed = 1};
    spred_env_init(&b.env);
    spred_blas_threads(1);
    if (argc < 3)
        stop("usage",
             "b-coding code CODER signals=FILE dictionary=FILE [m=64] "
             "[lambda=.1] [gap=1e-6] [threads=1] [repeats=1] [wall=0] "
             "[out=CODES] [OPTION=VALUE...]; b-coding learn METHOD "
             "signals=FILE out=FILE [atoms=256] [seed=1] [OPTION=VALUE...]; "
             "b-coding certify CODES signals=FILE dictionary=FILE [lambda=.1]; "
             "files: doubles, one signal or atom after the other");
    if (strcmp(argv[1], "code") == 0)
        code(&b, argv[2], argc, argv);
    else if (strcmp(argv[1], "learn") == 0)
        learn(&b, argv[2], argc, argv);
    else if (strcmp(argv[1], "certify") == 0)
        certify(&b, argv[2], argc, argv);
    else
        stop(argv[1], "code, learn or certify was expected");
    return 0;
}
