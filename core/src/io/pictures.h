/* pictures.h: what the readers of pictures share: which files make one set,
 * and the matrix of their bytes. Private to the readers. */
#ifndef SPRED_IO_PICTURES_H
#define SPRED_IO_PICTURES_H

#include "io.h"

/* CIFAR-10: five parts and a test part. */
#define SPRED_PICTURE_FILES 6

struct spred_picture_file {
    char *pictures;
    char *labels; /* NULL: in the same file, or nowhere */
    int test;     /* 1: the published test part, after all others */
};

struct spred_picture_files {
    struct spred_picture_file file[SPRED_PICTURE_FILES];
    size_t n;
};

/* picture_files.c. The files that make one data set with path: of a folder
 * those of MNIST's or CIFAR's published names; of an idx file called
 * "...images..." its labels and, beside a training part, the test part
 * ("train" replaced by "t10k" or "test"); else path alone. SPRED_ENOTFOUND: a
 * folder without such files, a test part without labels where the training part
 * has some. Free with spred_picture_files_free, also after a failure. */
enum spred_status spred_picture_files(struct spred_env *env, const char *path,
                                      struct spred_picture_files *out);
void spred_picture_files_free(struct spred_env *env,
                              struct spred_picture_files *files);
int spred_is_folder(const char *path);

/* So many pictures of one size, one after another in a file. */
struct spred_picture_block {
    const unsigned char *first; /* cells of the first picture */
    size_t n, stride;           /* bytes from one picture to the next */
};
struct spred_picture_shape {
    size_t height, width, channels;
    int planar; /* 1: the file has one channel after another */
};
/* pictures.c. X (single precision, 0..255, of all blocks), the sizes of the
 * pictures, names "x3y5c1" (column, row, channel from 0; one channel: "x3y5")
 * and samples by number. */
enum spred_status spred_pictures_fill(struct spred_env *env,
                                      const struct spred_picture_shape *shape,
                                      const struct spred_picture_block *blocks,
                                      size_t n_blocks, struct spred_data *out);
/* Adds a class target. codes: n, at least 0, becomes the target's, freed also
 * on failure. names: n_names for the codes 0..n_names-1; NULL: classes are the
 * numbers that occur, ascending. */
enum spred_status spred_pictures_target(struct spred_env *env,
                                        struct spred_data *out,
                                        const char *name, int32_t *codes,
                                        const char *const *names,
                                        size_t n_names);
/* source: "train-images-idx3-ubyte.gz + ...: FORM"; hash: over those of all
 * files, where there is more than one. */
enum spred_status spred_pictures_source(struct spred_env *env,
                                        const struct spred_picture_files *files,
                                        const char *form,
                                        const char *const *hashes,
                                        size_t n_hashes,
                                        struct spred_data *out);

/* load_idx.c: labels from an idx vector, for `labels:`. */
int spred_is_idx(const char *bytes, size_t length);
enum spred_status spred_idx_labels(struct spred_env *env,
                                   const struct spred_bytes *file,
                                   struct spred_data *data);

extern const struct spred_loader spred_load_idx, spred_load_cifar;

#endif
