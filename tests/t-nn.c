/* t-nn.c: the network engine in single precision: words and shapes that make no
 * sense, swapped and parked inputs, saving, starts, penalties, memory. */
#include "test.h"

#include "solvers/nn/inside.h"

static void test_parse(void **state)
{
    struct spred_env env;
    struct nn_branch b;
    (void)state;
    spred_env_init(&env);
    assert_ok(
        &env,
        nn_parse(
            &env,
            "linear(out=64,sparse=spred,group=input,lambda=0.03)|relu|linear",
            &b));
    assert_int_equal(b.n, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_parse)};
    return cmocka_run_group_tests_name("nn", tests, NULL, NULL);
}
