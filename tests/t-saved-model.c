/* t-saved-model.c: a model in a file, with the preparation of its rows,
 * predicts the same bits; files that are not what they should be. */
#include "learn-fixture.h"
#include "learn-place.h"

#include "experiments/predictor.h"

#define STEPS "steps=40 every=5 pause=0 rate=0.1 way="

const struct spred_model *const spred_models[] = {&look, &look_all, &tread,
                                                  NULL};

/* The same bits from the file, without a second fit. */
static void saved_model(void **state)
{
    struct place p;
    struct ready r;
    struct predictor predictor;
    double scores[2 * PLAIN_N], again[2 * PLAIN_N];
    char where[64];
    (void)state;
    place_make(&p);
    setenv("TREAD_LOG", below(&p, "log"), 1);
    ready_make(&r, "tread", STEPS "well", "rate=0.01;0.1", 2);
    r.job.variance_keep = 0.5; /* kept features are some */
    ready_run(&r);
    assert_ok(&r.env, learn_predict(r.learn, &r.plain.data.x, scores));
    begins(&p, where, sizeof where);
    assert_string_equal(where, "0 0 "); /* two settings, and no more */
    assert_ok(&r.env, learn_store(r.learn, below(&p, "a.model")));
    assert_ok(&p.env, predictor_read(&p.env, below(&p, "a.model"), &predictor));
    ready_free(&r);
    assert_string_equal(predictor.model->name, "tread");
    assert_int_equal(predictor.prepared.p_raw, PLAIN_P);
    assert_int_equal(predictor.prepared.p, PLAIN_P / 2);
    assert_int_equal(predictor.n_classes, 2);
    assert_string_equal(predictor.classes[1], "b");
    assert_string_equal(predictor.features[7], "g8");
    assert_string_equal(predictor.dataset, "plain");
    assert_ok(&p.env,
              predictor_scores(&p.env, &predictor, &r.plain.data.x, again));
    assert_memory_equal(scores, again, sizeof scores);
    const struct spred_matrix narrow = {
        .storage = SPRED_F64, .rows = 1, .cols = 3, .f64 = scores};
    assert_int_equal(predictor_scores(&p.env, &predictor, &narrow, again),
                     SPRED_EMISMATCH);
    predictor_free(&p.env, &predictor);
    unsetenv("TREAD_LOG");
    remove_all(p.folder);
}

/* Cut, flipped, of another version; and what has no file. */
static void refused_models(void **state)
{
    struct place p;
    struct ready r;
    struct predictor out;
    char *text;
    size_t length;
    (void)state;
    place_make(&p);
    const char *path = below(&p, "a.model");
    ready_make(&r, "tread", STEPS "well", "", 2);
    ready_run(&r);
    assert_ok(&r.env, learn_store(r.learn, path));
    ready_free(&r);
    assert_ok(&p.env, spred_read_file(&p.env, path, &text, &length));
    for (size_t i = 0; i < length; i += i < 600 ? 37 : 991) {
        int blank = text[i] == 0 || text[i] == '\n' || text[i] == ' ';
        text[i] = (char)(text[i] ^ 1);
        assert_ok(&p.env, spred_write_file(&p.env, path, text, length));
        enum spred_status status = predictor_read(&p.env, path, &out);
        assert_true(status != SPRED_OK || (blank && i < 512));
        predictor_free(&p.env, &out);
        text[i] = (char)(text[i] ^ 1);
        assert_ok(&p.env, spred_write_file(&p.env, path, text, i));
        assert_int_equal(predictor_read(&p.env, path, &out), SPRED_EFORMAT);
        assert_non_null(strstr(p.env.error, "a.model: "));
        predictor_free(&p.env, &out);
    }
    char *version = strstr(text, "version 2");
    assert_non_null(version);
    version[8] = '1';
    assert_ok(&p.env, spred_write_file(&p.env, path, text, length));
    assert_int_equal(predictor_read(&p.env, path, &out), SPRED_EFORMAT);
    assert_non_null(strstr(p.env.error, "it is of version 1 of the model "
                                        "tread, this program has version 2"));
    predictor_free(&p.env, &out);
    spred_free(&p.env, text);
    assert_int_equal(predictor_read(&p.env, below(&p, "none"), &out),
                     SPRED_ENOTFOUND);
    predictor_free(&p.env, &out);
    ready_make(&r, "look", "", "", 2);
    ready_run(&r);
    assert_int_equal(learn_store(r.learn, path), SPRED_EINVAL);
    assert_string_equal(r.env.error, "the model look cannot be saved");
    ready_free(&r);
    remove_all(p.folder);
}

static void every_allocation(void **state)
{
    struct place p;
    struct predictor out;
    struct ready r;
    struct failing f;
    enum spred_status status;
    long n;
    (void)state;
    place_make(&p);
    const char *path = below(&p, "a.model");
    ready_make(&r, "tread", STEPS "well", "", 2);
    ready_run(&r);
    status = SPRED_ENOMEM;
    for (n = 0; status == SPRED_ENOMEM; n++) {
        f = (struct failing){.left = n};
        r.env.reallocate = failing_reallocate;
        r.env.allocate_cookie = &f;
        status = learn_store(r.learn, path);
        r.env.reallocate = NULL;
        assert_int_equal(f.live, 0);
    }
    assert_int_equal(status, SPRED_OK);
    assert_true(n > 3);
    ready_free(&r);
    status = SPRED_ENOMEM;
    for (n = 0; status == SPRED_ENOMEM; n++) {
        f = (struct failing){.left = n};
        p.env.reallocate = failing_reallocate;
        p.env.allocate_cookie = &f;
        status = predictor_read(&p.env, path, &out);
        predictor_free(&p.env, &out);
        assert_int_equal(f.live, 0);
    }
    assert_int_equal(status, SPRED_OK);
    assert_true(n > 500); /* names of the features */
    remove_all(p.folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(saved_model),
        cmocka_unit_test(refused_models),
        cmocka_unit_test(every_allocation),
    };
    return cmocka_run_group_tests_name("saved-model", tests, NULL, NULL);
}
