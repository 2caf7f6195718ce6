/* loader.h: readers of data files, each found by the bytes it reads. */
#ifndef SPRED_LOADER_H
#define SPRED_LOADER_H

#include "spred/data.h"

/* A whole file in memory, decompressed (gzip, bzip2, xz by magic). A NumPy file
 * is mapped, not read: it may be larger than the memory. */
struct spred_bytes {
    char *bytes; /* length bytes and, unless mapped, a NUL after them */
    size_t length;
    size_t mapped;    /* bytes are a read-only mapping of that size; 0: they are
                         allocated */
    const char *path; /* borrowed, for messages */
    const char *folder; /* borrowed: what was named, of which path is the first
                           file; or NULL */
    char hash[SPRED_HEX_SIZE]; /* SHA-256 of the file as stored */
};

enum spred_orientation {
    SPRED_ORIENT_AUTO,
    SPRED_SAMPLES_IN_ROWS,
    SPRED_SAMPLES_IN_COLUMNS
};

/* What the user may say about a file; zero-initialise. Borrowed. */
struct spred_load_options {
    const char *name;     /* data set name; NULL: from the file name */
    const char *labels;   /* .cls, a table of sample, class, or a NumPy
                             vector; or NULL */
    const char *object;   /* R data: the object to take; NULL: the first fit */
    const char *response; /* CSV: name of the response column(s), or NULL:
                             columns called y, class, label or starting y: */
    enum spred_orientation orientation; /* CSV/TSV, R matrices and tables */
    size_t max_bytes; /* refuse larger decompressed files; 0: 8 GiB, mapped
                         files without limit */
};

struct spred_loader {
    const char *name;       /* "soft-gds" */
    const char *extensions; /* "soft, soft.gz": for help texts only */
    const char *doc;        /* one line */
    /* Nonzero if these bytes (the first length bytes, decompressed) are this
     * format; higher wins. */
    int (*probe)(const char *bytes, size_t length);
    /* Fills *out (zeroed by the caller; freed by the caller also on failure).
     * A loader that reads more files sets the hash, over those of all.
     * May use a mapped file in place: *out then has its bytes as mapping, owns
     * them, and must not outlive a change of the file.
     * Errors name "path:line:column: what was found, what was expected". */
    enum spred_status (*read)(struct spred_env *env,
                              const struct spred_bytes *file,
                              const struct spred_load_options *options,
                              struct spred_data *out);
};

/* NULL-ended array of all loaders. */
SPRED_API const struct spred_loader *const *spred_loaders(void);

/* Reads and decompresses a file. A truncated or corrupt stream is
 * SPRED_EFORMAT with the offset. Release with spred_bytes_free. A mapped file
 * must not be truncated by others meanwhile (SIGBUS). */
SPRED_API enum spred_status spred_bytes_read(struct spred_env *env,
                                             const char *path, size_t max_bytes,
                                             struct spred_bytes *out);
SPRED_API void spred_bytes_free(struct spred_env *env, struct spred_bytes *b);

/* Reads path with the loader its bytes ask for, applies options->labels, checks
 * the result. A folder is read as the pictures in it: MNIST's (idx) or CIFAR's
 * published names. No cache. options may be NULL. */
SPRED_API enum spred_status spred_load(struct spred_env *env, const char *path,
                                       const struct spred_load_options *options,
                                       struct spred_data *out);

/* The same through the cache of mapped binaries (cache_dir; NULL:
 * $XDG_CACHE_HOME/spredbench/data or ~/.cache/...). The key is the real path,
 * size, mtime (ns) and inode of every file read, the options, and the reader
 * version; a damaged cache file is re-made, an unwritable cache only logged.
 * cached_path (spred_free; may be NULL): the cache file, for spred_cache_map.
 */
SPRED_API enum spred_status
spred_load_cached(struct spred_env *env, const char *path,
                  const struct spred_load_options *options,
                  const char *cache_dir, struct spred_data *out,
                  char **cached_path);

/* Writes data as one mapped-binary file (atomically: temporary + rename). */
SPRED_API enum spred_status spred_cache_write(struct spred_env *env,
                                              const char *path,
                                              const struct spred_data *data);
/* Maps such a file read-only; the arrays of *out point into the mapping. A file
 * of another version, truncated or not ours is SPRED_EFORMAT. */
SPRED_API enum spred_status spred_cache_map(struct spred_env *env,
                                            const char *path,
                                            struct spred_data *out);
/* As spred_cache_map; also holds the payload to its check sum. */
SPRED_API enum spred_status spred_cache_map_whole(struct spred_env *env,
                                                  const char *path,
                                                  struct spred_data *out);
/* The default cache folder, made if missing: .../spredbench/<sub>. */
SPRED_API enum spred_status spred_cache_dir(struct spred_env *env,
                                            const char *sub, char **out);

#endif
