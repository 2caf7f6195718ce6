/* t-spec-models.c: `models:` of an experiment file: options, sweeps, the grid
 * of a job, layers as words, and what is refused where. */
#include "spec-test.h"

#define NAME "t-spec-models.yaml"
#define V "version: 1\n"
#define D "datasets: [debian: golub]\n"
#define P "problem: {loss: squared}\n"
#define S "solvers: [lars]\n"

static void read_good(struct spred_env *env, const char *text, struct spec *s)
{
    spred_env_init(env);
    assert_ok(env, read_text(env, NAME, text, s));
}

static const char *setting(const struct spec_model *m, const char *name)
{
    for (size_t i = 0; i < m->n_settings; i++)
        if (strcmp(m->settings[i].name, name) == 0)
            return m->settings[i].value;
    return "";
}

/* Models need no problem and no solver; names are the registry's. */
static void alone(void **state)
{
    struct spred_env env;
    struct spec s;
    (void)state;
    read_good(&env, V D "models: [guess, f_n]\n", &s);
    assert_int_equal(s.n_models, 2);
    assert_int_equal(s.n_solvers, 0);
    assert_int_equal(s.n_problems, 0);
    assert_string_equal(s.models[1].name, "net");
    assert_string_equal(s.models[1].label, "net");
    assert_int_equal(s.models[1].line, 3);
    assert_int_equal(s.models[1].column, 17);
    assert_null(strstr(s.resolved, "problems"));
    assert_null(strstr(s.resolved, "solvers"));
    spec_free(&env, &s);
}

/* A list is a sweep, in `tune` it is the grid of one job. */
static void sweeps_and_grids(void **state)
{
    struct spred_env env;
    struct spec s;
    (void)state;
    read_good(&env,
              V D P S "models:\n  - net: {depth: [3, 4], bias: false, tune: "
                      "{lr: [1e-1, 0.5]}}\n",
              &s);
    assert_int_equal(s.n_models, 2);
    assert_string_equal(setting(&s.models[0], "depth"), "3");
    assert_string_equal(setting(&s.models[1], "depth"), "4");
    assert_string_equal(setting(&s.models[1], "bias"), "false");
    assert_int_equal(s.models[1].n_tune, 1);
    assert_string_equal(s.models[1].tune[0].name, "lr");
    assert_int_equal(s.models[1].tune[0].n_values, 2);
    assert_string_equal(s.models[1].tune[0].values[0], "1e-1");
    assert_string_equal(s.models[1].label,
                        "net depth=4 bias=false lr=1e-1;0.5");
    spec_free(&env, &s);
    /* Two of one name that differ in the grid alone are two. */
    read_good(
        &env,
        V D "models: [net: {tune: {lr: [0.1]}}, net: {tune: {lr: 0.2}}]\n", &s);
    assert_int_equal(s.n_models, 2);
    spec_free(&env, &s);
}

/* Layers become one word; several lists of them are a sweep. */
static void words(void **state)
{
    static const struct {
        const char *yaml, *word;
    } rows[] = {
        {"[linear, relu, linear]", "linear|relu|linear"},
        {"[{linear: {out: 64, bias: false, sparse: {kind: spred, group: input, "
         "lambda: 0.03}}}, relu: , linear: {}]",
         "linear(out=64,bias=false,sparse=spred,group=input,lambda=0.03)|relu|"
         "linear"},
        {"[{linear: {sparse: {lambda: 1, kind: stg}, out: 2}}]",
         "linear(sparse=stg,lambda=1,out=2)"},
        {"{linear: {out: 4}}", "linear(out=4)"},
        {"linear(out=5)|relu", "linear(out=5)|relu"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct spred_env env;
        struct spec s;
        char text[512];
        snprintf(text, sizeof text, V D "models: [net: {layers: %s}]\n",
                 rows[i].yaml);
        read_good(&env, text, &s);
        assert_int_equal(s.n_models, 1);
        assert_string_equal(setting(&s.models[0], "layers"), rows[i].word);
        spec_free(&env, &s);
    }
    struct spred_env env;
    struct spec s;
    read_good(&env,
              V D "models:\n  - net: {layers: [[linear], [linear, relu]]}\n"
                  "  - net: {tune: {layers: [[relu, linear], relu]}}\n",
              &s);
    assert_int_equal(s.n_models, 3);
    assert_string_equal(setting(&s.models[1], "layers"), "linear|relu");
    assert_int_equal(s.models[2].tune[0].n_values, 2);
    assert_string_equal(s.models[2].tune[0].values[0], "relu|linear");
    assert_string_equal(s.models[2].tune[0].values[1], "relu");
    spec_free(&env, &s);
    /* Words are no numbers. */
    read_good(&env, V D "models: [net: {tune: {layers: [\"1\", \"1.0\"]}}]\n",
              &s);
    assert_int_equal(s.models[0].tune[0].n_values, 2);
    spec_free(&env, &s);
}

/* The resolved text reads back to itself. */
static void resolved(void **state)
{
    struct spred_env env;
    struct spec s, again;
    (void)state;
    read_good(&env,
              V D "models:\n  - guess\n  - net: {layers: [{linear: {out: 3}}, "
                  "relu], tune: {lr: [0.1, 0.2], bias: [true]}}\n",
              &s);
    assert_non_null(strstr(s.resolved,
                           "models:\n  - guess\n  - net: {layers: "
                           "\"linear(out=3)|relu\", tune: {lr: [0.1, 0.2], "
                           "bias: [true]}}\n"));
    read_good(&env, s.resolved, &again);
    assert_string_equal(again.resolved, s.resolved);
    spec_free(&env, &again);
    spec_free(&env, &s);
}

static void overrides(void **state)
{
    static const char *const sets[] = {
        "models.1.tune.lr=[0.3, 0.4]", "models.0.depth=7",
        "models.2.net.bias=false", "protocol.trials=2"};
    static const char text[] =
        V D "models: [net, net: {tune: {lr: [0.1]}}, net: {depth: 1}]\n";
    struct spred_env env;
    struct spec s;
    (void)state;
    spred_env_init(&env);
    assert_ok(&env, read_bytes(&env, NAME, text, strlen(text), sets, 4, &s));
    assert_string_equal(s.models[0].label, "net depth=7");
    assert_string_equal(s.models[1].label, "net lr=0.3;0.4");
    assert_string_equal(s.models[2].label, "net depth=1 bias=false");
    spec_free(&env, &s);
}

struct bad {
    const char *text, *place, *words;
};

static const struct bad files[] = {
    {V D, "1:1", "'problem' is missing"},
    {V D P, "1:1", "(or models: [majority])"},
    {V D P "models: [guess]\n", "3:10",
     "'solvers' is missing (models need no problem)"},
    {V D S "models: [guess]\n", "1:1", "'problem' is missing"},
    {V D, "1:1", "(or models: [majority], which need none)"},
    {V D "models: guess\n", "3:9", "expected a list"},
    {V D "models: []\n", "3:9", "is empty"},
    {V D "models: [3]\n", "3:10", "expected a name or one name with"},
    {V D "models: [gues]\n", "3:10",
     "unknown model 'gues', did you mean 'guess'"},
    {V D P "solvers: [guess]\n", "4:11",
     "'guess' is a model, not a solver: write it under 'models'"},
    {V D P S "models: [lars]\n", "5:10",
     "'lars' is a solver, not a model: write it under 'solvers'"},
    {V D "models: [guess, guess]\n", "3:17", "there twice, first at line 3"},
    {V D "models: [net: {dept: 3}]\n", "3:16",
     "model net: no option 'dept' (did you mean 'depth'?)"},
    {V D "models: [f_n: {depth: 33}]\n", "3:23",
     "model net: depth: '33' is not an integer from 1 to 9"},
    {V D "models: [guess: {depth: 3}]\n", "3:18", "no option 'depth'"},
    {V D "models: [net: {tnue: {lr: [0.1]}}]\n", "3:16",
     "'tnue': did you mean 'tune'?"},
    {V D "models: [net: {depth: {a: 1}}]\n", "3:23", "expected one value"},
    {V D "models: [net: 3]\n", "3:15", "expected a map"},
    {V D "models: [net: {tune: 3}]\n", "3:22", "tune: '3' is a number"},
    {V D "models: [net: {tune: {lr: []}}]\n", "3:27", "at least one value"},
    {V D "models: [net: {tune: {lr: [0.1, x]}}]\n", "3:33",
     "model net: lr: 'x' is not a number from 0 to 1"},
    {V D "models: [net: {tune: {lt: [0.1]}}]\n", "3:23",
     "no option 'lt' (did you mean 'lr'?)"},
    {V D "models: [net: {tune: {lr: [0.1, 0.1]}}]\n", "3:33", "there twice"},
    {V D "models: [net: {tune: {lr: [0.1, 0.10]}}]\n", "3:33",
     "tune.lr: '0.10' is there twice, first as '0.1'"},
    {V D "models: [net: {tune: {depth: [3, +3]}}]\n", "3:34", "there twice"},
    {V D "models: [net: {lr: [0.1, 1e-1]}]\n", "3:10", "there twice"},
    {V D "models: [net: {tune: {lr: [0.1]}}, net: {tune: {lr: [.1]}}]\n",
     "3:36", "there twice"},
    {V D "models: [net: {lr: 0.2, tune: {lr: [0.1]}}]\n", "3:32",
     "tune.lr: is set at line 3, too"},
    {V D "models: [net: {tune: {layers: [a;b]}}]\n", "3:32", "cannot have a ;"},
    {V D "models: [net: {layers: [a b]}]\n", "3:25", "cannot have blanks"},
    {V D "models: [net: {layers: [{a: 1, b: 2}]}]\n", "3:25",
     "this map has 2 keys"},
    {V D "models: [net: {layers: [{a: 1}]}]\n", "3:29", "expected a map"},
    {V D "models: [net: {layers: [{a: {b: {c: 1}}}]}]\n", "3:33",
     "'b' has no 'kind'"},
    {V D "models: [net: {layers: [{a: {b: [1]}}]}]\n", "3:33", "found a list"},
    {V D "models: [net: {layers: []}]\n", "3:24", "at least one item"},
    {V D P S "models: [guess]\nprotocol: {choose: {kind: cv}}\n", "6:20",
     "models choose on the validation part"},
    {V D "models: [net: {tune: {lr: [0.1, 0.2]}}]\nprotocol: {choose: {kind: "
         "none}}\n",
     "3:23", "choose is none"},
    {V D "models: [net: {tune: {lr: [0.1, 0.2]}}]\nprotocol: {validate: 0%}\n",
     "3:23", "nothing chooses among its 2 values: protocol.validate is 0%"},
};

static void refused(void **state)
{
    size_t wrong = 0;
    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct spred_env env;
        struct spec s;
        char place[64];
        spred_env_init(&env);
        snprintf(place, sizeof place, NAME ":%s: ", files[i].place);
        enum spred_status status = read_text(&env, NAME, files[i].text, &s);
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

/* A grid has an end. */
static void too_large(void **state)
{
    struct spred_env env;
    struct spec s;
    char text[4096] = V D "models: [net: {tune: {depth: [1, 2, 3, 4, 5, 6, 7], "
                          "lr: [0";
    (void)state;
    for (int i = 1; i < 150; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), ", 0.%03d",
                 i);
    strcat(text, "]}}]\n");
    spred_env_init(&env);
    assert_int_equal(read_text(&env, NAME, text, &s), SPRED_EINVAL);
    assert_non_null(strstr(env.error, "more than 1000 settings in one job"));
}

/* Without a choice to make, neither a validation part nor a choice is asked. */
static void nothing_to_choose(void **state)
{
    struct spred_env env;
    struct spec s;
    (void)state;
    read_good(&env,
              V D "models: [net: {tune: {lr: [0.1]}}]\nprotocol: {choose: "
                  "{kind: none}}\n",
              &s);
    assert_near(s.protocol.validate, 0, 0);
    spec_free(&env, &s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(alone),     cmocka_unit_test(sweeps_and_grids),
        cmocka_unit_test(words),     cmocka_unit_test(resolved),
        cmocka_unit_test(overrides), cmocka_unit_test(refused),
        cmocka_unit_test(too_large), cmocka_unit_test(nothing_to_choose),
    };
    return cmocka_run_group_tests_name("spec-models", tests, NULL, NULL);
}
