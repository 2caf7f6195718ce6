/* method-tables.h: made-up answers of the queries about methods, as tables in a
 * plots_context without a store, for the tests of figures and report. */
#ifndef SPRED_METHOD_TABLES_H
#define SPRED_METHOD_TABLES_H

#include <unistd.h>

#include "plots/methods.h"
#include "results-fixture.h"

#define TEXT_HEAD(name)                                                        \
    {                                                                          \
        name, RESULTS_TEXT, ""                                                 \
    }
#define REAL_HEAD(name)                                                        \
    {                                                                          \
        name, RESULTS_REAL, ""                                                 \
    }

static const struct results_head fake_methods_heads[] = {
    TEXT_HEAD("dataset"),
    TEXT_HEAD("method"),
    TEXT_HEAD("kind"),
    REAL_HEAD("trials"),
    REAL_HEAD("accuracy"),
    REAL_HEAD("accuracy_half"),
    REAL_HEAD("balanced"),
    REAL_HEAD("balanced_half"),
    REAL_HEAD("auc"),
    REAL_HEAD("auc_half"),
    REAL_HEAD("genes"),
    REAL_HEAD("genes_low"),
    REAL_HEAD("genes_high"),
    REAL_HEAD("share_all"),
    REAL_HEAD("stability"),
    REAL_HEAD("stability_low"),
    REAL_HEAD("stability_high"),
    REAL_HEAD("jaccard"),
    REAL_HEAD("seconds"),
    REAL_HEAD("peak_mib"),
    REAL_HEAD("precision"),
    REAL_HEAD("precision_half"),
    REAL_HEAD("recall"),
    REAL_HEAD("recall_half"),
    REAL_HEAD("fdr"),
    REAL_HEAD("fdr_half"),
    REAL_HEAD("majority"),
    REAL_HEAD("ceiling"),
    REAL_HEAD("informed"),
    REAL_HEAD("simulated"),
    REAL_HEAD("ended"),
    TEXT_HEAD("no_stability"),
    TEXT_HEAD(NULL)};
static const struct results_head fake_ranks_heads[] = {
    TEXT_HEAD("method"),     REAL_HEAD("rank"), REAL_HEAD("datasets"),
    REAL_HEAD("friedman_p"), REAL_HEAD("low"),  REAL_HEAD("high"),
    TEXT_HEAD(NULL)};
static const struct results_head fake_pairs_heads[] = {
    TEXT_HEAD("method_a"), TEXT_HEAD("method_b"),  REAL_HEAD("difference"),
    REAL_HEAD("p"),        REAL_HEAD("separated"), TEXT_HEAD(NULL)};
static const struct results_head fake_genes_heads[] = {
    TEXT_HEAD("dataset"), TEXT_HEAD("method"), TEXT_HEAD("symbol"),
    TEXT_HEAD("feature"), REAL_HEAD("count"),  REAL_HEAD("trials"),
    REAL_HEAD("share"),   REAL_HEAD("rank"),   REAL_HEAD("place"),
    TEXT_HEAD(NULL)};
static const struct results_head fake_tuned_heads[] = {
    TEXT_HEAD("dataset"), TEXT_HEAD("method"), TEXT_HEAD("chosen"),
    REAL_HEAD("count"), TEXT_HEAD(NULL)};
static const struct results_head fake_versus_heads[] = {
    TEXT_HEAD("dataset"),    TEXT_HEAD("method"), TEXT_HEAD("against"),
    REAL_HEAD("difference"), REAL_HEAD("half"),   TEXT_HEAD("verdict"),
    TEXT_HEAD(NULL)};
static const struct results_head fake_datasets_heads[] = {
    TEXT_HEAD("dataset"),   TEXT_HEAD("source"),   TEXT_HEAD("target"),
    REAL_HEAD("simulated"), TEXT_HEAD("protocol"), REAL_HEAD("features"),
    REAL_HEAD("classes"),   REAL_HEAD("train"),    REAL_HEAD("validate"),
    REAL_HEAD("test"),      REAL_HEAD("majority"), TEXT_HEAD(NULL)};

static inline void fake_table(struct results_table *t,
                              const struct results_head *heads)
{
    *t = (struct results_table){.heads = heads};
    while (heads[t->n_columns].name)
        t->n_columns++;
}

static inline void fake_row(struct spred_env *env, struct results_table *t)
{
    t->cells = spred_resize(env, t->cells, (t->n_rows + 1) * t->n_columns,
                            sizeof *t->cells);
    assert_non_null(t->cells);
    for (size_t j = 0; j < t->n_columns; j++)
        t->cells[t->n_rows * t->n_columns + j] =
            (struct results_cell){NULL, NAN};
    t->n_rows++;
}

/* The cell of the last row. */
static inline struct results_cell *fake_cell(struct results_table *t,
                                             const char *column)
{
    for (size_t j = 0; j < t->n_columns; j++)
        if (strcmp(t->heads[j].name, column) == 0)
            return &t->cells[(t->n_rows - 1) * t->n_columns + j];
    fail_msg("no column %s", column);
    abort();
}

static inline void fake_text(struct spred_env *env, struct results_table *t,
                             const char *column, const char *text)
{
    struct results_cell *cell = fake_cell(t, column);
    spred_free(env, cell->text);
    cell->text = spred_strdup(env, text);
}

static inline void fake_real(struct results_table *t, const char *column,
                             double value)
{
    fake_cell(t, column)->real = value;
}

static inline struct results_table *fake_answer(struct plots_context *context,
                                                const char *query,
                                                const struct results_head *h)
{
    struct plots_answer *a = &context->answers[context->n_answers++];
    a->query = query;
    fake_table(&a->table, h);
    return &a->table;
}

struct fake_size {
    size_t methods, datasets;
    int trials, paper;
    const char *const *names; /* of the methods, or NULL: fake_names */
    const char *const *dataset_names;
};

static const char *const fake_names[] = {
    "f_l",      "f_l+f_n",  "mlp",        "network",
    "lassonet", "stg",      "mrmr",       "svm-rfe",
    "1-nn",     "majority", "hsic-lasso", "l1-logistic (coordinate-descent)"};
static const char *const fake_dataset_names[] = {
    "golub", "alon", "singh", "khan", "su", "gravier", "all_bcrabl", "bladder"};

static inline const char *fake_method(const struct fake_size *size, size_t i)
{
    return size->names ? size->names[i] : fake_names[i % 12];
}

static inline void fake_one(struct spred_env *env, const struct fake_size *size,
                            struct results_table *t, size_t d, size_t m,
                            uint64_t *seed)
{
    const char *const *sets =
        size->dataset_names ? size->dataset_names : fake_dataset_names;
    int many = size->trials > 1;
    double base = size->paper ? 0.2 : 0.68 + 0.03 * (double)d;
    double value = base + 0.2 * fixture_random(seed);
    double genes = floor(4 * pow(2, 6 * fixture_random(seed)));
    double index = 0.9 * fixture_random(seed);
    int all = m == 2 || m == 8 || m == 9;
    fake_row(env, t);
    fake_text(env, t, "dataset", sets[d]);
    fake_text(env, t, "method", fake_method(size, m));
    fake_text(env, t, "kind", m == 11 ? "solver" : "model");
    fake_real(t, "trials", size->trials);
    fake_real(t, "majority", 0.42);
    fake_real(t, "simulated", d == 7);
    if (size->paper) {
        fake_real(t, "majority", 0.1925);
        fake_real(t, "ceiling", 0.25);
        fake_real(t, "informed", 0.738);
    }
    fake_real(t, "ended", m == 5 && d == 1 ? 0 : 1);
    if (m == 5 && d == 1) {
        fake_real(t, "trials", 0);
        return; /* no result */
    }
    fake_real(t, "accuracy", fmin(value + 0.03, 1));
    fake_real(t, "balanced", fmin(value, 1));
    fake_real(t, "auc", fmin(value + 0.08, 1));
    if (many) {
        fake_real(t, "accuracy_half", 0.08 + 0.1 * fixture_random(seed));
        fake_real(t, "balanced_half", 0.08 + 0.1 * fixture_random(seed));
        fake_real(t, "auc_half", 0.05);
    }
    fake_real(t, "share_all", all);
    fake_real(t, "genes", all ? 7129 : genes);
    fake_real(t, "genes_low", all ? 7129 : floor(genes * (many ? 0.6 : 1)));
    fake_real(t, "genes_high", all ? 7129 : ceil(genes * (many ? 1.7 : 1)));
    if (many && !all) {
        fake_real(t, "stability", index);
        fake_real(t, "stability_low", index - 0.12);
        fake_real(t, "stability_high", index + 0.12);
        fake_real(t, "jaccard", 0.7 * index);
    }
    if (!many)
        fake_text(env, t, "no_stability", "fewer than 2 trials");
    fake_real(t, "seconds", 0.1 + 20 * fixture_random(seed));
    fake_real(t, "peak_mib", 200 + 50 * fixture_random(seed));
    if (d == 7) {
        fake_real(t, "precision", 0.5);
        fake_real(t, "recall", 0.7);
        fake_real(t, "fdr", 0.5);
    }
}

static inline void fake_genes(struct spred_env *env,
                              const struct fake_size *size,
                              struct results_table *t, size_t d, uint64_t *seed)
{
    const char *const *sets =
        size->dataset_names ? size->dataset_names : fake_dataset_names;
    for (int g = 1; g <= 34; g++)
        for (size_t m = 0; m < size->methods; m++) {
            char symbol[48], feature[48];
            double share =
                fmin(1, 1.4 * fixture_random(seed) * (1 - 0.025 * g));
            double count = floor(share * size->trials + 0.3);
            if (m == 2 || m == 8 || m == 9 || (m == 5 && d == 1) || count < 1)
                continue;
            snprintf(symbol, sizeof symbol,
                     g == 3             ? ""
                     : g == 5 || g == 6 ? "TWICE"
                                        : "GENE%d",
                     g);
            if (g == 7)
                strcpy(symbol, "HLA-DRB1 /// HLA-DRB3 /// HLA-DRB4");
            snprintf(feature, sizeof feature, "X%d0%d_at", g, (int)d);
            fake_row(env, t);
            fake_text(env, t, "dataset", sets[d]);
            fake_text(env, t, "method", fake_method(size, m));
            fake_text(env, t, "symbol", symbol);
            fake_text(env, t, "feature", feature);
            fake_real(t, "count", count);
            fake_real(t, "trials", size->trials);
            fake_real(t, "share", count / size->trials);
            fake_real(t, "rank", g * 1.5);
            fake_real(t, "place", g);
        }
}

static inline void fake_ranks(struct spred_env *env,
                              const struct fake_size *size,
                              struct plots_context *context)
{
    struct results_table *t = fake_answer(context, "ranks", fake_ranks_heads);
    double k = (double)size->methods;
    int test = size->datasets > 2 && size->methods > 2;
    for (size_t m = 0; m < size->methods; m++) {
        double rank = 1.2 + (k - 1.5) * pow((double)m / k, 0.9);
        fake_row(env, t);
        fake_text(env, t, "method", fake_method(size, m));
        fake_real(t, "rank", rank);
        fake_real(t, "datasets", (double)size->datasets);
        if (!test)
            continue;
        fake_real(t, "friedman_p", 0.0031);
        fake_real(t, "low", rank);
        fake_real(t, "high", rank);
    }
    for (size_t m = 0; test && m < size->methods; m++) {
        size_t to = m + 4 < size->methods ? m + 4 : size->methods - 1;
        struct results_cell *row = t->cells + m * t->n_columns;
        row[5].real = t->cells[to * t->n_columns + 1].real;
    }
    t = fake_answer(context, "rank-pairs", fake_pairs_heads);
    for (size_t a = 0; a < size->methods; a++)
        for (size_t b = a + 1; test && b < size->methods; b++) {
            fake_row(env, t);
            fake_text(env, t, "method_a", fake_method(size, a));
            fake_text(env, t, "method_b", fake_method(size, b));
            fake_real(t, "difference", (double)(b - a));
            fake_real(t, "p", b - a > 4 ? 0.01 : 0.4);
            fake_real(t, "separated", b - a > 4);
        }
}

/* A context without a store that answers with made-up tables. */
static inline void fake_context(struct spred_env *env,
                                const struct fake_size *size,
                                const char *folder,
                                struct plots_context *context)
{
    const char *const *sets =
        size->dataset_names ? size->dataset_names : fake_dataset_names;
    uint64_t seed = 5;
    *context = (struct plots_context){.env = env, .folder = folder};
    context->gnuplot = plots_find_gnuplot(env);
    fake_table(&context->datasets, fake_datasets_heads);
    for (size_t d = 0; d < size->datasets; d++) {
        struct results_table *t = &context->datasets;
        fake_row(env, t);
        fake_text(env, t, "dataset", sets[d]);
        fake_text(env, t, "source", "made up by the tests");
        fake_text(env, t, "target", "tumour");
        fake_text(env, t, "protocol", size->paper ? "paper" : "clean");
        fake_real(t, "simulated", d == 7);
        fake_real(t, "features", 7129);
        fake_real(t, "classes", 2 + (double)(d % 3));
        fake_real(t, "majority", 0.42);
    }
    struct results_table *methods =
        fake_answer(context, "methods", fake_methods_heads);
    struct results_table *genes =
        fake_answer(context, "chosen-genes", fake_genes_heads);
    struct results_table *tuned =
        fake_answer(context, "tuned", fake_tuned_heads);
    struct results_table *versus =
        fake_answer(context, "versus", fake_versus_heads);
    for (size_t d = 0; d < size->datasets; d++) {
        for (size_t m = 0; m < size->methods; m++)
            fake_one(env, size, methods, d, m, &seed);
        fake_genes(env, size, genes, d, &seed);
        fake_row(env, tuned);
        fake_text(env, tuned, "dataset", sets[d]);
        fake_text(env, tuned, "method", fake_method(size, 0));
        fake_text(env, tuned, "chosen", "lr=0.05 lambda=0.1 step=300");
        fake_real(tuned, "count", 1);
        fake_row(env, versus);
        fake_text(env, versus, "dataset", sets[d]);
        fake_text(env, versus, "method", fake_method(size, 0));
        fake_text(env, versus, "against", fake_method(size, 1));
        fake_text(env, versus, "verdict", "not separated");
        fake_real(versus, "difference", 0.0123);
        fake_real(versus, "half", 0.05);
    }
    fake_ranks(env, size, context);
}

#endif
