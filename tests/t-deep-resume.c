/* t-deep-resume.c: a deep training that is killed after every epoch goes on
 * each time and ends with the same bits: saved states, marks, scores. */
#include "deep-fixture.h"

#define LINEAR                                                                 \
    "network=linear(out=24)|batch-norm|relu|dropout(rate=0.1)|linear(out=12)"  \
    "|relu|linear"
/* All that a network of pictures can have: a residual block, both pools. */
#define PICTURES                                                               \
    "network=conv(out=5,kernel=3,pad=1,bias=false)|batch-norm|relu"            \
    "|conv(out=5,kernel=3,pad=1,bias=false)|batch-norm|relu"                   \
    "|conv(out=5,kernel=3,pad=1)|batch-norm|add(back=5)|relu"                  \
    "|max-pool(size=2)|dropout(rate=0.2)|conv(out=6,kernel=3,stride=2)|relu"   \
    "|avg-pool(size=1)|linear"

/* ---- a whole fit ---- */

struct whole {
    double *scores;
    struct kept_mark marks[MOST_MARKS];
    void *saves[MOST_SAVES];
    size_t sizes[MOST_SAVES], n_saves, n_marks;
    double steps;
};

/* Takes what the fit left out of r. */
static void take(struct runner *r, struct whole *w)
{
    w->scores = r->scores;
    w->steps = (double)r->report.steps;
    w->n_marks = r->n_marks;
    w->n_saves = r->n_saves;
    memcpy(w->marks, r->marks, sizeof w->marks);
    memcpy(w->saves, r->saves, sizeof w->saves);
    memcpy(w->sizes, r->save_sizes, sizeof w->sizes);
    r->scores = NULL;
    r->n_marks = r->n_saves = 0;
}

static void drop(struct whole *w)
{
    for (size_t i = 0; i < w->n_marks; i++) {
        free(w->marks[i].scores);
        free(w->marks[i].w);
    }
    for (size_t k = 0; k < w->n_saves; k++)
        free(w->saves[k]);
    free(w->scores);
}

/* ---- the same, killed after every save ---- */

/* Two states are the same bytes; the check sum at their ends would do. */
static void same_save(const struct whole *w, size_t k, const void *bytes,
                      size_t size)
{
    assert_int_equal(size, w->sizes[k]);
    if (memcmp(bytes, w->saves[k], size) != 0)
        fail_msg("another state after epoch %zu of all", k + 1);
}

static void same_marks(const struct runner *r, const struct whole *w)
{
    size_t bytes = TEST * CLASSES * sizeof(double);
    assert_int_equal(r->n_marks, w->n_marks);
    for (size_t i = 0; i < w->n_marks; i++) {
        const struct kept_mark *a = &r->marks[i], *b = &w->marks[i];
        assert_string_equal(a->rule, b->rule);
        assert_int_equal(a->nonzero, b->nonzero);
        assert_int_equal(a->units_left, b->units_left);
        assert_int_equal(a->n_w, b->n_w);
        assert_memory_equal(a->w, b->w, b->n_w * sizeof *b->w);
        assert_memory_equal(a->scores, b->scores, bytes);
    }
    assert_memory_equal(r->scores, w->scores, bytes);
    assert_near((double)r->report.steps, w->steps, 0);
}

static void check_saves(const char *network, const char *model,
                        const char *options)
{
    struct runner r;
    struct whole w;
    void *last = NULL;
    runner_open(&r, model);
    runner_set(&r, network);
    runner_set(&r, "batch=24 epochs=3");
    runner_set(&r, options);
    assert_ok(&r.env, runner_fit(&r, &r.env));
    take(&r, &w);
    assert_true(w.n_saves >= 3 && w.n_marks > 0);
    r.stop_after = 1;
    for (size_t k = 0; k < w.n_saves; k++) {
        assert_int_equal(runner_fit(&r, &r.env), SPRED_EINTERRUPTED);
        assert_int_equal(r.n_saves, 1); /* it did go on */
        same_save(&w, k, r.saves[0], r.save_sizes[0]);
        free(last);
        last = r.saves[0];
        r.n_saves = 0;
        r.saved = last;
        r.saved_size = r.save_sizes[0];
    }
    assert_ok(&r.env, runner_fit(&r, &r.env));
    assert_int_equal(r.n_saves, 0);
    same_marks(&r, &w);
    free(last);
    drop(&w);
    runner_close(&r);
}

static void test_linear(void **unused)
{
    (void)unused;
    check_saves(LINEAR, "deep-dense", "lr=0.05");
    check_saves(LINEAR, "deep-spred",
                "lr=0.2 dense_epochs=2 fine_tune=2 crop=1 flip=true "
                "thresholds=1e-2 fine_thresholds=1e-3;1e-2");
    check_saves(LINEAR, "deep-str", "lr=0.05 fine_tune=1");
    check_saves(LINEAR, "deep-prune", "lr=0.05 compression=4;2 fine_tune=2");
    check_saves(LINEAR, "deep-gradual", "lr=0.05 compression=4;2 fine_tune=2");
}

#define MOVED "crop=1 flip=true fine_tune=2 "
#define RISING "lambda_warmup=2 warmup=1.5 "
static void test_pictures(void **unused)
{
    (void)unused;
    check_saves(PICTURES, "deep-dense",
                "lr=0.05 crop=2 flip=true decay=1e-3 clip=1 cosine=false");
    check_saves(PICTURES, "deep-spred", MOVED RISING "lr=0.1");
    check_saves(PICTURES, "deep-spred",
                MOVED "lr=0.1 factors=3 momentum=0 fine_thresholds=0;1e-2");
    check_saves(PICTURES, "deep-spred",
                MOVED "lr=0.1 group=output lambda=0.02 dense_epochs=2");
    check_saves(PICTURES, "deep-spred", MOVED "lr=0.1 group=input lambda=0.01");
    check_saves(PICTURES, "deep-l1", MOVED RISING "dense_epochs=2");
    check_saves(PICTURES, "deep-l1", MOVED "group=output lambda=0.01");
    check_saves(PICTURES, "deep-proximal", MOVED RISING "lambda=1e-3");
    check_saves(PICTURES, "deep-proximal",
                MOVED "group=output lambda=0.02 dense_epochs=1");
    check_saves(PICTURES, "deep-proximal", MOVED "group=input lambda=0.01");
    check_saves(PICTURES, "deep-str",
                MOVED RISING "threshold_start=0.02 lambda=0.01");
    check_saves(PICTURES, "deep-prune", MOVED "compression=4;2");
    check_saves(PICTURES, "deep-prune",
                MOVED "compression=2 group=output scope=layer");
    check_saves(PICTURES, "deep-gradual", MOVED "compression=4;2");
    check_saves(PICTURES, "deep-gradual",
                MOVED "compression=2 group=input scope=layer");
}

/* Bytes of something else are refused; the caller then starts anew. */
static void test_bad_saves(void **unused)
{
    (void)unused;
    struct runner r;
    runner_open(&r, "deep-spred");
    runner_set(&r, "lr=0.2 fine_tune=1");
    runner_set(&r, LINEAR " batch=24");
    runner_set(&r, "epochs=2");
    assert_ok(&r.env, runner_fit(&r, &r.env));
    char *saved = malloc(r.save_sizes[0]);
    size_t size = r.save_sizes[0];
    memcpy(saved, r.saves[0], size);
    runner_drop_saves(&r);
    r.saved = saved;
    for (size_t cut = 0; cut < size; cut += size / 7) {
        r.saved_size = cut;
        assert_int_equal(runner_fit(&r, &r.env), SPRED_EFORMAT);
    }
    r.saved_size = size;
    saved[size / 2] ^= 1;
    assert_int_equal(runner_fit(&r, &r.env), SPRED_EFORMAT);
    saved[size / 2] ^= 1;
    runner_set(&r, "network=linear(out=24)|relu|linear");
    assert_int_equal(runner_fit(&r, &r.env), SPRED_EFORMAT);
    print_message("# %s\n", r.env.error);
    free(saved);
    r.saved = NULL;
    runner_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_linear),
        cmocka_unit_test(test_pictures),
        cmocka_unit_test(test_bad_saves),
    };
    return cmocka_run_group_tests_name("deep-resume", tests, NULL, NULL);
}
