/* groups.h: the groups of a job's penalty, made from its data (private to the
 * experiments room). */
#ifndef EXPERIMENTS_GROUPS_H
#define EXPERIMENTS_GROUPS_H

#include "experiments/trial.h"

/* A partition of the features that are left after the filter. Owned;
 * zero-initialise, free with groups_free. */
struct grouping {
    struct spred_groups groups; /* count 0: none */
    size_t *first, *member;
};

/* The groups that job->groups asks for: "size N" (consecutive features of the
 * data), "symbol" (one gene symbol; features without one stay alone), "file
 * HASH" of job->group_file (a label a line, one line a feature of the data, or
 * "feature,group" lines). SPRED_EINVAL: the file changed or does not fit the
 * data; the data have no symbols. */
enum spred_status groups_make(struct spred_env *env, const struct job *job,
                              const struct spred_data *data,
                              const struct spred_prepared *prepared,
                              struct grouping *out);
void groups_free(struct spred_env *env, struct grouping *grouping);

#endif
