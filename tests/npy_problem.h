/* npy_problem.h: the problem in NAME.X.npy and NAME.y.npy as solvers see it,
 * mapped: for the benchmark programs, which stop at the first error. */
#ifndef SPRED_TEST_NPY_PROBLEM_H
#define SPRED_TEST_NPY_PROBLEM_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "spred/problem.h"

static inline void stop(const char *what, const char *why)
{
    fprintf(stderr, "%s: %s\n", what, why);
    exit(2);
}

/* The bytes of a file, mapped. */
static inline unsigned char *map_whole(const char *path, size_t *size)
{
    struct stat info;
    int fd = open(path, O_RDONLY);
    if (fd < 0 || fstat(fd, &info) != 0)
        stop(path, "cannot be read");
    unsigned char *bytes =
        mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    if (bytes == MAP_FAILED)
        stop(path, "cannot be mapped");
    *size = (size_t)info.st_size;
    return bytes;
}

/* The payload of a little-endian float64 file, mapped; the shape is the
 * caller's to know: *count values. */
static inline double *map_npy(const char *prefix, const char *part,
                              size_t *count)
{
    char path[4096];
    size_t size;
    snprintf(path, sizeof path, "%s.%s.npy", prefix, part);
    unsigned char *bytes = map_whole(path, &size);
    if (size < 10 || memcmp(bytes, "\x93NUMPY\x01", 7) != 0)
        stop(path, "is not a NumPy file of version 1");
    size_t header = 10 + (size_t)bytes[8] + 256 * (size_t)bytes[9];
    *count = (size - header) / sizeof(double);
    return (double *)(void *)(bytes + header);
}

/* The parts that a problem borrows. */
struct npy_problem {
    struct spred_matrix mapped, converted;
    int32_t *codes;
    struct spred_problem problem;
};

static inline size_t classes_of(const double *y, size_t n, int32_t *codes)
{
    size_t most = 0;
    for (size_t i = 0; i < n; i++) {
        codes[i] = (int32_t)y[i];
        if ((size_t)codes[i] + 1 > most)
            most = (size_t)codes[i] + 1;
    }
    return most;
}

/* L1, no intercept, X as it is in the file or converted to another storage;
 * npy_problem_init follows. */
static inline void npy_problem_open(struct spred_env *env, const char *prefix,
                                    const char *loss,
                                    enum spred_storage storage,
                                    struct npy_problem *out)
{
    size_t cells, n;
    memset(out, 0, sizeof *out);
    double *x = map_npy(prefix, "X", &cells);
    double *y = map_npy(prefix, "y", &n);
    struct spred_problem *problem = &out->problem;
    out->mapped = (struct spred_matrix){
        .storage = SPRED_F64, .rows = n, .cols = cells / n, .f64 = x};
    out->codes = calloc(n, sizeof *out->codes);
    problem->loss = spred_loss_named(loss);
    if (!problem->loss || !out->codes)
        stop(loss, "no such loss");
    problem->x.matrix = &out->mapped;
    if (storage != SPRED_F64) {
        if (spred_matrix_convert(env, &out->mapped, storage, &out->converted) !=
            SPRED_OK)
            stop("conversion", env->error);
        problem->x.matrix = &out->converted;
    }
    problem->n = n;
    problem->p = out->mapped.cols;
    problem->y = y;
    problem->outputs = 1;
    problem->penalty.l1_ratio = 1;
    if (problem->loss == &spred_loss_multinomial) {
        problem->outputs = classes_of(y, n, out->codes);
        problem->codes = out->codes;
        problem->y = NULL;
    }
}

/* Once the caller has said what differs. */
static inline void npy_problem_init(struct spred_env *env,
                                    struct npy_problem *p)
{
    if (spred_problem_init(env, &p->problem) != SPRED_OK)
        stop("problem", env->error);
}

static inline void npy_problem_close(struct spred_env *env,
                                     struct npy_problem *p)
{
    spred_matrix_free(env, &p->converted);
    free(p->codes);
}

#endif
