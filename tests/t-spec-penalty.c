/* t-spec-penalty.c: `penalty:` in an experiment file: what it says, what is
 * resolved from it, and where it is refused. */
#include "spec-test.h"

#define HEAD                                                                   \
    "version: 1\ndatasets: [debian: golub]\nsolvers: [lars]\n"                 \
    "problem: {loss: %s, penalty: %s}\n"

static enum spred_status read_penalty(struct spred_env *env, const char *loss,
                                      const char *penalty, struct spec *out)
{
    char text[1024];
    spred_env_init(env);
    snprintf(text, sizeof text, HEAD, loss, penalty);
    return read_text(env, "t-spec-penalty.yaml", text, out);
}

static const struct {
    const char *loss, *penalty, *resolved, *name;
} good[] = {
    {"squared", "l1", "l1", "lasso"},
    {"squared", "{kind: l1}", "l1", "lasso"},
    {"logistic", "{kind: elastic-net, l1_ratio: 0.5}",
     "{elastic-net: {l1_ratio: 0.5}}", "logistic-elastic-net"},
    {"squared", "{kind: group, groups: {size: 5}}",
     "{kind: group, groups: {size: 5}, over: features, weights: sqrt-size, "
     "l1_ratio: 1}",
     "group-lasso"},
    {"logistic", "{kind: group, groups: symbol, weights: equal, l1_ratio: 0.9}",
     "{kind: group, groups: symbol, over: features, weights: equal, l1_ratio: "
     "0.9}",
     "logistic-group"},
    {"multinomial", "{kind: group, over: classes}",
     "{kind: group, over: classes, weights: sqrt-size, l1_ratio: 1}",
     "multinomial-group"},
    {"multinomial", "{kind: group, over: classes, groups: {file: a b.csv}}",
     "{kind: group, groups: {file: \"a b.csv\"}, over: classes, weights: "
     "sqrt-size, l1_ratio: 1}",
     "multinomial-group"},
    {"squared", "{kind: power, factors: 3}", "{kind: power, factors: 3}",
     "power"}};

/* What is resolved says all and reads back to itself. */
static void resolved(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct spred_env env;
        struct spec s, again;
        char line[512];
        assert_ok(&env, read_penalty(&env, good[i].loss, good[i].penalty, &s));
        snprintf(line, sizeof line, "\n    penalty: %s\n", good[i].resolved);
        if (!strstr(s.resolved, line))
            fail_msg("%s: %s", good[i].penalty, s.resolved);
        assert_string_equal(s.problems[0].name, good[i].name);
        assert_ok(&env,
                  read_penalty(&env, good[i].loss, good[i].resolved, &again));
        assert_true(s.problems[0].penalty == again.problems[0].penalty &&
                    s.problems[0].groups == again.problems[0].groups);
        assert_string_equal(s.resolved, again.resolved);
        spec_free(&env, &s);
        spec_free(&env, &again);
    }
}

static void values(void **unused)
{
    (void)unused;
    struct spred_env env;
    struct spec s;
    assert_ok(&env, read_penalty(&env, "multinomial",
                                 "{kind: group, groups: {size: 7}, over: "
                                 "classes, weights: equal, l1_ratio: 0.25}",
                                 &s));
    const struct spec_problem *p = s.problems;
    assert_true(p->penalty == SPEC_PENALTY_GROUP &&
                p->groups == SPEC_GROUPS_SIZE && p->group_size == 7);
    assert_true(p->over_classes == 1 && p->equal_weights == 1);
    assert_near(p->l1_ratio, 0.25, 0);
    spec_free(&env, &s);
    assert_ok(&env,
              read_penalty(&env, "squared", "{kind: power, factors: 4}", &s));
    assert_true(s.problems[0].penalty == SPEC_PENALTY_POWER &&
                s.problems[0].factors == 4);
    spec_free(&env, &s);
}

static const struct {
    const char *loss, *penalty, *place, *words;
} bad[] = {
    {"squared", "group", "4:35", "{kind: group, groups: {size: 5}}"},
    {"squared", "{kind: grop}", "4:42", "did you mean 'group'?"},
    {"squared", "{kid: group}", "4:36", "did you mean 'kind'?"},
    {"squared", "{groups: {size: 5}}", "4:35", "expected l1"},
    {"squared", "{kind: group}", "4:35", "wants groups: symbol"},
    {"squared", "{kind: group, groups: symbols}", "4:57",
     "did you mean 'symbol'?"},
    {"squared", "{kind: group, groups: {siz: 5}}", "4:58",
     "did you mean 'size'?"},
    {"squared", "{kind: group, groups: {size: 0}}", "4:64", "from 1 to"},
    {"squared", "{kind: group, groups: {size: 2, file: a}}", "4:57",
     "expected symbol, {size: 5} or {file:"},
    {"squared", "{kind: group, groups: {}}", "4:57", "expected symbol"},
    {"squared", "{kind: group, groups: symbol, factors: 3}", "4:74",
     "group has no 'factors'"},
    {"squared", "{kind: group, over: classes}", "4:55",
     "wants the multinomial loss"},
    {"multinomial", "{kind: group, over: class}", "4:59",
     "did you mean 'classes'?"},
    {"multinomial", "{kind: group, over: classes, weights: size}", "4:77",
     "unknown penalty.weights 'size'"},
    {"squared", "{kind: group, groups: symbol, l1_ratio: 0}", "4:75",
     "from 0.001 to 1"},
    {"squared", "{kind: power}", "4:35", "'factors' is missing"},
    {"squared", "{kind: power, factors: 2}", "4:58", "from 3 to 16"},
    {"squared", "{kind: power, factors: 3, l1_ratio: 0.5}", "4:71",
     "power has no 'l1_ratio'"},
    {"squared", "{kind: l1, groups: symbol}", "4:54", "l1 has no 'groups'"},
    {"squared", "{kind: elastic-net}", "4:35", "'l1_ratio' is missing"},
    {"squared", "{elastic-net: {l1_ratio: 0.5}, kind: l1}", "4:35",
     "expected l1"}};

static void refused(void **unused)
{
    (void)unused;
    int failures = 0;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct spred_env env;
        struct spec s;
        char place[64];
        snprintf(place, sizeof place, ":%s: ", bad[i].place);
        enum spred_status status =
            read_penalty(&env, bad[i].loss, bad[i].penalty, &s);
        if (status == SPRED_EINVAL && strstr(env.error, place) &&
            strstr(env.error, bad[i].words))
            continue;
        failures++;
        print_error("%s gave %d: %s\nexpected %s %s\n", bad[i].penalty,
                    (int)status, env.error, place, bad[i].words);
    }
    assert_int_equal(failures, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(resolved),
                                       cmocka_unit_test(values),
                                       cmocka_unit_test(refused)};
    return cmocka_run_group_tests_name("spec-penalty", tests, NULL, NULL);
}
