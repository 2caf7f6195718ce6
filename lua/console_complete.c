/* console_complete.c: TAB asks the Lua part; file names for it. */
#include <dirent.h>
#include <lauxlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lua/console_parts.h"

/* Calls complete(before): gives insert, list, count. */
static int ask(lua_State *L)
{
    struct console *console = lua_touserdata(L, 1);
    console_lua(L, "complete");
    lua_pushlstring(L, console->typed, console->typed_length);
    lua_call(L, 1, 3);
    /* The texts stay in the registry, so that they are there when the call is
     * over. */
    lua_pushvalue(L, -3);
    lua_setfield(L, LUA_REGISTRYINDEX, "spred.console.insert");
    lua_pushvalue(L, -2);
    lua_setfield(L, LUA_REGISTRYINDEX, "spred.console.list");
    console->insert = luaL_checkstring(L, -3);
    console->list = luaL_checkstring(L, -2);
    console->count = (size_t)luaL_checkinteger(L, -1);
    return 0;
}

void console_complete(struct console *console, const char *before,
                      size_t length, const char **insert, const char **list,
                      size_t *count)
{
    struct spred_buffer whole = {0};
    *insert = *list = "";
    *count = 0;
    if (console->pending.length > 0)
        spred_buffer_add(console->env, &whole, "%s\n", console->pending.text);
    if (spred_buffer_append(console->env, &whole, before, length) == SPRED_OK) {
        console->typed = whole.text;
        console->typed_length = whole.length;
        if (console_call(console, ask) == SPRED_OK) {
            *insert = console->insert;
            *list = console->list;
            *count = console->count;
        }
    }
    console->typed = NULL;
    spred_free(console->env, whole.text);
}

/* Names in the folder of `prefix` into console->scratch, one a line. */
static void list_files(struct console *console, const char *prefix)
{
    struct spred_env *env = console->env;
    const char *slash = strrchr(prefix, '/');
    size_t head = slash ? (size_t)(slash - prefix) + 1 : 0;
    char *folder =
        head ? spred_strndup(env, prefix, head) : spred_strdup(env, ".");
    DIR *dir = folder ? opendir(folder) : NULL;
    struct dirent *entry;
    console->scratch.length = 0;
    while (dir && (entry = readdir(dir))) {
        const char *name = entry->d_name, *rest = prefix + head;
        struct stat info;
        if (strncmp(name, rest, strlen(rest)) != 0 ||
            (name[0] == '.' && rest[0] != '.') || strpbrk(name, "\n\\\""))
            continue;
        char *path = spred_format(env, "%.*s%s", (int)head, prefix, name);
        if (path)
            spred_buffer_add(
                env, &console->scratch, "%s%s\n", path,
                stat(path, &info) == 0 && S_ISDIR(info.st_mode) ? "/" : "");
        spred_free(env, path);
    }
    if (dir)
        closedir(dir);
    spred_free(env, folder);
}

int console_files(lua_State *L)
{
    struct console *console = console_of(L);
    list_files(console, luaL_checkstring(L, 1));
    lua_pushlstring(L, console->scratch.length ? console->scratch.text : "",
                    console->scratch.length);
    return 1;
}
