/* show.h: one store, or one run of it, described for a person. */
#ifndef RESULTS_SHOW_H
#define RESULTS_SHOW_H

#include "results/query.h"
#include "spred/text.h"

/* Appends how many runs ended how, and the reasons of those that did not end
 * certified. */
enum spred_status results_show_status(struct spred_env *env,
                                      struct results_view *view,
                                      struct spred_buffer *out);

/* Appends every column of the run whose key starts with head, with its meaning;
 * of several such runs only a list. SPRED_ENOTFOUND: no run has such a key. */
enum spred_status results_show_run(struct spred_env *env,
                                   struct results_view *view, const char *head,
                                   struct spred_buffer *out);

#endif
