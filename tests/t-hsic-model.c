/* t-hsic-model.c: HSIC Lasso as a model among others: what it offers, that
 * genes left out take no part, same seed same answer, failures. */
#include "model_run.h"

#include "ledger.h"
#include "solvers/models/hsic_kernels.h"
#include "spred/rng.h"

enum { N = 50, P = 400, CLASSES = 3 };

struct sample {
    float x[N * P];
    int32_t codes[N];
    double values[N];
};

/* The first six genes say the class, genes 100 and 101 the value. */
static void make(struct sample *s)
{
    struct spred_env env;
    spred_env_init(&env);
    struct spred_rng *rng = spred_rng_new(&env, 12);
    for (size_t i = 0; i < N; i++) {
        s->codes[i] = (int32_t)(i % CLASSES);
        s->values[i] = 0;
        for (size_t j = 0; j < P; j++) {
            double shift = j < 6 && j % CLASSES == i % CLASSES ? 2 : 0;
            s->x[i + j * N] = (float)(spred_rng_normal(rng) + shift);
            s->values[i] += j >= 100 && j < 102 ? s->x[i + j * N] : 0;
        }
    }
    spred_rng_free(rng);
}

static void open_run(struct model_run *run, struct spred_env *env,
                     const struct sample *s, size_t classes,
                     const char *const *options)
{
    run_open(run, env, "hsic-lasso", options);
    run->task.train = (struct spred_rows){N,
                                          P,
                                          s->x,
                                          classes ? s->codes : NULL,
                                          classes ? NULL : s->values,
                                          {0, 0, 0}};
    run->task.classes = classes;
    run->test = &run->task.train;
}

static void offers_nested_numbers(void **unused)
{
    (void)unused;
    static struct sample s;
    static const char *const fifteen[] = {"features", "15", NULL};
    static const char *const one[] = {"nested", "false", "features", "20",
                                      NULL};
    static const char *const all[] = {"features", "1000", NULL};
    struct spred_env env;
    struct model_run run;
    spred_env_init(&env);
    make(&s);
    open_run(&run, &env, &s, CLASSES, fifteen);
    assert_ok(&env, run_fit(&run));
    assert_int_equal(run.n_offers, 3);
    static const size_t numbers[] = {5, 10, 15};
    for (size_t k = 0; k < 3; k++) {
        char what[32];
        snprintf(what, sizeof what, "genes=%zu", numbers[k]);
        assert_string_equal(run.offers[k].what, what);
        assert_int_equal(run.offers[k].genes, numbers[k]);
    }
    assert_true(run.offers[1].accuracy > .9);
    assert_true(run.report.steps >= 15 && run.report.passes >= 1);
    run_close(&run);
    open_run(&run, &env, &s, CLASSES, one);
    assert_ok(&env, run_fit(&run));
    assert_int_equal(run.n_offers, 1);
    assert_string_equal(run.offers[0].what, "genes=20");
    run_close(&run);
    /* More than the path has (no a >= 0 fits L better than so many genes): the
     * last offer is its end. */
    open_run(&run, &env, &s, CLASSES, all);
    assert_ok(&env, run_fit(&run));
    size_t last = run.offers[run.n_offers - 1].genes;
    assert_true(last > 20 && last < N);
    assert_int_equal(run.offers[run.n_offers - 2].genes, 20);
    run_close(&run);
}

static void finds_the_genes(void **unused)
{
    (void)unused;
    static struct sample s;
    static const char *const six[] = {"features", "6", NULL};
    static const char *const two[] = {"features", "2", NULL};
    struct spred_env env;
    struct model_run run;
    size_t found[6];
    spred_env_init(&env);
    make(&s);
    open_run(&run, &env, &s, CLASSES, six);
    assert_ok(&env, run_fit(&run));
    assert_int_equal(run_genes(&run, found, 6), 6);
    for (size_t k = 0; k < 6; k++)
        assert_true(found[k] < 6);
    run_close(&run);
    open_run(&run, &env, &s, 0, two);
    assert_ok(&env, run_fit(&run));
    assert_int_equal(run_genes(&run, found, 2), 2);
    for (size_t k = 0; k < 2; k++)
        assert_true(found[k] == 100 || found[k] == 101);
    assert_true(run.offers[run.n_offers - 1].accuracy > .8);
    run_close(&run);
}

/* The a of the last offer solve the lasso of the kernels at some lambda:
 * <K_j, L - sum_k a_k K_k> = lambda where a_j > 0, else at most lambda. */
static void weights_are_the_lasso(void **unused)
{
    (void)unused;
    static struct sample s;
    static const char *const twelve[] = {"features", "12", NULL};
    double a[P], lambda = 0;
    size_t active = 0;
    struct spred_env env;
    struct model_run run;
    struct hsic_blocks blocks;
    spred_env_init(&env);
    make(&s);
    open_run(&run, &env, &s, CLASSES, twelve);
    run.test = NULL;
    assert_ok(&env, run_fit(&run));
    run.model->genes(run.state, a);
    assert_ok(&env, hsic_blocks_open(&env, N, 20, 3, run.task.seed, &blocks));
    float *gene = malloc(2 * blocks.length * sizeof *gene);
    float *rest = gene + blocks.length;
    hsic_classes(&blocks, s.codes, rest);
    for (size_t j = 0; j < P; j++) {
        hsic_gene(&blocks, s.x + j * N, gene);
        for (size_t e = 0; e < blocks.length; e++)
            rest[e] -= (float)a[j] * gene[e];
    }
    for (size_t j = 0; j < P; j++) {
        hsic_gene(&blocks, s.x + j * N, gene);
        if (a[j] > 0) {
            lambda += hsic_dot(gene, rest, blocks.length) / 12;
            active++;
        }
    }
    assert_int_equal(active, 12);
    for (size_t j = 0; j < P; j++) {
        hsic_gene(&blocks, s.x + j * N, gene);
        double c = hsic_dot(gene, rest, blocks.length);
        assert_true(c <= lambda + 1e-5);
        if (a[j] > 0)
            assert_near(c, lambda, 1e-5);
    }
    assert_true(lambda > 1e-3);
    free(gene);
    hsic_blocks_close(&env, &blocks);
    run_close(&run);
}

/* Genes of importance 0 may be anything; each of the others matters. */
static void genes_left_out_take_no_part(void **unused)
{
    (void)unused;
    static struct sample s;
    static const char *const ten[] = {"features", "10", NULL};
    static float other[N * P];
    double before[N * CLASSES], after[N * CLASSES], importance[P];
    struct spred_env env;
    struct model_run run;
    spred_env_init(&env);
    make(&s);
    open_run(&run, &env, &s, CLASSES, ten);
    assert_ok(&env, run_fit(&run));
    run.model->genes(run.state, importance);
    assert_ok(&env, run.model->predict(&env, run.state, s.x, N, before));
    for (size_t j = 0; j < P; j++)
        for (size_t i = 0; i < N; i++)
            other[i + j * N] = importance[j] > 0 ? s.x[i + j * N] : 1e5f;
    assert_ok(&env, run.model->predict(&env, run.state, other, N, after));
    assert_memory_equal(before, after, sizeof before);
    for (size_t j = 0; j < P; j++) {
        if (!(importance[j] > 0))
            continue;
        memcpy(other, s.x, sizeof other);
        for (size_t i = 0; i < N; i++)
            other[i + j * N] += 1;
        assert_ok(&env, run.model->predict(&env, run.state, other, N, after));
        assert_memory_not_equal(before, after, sizeof before);
    }
    run_close(&run);
}

/* Same seed: the same bits. Kept kernels or computed again: the same bits.
 * Another seed: other blocks. */
static void same_seed_same_answer(void **unused)
{
    (void)unused;
    static struct sample s;
    static const char *const none[] = {"memory", "0", NULL};
    double scores[4][N * CLASSES], importance[4][P];
    struct spred_env env;
    spred_env_init(&env);
    make(&s);
    for (int k = 0; k < 4; k++) {
        struct model_run run;
        open_run(&run, &env, &s, CLASSES, k == 2 ? none : NULL);
        run.task.seed = k == 3 ? 8 : 7;
        assert_ok(&env, run_fit(&run));
        run.model->genes(run.state, importance[k]);
        assert_ok(&env, run.model->predict(&env, run.state, s.x, N, scores[k]));
        run_close(&run);
    }
    for (int k = 1; k < 3; k++) {
        assert_memory_equal(scores[0], scores[k], sizeof scores[0]);
        assert_memory_equal(importance[0], importance[k], sizeof *importance);
    }
    assert_memory_not_equal(importance[0], importance[3], sizeof *importance);
}

/* One class only, genes that do not vary, fewer genes than asked for. */
static void at_its_ends(void **unused)
{
    (void)unused;
    static struct sample s;
    static const char *const block[] = {"block", "1", NULL};
    size_t found[P];
    struct spred_env env;
    struct model_run run;
    spred_env_init(&env);
    make(&s);
    for (size_t i = 0; i < N; i++)
        s.codes[i] = 1;
    open_run(&run, &env, &s, CLASSES, NULL);
    assert_ok(&env, run_fit(&run));
    assert_string_equal(run.offers[0].what, "genes=0");
    assert_near(run.offers[0].accuracy, 1, 0);
    assert_int_equal(run_genes(&run, found, P), 0);
    run_close(&run);
    make(&s);
    for (size_t e = 2 * N; e < N * P; e++)
        s.x[e] = 3;
    open_run(&run, &env, &s, CLASSES, NULL);
    assert_ok(&env, run_fit(&run));
    assert_int_equal(run_genes(&run, found, P), 2);
    run_close(&run);
    open_run(&run, &env, &s, CLASSES, block);
    assert_int_equal(run_fit(&run), SPRED_EINVAL);
    assert_non_null(strstr(env.error, "block"));
    run_close(&run);
}

static int cancelled(void *cookie)
{
    long *left = cookie;
    return (*left)-- <= 0;
}

/* A cancel and an offer's error go through; nothing is lost. */
static void stops_when_told(void **unused)
{
    (void)unused;
    static struct sample s;
    struct ledger ledger;
    struct spred_env env;
    struct model_run run;
    int through = 0;
    make(&s);
    for (long polls = 0; !through && polls < 1000; polls += 7) {
        long left = polls;
        ledger_env(&env, &ledger, 0);
        env.cancelled = cancelled;
        env.cancel_cookie = &left;
        open_run(&run, &env, &s, CLASSES, NULL);
        enum spred_status status = run_fit(&run);
        through = status == SPRED_OK;
        assert_true(through || status == SPRED_EINTERRUPTED);
        run_close(&run);
        assert_int_equal(ledger.live, 0);
    }
    assert_true(through);
    ledger_env(&env, &ledger, 0);
    open_run(&run, &env, &s, CLASSES, NULL);
    run.answer = SPRED_EIO;
    assert_int_equal(run_fit(&run), SPRED_EIO);
    assert_int_equal(run.n_offers, 1);
    run_close(&run);
    assert_int_equal(ledger.live, 0);
}

static void fails_once_everywhere(const char *name, const char *const *options)
{
    static struct sample s;
    struct ledger ledger;
    struct spred_env env;
    int survived = 0;
    make(&s);
    for (long n = 1; !survived && n < 3000; n++) {
        struct model_run run;
        ledger_env(&env, &ledger, n);
        run_open(&run, &env, name, options);
        run.task.train =
            (struct spred_rows){.n = N, .p = P, .x = s.x, .codes = s.codes};
        run.task.classes = CLASSES;
        enum spred_status status = run_fit(&run);
        survived = ledger.calls < n;
        if (status != (survived ? SPRED_OK : SPRED_ENOMEM))
            fail_msg("%s: status %d when allocation %ld fails", name,
                     (int)status, n);
        run_close(&run);
        if (ledger.live != 0)
            fail_msg("%s leaks %ld blocks when allocation %ld fails", name,
                     ledger.live, n);
    }
    assert_true(survived);
}

static void every_allocation_fails_once(void **unused)
{
    (void)unused;
    static const char *const ten[] = {"features", "10", NULL};
    fails_once_everywhere("hsic-lasso", ten);
    fails_once_everywhere("nearest-neighbour", NULL);
    fails_once_everywhere("majority", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(offers_nested_numbers),
        cmocka_unit_test(finds_the_genes),
        cmocka_unit_test(weights_are_the_lasso),
        cmocka_unit_test(genes_left_out_take_no_part),
        cmocka_unit_test(same_seed_same_answer),
        cmocka_unit_test(at_its_ends),
        cmocka_unit_test(stops_when_told),
        cmocka_unit_test(every_allocation_fails_once)};
    return cmocka_run_group_tests_name("hsic-model", tests, NULL, NULL);
}
