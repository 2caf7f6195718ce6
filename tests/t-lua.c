/* t-lua.c: every file of tests/lua that has no test program of its own, a
 * subtest each. */
#include "test.h"

#include <glob.h>

#include "lua/script.h"

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

/* Those have test programs of their own. */
static int is_elsewhere(const char *name)
{
    static const char *const own[] = {
        "matrix", "rng", "results", "loss", "penalty", "experiment", NULL};
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
    struct CMUnitTest tests[FILES_MAX];
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
    int failed = _cmocka_run_group_tests("lua", tests, count, NULL, NULL);
    globfree(&found);
    return failed;
}
