/* score.h: predictions of a path on held-out samples, and what they are worth.
 */
#ifndef EXPERIMENTS_SCORE_H
#define EXPERIMENTS_SCORE_H

#include "experiments/trial.h"

struct score {
    double balanced_accuracy, accuracy, auc, log_loss, r2;
    double loss; /* log-loss, or mean squared error: breaks ties */
};

/* scores: n x outputs linear predictors; outputs 1 (two classes: positive means
 * code 1; or a real-valued target) or one per class (highest wins). */
enum spred_status score_part(struct spred_env *env, const struct part *part,
                             size_t n_classes, const struct spred_loss *loss,
                             const double *scores, size_t outputs,
                             struct score *out);

/* What lambda is chosen by, higher is better: balanced accuracy; plain (the
 * paper's protocol): accuracy; real-valued: r2. */
double score_choice(const struct score *score, int plain);

/* 1 if a is the better model on the validation part: higher (balanced)
 * accuracy, then lower loss (real-valued: lower loss). */
int score_better(const struct score *a, const struct score *b, int plain);

#endif
