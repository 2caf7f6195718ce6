/* io.h: what the readers share: lines, cells, names, targets. Private. */
#ifndef SPRED_IO_H
#define SPRED_IO_H

#include "spred/loader.h"

/* Part of the reader's answer: raise it when a reader changes what it gives, so
 * that cached data sets are read again. */
#define SPRED_READER_VERSION 1

extern const struct spred_loader spred_load_csv, spred_load_gct, spred_load_npy,
    spred_load_rdata, spred_load_soft, spred_load_svmlight;

/* Bytes inside the file, not NUL-terminated. */
struct spred_span {
    const char *at;
    size_t length;
};

/* scan.c: the lines of a file, without "\n" and "\r\n". */
struct spred_scan {
    struct spred_env *env;
    const char *path;
    const char *next, *end;   /* what is left */
    const char *begin, *stop; /* the line */
    size_t line;              /* its number, from 1 */
};

/* A byte order mark is skipped. */
void spred_scan_init(struct spred_scan *scan, struct spred_env *env,
                     const struct spred_bytes *file);
/* 1: the next line is in begin..stop; 0: the file has ended. */
int spred_scan_next(struct spred_scan *scan);
/* SPRED_EFORMAT "path:line:column: ..."; at points into the line. */
enum spred_status spred_scan_fail(const struct spred_scan *scan, const char *at,
                                  const char *format, ...) SPRED_PRINTF(3, 4);

/* The number of the cell that starts at `at` and ends before the delimiter or
 * at stop; blanks around it are skipped. A missing value gives NaN. Returns the
 * cell's end, or NULL: neither number nor missing. */
const char *spred_scan_cell(const char *at, const char *stop, char delimiter,
                            double *out);
/* Empty, NA, NaN or null in any case. */
int spred_is_missing(struct spred_span cell);
/* The whole span as a whole number (no '.', no exponent). */
int spred_span_int(struct spred_span span, int64_t *out);
int spred_span_is(struct spred_span span, const char *text);
struct spred_span spred_span_trim(struct spred_span span);
/* The span up to the next delimiter; *at moves behind it, or to NULL when the
 * line has ended. */
struct spred_span spred_scan_field(const char **at, const char *stop,
                                   char delimiter);

/* A cell for an error message: quoted, cut, printable. */
struct spred_quoted {
    char text[64];
};
struct spred_quoted spred_quote(struct spred_span span);

/* A copy as UTF-8: bytes that are not are taken for Latin-1. */
char *spred_utf8(struct spred_env *env, struct spred_span span);

/* names.c: which of the names is it? Names are borrowed. */
struct spred_names {
    const char **sorted; /* count, by strcmp */
    size_t *order;       /* where each stood */
    size_t count;
};
enum spred_status spred_names_new(struct spred_env *env, char *const *names,
                                  size_t count, struct spred_names *out);
void spred_names_free(struct spred_env *env, struct spred_names *names);
/* SIZE_MAX: not there. */
size_t spred_names_find(const struct spred_names *names, const char *name);
/* A name that occurs twice, or NULL. */
const char *spred_names_twice(const struct spred_names *names);
/* count names "1", "2", ... (each to be freed). NULL: out of memory. */
char **spred_names_numbers(struct spred_env *env, size_t count);
/* count empty names. */
char **spred_names_empty(struct spred_env *env, size_t count);
/* Features "1".."p" without symbols, samples "1".."n", for the matrix of data.
 */
enum spred_status spred_data_number_names(struct spred_env *env,
                                          struct spred_data *data);
/* Is the span, trimmed, in the NULL-ended list? Compared without case. */
int spred_names_listed(struct spred_span span, const char *const *list);

/* targets.c. Adds a zeroed target; on failure NULL. The caller fills it; the
 * data set owns it. */
struct spred_target *spred_target_add(struct spred_env *env,
                                      struct spred_data *data);
void spred_targets_clear(struct spred_env *env, struct spred_data *data);
/* The n cells as classes, in order of first appearance; missing ones -1. */
enum spred_status spred_target_classes(struct spred_env *env,
                                       struct spred_target *target,
                                       const struct spred_span *cells,
                                       size_t n);
/* The n cells as classes or numbers. Text: classes. Numbers: real values,
 * unless all are written as whole numbers (no '.', no exponent) and either
 * `coded` (the column says it holds classes) or they have 2 to `most` distinct
 * values, each five times on average; then classes in ascending order. */
enum spred_status spred_target_cells(struct spred_env *env,
                                     struct spred_target *target,
                                     const struct spred_span *cells, size_t n,
                                     int coded, size_t most);
/* Adds the targets of n cells that hold numbers. Few whole ones: "class",
 * beside "y" if there are more than two of them (they could be counts); else
 * "y" alone. */
enum spred_status spred_targets_of_numbers(struct spred_env *env,
                                           struct spred_data *data,
                                           const struct spred_span *cells,
                                           size_t n);
/* Adds the real-valued target "y": a copy of the n values. */
enum spred_status spred_target_reals(struct spred_env *env,
                                     struct spred_data *data,
                                     const double *values, size_t n);

/* labels.c, cls.c: adds the target of a labels file (.cls, a table of sample
 * and class, or a NumPy vector) for the samples of data. */
enum spred_status spred_labels_apply(struct spred_env *env,
                                     const struct spred_bytes *file,
                                     struct spred_data *data);
int spred_is_cls(const struct spred_bytes *file);
enum spred_status spred_cls_apply(struct spred_env *env,
                                  const struct spred_bytes *file,
                                  struct spred_data *data);

/* loaders.c. Length of the path without .gz, .bz2, .xz. */
size_t spred_unpacked_length(const char *path);
/* The file's name without folder and extensions. */
char *spred_data_name(struct spred_env *env, const char *path);
/* NAME.cls beside NAME.gct[.gz|.bz2|.xz], NAME.y.npy beside NAME.X.npy[...], if
 * that file exists, else NULL in *out. */
enum spred_status spred_sidecar(struct spred_env *env, const char *path,
                                char **out);

#endif
