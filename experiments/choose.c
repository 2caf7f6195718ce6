/* choose.c: lambda by the validation part, one look at the test part, genes. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "experiments/path.h"

static int complete(const struct path *path, size_t lambda)
{
    for (size_t k = 0; k < path->outputs; k++)
        if (!path->seen[lambda * path->outputs + k])
            return 0;
    return 1;
}

static int by_size(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    if (x->output != y->output)
        return x->output < y->output ? -1 : 1;
    if (fabs(x->weight) > fabs(y->weight) || fabs(x->weight) < fabs(y->weight))
        return fabs(x->weight) > fabs(y->weight) ? -1 : 1;
    return x->feature < y->feature ? -1 : x->feature > y->feature;
}

#define MAX_GENES 200 /* rows stored per output */

static enum spred_status keep_genes(struct path *path, size_t chosen)
{
    struct results_record *record = path->record;
    const struct spred_data *data = &path->trial.data;
    size_t count = 0;
    for (size_t e = 0; e < path->n_entries; e++)
        if (path->entries[e].lambda == chosen)
            path->entries[count++] = path->entries[e];
    if (count)
        qsort(path->entries, count, sizeof *path->entries, by_size);
    record->genes = spred_alloc(path->env, count, sizeof *record->genes);
    unsigned char *used = spred_alloc(path->env, path->trial.p, 1);
    enum spred_status status = record->genes && used ? SPRED_OK : SPRED_ENOMEM;
    int64_t rank = 0, support = 0;
    for (size_t e = 0; status == SPRED_OK && e < count; e++) {
        const struct entry *entry = &path->entries[e];
        size_t raw = path->trial.prepared.kept[entry->feature];
        rank = e && entry[-1].output == entry->output ? rank + 1 : 1;
        support += !used[entry->feature];
        used[entry->feature] = 1;
        if (rank > MAX_GENES)
            continue;
        struct results_gene *gene = &record->genes[record->n_genes++];
        results_row_clear(results_gene_columns, gene);
        gene->output = (int64_t)entry->output + 1;
        gene->rank = rank;
        gene->weight = entry->weight;
        gene->job = spred_strdup(path->env, record->run.job);
        gene->feature = spred_strdup(path->env, data->features[raw]);
        gene->symbol = spred_strdup(path->env, data->symbols[raw]);
        if (!gene->job || !gene->feature || !gene->symbol)
            status = SPRED_ENOMEM;
    }
    record->run.support = support;
    spred_free(path->env, used);
    return status;
}

enum spred_status path_choose(struct path *path)
{
    struct results_run *row = &path->record->run;
    struct trial *trial = &path->trial;
    size_t block = path->outputs, chosen = path->n_lambda;
    struct score best = {0}, score;
    int plain = strcmp(path->job->protocol, "paper") == 0;
    for (size_t l = 0; l < path->n_lambda; l++) {
        if (!complete(path, l))
            continue;
        SPRED_TRY(score_part(
            path->env, &trial->validate, trial->n_classes, path->loss,
            path->validate + l * block * trial->validate.n, block, &score));
        for (size_t i = 0; i < path->record->n_points; i++) {
            struct results_point *point = &path->record->points[i];
            if (point->last && point->lambda_index == (int64_t)l + 1)
                point->validation = score_choice(&score, plain);
        }
        if (chosen == path->n_lambda || score_better(&score, &best, plain)) {
            chosen = l;
            best = score;
        }
    }
    if (chosen == path->n_lambda)
        return SPRED_OK; /* nothing came out of the path */
    row->validation = score_choice(&best, plain);
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
    return keep_genes(path, chosen);
}
