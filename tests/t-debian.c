/* t-debian.c: the real sets from Debian packages, against ../shared/data.
 * Needs apt's package lists and a mirror; says so and passes without. */
#include "test.h"

#include <dirent.h>
#include <unistd.h>

#include "spred/fetch.h"

struct expected {
    const char *name;
    size_t n, p, missing;
    const char *levels[5];
    size_t counts[5];
    double first; /* cell of the first sample and gene */
};

static const struct expected sets[] = {
    {"golub", 38, 3051, 0, {"ALL", "AML"}, {27, 11}, -1.45769},
    {"all-bt", 128, 12625, 0, {"B", "T"}, {95, 33}, 7.597322981163869},
    {"all-bcrabl",
     79,
     12625,
     0,
     {"BCR/ABL", "NEG"},
     {37, 42},
     7.597322981163869},
    {"bladder",
     57,
     22283,
     0,
     {"Biopsy", "mTCC", "Normal", "sTCC-CIS", "sTCC+CIS"},
     {9, 12, 8, 16, 12},
     10.115169888001049},
    {"khan",
     63,
     2308,
     1282,
     {"EWS", "RMS", "NB", "BL"},
     {23, 20, 12, 8},
     0.773343723},
    {"gds507", 17, 22645, 0, {"RCC", "normal"}, {9, 8}, 4254},
};

static char folder[512];
static int reachable = 1;

static void remove_all(const char *path)
{
    DIR *dir = opendir(path);
    for (struct dirent *entry; dir && (entry = readdir(dir));)
        unlinkat(dirfd(dir), entry->d_name, 0);
    if (dir)
        closedir(dir);
    rmdir(path);
}

static double cell(const struct spred_data *d, size_t i, size_t j)
{
    double column[256];
    assert_true(d->x.rows <= 256);
    spred_matrix_column(&d->x, j, column);
    return column[i];
}

/* 0: cannot be reached, and a note was printed. */
static int load(struct spred_env *env, const char *name, struct spred_data *d)
{
    struct spred_fetch_options options = {.cache_dir = folder};
    if (!reachable)
        return 0;
    enum spred_status status =
        spred_load_debian(env, name, &options, folder, d, NULL);
    if (status == SPRED_EIO) {
        printf("# not tested: %s\n", env->error);
        reachable = 0;
        return 0;
    }
    assert_ok(env, status);
    return 1;
}

static void six_sets(void **state)
{
    (void)state;
    struct spred_env env;
    spred_env_init(&env);
    for (size_t s = 0; s < sizeof sets / sizeof *sets; s++) {
        const struct expected *e = &sets[s];
        struct spred_data d;
        const char *name = NULL;
        for (const struct spred_debian_set *set = spred_debian_sets();
             set->name; set++)
            if (strcmp(set->name, e->name) == 0)
                name = set->target;
        assert_non_null(name);
        for (int pass = 0; pass < 2; pass++) { /* made, then mapped */
            if (!load(&env, e->name, &d))
                return;
            assert_true(!pass == !d.mapping);
            assert_string_equal(d.name, e->name);
            assert_int_equal(d.x.rows, e->n);
            assert_int_equal(d.x.cols, e->p);
            assert_int_equal(d.missing, e->missing);
            assert_near(cell(&d, 0, 0), e->first, 1e-12);
            const struct spred_target *t = spred_data_target(&d, name);
            assert_non_null(t);
            assert_int_equal(t->kind, SPRED_TARGET_CLASS);
            size_t counts[5] = {0};
            for (size_t i = 0; i < e->n; i++)
                if (t->codes[i] >= 0)
                    counts[t->codes[i]]++;
            for (size_t k = 0; k < 5 && e->levels[k]; k++) {
                assert_string_equal(t->levels[k], e->levels[k]);
                assert_int_equal(counts[k], e->counts[k]);
                assert_true(k < t->n_levels);
            }
            spred_data_free(&env, &d);
        }
    }
}

/* The same study in the shared GCT files: same cells, same classes. */
static void same_as_gct(void **state)
{
    (void)state;
    static const char *const pairs[2][3] = {
        {"all-bcrabl", "all_bcrabl", "mol.biol"}, {"khan", "khan", "class"}};
    struct spred_env env;
    spred_env_init(&env);
    if (!shared_data()) {
        printf("# no shared data\n");
        return;
    }
    for (size_t s = 0; s < 2; s++) {
        struct spred_data mine, gct;
        char path[512];
        if (!load(&env, pairs[s][0], &mine))
            return;
        snprintf(path, sizeof path, "%s/genes/%s.gct.gz", shared_data(),
                 pairs[s][1]);
        assert_ok(&env, spred_load(&env, path, NULL, &gct));
        assert_int_equal(mine.x.rows, gct.x.rows);
        assert_int_equal(mine.x.cols, gct.x.cols);
        double a[128], b[128];
        size_t differ = 0, missing = 0;
        for (size_t j = 0; j < mine.x.cols; j++) {
            assert_string_equal(mine.features[j], gct.features[j]);
            spred_matrix_column(&mine.x, j, a);
            spred_matrix_column(&gct.x, j, b);
            for (size_t i = 0; i < mine.x.rows; i++) {
                missing += isnan(a[i]) ? 1 : 0;
                /* the GCT has seven digits, and no missing cells in khan */
                differ += fabs(a[i] - b[i]) > 1e-6 * (1 + fabs(b[i]));
            }
        }
        assert_int_equal(differ, 0);
        assert_int_equal(missing, mine.missing);
        const struct spred_target *t = spred_data_target(&mine, pairs[s][2]);
        const struct spred_target *u = &gct.targets[0];
        assert_int_equal(t->n_levels, u->n_levels);
        for (size_t i = 0; i < mine.x.rows; i++)
            assert_string_equal(t->levels[t->codes[i]], u->levels[u->codes[i]]);
        spred_data_free(&env, &mine);
        spred_data_free(&env, &gct);
    }
}

/* Fashion-MNIST: four files of one package, class names, the published mean
 * and deviation of the training part. */
static void fashion(void **state)
{
    (void)state;
    static const char *const levels[] = {
        "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
        "Sandal",      "Shirt",   "Sneaker",  "Bag",   "Ankle boot"};
    static const int32_t first[] = {9, 0, 0, 3, 0, 2};
    struct spred_env env;
    spred_env_init(&env);
    for (int pass = 0; pass < 2; pass++) { /* made, then mapped */
        struct spred_data d;
        if (!load(&env, "fashion-mnist", &d))
            return;
        assert_true(!pass == !d.mapping);
        assert_true(d.x.rows == 70000 && d.x.cols == 784);
        assert_true(d.height == 28 && d.width == 28 && d.channels == 1);
        assert_int_equal(d.given_test, 10000);
        const struct spred_target *t = spred_data_target(&d, "class");
        assert_non_null(t);
        assert_int_equal(t->n_levels, 10);
        for (size_t k = 0; k < 10; k++)
            assert_string_equal(t->levels[k], levels[k]);
        assert_memory_equal(t->codes, first, sizeof first);
        size_t counts[2][10] = {{0}};
        double sum = 0, squares = 0, cells = 60000.0 * 784;
        for (size_t i = 0; i < 70000; i++)
            counts[i >= 60000][t->codes[i]]++;
        for (size_t k = 0; k < 10; k++)
            assert_true(counts[0][k] == 6000 && counts[1][k] == 1000);
        for (size_t j = 0; j < 784; j++)
            for (size_t i = 0; i < 60000; i++) {
                double x = (double)d.x.f32[i + j * 70000] / 255;
                sum += x;
                squares += x * x;
            }
        assert_near(sum / cells, .2860, 5e-5);
        assert_near(sqrt(squares / cells - sum / cells * (sum / cells)), .3530,
                    5e-5);
        spred_data_free(&env, &d);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(six_sets),
                                       cmocka_unit_test(same_as_gct),
                                       cmocka_unit_test(fashion)};
    const char *base = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/spred-debian-XXXXXX",
             base && *base ? base : "/tmp");
    if (!mkdtemp(folder))
        return 1;
    int failed = cmocka_run_group_tests_name("debian", tests, NULL, NULL);
    remove_all(folder);
    return failed;
}
