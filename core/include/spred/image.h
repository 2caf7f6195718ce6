/* image.h: grey pictures from files, and patches cut out of them. */
#ifndef SPRED_IMAGE_H
#define SPRED_IMAGE_H

#include "spred/data.h"
#include "spred/fetch.h"

/* Grey levels 0 (black) .. 255 (white), row by row: pixel (x, y) is
 * grey[y * width + x]. Owned; spred_image_free. */
struct spred_image {
    size_t height, width;
    double *grey;
    char hash[SPRED_HEX_SIZE]; /* SHA-256 of the file it came from */
};

/* Reads PGM or PPM (P5, P6; 8 and 16 bit) or PNG (every colour type and depth),
 * plain or packed as spred_bytes_read takes it. Levels are scaled to 0..255 and
 * not rounded; colours become their luma, .299 R + .587 G + .114 B (ITU-R
 * BT.601) of the stored values; an alpha channel is left out. SPRED_EFORMAT:
 * another format, or damaged; the text says where. */
SPRED_API enum spred_status spred_image_read(struct spred_env *env,
                                             const char *path,
                                             struct spred_image *out);
SPRED_API void spred_image_free(struct spred_env *env,
                                struct spred_image *image);

/* The part of width x height pixels whose upper left corner is (x, y). */
SPRED_API enum spred_status spred_image_crop(struct spred_env *env,
                                             const struct spred_image *from,
                                             size_t x, size_t y, size_t width,
                                             size_t height,
                                             struct spred_image *out);

/* A picture as a data set (rows of it are samples), for the cache of mapped
 * data, and back. Both copies; free the result also after an error. */
SPRED_API enum spred_status spred_image_data(struct spred_env *env,
                                             const struct spred_image *image,
                                             const char *name,
                                             struct spred_data *out);
SPRED_API enum spred_status spred_image_of_data(struct spred_env *env,
                                                const struct spred_data *data,
                                                struct spred_image *out);

/* Free pictures inside Debian packages, the table of struct spred_debian_set
 * with `target` unused. */
SPRED_API const struct spred_debian_set *spred_debian_pictures(void);
/* Paths of all of them (each spred_free), in the order of the table, fetched as
 * spred_fetch_debian does; paths has room for as many. */
SPRED_API enum spred_status
spred_fetch_pictures(struct spred_env *env,
                     const struct spred_fetch_options *options, char **paths);

/* Square patches. A patch is size * size values, row by row. */
struct spred_patches {
    size_t size;
    size_t count;
    int center; /* 1: the mean of each patch is taken off */
    int unit;   /* 1: then each is divided by its norm, unless that is 0 */
    uint64_t seed;
};

/* How many places a patch of that size has in the picture. */
SPRED_API size_t spred_patch_places(const struct spred_image *image,
                                    size_t size);
/* count patches at random places of n pictures, no place twice, into out:
 * size * size x count, column-major. SPRED_EINVAL: there are not so many. */
SPRED_API enum spred_status
spred_patches_sample(struct spred_env *env, const struct spred_image *images,
                     size_t n, const struct spred_patches *patches,
                     double *out);
/* The same as a data set: a patch is a sample, a pixel a feature ("y1x1"). Its
 * hash is of the pictures and of all settings. The caller sets name, source and
 * note, and frees it also after an error. */
SPRED_API enum spred_status
spred_patches_data(struct spred_env *env, const struct spred_image *images,
                   size_t n, const struct spred_patches *patches,
                   struct spred_data *out);

/* Takes the mean and the norm off one patch of m values, as patches says; what
 * was taken goes to *mean and *norm, so that x * norm + mean is the patch. */
SPRED_API void spred_patch_reduce(const struct spred_patches *patches, size_t m,
                                  double *x, double *mean, double *norm);

/* 10 log10(255^2 / mean square of the difference); infinite if there is none.
 */
SPRED_API double spred_image_psnr(const struct spred_image *a,
                                  const struct spred_image *b);

#endif
