/* methods-fixture.h: a store with a few methods on a few data sets, for the
 * tests of the queries on methods. */
#ifndef TESTS_METHODS_FIXTURE_H
#define TESTS_METHODS_FIXTURE_H

#include "results-fixture.h"

#include "results/query.h"

struct place {
    struct spred_env env;
    char *folder, db[256], other[256];
    struct results_store *store;
    struct results_sink sink;
    struct results_view *view;
};

static inline void open_place(struct place *p)
{
    spred_env_init(&p->env);
    p->folder = fixture_folder(&p->env);
    snprintf(p->db, sizeof p->db, "%s/results.db", p->folder);
    snprintf(p->other, sizeof p->other, "%s/other.db", p->folder);
    assert_ok(&p->env, results_store_open(&p->env, p->db, &p->store));
    p->sink = results_store_sink(p->store);
}

static inline void read_back(struct place *p)
{
    results_store_close(p->store);
    assert_ok(&p->env, results_view_open(&p->env, p->db, &p->view));
}

static inline void close_place(struct place *p)
{
    results_view_close(p->view);
    fixture_remove(&p->env, p->folder);
}

static inline void put(struct place *p, struct results_record *r)
{
    assert_ok(&p->env, p->sink.put(p->sink.self, r));
    results_record_free(&p->env, r);
}

/* A solver's run, or (problem "model") a model's: 4 features, genes as the
 * letters of `genes` ("*": all of them). */
static inline struct results_record start(struct place *p, const char *dataset,
                                          const char *problem, const char *name,
                                          int64_t trial, double balanced,
                                          const char *genes)
{
    struct results_record r = {.n_points = 0};
    fixture_run(&p->env, &r.run, dataset, problem, name, "", trial);
    if (strcmp(problem, "model") == 0)
        fixture_model(&p->env, &r.run, "lr=0.1 step=3");
    r.run.simulated = 0;
    r.run.features = 4;
    r.run.seconds = (double)trial;
    r.run.peak_rss_kib = 2048;
    r.run.balanced_accuracy = r.run.accuracy = balanced;
    r.run.support = *genes == '*' ? 4 : (int64_t)strlen(genes);
    for (size_t g = 0; genes[g] && *genes != '*'; g++) {
        char feature[8], symbol[8];
        snprintf(feature, sizeof feature, "%c_at", genes[g]);
        snprintf(symbol, sizeof symbol, "GENE%c", genes[g]);
        fixture_gene(&p->env, &r, (int64_t)g + 1, feature, symbol);
    }
    return r;
}

static inline void put_run(struct place *p, const char *dataset,
                           const char *problem, const char *name, int64_t trial,
                           double balanced, const char *genes)
{
    struct results_record r =
        start(p, dataset, problem, name, trial, balanced, genes);
    put(p, &r);
}

static inline void ask(struct place *p, const char *query,
                       struct results_table *t)
{
    assert_ok(&p->env, results_query(&p->env, p->view, query, t));
}

static inline size_t find(const struct results_table *t, const char *method)
{
    size_t row = 0;
    while (row < t->n_rows &&
           strcmp(results_text(t, row, "method"), method) != 0)
        row++;
    if (row == t->n_rows)
        fail_msg("no method %s", method);
    return row;
}

/* One data set: lasso by two solvers, of which the second by label certifies
 * all, a gated network and one that uses every gene, and one whose genes were
 * not all stored, and one that takes none. Paper protocol, planted truth {M,
 * B}. */
static inline void one_dataset(struct place *p)
{
    static const char *const genes[] = {"MB", "MC", "M"};
    static const double linear[] = {0.70, 0.80, 0.75};
    static const double gated[] = {0.85, 0.94, 0.88};
    static const double empty[] = {0.60, 0.80, 0.70};
    static const int64_t true_positives[] = {2, 1, 1};
    for (int64_t t = 1; t <= 3; t++) {
        struct results_record r =
            start(p, "d", "logistic", "cd", t, 0.1, "ABCD");
        if (t == 2)
            fixture_status(&p->env, &r.run, "time", "too slow");
        put(p, &r);
        r = start(p, "d", "logistic", "fista", t, linear[t - 1], "M");
        spred_free(&p->env, r.run.loss);
        r.run.loss = spred_strdup(&p->env, "logistic");
        put(p, &r);
        r = start(p, "d", "model", "gated", t, gated[t - 1], genes[t - 1]);
        fixture_gene(&p->env, &r, 9, "M_at", "GENEM"); /* a second output */
        r.run.truth = 2;
        r.run.true_positives = true_positives[t - 1];
        r.run.majority = 0.4, r.run.ceiling = 0.5, r.run.informed = 0.9;
        fixture_candidate(&p->env, &r, t == 1 ? "lr=0.3" : "lr=0.1", "step=5",
                          0);
        fixture_candidate(&p->env, &r, t == 1 ? "lr=0.1" : "lr=0.3",
                          t == 3 ? "step=7" : "step=5", 1);
        put(p, &r);
        put_run(p, "d", "model", "mlp", t, 0.75, "*");
        r = start(p, "d", "model", "nothing", t, empty[t - 1], "");
        r.run.truth = 2;
        r.run.true_positives = 0;
        struct results_candidate *c =
            fixture_candidate(&p->env, &r, "", "step=9", 1);
        spred_free(&p->env, c->settings);
        c->settings = NULL;
        put(p, &r);
        r = start(p, "d", "model", "short", t, 0.3, "MB");
        r.run.support = 3; /* of which two are stored */
        if (t == 3)
            fixture_status(&p->env, &r.run, "diverged", "loss is not finite");
        put(p, &r);
    }
}

/* Accuracies of a (model), b, c and d over data sets; NaN: not there. */
static inline void put_contest(struct place *p, size_t n, const double (*x)[4])
{
    static const char *const names[] = {"a", "b", "c", "d"};
    char dataset[16];
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < 4; j++) {
            snprintf(dataset, sizeof dataset, "d%zu", i + 1);
            if (!isnan(x[i][j]))
                put_run(p, dataset, "model", names[j], 1, x[i][j], "A");
        }
}

#endif
