/* t-learn.c: a model's job: every setting tried, the best offer by the
 * validation part, the test part once, and what goes wrong on the way. */
#include "test.h"

#include "learn-fixture.h"

static const struct results_candidate *candidate(const struct ready *r,
                                                 size_t i)
{
    assert_true(i < r->record.n_candidates);
    return &r->record.candidates[i];
}

/* The third gene is best, with the larger gain its log-loss is lower; what is
 * offered later is worse and changes nothing. */
static void best_offer(void **state)
{
    struct ready r;
    (void)state;
    ready_make(&r, "look", "gain=1;9;3 genes=5 way=well word=a|b(c=1)",
               "gain=1;9;3", 2);
    ready_run(&r);
    const struct results_run *row = &r.record.run;
    assert_string_equal(row->kind, "model");
    assert_string_equal(row->status, "done");
    assert_null(row->reason);
    assert_null(row->loss);
    assert_null(row->penalty);
    assert_string_equal(row->chosen, "gain=9 gene=3");
    assert_near(row->validation, 1, 0);
    assert_near(row->accuracy, 1, 0);
    assert_near(row->balanced_accuracy, 1, 0);
    assert_near(row->auc, 1, 0);
    assert_true(row->log_loss > 0 && row->log_loss < 0.1);
    assert_int_equal(row->support, 1);
    assert_int_equal(row->truth, 2);
    assert_int_equal(row->true_positives, 1);
    assert_int_equal(row->steps, 15);
    assert_near(row->passes, 15. / PLAIN_P, 1e-12);
    assert_true(isnan(row->gap) && isnan(row->lambda_ratio));
    assert_int_equal(r.record.n_genes, 1);
    assert_string_equal(r.record.genes[0].feature, "g3");
    assert_int_equal(r.record.genes[0].rank, 1);
    assert_int_equal(r.record.genes[0].output, 1);
    assert_near(r.record.genes[0].weight, 9, 0);
    assert_int_equal(r.record.n_candidates, 3);
    for (size_t i = 0; i < 3; i++) {
        const struct results_candidate *c = candidate(&r, i);
        assert_int_equal(c->candidate, (int64_t)i + 1);
        assert_string_equal(c->job, row->job);
        assert_string_equal(c->stop, "done");
        assert_string_equal(c->at, "gene=3");
        assert_int_equal(c->offers, 5);
        assert_int_equal(c->support, 1);
        assert_int_equal(c->chosen, i == 1);
        assert_near(c->validation, 1, 0);
    }
    assert_string_equal(candidate(&r, 2)->settings, "gain=3");
    assert_string_equal(candidate(&r, 0)->note, "looked with gain 1");
    assert_true(candidate(&r, 1)->loss < candidate(&r, 2)->loss);
    ready_free(&r);
}

/* The last axis moves fastest; of equal settings the first one stands. */
static void grid_order(void **state)
{
    struct ready r;
    (void)state;
    ready_make(&r, "look-all", "", "genes=3;4 gain=1;2", 2);
    ready_run(&r);
    static const char *const settings[] = {"genes=3 gain=1", "genes=3 gain=2",
                                           "genes=4 gain=1", "genes=4 gain=2"};
    assert_int_equal(r.record.n_candidates, 4);
    for (size_t i = 0; i < 4; i++)
        assert_string_equal(candidate(&r, i)->settings, settings[i]);
    assert_int_equal(candidate(&r, 0)->chosen, 1);
    for (size_t i = 0; i < 4; i++) /* no logits: 1 - AUC */
        assert_near(candidate(&r, i)->loss, 0, 0);
    assert_true(isnan(r.record.run.log_loss));
    /* It uses all genes: the first of them are kept. */
    assert_int_equal(r.record.run.support, PLAIN_P);
    assert_int_equal(r.record.n_genes, 200);
    assert_string_equal(r.record.genes[0].feature, "g3");
    assert_string_equal(r.record.genes[1].feature, "g1");
    assert_int_equal(r.record.run.true_positives, 2);
    ready_free(&r);
}

/* What goes wrong in one setting is its row; the others go on. */
static void errors_are_rows(void **state)
{
    struct ready r;
    (void)state;
    ready_make(&r, "look", "", "way=fail;diverge;silent;nan;well", 3);
    ready_run(&r);
    static const char *const stops[] = {"error", "diverged", "error",
                                        "diverged", "done"},
                             *const notes[] = {
                                 "will not look", "the loss is not finite",
                                 "offered no model", "not finite", "looked"};
    for (size_t i = 0; i < 5; i++) {
        assert_string_equal(candidate(&r, i)->stop, stops[i]);
        assert_non_null(strstr(candidate(&r, i)->note, notes[i]));
    }
    assert_int_equal(candidate(&r, 0)->offers, 0);
    assert_true(isnan(candidate(&r, 0)->validation));
    assert_string_equal(candidate(&r, 1)->at, "gene=1"); /* stands, but lost */
    assert_string_equal(r.record.run.status, "done");
    assert_string_equal(r.record.run.chosen, "way=well gene=3");
    assert_non_null(strstr(r.record.run.reason,
                           "4 of 5 settings ended otherwise: way=fail: error: "
                           "will not look"));
    assert_true(r.record.run.balanced_accuracy > 0.6);
    ready_free(&r);
}

/* An offer whose test part cannot be predicted does not stand, nor is there
 * anything of it: the row is of the one before. */
static void spoilt(void **state)
{
    struct ready r, plain;
    (void)state;
    ready_make(&r, "look", "way=spoil genes=3", "", 2);
    ready_make(&plain, "look", "way=well genes=2", "", 2);
    ready_run(&r);
    ready_run(&plain);
    const struct results_run *row = &r.record.run, *other = &plain.record.run;
    assert_string_equal(candidate(&r, 0)->stop, "diverged");
    assert_string_equal(row->status, "done");
    assert_string_equal(row->chosen, other->chosen);
    assert_near(row->validation, other->validation, 0);
    assert_near(row->accuracy, other->accuracy, 0);
    assert_near(row->auc, other->auc, 0);
    assert_string_equal(r.record.genes[0].feature,
                        plain.record.genes[0].feature);
    ready_free(&plain);
    ready_free(&r);
}

static void nothing_stands(void **state)
{
    static const char *const rows[][2] = {
        {"fail", "error"}, {"silent", "error"}, {"nan", "diverged"}};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct ready r;
        char options[64];
        double scores[2 * PLAIN_N];
        snprintf(options, sizeof options, "way=%s", rows[i][0]);
        ready_make(&r, "look", options, "", 2);
        ready_run(&r);
        assert_string_equal(r.record.run.status, rows[i][1]);
        assert_non_null(r.record.run.reason);
        assert_true(isnan(r.record.run.accuracy));
        assert_null(r.record.run.chosen);
        assert_int_equal(r.record.n_genes, 0);
        assert_int_equal(learn_predict(r.learn, &r.plain.data.x, scores),
                         SPRED_EINVAL);
        ready_free(&r);
    }
}

/* Past the wall a fit ends, what it offered stands, the rest is left out. */
static void deadline(void **state)
{
    struct ready r;
    (void)state;
    ready_make(&r, "look", "", "way=hang;well", 2);
    r.job.wall = 0.05;
    ready_run(&r);
    assert_string_equal(candidate(&r, 0)->stop, "time");
    assert_string_equal(candidate(&r, 0)->at, "gene=3");
    assert_string_equal(candidate(&r, 1)->stop, "time");
    assert_string_equal(candidate(&r, 1)->note, "not begun");
    assert_int_equal(candidate(&r, 1)->offers, 0);
    assert_string_equal(r.record.run.status, "done");
    assert_string_equal(r.record.run.chosen, "way=hang gene=3");
    assert_near(r.record.run.accuracy, 1, 0);
    /* It is fitted again without a wall, to the offer that stands. */
    double scores[2 * PLAIN_N];
    assert_ok(&r.env, learn_predict(r.learn, &r.plain.data.x, scores));
    ready_free(&r);
}

static int always(void *cookie)
{
    return ++*(int *)cookie > 2;
}

/* The caller's own stop is no row. */
static void cancelled(void **state)
{
    struct ready r;
    int calls = 0;
    (void)state;
    ready_make(&r, "look", "way=hang", "", 2);
    assert_ok(&r.env, ready_open(&r));
    r.env.cancelled = always;
    r.env.cancel_cookie = &calls;
    assert_int_equal(learn_run(r.learn), SPRED_EINTERRUPTED);
    ready_free(&r);
}

/* Nothing chooses: the last offer of the last setting. */
static void no_validation(void **state)
{
    struct ready r;
    (void)state;
    ready_make(&r, "look", "genes=2", "", 2);
    r.job.validate = 0;
    ready_run(&r);
    assert_string_equal(r.record.run.chosen, "gene=2");
    assert_true(isnan(r.record.run.validation));
    assert_string_equal(r.record.genes[0].feature, "g2");
    ready_free(&r);
}

static void real_values(void **state)
{
    struct ready r;
    (void)state;
    ready_make(&r, "look", "", "gain=0.5;0.6", 0);
    ready_run(&r);
    assert_string_equal(r.record.run.chosen, "gain=0.5 gene=3");
    assert_true(r.record.run.r2 > 0.2);
    assert_near(r.record.run.validation, candidate(&r, 0)->validation, 0);
    assert_true(candidate(&r, 0)->validation > candidate(&r, 1)->validation);
    assert_true(isnan(r.record.run.accuracy));
    ready_free(&r);
}

static void refused(void **state)
{
    struct ready r;
    (void)state;
    ready_make(&r, "look-all", "", "", 0);
    assert_ok(&r.env, ready_open(&r));
    assert_null(r.learn);
    assert_string_equal(r.record.run.status, "skipped");
    assert_string_equal(r.record.run.reason,
                        "look-all needs a target of classes");
    ready_free(&r);
}

/* Scores of any rows by the model that stands; the test rows are among them:
 * gene 1 says which they are. */
static void check_predictions(struct ready *r, size_t k)
{
    double scores[3 * PLAIN_N];
    size_t right = 0;
    assert_int_equal(learn_outputs(r->learn), k);
    assert_ok(&r->env, learn_predict(r->learn, &r->plain.data.x, scores));
    const struct part *test = &learn_trial(r->learn)->test;
    for (size_t i = 0; i < test->n; i++) {
        size_t raw = (size_t)lround(test->x.f64[i]), best = 0;
        for (size_t o = 1; o < k; o++)
            if (scores[raw + o * PLAIN_N] > scores[raw + best * PLAIN_N])
                best = o;
        right += (int32_t)best == test->codes[i];
    }
    assert_near((double)right / (double)test->n, r->record.run.accuracy, 1e-12);
    scores[0] += 1; /* a second call does not fit again, but answers */
    double first = scores[0];
    assert_ok(&r->env, learn_predict(r->learn, &r->plain.data.x, scores));
    assert_near(scores[0] + 1, first, 1e-12);
}

static void predicts(void **state)
{
    (void)state;
    for (size_t k = 2; k <= 3; k++) {
        struct ready r;
        ready_make(&r, "look", "gain=9", "genes=2;5", k);
        ready_run(&r);
        check_predictions(&r, k);
        ready_free(&r);
    }
}

/* Every model of the program: it learns, counts its genes, and is the same
 * when it is fitted again up to the offer that stood. */
static void every_model(void **state)
{
    (void)state;
    for (size_t m = 0; spred_models[m]; m++)
        for (size_t k = 2; k <= 3; k++) {
            struct ready r;
            const struct spred_option *o = spred_models[m]->options;
            char options[256] = "";
            for (; o && o->name; o++) /* small, to be quick */
                if (strcmp(o->name, "steps") == 0)
                    strcat(options, "steps=60 ");
                else if (strcmp(o->name, "hidden") == 0 &&
                         o->kind == SPRED_OPTION_INT)
                    strcat(options, "hidden=8 ");
            ready_make(&r, spred_models[m]->name, options, "", k);
            ready_run(&r);
            if (strcmp(r.record.run.status, "done") != 0)
                fail_msg("%s: %s: %s", spred_models[m]->name,
                         r.record.run.status, r.record.run.reason);
            print_message("# %s: %.3f\n", spred_models[m]->name,
                          r.record.run.balanced_accuracy);
            int64_t support = 0;
            for (size_t j = 0; j < PLAIN_P; j++)
                support += learn_importance(r.learn)[j] > 0;
            if (spred_models[m]->takes & SPRED_MODEL_CHOOSES)
                assert_int_equal(support, r.record.run.support);
            check_predictions(&r, k);
            ready_free(&r);
        }
}

static void built_in_model(void **state)
{
    struct ready r;
    (void)state;
    ready_make(&r, "majority", "", "", 3);
    ready_run(&r);
    assert_near(r.record.run.balanced_accuracy, 1. / 3, 1e-12);
    assert_near(r.record.run.accuracy, r.record.run.majority, 1e-12);
    assert_int_equal(r.record.run.support, 0);
    assert_int_equal(r.record.n_genes, 0);
    ready_free(&r);
}

/* The paper's protocol chooses by plain accuracy, on its own rows. */
static void paper(void **state)
{
    struct ready r;
    static char kind[] = "paper";
    (void)state;
    ready_make(&r, "majority", "", "", 2);
    r.job.protocol = kind;
    r.job.intercept = 0;
    ready_run(&r);
    assert_true(r.record.run.validation > 0.55); /* 2 of 3; balanced: 1/2 */
    assert_near(r.record.run.ceiling, 1, 0);
    assert_null(learn_trial(r.learn)->prepared.mean);
    double scores[2 * PLAIN_N];
    assert_int_equal(learn_predict(r.learn, &r.plain.data.x, scores),
                     SPRED_EINVAL);
    ready_free(&r);
}

static enum spred_status support_of(const void *self, struct spred_env *env,
                                    const struct parts_sample *sample,
                                    double *out)
{
    (void)self;
    (void)env;
    assert_int_equal(sample->outputs, 1); /* two classes: one difference */
    assert_near(sample->weights[2], 9, 0);
    *out = (double)sample->support + (sample->scores[0] > 0 ? 10 : 20);
    return SPRED_OK;
}

static enum spred_status no_second_trial(void *self, struct spred_env *env,
                                         const struct job *job, char **skip)
{
    (void)self;
    *skip = job->trial == 2 ? spred_strdup(env, "one is enough") : NULL;
    return SPRED_OK;
}

static void script_parts(void **state)
{
    static const struct parts_metric metrics[] = {
        {"odd", "support", NULL, support_of}, {0}};
    (void)state;
    for (int64_t trial = 1; trial <= 2; trial++) {
        struct ready r;
        ready_make(&r, "look", "gain=9", "", 2);
        r.parts.metrics = metrics;
        r.parts.on_job_start = no_second_trial;
        r.job.trial = trial;
        assert_ok(&r.env, ready_open(&r));
        if (trial == 2) {
            assert_null(r.learn);
            assert_string_equal(r.record.run.status, "skipped");
            assert_string_equal(r.record.run.reason, "one is enough");
        } else {
            assert_ok(&r.env, learn_run(r.learn));
            assert_int_equal(r.record.n_metrics, 1);
            assert_string_equal(r.record.metrics[0].name, "odd");
            double value = r.record.metrics[0].value;
            assert_true(fabs(value - 11) < 1e-9 || fabs(value - 21) < 1e-9);
        }
        ready_free(&r);
    }
}

/* A script's split without a validation part, which some leave empty. */
static enum spred_status halves(const void *self, struct spred_env *env,
                                const struct spred_data *data,
                                const int32_t *codes, size_t n, int64_t trial,
                                uint64_t seed, struct spred_split *out)
{
    (void)self;
    (void)data;
    (void)codes;
    (void)trial;
    (void)seed;
    out->n_train = n / 2;
    out->n_test = n - n / 2;
    out->train = spred_alloc(env, n, sizeof *out->train);
    out->test = spred_alloc(env, n, sizeof *out->test);
    for (size_t i = 0; i < n; i++)
        *(i < n / 2 ? &out->train[i] : &out->test[i - n / 2]) = i;
    return SPRED_OK;
}

static void script_split(void **state)
{
    static const struct parts_protocol protocols[] = {
        {"halves", "", NULL, halves}, {0}};
    static char name[] = "halves";
    (void)state;
    for (int tuned = 0; tuned < 2; tuned++) {
        struct ready r;
        ready_make(&r, "look", "genes=3", tuned ? "gain=1;2" : "", 2);
        r.parts.protocols = protocols;
        r.job.protocol = name;
        enum spred_status status = ready_open(&r);
        if (tuned) {
            assert_int_equal(status, SPRED_EINVAL);
            assert_non_null(strstr(r.env.error, "the validation part is empty, "
                                                "but it chooses among the "
                                                "tuned settings"));
        } else {
            assert_ok(&r.env, status);
            assert_ok(&r.env, learn_run(r.learn));
            assert_int_equal(r.record.run.train, PLAIN_N / 2);
            assert_near(r.record.run.accuracy, 1, 0);
        }
        ready_free(&r);
    }
}

struct failing {
    long left, live;
};

static void *failing_reallocate(void *cookie, void *pointer, size_t size)
{
    struct failing *f = cookie;
    if (size == 0) {
        f->live -= pointer != NULL;
        free(pointer);
        return NULL;
    }
    if (f->left == 0)
        return NULL;
    f->left--;
    f->live += pointer == NULL;
    return realloc(pointer, size);
}

static void every_allocation_fails_once(void **state)
{
    (void)state;
    for (long n = 0;; n++) {
        struct failing f = {.left = n};
        struct ready r;
        double scores[2 * PLAIN_N];
        ready_make(&r, "look", "gain=1", "genes=3;5", 2);
        r.env.reallocate = failing_reallocate;
        r.env.allocate_cookie = &f;
        enum spred_status status = ready_open(&r);
        if (status == SPRED_OK)
            status = learn_run(r.learn);
        if (status == SPRED_OK)
            status = learn_predict(r.learn, &r.plain.data.x, scores);
        ready_free(&r);
        assert_int_equal(f.live, 0);
        if (status == SPRED_OK) {
            assert_true(n > 100);
            break;
        }
        assert_int_equal(status, SPRED_ENOMEM);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(best_offer),
        cmocka_unit_test(grid_order),
        cmocka_unit_test(errors_are_rows),
        cmocka_unit_test(spoilt),
        cmocka_unit_test(nothing_stands),
        cmocka_unit_test(deadline),
        cmocka_unit_test(cancelled),
        cmocka_unit_test(no_validation),
        cmocka_unit_test(real_values),
        cmocka_unit_test(refused),
        cmocka_unit_test(predicts),
        cmocka_unit_test(every_model),
        cmocka_unit_test(built_in_model),
        cmocka_unit_test(paper),
        cmocka_unit_test(script_parts),
        cmocka_unit_test(script_split),
        cmocka_unit_test(every_allocation_fails_once),
    };
    return cmocka_run_group_tests_name("learn", tests, NULL, NULL);
}
