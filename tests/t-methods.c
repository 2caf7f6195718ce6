/* t-methods.c: models and solvers side by side: the queries on methods against
 * numbers worked out by hand, their tables, and what models must not enter. */
#include "methods-fixture.h"

#include "results/ask.h"
#include "results/export.h"

static void methods(void **state)
{
    (void)state;
    struct place p;
    struct results_table t;
    open_place(&p);
    one_dataset(&p);
    read_back(&p);
    ask(&p, "methods", &t);
    assert_int_equal(t.n_rows, 5);
    assert_string_equal(results_text(&t, 0, "method"), "logistic (fista)");
    assert_string_equal(results_text(&t, 0, "kind"), "solver");
    size_t g = find(&t, "gated"), mlp = find(&t, "mlp");
    assert_string_equal(results_text(&t, g, "kind"), "model");
    assert_near(results_real(&t, g, "trials"), 3, 0);
    assert_near(results_real(&t, g, "ended"), 1, 0);
    /* mean 0.89, s^2 = 0.0021, ratio 1/3, t(0.975; 2) = 4.302652730 */
    assert_near(results_real(&t, g, "balanced"), 0.89, 1e-15);
    assert_near(results_real(&t, g, "balanced_half"),
                4.302652729911 * sqrt(0.0021 * (2.0 / 3)), 1e-9);
    assert_true(isnan(results_real(&t, g, "auc")));
    assert_near(results_real(&t, g, "genes"), 2, 0);
    assert_near(results_real(&t, g, "genes_low"), 1, 0);
    assert_near(results_real(&t, g, "genes_high"), 2, 0);
    assert_near(results_real(&t, g, "share_all"), 0, 0);
    assert_near(results_real(&t, g, "stability"), 11.0 / 35, 1e-15);
    assert_true(isnan(results_real(&t, g, "stability_low")) &&
                isnan(results_real(&t, g, "stability_high"))); /* 3 trials */
    assert_near(results_real(&t, g, "jaccard"), 4.0 / 9, 1e-15);
    assert_near(results_real(&t, g, "seconds"), 2, 0);
    assert_near(results_real(&t, g, "peak_mib"), 2, 0);
    assert_near(results_real(&t, g, "precision"), (1 + 0.5 + 1) / 3, 1e-15);
    assert_near(results_real(&t, g, "recall"), (1 + 0.5 + 0.5) / 3, 1e-15);
    assert_near(results_real(&t, g, "fdr"), 0.5 / 3, 1e-15);
    assert_near(results_real(&t, g, "ceiling"), 0.5, 0);
    assert_near(results_real(&t, g, "informed"), 0.9, 1e-15);
    assert_near(results_real(&t, mlp, "share_all"), 1, 0);
    assert_true(isnan(results_real(&t, mlp, "stability")));
    assert_true(isnan(results_real(&t, mlp, "precision")));
    assert_string_equal(results_text(&t, mlp, "no_stability"),
                        "every trial takes all genes");
    size_t none = find(&t, "nothing");
    assert_near(results_real(&t, none, "genes"), 0, 0);
    assert_near(results_real(&t, none, "share_all"), 0, 0);
    assert_near(results_real(&t, none, "recall"), 0, 0);
    assert_near(results_real(&t, none, "fdr"), 0, 0);
    assert_true(isnan(results_real(&t, none, "precision")));
    assert_string_equal(results_text(&t, none, "no_stability"),
                        "no trial takes a gene");
    size_t s = find(&t, "short");
    assert_true(isnan(results_real(&t, s, "stability")) &&
                isnan(results_real(&t, s, "jaccard")));
    assert_string_equal(results_text(&t, s, "no_stability"),
                        "not all genes of every trial are stored");
    assert_near(results_real(&t, s, "ended"), 2.0 / 3, 1e-15);
    results_table_free(&p.env, &t);
    close_place(&p);
}

/* Ten trials, of which half choose A and half B: an interval. */
static void stability_interval(void **state)
{
    (void)state;
    struct place p;
    struct results_table t;
    open_place(&p);
    for (int64_t trial = 1; trial <= 10; trial++)
        put_run(&p, "e", "model", "often", trial, 0.5, trial % 2 ? "A" : "B");
    read_back(&p);
    ask(&p, "methods", &t);
    double phi = results_real(&t, 0, "stability");
    assert_true(results_real(&t, 0, "stability_low") <= phi &&
                results_real(&t, 0, "stability_high") >= phi);
    results_table_free(&p.env, &t);
    close_place(&p);
}

static void versus(void **state)
{
    (void)state;
    struct place p;
    struct results_table t;
    open_place(&p);
    one_dataset(&p);
    read_back(&p);
    ask(&p, "versus", &t);
    assert_int_equal(t.n_rows, 4); /* not against itself */
    size_t g = find(&t, "gated"), mlp = find(&t, "mlp");
    assert_string_equal(results_text(&t, g, "against"), "logistic (fista)");
    /* 0.15, 0.14, 0.13: mean 0.14, s^2 = 1e-4: paired, far narrower */
    assert_near(results_real(&t, g, "difference"), 0.14, 1e-14);
    assert_near(results_real(&t, g, "half"),
                4.302652729911 * sqrt(1e-4 * (2.0 / 3)), 1e-9);
    assert_string_equal(results_text(&t, g, "verdict"), "better");
    assert_near(results_real(&t, mlp, "difference"), 0, 1e-15);
    assert_string_equal(results_text(&t, mlp, "verdict"), "cannot separate");
    /* -0.1, 0, -0.05: worse on average, but the interval holds 0 */
    assert_near(results_real(&t, find(&t, "nothing"), "difference"), -0.05,
                1e-15);
    assert_string_equal(results_text(&t, find(&t, "nothing"), "verdict"),
                        "cannot separate");
    assert_string_equal(results_text(&t, find(&t, "short"), "verdict"),
                        "worse");
    results_table_free(&p.env, &t);
    close_place(&p);
}

/* The paper's protocol compares what it chooses by, accuracy; models without a
 * problem beside them are compared with nothing. */
static void versus_others(void **state)
{
    (void)state;
    struct place p;
    struct results_table t;
    open_place(&p);
    for (int64_t trial = 1; trial <= 3; trial++) {
        put_run(&p, "alone", "model", "a", trial, 0.5, "M");
        put_run(&p, "alone", "model", "b", trial, 0.6, "M");
        for (int k = 0; k < 2; k++) {
            struct results_record r =
                start(&p, "published", k ? "model" : "logistic",
                      k ? "gated" : "cd", trial, k ? 0.3 : 0.7, "M");
            spred_free(&p.env, r.run.protocol);
            r.run.protocol = spred_strdup(&p.env, "paper");
            r.run.accuracy = k ? 0.8 + 0.01 * (double)trial : 0.4;
            put(&p, &r);
        }
    }
    read_back(&p);
    ask(&p, "versus", &t);
    assert_int_equal(t.n_rows, 1);
    assert_string_equal(results_text(&t, 0, "method"), "gated");
    assert_near(results_real(&t, 0, "difference"), 0.42, 1e-14);
    assert_string_equal(results_text(&t, 0, "verdict"), "better");
    results_table_free(&p.env, &t);
    close_place(&p);
}

static void genes_and_settings(void **state)
{
    (void)state;
    struct place p;
    struct results_table t;
    open_place(&p);
    one_dataset(&p);
    read_back(&p);
    ask(&p, "chosen-genes", &t);
    /* M: 1 1 1, B: 0 1/3 1, C: 0 1/3 0; three methods leave genes out */
    assert_int_equal(t.n_rows, 9);
    static const char *const symbols[] = {"GENEM", "GENEB", "GENEC"};
    static const double counts[] = {3, 3, 3, 0, 1, 3, 0, 1, 0};
    for (size_t i = 0; i < 9; i++) {
        assert_string_equal(results_text(&t, i, "symbol"), symbols[i / 3]);
        assert_near(results_real(&t, i, "count"), counts[i], 0);
        assert_near(results_real(&t, i, "share"), counts[i] / 3, 1e-15);
        assert_near(results_real(&t, i, "place"), (double)(i / 3) + 1, 0);
    }
    assert_near(results_real(&t, 1, "rank"), 1, 0); /* the best of two */
    assert_near(results_real(&t, 4, "rank"), 2, 0);
    assert_true(isnan(results_real(&t, 3, "rank")));
    results_table_free(&p.env, &t);

    ask(&p, "tuned", &t);
    assert_string_equal(results_text(&t, 0, "method"), "gated");
    assert_string_equal(results_text(&t, 0, "chosen"), "lr=0.3");
    assert_string_equal(results_text(&t, 0, "at"), "step=5, step=7");
    assert_near(results_real(&t, 0, "count"), 2, 0);
    assert_near(results_real(&t, 0, "trials"), 3, 0);
    assert_string_equal(results_text(&t, 1, "chosen"), "lr=0.1");
    assert_near(results_real(&t, 1, "count"), 1, 0);
    /* without candidates the run's own words */
    assert_string_equal(results_text(&t, 2, "chosen"), "lr=0.1 step=3");
    assert_string_equal(results_text(&t, 3, "chosen"), "(nothing to tune)");
    assert_string_equal(results_text(&t, 3, "at"), "step=9 (3)");
    results_table_free(&p.env, &t);
    close_place(&p);

    open_place(&p); /* two trials, of which one leaves genes out */
    put_run(&p, "e", "model", "often", 1, 0.5, "*");
    put_run(&p, "e", "model", "often", 2, 0.5, "B");
    read_back(&p);
    ask(&p, "chosen-genes", &t);
    assert_int_equal(t.n_rows, 1);
    assert_near(results_real(&t, 0, "trials"), 1, 0);
    assert_near(results_real(&t, 0, "share"), 1, 0);
    results_table_free(&p.env, &t);
    close_place(&p);
}

static void ranks(void **state)
{
    (void)state;
    static const double x[][4] = {{0.9, 0.8, 0.7, NAN},  {0.9, 0.8, 0.7, 0.99},
                                  {0.9, 0.8, 0.7, NAN},  {0.9, 0.9, 0.7, NAN},
                                  {0.9, 0.8, NAN, 0.99}, {0.9, 0.8, 0.7, NAN},
                                  {0.9, 0.8, 0.7, NAN},  {0.9, 0.8, 0.7, NAN}};
    struct place p;
    struct results_table t;
    open_place(&p);
    put_contest(&p, 8, x);
    struct results_record r = start(&p, "planted", "model", "c", 1, 1, "A");
    r.run.simulated = 1;
    put(&p, &r);
    read_back(&p);
    ask(&p, "ranks", &t);
    assert_int_equal(t.n_rows, 4);
    assert_string_equal(results_text(&t, 0, "method"), "a");
    /* 7 data sets: d5 has no c. Means (6 + 1.5) / 7, (12 + 1.5) / 7, 3 */
    assert_near(results_real(&t, 0, "rank"), 7.5 / 7, 1e-14);
    assert_near(results_real(&t, 1, "rank"), 13.5 / 7, 1e-14);
    assert_near(results_real(&t, 2, "rank"), 3, 1e-14);
    assert_near(results_real(&t, 0, "datasets"), 7, 0);
    assert_near(results_real(&t, 0, "methods"), 3, 0);
    assert_near(results_real(&t, 0, "datasets_left_out"), 2, 0);
    assert_string_equal(results_text(&t, 0, "left_out"),
                        "d5: no result of c; planted: simulated");
    /* chi2 = 7 (56.25/49 + 182.25/49 + 9 - 12) = 91.5/7, F = 6 chi2/(14 -
     * chi2) = 549/6.5 */
    assert_near(results_real(&t, 0, "chi2"), 91.5 / 7, 1e-12);
    assert_near(results_real(&t, 0, "f"), 549 / 6.5, 1e-9);
    assert_true(results_real(&t, 0, "friedman_p") < 1e-6);
    assert_string_equal(results_text(&t, 3, "method"), "d");
    assert_true(isnan(results_real(&t, 3, "rank")));
    assert_string_equal(results_text(&t, 3, "why_not"),
                        "results on fewer than half of the data sets");
    /* SE = sqrt(12 / 42) = 0.5345: z(a, c) = 3.61, z(b, c) = 2.00, z(a, b) =
     * 1.60: Holm p 0.0009, 0.09, 0.11; bars a-b and b-c */
    assert_near(results_real(&t, 0, "low"), 7.5 / 7, 1e-14);
    assert_near(results_real(&t, 0, "high"), 13.5 / 7, 1e-14);
    assert_near(results_real(&t, 1, "low"), 13.5 / 7, 1e-14);
    assert_near(results_real(&t, 1, "high"), 3, 1e-14);
    assert_true(isnan(results_real(&t, 2, "low")));
    results_table_free(&p.env, &t);

    ask(&p, "rank-pairs", &t);
    assert_int_equal(t.n_rows, 3);
    assert_string_equal(results_text(&t, 1, "method_a"), "a");
    assert_string_equal(results_text(&t, 1, "method_b"), "c");
    assert_near(results_real(&t, 1, "difference"), 13.5 / 7, 1e-14);
    assert_near(results_real(&t, 1, "p"),
                3 * erfc(13.5 / 7 / sqrt(2.0 * 2 / 7)), 1e-12);
    assert_near(results_real(&t, 1, "separated"), 1, 0);
    assert_near(results_real(&t, 2, "p"), 2 * erfc(7.5 / 7 / sqrt(2.0 * 2 / 7)),
                1e-12);
    assert_near(results_real(&t, 0, "separated"), 0, 0);
    assert_near(results_real(&t, 2, "separated"), 0, 0);
    results_table_free(&p.env, &t);
    close_place(&p);
}

static void count_rows(struct place *p, const char *query, size_t expected)
{
    struct results_table t;
    ask(p, query, &t);
    if (t.n_rows != expected)
        fail_msg("%s has %zu rows, expected %zu", query, t.n_rows, expected);
    results_table_free(&p->env, &t);
}

/* What has no gap, lambda or problem stays out of what speaks of them. */
static void models_left_out(void **state)
{
    (void)state;
    struct place p;
    struct results_table t;
    open_place(&p);
    one_dataset(&p);
    read_back(&p);
    ask(&p, "summary", &t);
    assert_int_equal(t.n_rows, 2);
    assert_string_equal(results_text(&t, 0, "problem"), "logistic");
    results_table_free(&p.env, &t);
    count_rows(&p, "gap-time", 2);
    count_rows(&p, "time-dimension", 2);
    count_rows(&p, "path", 0);
    count_rows(&p, "datasets", 1);
    ask(&p, "profile", &t);
    for (size_t i = 0; i < t.n_rows; i++)
        assert_string_equal(results_text(&t, i, "problem"), "logistic");
    results_table_free(&p.env, &t);
    ask(&p, "genes", &t);
    for (size_t i = 0; i < t.n_rows; i++)
        assert_string_equal(results_text(&t, i, "problem"), "logistic");
    results_table_free(&p.env, &t);
    ask(&p, "endings", &t);
    assert_int_equal(t.n_rows, 2); /* done is well */
    assert_string_equal(results_text(&t, 0, "solver"), "cd");
    assert_string_equal(results_text(&t, 1, "status"), "diverged");
    results_table_free(&p.env, &t);
    /* all in one data set, groups unique; fista and cd do not agree */
    ask(&p, "accuracy-genes", &t);
    assert_int_equal(t.n_rows, 6);
    for (size_t i = 0; i < 6; i++)
        assert_near(results_real(&t, i, "group"), (double)i + 1, 0);
    assert_string_equal(results_text(&t, 2, "problem"), "model");
    assert_string_equal(results_text(&t, 2, "solver"), "gated");
    assert_near(results_real(&t, 2, "certified"), 1, 0);
    assert_near(results_real(&t, 5, "certified"), 0, 0);
    results_table_free(&p.env, &t);
    close_place(&p);
}

static void has(const char *text, const char *words)
{
    if (!strstr(text, words))
        fail_msg("no \"%s\" in:\n%s", words, text);
}

static void tables(void **state)
{
    (void)state;
    static const double x[][4] = {{0.9, 0.8, 0.7, NAN}, {0.9, 0.8, 0.7, NAN},
                                  {0.9, 0.8, 0.7, NAN}, {0.8, 0.8, 0.7, NAN},
                                  {0.9, 0.8, 0.7, NAN}, {0.9, 0.8, 0.7, NAN},
                                  {0.9, 0.8, 0.7, NAN}};
    struct spred_buffer text = {0};
    struct place p;
    open_place(&p);
    one_dataset(&p);
    read_back(&p);
    assert_ok(&p.env, results_markdown(&p.env, p.view, &text));
    const char *models = strstr(text.text, "# Methods");
    const char *solvers = strstr(text.text, "# Solvers");
    assert_true(models && solvers && models < solvers);
    has(text.text, "| majority |   1/T | (1-.8^T)/(.2T) |");
    has(text.text, "| gated            |        3/3 | 0.890 ± 0.161 |    0.400 "
                   "| 0.500 |          0.900 | 0.890 ± 0.161 |");
    has(text.text, "No stability: mlp (every trial takes all genes); nothing "
                   "(no trial takes a gene); short (not all genes of every "
                   "trial are stored).");
    has(text.text, "| gated   | better          | +0.140 ± 0.035 |      3 |");
    has(text.text, "- short: diverged in 1 trial: loss is not finite");
    has(text.text, "a = logistic (fista) (of 3), b = gated (of 3)");
    has(text.text, "| 1 | GENEM | M_at    | 3 | 3 | 3 | 1.000 |");
    has(text.text, "| d        | gated   | lr=0.3            |    2/3 | "
                   "lr=0.1 (1) | step=5, step=7 |");
    assert_null(strstr(text.text, "## d, model"));
    assert_null(strstr(text.text, "## Ranks")); /* one data set */
    spred_free(&p.env, text.text);
    close_place(&p);

    memset(&text, 0, sizeof text);
    open_place(&p);
    put_contest(&p, 7, x);
    read_back(&p);
    assert_ok(&p.env, results_markdown(&p.env, p.view, &text));
    has(text.text, "the methods differ; pairs by Holm at 0.05.");
    has(text.text, "- a ranks before c (p = 0.0009");
    has(text.text, "- cannot separate a and b\n- cannot separate b and c\n");
    assert_null(strstr(text.text, "# Solvers"));
    assert_null(strstr(text.text, "majority |"));
    spred_free(&p.env, text.text);
    close_place(&p);
}

/* candidates.csv, and verify sees them. */
static void exports(void **state)
{
    (void)state;
    struct place p;
    struct results_store *other;
    struct spred_buffer out = {0};
    size_t differences;
    char path[300], line[256];
    open_place(&p);
    assert_ok(&p.env, results_store_open(&p.env, p.other, &other));
    struct results_sink right = results_store_sink(other);
    for (int k = 0; k < 2; k++) {
        struct results_record r = start(&p, "d", "model", "m", 1, 0.5, "A");
        fixture_candidate(&p.env, &r, k ? "lr=2" : "lr=1", "step=1", 1)->loss =
            0.25;
        struct results_sink *sink = k ? &right : &p.sink;
        assert_ok(&p.env, sink->put(sink->self, &r));
        results_record_free(&p.env, &r);
    }
    results_store_close(other);
    read_back(&p);
    assert_ok(&p.env, results_export_csv(&p.env, p.view, p.folder));
    snprintf(path, sizeof path, "%s/candidates.csv", p.folder);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_non_null(fgets(line, sizeof line, file));
    assert_int_equal(strncmp(line, "job,candidate,settings,at,validation,", 37),
                     0);
    assert_non_null(fgets(line, sizeof line, file));
    has(line, ",1,lr=1,step=1,,0.25,");
    fclose(file);
    struct results_answer answer; /* as a script's r:rows("candidates") */
    assert_ok(&p.env,
              results_rows(&p.env, p.view, "candidates", NULL, &answer));
    assert_int_equal(answer.n_rows, 1);
    assert_string_equal(answer.values[2].bytes, "m");
    results_answer_free(&p.env, &answer);
    assert_ok(&p.env,
              results_verify(&p.env, p.db, p.other, &out, &differences));
    has(out.text, "model on d, m, trial 1, candidates row 1: settings: 'lr=1' "
                  "and 'lr=2'");
    assert_int_equal(differences, 1);
    spred_free(&p.env, out.text);
    close_place(&p);
}

/* Fails the allocation that brings the count to zero, and all after it. */
static void *failing(void *cookie, void *pointer, size_t size)
{
    int *left = cookie;
    if (size == 0) {
        free(pointer);
        return NULL;
    }
    return *left > 0 && (*left)-- > 0 ? realloc(pointer, size) : NULL;
}

static enum spred_status use_everything(struct spred_env *env, const char *db)
{
    static const char *const queries[] = {
        "methods", "versus",       "ranks",         "rank-pairs",
        "tuned",   "chosen-genes", "accuracy-genes"};
    struct results_view *view;
    struct results_table t;
    struct spred_buffer text = {0};
    SPRED_TRY(results_view_open(env, db, &view));
    enum spred_status status = SPRED_OK;
    for (size_t i = 0; i < 7 && !status; i++) {
        status = results_query(env, view, queries[i], &t);
        results_table_free(env, &t);
    }
    if (!status)
        status = results_markdown(env, view, &text);
    spred_free(env, text.text);
    results_view_close(view);
    return status;
}

static void out_of_memory(void **state)
{
    (void)state;
    static const double x[][4] = {
        {0.9, 0.8, NAN, NAN}, {0.9, 0.8, NAN, 0.2}, {NAN, 0.8, NAN, NAN}};
    struct place p;
    struct spred_env env;
    open_place(&p);
    put_contest(&p, 3, x);
    struct results_record r = start(&p, "d1", "lasso", "cd", 1, 0.5, "AB");
    put(&p, &r);
    read_back(&p);
    int allowed = 0, left = 0;
    enum spred_status status = SPRED_ENOMEM;
    for (; status == SPRED_ENOMEM && allowed < 100000; allowed++) {
        spred_env_init(&env);
        env.reallocate = failing;
        env.allocate_cookie = &left;
        left = allowed;
        status = use_everything(&env, p.db);
    }
    assert_ok(&env, status);
    assert_true(allowed > 100);
    close_place(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(methods),         cmocka_unit_test(stability_interval),
        cmocka_unit_test(versus),          cmocka_unit_test(versus_others),
        cmocka_unit_test(ranks),           cmocka_unit_test(genes_and_settings),
        cmocka_unit_test(models_left_out), cmocka_unit_test(tables),
        cmocka_unit_test(exports),         cmocka_unit_test(out_of_memory)};
    return cmocka_run_group_tests_name("methods", tests, NULL, NULL);
}
