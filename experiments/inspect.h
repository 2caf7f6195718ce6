/* inspect.h: what a person asks before running: data, solvers, models,
 * plan. */
#ifndef EXPERIMENTS_INSPECT_H
#define EXPERIMENTS_INSPECT_H

#include <stdio.h>
#include "experiments/plan.h"

/* What a file, a Debian set or a GEO accession holds: size, targets, classes,
 * missing cells, value range. name NULL: the formats and the Debian sets. */
enum spred_status inspect_data(struct spred_env *env, const char *name,
                               const struct spred_fetch_options *fetch,
                               FILE *out);

/* Fetches a GEO accession or a Debian set and prints where it is. */
enum spred_status inspect_fetch(struct spred_env *env, const char *name,
                                const struct spred_fetch_options *fetch,
                                FILE *out);

/* All methods, or one with its options. SPRED_ENOTFOUND: nearest named. */
enum spred_status inspect_solvers(struct spred_env *env, const char *name,
                                  FILE *out);
enum spred_status inspect_models(struct spred_env *env, const char *name,
                                 FILE *out);

/* The coders and the ways to learn a dictionary. */
enum spred_status inspect_coders(struct spred_env *env, const char *name,
                                 FILE *out);

/* The jobs of a plan: counts by data set and problem; `all`: one line each with
 * its key. */
enum spred_status inspect_plan(struct spred_env *env, const struct plan *plan,
                               int all, FILE *out);

#endif
