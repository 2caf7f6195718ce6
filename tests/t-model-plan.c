/* t-model-plan.c: what a plan makes of a model, and that the keys of other jobs
 * are what they were. */
#include "test.h"

#include "fake-models.h"

/* What a plan makes of a model, and the keys of the other jobs. */
static void planned(void **state)
{
    struct spred_env env;
    struct job job;
    static char name[] = "look", path[] = "x.yaml", clean[] = "clean",
                label[] = "look gain=1;3", gain[] = "gain", one[] = "1e0",
                three[] = "3.0", genes[] = "genes", four[] = "4";
    char *values[] = {one, three}, none[] = "";
    struct spec_axis axis = {gain, values, 2, 7, 5};
    struct spec_setting set = {genes, four, 7, 1};
    struct spec_model model = {.name = name,
                               .settings = &set,
                               .n_settings = 1,
                               .tune = &axis,
                               .n_tune = 1,
                               .label = label};
    const struct parts parts = {.models = look_models};
    const struct spec spec = {.name = name,
                              .path = path,
                              .seed = 4,
                              .protocol = {.kind = clean, .trials = 1},
                              .stop = {.gap = 1e-3, .steps = 9},
                              .parts = &parts};
    const struct source source = {.name = name,
                                  .source = none,
                                  .hash = none,
                                  .path = none,
                                  .target = none};
    (void)state;
    spred_env_init(&env);
    /* A model that is not built in comes with a script, which has no file. */
    assert_int_equal(plan_model(&env, &spec, &source, &model, 1, "", &job),
                     SPRED_EINVAL);
    results_row_free(&env, job_columns, &job);
    struct spec with = spec;
    struct parts hashed = parts;
    hashed.hash = "abc";
    with.parts = &hashed;
    with.script = path;
    assert_ok(&env, plan_model(&env, &with, &source, &model, 1, "", &job));
    assert_string_equal(job.tune, "gain=1;3");
    assert_string_equal(job.options, "gain=1;3 genes=4 way=well word=");
    assert_string_equal(job.model, "look");
    assert_string_equal(job.problem, "model");
    assert_int_equal(job.api_version, 3);
    char key[SPRED_HEX_SIZE], other[SPRED_HEX_SIZE];
    assert_ok(&env, job_key(&env, &job, key));
    char *text = job_text(&env, &job);
    assert_non_null(strstr(text, "\nmodel=look\ntune=gain=1;3\n"));
    assert_null(strstr(text, "gap=0.001")); /* not a model's business */
    spred_free(&env, text);
    three[0] = '5';
    results_row_free(&env, job_columns, &job);
    assert_ok(&env, plan_model(&env, &with, &source, &model, 1, "", &job));
    assert_ok(&env, job_key(&env, &job, other));
    assert_string_not_equal(key, other);
    results_row_free(&env, job_columns, &job);
}

/* A solver's job has the key that it had before there were models. */
static void old_keys(void **state)
{
    struct spred_env env;
    char key[SPRED_HEX_SIZE];
    static char none[] = "", some[] = "some";
    struct job job = {.dataset = some, .solver = some, .model = none};
    (void)state;
    spred_env_init(&env);
    char *text = job_text(&env, &job);
    assert_null(strstr(text, "model"));
    assert_null(strstr(text, "tune"));
    spred_free(&env, text);
    assert_ok(&env, job_key(&env, &job, key));
    assert_string_equal(
        key,
        "89e51f8424dbbc551a1d7718b3d9acc43d6fda2e068890679a053782651165d5");
    job.model = NULL;
    assert_ok(&env, job_key(&env, &job, key));
    assert_string_equal(
        key,
        "89e51f8424dbbc551a1d7718b3d9acc43d6fda2e068890679a053782651165d5");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(planned),
        cmocka_unit_test(old_keys),
    };
    return cmocka_run_group_tests_name("model-plan", tests, NULL, NULL);
}
