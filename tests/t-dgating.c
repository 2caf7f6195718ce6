/* t-dgating.c: spred's block gates reach the group lasso's objective on the
 * D-gating simulation, by SGD and by Adam. */
#include "dgating.h"

static void compare(const struct nn_rule *rule, long steps)
{
    const size_t some[] = {17, 20, 22, 24, 29};
    struct spred_env env;
    spred_env_init(&env);
    struct dgating *d = dgating_make();
    for (size_t k = 0; k < sizeof some / sizeof *some; k++)
        dgating_compare(&env, d, some[k], rule, steps, 1e-3);
    free(d);
}

static void test_sgd(void **state)
{
    struct nn_rule rule = {.kind = NN_SGD, .lr = .01, .momentum = .9};
    (void)state;
    compare(&rule, 6000);
}

static void test_adam(void **state)
{
    struct nn_rule rule = {.kind = NN_ADAM, .lr = 1e-2};
    (void)state;
    compare(&rule, 6000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_sgd),
                                       cmocka_unit_test(test_adam)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
