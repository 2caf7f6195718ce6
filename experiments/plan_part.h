/* plan_part.h: what the jobs of solvers and of models share; private. */
#ifndef EXPERIMENTS_PLAN_PART_H
#define EXPERIMENTS_PLAN_PART_H

#include "experiments/plan.h"

/* Everything but the method and its problem. */
enum spred_status plan_common(struct spred_env *env, const struct spec *spec,
                              const struct source *source, int64_t trial,
                              const char *machine, struct job *job);
/* The script, when it can change this job; used: the job names a part of it. */
enum spred_status plan_script(struct spred_env *env, const struct spec *spec,
                              int used, struct job *job);
/* All options of a method, defaults included, as canonical text; NULL: an error
 * with its place. */
char *plan_options(struct spred_env *env, const struct spec *spec,
                   const char *name, const struct spred_option *table,
                   size_t size, const struct spec_setting *settings, size_t n);
/* Whether the networks of the plan's jobs fit their data sets; SPRED_EINVAL:
 * the place of the model, the data set and the layer that does not. */
enum spred_status plan_fits(struct spred_env *env, const struct spec *spec,
                            const struct source *sources, size_t n_sources,
                            const struct plan *plan);

#endif
