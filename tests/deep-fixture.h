/* deep-fixture.h: small pictures with planted classes, and a runner for the
 * deep models that keeps every mark and every saved state. */
#ifndef SPRED_DEEP_FIXTURE_H
#define SPRED_DEEP_FIXTURE_H

#include "test.h"

#include "solvers/deep/deep.h"
#include "solvers/nn/sparsity.h"
#include "spred/rng.h"

enum {
    SIDE = 8,
    CELLS = SIDE * SIDE,
    CLASSES = 3,
    TRAIN = 480,
    TEST = 150,
    MOST_MARKS = 40,
    MOST_SAVES = 64
};

struct pictures {
    size_t n;
    float *x; /* n x CELLS, column-major */
    int32_t *codes;
    double *values;
};

/* A bar: upright, level or slanting, at a random place, in noise. */
static inline struct pictures pictures_make(size_t n, uint64_t seed)
{
    struct spred_env env;
    struct pictures d = {n, calloc(n * CELLS, sizeof *d.x),
                         calloc(n, sizeof *d.codes),
                         calloc(n, sizeof *d.values)};
    spred_env_init(&env);
    struct spred_rng *rng = spred_rng_new(&env, seed);
    assert_non_null(rng);
    for (size_t i = 0; i < n; i++) {
        size_t code = i % CLASSES, at = 2 + spred_rng_below(rng, SIDE - 4);
        d.codes[i] = (int32_t)code;
        d.values[i] = 10 + 3 * (double)code;
        for (size_t y = 0; y < SIDE; y++)
            for (size_t x = 0; x < SIDE; x++) {
                size_t cell = y * SIDE + x;
                int on = code == 0   ? x == at
                         : code == 1 ? y == at
                                     : (x + y) % SIDE == at;
                d.x[i + cell * n] =
                    (float)(on * 2 - .3 + .3 * spred_rng_normal(rng));
            }
    }
    spred_rng_free(rng);
    return d;
}

static inline void pictures_free(struct pictures *d)
{
    free(d->x);
    free(d->codes);
    free(d->values);
}

struct kept_mark {
    char rule[32];
    double threshold, macs, macs_dense, accuracy;
    size_t weights, nonzero, units, units_left, n_layers;
    size_t counted; /* weights != 0, counted here */
    double *scores; /* TEST x outputs */
    float *w;       /* all products, one after the other */
    size_t n_w;
};

struct runner {
    struct spred_env env, *now; /* of the fit */
    const struct spred_model *model;
    void *options, *state;
    struct pictures train, validate, test;
    int plain; /* 1: the rows are no pictures */
    int real;  /* 1: real-valued target */
    uint64_t seed;
    struct spred_model_report report;
    struct kept_mark marks[MOST_MARKS];
    size_t n_marks, offers;
    double *scores; /* of the offer */
    size_t shown;
    void *saves[MOST_SAVES];
    size_t save_sizes[MOST_SAVES], n_saves;
    size_t stop_after; /* saves; 0: never */
    int stopping;
    const void *saved;
    size_t saved_size;
    int quiet; /* 1: no marks, no saves */
};

static inline int runner_cancelled(void *cookie)
{
    return ((struct runner *)cookie)->stopping;
}

static inline void runner_open(struct runner *r, const char *model)
{
    memset(r, 0, sizeof *r);
    spred_env_init(&r->env);
    r->env.cancelled = runner_cancelled;
    r->env.cancel_cookie = r;
    r->model = spred_model_find(model);
    assert_non_null(r->model);
    r->options = calloc(1, r->model->options_size);
    assert_ok(&r->env,
              spred_options_default(&r->env, r->model->options, r->options));
    r->train = pictures_make(TRAIN, 1);
    r->validate = pictures_make(TEST, 2);
    r->test = pictures_make(TEST, 3);
    r->seed = 5;
}

/* "epochs=3 batch=16" */
static inline void runner_set(struct runner *r, const char *text)
{
    char *copy = strdup(text), *rest = NULL;
    for (char *word = strtok_r(copy, " ", &rest); word;
         word = strtok_r(NULL, " ", &rest)) {
        char *value = strchr(word, '=');
        *value++ = '\0';
        assert_ok(&r->env, spred_options_set(&r->env, r->model->options,
                                             r->options, word, value));
    }
    free(copy);
    if (r->model->check)
        assert_ok(&r->env, r->model->check(&r->env, r->options));
}

static inline size_t runner_outputs(const struct runner *r)
{
    return r->real ? 1 : CLASSES;
}

static inline enum spred_status runner_scores(struct runner *r, double **out)
{
    *out = calloc(TEST * CLASSES, sizeof **out);
    return r->model->predict(r->now, r->state, r->test.x, TEST, *out);
}

static inline double accuracy_of(const struct runner *r, const double *scores)
{
    double right = 0;
    for (size_t i = 0; i < TEST; i++) {
        size_t best = 0;
        for (size_t k = 1; k < CLASSES; k++)
            if (scores[i + k * TEST] > scores[i + best * TEST])
                best = k;
        right += (int32_t)best == r->test.codes[i];
    }
    return right / TEST;
}

/* The products as they are, layer after layer. */
static inline enum spred_status keep_weights(struct runner *r,
                                             struct kept_mark *kept)
{
    struct deep *state = r->state;
    const struct nn_branch *branch = &nn_shape_of(state->nn)->branches[0];
    size_t count;
    struct nn_tensor *t = nn_tensors(state->nn, &count);
    for (size_t l = 0; l < branch->n; l++) {
        size_t size = 0;
        if (branch->layers[l].kind != NN_LINEAR &&
            branch->layers[l].kind != NN_CONV)
            continue;
        for (size_t i = 0; i < count; i++)
            if (t[i].layer == l && t[i].role == NN_WEIGHT &&
                t[i].rows * t[i].cols > size)
                size = t[i].rows * t[i].cols;
        const real *w = nn_weights(state->nn, 0, l);
        if (!w)
            return SPRED_ENOMEM;
        kept->w = realloc(kept->w, (kept->n_w + size) * sizeof *kept->w);
        for (size_t e = 0; e < size; e++) {
            kept->w[kept->n_w++] = (float)w[e];
            kept->counted += w[e] < 0 || w[e] > 0;
        }
    }
    return SPRED_OK;
}

static inline enum spred_status runner_mark(void *cookie,
                                            const struct spred_mark *mark)
{
    struct runner *r = cookie;
    assert_true(r->n_marks < MOST_MARKS);
    struct kept_mark *kept = &r->marks[r->n_marks++];
    memset(kept, 0, sizeof *kept);
    snprintf(kept->rule, sizeof kept->rule, "%s", mark->rule);
    kept->threshold = mark->threshold;
    kept->macs = mark->macs;
    kept->macs_dense = mark->macs_dense;
    kept->n_layers = mark->n_layers;
    for (size_t l = 0; l < mark->n_layers; l++) {
        kept->weights += mark->layers[l].weights;
        kept->nonzero += mark->layers[l].nonzero;
        kept->units += mark->layers[l].units;
        kept->units_left += mark->layers[l].units_left;
    }
    SPRED_TRY(runner_scores(r, &kept->scores));
    kept->accuracy = accuracy_of(r, kept->scores);
    return keep_weights(r, kept);
}

static inline enum spred_status runner_show(void *cookie, const char *name,
                                            size_t rows, size_t columns,
                                            const struct spred_picture *picture,
                                            const float *values)
{
    struct runner *r = cookie;
    assert_string_equal(name, r->shown++ ? "filters after" : "filters before");
    assert_int_equal(picture->height * picture->width * picture->channels,
                     rows);
    for (size_t e = 0; e < rows * columns; e++)
        assert_true(isfinite(values[e]));
    return SPRED_OK;
}

static inline enum spred_status runner_save(void *cookie, const void *bytes,
                                            size_t size)
{
    struct runner *r = cookie;
    assert_true(r->n_saves < MOST_SAVES);
    assert_int_equal(r->n_marks + r->offers, 0);
    r->saves[r->n_saves] = malloc(size);
    memcpy(r->saves[r->n_saves], bytes, size);
    r->save_sizes[r->n_saves++] = size;
    r->stopping = r->stop_after > 0 && r->n_saves >= r->stop_after;
    return SPRED_OK;
}

static inline enum spred_status runner_offer(void *cookie, const char *what,
                                             struct spred_offer *out)
{
    struct runner *r = cookie;
    assert_non_null(what);
    r->offers++;
    free(r->scores);
    r->scores = NULL;
    SPRED_TRY(runner_scores(r, &r->scores));
    *out = (struct spred_offer){NAN, NAN, 1};
    return SPRED_OK;
}

/* What the last fit left, but its saves. */
static inline void runner_forget(struct runner *r, struct spred_env *env)
{
    if (r->state)
        r->model->free(env, r->state);
    free(r->state);
    r->state = NULL;
    for (size_t i = 0; i < r->n_marks; i++) {
        free(r->marks[i].scores);
        free(r->marks[i].w);
    }
    free(r->scores);
    r->scores = NULL;
    r->n_marks = r->offers = r->shown = 0;
    r->stopping = 0;
}

static inline void runner_drop_saves(struct runner *r)
{
    for (size_t i = 0; i < r->n_saves; i++)
        free(r->saves[i]);
    r->n_saves = 0;
}

static inline struct spred_rows runner_rows(const struct runner *r,
                                            const struct pictures *d)
{
    struct spred_rows rows = {.n = d->n, .p = CELLS, .x = d->x};
    if (r->real)
        rows.values = d->values;
    else
        rows.codes = d->codes;
    if (!r->plain)
        rows.picture = (struct spred_picture){SIDE, SIDE, 1};
    return rows;
}

static inline enum spred_status runner_fit(struct runner *r,
                                           struct spred_env *env)
{
    struct spred_model_task task = {.train = runner_rows(r, &r->train),
                                    .validate = runner_rows(r, &r->validate),
                                    .classes = r->real ? 0 : CLASSES,
                                    .seed = r->seed,
                                    .threads = 1,
                                    .offer = runner_offer,
                                    .saved = r->saved,
                                    .saved_size = r->saved_size,
                                    .cookie = r};
    runner_forget(r, env);
    r->now = env;
    if (!r->quiet) {
        task.mark = runner_mark;
        task.show = runner_show;
        task.save = runner_save;
    }
    memset(&r->report, 0, sizeof r->report);
    r->state = calloc(1, r->model->state_size);
    return r->model->fit(env, r->state, r->options, &task, &r->report);
}

static inline void runner_close(struct runner *r)
{
    runner_forget(r, &r->env);
    runner_drop_saves(r);
    free(r->options);
    pictures_free(&r->train);
    pictures_free(&r->validate);
    pictures_free(&r->test);
}

#endif
