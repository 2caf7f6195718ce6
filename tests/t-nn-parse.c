/* t-nn-parse.c: the word that describes a network's layers, and shapes that
 * make no sense: what is said about each. */
#include "test.h"

#include "solvers/nn/nn.h"

static void refused(const char *text, const char *expected)
{
    struct spred_env env;
    struct nn_branch b;
    spred_env_init(&env);
    if (nn_parse(&env, text, &b) != SPRED_EINVAL)
        fail_msg("%s: accepted", text);
    if (!strstr(env.error, expected))
        fail_msg("%s: \"%s\" does not say \"%s\"", text, env.error, expected);
}

static void test_words(void **state)
{
    struct spred_env env;
    struct nn_branch b;
    (void)state;
    spred_env_init(&env);
    assert_ok(&env, nn_parse(&env,
                             "linear(out=64,bias=false,sparse=spred,"
                             "group=block,block=5,factors=3,lambda=0.03)|"
                             "relu|batch-norm|dropout(rate=0.25)|"
                             "linear(out=7,sparse=stg,lambda=2,sigma=0.4)|"
                             "relu()|linear",
                             &b));
    assert_int_equal(b.n, 7);
    const struct nn_layer *l = b.layers;
    assert_true(l[0].kind == NN_LINEAR && l[0].out == 64 && l[0].no_bias);
    assert_true(l[0].sparse.kind == NN_SPRED);
    assert_true(l[0].sparse.group == NN_BLOCK && l[0].sparse.block == 5);
    assert_int_equal(l[0].sparse.factors, 3);
    assert_near(l[0].sparse.lambda, .03, 0);
    assert_true(l[1].kind == NN_RELU && l[2].kind == NN_BATCH_NORM);
    assert_true(l[3].kind == NN_DROPOUT);
    assert_near(l[3].rate, .25, 0);
    assert_true(l[4].sparse.kind == NN_STG && l[4].sparse.group == NN_INPUT);
    assert_true(l[4].out == 7 && !l[4].no_bias);
    assert_near(l[4].sparse.sigma, .4, 0);
    assert_true(l[5].kind == NN_RELU);
    assert_true(l[6].kind == NN_LINEAR && l[6].out == 0);
    assert_true(l[6].sparse.kind == NN_DENSE);
    assert_ok(&env, nn_parse(&env, "linear(bias=no)", &b));
    assert_true(b.n == 1 && b.layers[0].no_bias);
    assert_ok(&env, nn_parse(&env, "linear(bias=yes,sparse=none)", &b));
    assert_true(!b.layers[0].no_bias && b.layers[0].sparse.kind == NN_DENSE);
    assert_ok(
        &env,
        nn_parse(&env, "linear(sparse=proximal,lambda=1,group=output)", &b));
    assert_true(b.layers[0].sparse.kind == NN_PROXIMAL);
    assert_true(b.layers[0].sparse.group == NN_OUTPUT);
}

static void test_word_errors(void **state)
{
    (void)state;
    refused("linaer", "layer 1: unknown kind of layer \"linaer\", did you mean "
                      "\"linear\"?: expected one of linear, relu");
    refused("", "unknown kind of layer \"\"");
    refused("linear|", "layer 2: unknown kind of layer \"\"");
    refused("linear(out=5)|rleu|linear", "layer 2");
    refused("linear(uot=5)", "unknown key of linear \"uot\", did you mean "
                             "\"out\"?: expected one of out, bias, sparse");
    refused("relu(out=5)", "unknown key of relu \"out\": expected nothing");
    refused("linear(out)", "out has no value: expected out=VALUE");
    refused("linear(out=5,out=6)|relu|linear", "out comes twice");
    refused("linear(out=1e3)", "out=1e3: expected a whole number >= 1");
    refused("linear(out=0)", "out=0: expected a whole number >= 1");
    refused("linear(out=)", "out=: expected a whole number");
    refused("linear(bias=flase)", "did you mean \"false\"?");
    refused("linear(out=5", "\")\" is missing");
    refused("linear(out=5)relu", "\"relu\" after linear: expected \"|\"");
    refused("linear(sparse=sperd,lambda=1)", "did you mean \"spred\"?");
    refused("linear(sparse=spred)", "sparse=spred needs lambda=STRENGTH");
    refused("linear(lambda=1)", "lambda without sparse=");
    refused("linear(group=input)", "group without sparse=");
    refused("linear(sparse=spred,lambda=-1)", "lambda=-1: expected a number");
    refused("linear(sparse=spred,lambda=nan)", "expected a number >= 0");
    refused("linear(sparse=spred,group=inputs,lambda=1)",
            "did you mean \"input\"?");
    refused("linear(sparse=spred,group=block,lambda=1)",
            "group=block and block=COLUMNS go together");
    refused("linear(sparse=spred,block=3,lambda=1)", "go together");
    refused("linear(sparse=spred,factors=1,lambda=1)",
            "factors=1: expected a whole number >= 2");
    refused("linear(sparse=spred,factors=9,lambda=1)",
            "factors=9: expected 2 to 8");
    refused("linear(sparse=proximal,factors=3,lambda=1)",
            "factors is for sparse=spred");
    refused("linear(sparse=stg,group=output,lambda=1)", "expected group=input");
    refused("linear(sparse=spred,sigma=1,lambda=1)", "sigma is for sparse=stg");
    refused("linear(out=4)|dropout|linear", "dropout needs rate=SHARE");
    refused("linear(out=4)|dropout(rate=1)|linear",
            "rate=1: expected a number >= 0 and < 1");
    refused("relu|linear", "layer 1 is relu: the first and the last layer");
    refused("linear(out=3)|relu", "layer 2 is relu: the first and the last");
    refused("linear|relu|linear", "layer 1: linear needs out=UNITS");
    refused("linear(aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
            "aaaaaaaaaaaaaaaaaaaa=1)",
            "is too long for a word");
    char many[800] = "linear(out=2)";
    for (int k = 0; k < 100; k++)
        strcat(many, "|relu");
    strcat(many, "|linear");
    refused(many, "more than 96 layers");
}

static struct nn_shape good(void)
{
    struct nn_shape shape = {
        .inputs = 10, .outputs = 3, .classes = 1, .n_branches = 1};
    shape.branches[0].n = 3;
    shape.branches[0].layers[0].out = 4;
    shape.branches[0].layers[1].kind = NN_RELU;
    return shape;
}

static void wrong(const struct nn_shape *shape, const char *expected)
{
    struct spred_env env;
    struct nn *nn;
    spred_env_init(&env);
    assert_int_equal(nn_new(&env, shape, 5, 1, &nn), SPRED_EINVAL);
    assert_null(nn);
    if (!strstr(env.error, expected))
        fail_msg("\"%s\" does not say \"%s\"", env.error, expected);
}

#define WRONG(change, expected)                                                \
    do {                                                                       \
        struct nn_shape s = good();                                            \
        struct nn_layer *layers = s.branches[0].layers;                        \
        (void)layers;                                                          \
        change;                                                                \
        wrong(&s, expected);                                                   \
    } while (0)

static void test_shapes(void **state)
{
    struct spred_env env;
    struct nn_shape fine = good();
    struct nn *nn;
    (void)state;
    spred_env_init(&env);
    assert_ok(&env, nn_shape_check(&env, &fine));
    assert_int_equal(nn_new(&env, &fine, 0, 1, &nn), SPRED_EINVAL);
    WRONG(s.inputs = 0, "0 inputs: expected 1");
    WRONG(s.outputs = 1, "1 outputs: expected at least 2");
    WRONG(s.outputs = 0; s.classes = 0, "0 outputs: expected at least 1");
    WRONG(s.n_branches = 0, "0 branches");
    WRONG(s.n_branches = 3, "3 branches: expected 1 to 2");
    WRONG(s.n_branches = 2, "a network of 0 layers");
    WRONG(s.branches[0].n = 97, "97 layers: expected 1 to 96");
    WRONG(s.branches[0].n = 2, "layer 2 (relu): the first and the last");
    WRONG(layers[0].kind = NN_RELU, "layer 1 (relu): the first and the last");
    WRONG(layers[1].kind = (enum nn_layer_kind)99, "unknown kind of layer");
    WRONG(layers[0].out = 0, "layer 1 (linear): out is missing");
    WRONG(layers[2].out = 5, "layer 3 (linear): out is 5, but the data ask for "
                             "3 outputs");
    WRONG(layers[1].kind = NN_DROPOUT; layers[1].rate = 1, "rate is 1");
    WRONG(layers[0].sparse.kind = NN_SPRED;
          layers[0].sparse.lambda = -1, "layer 1 (linear): lambda is -1");
    WRONG(layers[0].sparse.kind = NN_SPRED;
          layers[0].sparse.factors = 1, "factors is 1, expected 2 to 8");
    WRONG(layers[2].sparse.kind = NN_SPRED; layers[2].sparse.group = NN_BLOCK;
          layers[2].sparse.block = 5,
          "layer 3 (linear): block is 5, expected 1 to 4 (columns)");
    WRONG(layers[0].sparse.kind = NN_STG, "expected group=input");
    WRONG(s.gate.kind = NN_PROXIMAL, "gates of the inputs are spred or stg");
    WRONG(s.gate.kind = NN_SPRED;
          s.gate.lambda = NAN, "gates of the inputs: lambda is nan");
    WRONG(s.gate.kind = NN_SPRED;
          layers[0].sparse.kind = NN_SPRED, "the inputs have gates already");
    WRONG(s.gate_start = INFINITY, "gate start");
    WRONG(s.n_branches = 2; s.branches[1] = s.branches[0];
          s.branches[1].layers[2].out = 9, "branch 2, layer 3 (linear): out");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_words),
                                       cmocka_unit_test(test_word_errors),
                                       cmocka_unit_test(test_shapes)};
    return cmocka_run_group_tests_name("nn-parse", tests, NULL, NULL);
}
