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

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(class_never_seen)};
    return cmocka_run_group_tests_name("score", tests, NULL, NULL);
}
