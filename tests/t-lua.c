/* t-lua.c: every file of tests/lua that has no test program of its own, a
 * subtest each. */
#include "test.h"

#include <glob.h>

#include "lua/declare.h"

#define FILES_MAX 64

/* What the Lua tests use. */
static const char prelude[] =
    "function check(condition, message)\n"
    "    if not condition then error(message or 'check', 2) end\n"
    "end\n"
    "function raises(f, pattern)\n"
    "    local ok, message = pcall(f)\n"
    "    if ok then error('no error: ' .. pattern, 2) end\n"
    "    if not tostring(message):find(pattern) then\n"
    "        error('expected ' .. pattern .. ', got ' .. message, 2)\n"
    "    end\n"
    "end\n";

static void run_file(void **state)
{
    const char *path = *state;
    struct spred_env env;
    const struct script_options options = {0};
    struct script *script;
    spred_env_init(&env);
    assert_ok(&env, script_new(&env, &options, &script));
    assert_ok(&env, script_text(script, prelude, strlen(prelude), "=prelude"));
    if (script_file(script, path) != SPRED_OK)
        fail_msg("%s\n%s", env.error, script->trace ? script->trace : "");
    script_free(script);
}

static void run_text(struct script *script, const char *text)
{
    if (script_text(script, text, strlen(text), "=console") != SPRED_OK)
        fail_msg("%s\n%s", script->env->error,
                 script->trace ? script->trace : "");
}

/* What was declared line by line lies in a file for the workers, and has the
 * hash that the jobs say. */
static void from_a_console(void **state)
{
    (void)state;
    struct spred_env env;
    char folder[] = "spred-lua-XXXXXX", path[128], clean[64];
    assert_non_null(mkdtemp(folder));
    const struct script_options options = {.output = folder};
    struct script *script;
    struct parts_opener opener;
    struct parts *parts;
    spred_env_init(&env);
    assert_ok(&env, script_new(&env, &options, &script));
    run_text(script,
             "e = {name = 'typed', problem = {loss = 'squared',\n"
             "     penalty = 'lasso'}, solvers = {'proximal-gradient'},\n"
             "     datasets = {{simulated = {n = 40, p = 30}}}}");
    run_text(script,
             "spred.penalty{name = 'lasso', value = math.abs,\n"
             "    prox = function(z, t)\n"
             "        return math.max(z - t, 0) + math.min(z + t, 0) end,\n"
             "    derivative = function(w) return w < 0 and -1 or 1 end,\n"
             "    at_zero = 1}");
    run_text(script, "jobs = spred.experiment(e):plan()");
    lua_getglobal(script->L, "jobs");
    lua_rawgeti(script->L, -1, 1);
    lua_getfield(script->L, -1, "script_hash");
    lua_getfield(script->L, -2, "script");
    snprintf(path, sizeof path, "%s/typed/console.lua", folder);
    assert_string_equal(lua_tostring(script->L, -1), path);
    script_opener(&options, &opener);
    assert_ok(&env, opener.open(opener.cookie, &env, path, 1, 0, 0, &parts));
    assert_string_equal(parts->hash, lua_tostring(script->L, -2));
    assert_string_equal(parts->penalties[0]->name, "lasso");
    opener.close(opener.cookie, parts);
    script_free(script);
    snprintf(clean, sizeof clean, "rm -rf %s", folder);
    assert_int_equal(system(clean), 0);
}

/* Those have test programs of their own. */
static int is_elsewhere(const char *name)
{
    static const char *const own[] = {"matrix", "rng",     "results",
                                      "loss",   "penalty", "experiment",
                                      "learn",  "coding",  NULL};
    for (size_t i = 0; own[i]; i++)
        if (strncmp(name, own[i], strlen(own[i])) == 0)
            return 1;
    return 0;
}

int main(int argc, char **argv)
{
    (void)argv;
    if (argc > 1) /* as a worker, it would start itself again and again */
        return 1;
    struct CMUnitTest tests[FILES_MAX + 1];
    size_t count = 0;
    char pattern[1024];
    glob_t found;
    const char *source = getenv("SPRED_SOURCE");
    snprintf(pattern, sizeof pattern, "%s/tests/lua/*.lua",
             source ? source : ".");
    if (glob(pattern, 0, NULL, &found) != 0)
        return 1;
    for (size_t i = 0; i < found.gl_pathc && count < FILES_MAX; i++) {
        char *path = found.gl_pathv[i];
        const char *name = strrchr(path, '/') + 1;
        if (!is_elsewhere(name))
            tests[count++] = (struct CMUnitTest){
                .name = name, .test_func = run_file, .initial_state = path};
    }
    tests[count++] = (struct CMUnitTest)cmocka_unit_test(from_a_console);
    int failed = _cmocka_run_group_tests("lua", tests, count, NULL, NULL);
    globfree(&found);
    return failed;
}
