/* t-learn-marks.c: marks and shown matrices of a fit become rows of its job:
 * what the marked network predicts, how sparse it is, how fast. */
#include "learn-fixture.h"
#include "learn-place.h"

#include "experiments/score.h"

#define STEPS "steps=60 every=5 pause=0 rate=0.1 way="

/* A mark's numbers are those of the weights as they were cut, by hand. */
static void rows(void **state)
{
    struct ready r;
    (void)state;
    ready_make(&r, "tread", STEPS "well", "", 3);
    ready_run(&r);
    const struct results_record *record = &r.record;
    assert_string_equal(record->run.status, "done");
    assert_int_equal(record->n_marks, 3);
    assert_int_equal(record->n_layers, 6);
    static const char *const rules[] = {"dense", "threshold", "threshold"};
    for (size_t i = 0; i < 3; i++) {
        const struct results_mark *m = &record->marks[i];
        assert_string_equal(m->job, record->run.job);
        assert_int_equal(m->mark, (int64_t)i + 1);
        assert_int_equal(m->candidate, 1);
        assert_string_equal(m->rule, rules[i]);
        assert_int_equal(m->weights, 3 * PLAIN_P);
        assert_near(m->macs_dense, 3 * PLAIN_P, 0);
        assert_near(m->macs, (double)m->nonzero, 0);
        assert_true(m->seconds_sample > 0 && m->seconds_sample < 1);
        int64_t weights = 0, nonzero = 0;
        for (size_t k = 0; k < 2; k++) {
            const struct results_layer *l = &record->layers[2 * i + k];
            assert_int_equal(l->mark, m->mark);
            assert_int_equal(l->layer, (int64_t)k + 1);
            assert_string_equal(l->name, k ? "second" : "first");
            assert_int_equal(l->units, PLAIN_P / 2);
            weights += l->weights;
            nonzero += l->nonzero;
        }
        assert_int_equal(weights, m->weights);
        assert_int_equal(nonzero, m->nonzero);
    }
    assert_true(isnan(record->marks[0].threshold));
    assert_near(record->marks[2].threshold, 0.2, 0);
    assert_true(record->marks[0].nonzero > record->marks[1].nonzero);
    assert_true(record->marks[1].nonzero > record->marks[2].nonzero);
    /* Uncut, it is the model that was offered. */
    assert_near(record->marks[0].accuracy, record->run.accuracy, 0);
    assert_near(record->marks[0].loss, record->run.log_loss, 0);
    assert_near(record->marks[0].validation, record->run.validation, 1);
    assert_true(fabs(record->marks[2].loss - record->marks[0].loss) > 1e-6);
    ready_free(&r);
}

/* Accuracy and cross-entropy of a cut network against a plain computation on
 * its shown weights. */
static void by_hand(void **state)
{
    struct ready r;
    static double scores[2 * PLAIN_N], w[2 * PLAIN_P];
    (void)state;
    ready_make(&r, "tread", STEPS "well", "", 2);
    ready_run(&r);
    const struct results_array *shown = &r.record.arrays[0];
    char *text = spred_strdup(&r.env, shown->values), *rest = NULL;
    size_t n = 0;
    for (char *word = strtok_r(text, " ", &rest); word && n < 2 * PLAIN_P;
         word = strtok_r(NULL, " ", &rest))
        w[n++] = strtod(word, NULL);
    spred_free(&r.env, text);
    assert_int_equal(n, 2 * PLAIN_P);
    const struct trial *trial = learn_trial(r.learn);
    const struct part *test = &trial->test;
    const struct spred_prepared *prepared = &trial->prepared;
    double column[PLAIN_N], loss = 0;
    size_t right = 0;
    memset(scores, 0, sizeof scores);
    for (size_t j = 0; j < PLAIN_P; j++) {
        spred_matrix_column(&test->x, j, column);
        for (size_t k = 0; k < 2; k++)
            for (size_t i = 0; i < test->n; i++)
                if (fabs(w[j + k * PLAIN_P]) > 0.1)
                    scores[i + k * test->n] += w[j + k * PLAIN_P] *
                                               (column[i] - prepared->mean[j]) *
                                               prepared->scale[j];
    }
    for (size_t i = 0; i < test->n; i++) {
        double d = scores[i + test->n] - scores[i];
        right += (d > 0) == (test->codes[i] == 1);
        loss += log1p(exp(test->codes[i] == 1 ? -d : d)) / (double)test->n;
    }
    const struct results_mark *cut = &r.record.marks[1];
    assert_near(cut->threshold, 0.1, 0);
    assert_near(cut->accuracy, (double)right / (double)test->n, 1e-12);
    assert_near(cut->loss, loss, 1e-4 * loss);
    ready_free(&r);
}

/* Not finite: a row without values, and the fit is well. */
static void not_finite(void **state)
{
    struct ready r;
    (void)state;
    ready_make(&r, "tread", STEPS "nan", "", 2);
    ready_run(&r);
    assert_string_equal(r.record.run.status, "done");
    assert_null(r.record.run.reason);
    assert_int_equal(r.record.n_marks, 3);
    const struct results_mark *m = &r.record.marks[2];
    assert_true(isnan(m->accuracy) && isnan(m->validation) && isnan(m->loss));
    assert_true(isnan(m->seconds_sample) && m->nonzero > 0);
    assert_true(r.record.marks[1].accuracy > 0);
    ready_free(&r);
}

/* A mark that cannot be is the model's error. */
static void odd(void **state)
{
    struct ready r;
    (void)state;
    ready_make(&r, "tread", STEPS "odd", "", 2);
    ready_run(&r);
    assert_string_equal(r.record.candidates[0].stop, "error");
    assert_string_equal(r.record.candidates[0].note,
                        "the model's mark 'odd': layer second has 251 of 250 "
                        "weights and 125 of 125 units left");
    assert_string_equal(r.record.run.status, "done"); /* what it offered */
    ready_free(&r);
}

/* Settings: the marks of all, numbered on; the arrays of the one that stands.
 * Marks and shows of a second fit, for predictions, leave no rows. */
static void settings(void **state)
{
    struct ready r;
    double scores[2 * PLAIN_N];
    (void)state;
    ready_make(&r, "tread", "", "rate=0.1;0.01", 2);
    r.job.tune = r.tune;
    snprintf(r.options, sizeof r.options, "steps=60 every=5 pause=0 way=well");
    ready_run(&r);
    assert_int_equal(r.record.n_marks, 6);
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(r.record.marks[i].mark, (int64_t)i + 1);
        assert_int_equal(r.record.marks[i].candidate, i < 3 ? 1 : 2);
    }
    assert_int_equal(r.record.layers[11].mark, 6);
    assert_int_equal(r.record.n_arrays, 1); /* shown twice: the later one */
    const struct results_array *a = &r.record.arrays[0];
    assert_string_equal(a->job, r.record.run.job);
    assert_string_equal(a->name, "weights");
    assert_int_equal(a->rows, PLAIN_P);
    assert_int_equal(a->columns, 2);
    assert_true(a->height == 1 && a->width == PLAIN_P && a->channels == 1);
    double largest = 0;
    char *text = spred_strdup(&r.env, a->values), *rest = NULL;
    for (char *word = strtok_r(text, " ", &rest); word;
         word = strtok_r(NULL, " ", &rest))
        largest = fmax(largest, fabs(strtod(word, NULL)));
    spred_free(&r.env, text);
    assert_near(largest, learn_importance(r.learn)[2], 1e-5 * largest);
    assert_ok(&r.env, learn_predict(r.learn, &r.plain.data.x, scores));
    assert_int_equal(r.record.n_marks, 6);
    ready_free(&r);
}

/* Taking the time is not the fit's: neither billed nor against its wall. */
static void unbilled(void **state)
{
    struct ready r;
    (void)state;
    ready_make(&r, "tread", STEPS "well", "", 2);
    ready_run(&r);
    double least = 0; /* 50 ms, or 10 000 calls: half take the median */
    for (size_t i = 0; i < 3; i++)
        least += fmin(0.05, 5000 * r.record.marks[i].seconds_sample *
                                (double)r.record.run.test);
    assert_true(r.record.run.seconds_wall - r.record.run.seconds >= least);
    assert_true(r.record.run.seconds > 0);
    ready_free(&r);
    /* A wall that is shorter than one mark; a busy machine may need another
     * turn for the fit itself. */
    int done = 0;
    for (int turn = 0; turn < 20 && !done; turn++) {
        ready_make(&r, "tread", "steps=2 every=1 pause=0 rate=0.1 way=well", "",
                   2);
        r.job.wall = 0.03;
        ready_run(&r);
        done = strcmp(r.record.candidates[0].stop, "done") == 0 &&
               r.record.n_marks == 3;
        ready_free(&r);
    }
    assert_true(done);
}

/* From where the fit begins: each mark takes its time. */
static void every_allocation_fails_once(void **state)
{
    long from = 0, step = 1;
    (void)state;
    for (int counted = 0, n = 0;; n++) {
        struct failing f = {.left = counted ? from + step * n : 1000000};
        struct ready r;
        ready_make(&r, "tread", STEPS "well", "", 2);
        r.env.reallocate = failing_reallocate;
        r.env.allocate_cookie = &f;
        enum spred_status status = ready_open(&r);
        if (!counted)
            from = 1000000 - f.left;
        if (status == SPRED_OK)
            status = learn_run(r.learn);
        if (!counted) { /* about 60 of those that come after learn_open */
            step = (1000000 - f.left - from) / 60 + 1;
            counted = 1;
            n = -1;
            assert_ok(&r.env, status);
            status = SPRED_ENOMEM;
        }
        ready_free(&r);
        assert_int_equal(f.live, 0);
        if (status == SPRED_OK) {
            assert_true(n > 30);
            break;
        }
        assert_int_equal(status, SPRED_ENOMEM);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows),
        cmocka_unit_test(by_hand),
        cmocka_unit_test(not_finite),
        cmocka_unit_test(odd),
        cmocka_unit_test(settings),
        cmocka_unit_test(unbilled),
        cmocka_unit_test(every_allocation_fails_once),
    };
    return cmocka_run_group_tests_name("learn-marks", tests, NULL, NULL);
}
