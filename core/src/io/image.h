/* image.h: the picture readers behind spred_image_read. Private. */
#ifndef SPRED_IO_IMAGE_H
#define SPRED_IO_IMAGE_H

#include "spred/image.h"

#define IMAGE_SIDE_MAX 65535u
#define IMAGE_PIXELS_MAX ((size_t)1 << 28)

/* Refuses what is empty or too large, else makes room for the grey levels. */
enum spred_status spred_image_room(struct spred_env *env, const char *path,
                                   size_t width, size_t height,
                                   struct spred_image *out);
/* ITU-R BT.601. */
static inline double spred_luma(double red, double green, double blue)
{
    return 0.299 * red + 0.587 * green + 0.114 * blue;
}

/* image_pnm.c */
int spred_is_pnm(const struct spred_bytes *file);
enum spred_status spred_read_pnm(struct spred_env *env,
                                 const struct spred_bytes *file,
                                 struct spred_image *out);
/* image_png.c */
int spred_is_png(const struct spred_bytes *file);
enum spred_status spred_read_png(struct spred_env *env,
                                 const struct spred_bytes *file,
                                 struct spred_image *out);

#endif
