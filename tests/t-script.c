/* t-script.c: what a Lua state may not do: memory, time, libraries, bytecode,
 * recursion; errors with their place; every allocation fails once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <lauxlib.h>

#include "lua/script.h"

static enum spred_status run(struct script *script, const char *text)
{
    return script_text(script, text, strlen(text), "=chunk");
}

static struct script *open(struct spred_env *env, struct script_options options)
{
    struct script *script = NULL;
    spred_env_init(env);
    assert_int_equal(script_new(env, &options, &script), SPRED_OK);
    return script;
}

/* Runs text in a safe state; the error must hold every word, and the state must
 * still work afterwards. */
static void refused(const char *text, const char *word)
{
    struct spred_env env;
    double seconds = strcmp(word, "seconds") == 0 ? 0.2 : 60;
    struct script *script =
        open(&env,
             (struct script_options){.seconds = seconds, .memory = 128u << 20});
    assert_int_not_equal(run(script, text), SPRED_OK);
    if (!strstr(env.error, word))
        fail_msg("'%s' does not hold '%s'", env.error, word);
    assert_int_equal(run(script, "x = 1 + 1; assert(x == 2)"), SPRED_OK);
    assert_int_equal(lua_gettop(script->L), 0);
    script_free(script);
}

static void test_loops(void **state)
{
    (void)state;
    double from = script_now();
    refused("while true do end", "seconds");
    refused("while true do pcall(function() while true do end end) end",
            "seconds");
    refused("coroutine.wrap(function() while true do end end)()", "seconds");
    refused("while true do coroutine.wrap(function() pcall(function() while "
            "true do end end) end)() end",
            "seconds");
    refused("local function t(d) if d == 0 then return end for i = 1, 10 do "
            "coroutine.wrap(t)(d - 1) end end t(100)",
            "seconds");
    refused("setmetatable({}, {__gc = function() while true do end end})",
            "__gc needs --unsafe");
    refused("local function f() return f() end f()", "seconds");
    refused("setmetatable({}, {__index = function() while true do end end}).x "
            "= nil; local y = setmetatable({}, {__index = function() while "
            "true do end end}).x",
            "seconds");
    assert_true(script_now() - from < 6); /* 6 x .2 s, under valgrind, too */
}

static void test_memory(void **state)
{
    (void)state;
    refused("local s = string.rep('x', 2e9)", "memory");
    refused("local t = {} while true do t[#t + 1] = {} end", "memory");
    refused("local s = 'x' while true do s = s .. s end", "memory");
    refused("local t = {} for i = 1, 1e9 do t[i] = spred.zeros(1000) end",
            "memory");
    refused("spred.zeros(2^40, 2^30)", "large");
    refused("spred.zeros(1e6, 1e3)", "memory");
}

static void test_recursion(void **state)
{
    (void)state;
    refused("local function f() return 1 + f() end f()", "overflow");
    refused("local t = setmetatable({}, {}) getmetatable(t).__index = "
            "function(_, k) return t[k] end local x = t.y",
            "overflow");
    refused("local s = string.rep('(', 1e4) .. '1' .. string.rep(')', 1e4) "
            "error(s:sub(1, 3))",
            "(((");
}

static void test_libraries(void **state)
{
    (void)state;
    refused("os.execute('true')", "'os'");
    refused("io.open('x')", "'io'");
    refused("debug.getregistry()", "'debug'");
    refused("load('return 1')", "'load'");
    refused("dofile('x')", "'dofile'");
    refused("loadfile('x')", "'loadfile'");
    refused("require('os')", "require");
    refused("string.dump(print)", "dump");
    refused("collectgarbage('stop')", "collectgarbage");
    refused("getmetatable(spred.zeros(1)).__gc = 1", "");
    refused("setmetatable(spred.zeros(1), {})", "table expected");
}

static void test_bytecode(void **state)
{
    struct spred_env env;
    (void)state;
    struct script *script = open(&env, (struct script_options){0});
    assert_int_equal(script_text(script, "\x1bLuaT", 5, "=chunk"),
                     SPRED_EFORMAT);
    assert_non_null(strstr(env.error, "binary"));
    assert_int_equal(script_text(script, "x = 1 -- \0\nx = 2", 17, "=chunk"),
                     SPRED_EFORMAT);
    assert_non_null(strstr(env.error, "NUL"));
    script_free(script);
}

static void test_unsafe(void **state)
{
    struct spred_env env;
    (void)state;
    struct script *script = open(&env, (struct script_options){.unsafe = 1});
    assert_int_equal(run(script, "assert(os.time() > 0) assert(io.write)\n"
                                 "assert(require('spred') == spred)"),
                     SPRED_OK);
    script_free(script);
}

static void test_messages(void **state)
{
    struct spred_env env;
    (void)state;
    struct script *script = open(&env, (struct script_options){0});
    assert_int_equal(run(script, "local x = \n = 3"), SPRED_EFORMAT);
    assert_non_null(strstr(env.error, "chunk:2:"));
    assert_int_equal(run(script, "local function inner() error('oh') end\n"
                                 "local function outer() inner() end\nouter()"),
                     SPRED_EINVAL);
    assert_string_equal(env.error, "chunk:1: oh");
    assert_non_null(strstr(script->trace, "outer"));
    assert_int_equal(run(script, "error({})"), SPRED_EINVAL);
    assert_int_equal(run(script, "error(nil)"), SPRED_EINVAL);
    assert_int_equal(run(script, "error('one\\ntwo')"), SPRED_EINVAL);
    assert_null(strchr(env.error, '\n'));
    assert_int_equal(
        run(script, "error(setmetatable({}, {__tostring = function() return "
                    "'mine' end}))"),
        SPRED_EINVAL);
    assert_non_null(strstr(env.error, "mine"));
    assert_int_equal(script_file(script, "no-such.lua"), SPRED_ENOTFOUND);
    assert_non_null(strstr(env.error, "no-such.lua"));
    script_free(script);
}

static int cancel_now(void *cookie)
{
    return *(int *)cookie;
}

static void test_interrupt(void **state)
{
    struct spred_env env;
    int stop = 1;
    (void)state;
    struct script *script = open(&env, (struct script_options){0});
    env.cancelled = cancel_now;
    env.cancel_cookie = &stop;
    assert_int_equal(run(script, "kept = 7 while true do end"),
                     SPRED_EINTERRUPTED);
    stop = 0;
    assert_int_equal(run(script, "assert(kept == 7)"), SPRED_OK);
    script_free(script);
}

static void test_random_is_repeatable(void **state)
{
    struct spred_env env;
    double seen[2];
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct script *script = open(&env, (struct script_options){0});
        assert_int_equal(run(script, "x = math.random()"), SPRED_OK);
        lua_getglobal(script->L, "x");
        seen[i] = lua_tonumber(script->L, -1);
        script_free(script);
    }
    assert_true(seen[0] >= seen[1] && seen[0] <= seen[1]);
}

/* ---- every allocation fails once ---- */

struct stingy {
    long left, held;
};

static void *reallocate(void *cookie, void *pointer, size_t size)
{
    struct stingy *stingy = cookie;
    if (size == 0) {
        stingy->held -= pointer != NULL;
        free(pointer);
        return NULL;
    }
    if (stingy->left-- <= 0) /* for good: Lua collects and tries again */
        return NULL;
    void *block = realloc(pointer, size);
    stingy->held += !pointer;
    return block;
}

/* Opens a state and runs text with `left` allocations; nothing may be held
 * afterwards. */
static enum spred_status run_with(long left, const char *text)
{
    struct spred_env env;
    struct stingy stingy = {left, 0};
    struct script *script = NULL;
    spred_env_init(&env);
    env.reallocate = reallocate;
    env.allocate_cookie = &stingy;
    enum spred_status status =
        script_new(&env, &(struct script_options){.seconds = 60}, &script);
    if (status == SPRED_OK)
        status = run(script, text);
    if (status != SPRED_OK)
        assert_true(env.error[0] != '\0');
    script_free(script);
    assert_int_equal(stingy.held, 0);
    return status;
}

/* From the count with which a state can be made on. */
static void starve(const char *text, long stride)
{
    long count = 0;
    while (run_with(count, "return") != SPRED_OK)
        count += count < 500 ? 1 : 97;
    long first = count;
    for (count -= 97; run_with(count, text) != SPRED_OK; count += stride)
        assert_true(count < 1000000);
    assert_true(count > first + 10 * stride); /* or nothing was made to fail */
}

static void test_allocations_fail(void **state)
{
    (void)state;
    starve("local m = spred.zeros(5, 2) assert(m.rows == 5)\n"
           "local t = {} for i = 1, 20 do t[i] = spred.zeros(i) end\n"
           "local c = coroutine.wrap(function() coroutine.yield(spred.type(m)) "
           "end)\nassert(c() == 'matrix') local s = spred.help(m)\n"
           "pcall(error, ('x'):rep(500))",
           5);
    starve("local x = spred.rng(1):normal(20, 6) local y = x:column(2) * 2\n"
           "local f = spred.solve {x = x, y = y, lambda = 0.3}\n"
           "assert(f.certified) local s = tostring(f) .. #f:genes(2)\n"
           "local p = f:predict(x) assert(f.support[1] == 2)\n"
           "local q = spred.path {x = x, y = y, lambda = {0.9, 0.5}}\n"
           "assert(#q == 2) s = tostring(q[2].w)\n"
           "local c = spred.certify {x = x, y = y, lambda = 0.3, w = f.w, b = "
           "f.b}\nassert(c.gap < 1e-6)\n"
           "local k = spred.problem {x = x, y = y, lambda = 0.3}\n"
           "s = k:lipschitz() + k:value(f.w, f.b)\n"
           "local v = spred.cv {x = x, y = y, lambda = {0.9, 0.5}, folds = 3}\n"
           "s = tostring(v.best)",
           23);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_loops),
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_recursion),
        cmocka_unit_test(test_libraries),
        cmocka_unit_test(test_bytecode),
        cmocka_unit_test(test_unsafe),
        cmocka_unit_test(test_messages),
        cmocka_unit_test(test_interrupt),
        cmocka_unit_test(test_random_is_repeatable),
        cmocka_unit_test(test_allocations_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
