/* npy.h: NumPy's .npy container: magic, version, header, plain values. Private
 * to the readers. Format: numpy.lib.format (NEP 1), versions 1.0, 2.0, 3.0. */
#ifndef SPRED_NPY_H
#define SPRED_NPY_H

#include "io.h"

#define SPRED_NPY_MAGIC "\x93NUMPY"
#define SPRED_NPY_MAGIC_SIZE 6

enum spred_npy_type {
    SPRED_NPY_F8,
    SPRED_NPY_F4,
    SPRED_NPY_I8,
    SPRED_NPY_I4,
    SPRED_NPY_I1,
    SPRED_NPY_U1
};

/* An open file; everything borrowed from it. */
struct spred_npy {
    enum spred_npy_type type;
    size_t item;        /* bytes of a value: 1, 4, 8 */
    int fortran;        /* 1: the first index runs fastest */
    size_t n_dims;      /* 0..2 */
    size_t dims[2];     /* of the array; 1 where it has fewer */
    const char *values; /* dims[0] * dims[1] items, at any alignment */
};

/* Do the bytes begin like an .npy file? */
int spred_is_npy(const char *bytes, size_t length);

/* Reads the header and holds the payload to it. SPRED_EFORMAT: truncated, too
 * long, another type, more than two dimensions, pickled objects. */
enum spred_status spred_npy_open(struct spred_env *env,
                                 const struct spred_bytes *file,
                                 struct spred_npy *out);

/* Value number k of the file, as a double. */
double spred_npy_value(const struct spred_npy *npy, size_t k);

/* load_npy.c: the targets of data from a vector of numbers. */
enum spred_status spred_npy_labels(struct spred_env *env,
                                   const struct spred_bytes *file,
                                   struct spred_data *data);

#endif
