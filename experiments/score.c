/* score.c: accuracy, balanced accuracy, AUC, log-loss, R2 of one model. */
#include "experiments/score.h"

#include <math.h>
#include <string.h>

#include "spred/metric.h"

static void predict_codes(const double *scores, size_t n, size_t outputs,
                          int32_t *predicted)
{
    for (size_t i = 0; i < n; i++) {
        size_t best = 0;
        if (outputs == 1) {
            predicted[i] = scores[i] > 0;
            continue;
        }
        for (size_t k = 1; k < outputs; k++)
            if (scores[i + k * n] > scores[i + best * n])
                best = k;
        predicted[i] = (int32_t)best;
    }
}

/* Mean squared error against -1/+1 codes (one column per class if several). */
static double coded_error(const struct part *part, const double *scores,
                          size_t outputs)
{
    double total = 0;
    for (size_t k = 0; k < outputs; k++)
        for (size_t i = 0; i < part->n; i++) {
            int32_t own = outputs == 1 ? 1 : (int32_t)k;
            double y = part->codes[i] == own ? 1 : -1;
            double d = scores[i + k * part->n] - y;
            total += d * d;
        }
    return total / (double)(part->n * outputs);
}

/* The classes of the model and those that only this part has. */
static size_t all_classes(const struct part *part, size_t n_classes)
{
    size_t count = n_classes;
    for (size_t i = 0; i < part->n; i++)
        if ((size_t)part->codes[i] >= count)
            count = (size_t)part->codes[i] + 1;
    return count;
}

/* A class that the model does not know is always missed: it counts in every
 * mean, at probability 0, and as negative in the areas of the others. */
static enum spred_status
score_classes(struct spred_env *env, const struct part *part, size_t n_classes,
              const struct spred_loss *loss, const double *scores,
              size_t outputs, struct score *out)
{
    size_t n = part->n, all = all_classes(part, n_classes);
    int32_t *predicted = spred_alloc(env, n, sizeof *predicted);
    double *share = spred_alloc(env, n * all, sizeof *share); /* zeros */
    enum spred_status status = predicted && share ? SPRED_OK : SPRED_ENOMEM;
    if (status == SPRED_OK) {
        predict_codes(scores, n, outputs, predicted);
        out->accuracy = spred_accuracy(part->codes, predicted, n);
        out->balanced_accuracy =
            spred_balanced_accuracy(part->codes, predicted, n, all);
        out->loss = coded_error(part, scores, outputs);
        if (loss == &spred_loss_logistic || loss == &spred_loss_multinomial) {
            struct spred_problem shape = {.outputs = outputs, .loss = loss};
            spred_probabilities(&shape, scores, n, share);
            out->log_loss = spred_log_loss(part->codes, share, n, all);
            out->loss = out->log_loss;
        }
        for (size_t i = 0; outputs == 1 && i < n; i++)
            predicted[i] = part->codes[i] == 1; /* no longer needed */
        status = outputs == 1 ? spred_auc(env, predicted, scores, n, &out->auc)
                              : spred_auc_multi(env, part->codes, scores, n,
                                                n_classes, &out->auc);
    }
    spred_free(env, share);
    spred_free(env, predicted);
    return status;
}

enum spred_status score_part(struct spred_env *env, const struct part *part,
                             size_t n_classes, const struct spred_loss *loss,
                             const double *scores, size_t outputs,
                             struct score *out)
{
    out->balanced_accuracy = out->accuracy = out->auc = NAN;
    out->log_loss = out->r2 = out->loss = NAN;
    if (part->n == 0)
        return SPRED_OK;
    if (n_classes > 0)
        return score_classes(env, part, n_classes, loss, scores, outputs, out);
    double total = 0;
    for (size_t i = 0; i < part->n; i++)
        total += (part->values[i] - scores[i]) * (part->values[i] - scores[i]);
    out->loss = total / (double)part->n;
    out->r2 = spred_r2(part->values, scores, part->n);
    return SPRED_OK;
}

double score_choice(const struct score *score, int plain)
{
    if (isnan(score->accuracy))
        return score->r2;
    return plain ? score->accuracy : score->balanced_accuracy;
}

int score_better(const struct score *a, const struct score *b, int plain)
{
    if (!isnan(a->accuracy)) {
        double left = score_choice(a, plain), right = score_choice(b, plain);
        if (left > right || left < right)
            return left > right;
    }
    return a->loss < b->loss;
}
