/* view.h: a store's runs in memory, ordered, labelled and without doubles.
 * Private to the results room. */
#ifndef RESULTS_VIEW_H
#define RESULTS_VIEW_H

#include "results/query.h"
#include "results/sql.h"

struct results_view_run {
    struct results_run run;
    int64_t id;          /* of the row in the store; later rows are larger */
    const char *dataset; /* label: the name, with [target] where ambiguous */
    const char *solver;  /* label, as the query "solvers" documents */
    char *owned_dataset, *owned_solver; /* NULL where the row's text serves */
};

/* Runs are ordered by data set, problem, solver label and trial. */
struct results_view {
    struct spred_env *env;
    char *path;
    sqlite3 *db;
    struct results_view_run *runs;
    size_t n_runs;
};

/* End of the stretch of runs from begin on with the same data set and
 * problem, and with the same solver too. */
size_t results_view_instance_end(const struct results_view *view, size_t begin);
size_t results_view_solver_end(const struct results_view *view, size_t begin);

/* Is the run's status this word? */
int results_run_is(const struct results_run *run, const char *status);
/* 0: the penalty is not convex, so there is no gap; runs end stationary. */
int results_run_convex(const struct results_run *run);
/* Is it a model's (sink.h: kind), which has no problem, gap or penalty? */
int results_run_is_model(const struct results_run *run);
/* Is it sparse coding's? Then it is in the queries of results/coding.h. */
int results_run_is_coding(const struct results_run *run);
/* Neither: a solver's, on a stated problem. */
int results_run_is_solver(const struct results_run *run);
/* Did it end well: certified or, where nothing can be certified, stationary;
 * a model: done? */
int results_run_reached(const struct results_run *run);

/* What the corrected resampled t needs of the run: test / training samples. 0
 * under protocol `given`, where all trials share the test part: there is
 * nothing to correct for, and the interval is over seeds alone. NaN: unknown.
 */
double results_run_ratio(const struct results_run *run);

/* A new row at the table's end, all cells empty; NULL: out of memory. The
 * pointer is valid until the next row. */
struct results_cell *results_table_row(struct spred_env *env,
                                       struct results_table *table);
/* Puts a copy of text (NULL stays NULL) into a cell. */
enum spred_status results_cell_text(struct spred_env *env,
                                    struct results_cell *cell,
                                    const char *text);

/* The queries that live in files of their own. */
enum spred_status results_gap_time(struct spred_env *env,
                                   struct results_view *view,
                                   struct results_table *out);
enum spred_status results_profile(struct spred_env *env,
                                  struct results_view *view,
                                  struct results_table *out);
enum spred_status results_metrics(struct spred_env *env,
                                  struct results_view *view,
                                  struct results_table *out);
enum spred_status results_accuracy_genes(struct spred_env *env,
                                         struct results_view *view,
                                         struct results_table *out);
enum spred_status results_genes(struct spred_env *env,
                                struct results_view *view,
                                struct results_table *out);
enum spred_status results_summary_table(struct spred_env *env,
                                        struct results_view *view,
                                        struct results_table *out);
enum spred_status results_path(struct spred_env *env, struct results_view *view,
                               struct results_table *out);
enum spred_status results_dimension(struct spred_env *env,
                                    struct results_view *view,
                                    struct results_table *out);
enum spred_status results_methods(struct spred_env *env,
                                  struct results_view *view,
                                  struct results_table *out);
enum spred_status results_versus(struct spred_env *env,
                                 struct results_view *view,
                                 struct results_table *out);
enum spred_status results_ranks(struct spred_env *env,
                                struct results_view *view,
                                struct results_table *out);
enum spred_status results_rank_pairs(struct spred_env *env,
                                     struct results_view *view,
                                     struct results_table *out);
enum spred_status results_chosen_genes(struct spred_env *env,
                                       struct results_view *view,
                                       struct results_table *out);
enum spred_status results_tuned(struct spred_env *env,
                                struct results_view *view,
                                struct results_table *out);
enum spred_status results_compression(struct spred_env *env,
                                      struct results_view *view,
                                      struct results_table *out);
enum spred_status results_best_compression(struct spred_env *env,
                                           struct results_view *view,
                                           struct results_table *out);
enum spred_status results_compression_levels(struct spred_env *env,
                                             struct results_view *view,
                                             struct results_table *out);
enum spred_status results_compression_versus(struct spred_env *env,
                                             struct results_view *view,
                                             struct results_table *out);
enum spred_status results_layer_sparsity(struct spred_env *env,
                                         struct results_view *view,
                                         struct results_table *out);
enum spred_status results_arrays(struct spred_env *env,
                                 struct results_view *view,
                                 struct results_table *out);
extern const struct results_head results_methods_heads[];
extern const struct results_head results_versus_heads[];
extern const struct results_head results_ranks_heads[];
extern const struct results_head results_rank_pairs_heads[];
extern const struct results_head results_chosen_genes_heads[];
extern const struct results_head results_tuned_heads[];
extern const struct results_head results_compression_heads[];
extern const struct results_head results_best_compression_heads[];
extern const struct results_head results_compression_levels_heads[];
extern const struct results_head results_compression_versus_heads[];
extern const struct results_head results_layer_sparsity_heads[];
extern const struct results_head results_arrays_heads[];
extern const struct results_head results_gap_time_heads[];
extern const struct results_head results_path_heads[];
extern const struct results_head results_dimension_heads[];
extern const struct results_head results_profile_heads[];
extern const struct results_head results_accuracy_genes_heads[];
extern const struct results_head results_metrics_heads[];
extern const struct results_head results_genes_heads[];
extern const struct results_head results_summary_heads[];

#endif
