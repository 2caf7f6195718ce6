/* html.h: pieces of the report: escaped text, tables, inline SVG. Private to
 * the plots room. */
#ifndef PLOTS_HTML_H
#define PLOTS_HTML_H

#include "plots/figure.h"

/* Text with & < > " escaped; control characters and broken UTF-8 replaced, so
 * that the page is well-formed XML. Line breaks stay. */
enum spred_status plots_html_text(struct spred_env *env,
                                  struct spred_buffer *out, const char *text);

/* A column of a table of the report. PLOTS_POINTS: a share, shown in points
 * (hundredths), as the title says. */
enum { PLOTS_POINTS = -1 };
struct plots_column {
    const char *title, *name;
    int digits;       /* 0: text; PLOTS_POINTS; else significant digits */
    const char *half; /* shown after the number as +- */
};
/* Rows first .. end - 1; columns end with a NULL title. */
enum spred_status plots_html_table(struct spred_env *env,
                                   struct spred_buffer *out,
                                   const struct results_table *table,
                                   size_t first, size_t end,
                                   const struct plots_column *columns);

/* report_methods.c: the section "Methods", nothing in a store without models;
 * it shows the figures whose names plots_is_of_methods knows. */
enum spred_status plots_report_methods(struct plots_context *context,
                                       struct spred_buffer *out);
enum spred_status plots_report_has_methods(struct plots_context *context,
                                           int *out);
int plots_is_of_methods(const char *figure);

/* report_coding.c: sparse coding; nothing in a store without it. */
enum spred_status plots_report_coding(struct plots_context *context,
                                      struct spred_buffer *out);

/* The SVG of a figure from the context's folder, without its prolog, every id
 * (and reference to it) prefixed with "fN-" so that several live in one page.
 * A missing file becomes a sentence. */
enum spred_status plots_html_figure(struct plots_context *context,
                                    struct spred_buffer *out, size_t number,
                                    const char *name);

/* The page's style sheet. */
extern const char plots_html_style[];

#endif
