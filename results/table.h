/* table.h: Markdown tables: a grid of text cells, and the parts of table.md.
 * Private to the results room. */
#ifndef RESULTS_TABLE_H
#define RESULTS_TABLE_H

#include "results/query.h"
#include "spred/text.h"

#define RESULTS_CELL 96 /* bytes of a cell */

/* Rows of cells, printed with padded columns once all widths are known. Row 0
 * has the heads. */
struct results_grid {
    char (*cells)[RESULTS_CELL];
    size_t rows, columns, stride;
};

/* heads ends with NULL. Free cells with spred_free. */
enum spred_status results_grid_new(struct spred_env *env,
                                   struct results_grid *grid, size_t rows,
                                   const char *const *heads);
/* The cells of a row. */
char (*results_grid_row(struct results_grid *grid, size_t row))[RESULTS_CELL];
/* Appends the table without the columns that say "-" in every row; the first
 * `left` columns are aligned left. */
enum spred_status results_grid_print(struct spred_env *env,
                                     struct results_grid *grid, size_t left,
                                     struct spred_buffer *out);

/* Text for one cell: no line breaks, no bars; cut to fit. */
void results_grid_text(char out[RESULTS_CELL], const char *text);
/* "-" where there is no number. */
void results_grid_real(char out[RESULTS_CELL], double value, int digits);
/* Rounded to one decimal below 100, to a whole number above. */
void results_grid_count(char out[RESULTS_CELL], double value);
/* "0.812 +- 0.031" */
void results_grid_interval(char out[RESULTS_CELL], double mean, double half);

/* The parts of one data set and problem that solvers and models share: "source
 * ...; target ...; train ..." of row d of "datasets", closed by the paper
 * protocol's numbers; what scripts' metrics say; what did not end well. */
enum spred_status results_print_source(struct spred_env *env,
                                       const struct results_table *datasets,
                                       size_t d, struct spred_buffer *out);
enum spred_status results_print_metrics(struct spred_env *env,
                                        const struct results_table *metrics,
                                        const char *dataset,
                                        const char *problem,
                                        struct spred_buffer *out);
enum spred_status results_print_endings(struct spred_env *env,
                                        const struct results_table *endings,
                                        const char *dataset,
                                        const char *problem,
                                        struct spred_buffer *out);

/* The methods of a store with models: one comparison per data set, the genes,
 * the ranks, the tuned settings. Nothing in a store without models; *any tells.
 */
enum spred_status results_print_methods(struct spred_env *env,
                                        struct results_view *view,
                                        const struct results_table *datasets,
                                        const struct results_table *metrics,
                                        const struct results_table *endings,
                                        struct spred_buffer *out, int *any);

/* table_coding.c: sparse coding; nothing in a store without it. */
enum spred_status results_print_coding(struct spred_env *env,
                                       struct results_view *view,
                                       const struct results_table *datasets,
                                       const struct results_table *endings,
                                       struct spred_buffer *out);

/* The same for the genes of data set rows (methods first .. end - 1), and the
 * ranks and tuned settings of the store. */
enum spred_status results_print_chosen(struct spred_env *env,
                                       const struct results_table *chosen,
                                       const char *dataset,
                                       struct spred_buffer *out);
enum spred_status results_print_ranks(struct spred_env *env,
                                      const struct results_table *ranks,
                                      const struct results_table *pairs,
                                      struct spred_buffer *out);
enum spred_status results_print_tuned(struct spred_env *env,
                                      const struct results_table *tuned,
                                      struct spred_buffer *out);

/* table_compression.c: the part on networks made sparse; nothing without. */
enum spred_status
results_print_compression(struct spred_env *env, struct results_view *view,
                          const struct results_table *datasets,
                          struct spred_buffer *out);

#endif
