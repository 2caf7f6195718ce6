/* export.h: results for other programs and for the eye: CSV files, Markdown
 * tables, and the comparison of two stores. */
#ifndef RESULTS_EXPORT_H
#define RESULTS_EXPORT_H

#include "results/query.h"
#include "spred/text.h"

/* folder/runs.csv, points.csv, genes.csv, folds.csv, metrics.csv and
 * candidates.csv, marks.csv, layers.csv, arrays.csv: every row of the store,
 * exactly the columns of sink.h, RFC 4180 with a header line, REAL as %.17g, no
 * value = empty. Written beside and renamed: a reader never sees half a file.
 */
enum spred_status results_export_csv(struct spred_env *env,
                                     struct results_view *view,
                                     const char *folder);

/* Appends the tables of all data sets and problems as Markdown, also fit for
 * a terminal: notes that warn, times, accuracies, genes. */
enum spred_status results_markdown(struct spred_env *env,
                                   struct results_view *view,
                                   struct spred_buffer *out);

/* The same into folder/table.md. */
enum spred_status results_write_tables(struct spred_env *env,
                                       struct results_view *view,
                                       const char *folder);

/* Are two stores the same but for clocks? Compares runs by job key (all
 * columns but seconds*, started, machine, peak_rss_kib), their points (but
 * seconds*), genes and folds, numbers bit for bit. Runs that both ended by a
 * clock or the machine (time, memory, crashed, interrupted) are compared by
 * identity and status alone. Appends a line for each of the first differences
 * to out (not cleared) and their number to *differences. */
enum spred_status results_verify(struct spred_env *env, const char *path_a,
                                 const char *path_b, struct spred_buffer *out,
                                 size_t *differences);

#endif
