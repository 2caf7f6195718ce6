/* hash.h: SHA-256 (nettle) for content and job keys, and seeds by hash. */
#ifndef SPRED_HASH_H
#define SPRED_HASH_H

#include <stddef.h>
#include <stdint.h>
#include "spred/env.h"

#define SPRED_HEX_SIZE 65 /* 64 hexadecimal digits and the NUL */

/* Lower-case hexadecimal SHA-256 of length bytes. */
SPRED_API void spred_sha256(const void *bytes, size_t length,
                            char hex[SPRED_HEX_SIZE]);

/* The same over a whole file, streamed. */
SPRED_API enum spred_status spred_sha256_file(struct spred_env *env,
                                              const char *path,
                                              char hex[SPRED_HEX_SIZE]);

/* seed = first 8 bytes of SHA-256("root\0dataset\0fold\0role"): the one way in
 * which a random stream gets its seed (DESIGN.md section 4). */
SPRED_API uint64_t spred_seed(uint64_t root, const char *dataset, uint64_t fold,
                              const char *role);

#endif
