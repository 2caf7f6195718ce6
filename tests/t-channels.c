/* t-channels.c: preparation of pictures: one mean and one s.d. per channel. */
#include "test.h"

#include "spred/preprocess.h"

/* Two pictures of two cells and two channels: a channel has one mean and one
 * s.d.; a cell that is always the same is no special case. */
static void channels(void **state)
{
    (void)state;
    struct spred_env env;
    struct spred_prepared a;
    struct spred_matrix train, test;
    float x[] = {1, 3, 9, 250, 40, 90, 5, 5, 9, 60, 0, 0};
    struct spred_matrix raw = {
        .storage = SPRED_F32, .rows = 3, .cols = 4, .f32 = x};
    const size_t rows[] = {0, 1}, others[] = {2};
    const struct spred_preprocess_rules rules = {.log2 = SPRED_LOG2_AUTO,
                                                 .variance_keep = 1,
                                                 .center = 1,
                                                 .standardize = 1,
                                                 .channels = 2};
    spred_env_init(&env);
    assert_ok(&env, spred_prepare(&env, &raw, rows, 2, &rules, &a, &train));
    assert_true(a.p == 4 && !a.log2 && train.f32[0] == 1);
    /* channel 0: 1 3 5 5; channel 1: 250 40 60 0 */
    const double mean[] = {3.5, 87.5};
    const double deviation[] = {sqrt(2.75), sqrt(9268.75)};
    for (size_t j = 0; j < 4; j++) {
        assert_near(a.mean[j], mean[j % 2], 1e-12);
        assert_near(1 / a.scale[j], deviation[j % 2], 1e-10);
    }
    assert_int_equal(a.constant, 0);
    assert_non_null(strstr(a.report, "no log2"));
    assert_non_null(strstr(a.report, "one mean and one s.d. per channel (3.5 "
                                     "and 1.658, 87.5 and 96.27)"));
    assert_ok(&env, spred_prepared_apply(&env, &a, &raw, others, 1, &test));
    assert_near((double)test.f32[3], 0, 0);
    spred_matrix_free(&env, &test);
    spred_matrix_free(&env, &train);
    spred_prepared_free(&env, &a);
    /* Column by column the third is constant, and auto log2 fires. */
    struct spred_preprocess_rules single = rules;
    single.channels = 0;
    assert_ok(&env, spred_prepare(&env, &raw, rows, 2, &single, &a, &train));
    assert_true(a.constant == 1 && a.scale[2] == 0 && a.log2);
    spred_matrix_free(&env, &train);
    spred_prepared_free(&env, &a);
    /* A channel without variance is scaled to 0, all of them are refused. */
    float flat[] = {2, 2, 1, 7, 2, 2, 8, 3};
    struct spred_matrix two = {
        .storage = SPRED_F32, .rows = 2, .cols = 4, .f32 = flat};
    assert_ok(&env, spred_prepare(&env, &two, NULL, 0, &rules, &a, &train));
    assert_true(a.scale[0] == 0 && a.scale[2] == 0 && a.scale[1] > 0);
    assert_int_equal(a.constant, 2);
    spred_matrix_free(&env, &train);
    spred_prepared_free(&env, &a);
    struct spred_matrix none = {
        .storage = SPRED_F32, .rows = 2, .cols = 1, .f32 = flat};
    assert_int_equal(spred_prepare(&env, &none, NULL, 0, &rules, &a, &train),
                     SPRED_EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(channels)};
    return cmocka_run_group_tests_name("channels", tests, NULL, NULL);
}
