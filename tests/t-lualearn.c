/* t-lualearn.c: spred.learn from a script, on models whose answers are known:
 * they are the program's here. And that it gives all its memory back. */
#include "test.h"

#include "fake-models.h"
#include "fake-tread.h"
#include "lua/script.h"

const struct spred_model *const spred_models[] = {&look, &look_all, &tread,
                                                  NULL};

static const char prelude[] =
    "function check(ok, message)\n"
    "    if not ok then error(tostring(message or 'check'), 2) end\n"
    "end\n"
    "function raises(f, pattern)\n"
    "    local ok, message = pcall(f)\n"
    "    if ok then error('no error: ' .. pattern, 2) end\n"
    "    if not tostring(message):find(pattern) then\n"
    "        error('expected ' .. pattern .. ', got ' .. message, 2)\n"
    "    end\n"
    "end\n";

struct counting {
    long live; /* blocks not freed */
};

static void *reallocate(void *cookie, void *pointer, size_t size)
{
    struct counting *c = cookie;
    if (size == 0) {
        c->live -= pointer != NULL;
        free(pointer);
        return NULL;
    }
    c->live += pointer == NULL;
    return realloc(pointer, size);
}

static void learns(void **state)
{
    struct spred_env env;
    struct counting counting = {0};
    const struct script_options options = {.unsafe = 1}; /* os.tmpname */
    struct script *script;
    char path[1024];
    (void)state;
    spred_env_init(&env);
    env.reallocate = reallocate;
    env.allocate_cookie = &counting;
    snprintf(path, sizeof path, "%s/tests/lua/learn.lua",
             getenv("SPRED_SOURCE"));
    assert_ok(&env, script_new(&env, &options, &script));
    assert_ok(&env, script_text(script, prelude, strlen(prelude), "=prelude"));
    if (script_file(script, path) != SPRED_OK)
        fail_msg("%s\n%s", env.error, script->trace ? script->trace : "");
    script_free(script);
    assert_int_equal(counting.live, 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(learns)};
    (void)argv;
    if (argc > 1) /* as a worker, it would start itself again and again */
        return 1;
    return cmocka_run_group_tests_name("lualearn", tests, NULL, NULL);
}
