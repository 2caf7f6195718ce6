/* hsic_lasso.c: genes by block HSIC Lasso, then a Gaussian SVM on them.
 * Yamada, Jitkrittum, Sigal, Xing, Sugiyama 2014, "High-dimensional feature
 * selection by feature-wise kernelized lasso", equation 2:
 *     min 1/2 |L - sum_j a_j K_j|_F^2 + lambda sum_j a_j,  a >= 0,
 * K_j and L centred kernels of a gene and of the target; block version:
 * Climente-Gonzalez, Azencott, Kaski, Yamada 2019. By non-negative LARS until
 * `features` genes take part.
 *
 * Centred kernels are positive semidefinite, so no <K_i, K_j> is negative, and
 * a gene can join only once lambda is down to its own <K_j, L>: genes are put
 * in that order, and the LARS asks for the best ones alone. Their vectors are
 * kept while they fit `memory`; those of others are computed when needed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "solvers/models/hsic_kernels.h"
#include "solvers/models/nn_lars.h"
#include "solvers/models/svm.h"
#include "spred/model.h"

enum { POLL_VALUES = 1 << 20 }; /* kernel values between two looks at cancel */

struct options {
    long features, block, repeats, memory;
    int nested;
    double cost, gamma;
};

static const struct spred_option table[] = {
    {"features", SPRED_OPTION_INT, offsetof(struct options, features), "50", 1,
     1000, NULL, "genes to choose; the path ends there"},
    {"nested", SPRED_OPTION_BOOL, offsetof(struct options, nested), "true", 0,
     0, NULL, "offer also 5, 10, 20, 50, 100 ... of them, each with its SVM"},
    {"block", SPRED_OPTION_INT, offsetof(struct options, block), "20", 0, 10000,
     NULL, "samples in a block of the kernels (B); 0: all in one"},
    {"permutations", SPRED_OPTION_INT, offsetof(struct options, repeats), "3",
     1, 1000, NULL, "permutations of the samples before blocks are cut (M)"},
    {"C", SPRED_OPTION_REAL, offsetof(struct options, cost), "1", 1e-6, 1e9,
     NULL, "cost of the SVM"},
    {"gamma", SPRED_OPTION_REAL, offsetof(struct options, gamma), "0", 0, 1e6,
     NULL, "of the SVM's kernel; 0: 1 / (genes * variance of their values)"},
    {"memory", SPRED_OPTION_INT, offsetof(struct options, memory), "512", 0,
     1 << 20, NULL, "most MiB for kept kernels; others are computed again"},
    {0}};

struct state {
    size_t p, chosen; /* genes in use */
    size_t *set;      /* features: of the model that stands */
    double *weight;   /* their a > 0 */
    struct svm_machine *svm;
};

/* One fit. Genes are numbered by falling <K_j, L>. */
struct path {
    struct spred_env *env;
    const struct spred_rows *train;
    struct hsic_blocks blocks;
    float *target, *gene, *column; /* blocks.length each */
    double *with_y;                /* p */
    size_t *gene_of;               /* p */
    float **kept;                  /* p: vectors, or NULL */
    size_t kept_count, kept_most;
    size_t since_poll;
    struct nn_lars *lars;
    double computed; /* genes whose kernels were computed, with repeats */
};

static enum spred_status poll(struct path *path)
{
    path->since_poll += path->blocks.length;
    if (path->since_poll < POLL_VALUES)
        return SPRED_OK;
    path->since_poll = 0;
    return spred_check_cancel(path->env);
}

/* A gene's vector: kept, or in path->gene. NULL: no memory. */
static const float *vector_of(struct path *path, size_t j)
{
    size_t gene = path->gene_of[j];
    float *out = path->kept[j];
    if (out)
        return out;
    out = path->gene;
    if (path->kept_count < path->kept_most) {
        out = spred_resize(path->env, NULL, path->blocks.length, sizeof *out);
        if (!out)
            return NULL;
        path->kept[j] = out;
        path->kept_count++;
    }
    hsic_gene(&path->blocks, path->train->x + gene * path->train->n, out);
    path->computed++;
    return out;
}

static enum spred_status products(void *cookie, size_t column, size_t from,
                                  size_t to, double *out)
{
    struct path *path = cookie;
    size_t length = path->blocks.length;
    const float *vector = vector_of(path, column);
    if (!vector)
        return SPRED_ENOMEM;
    memcpy(path->column, vector, length * sizeof *vector);
    for (size_t j = from; j < to; j++) {
        SPRED_TRY(poll(path));
        vector = vector_of(path, j);
        if (!vector)
            return SPRED_ENOMEM;
        out[j - from] = hsic_dot(path->column, vector, length);
    }
    return SPRED_OK;
}

struct ranked {
    double value;
    size_t gene;
};

/* Falling values; ties by gene. */
static int by_value(const void *left, const void *right)
{
    const struct ranked *a = left, *b = right;
    if (a->value > b->value || a->value < b->value)
        return a->value < b->value ? 1 : -1;
    return (a->gene > b->gene) - (a->gene < b->gene);
}

/* <K_j, L> of every gene, and the genes in that order. */
static enum spred_status rank(struct path *path)
{
    size_t n = path->train->n, p = path->train->p;
    struct ranked *ranked = spred_alloc(path->env, p, sizeof *ranked);
    enum spred_status status = ranked ? SPRED_OK : SPRED_ENOMEM;
    for (size_t j = 0; status == SPRED_OK && j < p; j++) {
        hsic_gene(&path->blocks, path->train->x + j * n, path->gene);
        ranked[j].gene = j;
        ranked[j].value =
            hsic_dot(path->gene, path->target, path->blocks.length);
        status = poll(path);
    }
    if (status == SPRED_OK) {
        path->computed += (double)p;
        qsort(ranked, p, sizeof *ranked, by_value);
        for (size_t j = 0; j < p; j++) {
            path->gene_of[j] = ranked[j].gene;
            path->with_y[j] = ranked[j].value;
        }
    }
    spred_free(path->env, ranked);
    return status;
}

static enum spred_status open_path(struct path *path,
                                   const struct options *options,
                                   const struct spred_model_task *task)
{
    struct spred_env *env = path->env;
    const struct spred_rows *train = path->train;
    SPRED_TRY(hsic_blocks_open(env, train->n, (size_t)options->block,
                               (size_t)options->repeats, task->seed,
                               &path->blocks));
    size_t length = path->blocks.length;
    path->kept_most =
        ((size_t)options->memory << 20) / (length * sizeof(float));
    path->target = spred_alloc(env, 3 * length, sizeof(float));
    path->with_y = spred_alloc(env, train->p, sizeof(double));
    path->gene_of = spred_alloc(env, train->p, sizeof(size_t));
    path->kept = spred_alloc(env, train->p, sizeof(float *));
    if (!path->target || !path->with_y || !path->gene_of || !path->kept)
        return SPRED_ENOMEM;
    path->gene = path->target + length;
    path->column = path->gene + length;
    if (task->classes)
        hsic_classes(&path->blocks, train->codes, path->target);
    else
        hsic_values(&path->blocks, train->values, path->target);
    SPRED_TRY(rank(path));
    struct nn_lars_source source = {.count = train->p,
                                    .with_y = path->with_y,
                                    .products = products,
                                    .cookie = path,
                                    .ordered = 1};
    return nn_lars_new(env, &source, (size_t)options->features, &path->lars);
}

static void close_path(struct path *path)
{
    nn_lars_free(path->lars);
    for (size_t j = 0; path->kept && j < path->train->p; j++)
        spred_free(path->env, path->kept[j]);
    spred_free(path->env, path->kept);
    spred_free(path->env, path->target);
    spred_free(path->env, path->with_y);
    spred_free(path->env, path->gene_of);
    hsic_blocks_close(path->env, &path->blocks);
}

/* The largest of 5, 10, 20, 50, 100 ... that is at most genes; 0: none. */
static size_t nested_below(size_t genes)
{
    size_t best = 0;
    for (size_t ten = 10; ten / 2 <= genes; ten *= 10) {
        best = ten / 2;
        best = ten <= genes ? ten : best;
        best = 2 * ten <= genes ? 2 * ten : best;
    }
    return best;
}

/* The genes with the largest a here become the model's, with an SVM. */
static enum spred_status choose(struct path *path, struct state *state,
                                const struct options *options,
                                const struct spred_model_task *task,
                                size_t genes)
{
    struct spred_env *env = path->env;
    const size_t *set;
    const double *a;
    size_t active = nn_lars_active(path->lars, &set, &a);
    struct ranked *ranked = spred_alloc(env, active, sizeof *ranked);
    struct svm_settings settings = {
        .kernel = SVM_RBF, .cost = options->cost, .gamma = options->gamma};
    struct svm_machine *svm;
    if (!ranked)
        return SPRED_ENOMEM;
    for (size_t k = 0; k < active; k++)
        ranked[k] = (struct ranked){a[k], path->gene_of[set[k]]};
    qsort(ranked, active, sizeof *ranked, by_value);
    state->chosen = genes < active ? genes : active;
    for (size_t k = 0; k < state->chosen; k++) {
        state->set[k] = ranked[k].gene;
        state->weight[k] = ranked[k].value > 0 ? ranked[k].value : 1e-12;
    }
    spred_free(env, ranked);
    SPRED_TRY(svm_machine_fit(env, &settings, task->train.x, task->train.n,
                              state->set, state->chosen, task->train.codes,
                              task->train.values, task->classes, &svm));
    svm_machine_free(env, state->svm);
    state->svm = svm;
    return SPRED_OK;
}

static enum spred_status offer(struct path *path, struct state *state,
                               const struct options *options,
                               const struct spred_model_task *task,
                               size_t genes)
{
    struct spred_offer worth;
    char what[32];
    SPRED_TRY(choose(path, state, options, task, genes));
    snprintf(what, sizeof what, "genes=%zu", state->chosen);
    return task->offer(task->cookie, what, &worth);
}

/* Along the path: an offer when the genes that take part first are as many as
 * one of the nested numbers, and one at the end. */
static enum spred_status follow(struct path *path, struct state *state,
                                const struct options *options,
                                const struct spred_model_task *task,
                                struct spred_model_report *report)
{
    size_t most = (size_t)options->features, offered = 0, genes = 0;
    int finished = 0, any = 0;
    const size_t *set;
    const double *a;
    while (!finished && genes < most) {
        SPRED_TRY(nn_lars_step(path->lars, &finished));
        report->steps++;
        genes = nn_lars_active(path->lars, &set, &a);
        size_t number = genes >= most ? most : nested_below(genes);
        if (number <= offered || (!options->nested && number < most))
            continue;
        SPRED_TRY(offer(path, state, options, task, number));
        offered = number;
        any = 1;
    }
    if (!any || genes > offered)
        SPRED_TRY(offer(path, state, options, task, genes));
    report->passes = path->computed / (double)path->train->p;
    snprintf(report->note, sizeof report->note,
             "%s lambda = %.3g; %zu of %zu genes could join by then; kernels "
             "of %zu blocks, %zu genes kept",
             genes < most ? "no more genes fit: the path ends at"
                          : "path down to",
             nn_lars_lambda(path->lars), nn_lars_watched(path->lars),
             path->train->p, path->blocks.blocks, path->kept_count);
    return SPRED_OK;
}

static enum spred_status fit(struct spred_env *env, void *memory,
                             const void *options,
                             const struct spred_model_task *task,
                             struct spred_model_report *report)
{
    struct state *state = memory;
    const struct options *wanted = options;
    struct path path = {.env = env, .train = &task->train};
    state->p = task->train.p;
    state->set = spred_alloc(env, (size_t)wanted->features, sizeof *state->set);
    state->weight =
        spred_alloc(env, (size_t)wanted->features, sizeof *state->weight);
    if (!state->set || !state->weight)
        return SPRED_ENOMEM;
    enum spred_status status = open_path(&path, wanted, task);
    if (status == SPRED_OK)
        status = follow(&path, state, wanted, task, report);
    close_path(&path);
    return status;
}

static enum spred_status predict(struct spred_env *env, void *memory,
                                 const float *x, size_t n, double *scores)
{
    const struct state *state = memory;
    return svm_machine_predict(env, state->svm, x, n, scores);
}

static void genes(const void *memory, double *importance)
{
    const struct state *state = memory;
    memset(importance, 0, state->p * sizeof *importance);
    for (size_t k = 0; k < state->chosen; k++)
        importance[state->set[k]] = state->weight[k];
}

static void release(struct spred_env *env, void *memory)
{
    struct state *state = memory;
    svm_machine_free(env, state->svm);
    spred_free(env, state->set);
    spred_free(env, state->weight);
}

const struct spred_model spred_model_hsic_lasso = {
    .name = "hsic-lasso",
    .doc = "block HSIC Lasso, then a Gaussian SVM on the chosen genes",
    .reference = "Yamada et al. 2014; Climente-Gonzalez et al. 2019",
    .api_version = 1,
    .takes = SPRED_MODEL_CLASSES | SPRED_MODEL_REAL | SPRED_MODEL_CHOOSES,
    .state_size = sizeof(struct state),
    .options_size = sizeof(struct options),
    .options = table,
    .fit = fit,
    .predict = predict,
    .genes = genes,
    .free = release,
};
