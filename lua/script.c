/* script.c: a Lua state under limits: memory, time, libraries, no bytecode. */
#define _POSIX_C_SOURCE 200809L
#include "lua/script.h"

#include <lauxlib.h>
#include <lualib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lua/declare.h"
#include "lua/modules.h"
#include "spred/file.h"
#include "spred/text.h"

#define MEMORY_DEFAULT ((size_t)1 << 30)
/* Instructions between two looks at the clock and at Ctrl-C. */
#define HOOK_COUNT 1000
/* What a console session declared, as a file (experiment.c). */
#define CONSOLE_SCRIPT "console.lua"
/* math.random starts here, so that a script without a seed of its own is
 * repeatable, too. */
#define RANDOM_SEED "17"

double script_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

struct script *script_of(lua_State *L)
{
    return *(struct script **)lua_getextraspace(L);
}

/* lua_Alloc under options.memory, through the env's allocator. */
static void *reallocate(void *cookie, void *pointer, size_t old, size_t size)
{
    struct script *script = cookie;
    struct spred_env *env = script->env;
    if (!pointer)
        old = 0; /* then it is a type tag */
    if (size > old && size - old > script->options.memory - script->held)
        return NULL;
    void *block = pointer;
    if (env->reallocate)
        block = env->reallocate(env->allocate_cookie, pointer, size);
    else if (size)
        block = realloc(pointer, size);
    else
        free(pointer);
    if (size == 0)
        block = NULL;
    else if (!block && size > old)
        return NULL;
    else if (!block)
        block = pointer; /* Lua trusts that shrinking never fails */
    script->held = script->held - old + size;
    if (script->held > script->peak)
        script->peak = script->held;
    return block;
}

/* Looks at the clock and at Ctrl-C. Once over, it fires at every instruction,
 * so that no pcall of the script can go on (PLATFORM.md section 6). */
static void watch(lua_State *L, lua_Debug *what)
{
    struct script *script = script_of(L);
    struct spred_env *env = script->env;
    (void)what;
    int stop = env->cancelled && env->cancelled(env->cancel_cookie);
    if (!stop && !script->ended &&
        !(script->deadline > 0 && script_now() > script->deadline)) {
        if (lua_gethookcount(L) != HOOK_COUNT) /* a limit that is over */
            lua_sethook(L, watch, LUA_MASKCOUNT, HOOK_COUNT);
        return;
    }
    lua_sethook(L, watch, LUA_MASKCOUNT, 1);
    if (stop)
        luaL_error(L, "interrupted");
    if (script->ended)
        luaL_error(L, "the script ends here");
    luaL_error(L, "stopped: more than %f seconds in one call",
               script->options.seconds > 0 ? script->options.seconds
                                           : script->hook_seconds);
}

int script_end(lua_State *L)
{
    struct script *script = script_of(L);
    script->ended = 1;
    lua_sethook(L, watch, LUA_MASKCOUNT, 1);
    lua_sethook(script->L, watch, LUA_MASKCOUNT, 1);
    return luaL_error(L, "the script ends here");
}

/* The message handler: message and traceback into script->trace. */
static int keep_trace(lua_State *L)
{
    struct script *script = script_of(L);
    const char *message = luaL_tolstring(L, 1, NULL);
    luaL_traceback(L, L, message, 1);
    spred_free(script->env, script->trace);
    script->trace = spred_strdup(script->env, lua_tostring(L, -1));
    lua_pop(L, 1);
    return 1;
}

/* The error's text on one line, and the status that fits it. */
static enum spred_status explain(struct script *script, int code)
{
    lua_State *L = script->L;
    struct spred_env *env = script->env;
    enum spred_status status = SPRED_EINVAL;
    const char *message = lua_tostring(L, -1);
    if (code == LUA_ERRMEM)
        status = spred_fail(env, SPRED_ENOMEM,
                            "out of memory: the script wants more than %zu "
                            "MiB of memory",
                            script->options.memory >> 20);
    else if (env->cancelled && env->cancelled(env->cancel_cookie))
        status = spred_fail(env, SPRED_EINTERRUPTED, "interrupted");
    else
        status = spred_fail(
            env, code == LUA_ERRSYNTAX ? SPRED_EFORMAT : SPRED_EINVAL, "%s",
            message ? message : "an error without a text");
    for (char *c = env->error; *c; c++)
        if (*c == '\n' || *c == '\t')
            *c = ' ';
    lua_pop(L, 1);
    return status;
}

enum spred_status script_call(struct script *script, int arguments, int results)
{
    lua_State *L = script->L;
    int base = lua_gettop(L) - arguments;
    lua_pushcfunction(L, keep_trace);
    lua_insert(L, base);
    if (script->depth++ == 0) {
        script->deadline = script->options.seconds > 0
                               ? script_now() + script->options.seconds
                               : 0;
        lua_sethook(L, watch, LUA_MASKCOUNT, HOOK_COUNT);
    }
    int code = lua_pcall(L, arguments, results, base);
    if (--script->depth == 0)
        lua_sethook(L, watch, LUA_MASKCOUNT, HOOK_COUNT);
    lua_remove(L, base);
    return code == LUA_OK ? SPRED_OK : explain(script, code);
}

enum spred_status script_text(struct script *script, const char *text,
                              size_t length, const char *name)
{
    /* The sources are kept as a text. Bytecode is refused below. */
    if (length > 0 && text[0] != LUA_SIGNATURE[0] && memchr(text, 0, length))
        return spred_fail(script->env, SPRED_EFORMAT,
                          "%s: a NUL byte in the script", name + 1);
    spred_free(script->env, script->trace);
    script->trace = NULL;
    int code = luaL_loadbufferx(script->L, text, length, name, "t");
    if (code != LUA_OK)
        return explain(script, code);
    const char *outer = script->chunk;
    int outer_kept = script->chunk_kept, outer_depth = script->chunk_depth;
    script->chunk = text;
    script->chunk_kept = 0;
    script->chunk_depth = script->depth + 1;
    enum spred_status status = script_call(script, 0, 0);
    if (script->ended && (status == SPRED_OK || status == SPRED_EINVAL)) {
        script->ended = 0;
        spred_free(script->env, script->trace);
        script->trace = NULL;
        status = SPRED_OK;
    }
    script->chunk = outer;
    script->chunk_kept = outer_kept;
    script->chunk_depth = outer_depth;
    return status;
}

enum spred_status script_file(struct script *script, const char *path)
{
    struct spred_env *env = script->env;
    char *text = NULL, *name = spred_format(env, "@%s", path);
    size_t length = 0;
    enum spred_status status =
        name ? spred_read_file(env, path, &text, &length) : SPRED_ENOMEM;
    if (status == SPRED_OK && !script->path && !script->replaces &&
        !(script->path = spred_strdup(env, path)))
        status = SPRED_ENOMEM;
    const char *slash = strrchr(path, '/');
    script->replaces |= strcmp(slash ? slash + 1 : path, CONSOLE_SCRIPT) == 0;
    if (status == SPRED_OK) {
        size_t skip = 0; /* a "#!" line, its newline kept for the numbers */
        if (length > 0 && text[0] == '#')
            skip = strcspn(text, "\n");
        status = script_text(script, text + skip, length - skip, name);
    }
    spred_free(env, text);
    spred_free(env, name);
    return status;
}

static int print_to_stderr(lua_State *L)
{
    int n = lua_gettop(L);
    for (int i = 1; i <= n; i++)
        fprintf(stderr, "%s%s", luaL_tolstring(L, i, NULL), i < n ? "\t" : "");
    fputc('\n', stderr);
    return 0;
}

/* Without --unsafe only `spred` can be required, which is open anyway. */
static int require_spred(lua_State *L)
{
    const char *name = luaL_checkstring(L, 1);
    if (strcmp(name, "spred") != 0)
        return luaL_error(L,
                          "no module '%s': a script may require \"spred\"; "
                          "others need --unsafe",
                          name);
    lua_getfield(L, LUA_REGISTRYINDEX, "spred");
    return 1;
}

/* A finaliser runs without hooks, so nothing could stop it. Upvalue: Lua's own
 * setmetatable. */
static int set_metatable(lua_State *L)
{
    luaL_checkany(L, 2);
    lua_settop(L, 2);
    if (lua_istable(L, 2)) {
        lua_pushliteral(L, "__gc");
        if (lua_rawget(L, 2) != LUA_TNIL)
            return luaL_error(L, "setmetatable: __gc needs --unsafe");
        lua_settop(L, 2);
    }
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, 2, 1);
    return 1;
}

/* Every coroutine counts its own instructions: a tree of short ones would never
 * look at the clock. Upvalue: create or wrap. */
static int watched_coroutine(lua_State *L)
{
    watch(L, NULL);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, lua_gettop(L) - 1, 1);
    return 1;
}

static void open_safe_libraries(lua_State *L)
{
    static const char *const coroutines[] = {"create", "wrap", NULL};
    static const luaL_Reg libraries[] = {{LUA_GNAME, luaopen_base},
                                         {LUA_TABLIBNAME, luaopen_table},
                                         {LUA_STRLIBNAME, luaopen_string},
                                         {LUA_MATHLIBNAME, luaopen_math},
                                         {LUA_COLIBNAME, luaopen_coroutine},
                                         {LUA_UTF8LIBNAME, luaopen_utf8},
                                         {NULL, NULL}};
    static const char *const unsafe[] = {"load", "loadfile", "dofile",
                                         "collectgarbage", NULL};
    for (const luaL_Reg *library = libraries; library->name; library++) {
        luaL_requiref(L, library->name, library->func, 1);
        lua_pop(L, 1);
    }
    for (size_t i = 0; unsafe[i]; i++) {
        lua_pushnil(L);
        lua_setglobal(L, unsafe[i]);
    }
    lua_getglobal(L, "string");
    lua_pushnil(L);
    lua_setfield(L, -2, "dump");
    lua_pop(L, 1);
    lua_getglobal(L, "setmetatable");
    lua_pushcclosure(L, set_metatable, 1);
    lua_setglobal(L, "setmetatable");
    lua_getglobal(L, LUA_COLIBNAME);
    for (size_t i = 0; coroutines[i]; i++) {
        lua_getfield(L, -1, coroutines[i]);
        lua_pushcclosure(L, watched_coroutine, 1);
        lua_setfield(L, -2, coroutines[i]);
    }
    lua_pop(L, 1);
    lua_pushcfunction(L, require_spred);
    lua_setglobal(L, "require");
}

/* Everything that may run out of memory while the state is made. */
static int open_all(lua_State *L)
{
    struct script *script = script_of(L);
    if (script->options.unsafe)
        luaL_openlibs(L);
    else
        open_safe_libraries(L);
    if (script->options.worker) {
        lua_pushcfunction(L, print_to_stderr);
        lua_setglobal(L, "print");
    }
    modules_open(L);
    lua_pushvalue(L, -1);
    lua_setfield(L, LUA_REGISTRYINDEX, "spred");
    if (script->options.unsafe) {
        luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
        lua_pushvalue(L, -2);
        lua_setfield(L, -2, "spred");
        lua_pop(L, 1);
    }
    lua_setglobal(L, "spred");
    return luaL_dostring(L, "math.randomseed(" RANDOM_SEED ")") == LUA_OK
               ? 0
               : lua_error(L);
}

enum spred_status script_new(struct spred_env *env,
                             const struct script_options *options,
                             struct script **out)
{
    struct script *script = spred_alloc(env, 1, sizeof *script);
    *out = NULL;
    if (!script)
        return SPRED_ENOMEM;
    script->env = env;
    script->options = *options;
    if (script->options.memory == 0)
        script->options.memory = MEMORY_DEFAULT;
    script->L = lua_newstate(reallocate, script);
    enum spred_status status = SPRED_OK;
    if (script->L) {
        *(struct script **)lua_getextraspace(script->L) = script;
        lua_pushcfunction(script->L, open_all);
        status = script_call(script, 0, 0);
    } else {
        status = spred_fail(env, SPRED_ENOMEM, "no memory for a Lua state");
    }
    if (status == SPRED_OK)
        *out = script;
    else
        script_free(script);
    return status;
}

void script_free(struct script *script)
{
    if (!script)
        return;
    struct spred_env *env = script->env;
    if (script->L)
        lua_close(script->L);
    declare_free(script);
    spred_free(env, script->path);
    spred_free(env, script->sources);
    spred_free(env, script->trace);
    spred_free(env, script);
}
