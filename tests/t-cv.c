/* t-cv.c: lambda by cross-validation: the folds and what is learnt on them, the
 * mean loss and its standard error, the two rules, any number of threads. */
#include "files.h"

#include "experiments/spec.h"
#include "experiments/trial.h"
#include "spred/loader.h"
#include "spred/simulate.h"

#define FOLDS 5
#define LAMBDAS 8

/* A job on simulated data in a folder of its own. */
struct bench {
    struct spred_env env;
    struct spred_data data;
    struct folder folder;
    char path[1024], options[1];
    struct job job;
};

static void setup(struct bench *b, size_t classes)
{
    const struct spred_simulation s = {.n = 61,
                                       .p = 30,
                                       .blocks = 3,
                                       .k = 5,
                                       .classes = classes,
                                       .rho_min = .3,
                                       .rho_max = .6,
                                       .snr = 3,
                                       .seed = 5};
    static char lambdas[] = "1 0.7 0.5 0.35 0.25 0.18 0.12 0.08";
    memset(b, 0, sizeof *b);
    spred_env_init(&b->env);
    folder_make(&b->folder);
    assert_ok(&b->env, spred_simulate(&b->env, &s, &b->data));
    snprintf(b->path, sizeof b->path, "%s", folder_file(&b->folder, "data"));
    assert_ok(&b->env, spred_cache_write(&b->env, b->path, &b->data));
    b->job = (struct job){.dataset = "simulated",
                          .data_hash = b->data.hash,
                          .data_path = b->path,
                          .target = "auto",
                          .protocol = "clean",
                          .seed = "1",
                          .trial = 1,
                          .test = 0.2,
                          .choose = SPEC_CHOOSE_CV,
                          .choose_folds = FOLDS,
                          .choose_1se = 1,
                          .variance_keep = 1,
                          .problem = "p",
                          .loss = classes ? "logistic" : "squared",
                          .l1_ratio = 1,
                          .intercept = 1,
                          .standardize = 1,
                          .lambdas = lambdas,
                          .solver = "coordinate-descent",
                          .options = b->options,
                          .gap = 1e-8,
                          .stall_eps = 1e-12,
                          .stall_patience = 3,
                          .wall = 60,
                          .steps = 100000,
                          .threads = 1};
}

static void teardown(struct bench *b)
{
    spred_data_free(&b->env, &b->data);
    folder_remove(&b->folder);
}

/* Held-out parts are disjoint, cover the training part and nothing of the test
 * part; means are those of the fold's own training rows. */
static void folds(void **state)
{
    (void)state;
    struct bench b;
    struct trial whole, fold;
    double seconds[2], covered = 0;
    setup(&b, 3);
    assert_ok(&b.env, trial_make(&b.env, &b.job, NULL, &whole, seconds));
    assert_int_equal(whole.validate.n, 0);
    for (size_t f = 0; f < FOLDS; f++) {
        size_t counts[3] = {0};
        assert_ok(&b.env, trial_fold(&b.env, &b.job, &whole, f, &fold));
        assert_int_equal(fold.train.n + fold.test.n, whole.train.n);
        assert_int_equal(fold.validate.n, 0);
        covered += (double)fold.test.n;
        for (size_t i = 0; i < fold.test.n; i++) {
            size_t same = 0;
            for (size_t k = 0; k < whole.train.n; k++)
                same += fabs(fold.test.x.f64[i] - whole.train.x.f64[k]) < 1e-15;
            assert_int_equal(same, 1);
            counts[fold.test.codes[i]]++;
        }
        for (size_t c = 0; c < 3; c++) /* 16 or 17 samples each */
            assert_true(counts[c] == 3 || counts[c] == 4);
        for (size_t j = 0; j < fold.p; j++) {
            double mean = 0;
            for (size_t i = 0; i < fold.train.n; i++)
                mean += fold.train.x.f64[i + j * fold.train.n] /
                        (double)fold.train.n;
            assert_near(fold.prepared.mean[j], mean, 1e-12);
        }
        assert_true(fabs(fold.prepared.mean[0] - whole.prepared.mean[0]) >
                    1e-6);
        trial_free(&b.env, &fold);
    }
    assert_near(covered, (double)whole.train.n, 0);
    trial_free(&b.env, &whole);
    teardown(&b);
}

/* Mean and standard error of each lambda from the stored folds. */
static void recompute(const struct results_record *r, double *mean, double *se)
{
    for (size_t l = 0; l < LAMBDAS; l++) {
        double n = 0, sum = 0, squares = 0;
        for (size_t i = l; i < r->n_folds; i += LAMBDAS) {
            n += (double)r->folds[i].held;
            sum += (double)r->folds[i].held * r->folds[i].loss;
        }
        mean[l] = sum / n;
        for (size_t i = l; i < r->n_folds; i += LAMBDAS)
            squares += (double)r->folds[i].held * (r->folds[i].loss - mean[l]) *
                       (r->folds[i].loss - mean[l]);
        se[l] = sqrt(squares / n / (FOLDS - 1));
    }
}

/* The stored coefficients give the stored R2 on the test part. */
static void check_model(struct bench *b, const struct results_record *r)
{
    struct trial trial;
    double seconds[2], mean = 0, residual = 0, total = 0;
    assert_ok(&b->env, trial_make(&b->env, &b->job, NULL, &trial, seconds));
    const struct part *test = &trial.test;
    assert_int_equal(r->genes[0].rank, 0);
    assert_string_equal(r->genes[0].symbol, "(intercept)");
    for (size_t i = 0; i < test->n; i++)
        mean += test->values[i] / (double)test->n;
    for (size_t i = 0; i < test->n; i++) {
        double y = r->genes[0].coefficient, off = test->values[i] - mean;
        for (size_t g = 1; g < r->n_genes; g++) {
            long j = strtol(r->genes[g].feature + 1, NULL, 10) - 1; /* "g7" */
            y += r->genes[g].coefficient * test->x.f64[i + (size_t)j * test->n];
        }
        residual += (test->values[i] - y) * (test->values[i] - y);
        total += off * off;
    }
    assert_near(r->run.r2, 1 - residual / total, 1e-10);
    trial_free(&b->env, &trial);
}

static void rules(void **state)
{
    (void)state;
    static const double ratios[] = {1, .7, .5, .35, .25, .18, .12, .08};
    for (size_t classes = 0; classes <= 3; classes += 3)
        for (int64_t one = 0; one < 2; one++) {
            struct bench b;
            struct results_record r;
            double mean[LAMBDAS], se[LAMBDAS], seconds = 0;
            size_t least = 0, within = 0, last = 0;
            setup(&b, classes);
            b.job.choose_1se = one;
            assert_ok(&b.env, job_run(&b.env, &b.job, NULL, &r));
            assert_string_equal(r.run.status, "certified");
            assert_int_equal(r.n_folds, FOLDS * LAMBDAS);
            recompute(&r, mean, se);
            for (size_t l = 0; l < LAMBDAS; l++)
                least = mean[l] < mean[least] ? l : least;
            while (mean[within] > mean[least] + se[least])
                within++;
            assert_true(within < least); /* or the test would show nothing */
            size_t chosen = one ? within : least;
            assert_near(r.run.ratio_min, ratios[least], 1e-12);
            assert_near(r.run.ratio_1se, ratios[within], 1e-12);
            assert_near(r.run.lambda_ratio, ratios[chosen], 1e-12);
            assert_near(r.run.cv_loss, mean[chosen], 1e-12);
            assert_near(r.run.cv_se, se[chosen], 1e-12);
            for (size_t i = 0; i < r.n_points; i++)
                if (r.points[i].last) {
                    assert_near(r.points[i].cv_loss, mean[last], 1e-12);
                    assert_near(r.points[i].cv_se, se[last], 1e-12);
                    if (last++ == chosen)
                        assert_int_equal(r.points[i].support, r.run.support);
                }
            assert_int_equal(last, LAMBDAS);
            if (!classes) { /* else a gene may stand for several classes */
                assert_int_equal(r.n_genes, r.run.support + 1);
                check_model(&b, &r);
            }
            for (size_t i = 0; i < r.n_folds; i++) {
                assert_true(r.folds[i].certified == 1 &&
                            r.folds[i].gap <= r.run.gap);
                seconds += r.folds[i].seconds;
            }
            assert_true(r.run.seconds > seconds);
            results_record_free(&b.env, &r);
            teardown(&b);
        }
}

/* Every number but the clocks is the same, to the bit. */
static void threads(void **state)
{
    (void)state;
    static const int64_t counts[] = {1, 2, 4};
    struct results_record r[3];
    for (size_t k = 0; k < 3; k++) {
        struct bench b;
        setup(&b, 3);
        b.job.threads = counts[k];
        assert_ok(&b.env, job_run(&b.env, &b.job, NULL, &r[k]));
        teardown(&b);
    }
    for (size_t k = 1; k < 3; k++) {
        struct spred_env env;
        spred_env_init(&env);
        for (size_t i = 0; i < r[0].n_folds; i++)
            assert_memory_equal(&r[0].folds[i].loss, &r[k].folds[i].loss,
                                sizeof(double));
        assert_int_equal(r[0].n_points, r[k].n_points);
        for (size_t i = 0; i < r[0].n_points; i++)
            assert_memory_equal(&r[0].points[i].primal, &r[k].points[i].primal,
                                sizeof(double));
        assert_memory_equal(&r[0].run.gap, &r[k].run.gap, sizeof(double));
        assert_memory_equal(&r[0].run.cv_loss, &r[k].run.cv_loss,
                            sizeof(double));
        assert_int_equal(r[0].n_genes, r[k].n_genes);
        results_record_free(&env, &r[k]);
    }
    struct spred_env env;
    spred_env_init(&env);
    results_record_free(&env, &r[0]);
}

/* A fold that cannot be had is the job's error, with its words. */
static void refusals(void **state)
{
    (void)state;
    struct bench b;
    struct results_record r;
    setup(&b, 3);
    b.job.choose_folds = 60;
    assert_int_equal(job_run(&b.env, &b.job, NULL, &r), SPRED_EINVAL);
    assert_non_null(strstr(b.env.error, "fold 1 of 60: split: 60 folds of 49"));
    results_record_free(&b.env, &r);
    teardown(&b);
}

/* Every lambda from nothing: the same solutions, certified, and set-up billed
 * each time; none: the smallest lambda stands for the path. */
static void cold(void **state)
{
    (void)state;
    struct results_record warm, cold;
    struct bench b;
    setup(&b, 3);
    b.job.choose = SPEC_CHOOSE_NONE;
    b.job.choose_folds = 0;
    assert_ok(&b.env, job_run(&b.env, &b.job, NULL, &warm));
    b.job.cold = 1;
    assert_ok(&b.env, job_run(&b.env, &b.job, NULL, &cold));
    assert_int_equal(warm.run.certified, LAMBDAS);
    assert_int_equal(cold.run.certified, LAMBDAS);
    assert_near(cold.run.lambda_ratio, 0.08, 1e-12);
    assert_int_equal(warm.run.support, cold.run.support);
    assert_near(warm.run.objective, cold.run.objective, 1e-6);
    assert_true(cold.run.warm_start == 0 && warm.run.warm_start == 1);
    size_t starts = 0, last = 0;
    for (size_t i = 0; i < cold.n_points; i++) {
        const struct results_point *p = &cold.points[i];
        starts += p->step == 0;
        if (p->step == 0) /* W = 0, not the last solution */
            assert_int_equal(p->support, 0);
        if (p->last)
            assert_int_equal(p->lambda_index, ++last);
    }
    assert_int_equal(starts, LAMBDAS);
    assert_int_equal(last, LAMBDAS);
    results_record_free(&b.env, &warm);
    results_record_free(&b.env, &cold);
    teardown(&b);
}

/* Fails one allocation, and all after it. */
struct ration {
    size_t left;
};

static void *meagre(void *cookie, void *pointer, size_t size)
{
    struct ration *ration = cookie;
    if (size == 0) {
        free(pointer);
        return NULL;
    }
    if (ration->left == 0)
        return NULL;
    ration->left--;
    return realloc(pointer, size);
}

/* A job that runs out of memory says so and leaves nothing behind. */
static void out_of_memory(void **state)
{
    (void)state;
    struct bench b;
    struct results_record r;
    struct ration ration = {0};
    enum spred_status status = SPRED_ENOMEM;
    size_t runs = 0;
    setup(&b, 3);
    b.job.lambdas = "1 0.5";
    b.job.choose_folds = 2;
    struct spred_env env = b.env;
    env.reallocate = meagre;
    env.allocate_cookie = &ration;
    for (size_t n = 0; status != SPRED_OK; n += 1 + n / 40) {
        ration.left = n;
        status = job_run(&env, &b.job, NULL, &r);
        runs++;
        if (status != SPRED_OK)
            assert_true(strstr(env.error, "memory") ||
                        strstr(env.error, "allocate"));
        ration.left = 1u << 20;
        results_record_free(&env, &r);
    }
    assert_true(runs > 100);
    teardown(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(folds),   cmocka_unit_test(rules),
        cmocka_unit_test(threads), cmocka_unit_test(refusals),
        cmocka_unit_test(cold),    cmocka_unit_test(out_of_memory)};
    return cmocka_run_group_tests_name("cv", tests, NULL, NULL);
}
