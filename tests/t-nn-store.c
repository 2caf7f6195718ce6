/* t-nn-store.c: networks as words and as bytes: what comes back is the same,
 * and bytes that are damaged, cut short or foreign are refused. */
#include "nn-random.h"

#include "spred/hash.h"

enum { NETWORKS = 300, SUM = SPRED_HEX_SIZE - 1 };

static void test_words(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 20 * NETWORKS; seed++) {
        struct spred_env env;
        struct nn_branch back;
        spred_env_init(&env);
        struct spred_rng *rng = spred_rng_new(&env, seed);
        struct nn_shape shape = random_shape(rng);
        for (size_t b = 0; b < shape.n_branches; b++) {
            char *word = nn_print(&env, &shape.branches[b]);
            assert_non_null(word);
            if (nn_parse(&env, word, &back) != SPRED_OK)
                fail_msg("%s: %s", word, env.error);
            if (memcmp(&back, &shape.branches[b], sizeof back) != 0)
                fail_msg("%s is read as another network", word);
            spred_free(&env, word);
        }
        spred_rng_free(rng);
    }
}

static void test_word(void **state)
{
    static const char *const words[] = {
        "linear", "linear(bias=false)",
        "conv(out=6,bias=false,kernel=5,pad=2)|relu|max-pool(size=2)|conv(out="
        "8,kernel=3,stride=2,sparse=spred,group=output,lambda=0.1)|batch-norm|"
        "add(back=2)|avg-pool(size=3,stride=1)|global-pool|linear",
        "linear(out=64,bias=false,sparse=spred,group=block,block=5,factors=3,"
        "lambda=0.03)|relu|batch-norm|dropout(rate=0.25)|linear(out=7,"
        "sparse=stg,group=input,lambda=2,sigma=0.4)|relu|linear"};
    struct spred_env env;
    struct nn_branch branch;
    (void)state;
    spred_env_init(&env);
    for (size_t k = 0; k < 4; k++) {
        assert_ok(&env, nn_parse(&env, words[k], &branch));
        char *word = nn_print(&env, &branch);
        assert_string_equal(word, words[k]);
        spred_free(&env, word);
    }
}

static void same_bits(struct spred_env *env, struct nn *a, struct nn *b)
{
    double *p = scores_of(env, a, 9), *q = scores_of(env, b, 9);
    assert_memory_equal(p, q, RANDOM_SAMPLES * a->shape.outputs * sizeof *p);
    spred_free(env, p);
    spred_free(env, q);
}

static void test_restored(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < NETWORKS; seed++) {
        struct spred_env env;
        void *bytes, *again;
        size_t size, size_again;
        struct nn *back;
        spred_env_init(&env);
        struct nn *nn = random_nn(&env, seed, .2);
        assert_ok(&env, nn_store(&env, nn, &bytes, &size));
        if (nn_restore(&env, bytes, size, 0, &back) != SPRED_OK)
            fail_msg("seed %llu: %s", (unsigned long long)seed, env.error);
        same_bits(&env, nn, back);
        assert_int_equal(back->most, RANDOM_MOST);
        assert_int_equal(back->live, nn->live);
        assert_memory_equal(&back->shape.branches, &nn->shape.branches,
                            sizeof back->shape.branches);
        for (size_t j = 0; j < nn->shape.inputs; j++)
            assert_int_equal(back->place[back->order[j]], j);
        for (size_t i = 0; i < nn->n_tensors; i++)
            assert_near(back->tensors[i].decay, nn->tensors[i].decay, 0);
        assert_ok(&env, nn_store(&env, back, &again, &size_again));
        assert_int_equal(size_again, size);
        assert_memory_equal(again, bytes, size);
        nn_free(nn);
        nn_free(back);
        spred_free(&env, bytes);
        spred_free(&env, again);
    }
}

static void refused(const unsigned char *bytes, size_t size, const char *says)
{
    struct spred_env env;
    struct nn *nn;
    spred_env_init(&env);
    /* What is read past the end is seen by the sanitiser. */
    unsigned char *copy = malloc(size ? size : 1);
    memcpy(copy, bytes, size);
    assert_int_equal(nn_restore(&env, copy, size, 2, &nn), SPRED_EFORMAT);
    assert_null(nn);
    if (!strstr(env.error, says))
        fail_msg("\"%s\" does not say \"%s\"", env.error, says);
    free(copy);
}

static void test_damage(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 12; seed++) {
        struct spred_env env;
        unsigned char *bytes;
        void *block;
        size_t size;
        spred_env_init(&env);
        struct nn *nn = random_nn(&env, seed, .2);
        struct spred_rng *rng = spred_rng_new(&env, seed);
        assert_ok(&env, nn_store(&env, nn, &block, &size));
        bytes = block;
        for (size_t cut = 0; cut < size; cut++)
            refused(bytes, cut, cut < 8 ? "not a stored network" : "cut short");
        for (size_t at = 0; at < size; at++) {
            unsigned char kept = bytes[at];
            bytes[at] ^= (unsigned char)pick(rng, 1, 255);
            refused(bytes, size, "stored network");
            bytes[at] = kept;
        }
        refused((const unsigned char *)"SPREDNN", 8, "cut short");
        refused((const unsigned char *)"PK\3\4 is a zip", 13,
                "13 bytes that do not start with SPREDNN");
        nn_free(nn);
        spred_rng_free(rng);
        spred_free(&env, block);
    }
}

/* Sums that are right over bytes that are not: no crash, nothing large. */
static int refuse_large(void *cookie, size_t bytes)
{
    (void)cookie;
    return bytes > (size_t)1 << 26;
}

/* Size and check sum of what the bytes are now. */
static void seal(unsigned char *bytes, size_t size)
{
    enum { SIZE_AT = 32 };
    char hex[SPRED_HEX_SIZE];
    uint64_t all = size;
    memcpy(bytes + SIZE_AT, &all, sizeof all);
    spred_sha256(bytes, size - SUM, hex);
    memcpy(bytes + size - SUM, hex, SUM);
}

/* Layers of more weights than there are bytes, and words without an end. */
static void test_crafted(void **state)
{
    static const char word[] = "linear(out=7)",
                      huge[] = "linear(out=2000000000)";
    struct spred_env env;
    struct nn_shape shape = {
        .inputs = 5, .outputs = 3, .classes = 1, .n_branches = 1};
    struct nn *nn;
    void *block;
    size_t size, at = 0, more = sizeof huge - sizeof word;
    unsigned char *bytes;
    (void)state;
    spred_env_init(&env);
    assert_ok(&env,
              nn_parse(&env, "linear(out=7)|relu|linear", &shape.branches[0]));
    assert_ok(&env, nn_new(&env, &shape, 2, 1, &nn));
    assert_ok(&env, nn_store(&env, nn, &block, &size));
    nn_free(nn);
    bytes = malloc(size + more);
    memcpy(bytes, block, size);
    spred_free(&env, block);
    while (memcmp(bytes + at, word, sizeof word - 1) != 0)
        at++;
    memmove(bytes + at + more, bytes + at, size - at);
    memcpy(bytes + at, huge, sizeof huge - 1);
    seal(bytes, size + more);
    refused(bytes, size + more, "parameters are missing");
    memcpy(bytes + at, word, sizeof word - 1);
    seal(bytes, at + sizeof word - 1 + SUM);
    refused(bytes, at + sizeof word - 1 + SUM, "the layers have no end");
    free(bytes);
}

static void test_hostile(void **state)
{
    size_t taken = 0, refusals = 0;
    (void)state;
    for (uint64_t seed = 0; seed < 30 * NETWORKS; seed++) {
        struct spred_env env;
        void *block;
        size_t size;
        struct nn *back;
        spred_env_init(&env);
        env.refuses = refuse_large;
        struct nn *nn = random_nn(&env, seed % 50, .2);
        struct spred_rng *rng = spred_rng_new(&env, seed);
        assert_ok(&env, nn_store(&env, nn, &block, &size));
        unsigned char *bytes = block;
        size_t range = chance(rng, .8) && size > 300 ? 300 : size - SUM;
        for (size_t k = pick(rng, 1, 3); k-- > 0;)
            bytes[spred_rng_below(rng, range)] =
                (unsigned char)(chance(rng, .5) ? pick(rng, 0, 255)
                                                : pick(rng, '(', '9'));
        if (chance(rng, .2) && size > 400) /* shorter, and says so */
            size -= pick(rng, 1, size / 2);
        seal(bytes, size);
        if (nn_restore(&env, bytes, size, 2, &back) == SPRED_OK) {
            spred_free(&env, scores_of(&env, back, 1));
            taken++;
        } else {
            assert_null(back);
            assert_true(strlen(env.error) > 0);
            refusals++;
        }
        nn_free(nn);
        nn_free(back);
        spred_rng_free(rng);
        spred_free(&env, block);
    }
    assert_true(taken > 50 && refusals > 50);
}

/* Another number of samples at a time: the same function. */
static void test_most(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < NETWORKS / 4; seed++) {
        struct spred_env env;
        void *bytes;
        size_t size;
        struct nn *back;
        spred_env_init(&env);
        struct nn *nn = random_nn(&env, seed, .2);
        assert_ok(&env, nn_store(&env, nn, &bytes, &size));
        assert_ok(&env, nn_restore(&env, bytes, size, 3, &back));
        assert_int_equal(back->most, 3);
        assert_true(apart(&env, nn, back, 1) <= 2e-6);
        nn_free(back);
        nn_free(nn);
        spred_free(&env, bytes);
    }
}

/* What nn_new takes and no word says. */
static void test_no_word(void **state)
{
    struct spred_env env;
    struct nn_shape shape = {.inputs = 8,
                             .outputs = 3,
                             .classes = 1,
                             .n_branches = 1,
                             .picture = {2, 2, 2}};
    void *bytes;
    size_t size;
    struct nn *nn;
    (void)state;
    spred_env_init(&env);
    shape.branches[0].n = 2;
    shape.branches[0].layers[0].kind = NN_RELU;
    assert_ok(&env, nn_new(&env, &shape, 1, 1, &nn));
    assert_int_equal(nn_store(&env, nn, &bytes, &size), SPRED_EINVAL);
    assert_null(bytes);
    assert_non_null(strstr(env.error, "no word that is read again: layer 1"));
    nn_free(nn);
}

static void test_no_memory(void **state)
{
    (void)state;
    for (long fails = 0;; fails++) {
        struct spred_env env;
        struct scarce s = {.fails = -1};
        void *bytes;
        size_t size;
        struct nn *back = NULL;
        spred_env_init(&env);
        env.reallocate = scarce;
        env.allocate_cookie = &s;
        struct nn *nn = random_nn(&env, 7, .4);
        s.calls = 0;
        s.fails = fails;
        enum spred_status status = nn_store(&env, nn, &bytes, &size);
        if (status == SPRED_OK)
            status = nn_restore(&env, bytes, size, 3, &back);
        spred_free(&env, bytes);
        nn_free(nn);
        nn_free(back);
        assert_int_equal(s.live, 0);
        if (status == SPRED_OK)
            break;
        assert_int_equal(status, SPRED_ENOMEM);
        assert_true(fails < 1000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),    cmocka_unit_test(test_word),
        cmocka_unit_test(test_restored), cmocka_unit_test(test_damage),
        cmocka_unit_test(test_hostile),  cmocka_unit_test(test_crafted),
        cmocka_unit_test(test_most),     cmocka_unit_test(test_no_word),
        cmocka_unit_test(test_no_memory)};
    return cmocka_run_group_tests_name("nn-store", tests, NULL, NULL);
}
