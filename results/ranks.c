/* ranks.c: the queries "ranks" and "rank-pairs": methods over data sets, by
 * Friedman's test and Holm (query.h). */
#include <math.h>
#include <string.h>
#include "results/friedman.h"
#include "results/method.h"
#include "results/summary.h"
#include "spred/text.h"

#define LEVEL 0.05

const struct results_head results_ranks_heads[] = {
    {"method", RESULTS_TEXT, "as in methods"},
    {"kind", RESULTS_TEXT, "model or solver"},
    {"why_not", RESULTS_TEXT, "why the method is not compared; none: it is"},
    {"left_out", RESULTS_TEXT, "data sets that do not count, and why"},
    {"rank", RESULTS_REAL, "mean over data sets, 1 = best; ties share"},
    {"balanced", RESULTS_REAL, "balanced accuracy, mean over the same"},
    {"datasets", RESULTS_INT, "data sets compared"},
    {"methods", RESULTS_INT, "methods compared"},
    {"datasets_left_out", RESULTS_INT, "data sets that do not count"},
    {"chi2", RESULTS_REAL, "Friedman's"},
    {"f", RESULTS_REAL, "Iman and Davenport's F"},
    {"friedman_p", RESULTS_REAL, "p of F: all methods are equivalent"},
    {"low", RESULTS_REAL,
     "a bar of methods that cannot be separated starts at this method ..."},
    {"high", RESULTS_REAL, "... and ends at this mean rank; none: no bar"},
    {NULL, RESULTS_TEXT, NULL}};

const struct results_head results_rank_pairs_heads[] = {
    {"method_a", RESULTS_TEXT, "of the better mean rank"},
    {"method_b", RESULTS_TEXT, "the other"},
    {"difference", RESULTS_REAL, "of mean ranks, b - a"},
    {"p", RESULTS_REAL, "both sides, by Holm over all pairs"},
    {"separated", RESULTS_INT, "1: p and Friedman's p are below 0.05"},
    {"datasets", RESULTS_INT, "data sets compared"},
    {NULL, RESULTS_TEXT, NULL}};

/* Everything is indexed by the names and data sets that occur. */
struct contest {
    struct results_methods list;
    const char **names, **datasets; /* borrowed from the list */
    size_t n_names, n_datasets;
    double *accuracy; /* datasets x names; NaN: none */
    int *model;       /* names */
    const char **why; /* names: why not compared, NULL: compared */
    char **left;      /* datasets: why it does not count, or NULL */
    size_t *order;    /* compared names by mean rank */
    size_t n, k;      /* data sets and methods compared */
    double *mean;     /* k mean ranks, in `order` */
    double *level;    /* k mean accuracies, in `order` */
    double *p;        /* k x k adjusted p, in `order` */
    struct results_friedman test;
};

static size_t index_of(const char **names, size_t *n, const char *name)
{
    size_t i = 0;
    while (i < *n && strcmp(names[i], name) != 0)
        i++;
    if (i == *n)
        names[(*n)++] = name;
    return i;
}

static double balanced_of(const struct results_run *run)
{
    return run->balanced_accuracy;
}

static enum spred_status collect(struct spred_env *env,
                                 const struct results_view *view,
                                 struct contest *c)
{
    size_t m = c->list.n;
    int real = 0;
    double half, *scratch = spred_alloc(env, view->n_runs, sizeof *scratch);
    if (!scratch)
        return SPRED_ENOMEM;
    for (size_t i = 0; i < m; i++) {
        index_of(c->names, &c->n_names, c->list.rows[i].name);
        index_of(c->datasets, &c->n_datasets, c->list.rows[i].dataset);
        real = real || view->runs[c->list.rows[i].begin].run.simulated != 1;
    }
    c->accuracy =
        spred_alloc(env, c->n_names * c->n_datasets, sizeof *c->accuracy);
    for (size_t i = 0; c->accuracy && i < c->n_names * c->n_datasets; i++)
        c->accuracy[i] = NAN;
    enum spred_status status = c->accuracy ? SPRED_OK : SPRED_ENOMEM;
    for (size_t i = 0; i < m && !status; i++) {
        const struct results_method *r = &c->list.rows[i];
        size_t a = index_of(c->names, &c->n_names, r->name);
        size_t d = index_of(c->datasets, &c->n_datasets, r->dataset);
        c->model[a] = r->model;
        results_method_interval(view, r, balanced_of, scratch,
                                &c->accuracy[d * c->n_names + a], &half);
        if (real && view->runs[r->begin].run.simulated == 1 && !c->left[d]) {
            c->left[d] = spred_strdup(env, "simulated");
            status = c->left[d] ? SPRED_OK : SPRED_ENOMEM;
        }
    }
    spred_free(env, scratch);
    return status;
}

/* Methods without a result on at least half of the data sets that have any are
 * left out, then data sets where a method has none. */
static enum spred_status select(struct spred_env *env, struct contest *c)
{
    size_t with_any = 0;
    for (size_t d = 0; d < c->n_datasets; d++) {
        int any = 0;
        for (size_t a = 0; a < c->n_names; a++)
            any = any || !isnan(c->accuracy[d * c->n_names + a]);
        if (!any && !c->left[d] &&
            !(c->left[d] = spred_strdup(env, "no balanced accuracy")))
            return SPRED_ENOMEM;
        with_any += !c->left[d];
    }
    for (size_t a = 0; a < c->n_names; a++) {
        size_t has = 0;
        for (size_t d = 0; d < c->n_datasets; d++)
            has += !c->left[d] && !isnan(c->accuracy[d * c->n_names + a]);
        if (has == 0 || 2 * has < with_any)
            c->why[a] = has ? "results on fewer than half of the data sets"
                            : "no result";
        else
            c->order[c->k++] = a;
    }
    for (size_t d = 0; d < c->n_datasets; d++)
        for (size_t j = 0; j < c->k && !c->left[d]; j++)
            if (isnan(c->accuracy[d * c->n_names + c->order[j]]) &&
                !(c->left[d] = spred_format(env, "no result of %s",
                                            c->names[c->order[j]])))
                return SPRED_ENOMEM;
    for (size_t d = 0; d < c->n_datasets; d++)
        c->n += !c->left[d];
    return SPRED_OK;
}

/* order, mean and level by mean rank. */
static void sort(struct contest *c)
{
    for (size_t i = 1; i < c->k; i++)
        for (size_t j = i; j > 0 && c->mean[j] < c->mean[j - 1]; j--) {
            size_t name = c->order[j];
            double mean = c->mean[j], level = c->level[j];
            c->order[j] = c->order[j - 1];
            c->mean[j] = c->mean[j - 1];
            c->level[j] = c->level[j - 1];
            c->order[j - 1] = name;
            c->mean[j - 1] = mean;
            c->level[j - 1] = level;
        }
}

static enum spred_status judge(struct spred_env *env, struct contest *c)
{
    size_t k = c->k, pairs = k ? k * (k - 1) / 2 : 0;
    double *scores = spred_alloc(env, c->n * k, sizeof *scores);
    double *ranks = spred_alloc(env, c->n * k, sizeof *ranks);
    double *p = spred_alloc(env, pairs, sizeof *p);
    size_t *order = spred_alloc(env, pairs, sizeof *order);
    c->mean = spred_alloc(env, k, sizeof *c->mean);
    c->level = spred_alloc(env, k, sizeof *c->level);
    c->p = spred_alloc(env, k * k, sizeof *c->p);
    int good = scores && ranks && p && order && c->mean && c->level && c->p;
    if (good) {
        for (size_t d = 0, row = 0; d < c->n_datasets; d++)
            for (size_t j = 0; !c->left[d] && j < k; j++) {
                double x = c->accuracy[d * c->n_names + c->order[j]];
                scores[row++] = x;
                c->level[j] += x / (double)c->n;
            }
        results_rank(scores, c->n, k, ranks, c->mean);
        sort(c);
        results_friedman(c->mean, c->n, k, &c->test);
        for (size_t i = 0, at = 0; i < k; i++)
            for (size_t j = 0; j < i; j++)
                p[at++] = results_rank_pair(c->mean[i], c->mean[j], c->n, k);
        results_holm(p, pairs, order);
        for (size_t i = 0, at = 0; i < k; i++)
            for (size_t j = 0; j < i; j++)
                c->p[i * k + j] = c->p[j * k + i] = p[at++];
    }
    spred_free(env, order);
    spred_free(env, p);
    spred_free(env, ranks);
    spred_free(env, scores);
    return good ? SPRED_OK : SPRED_ENOMEM;
}

static void contest_free(struct spred_env *env, struct contest *c)
{
    for (size_t d = 0; c->left && d < c->n_datasets; d++)
        spred_free(env, c->left[d]);
    spred_free(env, c->names);
    spred_free(env, c->datasets);
    spred_free(env, c->accuracy);
    spred_free(env, c->model);
    spred_free(env, c->why);
    spred_free(env, c->left);
    spred_free(env, c->order);
    spred_free(env, c->mean);
    spred_free(env, c->level);
    spred_free(env, c->p);
    results_methods_free(env, &c->list);
}

static enum spred_status contest_open(struct spred_env *env,
                                      const struct results_view *view,
                                      struct contest *c)
{
    memset(c, 0, sizeof *c);
    SPRED_TRY(results_methods_list(env, view, &c->list));
    size_t m = c->list.n;
    c->names = spred_alloc(env, m, sizeof *c->names);
    c->datasets = spred_alloc(env, m, sizeof *c->datasets);
    c->model = spred_alloc(env, m, sizeof *c->model);
    c->why = spred_alloc(env, m, sizeof *c->why);
    c->left = spred_alloc(env, m, sizeof *c->left);
    c->order = spred_alloc(env, m, sizeof *c->order);
    if (!c->names || !c->datasets || !c->model || !c->why || !c->left ||
        !c->order)
        return SPRED_ENOMEM;
    SPRED_TRY(collect(env, view, c));
    SPRED_TRY(select(env, c));
    return judge(env, c);
}

static int separated(const struct contest *c, size_t i, size_t j)
{
    return c->test.p < LEVEL && c->p[i * c->k + j] < LEVEL;
}

/* The last place of the bar that starts at i: no two on it are separated. */
static size_t bar_end(const struct contest *c, size_t i)
{
    size_t end = i + 1;
    for (; end < c->k; end++)
        for (size_t j = i; j < end; j++)
            if (separated(c, j, end))
                return end - 1;
    return end - 1;
}

/* "golub: no result of stg; planted: simulated" */
static enum spred_status say_left(struct spred_env *env,
                                  const struct contest *c,
                                  struct spred_buffer *out)
{
    for (size_t d = 0; d < c->n_datasets; d++)
        if (c->left[d])
            SPRED_TRY(spred_buffer_add(env, out, "%s%s: %s",
                                       out->length ? "; " : "", c->datasets[d],
                                       c->left[d]));
    return SPRED_OK;
}

/* place: in the order of mean ranks; above k: a method that is left out. */
static enum spred_status add_rank(struct spred_env *env,
                                  const struct contest *c, size_t place,
                                  size_t name, const char *left,
                                  struct results_table *out)
{
    struct results_cell *row = results_table_row(env, out);
    if (!row)
        return SPRED_ENOMEM;
    SPRED_TRY(results_cell_text(env, &row[0], c->names[name]));
    SPRED_TRY(
        results_cell_text(env, &row[1], c->model[name] ? "model" : "solver"));
    SPRED_TRY(results_cell_text(env, &row[2], c->why[name]));
    SPRED_TRY(results_cell_text(env, &row[3], left));
    row[6].real = (double)c->n;
    row[7].real = (double)c->k;
    row[8].real = (double)(c->n_datasets - c->n);
    row[9].real = c->test.chi2;
    row[10].real = c->test.f;
    row[11].real = c->test.p;
    if (place >= c->k || c->n == 0)
        return SPRED_OK;
    row[4].real = c->mean[place];
    row[5].real = c->level[place];
    size_t end = bar_end(c, place);
    if (c->n > 1 && end > place &&
        (place == 0 || bar_end(c, place - 1) < end)) {
        row[12].real = c->mean[place];
        row[13].real = c->mean[end];
    }
    return SPRED_OK;
}

enum spred_status results_ranks(struct spred_env *env,
                                struct results_view *view,
                                struct results_table *out)
{
    struct contest c;
    struct spred_buffer left = {0};
    enum spred_status status = contest_open(env, view, &c);
    if (!status)
        status = say_left(env, &c, &left);
    for (size_t i = 0; i < c.k && !status; i++)
        status = add_rank(env, &c, i, c.order[i], left.text, out);
    for (size_t a = 0; a < c.n_names && !status; a++)
        if (c.why[a])
            status = add_rank(env, &c, c.k, a, left.text, out);
    spred_free(env, left.text);
    contest_free(env, &c);
    return status;
}

enum spred_status results_rank_pairs(struct spred_env *env,
                                     struct results_view *view,
                                     struct results_table *out)
{
    struct contest c;
    enum spred_status status = contest_open(env, view, &c);
    for (size_t i = 0; c.n > 1 && i < c.k && !status; i++)
        for (size_t j = i + 1; j < c.k && !status; j++) {
            struct results_cell *row = results_table_row(env, out);
            status = row ? results_cell_text(env, &row[0], c.names[c.order[i]])
                         : SPRED_ENOMEM;
            if (!status)
                status = results_cell_text(env, &row[1], c.names[c.order[j]]);
            if (status)
                break;
            row[2].real = c.mean[j] - c.mean[i];
            row[3].real = c.p[i * c.k + j];
            row[4].real = separated(&c, i, j);
            row[5].real = (double)c.n;
        }
    contest_free(env, &c);
    return status;
}
