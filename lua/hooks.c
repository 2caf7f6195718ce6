/* hooks.c: spred.hooks: Lua functions that an experiment calls on its way. */
#include <math.h>
#include <string.h>

#include "experiments/job.h"
#include "lua/matrix.h"
#include "lua/part.h"

enum { ON_PLAN, ON_JOB_START, ON_POINT, ON_JOB_END, ON_FINISH, HOOKS };
/* Their addresses are the registry's keys of the functions. */
static const char *const names[HOOKS + 1] = {
    "on_plan", "on_job_start", "on_point", "on_job_end", "on_finish", NULL};

struct hook_task {
    struct part_task task; /* first */
    int hook;
    const struct job *jobs;
    size_t n;
    unsigned char *keep;
    char *skip;
    size_t output;
    const struct spred_host_point *point;
    int stop;
    const struct results_record *record;
    const char *folder;
};

static enum spred_status run(void *self, struct spred_env *env,
                             struct hook_task *task, int hook,
                             lua_CFunction body)
{
    task->hook = hook;
    task->task.script = self;
    task->task.env = env;
    task->task.what = "hook";
    task->task.name = names[hook];
    return part_run(&task->task, body);
}

static void push_hook(lua_State *L, const struct hook_task *task)
{
    lua_rawgetp(L, LUA_REGISTRYINDEX, &names[task->hook]);
}

static int plan_body(lua_State *L)
{
    struct hook_task *task = lua_touserdata(L, 1);
    push_hook(L, task);
    lua_createtable(L, (int)task->n, 0);
    for (size_t i = 0; i < task->n; i++) {
        part_push_job(L, &task->jobs[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    part_call(L, &task->task, 1, 1);
    if (lua_isnil(L, -1))
        return 0; /* all of them */
    size_t count;
    const size_t *places = matrix_places(L, -1, task->n, "job", &count);
    memset(task->keep, 0, task->n);
    for (size_t k = 0; k < count; k++)
        task->keep[places[k]] = 1;
    return 0;
}

static enum spred_status on_plan(void *self, struct spred_env *env,
                                 const struct job *jobs, size_t n,
                                 unsigned char *keep)
{
    struct hook_task task = {.jobs = jobs, .n = n, .keep = keep};
    return run(self, env, &task, ON_PLAN, plan_body);
}

static int start_body(lua_State *L)
{
    struct hook_task *task = lua_touserdata(L, 1);
    push_hook(L, task);
    part_push_job(L, task->jobs);
    part_call(L, &task->task, 1, 1);
    if (!lua_toboolean(L, -1))
        return 0;
    if (lua_type(L, -1) != LUA_TSTRING)
        return luaL_error(L,
                          "it returned a %s, expected nil or a string, the "
                          "reason to skip the job",
                          luaL_typename(L, -1));
    task->skip = spred_strdup(task->task.env, lua_tostring(L, -1));
    if (!task->skip)
        return luaL_error(L, "not enough memory");
    for (char *c = task->skip; *c; c++) /* a reason is one line */
        if (*c == '\n')
            *c = ' ';
    return 0;
}

static enum spred_status on_job_start(void *self, struct spred_env *env,
                                      const struct job *job, char **skip)
{
    struct hook_task task = {.jobs = job};
    enum spred_status status = run(self, env, &task, ON_JOB_START, start_body);
    *skip = task.skip;
    return status;
}

static void set_real(lua_State *L, const char *name, double value)
{
    if (isnan(value))
        return;
    lua_pushnumber(L, value);
    lua_setfield(L, -2, name);
}

static void set_count(lua_State *L, const char *name, lua_Integer value)
{
    lua_pushinteger(L, value);
    lua_setfield(L, -2, name);
}

static int point_body(lua_State *L)
{
    struct hook_task *task = lua_touserdata(L, 1);
    const struct spred_host_point *point = task->point;
    const struct spred_certificate *c = &point->certificate;
    push_hook(L, task);
    lua_createtable(L, 0, 16);
    set_count(L, "output", (lua_Integer)task->output + 1);
    set_count(L, "lambda_index", (lua_Integer)point->lambda_index + 1);
    set_count(L, "step", point->step);
    set_count(L, "support", (lua_Integer)c->support);
    set_real(L, "lambda", point->lambda);
    set_real(L, "seconds", point->seconds);
    set_real(L, "seconds_path", point->seconds_path);
    set_real(L, "passes", point->passes);
    if (c->convex) {
        set_real(L, "gap", c->gap);
        set_real(L, "dual", c->dual);
    }
    set_real(L, "primal", c->primal);
    set_real(L, "floor", c->floor);
    set_real(L, "kkt", c->kkt);
    if (point->stop != SPRED_STOP_NONE) {
        lua_pushstring(L, spred_stop_name(point->stop));
        lua_setfield(L, -2, "stop");
    }
    part_call(L, &task->task, 1, 1);
    if (!lua_isnil(L, -1) && !lua_isboolean(L, -1))
        return luaL_error(L,
                          "it returned a %s, expected nil, or true to stop the "
                          "run",
                          luaL_typename(L, -1));
    task->stop = lua_toboolean(L, -1);
    return 0;
}

static enum spred_status on_point(void *self, struct spred_env *env,
                                  const struct job *job, size_t output,
                                  const struct spred_host_point *point,
                                  int *stop)
{
    struct hook_task task = {.jobs = job, .output = output, .point = point};
    enum spred_status status = run(self, env, &task, ON_POINT, point_body);
    *stop = task.stop;
    return status;
}

static int end_body(lua_State *L)
{
    struct hook_task *task = lua_touserdata(L, 1);
    const struct results_record *record = task->record;
    push_hook(L, task);
    part_push_row(L, results_run_columns, &record->run);
    lua_newtable(L);
    for (size_t i = 0; i < record->n_metrics; i++)
        set_real(L, record->metrics[i].name, record->metrics[i].value);
    lua_setfield(L, -2, "metrics");
    part_call(L, &task->task, 1, 0);
    return 0;
}

static enum spred_status on_job_end(void *self, struct spred_env *env,
                                    const struct results_record *record)
{
    struct hook_task task = {.record = record};
    return run(self, env, &task, ON_JOB_END, end_body);
}

static int finish_body(lua_State *L)
{
    struct hook_task *task = lua_touserdata(L, 1);
    push_hook(L, task);
    lua_pushstring(L, task->folder);
    part_call(L, &task->task, 1, 0);
    return 0;
}

static enum spred_status on_finish(void *self, struct spred_env *env,
                                   const char *folder)
{
    struct hook_task task = {.folder = folder};
    return run(self, env, &task, ON_FINISH, finish_body);
}

static int set_hooks(lua_State *L)
{
    int given[HOOKS];
    binding_keys(L, 1, "spred.hooks", names);
    for (int k = 0; k < HOOKS; k++) {
        given[k] = binding_function(L, 1, "spred.hooks", names[k], 0);
        if (given[k] &&
            lua_rawgetp(L, LUA_REGISTRYINDEX, &names[k]) != LUA_TNIL)
            return luaL_error(
                L, "spred.hooks: the script has a hook %s already", names[k]);
        lua_settop(L, 1);
    }
    struct parts *parts = declare_parts(L);
    for (int k = 0; k < HOOKS; k++)
        if (given[k]) {
            lua_getfield(L, 1, names[k]);
            lua_rawsetp(L, LUA_REGISTRYINDEX, &names[k]);
        }
    parts->on_plan = given[ON_PLAN] ? on_plan : parts->on_plan;
    parts->on_job_start =
        given[ON_JOB_START] ? on_job_start : parts->on_job_start;
    parts->on_point = given[ON_POINT] ? on_point : parts->on_point;
    parts->on_job_end = given[ON_JOB_END] ? on_job_end : parts->on_job_end;
    parts->on_finish = given[ON_FINISH] ? on_finish : parts->on_finish;
    return 0;
}

void binding_open_hooks(lua_State *L)
{
    static const struct binding_entry functions[] = {
        {"hooks", set_hooks,
         "spred.hooks{on_plan=function(jobs), on_job_start=function(job), "
         "on_point=function(point), on_job_end=function(run), "
         "on_finish=function(folder)}",
         "Sets functions that an experiment calls: on_plan before anything "
         "runs (may return a list of the job numbers to keep), on_job_start "
         "in the worker (a string it returns is the reason to skip the job), "
         "on_point there at every certified observation (true stops the run), "
         "on_job_end after a job's rows were stored, on_finish after the "
         "last, with the folder of the results. Job and run are tables with "
         "the columns of the store. Each hook can be set once."},
        {NULL, NULL, NULL, NULL}};
    binding_functions(L, functions);
}
