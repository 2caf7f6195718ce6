/* t-trial.c: what a trial makes of a data set, by its protocol. */
#include "files.h"

#include "experiments/learn_part.h"
#include "spred/loader.h"
#include "spred/simulate.h"

static void make(struct spred_env *env, struct job *job, struct trial *trial)
{
    const struct spred_simulation s = {.n = 60,
                                       .p = 12,
                                       .blocks = 3,
                                       .k = 3,
                                       .classes = 3,
                                       .rho_min = .3,
                                       .rho_max = .6,
                                       .snr = 3,
                                       .seed = 5};
    struct spred_data data;
    struct folder folder;
    double seconds[2];
    folder_make(&folder);
    assert_ok(env, spred_simulate(env, &s, &data));
    char path[1024];
    snprintf(path, sizeof path, "%s", folder_file(&folder, "data"));
    assert_ok(env, spred_cache_write(env, path, &data));
    job->dataset = "simulated";
    job->data_hash = data.hash;
    job->data_path = path;
    job->target = "auto";
    job->seed = "1";
    job->trial = 1;
    job->test = job->validate = 0.2;
    job->variance_keep = 1;
    assert_ok(env, trial_make(env, job, NULL, trial, seconds));
    job->data_hash = job->data_path = NULL;
    spred_data_free(env, &data);
    folder_remove(&folder);
}

/* The paper's loader centres over all rows and scales by one number; nothing
 * is learnt from the training rows, unless an intercept absorbs it. */
static void paper_is_not_centred_again(void **unused)
{
    (void)unused;
    for (int intercept = 0; intercept < 2; intercept++) {
        struct spred_env env;
        struct trial trial;
        struct job job = {
            .protocol = "paper", .standardize = 1, .intercept = intercept};
        spred_env_init(&env);
        make(&env, &job, &trial);
        assert_null(trial.prepared.scale);
        assert_int_equal(trial.prepared.mean != NULL, intercept);
        trial_free(&env, &trial);
    }
}

/* 90 pictures of 2 x 2 and two channels, classes 0 1 2 0 1 2 ...; cell j of
 * sample i is 100 i + j, so that every row is known by its values. */
static void make_pictures(struct spred_env *env, size_t given_test,
                          struct spred_data *data)
{
    enum { N = 90, P = 8 };
    memset(data, 0, sizeof *data);
    data->name = spred_strdup(env, "pictures");
    data->source = spred_strdup(env, "made");
    data->note = spred_strdup(env, "");
    strcpy(data->hash, "0123");
    assert_ok(env, spred_matrix_new(env, SPRED_F32, N, P, 0, &data->x));
    data->height = data->width = data->channels = 2;
    data->given_test = given_test;
    data->features = spred_alloc(env, P, sizeof *data->features);
    data->symbols = spred_alloc(env, P, sizeof *data->symbols);
    data->samples = spred_alloc(env, N, sizeof *data->samples);
    data->targets = spred_alloc(env, 1, sizeof *data->targets);
    data->n_targets = 1;
    struct spred_target *target = data->targets;
    target->name = spred_strdup(env, "class");
    target->n_levels = 3;
    target->levels = spred_alloc(env, 3, sizeof *target->levels);
    target->codes = spred_alloc(env, N, sizeof *target->codes);
    for (size_t k = 0; k < 3; k++)
        target->levels[k] = spred_format(env, "%zu", k);
    for (size_t j = 0; j < P; j++) {
        data->features[j] = spred_format(env, "f%zu", j);
        data->symbols[j] = spred_strdup(env, "");
        for (size_t i = 0; i < N; i++)
            data->x.f32[i + j * N] = (float)(100 * i + j);
    }
    for (size_t i = 0; i < N; i++) {
        data->samples[i] = spred_format(env, "s%zu", i);
        target->codes[i] = (int32_t)(i % 3);
    }
    assert_ok(env, spred_data_check(env, data));
}

static size_t sample_of(double cell)
{
    return (size_t)(cell / 100);
}

/* The published test part tests in every trial; who validates is the seed's;
 * statistics are those of the training part, by channel. */
static void given(void **unused)
{
    (void)unused;
    struct spred_env env;
    struct spred_data data;
    struct trial trial[2];
    double seconds;
    struct job job = {.protocol = "given",
                      .dataset = "pictures",
                      .target = "class",
                      .seed = "1",
                      .validate = 0.25,
                      .variance_keep = 1,
                      .intercept = 1,
                      .standardize = 1,
                      .log2 = 2,
                      .model = "a model"};
    spred_env_init(&env);
    make_pictures(&env, 30, &data);
    for (int k = 0; k < 2; k++) {
        struct trial *t = &trial[k];
        unsigned char seen[90] = {0};
        job.trial = k + 1;
        assert_ok(&env, trial_lend(&env, &job, NULL, &data, t, &seconds));
        assert_true(t->train.n == 45 && t->validate.n == 15 && t->test.n == 30);
        assert_false(t->prepared.log2);
        for (size_t i = 0; i < 30; i++) {
            assert_int_equal(sample_of((double)t->test.x.f32[i]), 60 + i);
            assert_int_equal(t->test.codes[i], i % 3);
        }
        double sum = 0;
        for (size_t i = 0; i < 45; i++) {
            size_t sample = sample_of((double)t->train.x.f32[i]);
            assert_true(sample < 60 && !seen[sample]++);
            sum += 100.0 * (double)sample;
        }
        for (size_t i = 0; i < 15; i++)
            assert_true(!seen[sample_of((double)t->validate.x.f32[i])]++);
        /* channel c has the cells c, c + 2, c + 4, c + 6 */
        for (size_t j = 0; j < 8; j++) {
            assert_near(t->prepared.mean[j], sum / 45 + 3 + (double)(j % 2),
                        1e-9);
            assert_near(t->prepared.scale[j], t->prepared.scale[j % 2], 0);
        }
    }
    assert_memory_not_equal(trial[0].train.x.f32, trial[1].train.x.f32,
                            45 * sizeof(float));
    trial_free(&env, &trial[1]);

    /* As a model takes it: in place, with its picture. */
    struct trial *t = &trial[0];
    struct spred_rows rows;
    const float *values = t->train.x.f32;
    float raw = values[44 + 5 * 45];
    assert_ok(&env, learn_rows(&env, t, &t->train, &rows));
    assert_ptr_equal(rows.x, values);
    assert_null(t->train.x.f32);
    assert_true(rows.n == 45 && rows.p == 8 && rows.picture.height == 2 &&
                rows.picture.width == 2 && rows.picture.channels == 2);
    assert_near((double)rows.x[44 + 5 * 45],
                ((double)raw - t->prepared.mean[5]) * t->prepared.scale[5],
                1e-6);
    spred_free(&env, (void *)(size_t)rows.x);
    trial_free(&env, t);

    /* A solver's columns are centred one by one; without all cells there is no
     * picture; the logarithm comes when it is called. */
    job.model = "";
    assert_ok(&env, trial_lend(&env, &job, NULL, &data, t, &seconds));
    assert_near(t->prepared.mean[7] - t->prepared.mean[0], 7, 1e-9);
    trial_free(&env, t);
    job.model = "a model";
    job.variance_keep = 0.5;
    job.log2 = 1;
    assert_ok(&env, trial_lend(&env, &job, NULL, &data, t, &seconds));
    assert_true(t->prepared.log2);
    assert_ok(&env, learn_rows(&env, t, &t->test, &rows));
    assert_true(rows.p == 4 && rows.picture.channels == 0);
    spred_free(&env, (void *)(size_t)rows.x);
    trial_free(&env, t);
    job.variance_keep = 1;
    data.given_test = 0;
    assert_int_equal(trial_lend(&env, &job, NULL, &data, t, &seconds),
                     SPRED_EINVAL);
    assert_non_null(strstr(env.error, "no published test part"));
    trial_free(&env, t);
    spred_data_free(&env, &data);
}

/* Some samples as a data set of their own. */
static void taken(void **unused)
{
    (void)unused;
    struct spred_env env;
    struct spred_data data, part;
    struct counting count = {0, 0, 0};
    const size_t rows[] = {0, 7, 59, 60, 89};
    spred_env_init(&env);
    make_pictures(&env, 30, &data);
    assert_ok(&env, spred_data_take(&env, &data, rows, 5, &part));
    assert_ok(&env, spred_data_check(&env, &part));
    assert_true(part.x.rows == 5 && part.x.cols == 8 && part.given_test == 2 &&
                part.channels == 2);
    for (size_t i = 0; i < 5; i++) {
        assert_near((double)part.x.f32[i + 3 * 5], 100.0 * (double)rows[i] + 3,
                    0);
        assert_string_equal(part.samples[i], data.samples[rows[i]]);
        assert_int_equal(part.targets[0].codes[i], rows[i] % 3);
    }
    spred_data_free(&env, &part);
    assert_ok(&env, spred_data_take(&env, &data, rows, 3, &part));
    assert_int_equal(part.given_test, 0);
    spred_data_free(&env, &part);
    struct spred_env poor;
    enum spred_status status;
    spred_env_init(&poor);
    poor.reallocate = counting_reallocate;
    poor.allocate_cookie = &count;
    do {
        count.calls = 0;
        count.fail_at++;
        status = spred_data_take(&poor, &data, rows, 5, &part);
        if (status == SPRED_OK)
            spred_data_free(&poor, &part);
        assert_int_equal(count.alive, 0);
    } while (status == SPRED_ENOMEM);
    assert_int_equal(status, SPRED_OK);
    spred_data_free(&env, &data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paper_is_not_centred_again), cmocka_unit_test(given),
        cmocka_unit_test(taken)};
    return cmocka_run_group_tests_name("trial", tests, NULL, NULL);
}
