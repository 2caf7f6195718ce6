/* t-score.c: scores of held-out predictions, worked out by hand. */
#include "test.h"

#include "experiments/score.h"

/* Two samples each of classes 0 and 1, all right; one of a class that was not
 * in the training part: recall 0, probability 0. */
static void class_never_seen(void **unused)
{
    (void)unused;
    struct spred_env env;
    struct score score;
    int32_t codes[] = {0, 0, 1, 1, 2};
    struct part part = {.n = 5, .codes = codes};
    spred_env_init(&env);
    /* one output: the stranger scores between the classes, as a negative */
    double one[] = {-2, -1, 1, 2, 0.5};
    assert_ok(&env,
              score_part(&env, &part, 2, &spred_loss_logistic, one, 1, &score));
    assert_near(score.accuracy, 4 / 5.0, 1e-15);
    assert_near(score.balanced_accuracy, 2 / 3.0, 1e-15);
    assert_near(score.auc, 1, 0);
    double fit = 2 * log1p(exp(-1)) + 2 * log1p(exp(-2));
    assert_near(score.log_loss, (fit - log(1e-15)) / 5, 1e-12);
    /* one output a class */
    double two[] = {1, 1, -1, -1, 0, -1, -1, 1, 1, 0};
    assert_ok(&env, score_part(&env, &part, 2, &spred_loss_multinomial, two, 2,
                               &score));
    assert_near(score.balanced_accuracy, 2 / 3.0, 1e-15);
    assert_near(score.auc, 1, 0);
    assert_near(score.log_loss, (4 * log1p(exp(-2)) - log(1e-15)) / 5, 1e-12);
}

/* The paper reports the test accuracy at the best validation accuracy. */
static void choice(void **unused)
{
    (void)unused;
    struct score even = {.balanced_accuracy = .6, .accuracy = .7, .loss = 2};
    struct score large = {.balanced_accuracy = .5, .accuracy = .8, .loss = 1};
    struct score other = {.balanced_accuracy = .6, .accuracy = .7, .loss = 1};
    assert_true(score_better(&even, &large, 0));
    assert_false(score_better(&even, &large, 1));
    assert_true(score_better(&large, &even, 1));
    for (int plain = 0; plain < 2; plain++) {
        assert_true(score_better(&other, &even, plain));
        assert_false(score_better(&even, &even, plain));
    }
    struct score real = {NAN, NAN, NAN, NAN, .3, 5}, worse = real;
    worse.loss = 6;
    assert_true(score_better(&real, &worse, 0));
    assert_near(score_choice(&real, 0), .3, 0);
    assert_near(score_choice(&even, 0), .6, 0);
    assert_near(score_choice(&even, 1), .7, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(class_never_seen),
                                       cmocka_unit_test(choice)};
    return cmocka_run_group_tests_name("score", tests, NULL, NULL);
}
