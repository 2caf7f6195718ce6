/* methods.h: what the figures of the methods (models and solvers side by side)
 * share. Private to the plots room. */
#ifndef PLOTS_METHODS_H
#define PLOTS_METHODS_H

#include "plots/figure.h"

/* The query "methods" when the store holds models, else NULL (no error). */
enum spred_status plots_methods(struct plots_context *context,
                                const struct results_table **out);

/* Are all models of the query "methods" networks made sparse? Then the figures
 * of genes are not drawn: those of compression are. */
int plots_only_networks(const struct results_table *methods);

/* The methods of a table of many data sets, each once, in the order in which
 * they come; first: the row where method i comes first. Free with spred_free.
 */
struct plots_method_list {
    const struct results_table *table;
    size_t *first;
    size_t n;
};
enum spred_status plots_method_list(struct spred_env *env,
                                    const struct results_table *table,
                                    struct plots_method_list *out);
const char *plots_method_name(const struct plots_method_list *list, size_t i);
/* Place of a method in the list; its length: not there. */
size_t plots_method_place(const struct plots_method_list *list,
                          const char *method);
/* The row of a data set's method, or n_rows. */
size_t plots_method_row(const struct results_table *table, const char *dataset,
                        const char *method);

/* Colour and point of the method at a place: the same in every figure. */
struct plots_style plots_method_style(size_t place);

/* 1: the method uses every gene of the data set. */
int plots_uses_all(const struct results_table *table, size_t row);

/* At most n characters of text, "…" where it was cut. Free it. */
char *plots_shorten(struct spred_env *env, const char *text, size_t n);
/* Characters of the longest of the methods' names, at most limit. */
size_t plots_method_width(const struct plots_method_list *list, size_t limit);

/* Pages of the data sets of a table, at most `most` on each and about as many
 * on all; put_page draws the rows first .. end - 1. */
struct plots_method_pages {
    const char *kind;
    size_t most;
    enum spred_status (*put_page)(struct plots_figure *figure,
                                  const struct plots_method_list *list,
                                  size_t first, size_t end);
};
enum spred_status plots_method_pages(struct plots_context *context,
                                     const struct plots_method_pages *pages);

/* method_accuracy.c: the figure "accuracy-genes" of a store with models. */
enum spred_status plots_method_accuracy(struct plots_context *context);

/* A column of the query "datasets" of one data set. */
double plots_dataset_real(const struct plots_context *context,
                          const char *dataset, const char *column);

#endif
