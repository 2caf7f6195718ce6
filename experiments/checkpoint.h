/* checkpoint.h: what a fit saved of itself, in a file that no kill can harm:
 * FOLDER/checkpoints/JOB-SETTING.ckpt. */
#ifndef EXPERIMENTS_CHECKPOINT_H
#define EXPERIMENTS_CHECKPOINT_H

#include <stddef.h>
#include <stdint.h>
#include "spred/env.h"

/* Whose file it is. */
struct checkpoint {
    const char *folder; /* of the results */
    const char *job;    /* key */
    int64_t setting;    /* 1.. in the job's grid */
};

struct checkpoint_found {
    char *block; /* owned (spred_free), holds the bytes; NULL: there are none */
    const void *bytes;
    size_t size;
    double seconds; /* that the fit had been billed */
};

/* Replaces the file, and its folder is made; on the disk when it returns.
 * SPRED_EIO names the file and the reason. */
enum spred_status checkpoint_write(struct spred_env *env,
                                   const struct checkpoint *to, double seconds,
                                   const void *bytes, size_t size);

/* A file that is damaged, another's or cannot be read counts as none and is
 * warned of. Only SPRED_ENOMEM is an error. */
enum spred_status checkpoint_read(struct spred_env *env,
                                  const struct checkpoint *from,
                                  struct checkpoint_found *out);

/* Removes all files of the job; folder or job NULL: nothing. */
void checkpoint_drop(const char *folder, const char *job);

/* Removes the files of all jobs but those in the NULL-ended list, and the
 * folder if nothing is left. */
void checkpoint_sweep(const char *folder, const char *const *keep);

#endif
