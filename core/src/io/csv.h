/* csv.h: records and cells of a CSV or TSV file. Private to the reader. */
#ifndef SPRED_CSV_H
#define SPRED_CSV_H

#include "io.h"

struct csv {
    struct spred_scan scan; /* its begin and line: where the cell starts */
    const char *next, *end; /* what is left */
    const char *line_begin; /* of the line that next is in */
    size_t line;
    char delimiter;
    struct spred_span cell; /* the last cell read, without its quotes */
    int doubled;            /* 1: the cell holds "" for a quote */
};

/* The delimiter: of tab, comma and semicolon the one that the first line holds
 * most often outside quotes; 0: none. */
char spred_csv_delimiter(const char *bytes, size_t length);
void spred_csv_init(struct csv *csv, struct spred_env *env,
                    const struct spred_bytes *file);
/* 1: a record starts (blank lines are skipped); 0: the file has ended. */
int spred_csv_record(struct csv *csv);
/* Reads one cell. *more: 1 if another follows in the record. */
enum spred_status spred_csv_cell(struct csv *csv, int *more);
/* The cell as a text of its own. NULL: out of memory. */
char *spred_csv_text(struct csv *csv);

#endif
