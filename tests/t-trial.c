/* t-trial.c: what a trial makes of a data set, by its protocol. */
#include "files.h"

#include "experiments/trial.h"
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paper_is_not_centred_again)};
    return cmocka_run_group_tests_name("trial", tests, NULL, NULL);
}
