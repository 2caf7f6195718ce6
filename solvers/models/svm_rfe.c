/* svm_rfe.c: recursive feature elimination by a linear support vector machine.
 * Guyon, Weston, Barnhill and Vapnik 2002, "Gene selection for cancer
 * classification using support vector machines", section 3: train, rank the
 * genes by w_j^2, drop the lowest, again. With n << p everything is in the
 * n x n Gram matrix of the genes that are left, and w = X'(y a). K > 2: one
 * machine for each pair of classes, genes are ranked by the sum of w_j^2. */
#include <math.h>
#include <stdlib.h>

#include "solvers/models/ranked.h"
#include "solvers/models/smo.h"
#include "spred/linalg.h"

#define TOLERANCE 1e-3 /* of the dual, as libsvm's */
#define MAX_STEPS 1000000L
enum { PANEL = 256 }; /* genes that are worked on at once */

struct options {
    double drop, drop_few, cost;
    long few;
};
#define FIELD(name) offsetof(struct options, name)
static const struct spred_option table[] = {
    {"drop", SPRED_OPTION_REAL, FIELD(drop), "0.5", 0.001, 0.99, NULL,
     "share of the genes that leave in a round"},
    {"few", SPRED_OPTION_INT, FIELD(few), "100", 0, 1e9, NULL,
     "from so many genes on, fewer leave in a round"},
    {"drop_few", SPRED_OPTION_REAL, FIELD(drop_few), "0.1", 0, 0.99, NULL,
     "share that leaves then, at least one gene; 0: one gene a round"},
    {"C", SPRED_OPTION_REAL, FIELD(cost), "1", 1e-6, 1e6, NULL,
     "cost of an error of the support vector machine"},
    {0}};
#undef FIELD

struct weight {
    double square; /* sum over machines of w_j^2 */
    size_t gene;
};

struct work {
    const struct spred_model_task *task;
    size_t n, machines;
    double *gram;   /* n x n, both triangles */
    double *panel;  /* n x PANEL */
    double *coef;   /* n x machines: y a, 0 where a sample takes no part */
    double *weight; /* PANEL x machines */
    double *y, *a, *gradient; /* n */
    size_t *rows, *sizes;     /* n; of the rounds */
    struct weight *weights;   /* p */
};

static void free_work(struct spred_env *env, struct work *w)
{
    spred_free(env, w->gram);
    spred_free(env, w->panel);
    spred_free(env, w->coef);
    spred_free(env, w->weight);
    spred_free(env, w->y);
    spred_free(env, w->rows);
    spred_free(env, w->sizes);
    spred_free(env, w->weights);
}

static enum spred_status make_work(struct spred_env *env, struct work *w,
                                   size_t rounds)
{
    size_t n = w->n;
    w->gram = spred_alloc(env, n * n, sizeof *w->gram);
    w->panel = spred_alloc(env, n * PANEL, sizeof *w->panel);
    w->coef = spred_alloc(env, n * w->machines, sizeof *w->coef);
    w->weight = spred_alloc(env, PANEL * w->machines, sizeof *w->weight);
    w->y = spred_alloc(env, 3 * n, sizeof *w->y);
    w->rows = spred_alloc(env, n, sizeof *w->rows);
    w->sizes = spred_alloc(env, rounds, sizeof *w->sizes);
    w->weights = spred_alloc(env, w->task->train.p, sizeof *w->weights);
    if (!w->gram || !w->panel || !w->coef || !w->weight || !w->y || !w->rows ||
        !w->sizes || !w->weights)
        return SPRED_ENOMEM;
    w->a = w->y + n;
    w->gradient = w->a + n;
    return SPRED_OK;
}

static void gather(struct work *w, const size_t *genes, size_t count)
{
    for (size_t k = 0; k < count; k++)
        for (size_t i = 0; i < w->n; i++)
            w->panel[i + k * w->n] = w->task->train.x[i + genes[k] * w->n];
}

/* G += sign * sum over the genes of x_j x_j'. */
static enum spred_status add_genes(struct spred_env *env, struct work *w,
                                   const size_t *genes, size_t count,
                                   double sign)
{
    for (size_t at = 0; at < count; at += PANEL) {
        size_t part = count - at < PANEL ? count - at : PANEL;
        SPRED_TRY(spred_check_cancel(env));
        gather(w, genes + at, part);
        spred_gemm(0, 1, w->n, w->n, part, sign, w->panel, w->n, w->panel, w->n,
                   1, w->gram, w->n);
    }
    return SPRED_OK;
}

/* One machine for each pair of classes, on the Gram matrix. */
static enum spred_status train(struct spred_env *env, struct work *w,
                               const struct options *options, long *steps)
{
    const int32_t *codes = w->task->train.codes;
    double *coef = w->coef;
    for (size_t e = 0; e < w->n * w->machines; e++)
        coef[e] = 0;
    for (size_t one = 0; one < w->task->classes; one++)
        for (size_t two = one + 1; two < w->task->classes; two++) {
            size_t m = 0;
            SPRED_TRY(spred_check_cancel(env));
            for (size_t i = 0; i < w->n; i++)
                if ((size_t)codes[i] == one || (size_t)codes[i] == two) {
                    w->y[m] = (size_t)codes[i] == one ? 1 : -1;
                    w->rows[m++] = i;
                }
            *steps += smo_train(w->gram, w->n, w->rows, m, w->y, options->cost,
                                TOLERANCE, MAX_STEPS, w->a, w->gradient);
            for (size_t k = 0; k < m; k++)
                coef[w->rows[k]] = w->y[k] * w->a[k];
            coef += w->n;
        }
    return SPRED_OK;
}

/* weights_j = sum over machines of (x_j' coef)^2 */
static enum spred_status weigh(struct spred_env *env, struct work *w,
                               const size_t *genes, size_t count)
{
    for (size_t at = 0; at < count; at += PANEL) {
        size_t part = count - at < PANEL ? count - at : PANEL;
        SPRED_TRY(spred_check_cancel(env));
        gather(w, genes + at, part);
        spred_gemm(1, 0, part, w->machines, w->n, 1, w->panel, w->n, w->coef,
                   w->n, 0, w->weight, PANEL);
        for (size_t k = 0; k < part; k++) {
            struct weight *out = w->weights + at + k;
            *out = (struct weight){0, genes[at + k]};
            for (size_t c = 0; c < w->machines; c++)
                out->square +=
                    w->weight[k + c * PANEL] * w->weight[k + c * PANEL];
        }
    }
    return SPRED_OK;
}

/* The largest weight first; of equals the gene that comes first. */
static int compare(const void *a, const void *b)
{
    const struct weight *left = a, *right = b;
    if (left->square > right->square)
        return -1;
    if (left->square < right->square)
        return 1;
    return (left->gene > right->gene) - (left->gene < right->gene);
}

/* How many genes are left after a round with `count`. */
static size_t after(const struct options *options, size_t count)
{
    size_t few = (size_t)options->few;
    double share = count > few ? options->drop : options->drop_few;
    size_t leave = (size_t)floor(share * (double)count);
    if (leave < 1)
        leave = 1;
    if (count > few && few > 0 && count - leave < few)
        leave = count - few;
    return count - leave;
}

/* Eliminates down to one gene: order has the survivors of every round before
 * those that left in it, each part by falling weight. */
static enum spred_status eliminate(struct spred_env *env, struct work *w,
                                   const struct options *options, size_t *order,
                                   struct spred_model_report *report)
{
    size_t p = w->task->train.p, count = p, round = 0;
    for (size_t j = 0; j < p; j++)
        order[j] = j;
    SPRED_TRY(add_genes(env, w, order, p, 1));
    report->passes += 1;
    for (; count > 1; round++) {
        size_t left = after(options, count), gone = count - left;
        SPRED_TRY(train(env, w, options, &report->steps));
        SPRED_TRY(weigh(env, w, order, count));
        qsort(w->weights, count, sizeof *w->weights, compare);
        for (size_t k = 0; k < count; k++)
            order[k] = w->weights[k].gene;
        w->sizes[round] = count;
        count = left;
        report->passes += (double)(left + gone) / (double)p;
        if (gone < left) {
            SPRED_TRY(add_genes(env, w, order + left, gone, -1));
            report->passes += (double)gone / (double)p;
            continue;
        }
        for (size_t e = 0; e < w->n * w->n; e++)
            w->gram[e] = 0;
        SPRED_TRY(add_genes(env, w, order, left, 1));
        report->passes += (double)left / (double)p;
    }
    w->sizes[round] = 1;
    return SPRED_OK;
}

static enum spred_status run(struct spred_env *env, struct work *w,
                             struct ranked *state,
                             const struct options *options, size_t rounds,
                             struct spred_model_report *report)
{
    SPRED_TRY(make_work(env, w, rounds));
    SPRED_TRY(eliminate(env, w, options, state->order, report));
    for (size_t round = rounds; round-- > 0;)
        SPRED_TRY(
            ranked_offer(env, state, options->cost, w->task, w->sizes[round]));
    return SPRED_OK;
}

static enum spred_status fit(struct spred_env *env, void *memory,
                             const void *options,
                             const struct spred_model_task *task,
                             struct spred_model_report *report)
{
    struct ranked *state = memory;
    struct work w = {.task = task,
                     .n = task->train.n,
                     .machines = task->classes * (task->classes - 1) / 2};
    size_t rounds = 1;
    for (size_t count = task->train.p; count > 1; rounds++)
        count = after(options, count);
    state->p = task->train.p;
    state->order = spred_alloc(env, state->p, sizeof *state->order);
    if (!state->order)
        return SPRED_ENOMEM;
    enum spred_status status = run(env, &w, state, options, rounds, report);
    free_work(env, &w);
    return status;
}

const struct spred_model spred_model_svm_rfe = {
    .name = "svm-rfe",
    .doc = "filter: a linear SVM drops the genes of the smallest weights, "
           "round by round",
    .reference = "Guyon, Weston, Barnhill, Vapnik 2002",
    .api_version = 1,
    .takes = SPRED_MODEL_CLASSES | SPRED_MODEL_CHOOSES,
    .state_size = sizeof(struct ranked),
    .options_size = sizeof(struct options),
    .options = table,
    .fit = fit,
    .predict = ranked_predict,
    .genes = ranked_genes,
    .free = ranked_free,
};
