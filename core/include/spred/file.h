/* file.h: whole files written aside and renamed; folders made when missing. */
#ifndef SPRED_FILE_H
#define SPRED_FILE_H

#include "spred/env.h"

/* Writes length bytes to path through a temporary file beside it, so that a
 * reader never sees half of it. SPRED_EIO names the path and the reason; no
 * temporary file is left. */
SPRED_API enum spred_status spred_write_file(struct spred_env *env,
                                             const char *path,
                                             const void *bytes, size_t length);

struct spred_piece {
    const void *bytes;
    size_t size;
};
/* The same of pieces one after the other; they are on the disk when it returns:
 * a kill leaves the old file or the new one, and so does a loss of power if the
 * disk keeps its word. */
SPRED_API enum spred_status spred_write_pieces(struct spred_env *env,
                                               const char *path,
                                               const struct spred_piece *pieces,
                                               size_t n);

/* A whole file as text, NUL-terminated; free it. SPRED_ENOTFOUND: there is
 * none; SPRED_EIO. */
SPRED_API enum spred_status spred_read_file(struct spred_env *env,
                                            const char *path, char **text,
                                            size_t *length);

/* Makes the folder and its missing parents with the given mode (before umask).
 * SPRED_EIO names the folder that could not be made. */
SPRED_API enum spred_status spred_make_folders(struct spred_env *env,
                                               const char *path, unsigned mode);

#endif
