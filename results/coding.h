/* coding.h: the queries of sparse coding. Private to the results room. */
#ifndef RESULTS_CODING_H
#define RESULTS_CODING_H

#include "results/view.h"

enum spred_status results_coding(struct spred_env *env,
                                 struct results_view *view,
                                 struct results_table *out);
enum spred_status results_coding_time(struct spred_env *env,
                                      struct results_view *view,
                                      struct results_table *out);
enum spred_status results_rate_distortion(struct spred_env *env,
                                          struct results_view *view,
                                          struct results_table *out);
enum spred_status results_pictures(struct spred_env *env,
                                   struct results_view *view,
                                   struct results_table *out);
extern const struct results_head results_coding_heads[];
extern const struct results_head results_coding_time_heads[];
extern const struct results_head results_rate_distortion_heads[];
extern const struct results_head results_pictures_heads[];

#endif
