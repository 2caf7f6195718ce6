/* choose.c: the choice of lambda, one look at the test part, genes. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "experiments/path.h"
#include "experiments/spec.h"

static int by_size(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    if (x->output != y->output)
        return x->output < y->output ? -1 : 1;
    if (fabs(x->weight) > fabs(y->weight) || fabs(x->weight) < fabs(y->weight))
        return fabs(x->weight) > fabs(y->weight) ? -1 : 1;
    return x->feature < y->feature ? -1 : x->feature > y->feature;
}

/* Genes stored per output of a model that uses more than half of them, unless
 * the model is the aim (cross-validation). */
#define MAX_GENES 200

static double scale_of(const struct path *path, size_t feature)
{
    const double *scale = path->trial.prepared.scale;
    return scale ? scale[feature] : 1;
}

/* b - sum of coefficient * mean: for features as they are, not centred. */
static double raw_intercept(const struct path *path, size_t chosen,
                            size_t output, size_t count)
{
    const double *mean = path->trial.prepared.mean;
    double b = path->intercept[chosen * path->outputs + output];
    for (size_t e = 0; mean && e < count; e++) {
        const struct entry *entry = &path->entries[e];
        if (entry->output == output)
            b -= entry->weight * scale_of(path, entry->feature) *
                 mean[entry->feature];
    }
    return b;
}

static enum spred_status add_gene(struct path *path, size_t output,
                                  int64_t rank, double weight,
                                  double coefficient, const char *feature,
                                  const char *symbol)
{
    struct results_record *record = path->record;
    struct results_gene *gene = &record->genes[record->n_genes++];
    results_row_clear(results_gene_columns, gene);
    gene->output = (int64_t)output + 1;
    gene->rank = rank;
    gene->weight = weight;
    gene->coefficient = coefficient;
    gene->job = spred_strdup(path->env, record->run.job);
    gene->feature = feature ? spred_strdup(path->env, feature) : NULL;
    gene->symbol = spred_strdup(path->env, symbol);
    return gene->job && (!feature || gene->feature) && gene->symbol
               ? SPRED_OK
               : SPRED_ENOMEM;
}

/* Brings the entries of the chosen lambda to the front, by output and size; the
 * others stay, behind them. */
static size_t gather(struct path *path, size_t chosen)
{
    size_t count = 0;
    for (size_t e = 0; e < path->n_entries; e++)
        if (path->entries[e].lambda == chosen) {
            struct entry other = path->entries[count];
            path->entries[count++] = path->entries[e];
            path->entries[e] = other;
        }
    if (count)
        qsort(path->entries, count, sizeof *path->entries, by_size);
    return count;
}

/* Features in the first `count` entries. */
static size_t count_support(const struct path *path, size_t count,
                            unsigned char *used)
{
    size_t support = 0;
    for (size_t e = 0; e < count; e++) {
        support += !used[path->entries[e].feature];
        used[path->entries[e].feature] = 1;
    }
    return support;
}

static enum spred_status keep_genes(struct path *path, size_t chosen)
{
    struct results_record *record = path->record;
    const struct spred_data *data = &path->trial.data;
    size_t count = gather(path, chosen);
    record->genes =
        spred_alloc(path->env, count + path->outputs, sizeof *record->genes);
    unsigned char *used = spred_alloc(path->env, path->trial.p, 1);
    enum spred_status status = record->genes && used ? SPRED_OK : SPRED_ENOMEM;
    size_t support = used ? count_support(path, count, used) : 0;
    int64_t rank, most = INT64_MAX;
    if (path->job->choose != SPEC_CHOOSE_CV && 2 * support > path->trial.p)
        most = MAX_GENES;
    for (size_t k = 0, e = 0; status == SPRED_OK && k < path->outputs; k++) {
        double b = path->intercept[chosen * path->outputs + k];
        status = add_gene(path, k, 0, b, raw_intercept(path, chosen, k, count),
                          NULL, "(intercept)");
        for (rank = 1;
             status == SPRED_OK && e < count && path->entries[e].output == k;
             e++, rank++) {
            const struct entry *entry = &path->entries[e];
            size_t raw = path->trial.prepared.kept[entry->feature];
            if (rank <= most)
                status =
                    add_gene(path, k, rank, entry->weight,
                             entry->weight * scale_of(path, entry->feature),
                             data->features[raw], data->symbols[raw]);
        }
    }
    record->run.support = (int64_t)support;
    spred_free(path->env, used);
    return status;
}

/* The last point of a lambda (and output), from *at on; NULL: no more. */
static struct results_point *last_point(const struct path *path, size_t lambda,
                                        size_t *at)
{
    for (; *at < path->record->n_points; ++*at) {
        struct results_point *point = &path->record->points[*at];
        if (point->last && point->lambda_index == (int64_t)lambda + 1)
            return &path->record->points[(*at)++];
    }
    return NULL;
}

/* By the validation part. *chosen stays n_lambda when there is no model. */
static enum spred_status by_validation(struct path *path, size_t *chosen)
{
    struct trial *trial = &path->trial;
    struct score best = {0}, score;
    size_t block = path->outputs;
    int plain = strcmp(path->job->protocol, "paper") == 0;
    for (size_t l = 0; l < path->n_lambda; l++) {
        struct results_point *point;
        if (!path_complete(path, l))
            continue;
        SPRED_TRY(score_part(
            path->env, &trial->validate, trial->n_classes, path->loss,
            path->validate + l * block * trial->validate.n, block, &score));
        for (size_t at = 0; (point = last_point(path, l, &at));)
            point->validation = score_choice(&score, plain);
        if (*chosen == path->n_lambda || score_better(&score, &best, plain)) {
            *chosen = l;
            best = score;
        }
    }
    if (*chosen < path->n_lambda)
        path->record->run.validation = score_choice(&best, plain);
    return SPRED_OK;
}

/* The least cross-validated loss, or the largest lambda within one standard
 * error of it. A lambda without a model in the refit or in a fold stands
 * aside. */
static void by_folds(struct path *path, size_t *chosen)
{
    struct results_run *row = &path->record->run;
    const double *loss = path->cv_loss;
    size_t n = path->n_lambda, least = n, within = 0;
    for (size_t l = 0; l < n; l++) {
        struct results_point *point;
        for (size_t at = 0; (point = last_point(path, l, &at));) {
            point->cv_loss = loss[l];
            point->cv_se = path->cv_se[l];
        }
        if (path_complete(path, l) && !isnan(loss[l]) &&
            (least == n || loss[l] < loss[least]))
            least = l;
    }
    if (least == n)
        return;
    while (!path_complete(path, within) ||
           !(loss[within] <= loss[least] + path->cv_se[least]))
        within++; /* at the latest at the least itself */
    *chosen = path->job->choose_1se ? within : least;
    row->ratio_min = path->lambda[least] / path->lambda_max;
    row->ratio_1se = path->lambda[within] / path->lambda_max;
    row->cv_loss = loss[*chosen];
    row->cv_se = path->cv_se[*chosen];
}

/* Near zeros and the truth at the chosen lambda, over the outputs together. */
static enum spred_status count_chosen(struct path *path, size_t chosen)
{
    struct results_run *row = &path->record->run;
    const struct trial *trial = &path->trial;
    const double *truth = trial->data.truth;
    unsigned char *seen = spred_alloc(path->env, trial->p, 1);
    size_t above = 0, hits = 0;
    if (!seen)
        return SPRED_ENOMEM;
    for (size_t e = 0; e < path->n_entries; e++) {
        const struct entry *entry = &path->entries[e];
        if (entry->lambda != chosen)
            continue;
        int small = fabs(entry->weight) <= PATH_SMALL;
        hits += truth && seen[entry->feature] == 0 &&
                fabs(truth[trial->prepared.kept[entry->feature]]) > 0;
        above += !small && seen[entry->feature] < 2;
        seen[entry->feature] |= small ? 1 : 2;
    }
    spred_free(path->env, seen);
    row->zeros = 1 - (double)above / (double)trial->p;
    if (!truth)
        return SPRED_OK;
    row->truth = 0;
    row->true_positives = (int64_t)hits;
    for (size_t j = 0; j < trial->data.x.cols; j++)
        row->truth += fabs(truth[j]) > 0;
    return SPRED_OK;
}

/* W of the chosen lambda as the metrics see it: p x outputs. */
static double *chosen_weights(const struct path *path, size_t chosen,
                              size_t *support)
{
    size_t p = path->trial.p;
    double *w = spred_alloc(path->env, p * path->outputs, sizeof *w);
    if (!w)
        return NULL;
    for (size_t e = 0; e < path->n_entries; e++) {
        const struct entry *entry = &path->entries[e];
        if (entry->lambda == chosen)
            w[entry->output * p + entry->feature] = entry->weight;
    }
    *support = 0;
    for (size_t j = 0; j < p; j++) {
        int used = 0;
        for (size_t k = 0; k < path->outputs; k++)
            used |= w[k * p + j] < 0 || w[k * p + j] > 0;
        *support += (size_t)used;
    }
    return w;
}

/* The script's metrics of the test part. */
static enum spred_status measure(struct path *path, size_t chosen)
{
    const struct parts_metric *metrics =
        path->parts ? path->parts->metrics : NULL;
    struct results_record *record = path->record;
    const struct part *test = &path->trial.test;
    size_t count = 0;
    while (metrics && metrics[count].name)
        count++;
    if (count == 0 || test->n == 0)
        return SPRED_OK;
    struct parts_sample sample = {.n = test->n,
                                  .outputs = path->outputs,
                                  .n_classes = path->trial.n_classes,
                                  .codes = test->codes,
                                  .values = test->values,
                                  .scores = path->test +
                                            chosen * path->outputs * test->n,
                                  .p = path->trial.p};
    double *w = chosen_weights(path, chosen, &sample.support);
    sample.weights = w;
    record->metrics = spred_alloc(path->env, count, sizeof *record->metrics);
    enum spred_status status = w && record->metrics ? SPRED_OK : SPRED_ENOMEM;
    for (size_t i = 0; status == SPRED_OK && i < count; i++) {
        struct results_metric *row = &record->metrics[record->n_metrics++];
        results_row_clear(results_metric_columns, row);
        row->job = spred_strdup(path->env, record->run.job);
        row->name = spred_strdup(path->env, metrics[i].name);
        status = row->job && row->name
                     ? metrics[i].score(metrics[i].self, path->env, &sample,
                                        &row->value)
                     : SPRED_ENOMEM;
    }
    spred_free(path->env, w);
    return status;
}

enum spred_status path_choose(struct path *path)
{
    struct results_run *row = &path->record->run;
    struct trial *trial = &path->trial;
    size_t block = path->outputs, chosen = path->n_lambda;
    struct score score;
    if (path->job->choose == SPEC_CHOOSE_HOLDOUT)
        SPRED_TRY(by_validation(path, &chosen));
    else if (path->job->choose == SPEC_CHOOSE_CV)
        by_folds(path, &chosen);
    else
        for (size_t l = 0; l < path->n_lambda; l++)
            chosen = path_complete(path, l) ? l : chosen;
    if (chosen == path->n_lambda)
        return SPRED_OK; /* nothing came out of the path */
    row->lambda_ratio = path->lambda[chosen] / path->lambda_max;
    row->objective = path->objective[chosen];
    SPRED_TRY(score_part(path->env, &trial->test, trial->n_classes, path->loss,
                         path->test + chosen * block * trial->test.n, block,
                         &score));
    row->accuracy = score.accuracy;
    row->balanced_accuracy = score.balanced_accuracy;
    row->auc = score.auc;
    row->log_loss = score.log_loss;
    row->r2 = score.r2;
    SPRED_TRY(count_chosen(path, chosen));
    SPRED_TRY(measure(path, chosen));
    return keep_genes(path, chosen);
}
