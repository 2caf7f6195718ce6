/* fetch.h: where data come from when the user names no file: GEO and Debian. */
#ifndef SPRED_FETCH_H
#define SPRED_FETCH_H

#include "spred/loader.h"

#define SPRED_GEO_BASE_URL "https://ftp.ncbi.nlm.nih.gov/geo/datasets"

struct spred_fetch_options {
    const char *base_url;   /* NULL: $SPREDBENCH_GEO_URL, else
                               SPRED_GEO_BASE_URL. http: allowed for loopback
                               hosts only */
    const char *cache_dir;  /* NULL: spred_cache_dir("download") */
    long connect_timeout_s; /* 0: 10 */
    long stall_timeout_s;   /* 0: 30 s below 100 bytes/s */
    int refresh;            /* download again even if present */
    /* Called now and then; total 0 = unknown. May be NULL. */
    void (*progress)(void *cookie, const char *what, size_t done, size_t total);
    void *progress_cookie;
};

/* GDS507 -> the file {base}/GDSnnn/GDS507/soft/GDS507.soft.gz in the cache
 * (GEO's layout: GDSnnn for numbers below 1000, GDS1nnn, ...). A partial
 * download is kept as .part and resumed by a Range request; the finished file
 * is verified (gzip end, ^DATABASE or ^DATASET first) before it gets its name;
 * its SHA-256 is recorded beside it in NAME.sha256 and checked on later use: a
 * changed file is reported (log) and downloaded again. Two processes may fetch
 * the same record at once: one waits. *path is freed by spred_free. SPRED_EIO:
 * could not be reached (the text says why in one line); SPRED_ENOTFOUND: GEO
 * has no such record (HTTP 404); SPRED_EFORMAT: came but is broken;
 * SPRED_EINVAL: no accession, or an address that is not allowed. */
SPRED_API enum spred_status
spred_fetch_geo(struct spred_env *env, const char *accession,
                const struct spred_fetch_options *options, char **path);

/* A real data set inside a Debian package. */
struct spred_debian_set {
    const char *name;          /* "golub" */
    const char *package;       /* "r-bioc-multtest" */
    const char *file;          /* path inside the package */
    const char *object;        /* R object, or NULL */
    const char *target;        /* the target to use */
    const char *doc;           /* one line: samples, genes, classes, study */
    const char *const *beside; /* NULL-ended: further files of the set, which
                                  the reader finds beside `file`; or NULL */
};
/* NULL-name-ended table. */
SPRED_API const struct spred_debian_set *spred_debian_sets(void);

/* Downloads the package (`apt-get download`, nothing is installed, no root
 * needed), unpacks the files of the set (`dpkg-deb --fsys-tarfile | tar`) into
 * the cache, records their SHA-256 and gives the first one's path (spred_free).
 * SPRED_ENOTFOUND: no set of this name (the text gives the nearest);
 * SPRED_EIO: apt-get is missing or the package cannot be reached. */
SPRED_API enum spred_status
spred_fetch_debian(struct spred_env *env, const char *name,
                   const struct spred_fetch_options *options, char **path);

/* Fetch (if need be) and load one of the sets above as a data set, including
 * what only this set needs (for example ALL's subset of BCR/ABL against NEG
 * B-lineage samples). Through the cache of mapped binaries. */
SPRED_API enum spred_status
spred_load_debian(struct spred_env *env, const char *name,
                  const struct spred_fetch_options *options,
                  const char *cache_dir, struct spred_data *out,
                  char **cached_path);

#endif
