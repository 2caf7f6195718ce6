/* cache.h: the layout of a mapped data set on disk. Private to the cache.
 *
 * header | section table | padding | sections, each at a multiple of 64 bytes.
 * Numbers are in the byte order of the machine; `order` tells. */
#ifndef SPRED_CACHE_H
#define SPRED_CACHE_H

#include "spred/loader.h"

#define CACHE_MAGIC "SPRDMAP" /* with its NUL: 8 bytes */
#define CACHE_VERSION 2u
#define CACHE_ORDER 0x01020304u
#define CACHE_ALIGN 64u

enum cache_kind {
    CACHE_TEXTS, /* name, source, note */
    CACHE_FEATURES,
    CACHE_SYMBOLS,
    CACHE_SAMPLES,
    CACHE_F64,
    CACHE_F32,
    CACHE_COLPTR,
    CACHE_ROWIND,
    CACHE_VALUES,
    CACHE_TRUTH,
    CACHE_TARGET_NAME, /* index: number of the target, also below */
    CACHE_LEVELS,
    CACHE_CODES,
    CACHE_REALS
};

struct cache_header {
    char magic[8];
    uint32_t version, order;
    uint64_t file_size;
    uint64_t rows, cols, stored, missing, n_targets;
    uint64_t height, width, channels, given_test;
    uint32_t storage, simulated, n_sections;
    uint32_t payload_crc; /* CRC-32 of all behind the section table */
    char hash[72];        /* of the data set */
    char check[72];       /* SHA-256 of header (this field zero) and table */
};

struct cache_section {
    uint32_t kind, index;
    uint64_t offset, size; /* bytes */
    uint64_t count;        /* texts: how many NUL-ended strings */
};

#endif
