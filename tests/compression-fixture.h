/* compression-fixture.h: rows of networks made sparse, for the tests of their
 * queries, tables and figures (made up, and marked so). */
#ifndef TESTS_COMPRESSION_FIXTURE_H
#define TESTS_COMPRESSION_FIXTURE_H

#include "results-fixture.h"

static inline struct results_mark *
fixture_mark(struct spred_env *env, struct results_record *record,
             const char *rule, double threshold, int64_t weights,
             int64_t nonzero, double validation, double accuracy)
{
    size_t n = record->n_marks;
    record->marks =
        spred_resize(env, record->marks, n + 1, sizeof *record->marks);
    assert_non_null(record->marks);
    struct results_mark *m = &record->marks[n];
    results_row_clear(results_mark_columns, m);
    m->job = spred_strdup(env, record->run.job);
    m->mark = (int64_t)n + 1;
    m->candidate = 1;
    m->rule = spred_strdup(env, rule);
    m->threshold = threshold;
    m->weights = weights;
    m->nonzero = nonzero;
    m->macs_dense = (double)weights;
    m->macs = (double)nonzero;
    m->validation = validation;
    m->accuracy = accuracy;
    record->n_marks++;
    return m;
}

/* A layer at the last mark. */
static inline void fixture_layer(struct spred_env *env,
                                 struct results_record *record, int64_t layer,
                                 const char *name, int64_t weights,
                                 int64_t nonzero, int64_t units,
                                 int64_t units_left)
{
    size_t n = record->n_layers;
    record->layers =
        spred_resize(env, record->layers, n + 1, sizeof *record->layers);
    assert_non_null(record->layers);
    struct results_layer *l = &record->layers[n];
    results_row_clear(results_layer_columns, l);
    l->job = spred_strdup(env, record->run.job);
    l->mark = (int64_t)record->n_marks;
    l->layer = layer;
    l->name = spred_strdup(env, name);
    l->weights = weights, l->nonzero = nonzero;
    l->units = units, l->units_left = units_left;
    record->n_layers++;
}

static inline void fixture_array(struct spred_env *env,
                                 struct results_record *record,
                                 const char *name, int64_t rows,
                                 int64_t columns, int64_t height, int64_t width,
                                 int64_t channels, const char *values)
{
    size_t n = record->n_arrays;
    record->arrays =
        spred_resize(env, record->arrays, n + 1, sizeof *record->arrays);
    assert_non_null(record->arrays);
    struct results_array *a = &record->arrays[n];
    results_row_clear(results_array_columns, a);
    a->job = spred_strdup(env, record->run.job);
    a->name = spred_strdup(env, name);
    a->rows = rows, a->columns = columns;
    a->height = height, a->width = width, a->channels = channels;
    a->values = spred_strdup(env, values);
    record->n_arrays++;
}

/* A run of a model under the protocol "given". */
static inline void fixture_deep(struct spred_env *env,
                                struct results_record *record,
                                const char *dataset, const char *model,
                                const char *options, int64_t trial)
{
    *record = (struct results_record){.n_points = 0};
    struct results_run *run = &record->run;
    fixture_run(env, run, dataset, "model", model, options, trial);
    fixture_model(env, run, "epoch=12");
    spred_free(env, run->protocol);
    run->protocol = spred_strdup(env, "given");
    run->train = 54000, run->validate = 6000, run->test = 10000;
    run->features = 784, run->classes = 10;
    run->support = 784;
    run->majority = 0.1;
}

struct fixture_method {
    const char *model, *options;
    double strength; /* where accuracy falls, in times of compression */
    double most;     /* accuracy */
    int group;       /* neurons and filters: networks that are made smaller */
};

struct fixture_layer_size {
    const char *name;
    int64_t weights, units;
    double share; /* of the mean share of nonzero weights */
};

static inline void fixture_picture(struct spred_env *env,
                                   struct results_record *r, const char *name,
                                   double left, int side, int columns,
                                   uint64_t *seed)
{
    struct spred_buffer text = {0};
    for (int i = 0; i < side * side * columns; i++) {
        double x = fixture_random(seed) - 0.5;
        int dead = (double)(i / (side * side)) >= left * columns;
        assert_ok(env, spred_buffer_add(env, &text, "%s%.6g", i ? " " : "",
                                        dead ? 0 : 0.3 * x));
    }
    fixture_array(env, r, name, side * side, columns, side, side, 1, text.text);
    spred_free(env, text.text);
}

/* One job: marks by thresholds, and made smaller where groups are. */
static inline void fixture_job(struct spred_env *env, struct results_sink *sink,
                               const char *dataset, const char *network,
                               const struct fixture_method *m, double target,
                               int64_t trial,
                               const struct fixture_layer_size *layers,
                               size_t n_layers, uint64_t *seed)
{
    struct results_record r;
    int dense = target <= 1;
    int64_t all = 0;
    char *options = dense
                        ? spred_format(env, "network=%s group=element", network)
                        : spred_format(env, "network=%s %s lambda=%.2g",
                                       network, m->options, target * 1e-5);
    fixture_deep(env, &r, dataset, m->model, options, trial);
    spred_free(env, options);
    for (size_t i = 0; i < n_layers; i++)
        all += layers[i].weights;
    static const double thresholds[] = {0, 1e-4, 1e-3, 1e-2};
    double base = m->most - 0.004 * fixture_random(seed);
    int broken = target > 90 && trial == 2 && m->strength < 60;
    struct results_mark *mark =
        fixture_mark(env, &r, "dense", NAN, all, all, base + 0.004, base);
    mark->seconds_sample = 1e-5 * (1 + 0.1 * fixture_random(seed));
    for (size_t k = 0; k < 5 && !dense; k++) {
        double times = k < 4 ? target * pow(1.6, (double)k) / 2 : target * 1.5;
        if (k == 4 && !m->group)
            break;
        double fall = 0.03 * pow(times / m->strength, 1.3) +
                      (k == 3 ? 0.2 * fixture_random(seed) : 0);
        double accuracy = fmax(base - fall, 0.1);
        accuracy = broken ? 0.1 : accuracy + 0.003 * fixture_random(seed);
        int64_t left = 0;
        mark = fixture_mark(env, &r,
                            k == 0   ? "exact zeros"
                            : k == 4 ? "made smaller"
                                     : "threshold",
                            k == 0 || k == 4 ? NAN : thresholds[k], all, 0,
                            accuracy + 0.002, accuracy);
        mark->seconds_sample =
            1e-5 * (k == 4 ? 0.25 + 0.7 / pow(target, 0.6) : 1);
        mark->macs = mark->macs_dense / pow(times, 0.7);
        for (size_t i = 0; i < n_layers; i++) {
            double share = fmin(layers[i].share / times, 1);
            int64_t nonzero = (int64_t)(share * (double)layers[i].weights);
            if (broken && i == 1)
                nonzero = 0;
            left += nonzero;
            fixture_layer(
                env, &r, (int64_t)i + 1, layers[i].name, layers[i].weights,
                nonzero, layers[i].units,
                m->group ? (int64_t)((double)layers[i].units * pow(share, 0.5))
                         : layers[i].units);
        }
        r.marks[r.n_marks - 1].nonzero = left;
    }
    if (!dense) {
        fixture_picture(env, &r, "filters before", 1, 5, 20, seed);
        fixture_picture(env, &r, "filters after",
                        m->group ? 2 / sqrt(target) : 1, 5, 20, seed);
    }
    assert_ok(env, sink->put(sink->self, &r));
    results_record_free(env, &r);
}

/* Eight methods on two networks, six strengths, three trials. */
static inline void fixture_compression(struct spred_env *env, const char *db)
{
    static const struct fixture_method methods[] = {
        {"deep-dense", "group=element", 1, 0.895, 0},
        {"deep-spred", "group=element factors=2", 40, 0.897, 0},
        {"deep-spred", "group=element factors=3", 45, 0.894, 0},
        {"deep-spred", "group=output factors=2", 15, 0.893, 1},
        {"deep-l1", "group=element", 8, 0.893, 0},
        {"deep-proximal", "group=element", 35, 0.894, 0},
        {"deep-proximal", "group=output", 12, 0.892, 1},
        {"deep-prune", "group=element", 30, 0.896, 0},
        {"deep-gradual", "group=element", 70, 0.896, 0},
        {"deep-str", "group=element", 25, 0.892, 0}};
    static const struct fixture_layer_size linear[] = {
        {"linear1", 235200, 300, 0.9},
        {"linear2", 30000, 100, 1.5},
        {"linear3", 1000, 10, 10}};
    static const struct fixture_layer_size conv[] = {
        {"conv1", 500, 20, 20},
        {"conv2", 25000, 50, 3},
        {"linear1", 400000, 500, 0.8},
        {"linear2", 5000, 10, 6}};
    static const double targets[] = {2, 5, 10, 30, 80, 200};
    uint64_t seed = 5;
    struct results_store *store;
    assert_ok(env, results_store_open(env, db, &store));
    struct results_sink sink = results_store_sink(store);
    for (int64_t trial = 1; trial <= 3; trial++)
        for (size_t m = 0; m < 10; m++)
            for (size_t k = 0; k < (m ? 6 : 1); k++)
                for (int net = 0; net < 2; net++)
                    fixture_job(env, &sink, "fashion-mnist",
                                net ? "lenet-5-caffe" : "lenet-300-100",
                                &methods[m], m ? targets[k] : 1, trial,
                                net ? conv : linear, net ? 4 : 3, &seed);
    assert_ok(env, sink.note(sink.self, "seed", "17"));
    assert_ok(env, sink.note(sink.self, "command", "t-compression-figures"));
    results_store_close(store);
}

#endif
