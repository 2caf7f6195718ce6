/* figure.h: what the figure kinds share: files, quoting, pages of panels,
 * axes, keys and captions. Private to the plots room. */
#ifndef PLOTS_FIGURE_H
#define PLOTS_FIGURE_H

#include "plots/plots.h"
#include "results/query.h"

/* The answer of a query that several figures read. */
struct plots_answer {
    const char *query;
    struct results_table table;
};
enum { PLOTS_ANSWERS = 16 };

/* One call of plots_draw or plots_report. */
struct plots_context {
    struct spred_env *env;
    struct results_view *view;
    const char *db_path, *folder;
    const struct plots_extra *extra; /* figure kinds of a script, or NULL */
    int dry;                         /* 1: only collect the names */
    char *gnuplot;                   /* path, or NULL: not found */
    char **names;                    /* of the figures, owned */
    size_t n_names;
    struct results_table solvers, datasets, notes, machines;
    struct plots_answer answers[PLOTS_ANSWERS]; /* of plots_ask */
    size_t n_answers;
};

/* A figure kind: one const struct at the foot of its file. */
struct plots_kind {
    const char *name;
    enum spred_status (*draw)(struct plots_context *context);
    const char *alt; /* what one sees, for those who do not see it */
};
extern const struct plots_kind plots_gap_time, plots_profile,
    plots_accuracy_genes, plots_time_dimension, plots_time_alpha,
    plots_zero_rate, plots_support_recovery, plots_cv, plots_stability,
    plots_gene_map, plots_critical_difference, plots_dictionary,
    plots_coding_time, plots_rate_distortion, plots_denoising,
    plots_accuracy_compression, plots_layer_sparsity, plots_accuracy_macs,
    plots_accuracy_latency, plots_filters;

/* What a figure shows, by its name: its kind's alt. */
const char *plots_alt(const char *figure);

/* The answer of a query, asked once and kept in the context. */
enum spred_status plots_ask(struct plots_context *context, const char *query,
                            const struct results_table **out);

/* A figure in the making: a page of equal panels over a key and a caption.
 * Positions on a page are in pixels of the SVG from the upper left. */
struct plots_figure {
    struct plots_context *context;
    char *name;
    struct spred_buffer dat, gp;
    size_t blocks; /* data blocks written so far = next gnuplot index */
    size_t panels, columns, rows;
    double left, right, gap; /* margins of the page; between two panels */
    double panel_width, panel_height;
    double height;                   /* so far; that of the page at the end */
    struct spred_buffer key;         /* plot elements of the key */
    size_t key_entries, key_longest; /* bytes of the longest text */
    struct spred_buffer caption;     /* text, wrapped when the page ends */
};

/* Starts KIND-PART (made safe for a file name; part NULL: KIND). Release with
 * plots_figure_end, whatever happens in between. */
enum spred_status plots_figure_begin(struct plots_context *context,
                                     struct plots_figure *figure,
                                     const char *kind, const char *part,
                                     size_t panels);

/* Another grid of panels than plots_figure_begin's; comes before the first
 * panel. left, right: room beside the panels; gap: between two of them. */
enum { PLOTS_PAGE_WIDTH = 720 };
void plots_figure_layout(struct plots_figure *figure, size_t columns,
                         double left, double right, double gap,
                         double panel_height);

/* The safe name of the figure KIND-PART, noted as one of the context's;
 * borrowed from there. NULL: out of memory. */
const char *plots_figure_name(struct plots_context *context, const char *kind,
                              const char *part);

/* Ends the page, writes the files, runs gnuplot unless status says that an
 * earlier step failed; frees all. Returns the first failure. */
enum spred_status plots_figure_end(struct plots_figure *figure,
                                   enum spred_status status);

/* Places panel i and titles it; the caller then sets axes and plots. */
enum spred_status plots_panel(struct plots_figure *figure, size_t i,
                              const char *title);
int plots_panel_is_left(const struct plots_figure *figure, size_t i);
int plots_panel_is_low(const struct plots_figure *figure, size_t i);

/* Starts the next data block of NAME.dat; `what` becomes its comment. */
enum spred_status plots_block(struct plots_figure *figure, const char *what);
/* A comment between the lines of a block. */
enum spred_status plots_comment(struct plots_figure *figure, const char *what);
/* One line of numbers; what is not finite is written as NaN. */
enum spred_status plots_numbers(struct plots_figure *figure, const double *x,
                                size_t n);

/* Range and tics of a logarithmic axis ('x' or 'y'): every decade, or 1 2 5
 * where it spans less than two; plain: 0.01 rather than 10^-2. labels 0: tics
 * without numbers. */
enum spred_status plots_log_axis(struct plots_figure *figure, char axis,
                                 double low, double high, int plain,
                                 int labels);

/* Bytes of the UTF-8 character at text; 0: broken. */
size_t plots_character(const char *text);

/* Appends text as a single-quoted gnuplot string that is also safe in SVG:
 * control characters and broken UTF-8 are replaced, "]]>" is parted. */
enum spred_status plots_quote(struct spred_env *env,
                              struct spred_buffer *buffer, const char *text);

/* The same for the name of a tic, where gnuplot takes % for a format. */
enum spred_status plots_quote_tic(struct spred_env *env,
                                  struct spred_buffer *buffer,
                                  const char *text);

/* An entry of the key, drawn as `with` says ("linespoints lc ..."). */
enum spred_status plots_key(struct plots_figure *figure, const char *text,
                            const char *with);

/* Colour, dash and point of a solver: the same in all figures of a store. */
struct plots_style {
    const char *colour;
    int dash, point, hollow;
};
enum { PLOTS_COLOURS = 8 };
struct plots_style plots_nth_style(size_t i);
struct plots_style plots_solver_style(const struct plots_context *context,
                                      const char *solver);

/* Key entries for the solvers of the store that rows first .. end - 1 show,
 * which is where the number in this column is not NaN. */
enum spred_status plots_solver_keys(struct plots_figure *figure,
                                    const struct results_table *table,
                                    size_t first, size_t end,
                                    const char *column);

/* The end of the rows from first on that hold the same text in a column. */
size_t plots_rows_end(const struct results_table *table, size_t first,
                      const char *column, size_t end);

/* Sources of the data sets that rows first .. end - 1 name, simulated or not,
 * seed, machine and command, appended to the caption. */
enum spred_status plots_provenance(struct plots_figure *figure,
                                   const struct results_table *table,
                                   size_t first, size_t end);
/* "GDS1815" or "made (simulated)": the title of a data set. Free it. */
char *plots_dataset_title(struct plots_context *context, const char *dataset);

/* pages.c: pages of the answer of a query that comes by data set and problem:
 * a figure per problem, `each` panels per data set, put on it by put_page from
 * rows first .. end - 1. need: a column without whose number a row is left out,
 * or NULL. */
typedef enum spred_status plots_page(struct plots_figure *figure,
                                     const struct results_table *table,
                                     size_t first, size_t end);
enum spred_status plots_by_problem(struct plots_context *context,
                                   const char *query, const char *kind,
                                   const char *need, size_t each,
                                   plots_page *put_page);

/* curves.c: number columns of a table as curves over another of them. */
struct plots_curve {
    const char *x, *y;      /* columns */
    const char *low, *high; /* bars from and to, or NULL: none */
    int dash;               /* of the line; 0: the solver's own */
    int nested; /* 1: curves that coincide are seen, later ones thinner */
};
extern const char plots_filled[]; /* of the caption: what filled means */
/* Adds the curve of each solver in rows first .. end - 1 to the plot command
 * that has begun: filled points where all trials were certified or, not convex,
 * stationary (the columns certified and trials), hollow ones elsewhere. */
enum spred_status plots_curves(struct plots_figure *figure,
                               const struct results_table *table, size_t first,
                               size_t end, const struct plots_curve *curve);
/* The largest and the least positive number of a column of the rows, into the
 * limits that they may widen. */
void plots_limits(const struct results_table *table, size_t first, size_t end,
                  const char *column, double *low, double *high);
/* Panel i of a data set: its title, a logarithmic x axis, and the labels where
 * the page shows them. */
enum spred_status plots_curve_panel(struct plots_figure *figure, size_t i,
                                    const char *title, double low, double high,
                                    int plain, const char *x_label,
                                    const char *y_label);
/* A linear y axis from 0 to 1. */
enum spred_status plots_share_axis(struct plots_figure *figure, size_t i);

/* gnuplot.c: the first `gnuplot` on PATH (free it), or NULL; and one run of
 * it: form svg, pdf or png, into folder/name.form. plots_render: any script
 * whose data lie in folder, in any form, to any path, aside and renamed. */
char *plots_find_gnuplot(struct spred_env *env);
enum spred_status plots_render(struct spred_env *env, const char *gnuplot,
                               const char *script, const char *folder,
                               const char *form, const char *path);
enum spred_status plots_run_gnuplot(struct plots_context *context,
                                    const char *name, const char *form);

/* kinds.c */
enum spred_status plots_context_open(struct spred_env *env, const char *db_path,
                                     const char *folder,
                                     struct plots_context *context);
void plots_context_close(struct plots_context *context);
/* Draws, or with context->dry only names, the figures of the kinds. */
enum spred_status plots_run_kinds(struct plots_context *context,
                                  const char *const *figures, size_t n);

#endif
