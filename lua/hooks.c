/* hooks.c: spred.hooks: functions that an experiment calls on its way. */
#include <math.h>
#include <string.h>

#include "experiments/job.h"
#include "lua/figure_kind.h"
#include "lua/part.h"

enum hook { ON_PLAN, ON_JOB_START, ON_POINT, ON_JOB_END, ON_FINISH, HOOKS };
static const char *const names[] = {"on_plan",    "on_job_start", "on_point",
                                    "on_job_end", "on_finish",    NULL};

/* Registry: references of the functions; a userdata of HOOKS ints, found by its
 * address as key, which needs no memory. */
static const char hooks_key[] = "hooks";

static int *references(lua_State *L)
{
    int *found = NULL;
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, hooks_key) == LUA_TUSERDATA)
        found = lua_touserdata(L, -1);
    lua_pop(L, 1);
    return found;
}

struct task {
    struct spred_env *env;
    const struct job *jobs;
    size_t n; /* jobs; on_point: the output */
    unsigned char *keep;
    const struct results_record *record;
    const struct spred_host_point *point;
    const char *folder;
    char **skip;
    int *stop;
};

static enum spred_status call(void *self, enum hook hook, lua_CFunction work,
                              struct task *task)
{
    struct script *script = self;
    int *found = references(script->L);
    enum spred_status status =
        part_call_script(script, task->env, found[hook], work, task);
    if (status != SPRED_OK && status != SPRED_EINTERRUPTED) {
        char text[SPRED_ERROR_MAX];
        memcpy(text, task->env->error, sizeof text);
        spred_fail(task->env, status, "%s: %.900s", names[hook], text);
    }
    return status;
}

static void push_job(lua_State *L, struct spred_env *env, const struct job *job)
{
    char key[SPRED_HEX_SIZE];
    part_push_row(L, job_columns, job);
    if (job_key(env, job, key) != SPRED_OK)
        luaL_error(L, "%s", env->error);
    lua_pushstring(L, key);
    lua_setfield(L, -2, "key");
}

static int plan(lua_State *L)
{
    struct task *task = lua_touserdata(L, 1);
    lua_createtable(L, (int)task->n, 0);
    for (size_t i = 0; i < task->n; i++) {
        push_job(L, task->env, &task->jobs[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    lua_call(L, 1, 1);
    if (lua_isnil(L, -1))
        return 0; /* all of them */
    if (!lua_istable(L, -1))
        return luaL_error(L, "expected a list of job numbers or nil, got a %s",
                          luaL_typename(L, -1));
    memset(task->keep, 0, task->n);
    lua_Integer count = luaL_len(L, -1);
    for (lua_Integer i = 1; i <= count; i++) {
        int whole;
        lua_geti(L, -1, i);
        lua_Integer at = lua_tointegerx(L, -1, &whole);
        if (!whole || at < 1 || (size_t)at > task->n)
            return luaL_error(L, "[%I]: expected a job number from 1 to %I", i,
                              (lua_Integer)task->n);
        task->keep[at - 1] = 1;
        lua_pop(L, 1);
    }
    return 0;
}

static enum spred_status on_plan(void *self, struct spred_env *env,
                                 const struct job *jobs, size_t n,
                                 unsigned char *keep)
{
    struct task task = {.env = env, .jobs = jobs, .n = n, .keep = keep};
    return call(self, ON_PLAN, plan, &task);
}

static int job_start(lua_State *L)
{
    struct task *task = lua_touserdata(L, 1);
    push_job(L, task->env, task->jobs);
    lua_call(L, 1, 1);
    if (lua_isnil(L, -1))
        return 0;
    if (lua_type(L, -1) != LUA_TSTRING)
        return luaL_error(L,
                          "expected the reason to skip, a string, or nil; "
                          "got a %s",
                          luaL_typename(L, -1));
    *task->skip = spred_strdup(task->env, lua_tostring(L, -1));
    return *task->skip ? 0 : luaL_error(L, "%s", task->env->error);
}

static enum spred_status on_job_start(void *self, struct spred_env *env,
                                      const struct job *job, char **skip)
{
    struct task task = {.env = env, .jobs = job, .skip = skip};
    *skip = NULL;
    return call(self, ON_JOB_START, job_start, &task);
}

static void push_point(lua_State *L, const struct task *task)
{
    const struct spred_host_point *p = task->point;
    const struct spred_certificate *c = &p->certificate;
    const struct {
        const char *name;
        double value;
    } reals[] = {{"lambda", p->lambda}, {"seconds", p->seconds},
                 {"passes", p->passes}, {"seconds_path", p->seconds_path},
                 {"primal", c->primal}, {"dual", c->convex ? c->dual : NAN},
                 {"floor", c->floor},   {"gap", c->convex ? c->gap : NAN},
                 {"kkt", c->kkt}};
    const struct {
        const char *name;
        lua_Integer value;
    } integers[] = {{"output", (lua_Integer)task->n},
                    {"lambda_index", (lua_Integer)p->lambda_index + 1},
                    {"step", p->step},
                    {"support", (lua_Integer)c->support}};
    lua_newtable(L);
    for (size_t i = 0; i < sizeof reals / sizeof *reals; i++) {
        lua_pushnumber(L, reals[i].value);
        lua_setfield(L, -2, reals[i].name);
    }
    for (size_t i = 0; i < sizeof integers / sizeof *integers; i++) {
        lua_pushinteger(L, integers[i].value);
        lua_setfield(L, -2, integers[i].name);
    }
    if (p->stop != SPRED_STOP_NONE) {
        lua_pushstring(L, spred_stop_name(p->stop));
        lua_setfield(L, -2, "stop");
    }
}

static int point(lua_State *L)
{
    struct task *task = lua_touserdata(L, 1);
    push_point(L, task);
    push_job(L, task->env, task->jobs);
    lua_call(L, 2, 1);
    *task->stop = lua_toboolean(L, -1);
    return 0;
}

static enum spred_status on_point(void *self, struct spred_env *env,
                                  const struct job *job, size_t output,
                                  const struct spred_host_point *at, int *stop)
{
    struct task task = {
        .env = env, .jobs = job, .n = output, .point = at, .stop = stop};
    *stop = 0;
    return call(self, ON_POINT, point, &task);
}

static int job_end(lua_State *L)
{
    const struct task *task = lua_touserdata(L, 1);
    part_push_row(L, results_run_columns, &task->record->run);
    lua_call(L, 1, 0);
    return 0;
}

static enum spred_status on_job_end(void *self, struct spred_env *env,
                                    const struct results_record *record)
{
    struct task task = {.env = env, .record = record};
    return call(self, ON_JOB_END, job_end, &task);
}

static int finish(lua_State *L)
{
    const struct task *task = lua_touserdata(L, 1);
    lua_pushstring(L, task->folder);
    lua_call(L, 1, 0);
    return 0;
}

static enum spred_status on_finish(void *self, struct spred_env *env,
                                   const char *folder)
{
    struct task task = {.env = env, .folder = folder};
    return call(self, ON_FINISH, finish, &task);
}

static int declare(lua_State *L)
{
    static const char what[] = "spred.hooks";
    binding_keys(L, 1, what, names);
    lua_settop(L, 1);
    int *found = references(L);
    if (!found) {
        found = lua_newuserdatauv(L, HOOKS * sizeof *found, 0);
        for (int i = 0; i < HOOKS; i++)
            found[i] = LUA_NOREF;
        lua_rawsetp(L, LUA_REGISTRYINDEX, hooks_key);
    }
    struct parts *parts = declare_parts(L);
    for (int i = 0; i < HOOKS; i++) {
        if (!binding_function(L, 1, what, names[i], 0)) {
            lua_pop(L, 1);
            continue;
        }
        if (found[i] != LUA_NOREF)
            return luaL_error(L, "%s: %s is declared twice", what, names[i]);
        found[i] = luaL_ref(L, LUA_REGISTRYINDEX);
    }
    parts->on_plan = found[ON_PLAN] != LUA_NOREF ? on_plan : NULL;
    parts->on_job_start =
        found[ON_JOB_START] != LUA_NOREF ? on_job_start : NULL;
    parts->on_point = found[ON_POINT] != LUA_NOREF ? on_point : NULL;
    parts->on_job_end = found[ON_JOB_END] != LUA_NOREF ? on_job_end : NULL;
    parts->on_finish = found[ON_FINISH] != LUA_NOREF ? on_finish : NULL;
    return 0;
}

static int declare_figure(lua_State *L)
{
    static const char what[] = "spred.figure";
    static const char *const keys[] = {"name", "doc", "draw", NULL};
    binding_keys(L, 1, what, keys);
    lua_settop(L, 1);
    const char *name = binding_text(L, 1, what, "name", NULL);
    declare_check_name(L, DECLARE_FIGURE, what, name);
    binding_function(L, 1, what, "draw", 1);
    figure_kind_add(L, name, -1);
    lua_getfield(L, 1, "name"); /* the text lives as long as it is kept */
    declare_add(L, DECLARE_FIGURE, name, -1);
    return 0;
}

static const struct binding_entry functions[] = {
    {"hooks", declare,
     "spred.hooks{on_plan=, on_job_start=, on_point=, on_job_end=, on_finish=}",
     "Functions that an experiment with this script calls. In the program: "
     "on_plan(jobs) may return a list of the job numbers to keep; "
     "on_job_end(run) gets the row that was stored; on_finish(folder) comes "
     "after the figures. In the worker: on_job_start(job) may return a reason "
     "to skip the job; on_point(point, job) sees every observation, and stops "
     "the run by returning true. An error of a hook is an error row in a "
     "worker "
     "and ends the program with exit code 2."},
    {"figure", declare_figure,
     "spred.figure{name=, doc=, draw=function(results)}",
     "Declares a figure for `figures:`: draw gets the `results` and returns "
     "the "
     "table of spred.plot (nil: nothing to draw)."},
    {0}};

void binding_open_hooks(lua_State *L)
{
    part_open(L);
    binding_functions(L, functions);
}
