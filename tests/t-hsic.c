/* t-hsic.c: HSIC Lasso as published (the authors' own test on the colon data,
 * the models of Yamada et al. 2014), on real data, and as a model of ours. */
#include "model_run.h"

#include "spred/loader.h"
#include "spred/preprocess.h"
#include "spred/rng.h"
#include "spred/split.h"

/* ---- published behaviour ---- */

/* Column j of alon in three states (-2, 0, 2), cut half a standard deviation
 * from the mean, as Peng's colon data, which are the authors' csv_data.csv. */
static void three_states(const struct spred_data *d, size_t j, float *out)
{
    size_t n = d->x.rows;
    double column[128], mean = 0, square = 0;
    assert_true(n <= 128);
    spred_matrix_column(&d->x, j, column);
    for (size_t i = 0; i < n; i++)
        mean += column[i] / (double)n;
    for (size_t i = 0; i < n; i++)
        square += (column[i] - mean) * (column[i] - mean) / (double)(n - 1);
    for (size_t i = 0; i < n; i++) {
        double z = (column[i] - mean) / sqrt(square);
        out[i] = z > .5 ? 2 : z < -.5 ? -2 : 0;
    }
}

static int load(struct spred_env *env, const char *name, struct spred_data *d)
{
    char path[1024], labels[1024];
    struct spred_load_options options = {.labels = labels};
    if (!shared_data())
        return 0;
    snprintf(path, sizeof path, "%s/genes/%s.gct.gz", shared_data(), name);
    snprintf(labels, sizeof labels, "%s/genes/%s.cls", shared_data(), name);
    assert_ok(env, spred_load(env, path, &options, d));
    return 1;
}

/* The genes found on alon in three states are `published`, in order. */
static void found_on_alon(const struct spred_data *d, int real,
                          const char *count, const size_t *published)
{
    struct spred_env env;
    struct model_run run;
    const char *options[] = {"block",  "0",     "features", count,
                             "nested", "false", NULL};
    size_t found[10], genes = strtoul(count, NULL, 10);
    size_t n = d->x.rows, p = d->x.cols;
    double values[128];
    spred_env_init(&env);
    float *x = malloc(n * p * sizeof *x);
    for (size_t j = 0; j < p; j++)
        three_states(d, j, x + j * n);
    for (size_t i = 0; i < n; i++)
        values[i] = d->targets[0].codes[i] ? -1 : 1;
    run_open(&run, &env, "hsic-lasso", options);
    run.task.train = (struct spred_rows){
        .n = n, .p = p, .x = x, .codes = d->targets[0].codes};
    run.task.classes = real ? 0 : 2;
    if (real)
        run.task.train.values = values;
    assert_ok(&env, run_fit(&run));
    assert_int_equal(run_genes(&run, found, genes), genes);
    for (size_t k = 0; k < genes; k++)
        printf("%s%zu%s", k ? " " : "# found ", found[k],
               k + 1 < genes ? "" : "\n");
    for (size_t k = 0; k < genes; k++)
        assert_int_equal(found[k], published[k]);
    run_close(&run);
    free(x);
}

/* pyHSICLasso (riken-aip, commit 092444b), tests/test_regression.py: what it
 * expects for csv_data.csv without blocks, counted from 0. With two classes the
 * kernel of classes is another one, but centred it is the same: H K H is a
 * multiple of vv', v the centred indicator of a class. */
static void finds_what_the_authors_find(void **unused)
{
    (void)unused;
    static const size_t five[] = {1422, 512, 248, 1581, 764};
    static const size_t ten[] = {1422, 512,  248, 1581, 764,
                                 1670, 1771, 896, 779,  1472};
    struct spred_env env;
    struct spred_data d;
    spred_env_init(&env);
    if (!load(&env, "alon", &d)) {
        printf("# not tested: no shared data\n");
        return;
    }
    for (int real = 0; real < 2; real++) {
        found_on_alon(&d, real, "5", five);
        found_on_alon(&d, real, "10", ten);
    }
    spred_data_free(&env, &d);
}

enum { DIMENSIONS = 500 };

/* Y = -2 sin(2 X1) + X2^2 + X3 + exp(-X4) + E, or X1 exp(2 X2) + X3^2 + E;
 * X and E standard normal: the two synthetic models of Yamada et al. 2014,
 * whose figure (share of true features found against n) could not be read here;
 * what is asked for below is what this code was measured to do. */
static void yamada(int additive, size_t n, uint64_t seed, float *x, double *y)
{
    struct spred_env env;
    spred_env_init(&env);
    struct spred_rng *rng = spred_rng_new(&env, seed);
    for (size_t e = 0; e < n * DIMENSIONS; e++)
        x[e] = (float)spred_rng_normal(rng);
    for (size_t i = 0; i < n; i++) {
        double a = x[i], b = x[i + n], c = x[i + 2 * n], d = x[i + 3 * n];
        y[i] = additive ? -2 * sin(2 * a) + b * b + c + exp(-d)
                        : a * exp(2 * b) + c * c;
        y[i] += spred_rng_normal(rng);
    }
    spred_rng_free(rng);
}

/* Share of the true features among as many first ones, over seeds. */
static double share_found(int additive, size_t n, const char *block)
{
    enum { SEEDS = 5 };
    size_t truly = additive ? 4 : 3;
    const char *options[] = {
        "block",  block,   "features", additive ? "4" : "3",
        "nested", "false", NULL};
    double right = 0, *y = malloc(n * sizeof *y);
    float *x = malloc(n * DIMENSIONS * sizeof *x);
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct spred_env env;
        struct model_run run;
        size_t found[4];
        spred_env_init(&env);
        yamada(additive, n, seed, x, y);
        run_open(&run, &env, "hsic-lasso", options);
        run.task.train =
            (struct spred_rows){.n = n, .p = DIMENSIONS, .x = x, .values = y};
        assert_ok(&env, run_fit(&run));
        assert_int_equal(run_genes(&run, found, truly), truly);
        for (size_t k = 0; k < truly; k++)
            right += found[k] < truly;
        run_close(&run);
    }
    free(x);
    free(y);
    printf("# %s, n = %zu, block %s: %.2f found\n",
           additive ? "additive" : "not additive", n, block,
           right / (double)(SEEDS * truly));
    return right / (double)(SEEDS * truly);
}

static void finds_what_is_not_linear(void **unused)
{
    (void)unused;
    static const char *const blocks[] = {"0", "20"};
    for (size_t b = 0; b < 2; b++) {
        assert_true(share_found(1, 200, blocks[b]) >= .85);
        assert_true(share_found(1, 400, blocks[b]) >= .95);
        assert_true(share_found(0, 200, blocks[b]) >= .6);
        assert_true(share_found(0, 400, blocks[b]) >= .75);
    }
}

/* ---- real data ---- */

/* One split of a set, prepared on its training part as the runner does. */
struct prepared {
    float *train, *test;
    int32_t *codes[2];
    struct spred_rows rows[2];
};

static void take(struct spred_env *env, struct spred_matrix *m, float **out)
{
    struct spred_matrix single;
    assert_ok(env, spred_matrix_convert(env, m, SPRED_F32, &single));
    *out = malloc(single.rows * single.cols * sizeof **out);
    memcpy(*out, single.f32, single.rows * single.cols * sizeof **out);
    spred_matrix_free(env, &single);
}

/* Means and scales are carried beside the matrix: apply them. */
static void standardise(const struct spred_prepared *prepared, size_t n,
                        float *x)
{
    for (size_t j = 0; j < prepared->p; j++)
        for (size_t i = 0; i < n; i++)
            x[i + j * n] = (float)((x[i + j * n] - prepared->mean[j]) *
                                   prepared->scale[j]);
}

static void prepare(struct spred_env *env, const struct spred_data *d,
                    uint64_t seed, struct prepared *out)
{
    struct spred_split split;
    struct spred_prepared learnt;
    struct spred_matrix train, test;
    struct spred_preprocess_rules rules = {.log2 = SPRED_LOG2_AUTO,
                                           .variance_keep = 1,
                                           .center = 1,
                                           .standardize = 1};
    const struct spred_target *t = &d->targets[0];
    assert_ok(env, spred_split_holdout(env, t->codes, d->x.rows, t->n_levels,
                                       .25, 0, seed, &split));
    assert_ok(env, spred_prepare(env, &d->x, split.train, split.n_train, &rules,
                                 &learnt, &train));
    assert_ok(env, spred_prepared_apply(env, &learnt, &d->x, split.test,
                                        split.n_test, &test));
    take(env, &train, &out->train);
    take(env, &test, &out->test);
    standardise(&learnt, split.n_train, out->train);
    standardise(&learnt, split.n_test, out->test);
    for (int part = 0; part < 2; part++) {
        size_t n = part ? split.n_test : split.n_train;
        const size_t *list = part ? split.test : split.train;
        out->codes[part] = malloc(n * sizeof(int32_t));
        for (size_t i = 0; i < n; i++)
            out->codes[part][i] = t->codes[list[i]];
        out->rows[part] = (struct spred_rows){
            n,    learnt.p, part ? out->test : out->train, out->codes[part],
            NULL, {0, 0, 0}};
    }
    spred_matrix_free(env, &train);
    spred_matrix_free(env, &test);
    spred_prepared_free(env, &learnt);
    spred_split_free(env, &split);
}

static void prepared_free(struct prepared *p)
{
    free(p->train);
    free(p->test);
    free(p->codes[0]);
    free(p->codes[1]);
}

/* Mean accuracy on what was not seen, over splits, of the last offer. */
static double accuracy_of(const struct spred_data *d, const char *model)
{
    enum { SPLITS = 4 };
    double sum = 0;
    for (uint64_t seed = 1; seed <= SPLITS; seed++) {
        struct spred_env env;
        struct prepared p;
        struct model_run run;
        spred_env_init(&env);
        prepare(&env, d, seed, &p);
        run_open(&run, &env, model, NULL);
        run.task.train = p.rows[0];
        run.task.classes = d->targets[0].n_levels;
        assert_ok(&env, run_fit(&run));
        sum += run_accuracy(&run, &p.rows[1]) / SPLITS;
        run_close(&run);
        prepared_free(&p);
    }
    printf("# %s, %s: %.3f\n", d->name, model, sum);
    return sum;
}

static void works_on_real_data(void **unused)
{
    (void)unused;
    static const char *const sets[] = {"golub", "khan"};
    static const double least[] = {.9, .9};
    for (size_t s = 0; s < 2; s++) {
        struct spred_env env;
        struct spred_data d;
        spred_env_init(&env);
        if (!load(&env, sets[s], &d)) {
            printf("# not tested: no shared data\n");
            return;
        }
        double majority = accuracy_of(&d, "majority");
        double hsic = accuracy_of(&d, "hsic-lasso");
        accuracy_of(&d, "1-nn");
        assert_true(hsic >= least[s] && hsic > majority + .15);
        spred_data_free(&env, &d);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_what_the_authors_find),
        cmocka_unit_test(finds_what_is_not_linear),
        cmocka_unit_test(works_on_real_data)};
    return cmocka_run_group_tests_name("hsic", tests, NULL, NULL);
}
