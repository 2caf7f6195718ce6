/* rdata.h: R's serialised objects as a tree of nodes that point into the file
 * (private to the R data reader). Format: R Internals, "Serialization Formats"
 * (XDR, versions 2 and 3). */
#ifndef SPRED_IO_RDATA_H
#define SPRED_IO_RDATA_H

#include <stddef.h>
#include <stdint.h>
#include "spred/data.h"
#include "spred/loader.h"

/* R's type numbers; types that are only skipped keep R's number as well. */
enum r_type {
    R_NULL = 0,
    R_SYMBOL = 1,
    R_PAIRLIST = 2,
    R_CLOSURE = 3,
    R_ENVIRONMENT = 4,
    R_PROMISE = 5,
    R_LANGUAGE = 6,
    R_SPECIAL = 7,
    R_BUILTIN = 8,
    R_CHAR = 9,
    R_LOGICAL = 10,
    R_INTEGER = 13,
    R_REAL = 14,
    R_COMPLEX = 15,
    R_STRING = 16,
    R_DOTS = 17,
    R_LIST = 19,
    R_EXPRESSION = 20,
    R_BYTECODE = 21,
    R_POINTER = 22,
    R_WEAKREF = 23,
    R_RAW = 24,
    R_S4 = 25
};

/* Text of one R string: bytes inside the file; bytes NULL = NA_character_. */
struct r_text {
    const char *bytes;
    size_t length;
    int latin1; /* marked Latin-1; otherwise UTF-8 or unmarked */
};

/* One object. Nodes live until r_free and may be shared (references), so the
 * "tree" can hold cycles through environments: walk it with a bound. */
struct r_node {
    enum r_type type;
    int compact; /* INTEGER/REAL: start + i * step, no data */
    double start, step;
    int deferred;              /* STRING: as.character(car) */
    size_t length;             /* elements of a vector */
    const unsigned char *data; /* LOGICAL, INTEGER (4 bytes each), REAL (8): big
                                  endian, inside the file */
    struct r_text *strings;    /* STRING: length; CHAR, SYMBOL: one */
    struct r_node **items;     /* LIST, EXPRESSION: length */
    struct r_node *attributes; /* pairlist or NULL */
    struct r_node *tag, *car, *cdr; /* pairlist cell; ENVIRONMENT: car frame,
                                       cdr hash table */
};

struct r_block; /* memory of the nodes */
struct r_file {
    struct spred_env *env;
    struct r_block *blocks;
    struct r_node *root; /* save(): pairlist of named objects; saveRDS(): the
                            object */
    int is_rds;          /* root is one object without a name */
};

/* 2 for RDX2/RDX3, 1 for a bare XDR stream of saveRDS, else 0. */
int r_probe(const char *bytes, size_t length);
/* Parses the whole stream; *out is freed by r_free, also after a failure. The
 * nodes borrow file->bytes. SPRED_EFORMAT names the byte offset. */
enum spred_status r_parse(struct spred_env *env, const struct spred_bytes *file,
                          struct r_file *out);
void r_free(struct r_file *file);

/* Accessors; every node argument may be NULL. */
const struct r_node *r_attribute(const struct r_node *node, const char *name);
/* Symbol or tag equal to name. */
int r_is_symbol(const struct r_node *node, const char *name);
/* The class attribute (an S3 or S4 class vector) holds name. */
int r_inherits(const struct r_node *node, const char *name);
/* The variable called name of an environment, or the element of a list. */
const struct r_node *r_member(const struct r_node *node, const char *name);
/* LOGICAL, INTEGER or REAL. */
int r_is_numeric(const struct r_node *node);
int r_is_factor(const struct r_node *node);
/* Element i of a numeric vector; NA and NaN are NaN. i < length. */
double r_number(const struct r_node *node, size_t i);
/* Element i of a STRING or the level of element i of a factor. NA: bytes NULL;
 * deferred strings need r_string_copy. */
struct r_text r_string(const struct r_node *node, size_t i);
int r_text_equal(struct r_text a, struct r_text b);
int r_text_is(struct r_text text, const char *other);
/* UTF-8 copy (spred_free) of a text ("" for NA) / of element i of a STRING,
 * factor or numeric vector. NULL: out of memory. */
char *r_text_copy(struct spred_env *env, struct r_text text);
char *r_string_copy(struct spred_env *env, const struct r_node *node, size_t i);
/* Both dimensions of a matrix that is stored in full; 0 if it is none. */
int r_matrix_size(const struct r_node *node, size_t *rows, size_t *columns);
/* The dimnames of a matrix along axis 0 or 1, of that length, or NULL. */
const struct r_node *r_dimnames(const struct r_node *node, int axis,
                                size_t length);
/* data.frame with at least one column, all columns of one length *rows. */
int r_frame_size(const struct r_node *node, size_t *rows, size_t *columns);
/* Row names of a data.frame if they are text, else NULL. */
const struct r_node *r_row_names(const struct r_node *frame, size_t rows);

/* Text as a number. 1: a number; 0: missing ("" or NA, *out NaN); -1: neither.
 */
int r_text_number(struct r_text text, double *out);
/* The n cells of a text column (STRING, factor) as numbers into values[n].
 * *bad: cells that are neither number nor missing; *first_bad: the first one
 * (n: none). *numbers: cells that are numbers. */
struct r_parsed {
    size_t bad, first_bad, numbers;
};
enum spred_status r_parse_column(struct spred_env *env,
                                 const struct r_node *column, size_t n,
                                 double *values, struct r_parsed *out);

/* Which columns are classes depends on where they stand. */
enum r_column_rule {
    R_FEATURE_TABLE, /* a plain data.frame: its numbers are features */
    R_PHENOTYPE,     /* phenoData, companion vectors: whole numbers with few
                        values are classes, other numbers real targets */
    R_RESPONSE       /* asked for by name: always a target */
};
/* Adds a target made from a vector of n elements to data. *made = 0, and no
 * error, when it is none: an identifier, a constant, a date, another length. */
enum spred_status r_add_target(struct spred_env *env, struct spred_data *data,
                               const struct r_node *column, size_t n,
                               const char *name, enum r_column_rule rule,
                               int *made);
/* All columns of a data.frame of phenotypes. */
enum spred_status r_add_phenotypes(struct spred_env *env,
                                   struct spred_data *data,
                                   const struct r_node *frame, size_t n);

/* The named members of a pairlist or list, in order. */
struct r_entry {
    struct r_text name;
    const struct r_node *node;
};
struct r_entries {
    struct r_entry *items; /* spred_free */
    size_t count;
};
enum spred_status r_list_entries(struct spred_env *env,
                                 const struct r_node *scope,
                                 struct r_entries *out);

/* The object to read and what lies beside it. */
struct r_object {
    char *name; /* "golub", "fit$x" */
    const struct r_node *node;
    const struct r_node *scope; /* pairlist or list that holds it and its
                                   companions, or NULL */
};

/* Readers of one kind of object: rdata_matrix.c, rdata_frame.c, rdata_eset.c.
 * `where` is the path, for messages. */
enum spred_status r_read_matrix(struct spred_env *env, const char *where,
                                const struct r_object *object,
                                const struct spred_load_options *options,
                                struct spred_data *out);
enum spred_status r_read_frame(struct spred_env *env, const char *where,
                               const struct r_object *object,
                               const struct spred_load_options *options,
                               struct spred_data *out);
enum spred_status r_read_eset(struct spred_env *env, const char *where,
                              const struct r_object *object,
                              struct spred_data *out);
/* The matrix of expression values of an ExpressionSet, or NULL. */
const struct r_node *r_eset_matrix(const struct r_node *node);

/* Allocates x (n x p, f64) and the names, all "". */
enum spred_status r_new_data(struct spred_env *env, size_t n, size_t p,
                             struct spred_data *out);
/* New data from a matrix that is p x n (genes_in_rows) or n x p, with its
 * dimnames. An infinite cell is SPRED_EFORMAT. */
enum spred_status r_fill(struct spred_env *env, const char *where,
                         const struct r_object *object,
                         const struct r_node *matrix, int genes_in_rows,
                         struct spred_data *out);
/* Replaces count names by the texts of a STRING or factor; NULL: no change. */
enum spred_status r_set_names(struct spred_env *env, char **slots,
                              const struct r_node *names, size_t count);
/* Companions in the object's scope: vectors and phenotype tables of n elements
 * become targets; feature names of p elements are taken when x has none. */
enum spred_status r_add_companions(struct spred_env *env,
                                   const struct r_object *object,
                                   struct spred_data *out);

#endif
