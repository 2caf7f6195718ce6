/* t-hsic.c: HSIC Lasso as published (the authors' own test on the colon data,
 * the models of Yamada et al. 2014), on real data, and as a model of ours. */
#include "model_run.h"

#include "ledger.h"
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

/* tests/test_regression.py of pyHSICLasso (riken-aip, commit 092444b), without
 * blocks, labels as values, the authors' counting from 0: regression(5) finds
 * 1422 512 248 1581 764, regression(10) then 1670 1771 896 779 1472. */
static void finds_what_the_authors_find(void **unused)
{
    (void)unused;
    static const size_t published[] = {1422, 512,  248, 1581, 764,
                                       1670, 1771, 896, 779,  1472};
    struct spred_env env;
    struct spred_data d;
    struct model_run run;
    double values[128];
    spred_env_init(&env);
    if (!load(&env, "alon", &d)) {
        printf("# not tested: no shared data\n");
        return;
    }
    size_t n = d.x.rows, p = d.x.cols;
    float *x = malloc(n * p * sizeof *x);
    for (size_t j = 0; j < p; j++)
        three_states(&d, j, x + j * n);
    for (size_t i = 0; i < n; i++)
        values[i] = d.targets[0].codes[i] ? -1 : 1;
    for (size_t genes = 5; genes <= 10; genes += 5) {
        const char *count = genes == 5 ? "5" : "10";
        const char *options[] = {"block",  "0",     "features", count,
                                 "nested", "false", NULL};
        size_t found[10];
        run_open(&run, &env, "hsic-lasso", options);
        run.task.train = (struct spred_rows){n, p, x, NULL, values};
        assert_ok(&env, run_fit(&run));
        assert_int_equal(run_genes(&run, found, genes), genes);
        printf("# %zu:", genes);
        for (size_t k = 0; k < genes; k++)
            printf(" %zu", found[k]);
        printf("\n");
        for (size_t k = 0; k < genes; k++)
            assert_int_equal(found[k], published[k]);
        run_close(&run);
    }
    free(x);
    spred_data_free(&env, &d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_what_the_authors_find)};
    return cmocka_run_group_tests_name("hsic", tests, NULL, NULL);
}
