/* show_parts.h: the rows below a run, described for a person. Private to the
 * results room. */
#ifndef RESULTS_SHOW_PARTS_H
#define RESULTS_SHOW_PARTS_H

#include "results/view.h"
#include "spred/text.h"

/* Appends how every lambda of the run (id in the store) ended, or nothing where
 * it has no points. every: all points, not the last of each lambda alone;
 * convex 0: stationarity in place of the gap. */
enum spred_status results_show_points(struct spred_env *env,
                                      struct results_view *view, int64_t id,
                                      int every, int convex,
                                      struct spred_buffer *out);

/* Appends how sparse its networks are by each rule, and what is left of each
 * layer. */
enum spred_status results_show_marks(struct spred_env *env,
                                     struct results_view *view, int64_t id,
                                     struct spred_buffer *out);

#endif
