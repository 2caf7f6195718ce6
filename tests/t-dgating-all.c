/* t-dgating-all.c: spred's block gates against the group lasso at all 30
 * lambdas of the D-gating simulation. */
#include "dgating.h"

static void test_all(void **state)
{
    struct nn_rule rule = {.kind = NN_ADAM, .lr = 1e-2};
    struct spred_env env;
    (void)state;
    spred_env_init(&env);
    struct dgating *d = dgating_make();
    for (size_t k = 0; k < GRID; k++)
        dgating_compare(&env, d, k, &rule, 200000, 1e-3);
    free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_all)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
