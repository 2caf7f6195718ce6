/* results-fixture.h: rows for the tests of stores, tables and figures: one
 * row at a time, or a whole plausible experiment (made up, and marked so). */
#ifndef SPRED_RESULTS_FIXTURE_H
#define SPRED_RESULTS_FIXTURE_H

#include <dirent.h>
#include <unistd.h>

#include "results/sink.h"
#include "results/store.h"
#include "spred/hash.h"
#include "spred/text.h"
#include "test.h"

/* A folder of its own below TMPDIR; remove with fixture_remove. */
static inline char *fixture_folder(struct spred_env *env)
{
    const char *base = getenv("TMPDIR");
    char *name = spred_format(env, "%s/spredbench-results-XXXXXX",
                              base && *base ? base : "/tmp");
    if (!name || !mkdtemp(name))
        abort(); /* which, unlike an assertion, compilers understand */
    return name;
}

static inline void fixture_remove(struct spred_env *env, char *folder)
{
    DIR *list = opendir(folder);
    assert_non_null(list);
    for (struct dirent *entry; (entry = readdir(list));) {
        char path[1024];
        snprintf(path, sizeof path, "%s/%.255s", folder, entry->d_name);
        if (entry->d_name[0] != '.')
            unlink(path);
    }
    closedir(list);
    assert_int_equal(rmdir(folder), 0);
    spred_free(env, folder);
}

/* A certified run with plausible numbers; the caller changes what matters. */
static inline void fixture_run(struct spred_env *env, struct results_run *run,
                               const char *dataset, const char *problem,
                               const char *solver, const char *options,
                               int64_t trial)
{
    char key[SPRED_HEX_SIZE];
    char *text = spred_format(env, "%s %s %s %s %lld", dataset, problem, solver,
                              options, (long long)trial);
    assert_non_null(text);
    spred_sha256(text, strlen(text), key);
    spred_free(env, text);
    results_row_clear(results_run_columns, run);
    run->job = spred_strdup(env, key);
    run->experiment = spred_strdup(env, "fixture");
    run->dataset = spred_strdup(env, dataset);
    run->source = spred_strdup(env, "made up by the tests");
    run->target = spred_strdup(env, "disease state");
    run->simulated = 1;
    run->protocol = spred_strdup(env, "clean");
    run->trial = trial;
    run->problem = spred_strdup(env, problem);
    run->loss = spred_strdup(env, "squared");
    run->penalty = spred_strdup(env, "l1");
    run->solver = spred_strdup(env, solver);
    run->options = spred_strdup(env, options);
    run->train = 60, run->validate = 20, run->test = 20;
    run->features = 22283, run->classes = 4;
    run->status = spred_strdup(env, "certified");
    run->gap_target = 1e-6;
    run->majority = 0.4;
    run->seed = spred_strdup(env, "17");
    run->machine = spred_strdup(env, "0123456789abcdef");
    run->started = spred_strdup(env, "2024-01-01T00:00:00Z");
}

static inline void fixture_status(struct spred_env *env,
                                  struct results_run *run, const char *status,
                                  const char *reason)
{
    spred_free(env, run->status);
    spred_free(env, run->reason);
    run->status = spred_strdup(env, status);
    run->reason = reason ? spred_strdup(env, reason) : NULL;
}

/* Adds one observation. */
static inline struct results_point *
fixture_point(struct spred_env *env, struct results_record *record,
              int64_t lambda_index, int64_t step, double seconds,
              double seconds_path, double gap)
{
    size_t n = record->n_points;
    record->points =
        spred_resize(env, record->points, n + 1, sizeof *record->points);
    assert_non_null(record->points);
    struct results_point *p = &record->points[n];
    results_row_clear(results_point_columns, p);
    p->job = spred_strdup(env, record->run.job);
    p->output = 1;
    p->lambda_index = lambda_index;
    p->step = step;
    p->seconds = seconds;
    p->seconds_path = seconds_path;
    p->gap = gap;
    p->primal = 1 + gap, p->dual = 1;
    p->last = 0;
    record->n_points++;
    return p;
}

static inline void fixture_gene(struct spred_env *env,
                                struct results_record *record, int64_t rank,
                                const char *feature, const char *symbol)
{
    size_t n = record->n_genes;
    record->genes =
        spred_resize(env, record->genes, n + 1, sizeof *record->genes);
    assert_non_null(record->genes);
    struct results_gene *g = &record->genes[n];
    results_row_clear(results_gene_columns, g);
    g->job = spred_strdup(env, record->run.job);
    g->output = 1;
    g->rank = rank;
    g->feature = spred_strdup(env, feature);
    g->symbol = spred_strdup(env, symbol);
    g->weight = 1.0 / (double)rank;
    record->n_genes++;
}

/* Makes of a run of fixture_run (problem "model") that of a model. */
static inline void fixture_model(struct spred_env *env, struct results_run *run,
                                 const char *chosen)
{
    fixture_status(env, run, "done", NULL);
    spred_free(env, run->loss);
    spred_free(env, run->penalty);
    run->loss = run->penalty = NULL;
    run->gap_target = NAN;
    run->kind = spred_strdup(env, "model");
    run->chosen = spred_strdup(env, chosen);
}

static inline struct results_candidate *
fixture_candidate(struct spred_env *env, struct results_record *record,
                  const char *settings, const char *at, int chosen)
{
    size_t n = record->n_candidates;
    record->candidates = spred_resize(env, record->candidates, n + 1,
                                      sizeof *record->candidates);
    assert_non_null(record->candidates);
    struct results_candidate *c = &record->candidates[n];
    results_row_clear(results_candidate_columns, c);
    c->job = spred_strdup(env, record->run.job);
    c->candidate = (int64_t)n + 1;
    c->settings = spred_strdup(env, settings);
    c->at = spred_strdup(env, at);
    c->stop = spred_strdup(env, "done");
    c->chosen = chosen;
    record->n_candidates++;
    return c;
}

/* Uniform in [0, 1), always the same sequence from the same seed. */
static inline double fixture_random(uint64_t *seed)
{
    *seed = *seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return (double)(*seed >> 11) / 9007199254740992.0;
}

struct fixture_solver {
    const char *name, *options;
    double cost, rate; /* seconds of a step; decades of gap per step */
    int exact;         /* one step reaches rounding */
};

static inline void fixture_path(struct spred_env *env,
                                struct results_record *record,
                                const struct fixture_solver *s, double floor,
                                double scale, double noise, uint64_t *seed)
{
    struct results_run *run = &record->run;
    double path = 20 * s->cost * scale, setup = path, worst = 0, limit = 120;
    run->points = 20;
    run->certified = 0;
    run->steps = 0;
    for (int64_t l = 1; l <= 20 && path < limit; l++) {
        double hard = (0.4 + 0.06 * (double)l) * noise, gap = 1;
        double start = log10(0.02 + 0.1 * fixture_random(seed));
        int64_t step = 0;
        for (double now = 0; gap > floor && path + now < limit;) {
            step = s->exact ? 1 : (int64_t)ceil(1.5 * (double)step + 1);
            gap = s->exact ? 1e-14
                           : pow(10, start - s->rate * (double)step / hard);
            now = s->cost * scale * (double)step * (s->exact ? hard * 40 : 1);
            struct results_point *p =
                fixture_point(env, record, l, step, now, path + now, gap);
            p->passes = (double)(run->steps + step);
            if (gap <= floor || path + now >= limit) {
                p->last = 1;
                p->stop = spred_strdup(env, gap <= 1e-6 ? "target" : "time");
                run->certified += gap <= 1e-6;
                path += now;
                run->steps += step;
                worst = gap > worst ? gap : worst;
                break;
            }
        }
    }
    run->gap = worst;
    run->seconds = path;
    run->seconds_setup = setup, run->seconds_solve = path - setup;
    run->seconds_load = 0.8, run->seconds_prepare = 0.3;
    run->seconds_certify = 0.2 * path;
    run->passes = (double)run->steps;
    if (path >= limit)
        fixture_status(env, run, "time", "120 s of billed time were spent");
    else if (floor > 1e-6)
        fixture_status(env, run, "stalled", "the gap stands still");
}

/* 6 data sets, 2 problems, 8 solvers, 3 trials: time-outs, refusals, crashes.
 */
static inline void fixture_experiment(struct spred_env *env, const char *path)
{
    static const struct fixture_solver solvers[] = {
        {"coordinate-descent", "shuffle=false", 0.002, 0.12, 0},
        {"lars", "", 0.004, 1, 1},
        {"owl-qn", "memory=10", 0.006, 0.1, 0},
        {"proximal-gradient", "accelerate=true restart=true", 0.004, 0.03, 0},
        {"proximal-gradient", "accelerate=false restart=true", 0.004, 0.004, 0},
        {"spred", "variant=newton init=0.1", 0.03, 0.6, 0},
        {"spred", "variant=sgd init=0.1", 0.003, 0.004, 0},
        {"admm", "rho=1", 0.02, 0.05, 0}};
    static const char *const datasets[] = {"GDS1815", "GDS1816", "GDS3268",
                                           "GDS3952", "GDS4761", "planted"};
    static const char *const problems[] = {"lasso", "logistic"};
    uint64_t seed = 1;
    struct results_store *store;
    assert_ok(env, results_store_open(env, path, &store));
    struct results_sink sink = results_store_sink(store);
    assert_ok(env, sink.note(sink.self, "seed", "17"));
    assert_ok(env, sink.note(sink.self, "machine",
                             "AMD EPYC, 2 cores, OpenBLAS Cooperlake, 1 "
                             "thread"));
    assert_ok(env,
              sink.note(sink.self, "command", "spredbench run genes.yaml"));
    assert_ok(env, sink.note(sink.self, "warning: geo",
                             "GEO could not be reached: time-out <after> 30 "
                             "s & no route"));
    assert_ok(env, sink.note(sink.self, "resolved",
                             "version: 1\nname: genes # <all> & more\n"));
    for (size_t i = 0; i < 6 * 2 * 8 * 3; i++) {
        size_t d = i / 48, p = i / 24 % 2, k = i / 3 % 8;
        struct results_record record = {.n_points = 0};
        struct results_run *run = &record.run;
        int64_t trial = (int64_t)(i % 3) + 1;
        uint64_t instance = 100 * d + 10 * p + (uint64_t)trial + 1;
        fixture_run(env, run, datasets[d], problems[p], solvers[k].name,
                    solvers[k].options, trial);
        run->simulated = d == 5;
        run->classes = 2 + (int64_t)d % 3;
        if (p == 1 && k == 1) {
            fixture_status(env, run, "skipped",
                           "lars needs squared loss, not logistic");
        } else if (k == 7 && d == 2) {
            fixture_status(env, run, "crashed", "signal 11 (SIGSEGV)");
        } else {
            fixture_random(&instance);
            double base = 0.55 + 0.06 * (double)d + 0.02 * (double)p +
                          0.1 * fixture_random(&instance);
            double genes = 12 * pow(2, (double)d * 0.7) * (1 + 2 * (double)p) *
                           (0.8 + 0.4 * fixture_random(&instance));
            fixture_path(env, &record, &solvers[k],
                         k == 6 && d < 3 ? 3e-4 : 1e-6,
                         (0.3 + 0.5 * (double)d) * (p ? 2 : 1),
                         0.8 + 0.5 * fixture_random(&seed), &seed);
            run->support = (int64_t)genes;
            run->balanced_accuracy = base;
            if (strcmp(run->status, "certified") != 0) {
                run->support = (int64_t)(genes * 3);
                run->balanced_accuracy = base - 0.07;
            }
            run->accuracy = run->balanced_accuracy + 0.02;
            run->auc = run->balanced_accuracy + 0.1;
            run->peak_rss_kib = 200000 + 1000 * (int64_t)i;
            for (int64_t g = 1; g <= 6; g++) {
                char feature[32], symbol[32];
                int64_t id = 1000 + 7 * g + (g == 4 ? trial : 0);
                snprintf(feature, sizeof feature, "20%lld_at", (long long)id);
                snprintf(symbol, sizeof symbol, "GENE%lld", (long long)id);
                fixture_gene(env, &record, g, feature, symbol);
            }
        }
        assert_ok(env, sink.put(sink.self, &record));
        results_record_free(env, &record);
    }
    results_store_close(store);
}

#endif
