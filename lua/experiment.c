/* experiment.c: spred.experiment: a whole experiment from a script. */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "experiments/parts.h"
#include "experiments/plan.h"
#include "lua/part.h"
#include "lua/bench.h"
#include "lua/declare.h"
#include "lua/results.h"
#include "lua/tree.h"
#include "spred/file.h"

/* The payload; user value 1: the spec. */
struct lua_experiment {
    struct spec *spec;
};

static const struct binding_type binding_experiment;
static const struct binding_type plan_type;

static struct spec *check(lua_State *L)
{
    struct lua_experiment *e = binding_check(L, 1, &binding_experiment);
    return e->spec;
}

static int free_plan(lua_State *L)
{
    plan_free(binding_env(L), lua_touserdata(L, 1));
    return 0;
}

/* What the console has declared, as a file that the workers can read. */
static enum spred_status write_script(struct script *script, struct spec *spec,
                                      const char *output)
{
    struct spred_env *env = script->env;
    size_t length = script->sources ? strlen(script->sources) : 0;
    if (script->path || !length)
        return SPRED_OK;
    char *folder = spred_format(env, "%s/%s", output, spec->name);
    char *path = spred_format(env, "%s/%s/console.lua", output, spec->name);
    enum spred_status status = folder && path ? SPRED_OK : SPRED_ENOMEM;
    if (status == SPRED_OK)
        status = spred_make_folders(env, folder, 0777);
    if (status == SPRED_OK) /* the reader adds the last newline itself */
        status = spred_write_file(env, path, script->sources, length - 1);
    spred_free(env, folder);
    if (status == SPRED_OK) {
        spred_free(env, spec->script);
        spec->script = path;
    } else {
        spred_free(env, path);
    }
    return status;
}

static const char *output_of(const struct script *script)
{
    return script->options.output ? script->options.output : "results";
}

/* Everything that was declared since the spec was read counts, too. */
static void seal(lua_State *L, struct spec *spec, const char *output)
{
    struct script *script = script_of(L);
    if (script->parts) {
        binding_try(L, declare_seal(script));
        if (!spec->opened)
            spec->parts = script->parts;
    }
    script->hook_seconds = spec->limits.script;
    binding_try(L, write_script(script, spec, output));
}

/* ---- plan ---- */

static int make_plan(lua_State *L)
{
    struct script *script = script_of(L);
    struct spec *spec = check(L);
    const struct spred_fetch_options fetch = {0};
    if (script->options.worker)
        return script_end(L);
    seal(L, spec, output_of(script));
    struct plan *plan = binding_new(L, &plan_type, sizeof *plan, 0);
    binding_try(L, plan_make(script->env, spec, &fetch, plan));
    lua_createtable(L, (int)plan->n_jobs, 0);
    for (size_t i = 0; i < plan->n_jobs; i++) {
        part_push_job(L, &plan->jobs[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    return 1;
}

/* ---- run ---- */

static void push_totals(lua_State *L, const struct exec_totals *totals)
{
    const struct {
        const char *key;
        size_t count;
    } counts[] = {{"known", totals->known},
                  {"done", totals->done},
                  {"failed", totals->failed},
                  {"refuted", totals->refuted},
                  {"failed_before", totals->failed_before},
                  {"refuted_before", totals->refuted_before}};
    lua_createtable(L, 0, sizeof counts / sizeof *counts);
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        lua_pushinteger(L, (lua_Integer)counts[i].count);
        lua_setfield(L, -2, counts[i].key);
    }
}

static int run(lua_State *L)
{
    static const char what[] = "experiment:run";
    static const char *const keys[] = {"jobs",   "output",       "quiet",
                                       "tables", "retry_failed", NULL};
    struct script *script = script_of(L);
    struct spec *spec = check(L);
    struct exec_totals totals = {0};
    if (script->options.worker)
        return script_end(L);
    lua_settop(L, 2);
    if (lua_isnil(L, 2)) {
        lua_newtable(L);
        lua_replace(L, 2);
    }
    binding_keys(L, 2, what, keys);
    lua_Integer jobs = binding_integer(L, 2, what, "jobs", 1);
    if (jobs < 1 || jobs > 1024)
        return luaL_error(L, "%s.jobs: expected 1 to 1024, got %I", what, jobs);
    struct progress bar = {.terminal = isatty(2),
                           .quiet = binding_boolean(L, 2, what, "quiet", 0)};
    const char *command = lua_pushfstring(
        L, "spredbench script %s", script->path ? script->path : "(console)");
    const char *output = lua_pushstring(
        L, binding_text(L, 2, what, "output", output_of(script)));
    struct bench bench = {
        .output = output, /* kept on the stack: a hook may change the table */
        .command = command,
        .workers = (size_t)jobs,
        .retry_failed = binding_boolean(L, 2, what, "retry_failed", 0),
        .fetch = {.progress = progress_download, .progress_cookie = &bar},
        .bar = &bar,
        .tables =
            binding_boolean(L, 2, what, "tables", !bar.quiet) ? stdout : NULL};
    seal(L, spec, bench.output);
    fflush(stdout);
    binding_try(L, bench_run(script->env, &bench, spec, &totals));
    if (totals.interrupted)
        return luaL_error(L, "interrupted");
    binding_results_open(L,
                         lua_pushfstring(L, "%s/%s", bench.output, spec->name));
    push_totals(L, &totals);
    return 2;
}

/* ---- the experiment ---- */

static int get_resolved(lua_State *L)
{
    lua_pushstring(L, check(L)->resolved);
    return 1;
}

static int get_name(lua_State *L)
{
    lua_pushstring(L, check(L)->name);
    return 1;
}

static int to_text(lua_State *L)
{
    const struct spec *spec = check(L);
    lua_pushfstring(L,
                    "experiment %s: %I data sets, %I problems, %I solvers, %I "
                    "models, %I trials",
                    spec->name, (lua_Integer)spec->n_datasets,
                    (lua_Integer)spec->n_problems, (lua_Integer)spec->n_solvers,
                    (lua_Integer)spec->n_models,
                    (lua_Integer)spec->protocol.trials);
    return 1;
}

/* "dir/genes.lua" -> "genes": a script's experiment is called as the script. */
static void add_name(lua_State *L, struct spec_document *doc)
{
    const char *path = script_of(L)->path;
    const char *slash = path ? strrchr(path, '/') : NULL;
    const char *base = slash ? slash + 1 : path ? path : "console";
    size_t length = strlen(base);
    if (length > 4 && strcmp(base + length - 4, ".lua") == 0)
        length -= 4;
    lua_pushlstring(L, base, length);
    tree_add(L, doc, doc->root, "name",
             tree_node(L, doc, SPEC_NODE_TEXT, lua_tostring(L, -1)));
    lua_pop(L, 1);
}

static int make(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    struct spec_document *doc = tree_new(L, "spred.experiment");
    doc->root = tree_value(L, doc, 1);
    if (doc->root->kind == SPEC_NODE_MAP &&
        !spec_node_get(doc->root, "version"))
        tree_add(L, doc, doc->root, "version",
                 tree_node(L, doc, SPEC_NODE_NUMBER, "1"));
    if (doc->root->kind == SPEC_NODE_MAP && !spec_node_get(doc->root, "name"))
        add_name(L, doc);
    if (script_of(L)->options.worker && spec_node_get(doc->root, "script"))
        return script_end(L);
    struct spec *spec = tree_spec(L);
    tree_read(L, doc, spec);
    struct lua_experiment *e =
        binding_new(L, &binding_experiment, sizeof *e, 1);
    lua_pushvalue(L, -2);
    lua_setiuservalue(L, -2, 1);
    e->spec = spec;
    return 1;
}

static const struct binding_entry methods[] = {
    {"plan", make_plan, "experiment:plan()",
     "The jobs that run() would do, a list of tables with dataset, problem, "
     "solver (or model), options, trial, ... Data sets are loaded for it."},
    {"run", run,
     "experiment:run{jobs=1, output=, quiet=, tables=, retry_failed=}",
     "Does the jobs that are not stored yet, in worker processes, so many at "
     "once; writes tables, figures and the report. Gives the results and a "
     "table with the numbers of jobs: known, done, failed, refuted, and of the "
     "known failed_before (retry_failed runs them again), refuted_before. A "
     "worker reads the script up to its first run() or plan()."},
    {"__tostring", to_text, NULL, NULL},
    {0}};
static const struct binding_entry properties[] = {
    {"name", get_name, "experiment.name", "Its name, also the results folder."},
    {"resolved", get_resolved, "experiment.resolved",
     "The experiment file with every default, as text."},
    {0}};
static const struct binding_type binding_experiment = {
    "experiment", "Data sets, and the solvers and models that are compared.",
    methods, properties, NULL};
static const struct binding_entry plan_methods[] = {
    {"__gc", free_plan, NULL, NULL}, {0}};
static const struct binding_type plan_type = {"plan", "Jobs to do.",
                                              plan_methods, NULL, NULL};

void binding_open_experiment(lua_State *L)
{
    static const struct binding_entry functions[] = {
        {"experiment", make,
         "spred.experiment{name=, seed=, datasets=, problem=, solvers=, "
         "models=, protocol=, stop=, ...}",
         "An experiment with the keys of an experiment file; its solvers, "
         "losses, penalties, protocols, loaders and figures may be those that "
         "the script declares. Times are in seconds, or texts with a unit."},
        {0}};
    binding_type(L, &binding_experiment);
    binding_type(L, &plan_type);
    binding_functions(L, functions);
}
