/* soft.h: what the head of a GDS SOFT file says. Private to the reader. */
#ifndef SPRED_SOFT_H
#define SPRED_SOFT_H

#include "io.h"

/* One ^SUBSET; spans into the file. */
struct soft_subset {
    struct spred_span description, samples, type;
    struct spred_scan line; /* where the samples stand, for messages */
};

struct soft_head {
    struct spred_span accession, title, platform, value_type;
    int64_t features, samples; /* as stated */
    int has_features, has_samples;
    struct spred_scan columns;   /* the header of the table, for messages */
    struct soft_subset *subsets; /* n_subsets, in file order */
    size_t n_subsets;
};

/* soft_targets.c: a class target for each subset type, in order of appearance,
 * its levels the subsets in order; fills out->note. */
enum spred_status spred_soft_targets(struct spred_env *env,
                                     const struct soft_head *head,
                                     struct spred_data *out);

#endif
