/* t-spec-coding.c: `patches:` and `coding:` of an experiment file: defaults,
 * sweeps, names, the resolved text, and what is refused where. */
#include "spec-test.h"

#include "experiments/spec_coding.h"

#define NAME "t-spec-coding.yaml"
#define V "version: 1\n"
#define D "datasets: [patches: {pictures: [a/x.pgm, y.png, z.ppm]}]\n"
#define C                                                                      \
    "coding: {dictionaries: [net], atoms: 8, lambda: 2, coders: [guess], "     \
    "gaps: 1e-3}\n"

/* The registries of the test: the models of spec-test.h serve for both. */
static struct spec_solver_names names_with_coding(void)
{
    struct spec_solver_names names = fake_solvers;
    names.coders = names.dictionaries = &fake_models;
    return names;
}

static enum spred_status read_file(struct spred_env *env, const char *text,
                                   struct spec *s)
{
    const struct spec_solver_names names = names_with_coding();
    FILE *file = fopen(NAME, "wb");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
    enum spred_status status = spec_read(env, NAME, NULL, 0, &names, s);
    remove(NAME);
    return status;
}

static void read_good(struct spred_env *env, const char *text, struct spec *s)
{
    spred_env_init(env);
    assert_ok(env, read_file(env, text, s));
}

static void defaults(void **state)
{
    struct spred_env env;
    struct spec s;
    (void)state;
    read_good(&env, V D C, &s);
    assert_int_equal(s.n_datasets, 1);
    const struct spec_dataset *d = &s.datasets[0];
    assert_int_equal(d->source, SPEC_PATCHES);
    assert_string_equal(d->name, "x-8x8");
    assert_int_equal(d->patches->n_pictures, 3);
    assert_int_equal(d->patches->size, 8);
    assert_int_equal(d->patches->count, 10000);
    assert_int_equal(d->patches->held, 2);
    assert_near(d->patches->share, 1, 0);
    assert_int_equal(d->patches->center, 1);
    assert_int_equal(d->patches->norm, 0);
    const struct spec_coding *c = s.coding;
    assert_int_equal(c->n_dictionaries, 1);
    assert_string_equal(c->dictionaries[0].name, "net");
    assert_int_equal(c->n_atoms, 1);
    assert_int_equal(c->atoms[0], 8);
    assert_near(c->dictionary_lambda, 2, 0); /* the last lambda */
    assert_near(c->sigma, 0, 0);
    assert_int_equal(c->stride, 1);
    assert_near(c->noise_gap, 1e-3, 0);
    assert_int_equal(s.protocol.trials, 1);
    assert_int_equal(s.n_solvers + s.n_models + s.n_problems, 0);
    assert_int_equal(s.n_figures, 4);
    assert_string_equal(s.figures[0], "dictionary");
    assert_string_equal(s.figures[3], "denoising");
    spec_free(&env, &s);
}

/* Sizes make data sets, options make methods, `all` is every name once. */
static void sweeps(void **state)
{
    struct spred_env env;
    struct spec s;
    (void)state;
    read_good(&env,
              V "datasets:\n"
                "  - patches: {pictures: [a/x.pgm, y.png], size: [8, 12],\n"
                "              held_out: x.pgm, norm: unit, center: false}\n"
                "  - patches: {pictures: one.png, name: mine, count: 50,\n"
                "              held_out: 40%}\n"
                "  - patches: {size: 4}\n"
                "coding:\n"
                "  dictionaries: [net: {depth: [1, 3], lr: 0.5}, guess]\n"
                "  atoms: [64, 256]\n"
                "  dictionary_lambda: 7\n"
                "  lambda: [3, 1.5]\n"
                "  coders: all\n"
                "  gaps: [1e-2, 1e-6]\n"
                "  denoise: {sigma: 20, stride: 2, gap: 1e-2}\n"
                "protocol: {trials: 3}\n"
                "figures: [coding-time]\n",
              &s);
    assert_int_equal(s.n_datasets, 4);
    assert_string_equal(s.datasets[0].name, "x-8x8");
    assert_string_equal(s.datasets[1].name, "x-12x12");
    assert_int_equal(s.datasets[1].patches->size, 12);
    assert_int_equal(s.datasets[1].patches->held, 0);
    assert_int_equal(s.datasets[1].patches->norm, 1);
    assert_string_equal(s.datasets[2].name, "mine");
    assert_near(s.datasets[2].patches->share, 0.4, 1e-15);
    assert_string_equal(s.datasets[3].name, "debian-4x4");
    assert_true(s.datasets[3].patches->n_pictures >= 3);
    const struct spec_coding *c = s.coding;
    assert_int_equal(c->n_dictionaries, 3);
    assert_string_equal(c->dictionaries[1].label, "net depth=3 lr=0.5");
    assert_int_equal(c->n_coders, 2); /* net and guess, not the alias f_n */
    assert_int_equal(c->n_atoms, 2);
    assert_int_equal(c->n_lambda, 2);
    assert_near(c->dictionary_lambda, 7, 0);
    assert_near(c->sigma, 20, 0);
    assert_int_equal(c->stride, 2);
    assert_int_equal(s.protocol.trials, 3);
    /* The resolved text is a file of the same experiment. */
    struct spec again;
    char *text = strdup(s.resolved);
    assert_ok(&env, read_file(&env, text, &again));
    assert_string_equal(again.resolved, text);
    spec_free(&env, &again);
    free(text);
    spec_free(&env, &s);
}

static void refused(void **state)
{
#define CODING(rest) V D "coding: {" rest "}\n"
#define PATCHES(rest) V "datasets: [patches: {" rest "}]\n" C
    static const struct {
        const char *text, *place, *words;
    } files[] = {
        {V "datasets: [debian: golub]\n" C, "2:20",
         "'golub': coding wants data sets of the kind patches"},
        {V D "problem: {loss: squared}\nsolvers: [lars]\n", "2:21",
         "patches have nothing to predict, expected a section 'coding'"},
        {V D C "solvers: [lars]\n", "4:10",
         "solvers: does not go with 'coding'"},
        {V D C "models: [net]\n", "4:9", "models: does not go with 'coding'"},
        {V D C "protocol: {folds: 3}\n", "4:11", "expected trials alone"},
        {V D C "protocol: {kind: paper}\n", "4:11", "expected trials alone"},
        {CODING("atoms: 8"), "3:9", "coding: 'dictionaries' is missing"},
        {CODING("dictionaries: [nett], atoms: 8"), "3:25",
         "unknown dictionary 'nett', did you mean 'net'?"},
        {CODING("dictionaries: [net], coders: [gess]"), "3:40",
         "unknown coder 'gess', did you mean 'guess'?"},
        {CODING("dictionaries: [net: {dept: 3}]"), "3:31",
         "dictionary net: no option 'dept' (did you mean 'depth'?)"},
        {CODING("dictionaries: [net: {depth: 30}]"), "3:38",
         "dictionary net: "},
        {CODING("dictionaries: [net, net]"), "3:30",
         "'net' is there twice, first at line 3"},
        {CODING("dictionaries: []"), "3:24",
         "dictionaries: is empty, expected at least one dictionary"},
        {CODING("dictionaries: net"), "3:24", "expected a list"},
        {CODING("dictionaries: [net], coders: [guess]"), "3:9",
         "coding: 'atoms' is missing"},
        {CODING("dictionaries: [net], coders: [guess], atoms: [8, 8]"), "3:59",
         "atoms: '8' is there twice"},
        {CODING("dictionaries: [net], coders: [guess], atoms: 0"), "3:55",
         "atoms: '0' is out of bounds"},
        {CODING("dictionaries: [net], coders: [guess], atoms: 1.5"), "3:55",
         "is not a whole number"},
        {CODING("dictionaries: [net], coders: [guess], atoms: 8, lambda: [1, "
                "-2]"),
         "3:70", "lambda: '-2' is out of bounds"},
        {CODING("dictionaries: [net], coders: [guess], atoms: 8, lambda: 1, "
                "gaps: [1e-6, 1e-2]"),
         "3:82", "gaps: 0.01 comes after 1e-06, expected them to fall"},
        {CODING("dictionaries: [net], coders: [guess], atoms: 8, lambda: 1"),
         "3:9", "coding: 'gaps' is missing"},
        {CODING("dictonaries: [net]"), "3:10", "did you mean 'dictionaries'?"},
        {CODING("denoise: {sigma: -1}"), "3:27", "denoise.sigma"},
        {CODING("dictionaries: [net], coders: [guess], atoms: 8, lambda: 1, "
                "gaps: 1e-2, denoise: {sigma: 2, stride: 30}"),
         "3:90",
         "denoise: a stride of 30 leaves out pixels between patches of "},
        {PATCHES("pictures: []"), "2:32", "found 0 paths"},
        {PATCHES("pictures: [3]"), "2:33", "expected a text"},
        {PATCHES("size: 1"), "2:28", "patches.size: '1' is out of bounds"},
        {PATCHES("size: []"), "2:28", "patches.size: is empty"},
        {PATCHES("pictures: [a.pgm, b.pgm], held_out: c.pgm"), "2:58",
         "unknown picture 'c.pgm'"},
        {PATCHES("pictures: [a.pgm, lena.pgm], held_out: lenna.pgm"), "2:61",
         "did you mean 'lena.pgm'?"},
        {PATCHES("pictures: a.pgm, held_out: a.pgm"), "2:49",
         "is the only picture, expected a share of it"},
        {PATCHES("pictures: a.pgm, held_out: 100%"), "2:49",
         "leaves no patch on one side"},
        {PATCHES("pictures: a.pgm, held_out: 0%"), "2:49",
         "leaves no patch on one side"},
        {PATCHES("norm: l2"), "2:28", "expected one of: none, unit"},
        {PATCHES("count: 0"), "2:29", "patches.count"},
        {PATCHES("picture: a.pgm"), "2:22", "did you mean 'pictures'?"},
        {PATCHES("name: a/b"), "2:28", "patches.name"},
        {V "datasets: [patches: {}, patches: {}]\n" C, "2:34",
         "two data sets are called 'debian-8x8'"}};
#undef CODING
#undef PATCHES
    int wrong = 0;
    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct spred_env env;
        struct spec s;
        char place[64];
        spred_env_init(&env);
        snprintf(place, sizeof place, NAME ":%s: ", files[i].place);
        enum spred_status status = read_file(&env, files[i].text, &s);
        if (status != SPRED_EINVAL ||
            strncmp(env.error, place, strlen(place)) != 0 ||
            !strstr(env.error, files[i].words)) {
            print_error("%s gave %d: %s\nexpected %s %s\n", files[i].text,
                        (int)status, env.error, place, files[i].words);
            wrong++;
        }
        if (status == SPRED_OK)
            spec_free(&env, &s);
    }
    assert_int_equal(wrong, 0);
}

struct counting {
    long alive, calls, fail_at;
};

static void *reallocate(void *cookie, void *pointer, size_t size)
{
    struct counting *count = cookie;
    if (size == 0) {
        count->alive -= pointer != NULL;
        free(pointer);
        return NULL;
    }
    if (++count->calls == count->fail_at)
        return NULL;
    void *block = realloc(pointer, size);
    count->alive += block && !pointer;
    return block;
}

/* Every allocation fails once; nothing is left. */
static void memory(void **state)
{
    enum spred_status status = SPRED_ENOMEM;
    (void)state;
    for (long at = 1; status != SPRED_OK; at++) {
        struct counting count = {.fail_at = at};
        struct spred_env env;
        struct spec s;
        spred_env_init(&env);
        env.reallocate = reallocate;
        env.allocate_cookie = &count;
        status = read_file(&env,
                           V "datasets: [patches: {pictures: [a.pgm, b.pgm], "
                             "size: [4, 5], held_out: a.pgm}]\n"
                             "coding: {dictionaries: [net: {depth: [1, 2]}], "
                             "atoms: [8, 9], lambda: [2, 1], coders: all, "
                             "gaps: 1e-3}\n",
                           &s);
        if (status == SPRED_OK)
            spec_free(&env, &s);
        else if (status != SPRED_ENOMEM)
            fail_msg("call %ld: %s", at, env.error);
        assert_int_equal(count.alive, 0);
        assert_in_range(at, 1, 5000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults), cmocka_unit_test(sweeps),
        cmocka_unit_test(refused), cmocka_unit_test(memory)};
    return cmocka_run_group_tests_name("spec-coding", tests, NULL, NULL);
}
