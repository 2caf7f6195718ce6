/* t-code.c: a coder's job in this process: denoising over a dictionary whose
 * answer is known, the rows of a job, the dictionary in the cache, every
 * allocation failed once. */
#include "files.h"

#include <glob.h>
#include <sys/stat.h>

#include "experiments/code.h"
#include "experiments/plan.h"
#include "experiments/sources.h"
#include "experiments/spec_coding.h"

#define SIDE 20
#define SIZE 4
#define M (SIZE * SIZE)

static const struct spred_coder *coder(void)
{
    return spred_coder_find("lars");
}

static void make_picture(struct spred_image *image, double *grey)
{
    memset(image, 0, sizeof *image);
    image->width = image->height = SIDE;
    image->grey = grey;
    for (size_t i = 0; i < SIDE * SIDE; i++)
        grey[i] =
            100 +
            50 * sin(0.4 * (double)(i % SIDE)) * cos(0.3 * (double)(i / SIDE)) +
            (double)(i * 7919 % 13);
    memset(image->hash, 'a', 64);
}

/* Over the identity a code is the soft threshold of the patch: with lambda
 * next to nothing the picture comes back; with a large one the mean of the
 * means of the patches over each pixel. Whatever the stride. */
static void known_denoising(void **state)
{
    struct spred_env env;
    struct spred_image image, noisy, clean;
    double grey[SIDE * SIDE], identity[M * M] = {0}, nonzeros;
    void *options;
    (void)state;
    spred_env_init(&env);
    make_picture(&image, grey);
    for (size_t i = 0; i < M; i++)
        identity[i * (M + 1)] = 1;
    assert_ok(&env, code_parse(&env, coder()->options, coder()->options_size,
                               "", &options));
    for (size_t stride = 1; stride <= SIZE; stride++)
        for (int unit = 0; unit < 2; unit++) {
            struct code_denoise how = {
                .coder = coder(),
                .options = options,
                .task = {.m = M,
                         .atoms = M,
                         .dictionary = identity,
                         .lambda = 1e-9,
                         .gap = 1e-6,
                         .threads = 1},
                .patches = {.size = SIZE, .center = 1, .unit = unit},
                .stride = stride,
                .sigma = 12,
                .seed = 4};
            assert_ok(&env, code_denoise(&env, &how, &image, &noisy, &clean,
                                         &nonzeros));
            double sum = 0;
            assert_near(nonzeros, M, 1e-9); /* noise leaves no zero */
            for (size_t i = 0; i < SIDE * SIDE; i++) {
                assert_near(clean.grey[i], noisy.grey[i], 1e-5);
                sum += (noisy.grey[i] - grey[i]) * (noisy.grey[i] - grey[i]);
            }
            assert_near(sqrt(sum / (SIDE * SIDE)), 12, 1.5); /* 400 draws */
            spred_image_free(&env, &noisy);
            spred_image_free(&env, &clean);
            how.task.lambda = 1e9;
            how.sigma = 1e-9;
            assert_ok(&env, code_denoise(&env, &how, &image, &noisy, &clean,
                                         &nonzeros));
            assert_near(nonzeros, 0, 0);
            double mean = 0; /* of the one patch over pixel (0, 0) */
            for (size_t i = 0; i < M; i++)
                mean += grey[i / SIZE * SIDE + i % SIZE] / M;
            assert_near(clean.grey[0], mean, 1e-6);
            spred_image_free(&env, &noisy);
            spred_image_free(&env, &clean);
        }
    image.width = SIZE - 1; /* no patch at all */
    struct code_denoise how = {.patches = {.size = SIZE}, .stride = 1};
    assert_int_equal(
        code_denoise(&env, &how, &image, &noisy, &clean, &nonzeros),
        SPRED_EINVAL);
    assert_non_null(strstr(env.error, "has no patch of 4 x 4"));
    spred_free(&env, options);
}

/* A job's files in a folder, which is the cache too. */
struct setting {
    struct folder folder;
    char data[1100], picture[1100];
    struct spred_data patches;
};

static char *copy(const char *text)
{
    char *out = strdup(text);
    assert_non_null(out);
    return out;
}

static void setting_make(struct spred_env *env, struct setting *s)
{
    struct spred_image image;
    struct spred_data kept;
    double grey[SIDE * SIDE];
    const struct spred_patches how = {
        .size = SIZE, .count = 60, .center = 1, .seed = 9};
    folder_make(&s->folder);
    assert_int_equal(setenv("XDG_CACHE_HOME", s->folder.path, 1), 0);
    snprintf(s->data, sizeof s->data, "%s/p.sbd", s->folder.path);
    snprintf(s->picture, sizeof s->picture, "%s/p-held-out.sbd",
             s->folder.path);
    make_picture(&image, grey);
    assert_ok(env, spred_patches_data(env, &image, 1, &how, &s->patches));
    s->patches.name = copy("p");
    s->patches.source = copy("made");
    s->patches.note = copy("");
    assert_ok(env, spred_cache_write(env, s->data, &s->patches));
    assert_ok(env, spred_image_data(env, &image, "held-out", &kept));
    assert_ok(env, spred_cache_write(env, s->picture, &kept));
    spred_data_free(env, &kept);
}

static void clear_cache(struct setting *s)
{
    char command[1300];
    snprintf(command, sizeof command, "rm -rf '%s/spredbench'", s->folder.path);
    assert_int_equal(system(command), 0);
}

static void setting_end(struct spred_env *env, struct setting *s)
{
    clear_cache(s);
    spred_data_free(env, &s->patches);
    folder_remove(&s->folder);
}

/* Borrowed texts: not to be freed. */
static struct job job_of(struct setting *s)
{
    static char coding[] =
        "atoms=10 lambda=20 api_version=1 coder_version=0 size=4 "
        "center=true unit=false sigma=15 stride=2 "
        "noise_gap=0.001 show=true";
    static char problem[] = "coding(signals atoms=10 lambda=12)";
    static char empty[] = "", lars[] = "lars", signals[] = "signals",
                lambda[] = "12", gaps[] = "0.01 1e-06", seed[] = "17",
                name[] = "p", clean[] = "clean";
    struct job job;
    results_row_clear(job_columns, &job);
    job.dataset = name;
    job.data_hash = s->patches.hash;
    job.data_path = s->data;
    job.problem = problem;
    job.protocol = clean;
    job.solver = lars;
    job.options = job.dictionary_options = empty;
    job.loss = job.penalty = job.groups = job.target = empty;
    job.dictionary = signals;
    job.coding = coding;
    job.lambdas = lambda;
    job.gaps = gaps;
    job.seed = seed;
    job.trial = 1;
    job.threads = 1;
    job.gap = 1e-6;
    job.wall = 600;
    return job;
}

static void rows(void **state)
{
    struct spred_env env;
    struct setting s;
    struct results_record record, again;
    (void)state;
    spred_env_init(&env);
    setting_make(&env, &s);
    struct job job = job_of(&s);
    assert_int_equal(job_has_coding(&job), 1);
    assert_ok(&env, job_run(&env, &job, NULL, &record));
    const struct results_run *run = &record.run;
    assert_string_equal(run->kind, "coding");
    assert_string_equal(run->status, "certified");
    assert_string_equal(run->chosen, "signals atoms=10");
    assert_null(run->loss);
    assert_int_equal(run->train, 60);
    assert_int_equal(run->points, 60);
    assert_int_equal(run->certified, 60);
    assert_int_equal(record.n_points, 2);
    assert_true(record.points[1].gap + record.points[1].floor <= 1e-6);
    assert_near(record.points[1].primal, run->objective, 0);
    assert_near(record.points[1].lambda, 12, 0);
    assert_int_equal(record.n_metrics, 5);
    assert_string_equal(record.metrics[4].name, "nonzeros denoised");
    assert_in_range(record.metrics[4].value, 1, M);
    assert_int_equal(record.n_arrays, 4);
    assert_string_equal(record.arrays[0].name, "dictionary");
    assert_int_equal(record.arrays[0].rows, M);
    assert_int_equal(record.arrays[0].columns, 10);
    assert_int_equal(record.arrays[1].height, SIDE);
    /* The second time the dictionary comes from the cache: the same rows. */
    assert_ok(&env, job_run(&env, &job, NULL, &again));
    assert_near(again.run.objective, run->objective, 0);
    assert_string_equal(again.arrays[0].values, record.arrays[0].values);
    assert_string_equal(again.arrays[3].values, record.arrays[3].values);
    assert_near(again.run.seconds_prepare, run->seconds_prepare, 1e-8);
    results_record_free(&env, &again);
    results_record_free(&env, &record);
    /* Data that are not what was planned; words that nobody knows. */
    static char other[SPRED_HEX_SIZE] = "abc", unknown[] = "nobody";
    job.data_hash = other;
    assert_int_equal(job_run(&env, &job, NULL, &record), SPRED_EFORMAT);
    assert_non_null(strstr(env.error, "not the data that were planned"));
    results_record_free(&env, &record);
    job = job_of(&s);
    job.solver = unknown;
    assert_int_equal(job_run(&env, &job, NULL, &record), SPRED_ENOTFOUND);
    results_record_free(&env, &record);
    job = job_of(&s);
    job.dictionary = unknown;
    assert_int_equal(job_run(&env, &job, NULL, &record), SPRED_ENOTFOUND);
    results_record_free(&env, &record);
    setting_end(&env, &s);
}

/* Nothing was coded in time: the row has no objective, nonzeros or error, which
 * those of zero codes would be; the denoised picture, which has no wall, is
 * there. */
static void not_coded(void **state)
{
    struct spred_env env;
    struct setting s;
    struct results_record record;
    (void)state;
    spred_env_init(&env);
    setting_make(&env, &s);
    struct job job = job_of(&s);
    job.wall = 1e-12;
    assert_ok(&env, job_run(&env, &job, NULL, &record));
    const struct results_run *run = &record.run;
    assert_string_equal(run->status, "time");
    assert_non_null(strstr(run->reason, "0 of 60 signals certified"));
    assert_non_null(strstr(run->reason, "(0 coded)"));
    assert_int_equal(run->certified, 0);
    assert_true(isnan(run->objective) && run->gap > 1e-2);
    assert_true(run->support == INT64_MIN);
    assert_int_equal(record.n_points, 1);
    assert_true(isnan(record.points[0].primal));
    assert_true(record.points[0].support == INT64_MIN);
    assert_int_equal(record.n_metrics, 3);
    assert_string_equal(record.metrics[0].name, "psnr noisy");
    results_record_free(&env, &record);
    setting_end(&env, &s);
}

/* Dictionaries in the cache. */
static size_t kept(const struct setting *s)
{
    char path[1300];
    glob_t found;
    snprintf(path, sizeof path, "%s/spredbench/data/dictionary-*.sbd",
             s->folder.path);
    size_t count = glob(path, 0, NULL, &found) == 0 ? found.gl_pathc : 0;
    globfree(&found);
    return count;
}

/* What was learned by another version of the method, or with another version
 * of the coder that it calls, is not used: it is learned anew. */
static void versions(void **state)
{
    struct spred_env env;
    struct setting s;
    struct results_record record;
    (void)state;
    spred_env_init(&env);
    setting_make(&env, &s);
    static char texts[][160] = {
        "atoms=10 lambda=20 api_version=1 coder_version=1 size=4",
        "atoms=10 lambda=20 api_version=2 coder_version=1 size=4",
        "atoms=10 lambda=20 api_version=1 coder_version=2 size=4",
        "atoms=10 lambda=20 api_version=1 coder_version=2 size=4"};
    for (size_t i = 0; i < 4; i++) {
        struct job job = job_of(&s);
        job.coding = texts[i];
        assert_ok(&env, job_run(&env, &job, NULL, &record));
        assert_int_equal(kept(&s), i < 3 ? i + 1 : 3);
        results_record_free(&env, &record);
    }
    setting_end(&env, &s);
}

/* The plan knows those versions: `online` calls a coder, `dct` none. */
static void planned_versions(void **state)
{
    static char name[] = "x", coder_name[] = "fista",
                cd[] = "coordinate-descent", coder_key[] = "coder",
                online[] = "online", dct[] = "dct", none[] = "";
    struct spec_setting set = {coder_key, cd, 1, 1};
    const struct spec_coding_method code = {.name = coder_name,
                                            .label = coder_name};
    const struct spec_coding_method ways[] = {
        {.name = online, .label = online},
        {.name = online, .label = online, .settings = &set, .n_settings = 1},
        {.name = dct, .label = dct}};
    double lambda = 1, gap = 1e-6;
    struct spec_coding coding = {
        .lambda = &lambda, .n_lambda = 1, .gaps = &gap, .n_gaps = 1};
    const struct spec spec = {.name = name,
                              .path = name,
                              .protocol = {.kind = name, .trials = 1},
                              .coding = &coding};
    const struct spec_patches patches = {.size = 4};
    const struct source source = {.name = name,
                                  .source = none,
                                  .hash = none,
                                  .path = none,
                                  .target = none,
                                  .patches = &patches};
    struct spred_env env;
    (void)state;
    spred_env_init(&env);
    for (size_t i = 0; i < 3; i++) {
        struct job job;
        char expected[80];
        const char *called = i == 0 ? "lars" : "coordinate-descent";
        unsigned version = i < 2 ? spred_coder_find(called)->api_version : 0;
        snprintf(expected, sizeof expected, "api_version=%u coder_version=%u ",
                 spred_dictionary_method_find(ways[i].name)->api_version,
                 version);
        assert_ok(&env, plan_coding(&env, &spec, &source, &ways[i], 9, 1, &code,
                                    1, 1, "", &job));
        assert_non_null(strstr(job.coding, expected));
        results_row_free(&env, job_columns, &job);
    }
    /* Which coder is the options' choice. */
    const struct spred_dictionary_method *learn =
        spred_dictionary_method_find("online");
    void *options;
    assert_ok(&env, code_parse(&env, learn->options, learn->options_size,
                               "coder=spred-newton", &options));
    assert_string_equal(learn->coder(options), "spred-newton");
    spred_free(&env, options);
}

/* Every column of coding is in the key, and none of another job's key moves. */
static void keys(void **state)
{
    struct spred_env env;
    struct setting s;
    char first[SPRED_HEX_SIZE], key[SPRED_HEX_SIZE];
    static char word[] = "x";
    (void)state;
    spred_env_init(&env);
    setting_make(&env, &s);
    struct job job = job_of(&s);
    assert_ok(&env, job_key(&env, &job, first));
    char **const columns[] = {&job.dictionary, &job.dictionary_options,
                              &job.coding,     &job.gaps,
                              &job.lambdas,    &job.solver};
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
        job = job_of(&s);
        *columns[i] = word;
        assert_ok(&env, job_key(&env, &job, key));
        assert_string_not_equal(key, first);
    }
    job = job_of(&s);
    job.dictionary = job.coding = job.gaps = NULL;
    char *text = job_text(&env, &job);
    assert_null(strstr(text, "dictionary"));
    assert_null(strstr(text, "gaps"));
    spred_free(&env, text);
    setting_end(&env, &s);
}

/* Once with the dictionary to be learned, once with it in the cache. */
static void memory(void **state)
{
    struct spred_env plain;
    struct setting s;
    (void)state;
    spred_env_init(&plain);
    setting_make(&plain, &s);
    struct job job = job_of(&s);
    for (int cached = 0; cached < 2; cached++) {
        enum spred_status status = SPRED_ENOMEM;
        for (long at = 1; status != SPRED_OK; at++) {
            struct counting count = {.fail_at = at};
            struct spred_env env;
            struct results_record record;
            spred_env_init(&env);
            env.reallocate = counting_reallocate;
            env.allocate_cookie = &count;
            if (!cached)
                clear_cache(&s);
            status = job_run(&env, &job, NULL, &record);
            if (status != SPRED_OK && status != SPRED_ENOMEM)
                fail_msg("call %ld: %s", at, env.error);
            results_record_free(&env, &record);
            assert_int_equal(count.alive, 0);
            assert_in_range(at, 1, 5000);
        }
    }
    setting_end(&plain, &s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(known_denoising),
                                       cmocka_unit_test(rows),
                                       cmocka_unit_test(not_coded),
                                       cmocka_unit_test(versions),
                                       cmocka_unit_test(planned_versions),
                                       cmocka_unit_test(keys),
                                       cmocka_unit_test(memory)};
    return cmocka_run_group_tests_name("code", tests, NULL, NULL);
}
