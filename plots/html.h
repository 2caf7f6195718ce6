/* html.h: pieces of the report: escaped text, tables, inline SVG. Private to
 * the plots room. */
#ifndef PLOTS_HTML_H
#define PLOTS_HTML_H

#include "plots/figure.h"

/* Text with & < > " escaped; control characters and broken UTF-8 replaced, so
 * that the page is well-formed XML. Line breaks stay. */
enum spred_status plots_html_text(struct spred_env *env,
                                  struct spred_buffer *out, const char *text);

/* The SVG of a figure from the context's folder, without its prolog, every id
 * (and reference to it) prefixed with "fN-" so that several live in one page.
 * A missing file becomes a sentence. */
enum spred_status plots_html_figure(struct plots_context *context,
                                    struct spred_buffer *out, size_t number,
                                    const char *name);

/* The page's style sheet. */
extern const char plots_html_style[];

#endif
