/* t-luacoding.c: sparse coding from a script; and that it gives all its memory
 * back. */
#include "files.h"

#include "lua/script.h"

static const char prelude[] =
    "function check(ok, message)\n"
    "    if not ok then error(tostring(message or 'check'), 2) end\n"
    "end\n"
    "function near(a, b, tolerance)\n"
    "    if not (math.abs(a - b) <= tolerance) then\n"
    "        error(('%.17g is not %.17g'):format(a, b), 2)\n"
    "    end\n"
    "end\n"
    "function raises(f, pattern)\n"
    "    local ok, message = pcall(f)\n"
    "    if ok then error('no error: ' .. pattern, 2) end\n"
    "    if not tostring(message):find(pattern) then\n"
    "        error('expected ' .. pattern .. ', got ' .. message, 2)\n"
    "    end\n"
    "end\n";

static void codes(void **state)
{
    struct spred_env env;
    struct counting counting = {0};
    const struct script_options options = {0};
    struct script *script;
    char path[1024], shared[1200] = "";
    (void)state;
    spred_env_init(&env);
    env.reallocate = counting_reallocate;
    env.allocate_cookie = &counting;
    snprintf(path, sizeof path, "%s/tests/lua/coding.lua",
             getenv("SPRED_SOURCE"));
    if (shared_data())
        snprintf(shared, sizeof shared, "shared = '%s'", shared_data());
    assert_ok(&env, script_new(&env, &options, &script));
    assert_ok(&env, script_text(script, prelude, strlen(prelude), "=prelude"));
    assert_ok(&env, script_text(script, shared, strlen(shared), "=shared"));
    if (script_file(script, path) != SPRED_OK)
        fail_msg("%s\n%s", env.error, script->trace ? script->trace : "");
    script_free(script);
    assert_int_equal(counting.alive, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(codes)};
    return cmocka_run_group_tests_name("luacoding", tests, NULL, NULL);
}
