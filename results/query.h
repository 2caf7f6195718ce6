/* query.h: what figures, tables and reports may ask of a store: named queries
 * that answer small tables in memory. No SQL leaves the results room. */
#ifndef RESULTS_QUERY_H
#define RESULTS_QUERY_H

#include <stddef.h>
#include "results/sink.h"

/* A column of an answer; lists end with a NULL name. */
struct results_head {
    const char *name;
    enum results_kind kind;
    const char *doc; /* one line with the unit */
};

/* text: TEXT cells, owned by the table, NULL = none. real: INT and REAL cells,
 * NaN = none. */
struct results_cell {
    char *text;
    double real;
};

struct results_table {
    const struct results_head *heads;
    size_t n_columns, n_rows, capacity;
    struct results_cell *cells; /* n_rows x n_columns, by row */
};

/* The finished runs of a store, in memory. When a store holds several runs of
 * one data set, target, problem, solver, options and trial (the file was
 * changed and run again), the latest stands. */
struct results_view;

enum spred_status results_view_open(struct spred_env *env, const char *path,
                                    struct results_view **out);
void results_view_close(struct results_view *view);

/* The queries and their columns:
 *
 * notes          the store's notes, by key
 * datasets       one row per data set, as its runs tell it
 * solvers        labels: the solver's name, and where one solver ran with
 *                several settings, those that differ: "spred[variant=sgd]"
 * machines       fingerprints of the machines the rows came from
 * endings        all runs that did not end certified: status, reason, count
 * summary        results/summary.h, one row per data set, problem, solver
 *
 * gap-time       Time to a certified gap. For one run with a lambda path,
 *                T(eps) = the sum over (output, lambda) of the billed seconds
 *                since the start of that lambda at its FIRST observation with
 *                gap + rounding floor <= eps, plus the billed time that belongs
 * to no lambda (set-up, constants: seconds_path at a lambda's first
 *                observation, less its own seconds, less seconds_path at the
 *                end of the lambda before). T is infinite where some lambda of
 *                the path (the run's `points` of them) never gets to eps: the
 *                curve ends there. eps runs over a grid of 8 a decade from 1
 *                down to the smallest gap reached. Per data set, problem and
 *                solver: the lower median over all trials that were not
 *                skipped, unreached = infinite, so it exists where at least
 *                half of them reach eps; low and high are the fastest and the
 *                slowest of those that do. No reference optimum: adding a
 *                solver never moves another's curve.
 *
 * path           Per data set, problem, solver and lambda: the billed seconds
 * of that lambda (set-up in front of it included: seconds_path at its end, less
 * seconds_path at the end of the lambda before; summed over outputs), in how
 * many trials it was certified, zeros of the weights by three thresholds,
 * precision and recall where the truth is known, the cross-validated loss.
 *
 * time-dimension The times of the summary, ordered by problem, solver and
 *                number of features.
 *
 * profile        Dolan and More (2002), one profile per problem. Instances =
 *                (data set, trial); time = billed seconds if the run ended
 *                certified, else infinite; ratio = time / the best solver's
 *                time on the instance; share = instances with at most that
 *                ratio / all instances. A solver that refused (skipped) any
 *                instance of the problem is left out of its profile, and only
 *                instances that all others have run count. The steps of each
 *                solver start at ratio 1 and end at the profile's largest.
 *
 * accuracy-genes Per data set, problem and solver (or model: problem "model"):
 *                the median number of genes over trials, and the mean balanced
 *                accuracy with the interval of results/summary.h. Fully
 *                certified solvers of one data set and problem whose accuracies
 *                agree within 0.01 and whose genes agree within max(2, 5%)
 *                share a group number; numbers are unique in a data set.
 *
 * metrics        Per data set, problem, solver and metric of a script: mean and
 *                interval over trials, as the accuracy's.
 *
 * genes          Per data set and problem, of the first solver (by label) with
 *                all its runs certified, else the first with genes: how many
 *                trials chose each gene. At most 20 a data set and problem.
 *
 * Models have no problem, lambda or gap: they are in datasets, solvers,
 * machines, endings, accuracy-genes, metrics and in the following, which put
 * models and solvers side by side. A METHOD is the label of a model, or a
 * problem by one of its solvers, "PROBLEM (SOLVER)": the one with most runs in
 * the store that ended well, the first by label among equals (solvers that
 * certify all give the same answer). Intervals: results/summary.h.
 *
 * methods        Per data set and method: accuracies, genes, stability with its
 *                interval (results/stability.h), time, memory; on simulated
 *                data precision, recall and false-discovery rate of the genes
 *                at the chosen setting. Skipped trials do not count.
 *
 * versus         Per data set and method: the paired difference in balanced
 *                accuracy (paper protocol: accuracy), over the splits that
 *                both share, against the L1 logistic (multinomial) problem,
 *                else the first problem; none without a problem. The
 *                verdict is "cannot separate" where the interval holds 0 or
 *                there is none.
 *
 * ranks          Methods over data sets, by mean balanced accuracy
 *                (results/friedman.h). Left out: simulated data when others
 *                exist, then methods with a result on fewer than half of the
 *                data sets, then data sets where a method left has none. Best
 *                rank first, methods left out at the end (no rank, a why_not).
 *                low .. high: the longest bars of methods no two of which are
 *                separated, as the critical-difference diagram draws them.
 *
 * rank-pairs     All pairs of the compared methods, p by Holm. Separated only
 *                if Friedman's test says that there is a difference at all.
 *
 * chosen-genes   Per data set the 20 genes that are chosen most often: by the
 *                mean over methods of the share of trials that chose it. Of
 *                each gene one row for every method that leaves genes out,
 *                also with a count of 0; its trials that use every gene do
 *                not count.
 *
 * tuned          Per data set and model: the settings that the validation part
 *                chose, the most frequent first.
 *
 * Sparse coding (kind "coding") is in datasets, solvers, machines and endings,
 * and in the following alone, by data set, problem ("coding(DICTIONARY atoms=N
 * lambda=L)") and coder:
 *
 * coding         What each coder took to the smallest asked gap.
 *
 * coding-time    One row for each asked gap, in falling order.
 *
 * rate-distortion  One row a problem: nonzeros and error of certified codes (of
 *                the first coder by label that has them in all trials), and the
 *                PSNR of the coder that took the noise off.
 *
 * pictures       The arrays of the first trial: dictionaries and pictures.
 *
 * Of jobs with marks (sink.h), by data set and network (the option network):
 *
 * compression    One row per method, setting, rule and threshold: all trials of
 *                a mark. A method's settings differ in lambda, compression,
 *                threshold_start, thresholds, fine_thresholds and in what was
 *                tuned; other options that differ make other methods. Mean,
 *                least and most over trials. Compared with the dense network of
 *                the same trial: of the marks "dense" those of a model whose
 *                name ends in "dense", else of any, then the most accurate on
 *                the validation part. front: no other setting of the method
 *                compresses as much and is more accurate on the validation
 *                part; front_macs and front_speed: the same of networks made
 *                smaller (where there are none, front_macs of all). Without a
 *                validation part every setting is on its front. Dense ones are
 *                on none. speedup: against the dense mark of the same run;
 *                where it has none, against the fastest of full size of the
 *                same fit, which multiplies its zeros. Nothing is chosen by the
 *                test part.
 *
 * best-compression  The dense network, then per method the setting with the
 *                largest compression that loses at most 0.01 of validation
 *                accuracy against it (means over trials; only settings that as
 *                many trials have as any of the method), and what it is worth
 *                on the test part; or why there is none.
 *
 * compression-levels  Per level 2, 5, 10, 20 ... and method: of the settings
 *                that compress at least so much the most accurate on the
 *                validation part, and what it is worth on the test part.
 *
 * compression-versus  Every method that is no spred against the best spred of
 *                the network (by the validation part): its compression within
 *                one point of dense, then per level the test accuracies, paired
 *                over the trials of both. The verdict of a level is "cannot
 *                separate" where the interval holds 0 or there is none.
 *
 * layer-sparsity Per method the layers at its best-compression; where it has
 *                none, at its most accurate setting on the validation part.
 *
 * arrays         Matrices that jobs left (dictionaries, filters), of the first
 *                trial that has each.
 */
const char *const *results_query_names(void);

/* SPRED_ENOTFOUND names the nearest query. Free with results_table_free. */
enum spred_status results_query(struct spred_env *env,
                                struct results_view *view, const char *name,
                                struct results_table *out);
void results_table_free(struct spred_env *env, struct results_table *table);

/* Cells by column name; "" or NaN where there is no such column or value. */
const char *results_text(const struct results_table *table, size_t row,
                         const char *column);
double results_real(const struct results_table *table, size_t row,
                    const char *column);

/* Do rows a and b hold the same text in this column? */
int results_same(const struct results_table *table, size_t a, size_t b,
                 const char *column);

/* The value of a note, or fallback. Borrowed from the "notes" table. */
const char *results_note(const struct results_table *notes, const char *key,
                         const char *fallback);

#endif
