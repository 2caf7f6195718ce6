/* hash.c: SHA-256 by nettle; seeds are the head of a hash. */
#include "spred/hash.h"

#include <errno.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <string.h>

static void to_hex(const uint8_t digest[SHA256_DIGEST_SIZE],
                   char hex[SPRED_HEX_SIZE])
{
    for (size_t i = 0; i < SHA256_DIGEST_SIZE; i++)
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
}

void spred_sha256(const void *bytes, size_t length, char hex[SPRED_HEX_SIZE])
{
    struct sha256_ctx context;
    uint8_t digest[SHA256_DIGEST_SIZE];
    sha256_init(&context);
    sha256_update(&context, length, bytes);
    sha256_digest(&context, sizeof digest, digest);
    to_hex(digest, hex);
}

enum spred_status spred_sha256_file(struct spred_env *env, const char *path,
                                    char hex[SPRED_HEX_SIZE])
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return spred_fail(env, SPRED_EIO, "%s: %s", path, strerror(errno));
    struct sha256_ctx context;
    uint8_t digest[SHA256_DIGEST_SIZE];
    static const size_t chunk = 1 << 16;
    char *buffer = spred_alloc(env, chunk, 1);
    enum spred_status status = buffer ? SPRED_OK : SPRED_ENOMEM;
    sha256_init(&context);
    for (size_t got;
         status == SPRED_OK && (got = fread(buffer, 1, chunk, file)) > 0;)
        sha256_update(&context, got, (const uint8_t *)buffer);
    if (status == SPRED_OK && ferror(file))
        status = spred_fail(env, SPRED_EIO, "%s: read error", path);
    sha256_digest(&context, sizeof digest, digest);
    to_hex(digest, hex);
    spred_free(env, buffer);
    fclose(file);
    return status;
}

uint64_t spred_seed(uint64_t root, const char *dataset, uint64_t fold,
                    const char *role)
{
    struct sha256_ctx context;
    uint8_t digest[SHA256_DIGEST_SIZE];
    char number[2][24];
    snprintf(number[0], sizeof number[0], "%llu", (unsigned long long)root);
    snprintf(number[1], sizeof number[1], "%llu", (unsigned long long)fold);
    const char *parts[] = {number[0], dataset, number[1], role};
    sha256_init(&context);
    for (size_t i = 0; i < 4; i++) /* the NUL separates the parts */
        sha256_update(&context, strlen(parts[i]) + 1,
                      (const uint8_t *)parts[i]);
    sha256_digest(&context, sizeof digest, digest);
    uint64_t seed = 0;
    for (size_t i = 0; i < 8; i++)
        seed = seed << 8 | digest[i];
    return seed;
}
