/* t-fetch-set.c: a set of several files out of one package, by an apt-get of
 * the test's own. */
#include "files.h"

#include <sys/stat.h>

#include "spred/fetch.h"

static void write_apt(struct folder *bin, const char *text)
{
    const char *path = folder_write(bin, "apt-get", text, strlen(text));
    assert_int_equal(chmod(path, 0755), 0);
}

/* A set of four files comes whole from one download, and again when one of
 * them was lost; a package that lacks one gives nothing. */
static void four_files(void **state)
{
    static const char *const names[] = {
        "train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz",
        "t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"};
    struct spred_env env;
    struct folder cache, bin;
    char *path, text[2048], list[4096];
    (void)state;
    if (access("/usr/bin/dpkg-deb", X_OK) != 0) {
        printf("# no dpkg-deb here: unpacking was not tested\n");
        return;
    }
    spred_env_init(&env);
    folder_make(&cache);
    folder_make(&bin);
    const struct spred_fetch_options options = {.cache_dir = cache.path};
    char *old = spred_strdup(&env, getenv("PATH") ? getenv("PATH") : "");
    snprintf(list, sizeof list, "%s:%s", bin.path, old);
    setenv("PATH", list, 1);
    for (size_t n = 3; n <= 4; n++) {
        int used = snprintf(text, sizeof text,
                            "#!/bin/sh\nset -e\n"
                            "d=r/usr/share/datasets/fashion-mnist\n"
                            "mkdir -p $d r/DEBIAN\n");
        for (size_t i = 0; i < n; i++)
            used += snprintf(text + used, sizeof text - (size_t)used,
                             "echo content of %zu > $d/%s\n", i, names[i]);
        snprintf(text + used, sizeof text - (size_t)used,
                 "printf 'Package: x\\nVersion: 1\\nArchitecture: all\\n"
                 "Maintainer: x <x@example.org>\\nDescription: x\\n' "
                 "> r/DEBIAN/control\n"
                 "dpkg-deb --root-owner-group -b r x_1_all.deb >&2\nrm -r r\n");
        write_apt(&bin, text);
        enum spred_status status =
            spred_fetch_debian(&env, "fashion-mnist", &options, &path);
        assert_int_equal(status, n == 4 ? SPRED_OK : SPRED_EFORMAT);
    }
    assert_int_equal(folder_count(&cache), 8); /* and their hashes */
    assert_non_null(strstr(path, "/dataset-fashion-mnist.train-images-idx3"));
    write_apt(&bin, "#!/bin/sh\nexit 1\n");
    char *again;
    assert_ok(&env, spred_fetch_debian(&env, "fashion-mnist", &options,
                                       &again)); /* nothing is fetched */
    spred_free(&env, again);
    folder_file(&cache, "dataset-fashion-mnist.train-labels-idx1-ubyte.gz");
    assert_int_equal(unlink(cache.file), 0);
    assert_int_equal(
        spred_fetch_debian(&env, "fashion-mnist", &options, &again), SPRED_EIO);
    write_apt(&bin, text);
    assert_ok(&env,
              spred_fetch_debian(&env, "fashion-mnist", &options, &again));
    assert_int_equal(access(cache.file, R_OK), 0);
    spred_free(&env, again);
    spred_free(&env, path);
    setenv("PATH", old, 1);
    spred_free(&env, old);
    folder_remove(&cache);
    folder_remove(&bin);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(four_files)};
    return cmocka_run_group_tests_name("fetch-set", tests, NULL, NULL);
}
