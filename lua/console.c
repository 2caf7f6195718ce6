/* console.c: the loop of `spredbench console`: a chunk is read, run, printed.
 */
#include "lua/console.h"

#include <langinfo.h>
#include <lauxlib.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lua/console_parts.h"
#include "lua/embedded.h"

/* Registry: the table that lua/spred/console.lua returns. */
static const char parts_key[] = "spred.console";

void console_lua(lua_State *L, const char *name)
{
    lua_rawgetp(L, LUA_REGISTRYINDEX, parts_key);
    lua_getfield(L, -1, name);
    lua_remove(L, -2);
}

enum spred_status console_call(struct console *console, lua_CFunction call)
{
    lua_State *L = console->script->L;
    lua_pushcfunction(L, call);
    lua_pushlightuserdata(L, console);
    return script_call(console->script, 1, 0);
}

/* Calls the console's Lua files with the table `spred`, the table `host` and
 * what the file before gave. */
static int open_parts(lua_State *L)
{
    struct console *console = lua_touserdata(L, 1);
    lua_getfield(L, LUA_REGISTRYINDEX, "spred");
    lua_newtable(L);
    console_host(L, console);
    lua_newtable(L); /* at 4: what they make */
    for (const struct embedded *e = embedded_files; e->name; e++) {
        if (strncmp(e->name, "@spred/console", 14) != 0)
            continue;
        if (luaL_loadbufferx(L, e->text, e->length, e->name, "t") != LUA_OK)
            return lua_error(L);
        for (int i = 2; i <= 4; i++)
            lua_pushvalue(L, i);
        lua_call(L, 3, 0);
    }
    lua_rawsetp(L, LUA_REGISTRYINDEX, parts_key);
    return 0;
}

/* Gives what was typed to the Lua function that compiles, runs and prints. */
static int evaluate(lua_State *L)
{
    struct console *console = lua_touserdata(L, 1);
    console_lua(L, "enter");
    lua_pushlstring(L, console->typed, console->typed_length);
    lua_call(L, 1, 1);
    console->unfinished = lua_toboolean(L, -1);
    return 0;
}

static void keep_trace(struct console *console)
{
    if (!console->script->trace)
        return;
    spred_free(console->env, console->trace);
    console->trace = console->script->trace;
    console->script->trace = NULL;
}

/* Runs the pending chunk, and forgets it unless it goes on. */
static enum spred_status run_pending(struct console *console)
{
    struct script *script = console->script;
    console->typed = console->pending.text;
    console->typed_length = console->pending.length;
    console->unfinished = 0;
    console->stop->asked = 0;
    /* What a part that is declared here takes along: without ":time". */
    script->chunk = console->typed;
    if (script->chunk[0] == ':')
        script->chunk += strcspn(script->chunk, " ");
    script->chunk_kept = 0;
    script->chunk_depth = script->depth + 1;
    console_progress_begin(console);
    enum spred_status status = console_call(console, evaluate);
    script->chunk = NULL;
    console_progress_end(console);
    fflush(stdout);
    if (status != SPRED_OK) {
        console_print_error(console, console->env->error);
        keep_trace(console);
    }
    console->stop->asked = 0;
    return status;
}

/* A line of a pipe; 0: there is no more. */
static int read_line(struct console *console, const char **line)
{
    ssize_t length = getline(&console->line, &console->line_room, stdin);
    if (length < 0)
        return 0;
    if (length > 0 && console->line[length - 1] == '\n')
        console->line[length - 1] = '\0';
    *line = console->line;
    return 1;
}

static void forget(struct console *console)
{
    console->pending.length = 0;
    if (console->pending.text)
        console->pending.text[0] = '\0';
}

/* One more line for the pending chunk. */
static enum spred_status add_line(struct console *console, const char *line)
{
    return spred_buffer_add(console->env, &console->pending, "%s%s",
                            console->pending.length ? "\n" : "", line);
}

static enum spred_status pipe_loop(struct console *console)
{
    const char *line;
    enum spred_status status = SPRED_OK;
    while (status == SPRED_OK && !console->quit && !console->stop->leave &&
           read_line(console, &line)) {
        status = add_line(console, line);
        if (status == SPRED_OK)
            status = run_pending(console);
        if (!console->unfinished)
            forget(console);
    }
    if (status == SPRED_OK && console->unfinished) {
        status = SPRED_EFORMAT;
        console_print_error(console, "console: the input ends within a chunk");
    }
    return status;
}

static int is_blank(const char *line)
{
    return line[strspn(line, " \t\r\n")] == '\0';
}

static enum spred_status terminal_loop(struct console *console)
{
    const char *line;
    while (!console->quit && !console->stop->leave) {
        int more = console->pending.length > 0;
        enum console_line got = console_reader_next(console, more, &line);
        if (got == CONSOLE_END && !more)
            break;
        if (got != CONSOLE_LINE ||
            (is_blank(line) && !(more && console_reader_waiting(console)))) {
            forget(console);
            continue;
        }
        SPRED_TRY(add_line(console, line));
        run_pending(console);
        if (console->unfinished)
            continue;
        console_reader_note(console, console->pending.text);
        forget(console);
    }
    return SPRED_OK;
}

static void print_banner(const struct console *console)
{
    printf("spredbench %s, %s%s\n:help lists commands, TAB completes, "
           "help(spred.solve) explains, Ctrl-D leaves\n",
           SPREDBENCH_VERSION, LUA_RELEASE,
           console->script->options.unsafe ? " (all libraries: --unsafe)" : "");
}

static enum spred_status talk(struct console *console)
{
    console->script->replaces = 1;
    SPRED_TRY(console_call(console, open_parts));
    if (!console->terminal)
        return pipe_loop(console);
    SPRED_TRY(console_reader_open(console));
    console->script->progress = console_progress;
    console->script->progress_cookie = console;
    print_banner(console);
    return terminal_loop(console);
}

/* Letters beyond ASCII can be typed; numbers stay as they are. */
static void set_letters(void)
{
    if (!setlocale(LC_CTYPE, "") || strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
        setlocale(LC_CTYPE, "C.UTF-8");
}

enum spred_status console_run(struct spred_env *env,
                              const struct script_options *options,
                              struct console_stop *stop)
{
    const char *kind = getenv("TERM"), *plain = getenv("NO_COLOR");
    struct console console = {.env = env, .stop = stop};
    console.terminal = isatty(0) && isatty(1);
    console.colour = console.terminal && kind && strcmp(kind, "dumb") != 0 &&
                     !(plain && *plain);
    if (console.terminal)
        set_letters();
    enum spred_status status = script_new(env, options, &console.script);
    if (status == SPRED_OK)
        status = talk(&console);
    else
        console_print_error(&console, env->error);
    console_reader_close(&console);
    script_free(console.script);
    spred_free(env, console.pending.text);
    spred_free(env, console.scratch.text);
    spred_free(env, console.trace);
    free(console.line);
    return stop->leave ? SPRED_EINTERRUPTED : status;
}
