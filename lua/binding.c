/* binding.c: functions and types with their doc strings, typed arguments, and
 * errors with the nearest name. */
#include "lua/binding.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "spred/text.h"

#define NAMES_MAX 128

/* Registry: list of {name, usage, doc} in the order they came; and function ->
 * the same table. help() and the reference read them. */
static const char docs_key[] = "spred.docs";
static const char by_function_key[] = "spred.docs.by_function";

/* Notes the entry for help(); function: index of the function, or 0. */
static void note(lua_State *L, const char *kind, const char *of,
                 const struct binding_entry *entry, int function)
{
    if (!entry->usage)
        return;
    luaL_getsubtable(L, LUA_REGISTRYINDEX, docs_key);
    lua_createtable(L, 0, 5);
    lua_pushstring(L, kind);
    lua_setfield(L, -2, "kind");
    lua_pushstring(L, of);
    lua_setfield(L, -2, "of");
    lua_pushstring(L, entry->name);
    lua_setfield(L, -2, "name");
    lua_pushstring(L, entry->usage);
    lua_setfield(L, -2, "usage");
    lua_pushstring(L, entry->doc);
    lua_setfield(L, -2, "doc");
    if (function) {
        luaL_getsubtable(L, LUA_REGISTRYINDEX, by_function_key);
        lua_pushvalue(L, function);
        lua_pushvalue(L, -3);
        lua_rawset(L, -3);
        lua_pop(L, 1);
    }
    lua_rawseti(L, -2, luaL_len(L, -2) + 1);
    lua_pop(L, 1);
}

void binding_functions(lua_State *L, const struct binding_entry *entries)
{
    int table = lua_gettop(L);
    for (const struct binding_entry *e = entries; e->name; e++) {
        lua_pushcfunction(L, e->call);
        note(L, "function", "spred", e, lua_gettop(L));
        lua_setfield(L, table, e->name);
    }
}

static int by_text(const void *left, const void *right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

/* fields: index of the table of methods and properties. */
static int unknown_field(lua_State *L, const struct binding_type *type,
                         int fields, const char *key)
{
    const char *names[NAMES_MAX + 1]; /* the table holds them */
    size_t count = 0;
    for (lua_pushnil(L); lua_next(L, fields); lua_pop(L, 1))
        if (count < NAMES_MAX)
            names[count++] = lua_tostring(L, -2);
    names[count] = NULL;
    qsort(names, count, sizeof *names, by_text); /* the same one each time */
    const char *near = spred_nearest(key, names);
    return luaL_error(L, "a %s has no field '%s'%s%s%s", type->name, key,
                      near ? " (did you mean '" : "", near ? near : "",
                      near ? "'?)" : "");
}

/* __index. Upvalues: name -> method, or a property's entry as a light userdata;
 * the type. */
static int get_field(lua_State *L)
{
    const struct binding_type *type = lua_touserdata(L, lua_upvalueindex(2));
    if (lua_type(L, 2) == LUA_TSTRING) {
        lua_pushvalue(L, 2);
        int kind = lua_rawget(L, lua_upvalueindex(1));
        if (kind == LUA_TLIGHTUSERDATA) {
            const struct binding_entry *property = lua_touserdata(L, -1);
            lua_settop(L, 1);
            return property->call(L);
        }
        if (kind != LUA_TNIL)
            return 1;
        lua_pop(L, 1);
        if (!type->index)
            return unknown_field(L, type, lua_upvalueindex(1),
                                 lua_tostring(L, 2));
    }
    if (type->index) {
        int pushed = type->index(L);
        if (pushed > 0 || lua_type(L, 2) != LUA_TSTRING)
            return pushed;
        return unknown_field(L, type, lua_upvalueindex(1), lua_tostring(L, 2));
    }
    return luaL_error(L, "a %s cannot be indexed by a %s", type->name,
                      luaL_typename(L, 2));
}

void binding_methods(lua_State *L, const struct binding_type *type,
                     const struct binding_entry *methods)
{
    lua_rawgetp(L, LUA_REGISTRYINDEX, type);
    int meta = lua_gettop(L);
    lua_getfield(L, meta, "__index");
    lua_getupvalue(L, -1, 1);
    int fields = lua_gettop(L);
    for (const struct binding_entry *e = methods; e && e->name; e++) {
        lua_pushcfunction(L, e->call);
        note(L, "method", type->name, e, lua_gettop(L));
        lua_setfield(L, strncmp(e->name, "__", 2) == 0 ? meta : fields,
                     e->name);
    }
    lua_settop(L, meta - 1);
}

/* The metatable lies in the registry under the type's address: a check then
 * makes no string. */
/* __tostring of a type that has none: "solver my-ista". Upvalue: the type. */
static int default_text(lua_State *L)
{
    const struct binding_type *type = lua_touserdata(L, lua_upvalueindex(1));
    lua_settop(L, 1);
    for (const struct binding_entry *e = type->properties; e && e->name; e++)
        if (strcmp(e->name, "name") == 0 && e->call(L) == 1) {
            lua_pushfstring(L, "%s %s", type->name, lua_tostring(L, -1));
            return 1;
        }
    lua_pushstring(L, type->name);
    return 1;
}

void binding_type(lua_State *L, const struct binding_type *type)
{
    const struct binding_entry head = {type->name, NULL, type->name, type->doc};
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, type) != LUA_TNIL)
        luaL_error(L, "the type %s is made twice", type->name);
    lua_createtable(L, 0, 16);
    int meta = lua_gettop(L);
    note(L, "type", type->name, &head, 0);
    lua_pushstring(L, type->name);
    lua_setfield(L, meta, "__name");
    lua_pushliteral(L, "locked");
    lua_setfield(L, meta, "__metatable");
    lua_pushlightuserdata(L, (void *)(size_t)type);
    lua_pushcclosure(L, default_text, 1);
    lua_setfield(L, meta, "__tostring");
    lua_newtable(L);
    for (const struct binding_entry *e = type->properties; e && e->name; e++) {
        note(L, "property", type->name, e, 0);
        lua_pushlightuserdata(L, (void *)(size_t)e);
        lua_setfield(L, -2, e->name);
    }
    lua_pushlightuserdata(L, (void *)(size_t)type);
    lua_pushcclosure(L, get_field, 2);
    lua_setfield(L, meta, "__index");
    lua_rawsetp(L, LUA_REGISTRYINDEX, type);
    lua_pop(L, 1); /* the nil */
    binding_methods(L, type, type->methods);
}

void *binding_new(lua_State *L, const struct binding_type *type, size_t size,
                  int values)
{
    void *payload = lua_newuserdatauv(L, size, values);
    memset(payload, 0, size);
    lua_rawgetp(L, LUA_REGISTRYINDEX, type);
    lua_setmetatable(L, -2);
    return payload;
}

void *binding_test(lua_State *L, int index, const struct binding_type *type)
{
    void *payload = lua_touserdata(L, index);
    if (!payload || !lua_getmetatable(L, index))
        return NULL;
    lua_rawgetp(L, LUA_REGISTRYINDEX, type);
    int same = lua_rawequal(L, -1, -2);
    lua_pop(L, 2);
    return same ? payload : NULL;
}

void *binding_check(lua_State *L, int index, const struct binding_type *type)
{
    void *payload = binding_test(L, index, type);
    if (!payload)
        luaL_typeerror(L, index, type->name);
    return payload;
}

struct spred_env *binding_env(lua_State *L)
{
    return script_of(L)->env;
}

int binding_try(lua_State *L, enum spred_status status)
{
    if (status == SPRED_OK)
        return 0;
    return luaL_error(L, "%s", binding_env(L)->error);
}

/* ---- arguments in tables ---- */

void binding_keys(lua_State *L, int index, const char *what,
                  const char *const *names)
{
    index = lua_absindex(L, index);
    if (!lua_istable(L, index))
        luaL_error(L, "%s: expected a table, got a %s", what,
                   luaL_typename(L, index));
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
        size_t i = 0;
        if (lua_type(L, -2) != LUA_TSTRING)
            continue;
        const char *key = lua_tostring(L, -2);
        while (names[i] && strcmp(names[i], key) != 0)
            i++;
        if (names[i])
            continue;
        const char *near = spred_nearest(key, names);
        luaL_error(L, "%s: no key '%s'%s%s%s", what, key,
                   near ? " (did you mean '" : "", near ? near : "",
                   near ? "'?)" : "");
    }
}

static int wrong(lua_State *L, const char *what, const char *key,
                 const char *expected)
{
    return luaL_error(L, "%s.%s: expected %s, got a %s", what, key, expected,
                      luaL_typename(L, -1));
}

double binding_real(lua_State *L, int index, const char *what, const char *key,
                    double fallback)
{
    double value = fallback;
    if (lua_getfield(L, index, key) == LUA_TNUMBER)
        value = lua_tonumber(L, -1);
    else if (!lua_isnil(L, -1))
        wrong(L, what, key, "a number");
    if (isnan(value) && !isnan(fallback))
        luaL_error(L, "%s.%s: is not a number", what, key);
    lua_pop(L, 1);
    return value;
}

lua_Integer binding_integer(lua_State *L, int index, const char *what,
                            const char *key, lua_Integer fallback)
{
    lua_Integer value = fallback;
    int whole = 1;
    if (lua_getfield(L, index, key) == LUA_TNUMBER)
        value = lua_tointegerx(L, -1, &whole);
    else if (!lua_isnil(L, -1))
        whole = 0;
    if (!whole)
        wrong(L, what, key, "a whole number");
    lua_pop(L, 1);
    return value;
}

int binding_boolean(lua_State *L, int index, const char *what, const char *key,
                    int fallback)
{
    int value = fallback;
    if (lua_getfield(L, index, key) == LUA_TBOOLEAN)
        value = lua_toboolean(L, -1);
    else if (!lua_isnil(L, -1))
        wrong(L, what, key, "true or false");
    lua_pop(L, 1);
    return value;
}

const char *binding_text(lua_State *L, int index, const char *what,
                         const char *key, const char *fallback)
{
    const char *value = fallback;
    if (lua_getfield(L, index, key) == LUA_TSTRING)
        value = lua_tostring(L, -1);
    else if (!lua_isnil(L, -1))
        wrong(L, what, key, "a string");
    lua_pop(L, 1);
    return value;
}

int binding_function(lua_State *L, int index, const char *what, const char *key,
                     int need)
{
    if (lua_getfield(L, index, key) == LUA_TFUNCTION)
        return 1;
    if (!lua_isnil(L, -1) || need)
        wrong(L, what, key, "a function");
    return 0;
}

/* ---- what there is ---- */

static int list_docs(lua_State *L)
{
    if (lua_isnoneornil(L, 1)) {
        luaL_getsubtable(L, LUA_REGISTRYINDEX, docs_key);
        return 1;
    }
    luaL_getsubtable(L, LUA_REGISTRYINDEX, by_function_key);
    lua_pushvalue(L, 1);
    lua_rawget(L, -2);
    return 1;
}

static int type_name(lua_State *L)
{
    luaL_checkany(L, 1);
    if (luaL_getmetafield(L, 1, "__name") != LUA_TSTRING)
        lua_pushstring(L, luaL_typename(L, 1));
    return 1;
}

static const struct binding_entry functions[] = {
    {"docs", list_docs, "spred.docs([function])",
     "All doc strings, a list of tables with kind, of, name, usage and doc; or "
     "that of one function (nil: it has none)."},
    {"type", type_name, "spred.type(x)",
     "The name of a value's type: \"matrix\", \"fit\", \"number\", ..."},
    {0}};

void binding_open_docs(lua_State *L)
{
    binding_functions(L, functions);
}
