/* mrmr.c: minimum redundancy, maximum relevance, before a linear support
 * vector machine. Peng, Long and Ding 2005, "Feature selection based on mutual
 * information: criteria of max-dependency, max-relevance, and min-redundancy";
 * for continuous genes the F-test and correlation forms of Ding and Peng 2005,
 * "Minimum redundancy feature selection from microarray gene expression data",
 * equations 7 to 10: FCQ and FCD. */
#include <float.h>
#include <math.h>

#include "solvers/models/ranked.h"

/* A correlation counts at least so much: by the quotient, a gene that happens
 * to be uncorrelated would win without any relevance. */
#define CORRELATION_MIN 1e-3
enum { EVERY = 2048 }; /* genes between two looks at the cancel callback */
enum { QUOTIENT, DIFFERENCE };

struct options {
    long genes;
    int score;
    double cost;
};
static const char *const score_names[] = {"quotient", "difference", NULL};
#define FIELD(name) offsetof(struct options, name)
static const struct spred_option table[] = {
    {"genes", SPRED_OPTION_INT, FIELD(genes), "50", 1, 10000, NULL,
     "genes that are ranked; 1, 2, 5, 10, 20, 50 ... of them are tried"},
    {"score", SPRED_OPTION_CHOICE, FIELD(score), "quotient", 0, 0, score_names,
     "relevance over redundancy, or relevance less redundancy"},
    {"C", SPRED_OPTION_REAL, FIELD(cost), "1", 1e-6, 1e6, NULL,
     "cost of an error of the support vector machine"},
    {0}};
#undef FIELD

struct work {
    double *mean, *norm;  /* p: of a gene's training samples; sqrt of the sum of
                             squares about the mean, 0 if constant */
    double *relevance;    /* p */
    double *redundancy;   /* p: sum of |correlation| with the chosen */
    double *last;         /* n: the gene chosen last, centred, norm 1 */
    double *sums, *count; /* classes */
    unsigned char *taken; /* p */
};

/* F = [sum_k n_k (m_k - m)^2 / (K - 1)] / [sum_k (n_k - 1) s_k^2 / (n - K)];
 * total = the sum of squares about the mean. */
static double f_statistic(struct work *w, const struct spred_model_task *task,
                          const float *x, double mean, double total)
{
    double between = 0, present = 0, n = (double)task->train.n;
    for (size_t k = 0; k < task->classes; k++)
        w->sums[k] = w->count[k] = 0;
    for (size_t i = 0; i < task->train.n; i++) {
        w->sums[task->train.codes[i]] += x[i] - mean;
        w->count[task->train.codes[i]] += 1;
    }
    for (size_t k = 0; k < task->classes; k++)
        if (w->count[k] > 0) {
            between += w->sums[k] * w->sums[k] / w->count[k];
            present += 1;
        }
    if (present < 2 || n <= present)
        return 0;
    double within = fmax(total - between, DBL_EPSILON * total);
    return between / (present - 1) / (within / (n - present));
}

/* |corr(x_j, y)| */
static double correlation(const struct spred_rows *train, const float *x,
                          double mean, double norm)
{
    double y_mean = 0, y_square = 0, product = 0;
    for (size_t i = 0; i < train->n; i++)
        y_mean += train->values[i] / (double)train->n;
    for (size_t i = 0; i < train->n; i++) {
        double y = train->values[i] - y_mean;
        y_square += y * y;
        product += y * (x[i] - mean);
    }
    return y_square > 0 ? fabs(product) / (norm * sqrt(y_square)) : 0;
}

/* Mean, norm and relevance of every gene. */
static enum spred_status measure(struct spred_env *env, struct work *w,
                                 const struct spred_model_task *task)
{
    const struct spred_rows *train = &task->train;
    for (size_t j = 0; j < train->p; j++) {
        const float *x = train->x + j * train->n;
        double mean = 0, total = 0;
        if (j % EVERY == 0)
            SPRED_TRY(spred_check_cancel(env));
        for (size_t i = 0; i < train->n; i++)
            mean += x[i];
        mean /= (double)train->n;
        for (size_t i = 0; i < train->n; i++)
            total += (x[i] - mean) * (x[i] - mean);
        w->mean[j] = mean;
        w->norm[j] = sqrt(total);
        if (!(total > 0))
            continue;
        w->relevance[j] = task->classes
                              ? f_statistic(w, task, x, mean, total)
                              : correlation(train, x, mean, w->norm[j]);
    }
    return SPRED_OK;
}

/* redundancy_j += max(|corr(x_j, x_chosen)|, CORRELATION_MIN) */
static enum spred_status add_redundancy(struct spred_env *env, struct work *w,
                                        const struct spred_rows *train,
                                        size_t chosen)
{
    size_t n = train->n;
    for (size_t i = 0; i < n; i++)
        w->last[i] = (train->x[i + chosen * n] - w->mean[chosen]) /
                     fmax(w->norm[chosen], DBL_MIN);
    for (size_t j = 0; j < train->p; j++) {
        const float *x = train->x + j * n;
        double product = 0;
        if (j % EVERY == 0)
            SPRED_TRY(spred_check_cancel(env));
        if (w->taken[j] || !(w->norm[j] > 0))
            continue;
        for (size_t i = 0; i < n; i++) /* last is centred: x need not be */
            product += w->last[i] * x[i];
        w->redundancy[j] += fmax(fabs(product) / w->norm[j], CORRELATION_MIN);
    }
    return SPRED_OK;
}

/* The best of the genes not taken; the first of equals; a constant one last. */
static size_t best_gene(const struct work *w, size_t p, size_t chosen,
                        int score)
{
    size_t best = p;
    double highest = -INFINITY;
    for (size_t j = 0; j < p; j++) {
        double value = w->relevance[j];
        if (w->taken[j])
            continue;
        if (!(w->norm[j] > 0))
            value = -DBL_MAX;
        else if (chosen > 0 && score == QUOTIENT)
            value /= w->redundancy[j] / (double)chosen;
        else if (chosen > 0)
            value -= w->redundancy[j] / (double)chosen;
        if (best == p || value > highest) {
            highest = value;
            best = j;
        }
    }
    return best;
}

/* Greedily: the gene that is most relevant and least like those before it. */
static enum spred_status rank_genes(struct spred_env *env, struct work *w,
                                    struct ranked *state,
                                    const struct options *options,
                                    const struct spred_model_task *task,
                                    size_t count)
{
    SPRED_TRY(measure(env, w, task));
    for (size_t k = 0; k < count; k++) {
        size_t gene = best_gene(w, state->p, k, options->score);
        state->order[k] = gene;
        w->taken[gene] = 1;
        if (k + 1 < count)
            SPRED_TRY(add_redundancy(env, w, &task->train, gene));
    }
    return SPRED_OK;
}

static enum spred_status rank(struct spred_env *env, struct ranked *state,
                              const struct options *options,
                              const struct spred_model_task *task, size_t count)
{
    struct work w = {0};
    size_t p = task->train.p;
    size_t k = task->classes ? task->classes : 1;
    enum spred_status status = SPRED_ENOMEM;
    double *block =
        spred_alloc(env, 4 * p + task->train.n + 2 * k, sizeof *block);
    w.taken = spred_alloc(env, p, 1);
    if (block && w.taken) {
        w.mean = block;
        w.norm = w.mean + p;
        w.relevance = w.norm + p;
        w.redundancy = w.relevance + p;
        w.sums = w.redundancy + p;
        w.count = w.sums + k;
        w.last = w.count + k;
        status = rank_genes(env, &w, state, options, task, count);
    }
    spred_free(env, block);
    spred_free(env, w.taken);
    return status;
}

/* 1, 2, 5, 10, 20, 50, 100 ... */
static size_t next_size(size_t size)
{
    size_t lead = size;
    while (lead >= 10)
        lead /= 10;
    return lead == 2 ? size / 2 * 5 : size * 2;
}

static enum spred_status fit(struct spred_env *env, void *memory,
                             const void *given,
                             const struct spred_model_task *task,
                             struct spred_model_report *report)
{
    struct ranked *state = memory;
    const struct options *options = given;
    size_t p = task->train.p, count = (size_t)options->genes;
    if (count > p)
        count = p;
    state->p = p;
    state->order = spred_alloc(env, count, sizeof *state->order);
    if (!state->order)
        return SPRED_ENOMEM;
    SPRED_TRY(rank(env, state, options, task, count));
    report->steps = (long)count;
    report->passes = 1 + (double)(count - 1);
    for (size_t size = 1; size < count; size = next_size(size))
        SPRED_TRY(ranked_offer(env, state, options->cost, task, size));
    return ranked_offer(env, state, options->cost, task, count);
}

const struct spred_model spred_model_mrmr = {
    .name = "mrmr",
    .doc = "filter: relevant genes that are not redundant, then a linear SVM",
    .reference = "Peng, Long, Ding 2005; Ding, Peng 2005 (FCQ, FCD)",
    .api_version = 1,
    .takes = SPRED_MODEL_CLASSES | SPRED_MODEL_REAL | SPRED_MODEL_CHOOSES,
    .state_size = sizeof(struct ranked),
    .options_size = sizeof(struct options),
    .options = table,
    .fit = fit,
    .predict = ranked_predict,
    .genes = ranked_genes,
    .free = ranked_free,
};
