/* learn_score.c: what a model's scores are worth, and the rows of the one that
 * stands. */
#include "experiments/learn_part.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "spred/problem.h"

/* Genes stored of a model that uses them all. */
#define MAX_GENES 200

void learn_fold(const struct learn *learn, double *scores, size_t n)
{
    if (learn->columns == learn->outputs)
        return;
    for (size_t i = 0; i < n; i++)
        scores[i] = scores[i + n] - scores[i];
}

enum spred_status learn_value(struct learn *learn, struct spred_env *env,
                              const struct part *part, const double *scores,
                              struct score *out)
{
    SPRED_TRY(score_part(env, part, learn->trial.n_classes, learn->loss, scores,
                         learn->columns, out));
    /* Scores that are no logits have no scale: their ranks break ties; what
     * ties there, too, falls to the earlier offer. */
    if (learn->trial.n_classes && !learn->loss)
        out->loss = 1 - out->auc;
    return SPRED_OK;
}

struct ranked {
    size_t feature;
    double importance;
};

static int by_importance(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    if (x->importance > y->importance || x->importance < y->importance)
        return x->importance > y->importance ? -1 : 1;
    return x->feature < y->feature ? -1 : x->feature > y->feature;
}

static enum spred_status add_gene(struct learn *learn,
                                  const struct ranked *ranked, int64_t rank)
{
    const struct spred_data *data = &learn->trial.data;
    struct results_record *record = learn->record;
    size_t raw = learn->trial.prepared.kept[ranked->feature];
    struct results_gene *gene = &record->genes[record->n_genes++];
    results_row_clear(results_gene_columns, gene);
    gene->output = 1;
    gene->rank = rank;
    gene->weight = ranked->importance;
    gene->job = spred_strdup(learn->env, record->run.job);
    gene->feature = spred_strdup(learn->env, data->features[raw]);
    gene->symbol = spred_strdup(learn->env, data->symbols[raw]);
    return gene->job && gene->feature && gene->symbol ? SPRED_OK : SPRED_ENOMEM;
}

/* The genes by importance: all of a model that chooses. */
static enum spred_status keep_genes(struct learn *learn)
{
    struct spred_env *env = learn->env;
    const double *importance = learn->best.importance;
    size_t p = learn->trial.p, count = 0;
    struct ranked *ranked = spred_alloc(env, p, sizeof *ranked);
    if (!ranked)
        return SPRED_ENOMEM;
    for (size_t j = 0; j < p; j++)
        if (importance[j] > 0)
            ranked[count++] = (struct ranked){j, importance[j]};
    if (count)
        qsort(ranked, count, sizeof *ranked, by_importance);
    if (!(learn->model->takes & SPRED_MODEL_CHOOSES) && count > MAX_GENES)
        count = MAX_GENES;
    learn->record->genes =
        spred_alloc(env, count, sizeof *learn->record->genes);
    enum spred_status status = learn->record->genes ? SPRED_OK : SPRED_ENOMEM;
    for (size_t i = 0; status == SPRED_OK && i < count; i++)
        status = add_gene(learn, &ranked[i], (int64_t)i + 1);
    spred_free(env, ranked);
    return status;
}

/* Simulated data: how many of the genes with an effect take part. */
static void count_truth(struct learn *learn)
{
    struct results_run *row = &learn->record->run;
    const struct trial *trial = &learn->trial;
    const double *truth = trial->data.truth;
    int all = !(learn->model->takes & SPRED_MODEL_CHOOSES);
    if (!truth)
        return;
    row->truth = row->true_positives = 0;
    for (size_t j = 0; j < trial->data.x.cols; j++)
        row->truth += fabs(truth[j]) > 0;
    for (size_t j = 0; j < trial->p; j++)
        row->true_positives += (all || learn->best.importance[j] > 0) &&
                               fabs(truth[trial->prepared.kept[j]]) > 0;
}

/* The script's metrics; a model's weights are its genes' importance, the same
 * in every output. */
static enum spred_status measure(struct learn *learn)
{
    const struct parts_metric *metrics =
        learn->parts ? learn->parts->metrics : NULL;
    struct spred_env *env = learn->env;
    struct results_record *record = learn->record;
    const struct part *test = &learn->trial.test;
    size_t count = 0, p = learn->trial.p;
    while (metrics && metrics[count].name)
        count++;
    if (count == 0 || test->n == 0)
        return SPRED_OK;
    double *weights = spred_alloc(env, p * learn->columns, sizeof *weights);
    record->metrics = spred_alloc(env, count, sizeof *record->metrics);
    enum spred_status status =
        weights && record->metrics ? SPRED_OK : SPRED_ENOMEM;
    for (size_t k = 0; weights && k < learn->columns; k++)
        memcpy(weights + k * p, learn->best.importance, p * sizeof *weights);
    const struct parts_sample sample = {.n = test->n,
                                        .outputs = learn->columns,
                                        .n_classes = learn->trial.n_classes,
                                        .codes = test->codes,
                                        .values = test->values,
                                        .scores = learn->best.test,
                                        .support = (size_t)learn->best.support,
                                        .weights = weights,
                                        .p = p};
    for (size_t i = 0; status == SPRED_OK && i < count; i++) {
        struct results_metric *row = &record->metrics[record->n_metrics++];
        results_row_clear(results_metric_columns, row);
        row->job = spred_strdup(env, record->run.job);
        row->name = spred_strdup(env, metrics[i].name);
        status = row->job && row->name ? metrics[i].score(metrics[i].self, env,
                                                          &sample, &row->value)
                                       : SPRED_ENOMEM;
    }
    spred_free(env, weights);
    return status;
}

enum spred_status learn_report(struct learn *learn)
{
    struct results_run *row = &learn->record->run;
    struct score score;
    int plain = strcmp(learn->job->protocol, "paper") == 0;
    if (learn->validate.n)
        row->validation = score_choice(&learn->best.score, plain);
    SPRED_TRY(learn_value(learn, learn->env, &learn->trial.test,
                          learn->best.test, &score));
    row->accuracy = score.accuracy;
    row->balanced_accuracy = score.balanced_accuracy;
    row->auc = score.auc;
    row->log_loss = score.log_loss;
    row->r2 = score.r2;
    row->support = learn->best.support;
    learn->record->arrays = learn->best.arrays;
    learn->record->n_arrays = learn->best.n_arrays;
    learn->best.arrays = NULL;
    learn->best.n_arrays = 0;
    count_truth(learn);
    SPRED_TRY(measure(learn));
    return keep_genes(learn);
}
