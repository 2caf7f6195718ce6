/* compression.h: what the figures and the report's section on compression
 * share. Private to the plots room. */
#ifndef PLOTS_COMPRESSION_H
#define PLOTS_COMPRESSION_H

#include "plots/methods.h"

/* End of the rows from `first` on with the same data set and network, and of
 * those with the same method too. */
size_t plots_network_end(const struct results_table *table, size_t first);
size_t plots_network_method_end(const struct results_table *table,
                                size_t first);

/* A row of a network as it is at first: rule "dense". */
int plots_is_dense(const struct results_table *table, size_t row);

/* Colour and point of a method: by its place among those of the query
 * "compression" that make networks sparse, the same in every figure. */
enum spred_status plots_compression_style(struct plots_context *context,
                                          const char *method,
                                          struct plots_style *out);

/* "fashion-mnist, lenet-5": the title of row `row`'s data set and network. Free
 * it. */
char *plots_network_title(struct plots_context *context,
                          const struct results_table *table, size_t row);

/* Begins the figure KIND-DATASET-NETWORK of row `row`. */
enum spred_status plots_network_begin(struct plots_context *context,
                                      struct plots_figure *figure,
                                      const char *kind,
                                      const struct results_table *table,
                                      size_t row, size_t panels);

/* report_compression.c: the section "Compression", nothing without marks; it
 * shows the figures whose names plots_is_of_compression knows. */
enum spred_status plots_report_compression(struct plots_context *context,
                                           struct spred_buffer *out);
enum spred_status plots_report_has_marks(struct plots_context *context,
                                         int *out);
int plots_is_of_compression(const char *figure);

#endif
