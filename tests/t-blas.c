/* t-blas.c: the BLAS that is linked is OpenBLAS, not the slow gslcblas. */
#define _GNU_SOURCE
#include <dlfcn.h>

#include "test.h"

#include <cblas.h>

#include "spred/rng.h"

static void library(void **state)
{
    (void)state;
    Dl_info info;
    void *address;
    void (*function)(void) = (void (*)(void))cblas_dgemm;
    memcpy(&address, &function, sizeof address);
    assert_true(dladdr(address, &info));
    if (!strstr(info.dli_fname, "openblas")) /* the program's own PLT entry */
        assert_non_null(address = dlsym(RTLD_DEFAULT, "cblas_dgemm"));
    assert_true(dladdr(address, &info));
    if (!strstr(info.dli_fname, "openblas"))
        fail_msg("cblas_dgemm comes from %s", info.dli_fname);
}

static void product(void **state)
{
    (void)state;
    enum { MOST = 9 };
    struct spred_env env;
    spred_env_init(&env);
    struct spred_rng *rng = spred_rng_new(&env, 3);
    for (int trial = 0; trial < 100; trial++) {
        int m = 1 + (int)spred_rng_below(rng, MOST);
        int n = 1 + (int)spred_rng_below(rng, MOST);
        int k = 1 + (int)spred_rng_below(rng, MOST);
        double a[MOST * MOST], b[MOST * MOST], c[MOST * MOST];
        for (int i = 0; i < MOST * MOST; i++) {
            a[i] = spred_rng_normal(rng);
            b[i] = spred_rng_normal(rng);
            c[i] = NAN; /* beta = 0 must not read it */
        }
        cblas_dgemm(CblasColMajor, CblasTrans, CblasNoTrans, m, n, k, 2, a, k,
                    b, k, 0, c, m);
        for (int i = 0; i < m; i++)
            for (int j = 0; j < n; j++) {
                double sum = 0;
                for (int l = 0; l < k; l++)
                    sum += 2 * a[l + i * k] * b[l + j * k];
                assert_near(c[i + j * m], sum, 1e-13);
            }
    }
    spred_rng_free(rng);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(library),
                                       cmocka_unit_test(product)};
    return cmocka_run_group_tests_name("blas", tests, NULL, NULL);
}
