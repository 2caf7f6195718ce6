/* t-spec.c: good experiment files: values, defaults, sweeps, --set, and the
 * resolved text that reads back to the same spec. */
#include "spec-test.h"

#include "experiments/solver_names.h"

#include <sys/stat.h>

static void defaults(void **state)
{
    (void)state;
    struct spred_env env;
    struct spec s;
    spred_env_init(&env);
    assert_ok(&env, read_text(&env, "t-spec-min.yaml", minimal, &s));
    assert_string_equal(s.name, "t-spec-min");
    assert_string_equal(s.path, "t-spec-min.yaml");
    assert_int_equal(s.seed, 17);
    assert_int_equal(s.n_datasets, 1);
    assert_int_equal(s.datasets[0].source, SPEC_DEBIAN);
    assert_string_equal(s.datasets[0].name, "golub");
    assert_string_equal(s.datasets[0].target, "auto");
    assert_int_equal(s.datasets[0].fallback, 0);
    assert_int_equal(s.datasets[0].line, 2);
    assert_int_equal(s.datasets[0].column, 21);
    assert_int_equal(s.n_problems, 1);
    assert_string_equal(s.problems[0].name, "lasso");
    assert_true(s.problems[0].intercept && s.problems[0].standardize);
    assert_near(s.problems[0].l1_ratio, 1, 0);
    assert_int_equal(s.problems[0].n_lambda, 50);
    assert_near(s.problems[0].lambda[0], 1, 0);
    assert_near(s.problems[0].lambda[49], 0.05, 0);
    /* equal steps on a log scale, computed another way */
    for (int i = 0; i < 50; i++)
        assert_near(s.problems[0].lambda[i], exp(log(0.05) * i / 49), 1e-15);
    assert_int_equal(s.preprocess.log2, 2);
    assert_int_equal(s.preprocess.missing_refuse, 0);
    assert_near(s.preprocess.variance_keep, 1, 0);
    assert_int_equal(s.protocol.paper, 0);
    assert_int_equal(s.protocol.trials, 5);
    assert_near(s.protocol.test, 0.2, 0);
    assert_near(s.stop.gap, 1e-6, 0);
    assert_near(s.stop.stall_eps, 1e-10, 0);
    assert_int_equal(s.stop.stall_patience, 3);
    assert_near(s.stop.wall, 120, 0);
    assert_int_equal(s.stop.steps, 1000000);
    assert_near(s.limits.wall, 600, 0);
    assert_near(s.limits.memory, 4294967296.0, 0);
    assert_near(s.limits.grace, 5, 0);
    assert_int_equal(s.threads, 1);
    assert_int_equal(s.batch, 1);
    assert_int_equal(s.n_figures, 3);
    spec_free(&env, &s);
    spec_free(&env, &s);
}

static void rich_datasets(void **state)
{
    (void)state;
    struct spred_env env;
    struct spec s;
    spred_env_init(&env);
    assert_ok(&env, read_text(&env, "t-spec-rich.yaml", rich, &s));
    static const char *const names[] = {"GDS1815",
                                        "GDS507",
                                        "golub",
                                        "all-bt",
                                        "all-bcrabl",
                                        "bladder",
                                        "khan",
                                        "gds507",
                                        "GDS9",
                                        "golub",
                                        "alpha",
                                        "beta",
                                        "my-genes",
                                        "other",
                                        "simulated-n40-p60-rho0.1-0.2",
                                        "simulated-n40-p60-rho0.3",
                                        "simulated-n50-p70-rho0.1-0.2",
                                        "simulated-n50-p70-rho0.3"};
    static const size_t groups[] = {0, 0, 0, 0, 0, 0, 0, 0, 1,
                                    1, 2, 2, 3, 4, 5, 5, 5, 5};
    assert_int_equal(s.n_datasets, sizeof names / sizeof *names);
    for (size_t i = 0; i < s.n_datasets; i++) {
        assert_string_equal(s.datasets[i].name, names[i]);
        assert_int_equal(s.datasets[i].group, groups[i]);
        assert_int_equal(s.datasets[i].fallback, (i >= 2 && i <= 7) || i == 9);
    }
    assert_string_equal(s.datasets[0].target, "auto");
    assert_string_equal(s.datasets[1].target, "tissue: a");
    const struct spec_dataset *f = &s.datasets[12];
    assert_string_equal(f->path, "data/my genes.gct.gz");
    assert_string_equal(f->labels, "a.cls");
    assert_string_equal(f->object, "x\"y");
    assert_string_equal(f->response, "y1");
    assert_string_equal(f->orientation, "samples-in-rows");
    assert_string_equal(f->target, "class");
    const struct spec_dataset *d = &s.datasets[17];
    assert_true(d->n == 50 && d->p == 70 && d->blocks == 10 && d->k == 4);
    assert_int_equal(d->classes, 0);
    assert_near(d->rho_min, 0.3, 0);
    assert_near(d->rho_max, 0.3, 0);
    assert_near(d->snr, 2.5, 0);
    spec_free(&env, &s);
}

/* images: by name or by folder; kind: given has no test share. All of it comes
 * back from the resolved file. */
static void pictures(void **state)
{
    (void)state;
    static const char text[] =
        "version: 1\n"
        "name: pictures\n"
        "datasets:\n"
        "  - images: fashion-mnist\n"
        "  - images: {name: fashion-mnist, as: few, samples: 600}\n"
        "  - images: {path: /data/mni st/, target: superclass}\n"
        "problem: {loss: squared}\n"
        "protocol: {kind: given, trials: 2, validate: 10%}\n"
        "solvers: [lars]\n";
    struct spred_env env;
    struct spec s, again;
    spred_env_init(&env);
    assert_ok(&env, read_text(&env, "t-spec-pictures.yaml", text, &s));
    assert_ok(&env,
              read_text(&env, "t-spec-pictures.yaml", s.resolved, &again));
    assert_string_equal(s.resolved, again.resolved);
    for (int pass = 0; pass < 2; pass++) {
        const struct spec *spec = pass ? &again : &s;
        const struct spec_dataset *d = spec->datasets;
        static const char *const names[] = {"fashion-mnist", "few", "mni-st"};
        assert_int_equal(spec->n_datasets, 3);
        for (size_t i = 0; i < 3; i++) {
            assert_int_equal(d[i].source, SPEC_IMAGES);
            assert_string_equal(d[i].name, names[i]);
            assert_int_equal(d[i].samples, i == 1 ? 600 : 0);
        }
        assert_string_equal(d[1].loader, "fashion-mnist");
        assert_null(d[1].path);
        assert_null(d[2].loader);
        assert_string_equal(d[2].path, "/data/mni st/");
        assert_string_equal(d[2].target, "superclass");
        assert_true(spec->protocol.given && !spec->protocol.paper &&
                    !spec->protocol.own);
        assert_string_equal(spec->protocol.kind, "given");
        assert_near(spec->protocol.test, 0, 0);
        assert_near(spec->protocol.validate, 0.1, 0);
    }
    spec_free(&env, &s);
    spec_free(&env, &again);
}

static void rich_rest(void **state)
{
    (void)state;
    struct spred_env env;
    struct spec s;
    spred_env_init(&env);
    assert_ok(&env, read_text(&env, "t-spec-rich.yaml", rich, &s));
    assert_string_equal(s.name, "rich-1");
    assert_int_equal(s.seed, 23);
    assert_int_equal(s.n_problems, 3);
    assert_string_equal(s.problems[1].name, "logistic");
    assert_int_equal(s.problems[1].n_lambda, 3);
    assert_near(s.problems[1].lambda[0], 0.5, 0);
    assert_near(s.problems[1].lambda[2], 0.1, 0);
    assert_false(s.problems[1].intercept || s.problems[1].standardize);
    assert_string_equal(s.problems[2].name, "ab");
    assert_int_equal(s.problems[2].loss, SPEC_MULTINOMIAL);
    assert_true(s.problems[2].lambda_absolute);
    assert_near(s.problems[2].lambda[0], 7.5, 0);
    assert_near(s.problems[2].l1_ratio, 0.5, 0);
    assert_int_equal(s.preprocess.log2, 0);
    assert_int_equal(s.preprocess.missing_refuse, 1);
    assert_near(s.preprocess.variance_keep, 0.125, 0);
    assert_int_equal(s.protocol.paper, 1);
    assert_near(s.protocol.validate, 0.07, 0);
    assert_near(s.stop.wall, 0.5, 0);
    assert_near(s.stop.stall_eps, 0, 0);
    assert_int_equal(s.stop.stall_patience, 7);
    assert_int_equal(s.stop.steps, 9);
    assert_near(s.limits.wall, 7200, 0);
    assert_near(s.limits.memory, 536870912, 0);
    assert_near(s.limits.grace, 60, 0);
    assert_int_equal(s.threads, 2);
    assert_int_equal(s.n_figures, 1);
    static const char *const labels[] = {
        "coordinate-descent epochs=5",
        "coordinate-descent epochs=50",
        "proximal-gradient accelerate=true step=1e-1",
        "proximal-gradient accelerate=false step=2",
        "spred-newton",
        "spred-sgd step=0.1",
        "spred-sgd step=0.2",
        "lars"};
    assert_int_equal(s.n_solvers, sizeof labels / sizeof *labels);
    for (size_t i = 0; i < s.n_solvers; i++)
        assert_string_equal(s.solvers[i].label, labels[i]);
    assert_string_equal(s.solvers[1].name, "coordinate-descent");
    assert_int_equal(s.solvers[1].n_settings, 1);
    assert_string_equal(s.solvers[1].settings[0].name, "epochs");
    assert_string_equal(s.solvers[1].settings[0].value, "50");
    assert_int_equal(s.solvers[0].line, 25);
    assert_int_equal(s.solvers[0].column, 5);
    assert_int_equal(s.solvers[4].n_settings, 0);
    spec_free(&env, &s);
}

static void same_text(const char *a, const char *b)
{
    assert_true(!a == !b);
    if (a)
        assert_string_equal(a, b);
}

/* Everything but path, lines and columns. */
static void assert_same(const struct spec *a, const struct spec *b)
{
    assert_int_equal(a->n_datasets, b->n_datasets);
    for (size_t i = 0; i < a->n_datasets; i++) {
        struct spec_dataset x = a->datasets[i], y = b->datasets[i];
        same_text(x.name, y.name);
        same_text(x.path, y.path);
        same_text(x.labels, y.labels);
        same_text(x.object, y.object);
        same_text(x.response, y.response);
        same_text(x.orientation, y.orientation);
        same_text(x.target, y.target);
        assert_true(x.source == y.source && x.n == y.n && x.p == y.p &&
                    x.blocks == y.blocks && x.k == y.k &&
                    x.classes == y.classes && x.group == y.group &&
                    x.fallback == y.fallback);
        assert_near(x.rho_min, y.rho_min, 0);
        assert_near(x.rho_max, y.rho_max, 0);
        assert_near(x.snr, y.snr, 0);
        assert_true(x.kind == y.kind);
        assert_near(x.density, y.density, 0);
        assert_near(x.noise, y.noise, 0);
    }
    assert_int_equal(a->n_problems, b->n_problems);
    for (size_t i = 0; i < a->n_problems; i++) {
        struct spec_problem x = a->problems[i], y = b->problems[i];
        same_text(x.name, y.name);
        assert_true(x.loss == y.loss && x.intercept == y.intercept &&
                    x.standardize == y.standardize &&
                    x.n_lambda == y.n_lambda &&
                    x.lambda_absolute == y.lambda_absolute &&
                    x.authors == y.authors && x.warm_start == y.warm_start);
        assert_near(x.l1_ratio, y.l1_ratio, 0);
        assert_memory_equal(x.lambda, y.lambda, x.n_lambda * sizeof *x.lambda);
    }
    assert_int_equal(a->n_solvers, b->n_solvers);
    for (size_t i = 0; i < a->n_solvers; i++) {
        same_text(a->solvers[i].name, b->solvers[i].name);
        same_text(a->solvers[i].label, b->solvers[i].label);
        assert_int_equal(a->solvers[i].n_settings, b->solvers[i].n_settings);
    }
    assert_int_equal(a->n_figures, b->n_figures);
    same_text(a->name, b->name);
    assert_true(a->seed == b->seed && a->threads == b->threads);
    assert_true(a->preprocess.log2 == b->preprocess.log2 &&
                a->preprocess.missing_refuse == b->preprocess.missing_refuse);
    assert_near(a->preprocess.variance_keep, b->preprocess.variance_keep, 0);
    assert_true(a->protocol.paper == b->protocol.paper &&
                a->protocol.trials == b->protocol.trials &&
                a->protocol.folds == b->protocol.folds);
    assert_near(a->protocol.test, b->protocol.test, 0);
    assert_near(a->protocol.validate, b->protocol.validate, 0);
    assert_true(a->protocol.choose == b->protocol.choose &&
                a->protocol.choose_folds == b->protocol.choose_folds &&
                a->protocol.choose_1se == b->protocol.choose_1se);
    assert_near(a->stop.gap, b->stop.gap, 0);
    assert_near(a->stop.stall_eps, b->stop.stall_eps, 0);
    assert_near(a->stop.wall, b->stop.wall, 0);
    assert_true(a->stop.steps == b->stop.steps &&
                a->stop.stall_patience == b->stop.stall_patience);
    assert_near(a->limits.wall, b->limits.wall, 0);
    assert_near(a->limits.memory, b->limits.memory, 0);
    assert_near(a->limits.grace, b->limits.grace, 0);
}

/* Data and lambdas of the paper, lambda chosen by cross-validation. */
static const char paper_data[] =
    "version: 1\n"
    "datasets:\n"
    "  - simulated: {kind: iid, n: 50, p: [10, 30], density: [50%, 100%]}\n"
    "  - simulated: {kind: sensing, name: cs, n: 50, p: 40,\n"
    "                noise: 0.25}\n"
    "  - simulated: {kind: blocks, n: 50, p: 40}\n"
    "  - simulated: {kind: planted, name: [a, b], n: 50, p: 40, k: 15}\n"
    "problem: {loss: squared, lambda: {absolute: [0.3, 1e-1, 7]},\n"
    "          scaling: authors, warm_start: false}\n"
    "protocol: {test: 0%, choose: {kind: cv, folds: 7, rule: min}}\n"
    "solvers: [lars]\n"
    "figures: [time-dimension, time-alpha, zero-rate, support-recovery, cv]\n";

static void paper_words(void **state)
{
    (void)state;
    static const char *const names[] = {"simulated-n50-p10-density0.5",
                                        "simulated-n50-p10-density1",
                                        "simulated-n50-p30-density0.5",
                                        "simulated-n50-p30-density1",
                                        "cs",
                                        "simulated-n50-p40",
                                        "a",
                                        "b"};
    static const int kinds[] = {1, 1, 1, 1, 2, 0, 3, 3};
    struct spred_env env;
    struct spec s;
    spred_env_init(&env);
    assert_ok(&env, read_text(&env, "t-spec-p.yaml", paper_data, &s));
    assert_int_equal(s.n_datasets, 8);
    for (size_t i = 0; i < 8; i++) {
        assert_string_equal(s.datasets[i].name, names[i]);
        assert_int_equal(s.datasets[i].kind, kinds[i]);
    }
    assert_near(s.datasets[0].density, 0.5, 0);
    assert_near(s.datasets[3].noise, 0.1, 0);
    assert_near(s.datasets[4].density, 0.1, 0);
    assert_near(s.datasets[4].noise, 0.25, 0);
    assert_int_equal(s.datasets[4].classes, 0);
    assert_int_equal(s.datasets[5].classes, 2);
    assert_true(s.datasets[6].k == 15 && s.datasets[6].blocks == 15);
    /* alpha of the loss without 1/2 is twice the lambda */
    const struct spec_problem *p = &s.problems[0];
    assert_true(p->authors && !p->warm_start && p->lambda_absolute);
    assert_near(p->lambda[0], 3.5, 0);
    assert_near(p->lambda[1], 0.15, 0);
    assert_near(p->lambda[2], 0.05, 0);
    assert_non_null(strstr(s.resolved, "lambda: {absolute: [7, 0.3, 0.1]}"));
    assert_int_equal(s.protocol.choose, SPEC_CHOOSE_CV);
    assert_true(s.protocol.choose_folds == 7 && !s.protocol.choose_1se);
    assert_near(s.protocol.test, 0, 0);
    assert_near(s.protocol.validate, 0, 0);
    assert_int_equal(s.n_figures, 5);
    spec_free(&env, &s);
}

static void resolved(void **state)
{
    (void)state;
    static const char *const texts[] = {minimal, rich, paper_data};
    for (size_t i = 0; i < 3; i++) {
        struct spred_env env;
        struct spec a, b;
        spred_env_init(&env);
        assert_ok(&env, read_text(&env, "t-spec-a.yaml", texts[i], &a));
        if (read_text(&env, "t-spec-b.yaml", a.resolved, &b) != SPRED_OK)
            fail_msg("%s in\n%s", env.error, a.resolved);
        assert_same(&a, &b);
        assert_string_equal(a.resolved, b.resolved);
        spec_free(&env, &a);
        spec_free(&env, &b);
    }
}

/* Texts that only escapes can write survive the resolved file. */
static void odd_texts(void **state)
{
    (void)state;
    static const char text[] =
        "version: 1\n"
        "datasets: [file: {path: \"\\u2028a\\n\\N\\uFEFF\\t\\\\ \\x7F\", "
        "target: 'true', name: \"12\"}]\n"
        "problem: {loss: squared}\n"
        "solvers: [lars]\n";
    static const char path[] = "\xE2\x80\xA8"
                               "a\n\xC2\x85\xEF\xBB\xBF\t\\ \x7F";
    struct spred_env env;
    struct spec a, b;
    spred_env_init(&env);
    assert_ok(&env, read_text(&env, "t-spec-a.yaml", text, &a));
    assert_string_equal(a.datasets[0].path, path);
    assert_string_equal(a.datasets[0].target, "true");
    assert_ok(&env, read_text(&env, "t-spec-b.yaml", a.resolved, &b));
    assert_same(&a, &b);
    spec_free(&env, &a);
    spec_free(&env, &b);
}

/* The resolved text of the smallest file, word for word. */
static void resolved_text(void **state)
{
    (void)state;
    struct spred_env env;
    struct spec s;
    spred_env_init(&env);
    assert_ok(&env, read_text(&env, "t-spec-min.yaml", minimal, &s));
    assert_string_equal(
        s.resolved,
        "version: 1\n"
        "name: t-spec-min\n"
        "seed: 17\n"
        "datasets:\n"
        "  - debian: [golub]\n"
        "problems:\n"
        "  - name: lasso\n"
        "    loss: squared\n"
        "    penalty: l1\n"
        "    intercept: true\n"
        "    standardize: train\n"
        "    lambda: {path: 50, min_ratio: 0.05}\n"
        "    scaling: half\n"
        "    warm_start: true\n"
        "preprocess: {log2: auto, missing: median, variance_keep: 100%}\n"
        "protocol: {kind: clean, trials: 5, folds: 0, test: 20%, validate: "
        "20%, choose: {kind: hold-out, folds: 10, rule: 1se}}\n"
        "stop: {gap: 1e-06, stall: {eps: 1e-10, patience: 3}, wall: 120 s, "
        "steps: 1000000, fit: 300 s}\n"
        "limits: {wall: 600 s, memory: 4294967296 B, grace: 5 s, script: 30 "
        "s}\n"
        "solvers:\n"
        "  - lars\n"
        "measure: {threads: 1, batch: 1, keep_models: false}\n"
        "figures: [gap-time, profile, accuracy-genes]\n");
    spec_free(&env, &s);
}

static void overrides(void **state)
{
    (void)state;
    static const char *const sets[] = {
        "datasets.0.geo.target=disease state",
        "stop.gap=1e-3",
        "stop.stall.patience=4",
        "seed=5",
        "seed=6",
        "measure.threads=8",
        "measure.batch=32",
        "problem.lambda={path: 7, min_ratio: 0.5}",
        "solvers.1=spred: {variant: [sgd], step: [0.5, 0.25]}",
        "limits={memory: 1 GB}",
        "figures=[]"};
    static const char text[] = "version: 1\n"
                               "datasets: [geo: {accession: GDS1815}]\n"
                               "problem: {loss: logistic}\n"
                               "solvers: [lars, cd]\n";
    struct spred_env env;
    struct spec s;
    spred_env_init(&env);
    assert_ok(&env, read_bytes(&env, "t-spec-set.yaml", text, strlen(text),
                               sets, sizeof sets / sizeof *sets, &s));
    assert_string_equal(s.datasets[0].target, "disease state");
    assert_near(s.stop.gap, 1e-3, 0);
    assert_int_equal(s.stop.stall_patience, 4);
    assert_int_equal(s.seed, 6);
    assert_int_equal(s.threads, 8);
    assert_int_equal(s.batch, 32);
    assert_int_equal(s.problems[0].n_lambda, 7);
    assert_int_equal(s.n_solvers, 3);
    assert_string_equal(s.solvers[2].label, "spred-sgd step=0.25");
    assert_int_equal(s.solvers[2].line, 4); /* where the list item stood */
    assert_near(s.limits.memory, 1e9, 0);
    assert_int_equal(s.n_figures, 0);
    spec_free(&env, &s);
}

/* A data file beside the experiment file wins over the working folder. */
static void beside(void **state)
{
    (void)state;
    struct spred_env env;
    struct spec s;
    spred_env_init(&env);
    mkdir("t-spec-folder", 0700);
    FILE *file = fopen("t-spec-folder/here.csv", "wb");
    assert_non_null(file);
    fclose(file);
    static const char text[] = "version: 1\n"
                               "datasets: [file: here.csv, file: there.csv]\n"
                               "problem: {loss: squared}\n"
                               "solvers: [lars]\n";
    enum spred_status status =
        read_text(&env, "t-spec-folder/x.yaml", text, &s);
    remove("t-spec-folder/here.csv");
    rmdir("t-spec-folder");
    assert_ok(&env, status);
    assert_string_equal(s.name, "x");
    assert_string_equal(s.datasets[0].path, "t-spec-folder/here.csv");
    assert_string_equal(s.datasets[1].path, "there.csv");
    spec_free(&env, &s);
}

/* The experiments that come with the program read well. */
static void shipped(void **state)
{
    (void)state;
    const char *source = getenv("SPRED_SOURCE");
    assert_non_null(source);
    static const struct {
        const char *name;
        size_t datasets, solvers;
    } rows[] = {{"genes", 12, 6},
                {"smoke", 1, 7},
                {"lasso-scaling", 3, 5},
                {"zero-rate", 1, 4},
                {"compressed-sensing", 2, 5},
                {"support-recovery", 4, 3},
                {"model", 1, 1}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct spred_env env;
        struct spec s;
        char path[4096];
        spred_env_init(&env);
        snprintf(path, sizeof path, "%s/experiments/%s.yaml", source,
                 rows[i].name);
        assert_ok(&env, spec_read(&env, path, NULL, 0, solver_names(), &s));
        assert_string_equal(s.name, rows[i].name);
        assert_int_equal(s.n_datasets, rows[i].datasets);
        assert_int_equal(s.n_solvers, rows[i].solvers);
        assert_int_equal(s.n_problems, i < 2 ? 2 : 1);
        spec_free(&env, &s);
    }
}

struct failing {
    long left; /* allocations until one fails; < 0: never */
    long live; /* blocks not freed */
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
    static const char *const sets[] = {"measure.threads=3"};
    long n = 0;
    for (;; n++) {
        struct failing f = {.left = n};
        struct spred_env env;
        struct spec s;
        spred_env_init(&env);
        env.reallocate = failing_reallocate;
        env.allocate_cookie = &f;
        enum spred_status status = read_bytes(&env, "t-spec-oom.yaml", rich,
                                              strlen(rich), sets, 1, &s);
        if (status == SPRED_OK)
            spec_free(&env, &s);
        else
            assert_int_equal(status, SPRED_ENOMEM);
        assert_int_equal(f.live, 0);
        if (status == SPRED_OK)
            break;
    }
    assert_true(n > 300);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults),
        cmocka_unit_test(rich_datasets),
        cmocka_unit_test(pictures),
        cmocka_unit_test(rich_rest),
        cmocka_unit_test(paper_words),
        cmocka_unit_test(resolved),
        cmocka_unit_test(odd_texts),
        cmocka_unit_test(resolved_text),
        cmocka_unit_test(overrides),
        cmocka_unit_test(beside),
        cmocka_unit_test(shipped),
        cmocka_unit_test(every_allocation_fails_once)};
    return cmocka_run_group_tests_name("spec", tests, NULL, NULL);
}
