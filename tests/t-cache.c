/* t-cache.c: cached data sets equal loaded ones; damage is found and healed. */
#include "files.h"

#include <sys/stat.h>
#include <time.h>

#include "spred/loader.h"

static int same_text(char *const *a, char *const *b, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(a[i], b[i]) != 0)
            return 0;
    return 1;
}

/* NaN equals NaN: bytes are compared. */
static void assert_same(const struct spred_data *a, const struct spred_data *b)
{
    size_t n = a->x.rows, p = a->x.cols, stored = spred_matrix_stored(&a->x);
    assert_true(b->x.rows == n && b->x.cols == p);
    assert_int_equal(a->x.storage, b->x.storage);
    assert_int_equal(stored, spred_matrix_stored(&b->x));
    if (a->x.f64)
        assert_memory_equal(a->x.f64, b->x.f64, stored * sizeof(double));
    if (a->x.f32)
        assert_memory_equal(a->x.f32, b->x.f32, stored * sizeof(float));
    if (a->x.colptr) {
        assert_memory_equal(a->x.colptr, b->x.colptr, (p + 1) * 8);
        assert_memory_equal(a->x.rowind, b->x.rowind, stored * 4);
        assert_memory_equal(a->x.values, b->x.values, stored * 8);
    }
    assert_string_equal(a->name, b->name);
    assert_string_equal(a->source, b->source);
    assert_string_equal(a->note, b->note);
    assert_string_equal(a->hash, b->hash);
    assert_int_equal(a->simulated, b->simulated);
    assert_int_equal(a->missing, b->missing);
    assert_int_equal(a->height, b->height);
    assert_int_equal(a->width, b->width);
    assert_int_equal(a->channels, b->channels);
    assert_int_equal(a->given_test, b->given_test);
    assert_true(same_text(a->features, b->features, p));
    assert_true(same_text(a->symbols, b->symbols, p));
    assert_true(same_text(a->samples, b->samples, n));
    assert_int_equal(a->truth != NULL, b->truth != NULL);
    if (a->truth)
        assert_memory_equal(a->truth, b->truth, p * sizeof(double));
    assert_int_equal(a->n_targets, b->n_targets);
    for (size_t t = 0; t < a->n_targets; t++) {
        const struct spred_target *x = &a->targets[t], *y = &b->targets[t];
        assert_string_equal(x->name, y->name);
        assert_int_equal(x->kind, y->kind);
        assert_int_equal(x->n_levels, y->n_levels);
        assert_true(same_text(x->levels, y->levels, x->n_levels));
        if (x->codes)
            assert_memory_equal(x->codes, y->codes, n * sizeof *x->codes);
        if (x->values)
            assert_memory_equal(x->values, y->values, n * sizeof *x->values);
    }
}

static const char table[] = "id,class,y:a b,f1,\xc3\xa9\xc3\xa8,f3\n"
                            "s1,u,.5,1,NA,3\ns2,v,NA,4,5,6\n"
                            "s3,,2.5,7,,9.25\n";

static void round_trip(void **state)
{
    (void)state;
    struct spred_env env;
    struct folder folder;
    struct spred_data data, back;
    spred_env_init(&env);
    folder_make(&folder);
    const char *path =
        folder_write(&folder, "small.csv", table, sizeof table - 1);
    assert_ok(&env, spred_load(&env, path, NULL, &data));
    assert_int_equal(data.missing, 2);
    data.simulated = 1;
    data.truth = spred_alloc(&env, data.x.cols, sizeof(double));
    data.truth[1] = -2.5;
    data.height = 1; /* pictures of one cell and three colours */
    data.width = 1;
    data.channels = 3;
    data.given_test = 2;
    for (int s = SPRED_F64; s <= SPRED_CSC; s++) {
        struct spred_matrix old = data.x, x;
        if (s == SPRED_CSC) /* no missing values there */
            for (size_t e = 0; e < 9; e++)
                old.f64[e] = isnan(old.f64[e]) ? 0 : old.f64[e];
        data.missing = s == SPRED_CSC ? 0 : 2;
        assert_ok(&env,
                  spred_matrix_convert(&env, &old, (enum spred_storage)s, &x));
        data.x = x;
        const char *file = folder_file(&folder, "cache");
        assert_ok(&env, spred_cache_write(&env, file, &data));
        assert_ok(&env, spred_cache_map(&env, file, &back));
        assert_non_null(back.mapping);
        assert_same(&data, &back);
        if (back.x.f64)
            assert_int_equal((uintptr_t)back.x.f64 % 64, 0);
        spred_data_free(&env, &back);
        data.x = old;
        spred_matrix_free(&env, &x);
    }
    assert_int_equal(folder_count(&folder), 2); /* no temporary is left */
    spred_data_free(&env, &data);
    folder_remove(&folder);
}

/* No byte of the file can change or be missing without an error or the same
 * answer (padding); cache_map itself never crashes on a garbled payload. */
static void damage(void **state)
{
    (void)state;
    struct spred_env env;
    struct folder folder;
    struct spred_data data, again;
    char *cached = NULL, *second = NULL;
    static char bytes[1 << 16];
    spred_env_init(&env);
    folder_make(&folder);
    char path[1024];
    strcpy(path, folder_write(&folder, "small.csv", table, sizeof table - 1));
    assert_ok(&env,
              spred_load_cached(&env, path, NULL, folder.path, &data, &cached));
    assert_non_null(cached);
    FILE *file = fopen(cached, "rb");
    size_t size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    for (size_t at = 0; at < size; at++) {
        bytes[at] ^= (char)(1 << at % 8);
        file = fopen(cached, "wb");
        fwrite(bytes, 1, size, file);
        fclose(file);
        if (spred_cache_map(&env, cached, &again) == SPRED_OK)
            spred_data_free(&env, &again);
        if (at % 29 == 0) {
            assert_ok(&env, spred_load_cached(&env, path, NULL, folder.path,
                                              &again, &second));
            assert_same(&data, &again);
            spred_data_free(&env, &again);
            assert_string_equal(cached, second);
            spred_free(&env, second);
        }
        bytes[at] ^= (char)(1 << at % 8);
    }
    for (size_t cut = 0; cut < size; cut += 13) {
        file = fopen(cached, "wb");
        fwrite(bytes, 1, cut, file);
        fclose(file);
        assert_int_equal(spred_cache_map(&env, cached, &again), SPRED_EFORMAT);
    }
    assert_ok(&env,
              spred_load_cached(&env, path, NULL, folder.path, &again, NULL));
    assert_same(&data, &again);
    spred_data_free(&env, &again);
    spred_data_free(&env, &data);
    spred_free(&env, cached);
    assert_int_equal(folder_count(&folder), 2);
    folder_remove(&folder);
}

static char last_log[SPRED_ERROR_MAX];

static void keep_log(void *cookie, enum spred_log_level level, const char *text)
{
    (void)cookie;
    (void)level;
    snprintf(last_log, sizeof last_log, "%s", text);
}

/* Another file, option or labels file is another entry. */
static void keys(void **state)
{
    (void)state;
    struct spred_env env;
    struct folder folder;
    struct spred_data data;
    char *a = NULL, *b = NULL, path[1024];
    spred_env_init(&env);
    env.log = keep_log;
    folder_make(&folder);
    static const char gct[] = "#1.2\n1\t2\nName\tDescription\ts1\ts2\n"
                              "f\tna\t1\t2\n";
    strcpy(path, folder_write(&folder, "k.gct", gct, sizeof gct - 1));
    assert_ok(&env,
              spred_load_cached(&env, path, NULL, folder.path, &data, &a));
    assert_int_equal(data.n_targets, 0);
    spred_data_free(&env, &data);
    static const char cls[] = "2 2 1\n# u v\n1 0\n";
    folder_write(&folder, "k.cls", cls, sizeof cls - 1);
    assert_ok(&env,
              spred_load_cached(&env, path, NULL, folder.path, &data, &b));
    assert_string_not_equal(a, b);
    assert_int_equal(data.n_targets, 1);
    assert_non_null(strstr(data.note, "k.cls"));
    spred_data_free(&env, &data);
    spred_free(&env, b);
    struct spred_load_options options = {.name = "other"};
    assert_ok(&env,
              spred_load_cached(&env, path, &options, folder.path, &data, &b));
    assert_string_equal(data.name, "other");
    assert_string_not_equal(a, b);
    spred_data_free(&env, &data);
    spred_free(&env, a);
    spred_free(&env, b);
    /* a cache that cannot be: a file stands where its folder should */
    char wrong[1100];
    snprintf(wrong, sizeof wrong, "%s/in", path);
    assert_ok(&env, spred_load_cached(&env, path, NULL, wrong, &data, &a));
    assert_null(a);
    assert_non_null(strstr(last_log, "not cached"));
    assert_int_equal(data.x.cols, 1);
    spred_data_free(&env, &data);
    assert_int_equal(spred_load_cached(&env, folder_file(&folder, "none"), NULL,
                                       folder.path, &data, &a),
                     SPRED_EIO);
    folder_remove(&folder);
}

static void default_folder(void **state)
{
    (void)state;
    struct spred_env env;
    struct folder folder;
    struct stat info;
    char *made = NULL, want[1024];
    spred_env_init(&env);
    folder_make(&folder);
    setenv("XDG_CACHE_HOME", folder.path, 1);
    assert_ok(&env, spred_cache_dir(&env, "data", &made));
    snprintf(want, sizeof want, "%s/spredbench/data", folder.path);
    assert_string_equal(made, want);
    assert_int_equal(stat(made, &info), 0);
    rmdir(made);
    spred_free(&env, made);
    snprintf(want, sizeof want, "%s/spredbench", folder.path);
    rmdir(want);
    setenv("XDG_CACHE_HOME", "not/absolute", 1);
    setenv("HOME", folder.path, 1);
    assert_ok(&env, spred_cache_dir(&env, "x", &made));
    snprintf(want, sizeof want, "%s/.cache/spredbench/x", folder.path);
    assert_string_equal(made, want);
    spred_free(&env, made);
    while (strlen(want) > strlen(folder.path)) {
        assert_int_equal(rmdir(want), 0);
        *strrchr(want, '/') = '\0';
    }
    folder_remove(&folder);
}

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

static void mapped_load_is_fast(void **state)
{
    (void)state;
    struct spred_env env;
    struct folder folder;
    struct spred_data data, first;
    char path[4096];
    spred_env_init(&env);
    if (!shared_data())
        return;
    folder_make(&folder);
    snprintf(path, sizeof path, "%s/soft/L1R2736_sarcoma_gpl96_full.soft.gz",
             shared_data());
    double start = now_ms();
    assert_ok(&env, spred_load(&env, path, NULL, &first));
    double read = now_ms() - start, best = 1e9;
    assert_ok(&env,
              spred_load_cached(&env, path, NULL, folder.path, &data, NULL));
    spred_data_free(&env, &data);
    for (int i = 0; i < 5; i++) {
        start = now_ms();
        assert_ok(&env, spred_load_cached(&env, path, NULL, folder.path, &data,
                                          NULL));
        double took = now_ms() - start;
        best = took < best ? took : best;
        assert_non_null(data.mapping);
        assert_same(&first, &data);
        spred_data_free(&env, &data);
    }
    spred_data_free(&env, &first);
    folder_remove(&folder);
    print_message("# 22283 x 105: read in %.1f ms, mapped in %.1f ms\n", read,
                  best);
    assert_true(best < read / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trip), cmocka_unit_test(damage),
        cmocka_unit_test(keys), cmocka_unit_test(mapped_load_is_fast),
        cmocka_unit_test(default_folder)};
    return cmocka_run_group_tests_name("cache", tests, NULL, NULL);
}
