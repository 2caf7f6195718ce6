/* t-dictionary.c: ways to a dictionary: unit norm, the same from the same seed,
 * better on held-out signals than where they began, bad input, no memory. */
#include "coding.h"
#include "ledger.h"

#include "spred/linalg.h"

enum { M = 16, ATOMS = 24, TRAIN = 600, HELD = 200 };

struct learned {
    struct spred_dictionary_task task;
    double dictionary[M * ATOMS], first[M * ATOMS], last[M * ATOMS];
    long passes;
    double seconds;
    double *signals; /* TRAIN + HELD */
};

/* Signals from a hidden dictionary, three atoms each. */
static void open_task(struct learned *l, uint64_t seed)
{
    struct coding_sample s;
    memset(l, 0, sizeof *l);
    coding_sample(&s, PLAIN, M, ATOMS, TRAIN + HELD, .1, 77);
    l->signals = s.signals;
    free(s.dictionary);
    l->task = (struct spred_dictionary_task){.m = M,
                                             .atoms = ATOMS,
                                             .n = TRAIN,
                                             .signals = l->signals,
                                             .lambda = .1,
                                             .seed = seed,
                                             .threads = 1};
}

static enum spred_status look(void *cookie, const double *dictionary, long pass,
                              double seconds)
{
    struct learned *l = cookie;
    (void)pass;
    assert_true(seconds >= l->seconds);
    l->seconds = seconds;
    if (l->passes++ == 0)
        memcpy(l->first, dictionary, sizeof l->first);
    memcpy(l->last, dictionary, sizeof l->last);
    return SPRED_OK;
}

static void *default_options(const struct spred_dictionary_method *method,
                             const char *name, const char *value)
{
    struct spred_env env;
    spred_env_init(&env);
    void *options = calloc(1, method->options_size + 1);
    assert_ok(&env, spred_options_default(&env, method->options, options));
    if (name)
        assert_ok(&env, spred_options_set(&env, method->options, options, name,
                                          value));
    return options;
}

static enum spred_status learn(struct spred_env *env, struct learned *l,
                               const struct spred_dictionary_method *method)
{
    void *options = default_options(method, NULL, NULL);
    enum spred_status status = spred_dictionary_learn(
        env, method, options, &l->task, l->dictionary, NULL);
    free(options);
    return status;
}

static double held_out(struct spred_env *env, const struct learned *l,
                       const double *dictionary)
{
    struct spred_coding_report r;
    struct spred_coding task = {.m = M,
                                .atoms = ATOMS,
                                .n = HELD,
                                .dictionary = dictionary,
                                .signals = l->signals + M * TRAIN,
                                .lambda = .1,
                                .gap = 1e-6,
                                .threads = 1};
    assert_ok(env, code_by(env, "lars", &task, NULL, &r));
    assert_int_equal(r.certified, HELD);
    return r.objective;
}

static void unit_norm_and_seeds(void **unused)
{
    (void)unused;
    struct spred_env env;
    spred_env_init(&env);
    for (size_t k = 0; spred_dictionary_methods[k]; k++) {
        const struct spred_dictionary_method *method =
            spred_dictionary_methods[k];
        struct learned one, two, three, four;
        open_task(&one, 1);
        open_task(&two, 1);
        open_task(&three, 1);
        open_task(&four, 2);
        three.task.threads = 3;
        one.task.pass = look;
        one.task.cookie = &one;
        assert_ok(&env, learn(&env, &one, method));
        assert_ok(&env, learn(&env, &two, method));
        assert_ok(&env, learn(&env, &three, method));
        assert_ok(&env, learn(&env, &four, method));
        size_t bytes = sizeof one.dictionary;
        assert_memory_equal(one.dictionary, two.dictionary, bytes);
        assert_memory_equal(one.dictionary, three.dictionary, bytes);
        int other = memcmp(one.dictionary, four.dictionary, bytes) != 0;
        assert_int_equal(other, strcmp(method->name, "dct") != 0);
        for (size_t j = 0; j < ATOMS; j++)
            assert_near(spred_norm(M, one.dictionary + j * M), 1, 1e-14);
        assert_true(one.passes >= 1);
        for (size_t e = 0; e < M * ATOMS; e++) /* what the last pass saw */
            assert_near(one.last[e], one.dictionary[e], 1e-14);
        assert_ptr_equal(spred_dictionary_method_find(method->name), method);
        free(one.signals);
        free(two.signals);
        free(three.signals);
        free(four.signals);
    }
    assert_null(spred_dictionary_method_find("ksvd"));
}

/* The objective of held-out signals falls, to below the controls'. */
static void held_out_falls(void **unused)
{
    (void)unused;
    static const char *const names[] = {"online", "spred-joint"};
    struct spred_env env;
    spred_env_init(&env);
    struct learned dct;
    open_task(&dct, 1);
    assert_ok(&env, learn(&env, &dct, spred_dictionary_method_find("dct")));
    double control = held_out(&env, &dct, dct.dictionary);
    free(dct.signals);
    for (size_t k = 0; k < 2; k++) {
        struct learned l;
        open_task(&l, 1);
        l.task.pass = look;
        l.task.cookie = &l;
        assert_ok(&env,
                  learn(&env, &l, spred_dictionary_method_find(names[k])));
        double before = held_out(&env, &l, l.first);
        double after = held_out(&env, &l, l.dictionary);
        printf("# %s: held-out %.4f before, %.4f after, dct %.4f\n", names[k],
               before, after, control);
        assert_true(after < .76 * before);
        assert_true(after < control);
        free(l.signals);
    }
}

/* One mini-batch of `online` is: exact codes, A = sum zz', B = sum xz', then
 * d_j <- unit(b_j - D a_j + A_jj d_j), one atom after the other. */
static void one_step_of_online(void **unused)
{
    (void)unused;
    struct spred_env env;
    struct spred_codes codes;
    struct spred_coding_report r;
    struct learned l;
    static double a[ATOMS * ATOMS], b[M * ATOMS];
    const struct spred_dictionary_method *online =
        spred_dictionary_method_find("online");
    void *options = default_options(online, "passes", "1");
    spred_env_init(&env);
    open_task(&l, 1);
    l.task.n = 256;
    l.task.pass = look;
    l.task.cookie = &l;
    assert_ok(&env, spred_dictionary_learn(&env, online, options, &l.task,
                                           l.dictionary, NULL));
    struct spred_coding task = {.m = M,
                                .atoms = ATOMS,
                                .n = 256,
                                .dictionary = l.first,
                                .signals = l.signals,
                                .lambda = .1,
                                .gap = 1e-6,
                                .threads = 1};
    assert_ok(&env, code_by(&env, "spred-newton", &task, &codes, &r));
    for (size_t i = 0; i < 256; i++)
        for (size_t k = codes.start[i]; k < codes.start[i + 1]; k++) {
            size_t j = codes.atom[k];
            spred_axpy(M, codes.value[k], l.signals + i * M, b + j * M);
            for (size_t c = codes.start[i]; c < codes.start[i + 1]; c++)
                a[codes.atom[c] + j * ATOMS] += codes.value[k] * codes.value[c];
        }
    for (size_t j = 0; j < ATOMS; j++) {
        double to[M], *d = l.first + j * M;
        memcpy(to, b + j * M, sizeof to);
        spred_gemv(M, ATOMS, -1, l.first, M, a + j * ATOMS, 1, to);
        spred_axpy(M, a[j + j * ATOMS], d, to);
        double norm = spred_norm(M, to);
        for (size_t e = 0; e < M; e++)
            d[e] = to[e] / norm;
        for (size_t e = 0; e < M; e++)
            assert_near(l.dictionary[e + j * M], d[e], 1e-10);
    }
    spred_codes_free(&env, &codes);
    free(options);
    free(l.signals);
}

/* Atoms that no signal uses become signals; zero signals make no atoms. */
static void unused_atoms(void **unused)
{
    (void)unused;
    struct spred_env env;
    struct learned l;
    spred_env_init(&env);
    open_task(&l, 3);
    l.task.lambda = 50; /* all codes are zero */
    assert_ok(&env, learn(&env, &l, spred_dictionary_method_find("online")));
    memset(l.signals, 0, M * TRAIN * sizeof *l.signals);
    for (size_t k = 0; spred_dictionary_methods[k]; k++) {
        assert_ok(&env, learn(&env, &l, spred_dictionary_methods[k]));
        for (size_t j = 0; j < ATOMS; j++)
            assert_near(spred_norm(M, l.dictionary + j * M), 1, 1e-14);
    }
    free(l.signals);
}

/* The DCT: constant first, orthogonal when there are as many as values, also
 * where signals are no squares. */
static void dct_is_one(void **unused)
{
    (void)unused;
    struct spred_env env;
    spred_env_init(&env);
    static const size_t sizes[] = {16, 10, 1, 2};
    for (size_t k = 0; k < 4; k++) {
        size_t m = sizes[k];
        double signals[16] = {1}, d[16 * 16];
        struct spred_dictionary_task task = {.m = m,
                                             .atoms = m,
                                             .n = 1,
                                             .signals = signals,
                                             .lambda = .1,
                                             .threads = 1};
        assert_ok(&env, spred_dictionary_learn(
                            &env, spred_dictionary_method_find("dct"), NULL,
                            &task, d, NULL));
        for (size_t i = 0; i < m; i++) {
            assert_near(d[i], 1 / sqrt((double)m), 1e-14);
            for (size_t j = 0; j < m; j++)
                assert_near(spred_dot(m, d + i * m, d + j * m), i == j, 1e-12);
        }
    }
}

/* Overcomplete: all but the constant are without mean, no two alike. */
static void dct_is_overcomplete(void **unused)
{
    (void)unused;
    struct spred_env env;
    spred_env_init(&env);
    static const size_t sizes[] = {16, 10}, atoms[] = {36, 20};
    for (size_t k = 0; k < 2; k++) {
        size_t m = sizes[k], means = 0;
        double signals[16] = {1}, d[16 * 36];
        struct spred_dictionary_task task = {.m = m,
                                             .atoms = atoms[k],
                                             .n = 1,
                                             .signals = signals,
                                             .lambda = .1,
                                             .threads = 1};
        assert_ok(&env, spred_dictionary_learn(
                            &env, spred_dictionary_method_find("dct"), NULL,
                            &task, d, NULL));
        for (size_t i = 0; i < atoms[k]; i++) {
            double sum = 0;
            for (size_t e = 0; e < m; e++)
                sum += d[e + i * m];
            means += fabs(sum) > 1e-12;
            for (size_t j = 0; j < i; j++)
                assert_true(fabs(spred_dot(m, d + i * m, d + j * m)) <
                            1 - 1e-6);
        }
        assert_int_equal(means, 1);
    }
}

static enum spred_status refuse(void *cookie, const double *dictionary,
                                long pass, double seconds)
{
    (void)dictionary;
    (void)pass;
    (void)seconds;
    return spred_fail(cookie, SPRED_EIO, "no");
}

static int always(void *cookie)
{
    (void)cookie;
    return 1;
}

static void ends(void **unused)
{
    (void)unused;
    struct spred_env env;
    spred_env_init(&env);
    const struct spred_dictionary_method *online =
        spred_dictionary_method_find("online");
    struct learned l;
    open_task(&l, 1);
    l.task.pass = look;
    l.task.cookie = &l;
    l.task.wall = 1e-12; /* over after the first look */
    assert_ok(&env, learn(&env, &l, online));
    assert_int_equal(l.passes, 1);
    assert_memory_equal(l.first, l.last, sizeof l.first);
    l.task.wall = 0;
    l.task.pass = refuse;
    l.task.cookie = &env;
    assert_int_equal(learn(&env, &l, online), SPRED_EIO);
    l.task.pass = NULL;
    env.cancelled = always;
    assert_int_equal(learn(&env, &l, online), SPRED_EINTERRUPTED);
    assert_int_equal(
        learn(&env, &l, spred_dictionary_method_find("spred-joint")),
        SPRED_EINTERRUPTED);
    env.cancelled = NULL;
    l.signals[5 + 7 * M] = NAN;
    assert_int_equal(learn(&env, &l, online), SPRED_EINVAL);
    assert_non_null(strstr(env.error, "value 6 of"));
    l.signals[5 + 7 * M] = 0;
    l.task.atoms = 0;
    assert_int_equal(learn(&env, &l, online), SPRED_EINVAL);
    free(l.signals);
}

static void memory_fails(void **unused)
{
    (void)unused;
    for (size_t k = 0; spred_dictionary_methods[k]; k++)
        for (long at = 1;; at++) {
            struct spred_env env;
            struct ledger ledger;
            struct learned l;
            const struct spred_dictionary_method *method =
                spred_dictionary_methods[k];
            int online = strcmp(method->name, "online") == 0;
            int joint = strcmp(method->name, "spred-joint") == 0;
            void *options = default_options(method,
                                            online  ? "passes"
                                            : joint ? "steps"
                                                    : NULL,
                                            online ? "1" : "2");
            open_task(&l, 1);
            l.task.n = 256; /* one mini-batch */
            ledger_env(&env, &ledger, at);
            enum spred_status status = spred_dictionary_learn(
                &env, method, options, &l.task, l.dictionary, NULL);
            int failed = ledger.calls >= at;
            assert_int_equal(status, failed ? SPRED_ENOMEM : SPRED_OK);
            assert_int_equal(ledger.live, 0);
            free(options);
            free(l.signals);
            if (!failed)
                break;
            assert_true(at < 200);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unit_norm_and_seeds),
        cmocka_unit_test(held_out_falls),
        cmocka_unit_test(unused_atoms),
        cmocka_unit_test(one_step_of_online),
        cmocka_unit_test(dct_is_one),
        cmocka_unit_test(dct_is_overcomplete),
        cmocka_unit_test(ends),
        cmocka_unit_test(memory_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
