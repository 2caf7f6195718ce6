/* t-groups.c: the groups of a job from its data: by size, symbol and file,
 * after the filter; and a whole job of each kind of penalty. */
#include "files.h"

#include "experiments/groups.h"
#include "spred/loader.h"
#include "spred/simulate.h"

enum { FEATURES = 7, SAMPLES = 40 };

/* Features f1..f7 of which f3 was filtered out. */
struct fixture {
    struct spred_env env;
    struct folder folder;
    struct trial trial;
    struct job job;
    struct grouping grouping;
    char *features[FEATURES], *symbols[FEATURES];
    size_t kept[FEATURES - 1];
    char text[128];
};

static void fixture_make(struct fixture *f)
{
    static char *const names[] = {"f1", "f2", "f3", "f4", "f5", "f6", "f7"};
    static char *const genes[] = {"B", "", "A", "A", "B", "A", ""};
    memset(f, 0, sizeof *f);
    spred_env_init(&f->env);
    folder_make(&f->folder);
    memcpy(f->features, names, sizeof names);
    memcpy(f->symbols, genes, sizeof genes);
    for (size_t k = 0; k < FEATURES - 1; k++)
        f->kept[k] = k < 2 ? k : k + 1;
    f->trial.data.name = "toy";
    f->trial.data.x.cols = FEATURES;
    f->trial.data.features = f->features;
    f->trial.data.symbols = f->symbols;
    f->trial.prepared.kept = f->kept;
    f->trial.prepared.p = FEATURES - 1;
}

static void fixture_free(struct fixture *f)
{
    groups_free(&f->env, &f->grouping);
    folder_remove(&f->folder);
}

static enum spred_status make(struct fixture *f, const char *groups)
{
    snprintf(f->text, sizeof f->text, "%s", groups);
    f->job.groups = f->text;
    groups_free(&f->env, &f->grouping);
    return groups_make(&f->env, &f->job, &f->trial.data, &f->trial.prepared,
                       &f->grouping);
}

static enum spred_status make_file(struct fixture *f, const char *content)
{
    char hash[SPRED_HEX_SIZE], groups[128];
    folder_write(&f->folder, "g.csv", content, strlen(content));
    f->job.group_file = f->folder.file;
    spred_sha256(content, strlen(content), hash);
    snprintf(groups, sizeof groups, "file %s", hash);
    return make(f, groups);
}

/* "0 1|2|3 4 5": positions among the kept features, group by group. */
static void expect(const struct fixture *f, const char *wanted)
{
    char text[256] = "";
    size_t used = 0;
    const struct spred_groups *groups = &f->grouping.groups;
    for (size_t g = 0; g < groups->count; g++)
        for (size_t s = groups->first[g]; s < groups->first[g + 1]; s++)
            used += (size_t)snprintf(
                text + used, sizeof text - used, "%s%zu",
                s > groups->first[g] ? " " : (g ? "|" : ""), groups->member[s]);
    assert_string_equal(text, wanted);
}

static void by_size_and_symbol(void **unused)
{
    (void)unused;
    struct fixture f;
    fixture_make(&f);
    assert_ok(&f.env, make(&f, ""));
    assert_int_equal(f.grouping.groups.count, 0);
    assert_ok(&f.env, make(&f, "size 3")); /* f1 f2 | f4 f5 f6 | f7 */
    expect(&f, "0 1|2 3 4|5");
    assert_ok(&f.env, make(&f, "size 100"));
    expect(&f, "0 1 2 3 4 5");
    assert_ok(&f.env, make(&f, "symbol")); /* no symbol: alone */
    expect(&f, "0 3|1|2 4|5");
    memset(f.symbols, 0, sizeof f.symbols);
    assert_int_equal(make(&f, "symbol"), SPRED_EINVAL);
    assert_non_null(strstr(f.env.error, "no gene symbols"));
    fixture_free(&f);
}

static void by_file(void **unused)
{
    (void)unused;
    struct fixture f;
    fixture_make(&f);
    assert_ok(&f.env, make_file(&f, "b\na\na\na\nb\n\"c\"\r\nc\n"));
    expect(&f, "0 3|1 2|4 5");
    assert_ok(&f.env, make_file(&f, "feature,group\nf7,x\nf1,x\nf2,y\nf3,y\n"
                                    "f4,z\nf5,z\nf6,x\nother,x\n"));
    expect(&f, "0 4 5|1|2 3");
    assert_ok(&f.env, make_file(&f, "f1\t1\nf2\t1\nf3\t1\nf4\t2\nf5\t2\nf6\t2\n"
                                    "f7\t2"));
    expect(&f, "0 1|2 3 4 5");
    f.text[8] = f.text[8] == 'x' ? 'y' : 'x'; /* another hash */
    groups_free(&f.env, &f.grouping);
    assert_int_equal(groups_make(&f.env, &f.job, &f.trial.data,
                                 &f.trial.prepared, &f.grouping),
                     SPRED_EINVAL);
    assert_non_null(strstr(f.env.error, "changed since"));
    fixture_free(&f);
}

static void refused_files(void **unused)
{
    (void)unused;
    static const struct {
        const char *content, *words;
    } bad[] = {{"a\nb\n", "2 labels, but toy has 7"},
               {"", "0 labels"},
               {"f1,a\nf2,a\n", "'f3' of toy has no group"},
               {"f1,a\nf1,b\nf2,a\nf3,a\nf4,a\nf5,a\nf6,a\nf7,a\n",
                "'f1' is in two groups"},
               {"f1,a\nf2\n", ":2: 'f2' has no group"}};
    struct fixture f;
    fixture_make(&f);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(make_file(&f, bad[i].content), SPRED_EINVAL);
        if (!strstr(f.env.error, bad[i].words))
            fail_msg("%s: %s", bad[i].content, f.env.error);
        assert_int_equal(f.grouping.groups.count, 0);
    }
    f.job.group_file = "/nonexistent/groups.csv";
    assert_int_equal(make(&f, "file 0"), SPRED_EIO);
    fixture_free(&f);
}

/* A whole job; the row says how it ended. */
static void run_job(const char *penalty, int over, const char *solver,
                    const char *status, const char *words)
{
    const struct spred_simulation simulation = {.n = SAMPLES,
                                                .p = 12,
                                                .blocks = 3,
                                                .k = 3,
                                                .classes = 3,
                                                .rho_min = .3,
                                                .rho_max = .6,
                                                .snr = 3,
                                                .seed = 5};
    struct spred_env env;
    struct spred_data data;
    struct folder folder;
    struct results_record record;
    char path[1024], kind[16], machine[] = "m", loss[] = "multinomial";
    char target[] = "auto", seed[] = "1", protocol[] = "clean";
    char lambdas[] = "0.5 0.2", options[] = "", groups[] = "", name[] = "set";
    spred_env_init(&env);
    folder_make(&folder);
    assert_ok(&env, spred_simulate(&env, &simulation, &data));
    snprintf(path, sizeof path, "%s", folder_file(&folder, "data"));
    snprintf(kind, sizeof kind, "%s", penalty);
    assert_ok(&env, spred_cache_write(&env, path, &data));
    struct job job = {.dataset = name,
                      .data_hash = data.hash,
                      .data_path = path,
                      .target = target,
                      .protocol = protocol,
                      .seed = seed,
                      .trial = 1,
                      .test = 0.2,
                      .validate = 0.2,
                      .variance_keep = 1,
                      .problem = name,
                      .loss = loss,
                      .l1_ratio = 1,
                      .penalty = kind,
                      .groups = groups,
                      .over_classes = over,
                      .factors = 3,
                      .intercept = 1,
                      .standardize = 1,
                      .lambdas = lambdas,
                      .solver = (char *)(uintptr_t)solver,
                      .options = options,
                      .gap = 1e-6,
                      .stall_eps = 1e-10,
                      .stall_patience = 3,
                      .wall = 100,
                      .steps = 10000,
                      .machine = machine};
    assert_ok(&env, job_run(&env, &job, NULL, &record));
    assert_string_equal(record.run.status, status);
    assert_string_equal(record.run.penalty, words);
    int convex = strcmp(penalty, "power") != 0;
    if (strcmp(status, "skipped") != 0) {
        assert_int_equal(isnan(record.run.gap), !convex);
        assert_int_equal(record.run.certified, convex ? 2 : 0);
        assert_true(record.run.kkt < 1e-2);
        for (size_t i = 0; i < record.n_points; i++)
            assert_true(isnan(record.points[i].gap) == !convex &&
                        isnan(record.points[i].dual) == !convex);
    }
    results_record_free(&env, &record);
    spred_data_free(&env, &data);
    folder_remove(&folder);
}

static void whole_jobs(void **unused)
{
    (void)unused;
    run_job("group", 1, "spred-group", "certified", "group(classes)");
    run_job("group", 1, "group-cd", "certified", "group(classes)");
    run_job("power", 0, "spred-power", "stationary", "power(3)");
    run_job("power", 0, "spred-group", "skipped", "power(3)");
    run_job("l1", 0, "spred-power", "skipped", "l1");
    run_job("group", 1, "spred-newton", "skipped", "group(classes)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_size_and_symbol), cmocka_unit_test(by_file),
        cmocka_unit_test(refused_files), cmocka_unit_test(whole_jobs)};
    return cmocka_run_group_tests_name("groups", tests, NULL, NULL);
}
