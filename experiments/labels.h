/* labels.h: from a data set's target to what one trial trains and tests on. */
#ifndef EXPERIMENTS_LABELS_H
#define EXPERIMENTS_LABELS_H

#include "spred/data.h"

#define LABELS_MIN_CLASS 3 /* samples a class needs to be split in three */

/* A target made ready: classes with too few samples are dropped, the rest is
 * renumbered. Owned; labels_free. */
struct labels {
    size_t n;         /* samples of the data set */
    size_t n_classes; /* 0: a real-valued target */
    int32_t *codes;   /* n: 0..n_classes-1 or -1 (left out); NULL if real */
    double *values;   /* n: NaN = left out; NULL if classes */
    char **names;     /* n_classes, copies */
    size_t used;      /* samples that take part */
    char *note;       /* what was dropped, or "" */
};

/* target "auto": spred_data_auto_target. SPRED_EINVAL / SPRED_ENOTFOUND: no
 * such target (nearest named), fewer than two classes left. *picked: the
 * target's name (spred_free). */
enum spred_status labels_make(struct spred_env *env,
                              const struct spred_data *data, const char *target,
                              struct labels *out, char **picked);
void labels_free(struct spred_env *env, struct labels *labels);

#endif
