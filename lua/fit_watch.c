/* fit_watch.c: on_point of spred.solve and spred.path, and the progress. */
#include "lua/fit_watch.h"

#include <math.h>

struct telling {
    const struct fit_watch *watch;
    const struct spred_host_point *point;
    int *alive; /* of the views of w and b */
    int stop;
};

static void set_number(lua_State *L, const char *key, double value)
{
    lua_pushnumber(L, value);
    lua_setfield(L, -2, key);
}

static void set_views(lua_State *L, struct telling *t)
{
    const struct path *path = &t->watch->fit->path;
    size_t outputs = path->outputs / path->problems;
    int table = lua_gettop(L);
    int *alive = lua_newuserdatauv(L, sizeof *alive, 0);
    int owner = lua_gettop(L);
    *alive = 1;
    t->alive = alive;
    binding_matrix_view(L, owner, alive, (double *)(size_t)t->point->w,
                        path->trial.p, outputs, 1);
    lua_setfield(L, table, "w");
    binding_matrix_view(L, owner, alive, (double *)(size_t)t->point->b, outputs,
                        1, 1);
    lua_setfield(L, table, "b");
    lua_pushvalue(L, owner); /* keeps `alive` until the call is over */
    lua_replace(L, 1);
    lua_settop(L, table);
}

static int tell(lua_State *L)
{
    struct telling *t = lua_touserdata(L, 1);
    const struct spred_host_point *p = t->point;
    const struct spred_certificate *c = &p->certificate;
    lua_rawgetp(L, LUA_REGISTRYINDEX, t->watch->fit);
    lua_createtable(L, 0, 16);
    lua_pushinteger(L, (lua_Integer)p->lambda_index + 1);
    lua_setfield(L, -2, "lambda_index");
    lua_pushinteger(L, (lua_Integer)p->step);
    lua_setfield(L, -2, "step");
    lua_pushinteger(L, (lua_Integer)c->support);
    lua_setfield(L, -2, "support");
    set_number(L, "lambda", p->lambda);
    set_number(L, "seconds", p->seconds);
    set_number(L, "seconds_path", p->seconds_path);
    set_number(L, "passes", p->passes);
    set_number(L, "primal", c->primal);
    set_number(L, "dual", c->convex ? c->dual : NAN);
    set_number(L, "gap", c->convex ? c->gap : NAN);
    set_number(L, "floor", c->floor);
    set_number(L, "kkt", c->kkt);
    if (p->stop != SPRED_STOP_NONE) {
        lua_pushstring(L, spred_stop_name(p->stop));
        lua_setfield(L, -2, "stop");
    }
    set_views(L, t);
    int code = lua_pcall(L, 1, 1, 0);
    *t->alive = 0;
    if (code != LUA_OK)
        return lua_error(L);
    t->stop = lua_toboolean(L, -1);
    return 0;
}

enum spred_status fit_watch_see(void *self,
                                const struct spred_host_point *point, int *stop)
{
    const struct fit_watch *watch = self;
    struct script *script = watch->script;
    size_t n = watch->fit->path.n_lambda;
    *stop = 0;
    if (script->progress && point->stop != SPRED_STOP_NONE)
        script->progress(script->progress_cookie, watch->what,
                         (double)(point->lambda_index + 1) / (double)n);
    if (!watch->watched)
        return SPRED_OK;
    struct telling telling = {.watch = watch, .point = point};
    if (!lua_checkstack(script->L, 4))
        return spred_fail(script->env, SPRED_ENOMEM, "no room on Lua's stack");
    lua_pushcfunction(script->L, tell);
    lua_pushlightuserdata(script->L, &telling);
    SPRED_TRY(script_call(script, 1, 0));
    *stop = telling.stop;
    return SPRED_OK;
}
