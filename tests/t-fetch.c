/* t-fetch.c: GEO downloads against a server that breaks off, stalls, lies. */
#include "test.h"

#include <dirent.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>

#include "spred/fetch.h"
#include "spred/text.h"

#define ROWS 4000 /* of the made SOFT file: some 100 kB compressed */

extern char **environ;

struct fixture {
    struct spred_env env;
    char root[64], warned[SPRED_ERROR_MAX];
    pid_t server;
    int to_server, port;
    size_t progressed;
};

static void format(char *out, size_t size, const char *form, ...)
    SPRED_PRINTF(3, 4);
static void format(char *out, size_t size, const char *form, ...)
{
    va_list arguments;
    va_start(arguments, form);
    int length = vsnprintf(out, size, form, arguments);
    va_end(arguments);
    assert_true(length > 0 && (size_t)length < size);
}

static void on_log(void *cookie, enum spred_log_level level, const char *text)
{
    struct fixture *f = cookie;
    if (level == SPRED_LOG_WARN)
        snprintf(f->warned, sizeof f->warned, "%s", text);
}

static void remove_all(const char *folder)
{
    DIR *dir = opendir(folder);
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        char path[512];
        struct stat info;
        if (entry->d_name[0] == '.')
            continue;
        format(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (lstat(path, &info) == 0 && S_ISDIR(info.st_mode))
            remove_all(path);
        else
            unlink(path);
    }
    if (dir)
        closedir(dir);
    rmdir(folder);
}

static size_t file_size(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 ? (size_t)info.st_size : 0;
}

static size_t count_files(const char *folder)
{
    size_t count = 0;
    DIR *dir = opendir(folder);
    for (struct dirent *entry; dir && (entry = readdir(dir));)
        count += entry->d_name[0] != '.';
    if (dir)
        closedir(dir);
    return count;
}

/* A SOFT file whose numbers compress badly. */
static void make_soft(const char *path)
{
    gzFile file = gzopen(path, "wb6");
    uint32_t seed = 12345;
    assert_non_null(file);
    gzprintf(file, "^DATABASE = Geo\n^DATASET = GDS900001\n"
                   "!dataset_table_begin\nID_REF\tIDENTIFIER\tGSM1\tGSM2\n");
    for (int i = 0; i < ROWS; i++) {
        unsigned value[2];
        for (int k = 0; k < 2; k++) {
            seed = seed * 1664525u + 1013904223u;
            value[k] = seed >> 4;
        }
        gzprintf(file, "p%d\tg%d\t%u.%03u\t%u.5\n", i, i, value[0], i % 1000,
                 value[1]);
    }
    gzprintf(file, "!dataset_table_end\n");
    assert_int_equal(gzclose(file), Z_OK);
}

static void copy_part(const char *from, const char *to, size_t bytes)
{
    FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
    assert_true(in && out);
    for (int c; bytes-- > 0 && (c = getc(in)) != EOF;)
        putc(c, out);
    fclose(in);
    assert_int_equal(fclose(out), 0);
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    char served[128], path[256], log[128], text[16] = "";
    const char *source = getenv("SPRED_SOURCE");
    assert_true(f && source);
    spred_env_init(&f->env);
    f->env.log = on_log;
    f->env.log_cookie = f;
    snprintf(f->root, sizeof f->root, "spred-fetch-XXXXXX");
    assert_non_null(mkdtemp(f->root));
    format(served, sizeof served, "%s/served", f->root);
    format(log, sizeof log, "%s/log", f->root);
    assert_int_equal(mkdir(served, 0777), 0);
    format(path, sizeof path, "%s/GDS900001.soft.gz", served);
    make_soft(path);
    char cut[256];
    format(cut, sizeof cut, "%s/GDS900002.soft.gz", served);
    copy_part(path, cut, file_size(path) / 2);
    format(cut, sizeof cut, "%s/GDS900003.soft.gz", served);
    gzFile other = gzopen(cut, "wb");
    gzprintf(other, "<html>not what was asked for</html>\n");
    gzclose(other);

    int in[2], out[2];
    char script[512];
    posix_spawn_file_actions_t actions;
    assert_true(pipe(in) == 0 && pipe(out) == 0);
    fcntl(in[1], F_SETFD, FD_CLOEXEC);
    fcntl(out[0], F_SETFD, FD_CLOEXEC);
    format(script, sizeof script, "%s/tests/http_server.py", source);
    char *argv[] = {(char *)"python3", script, served, log, NULL};
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in[0], 0);
    posix_spawn_file_actions_adddup2(&actions, out[1], 1);
    assert_int_equal(
        posix_spawnp(&f->server, "python3", &actions, NULL, argv, environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    close(in[0]);
    close(out[1]);
    f->to_server = in[1];
    for (size_t at = 0; at < sizeof text - 1 && !strchr(text, '\n'); at++)
        assert_int_equal(read(out[0], text + at, 1), 1);
    close(out[0]);
    f->port = atoi(text);
    assert_true(f->port > 0);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    int status;
    if (!f)
        return 0;
    close(f->to_server);
    waitpid(f->server, &status, 0);
    remove_all(f->root);
    free(f);
    return 0;
}

static void on_progress(void *cookie, const char *what, size_t done,
                        size_t total)
{
    struct fixture *f = cookie;
    assert_string_equal(what, "GDS900001");
    assert_true(total == 0 || done <= total);
    f->progressed = done;
}

/* Fetches accession in a server mode with the cache folder of that name. */
static enum spred_status get(struct fixture *f, const char *mode,
                             const char *cache, const char *accession,
                             char **path)
{
    char url[128], folder[128], log[128];
    struct spred_fetch_options options = {0};
    format(url, sizeof url, "http://127.0.0.1:%d/%s/", f->port, mode);
    format(folder, sizeof folder, "%s/%s", f->root, cache);
    format(log, sizeof log, "%s/log", f->root);
    unlink(log);
    f->warned[0] = '\0';
    options.base_url = url;
    options.cache_dir = folder;
    options.stall_timeout_s = 1;
    options.connect_timeout_s = 2;
    options.progress = strcmp(accession, "GDS900001") == 0 ? on_progress : NULL;
    options.progress_cookie = f;
    return spred_fetch_geo(&f->env, accession, &options, path);
}

/* Requests of the last call, and body bytes sent. */
static size_t requests(const struct fixture *f, size_t *bytes, long *first)
{
    char log[128], line[128];
    size_t count = 0;
    format(log, sizeof log, "%s/log", f->root);
    FILE *file = fopen(log, "r");
    *bytes = 0;
    *first = -1;
    while (file && fgets(line, sizeof line, file)) {
        char *end;
        strtol(line, &end, 10);
        long start = strtol(end, &end, 10);
        if (count++ == 0)
            *first = start;
        *bytes += strtoul(end, NULL, 10);
    }
    if (file)
        fclose(file);
    return count;
}

static void assert_same_file(const struct fixture *f, const char *path)
{
    char served[128], a[SPRED_HEX_SIZE], b[SPRED_HEX_SIZE], side[256];
    struct spred_env env;
    spred_env_init(&env);
    format(served, sizeof served, "%s/served/GDS900001.soft.gz", f->root);
    assert_ok(&env, spred_sha256_file(&env, served, a));
    assert_ok(&env, spred_sha256_file(&env, path, b));
    assert_string_equal(a, b);
    format(side, sizeof side, "%s.sha256", path);
    FILE *file = fopen(side, "r");
    assert_non_null(file);
    assert_true(fread(b, 1, 64, file) == 64);
    fclose(file);
    assert_string_equal(a, b);
}

static void fresh_then_cached(void **state)
{
    struct fixture *f = *state;
    char *path, folder[128];
    size_t bytes;
    long first;
    assert_ok(&f->env, get(f, "plain", "a/b/c", "gds900001", &path));
    assert_same_file(f, path);
    assert_int_equal(requests(f, &bytes, &first), 1);
    assert_int_equal(bytes, file_size(path));
    spred_free(&f->env, path);
    format(folder, sizeof folder, "%s/a/b/c", f->root);
    assert_int_equal(count_files(folder), 2); /* no .part is left */
    f->progressed = 0;
    assert_ok(&f->env, get(f, "plain", "a/b/c", "GDS900001", &path));
    assert_int_equal(requests(f, &bytes, &first), 0);
    spred_free(&f->env, path);
}

static void broken_then_resumed(void **state)
{
    struct fixture *f = *state;
    char *path, part[128], mode[32];
    size_t bytes, before;
    long first;
    format(part, sizeof part, "%s/served/GDS900001.soft.gz", f->root);
    size_t whole = file_size(part), slice = whole / 5;
    format(mode, sizeof mode, "cut-%zu", slice);
    assert_int_equal(get(f, mode, "resume", "GDS900001", &path), SPRED_EIO);
    assert_null(path);
    assert_non_null(strstr(f->env.error, "GDS900001"));
    assert_int_equal(requests(f, &bytes, &first), 3); /* each one resumed */
    format(part, sizeof part, "%s/resume/GDS900001.soft.gz.part", f->root);
    before = file_size(part);
    assert_int_equal(before, 3 * slice);
    assert_int_equal(bytes, before);
    assert_ok(&f->env, get(f, "plain", "resume", "GDS900001", &path));
    assert_int_equal(requests(f, &bytes, &first), 1);
    assert_int_equal(first, before);
    assert_int_equal(bytes, whole - before); /* the rest and no more */
    assert_int_equal(f->progressed, whole);
    assert_same_file(f, path);
    assert_int_equal(file_size(part), 0);
    spred_free(&f->env, path);
}

/* The rest comes from a server without ranges, or the wrong part of it. */
static void no_ranges(void **state)
{
    static const char *const modes[] = {"noranges", "shifted", "busy-2"};
    struct fixture *f = *state;
    char from[128], part[128], cache[128];
    format(from, sizeof from, "%s/served/GDS900001.soft.gz", f->root);
    for (int i = 0; i < 3; i++) {
        char *path, name[16];
        size_t bytes;
        long first;
        format(name, sizeof name, "nr%d", i);
        format(cache, sizeof cache, "%s/%s", f->root, name);
        assert_int_equal(mkdir(cache, 0777), 0);
        format(part, sizeof part, "%s/GDS900001.soft.gz.part", cache);
        copy_part(from, part, 1000);
        assert_ok(&f->env, get(f, modes[i], name, "GDS900001", &path));
        assert_same_file(f, path);
        assert_int_equal(requests(f, &bytes, &first), i == 0   ? 1
                                                      : i == 1 ? 2
                                                               : 3);
        spred_free(&f->env, path);
    }
}

/* A .part of another version: the glued file is broken, so start over. */
static void stale_part(void **state)
{
    struct fixture *f = *state;
    char part[128], *path;
    format(part, sizeof part, "%s/stale", f->root);
    assert_int_equal(mkdir(part, 0777), 0);
    format(part, sizeof part, "%s/stale/GDS900001.soft.gz.part", f->root);
    FILE *file = fopen(part, "wb");
    for (int i = 0; i < 500; i++)
        putc(i % 251, file);
    fclose(file);
    assert_ok(&f->env, get(f, "plain", "stale", "GDS900001", &path));
    assert_same_file(f, path);
    spred_free(&f->env, path);
    /* a .part that is longer than the file, and one that is the whole file */
    format(part, sizeof part, "%s/stale/GDS900001.soft.gz", f->root);
    unlink(part);
    format(part, sizeof part, "%s/stale/GDS900001.soft.gz.part", f->root);
    file = fopen(part, "wb");
    for (int i = 0; i < 1000000; i++)
        putc(i % 251, file);
    fclose(file);
    assert_ok(&f->env, get(f, "plain", "stale", "GDS900001", &path));
    assert_same_file(f, path);
    assert_int_equal(rename(path, part), 0);
    spred_free(&f->env, path);
    size_t bytes;
    long first;
    assert_ok(&f->env, get(f, "plain", "stale", "GDS900001", &path));
    assert_int_equal(requests(f, &bytes, &first), 0);
    assert_same_file(f, path);
    spred_free(&f->env, path);
}

static void not_there(void **state)
{
    struct fixture *f = *state;
    char *path, folder[128];
    size_t bytes;
    long first;
    assert_int_equal(get(f, "plain", "none", "GDS7", &path), SPRED_ENOTFOUND);
    assert_non_null(strstr(f->env.error, "GDS7: http://127.0.0.1"));
    assert_non_null(strstr(f->env.error, "/GDSnnn/GDS7/soft/GDS7.soft.gz"));
    assert_non_null(strstr(f->env.error, "404"));
    assert_null(strchr(f->env.error, '\n'));
    assert_int_equal(requests(f, &bytes, &first), 1);
    assert_int_equal(get(f, "code-503", "none", "GDS1815", &path), SPRED_EIO);
    assert_non_null(strstr(f->env.error, "/GDS1nnn/GDS1815/soft/"));
    assert_int_equal(requests(f, &bytes, &first), 3);
    assert_int_equal(get(f, "code-403", "none", "GDS1815", &path), SPRED_EIO);
    assert_int_equal(requests(f, &bytes, &first), 1);
    format(folder, sizeof folder, "%s/none", f->root);
    assert_int_equal(count_files(folder), 0); /* nothing came, nothing stays */
}

static void broken_content(void **state)
{
    struct fixture *f = *state;
    char *path, folder[128];
    assert_int_equal(get(f, "plain", "bad", "GDS900002", &path), SPRED_EFORMAT);
    assert_non_null(strstr(f->env.error, "truncated"));
    assert_int_equal(get(f, "plain", "bad", "GDS900003", &path), SPRED_EFORMAT);
    assert_non_null(strstr(f->env.error, "^DATABASE"));
    format(folder, sizeof folder, "%s/bad", f->root);
    assert_int_equal(count_files(folder), 0);
}

static void stall(void **state)
{
    struct fixture *f = *state;
    char *path, part[128];
    assert_int_equal(get(f, "stall-500", "slow", "GDS900001", &path),
                     SPRED_EIO);
    format(part, sizeof part, "%s/slow/GDS900001.soft.gz.part", f->root);
    assert_int_equal(file_size(part), 1500); /* three attempts, each resumed */
}

static void changed_cache(void **state)
{
    struct fixture *f = *state;
    char *path, *again;
    size_t bytes;
    long first;
    assert_ok(&f->env, get(f, "plain", "changed", "GDS900001", &path));
    FILE *file = fopen(path, "r+b");
    fseek(file, 5000, SEEK_SET);
    fputs("damage", file);
    fclose(file);
    assert_ok(&f->env, get(f, "plain", "changed", "GDS900001", &again));
    assert_non_null(strstr(f->warned, "changed since"));
    assert_int_equal(requests(f, &bytes, &first), 1);
    assert_same_file(f, again);
    /* a file that someone put there is proved, then recorded */
    char side[256];
    format(side, sizeof side, "%s.sha256", path);
    unlink(side);
    spred_free(&f->env, again);
    assert_ok(&f->env, get(f, "plain", "changed", "GDS900001", &again));
    assert_int_equal(requests(f, &bytes, &first), 0);
    assert_same_file(f, again);
    spred_free(&f->env, path);
    spred_free(&f->env, again);
}

/* Two processes at once: one request, the same whole file for both. */
static void two_at_once(void **state)
{
    struct fixture *f = *state;
    char *path = NULL;
    pid_t child = fork();
    assert_true(child >= 0);
    enum spred_status status = get(f, "plain", "both", "GDS900001", &path);
    if (child == 0)
        _exit(status == SPRED_OK ? 0 : 1);
    int code;
    waitpid(child, &code, 0);
    assert_ok(&f->env, status);
    assert_int_equal(code, 0);
    assert_same_file(f, path);
    char folder[128];
    format(folder, sizeof folder, "%s/both", f->root);
    assert_int_equal(count_files(folder), 2);
    spred_free(&f->env, path);
}

static int stop(void *cookie)
{
    (void)cookie;
    return 1;
}

static void refused(void **state)
{
    struct fixture *f = *state;
    struct spred_fetch_options options = {0};
    char folder[128], *path;
    format(folder, sizeof folder, "%s/refused", f->root);
    options.cache_dir = folder;
    static const char *const names[] = {
        "GDS", "GDS0", "GSE781", "GDS1x", "GDS12345678901", "", "GDS/../1"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_int_equal(spred_fetch_geo(&f->env, names[i], &options, &path),
                         SPRED_EINVAL);
    static const char *const bases[] = {
        "http://example.org/geo", "ftp://localhost/geo", "file:///etc",
        "http://localhost.example.org", "nonsense"};
    for (size_t i = 0; i < sizeof bases / sizeof *bases; i++) {
        options.base_url = bases[i];
        assert_int_equal(spred_fetch_geo(&f->env, "GDS1", &options, &path),
                         SPRED_EINVAL);
    }
    f->env.cancelled = stop;
    assert_int_equal(get(f, "plain", "refused", "GDS900001", &path),
                     SPRED_EINTERRUPTED);
    f->env.cancelled = NULL;
    /* no server: one line, and what the system says */
    options.base_url = "http://127.0.0.1:1/geo";
    assert_int_equal(spred_fetch_geo(&f->env, "GDS1", &options, &path),
                     SPRED_EIO);
    assert_non_null(strstr(f->env.error, "GDS1: http://127.0.0.1:1/geo/"));
    assert_int_equal(count_files(folder), 0);
}

/* apt-get that is missing, fails, or brings a package made here. */
static void write_script(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    assert_int_equal(chmod(path, 0755), 0);
}

static void debian(void **state)
{
    struct fixture *f = *state;
    struct spred_fetch_options options = {0};
    char folder[128], bin[128], script[160], path_list[512], *path;
    char *old = spred_strdup(&f->env, getenv("PATH") ? getenv("PATH") : "");
    format(folder, sizeof folder, "%s/debian", f->root);
    format(bin, sizeof bin, "%s/bin", f->root);
    format(script, sizeof script, "%s/apt-get", bin);
    assert_int_equal(mkdir(bin, 0777), 0);
    options.cache_dir = folder;
    assert_int_equal(spred_fetch_debian(&f->env, "golup", &options, &path),
                     SPRED_ENOTFOUND);
    assert_non_null(strstr(f->env.error, "'golub'"));
    setenv("PATH", bin, 1); /* no apt-get, no env */
    assert_int_equal(spred_fetch_debian(&f->env, "golub", &options, &path),
                     SPRED_EIO);
    assert_non_null(strstr(f->env.error, "apt-get was not found"));
    char here[256];
    assert_non_null(getcwd(here, sizeof here));
    format(path_list, sizeof path_list, "%s/%s:%s", here, bin, old);
    setenv("PATH", path_list, 1);
    write_script(script, "#!/bin/sh\necho 'E: Unable to locate package x' >&2\n"
                         "exit 100\n");
    assert_int_equal(spred_fetch_debian(&f->env, "golub", &options, &path),
                     SPRED_EIO);
    assert_non_null(strstr(f->env.error, "Unable to locate package x"));
    assert_non_null(strstr(f->env.error, "apt-get update"));
    write_script(script, "#!/bin/sh\necho rubbish > broken_1_all.deb\n");
    assert_int_equal(spred_fetch_debian(&f->env, "golub", &options, &path),
                     SPRED_EFORMAT);
    assert_int_equal(count_files(folder), 0);
    write_script(script,
                 "#!/bin/sh\nset -e\nd=r/usr/lib/R/site-library/multtest/data\n"
                 "mkdir -p $d r/DEBIAN && echo content > $d/golub.RData\n"
                 "printf 'Package: x\\nVersion: 1\\nArchitecture: all\\n"
                 "Maintainer: x <x@example.org>\\nDescription: x\\n' "
                 "> r/DEBIAN/control\n"
                 "dpkg-deb --root-owner-group -b r x_1_all.deb >&2\nrm -r r\n");
    enum spred_status status =
        spred_fetch_debian(&f->env, "golub", &options, &path);
    setenv("PATH", old, 1);
    spred_free(&f->env, old);
    if (access("/usr/bin/dpkg-deb", X_OK) != 0) {
        printf("# no dpkg-deb here: unpacking was not tested\n");
        return;
    }
    assert_ok(&f->env, status);
    assert_int_equal(file_size(path), 8);
    assert_int_equal(count_files(folder), 2); /* the file and its hash */
    spred_free(&f->env, path);
}

/* Each record of ../shared/data/soft, byte for byte. */
static void real_records(void **state)
{
    struct fixture *f = *state;
    char to[128], from[512], *path, a[SPRED_HEX_SIZE], b[SPRED_HEX_SIZE];
    if (!shared_data()) {
        printf("# no shared data: real records were not served\n");
        return;
    }
    format(from, sizeof from, "%s/soft/GDS507.soft.gz", shared_data());
    format(to, sizeof to, "%s/served/GDS507.soft.gz", f->root);
    copy_part(from, to, file_size(from));
    assert_ok(&f->env, get(f, "cut-500000", "real", "GDS507", &path));
    assert_ok(&f->env, spred_sha256_file(&f->env, from, a));
    assert_ok(&f->env, spred_sha256_file(&f->env, path, b));
    assert_string_equal(a, b);
    spred_free(&f->env, path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(fresh_then_cached),
                                       cmocka_unit_test(broken_then_resumed),
                                       cmocka_unit_test(no_ranges),
                                       cmocka_unit_test(stale_part),
                                       cmocka_unit_test(not_there),
                                       cmocka_unit_test(broken_content),
                                       cmocka_unit_test(stall),
                                       cmocka_unit_test(changed_cache),
                                       cmocka_unit_test(two_at_once),
                                       cmocka_unit_test(refused),
                                       cmocka_unit_test(debian),
                                       cmocka_unit_test(real_records)};
    return cmocka_run_group_tests_name("fetch", tests, set_up, tear_down);
}
