/* results.c: spred.results: rows, queries and figures of a store. */
#define _POSIX_C_SOURCE 200809L
#include "lua/results.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lua/figure.h"
#include "lua/figure_kind.h"
#include "plots/plots.h"
#include "results/export.h"
#include "results/show.h"

#define NAMES_MOST 200
#define SQL_SECONDS 30.0 /* of one question */

/* What C hands over, until Lua has it: freed by __gc whatever happens. */
struct loan {
    struct spred_env *env;
    struct results_answer answer;
    struct results_table table;
    struct spred_buffer text;
    char **names;
};

static int free_loan(lua_State *L)
{
    struct loan *loan = lua_touserdata(L, 1);
    results_answer_free(loan->env, &loan->answer);
    results_table_free(loan->env, &loan->table);
    spred_free(loan->env, loan->text.text);
    plots_names_free(loan->env, loan->names);
    loan->text.text = NULL;
    loan->names = NULL;
    return 0;
}

static struct loan *new_loan(lua_State *L)
{
    struct loan *loan = lua_newuserdatauv(L, sizeof *loan, 0);
    memset(loan, 0, sizeof *loan);
    loan->env = binding_env(L);
    if (luaL_newmetatable(L, "spred.loan")) {
        lua_pushcfunction(L, free_loan);
        lua_setfield(L, -2, "__gc");
    }
    lua_setmetatable(L, -2);
    return loan;
}

struct lua_results *binding_results_check(lua_State *L, int index)
{
    struct lua_results *results = binding_check(L, index, &binding_results);
    if (!results->view)
        luaL_error(L, "these results are closed");
    return results;
}

/* ---- answers to Lua ---- */

static void push_value(lua_State *L, const struct results_value *value)
{
    if (value->kind == RESULTS_WHOLE)
        lua_pushinteger(L, value->whole);
    else if (value->kind == RESULTS_NUMBER)
        lua_pushnumber(L, value->number);
    else if (value->kind == RESULTS_BYTES)
        lua_pushlstring(L, value->bytes, value->length);
    else
        lua_pushnil(L);
}

/* A list of tables; no value: no field. */
static int push_answer(lua_State *L, const struct results_answer *answer)
{
    lua_createtable(L, (int)answer->n_rows, 0);
    for (size_t i = 0; i < answer->n_rows; i++) {
        lua_createtable(L, 0, (int)answer->n_columns);
        for (size_t j = 0; j < answer->n_columns; j++) {
            push_value(L, &answer->values[i * answer->n_columns + j]);
            lua_setfield(L, -2, answer->names[j]);
        }
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    return 1;
}

static int push_table(lua_State *L, const struct results_table *table)
{
    lua_createtable(L, (int)table->n_rows, 0);
    for (size_t i = 0; i < table->n_rows; i++) {
        lua_createtable(L, 0, (int)table->n_columns);
        for (size_t j = 0; j < table->n_columns; j++) {
            const struct results_head *head = &table->heads[j];
            const struct results_cell *cell =
                &table->cells[i * table->n_columns + j];
            double real = cell->real;
            if (head->kind == RESULTS_TEXT)
                lua_pushstring(L, cell->text);
            else if (isnan(real))
                lua_pushnil(L);
            else if (head->kind == RESULTS_INT && fabs(real) < 9e15 &&
                     real == floor(real))
                lua_pushinteger(L, (lua_Integer)real);
            else
                lua_pushnumber(L, real);
            lua_setfield(L, -2, head->name);
        }
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    return 1;
}

static int push_text(lua_State *L, const struct loan *loan)
{
    lua_pushlstring(L, loan->text.text ? loan->text.text : "",
                    loan->text.length);
    return 1;
}

/* ---- opening ---- */

static int close_results(lua_State *L)
{
    struct lua_results *results = lua_touserdata(L, 1);
    struct spred_env *env = results->env;
    if (!env)
        return 0;
    results_view_close(results->view);
    spred_free(env, results->folder);
    spred_free(env, results->db);
    spred_free(env, results->name);
    results->view = NULL;
    results->folder = results->db = results->name = NULL;
    return 0;
}

static enum spred_status open_results(struct lua_results *results,
                                      const char *folder)
{
    struct spred_env *env = results->env;
    size_t length = strlen(folder);
    while (length > 1 && folder[length - 1] == '/')
        length--;
    results->folder = spred_strndup(env, folder, length);
    if (!results->folder)
        return SPRED_ENOMEM;
    const char *slash = strrchr(results->folder, '/');
    results->name =
        spred_strdup(env, slash && slash[1] ? slash + 1 : results->folder);
    results->db = spred_format(env, "%s/results.db", results->folder);
    if (!results->name || !results->db)
        return SPRED_ENOMEM;
    return results_view_open(env, results->db, &results->view);
}

struct lua_results *binding_results_open(lua_State *L, const char *folder)
{
    struct lua_results *results =
        binding_new(L, &binding_results, sizeof *results, 0);
    results->env = binding_env(L);
    binding_try(L, open_results(results, folder));
    return results;
}

static int has_store(lua_State *L, const char *folder)
{
    const char *db = lua_pushfstring(L, "%s/results.db", folder);
    int found = access(db, F_OK) == 0;
    lua_pop(L, 1);
    return found;
}

/* The nearest name of the folders in `output`, into near; 0: none. */
static int nearest_folder(const char *output, const char *name, char near[256])
{
    char names[NAMES_MOST][64];
    const char *list[NAMES_MOST + 1];
    size_t n = 0;
    DIR *folder = opendir(output);
    for (struct dirent *e; folder && (e = readdir(folder)) && n < NAMES_MOST;)
        if (e->d_name[0] != '.' && strlen(e->d_name) < sizeof names[0]) {
            strcpy(names[n], e->d_name);
            list[n] = names[n];
            n++;
        }
    if (folder)
        closedir(folder);
    list[n] = NULL;
    const char *found = spred_nearest(name, list);
    snprintf(near, 256, "%s", found ? found : "");
    return found != NULL;
}

static int open_by_name(lua_State *L)
{
    const char *name = luaL_checkstring(L, 1);
    const char *output = script_of(L)->options.output;
    if (!output)
        output = "results";
    if (!strchr(name, '/')) {
        const char *folder = lua_pushfstring(L, "%s/%s", output, name);
        if (has_store(L, folder)) {
            binding_results_open(L, folder);
            return 1;
        }
    }
    if (!has_store(L, name)) {
        char near[256];
        int found = nearest_folder(output, name, near);
        return luaL_error(
            L,
            "no results '%s': looked for %s%s%s/results.db"
            "%s%s%s",
            name, strchr(name, '/') ? "" : output, strchr(name, '/') ? "" : "/",
            name, found ? " (did you mean '" : "", near, found ? "'?)" : "");
    }
    binding_results_open(L, name);
    return 1;
}

/* ---- methods ---- */

static int rows_of(lua_State *L, const char *table)
{
    static const char *const keys[] = {"dataset", "solver", "problem", "status",
                                       NULL};
    struct lua_results *r = binding_results_check(L, 1);
    struct results_filter filter = {NULL, NULL, NULL, NULL};
    lua_settop(L, 2);
    const char *what = lua_pushfstring(L, "results:%s", table);
    if (!lua_isnil(L, 2)) {
        binding_keys(L, 2, what, keys);
        filter.dataset = binding_text(L, 2, what, "dataset", NULL);
        filter.solver = binding_text(L, 2, what, "solver", NULL);
        filter.problem = binding_text(L, 2, what, "problem", NULL);
        filter.status = binding_text(L, 2, what, "status", NULL);
    }
    struct loan *loan = new_loan(L);
    binding_try(L,
                results_rows(r->env, r->view, table, &filter, &loan->answer));
    return push_answer(L, &loan->answer);
}

static int rows(lua_State *L)
{
    return rows_of(L, "runs");
}

static int query(lua_State *L)
{
    struct lua_results *r = binding_results_check(L, 1);
    const char *name = luaL_checkstring(L, 2);
    struct loan *loan = new_loan(L);
    binding_try(L, results_query(r->env, r->view, name, &loan->table));
    return push_table(L, &loan->table);
}

static int queries(lua_State *L)
{
    binding_results_check(L, 1);
    lua_newtable(L);
    for (size_t i = 0; results_query_names()[i]; i++) {
        lua_pushstring(L, results_query_names()[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    return 1;
}

static int sql(lua_State *L)
{
    struct lua_results *r = binding_results_check(L, 1);
    size_t length;
    const char *text = luaL_checklstring(L, 2, &length);
    luaL_argcheck(L, strlen(text) == length, 2, "SQL holds no NUL");
    int n = lua_gettop(L) - 2;
    struct results_value *values =
        lua_newuserdatauv(L, (size_t)(n + 1) * sizeof *values, 0);
    memset(values, 0, (size_t)(n + 1) * sizeof *values);
    for (int i = 0; i < n; i++) {
        struct results_value *v = &values[i];
        int type = lua_type(L, i + 3);
        if (lua_isinteger(L, i + 3) || type == LUA_TBOOLEAN) {
            v->kind = RESULTS_WHOLE;
            v->whole = type == LUA_TBOOLEAN ? lua_toboolean(L, i + 3)
                                            : lua_tointeger(L, i + 3);
        } else if (type == LUA_TNUMBER) {
            v->kind = RESULTS_NUMBER;
            v->number = lua_tonumber(L, i + 3);
        } else if (type == LUA_TSTRING) {
            v->kind = RESULTS_BYTES;
            v->bytes = (char *)(size_t)lua_tolstring(L, i + 3, &v->length);
        } else if (type != LUA_TNIL) {
            return luaL_error(L,
                              "results:sql: value %d: expected a string, a "
                              "number or nil, got a %s",
                              i + 1, luaL_typename(L, i + 3));
        }
    }
    struct loan *loan = new_loan(L);
    /* no longer than the script itself may take */
    struct results_limits limits = {.seconds = SQL_SECONDS};
    double deadline = script_of(L)->deadline;
    if (deadline > 0)
        limits.seconds = fmax(fmin(SQL_SECONDS, deadline - script_now()), 1e-3);
    binding_try(L, results_ask(r->env, r->view, text, values, (size_t)n,
                               &limits, &loan->answer));
    return push_answer(L, &loan->answer);
}

static int table(lua_State *L)
{
    struct lua_results *r = binding_results_check(L, 1);
    struct loan *loan = new_loan(L);
    binding_try(L, results_markdown(r->env, r->view, &loan->text));
    return push_text(L, loan);
}

static int status(lua_State *L)
{
    struct lua_results *r = binding_results_check(L, 1);
    struct loan *loan = new_loan(L);
    binding_try(L, results_show_status(r->env, r->view, &loan->text));
    return push_text(L, loan);
}

static int figures(lua_State *L)
{
    struct lua_results *r = binding_results_check(L, 1);
    struct plots_extra extra;
    struct loan *loan = new_loan(L);
    binding_try(L, plots_figure_names(r->env, r->db,
                                      figure_kind_extra(script_of(L), &extra),
                                      &loan->names));
    lua_newtable(L);
    for (lua_Integer i = 0; loan->names[i]; i++) {
        lua_pushstring(L, loan->names[i]);
        lua_rawseti(L, -2, i + 1);
    }
    return 1;
}

static int begins(const char *name, const char *kind)
{
    size_t n = strlen(kind);
    return strncmp(name, kind, n) == 0 && (name[n] == '\0' || name[n] == '-');
}

/* The kind that draws the figure: itself, or that with the longest name with
 * which it begins. */
static const char *kind_of(const char *name, const struct plots_extra *extra)
{
    const char *found = NULL;
    const char *const *lists[] = {plots_kinds(), extra ? extra->names : NULL};
    for (size_t k = 0; k < 2; k++)
        for (size_t i = 0; lists[k] && lists[k][i]; i++)
            if (begins(name, lists[k][i]) &&
                (!found || strlen(lists[k][i]) > strlen(found)))
                found = lists[k][i];
    return found ? found : name; /* which plots refuses, with the nearest */
}

static int figure(lua_State *L)
{
    struct lua_results *r = binding_results_check(L, 1);
    const char *name = luaL_checkstring(L, 2);
    struct plots_extra own;
    const struct plots_extra *extra = figure_kind_extra(script_of(L), &own);
    const char *kind = kind_of(name, extra);
    int pushed = 0, one = strcmp(kind, name) != 0;
    struct loan *loan = new_loan(L);
    const char *folder = binding_figure_folder(L);
    int at = lua_gettop(L);
    binding_try(
        L, plots_prepare(r->env, r->db, folder, &kind, 1, extra, &loan->names));
    for (size_t i = 0; loan->names[i]; i++) {
        if (one && strcmp(loan->names[i], name) != 0)
            continue;
        const char *gp = lua_pushfstring(L, "%s/%s.gp", folder, loan->names[i]);
        int drawn = access(gp, F_OK) == 0;
        lua_pop(L, 1);
        if (!drawn)
            continue;
        luaL_checkstack(L, 4, "too many figures");
        binding_figure_new(L, at, loan->names[i]);
        pushed++;
    }
    if (pushed == 0)
        return luaL_error(L, "results %s: nothing to show in a figure '%s'",
                          r->name, name);
    return pushed;
}

/* r:group{...} is spred.group(r:rows(its filter), the rest). */
static int group(lua_State *L)
{
    static const char *const keys[] = {"by",     "of",      "with",   "dataset",
                                       "solver", "problem", "status", NULL};
    binding_results_check(L, 1);
    luaL_checktype(L, 2, LUA_TTABLE);
    binding_keys(L, 2, "results:group", keys);
    lua_settop(L, 2);
    lua_getfield(L, LUA_REGISTRYINDEX, "spred");
    lua_getfield(L, 3, "group");
    lua_pushcfunction(L, rows);
    lua_pushvalue(L, 1);
    lua_newtable(L);
    for (size_t i = 3; keys[i]; i++) {
        lua_getfield(L, 2, keys[i]);
        lua_setfield(L, -2, keys[i]);
    }
    lua_call(L, 2, 1);
    lua_pushvalue(L, 2);
    lua_call(L, 2, 1);
    return 1;
}

static int count(lua_State *L)
{
    lua_pushinteger(
        L, (lua_Integer)results_view_count(binding_results_check(L, 1)->view));
    return 1;
}

/* "results genes: 12 runs (certified 10, time 2); GDS1815, ...; spred, ..." */
static int to_string(lua_State *L)
{
    static const char summary[] =
        "SELECT (SELECT group_concat(status || ' ' || n, ', ') FROM (SELECT "
        "status, count(*) AS n FROM runs GROUP BY status ORDER BY n DESC)), "
        "(SELECT group_concat(dataset, ', ') FROM (SELECT DISTINCT dataset "
        "FROM runs ORDER BY dataset)), (SELECT group_concat(solver, ', ') FROM "
        "(SELECT DISTINCT solver FROM runs ORDER BY solver))";
    struct lua_results *r = binding_results_check(L, 1);
    struct loan *loan = new_loan(L);
    binding_try(
        L, results_ask(r->env, r->view, summary, NULL, 0, NULL, &loan->answer));
    const struct results_value *v = loan->answer.values;
    lua_Integer n = (lua_Integer)results_view_count(r->view);
    if (n == 0 || !v[0].bytes || !v[1].bytes || !v[2].bytes)
        lua_pushfstring(L, "results %s: no runs yet", r->name);
    else
        lua_pushfstring(L, "results %s: %I run%s (%s); data: %s; solvers: %s",
                        r->name, n, n == 1 ? "" : "s", v[0].bytes, v[1].bytes,
                        v[2].bytes);
    return 1;
}

static int get_name(lua_State *L)
{
    lua_pushstring(L, binding_results_check(L, 1)->name);
    return 1;
}

static int get_folder(lua_State *L)
{
    lua_pushstring(L, binding_results_check(L, 1)->folder);
    return 1;
}

/* r:points{...} and so on: whatever tables the store has below runs. */
static int child_rows(lua_State *L)
{
    const char *name = lua_tostring(L, lua_upvalueindex(1));
    return rows_of(L, name);
}

static int index_child(lua_State *L)
{
    const char *names[2 + RESULTS_CHILDREN];
    const char *key = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "";
    results_table_names(names);
    for (size_t i = 1; names[i]; i++)
        if (strcmp(names[i], key) == 0) {
            lua_pushvalue(L, 2);
            lua_pushcclosure(L, child_rows, 1);
            return 1;
        }
    return 0;
}

static const struct binding_entry methods[] = {
    {"rows", rows, "r:rows([{dataset=, solver=, problem=, status=}])",
     "The runs, a list of tables with the columns of runs.csv; a key narrows "
     "it. A data set or solver that comes in several settings is named as in "
     "the tables: \"spred[variant=sgd]\"; the plain name takes all of them. In "
     "the same way r:points{...}, r:genes{...}, r:folds{...}, "
     "r:candidates{...}, "
     "r:marks{...}, r:layers{...}, r:arrays{...}: the tables below the runs."},
    {"query", query, "r:query(name)",
     "The answer of a named query, a list of tables: \"summary\", \"path\", "
     "\"gap-time\", \"genes\", ...; r:queries() lists them."},
    {"queries", queries, "r:queries()", "The names that r:query knows."},
    {"sql", sql, "r:sql(\"SELECT ... WHERE dataset = ?\", ...)",
     "The answer of one SELECT over the tables runs, points, genes, folds, "
     "metrics, candidates, marks, layers, arrays and notes, a list of tables; "
     "the values fill the marks ?. It can only read; at most 10^6 rows and 30 "
     "seconds."},
    {"group", group,
     "r:group{by={\"dataset\", \"solver\"}, of=\"seconds\", with=\"median\"}",
     "One table per group of runs, with the columns of by, `value` and "
     "`count`. "
     "with: \"median\", \"mean\", \"min\", \"max\", \"sum\", \"count\", or a "
     "function of the list of numbers. dataset, solver, problem, status "
     "narrow the runs. spred.group(rows, {...}) does it for any list."},
    {"table", table, "r:table()", "The tables of the report, as Markdown."},
    {"status", status, "r:status()",
     "How many runs ended how, and why those that did not end certified."},
    {"figure", figure, "r:figure(name)",
     "Draws a figure of these results anew: \"gap-time\", \"profile\", ..., or "
     "a kind that the script has declared. A kind with several pages gives "
     "several figures; \"gap-time-lasso\" is one of them."},
    {"figures", figures, "r:figures()",
     "The names of the figures that these results give."},
    {"__tostring", to_string, NULL, NULL},
    {"__len", count, NULL, NULL},
    {"__gc", close_results, NULL, NULL},
    {0}};
static const struct binding_entry properties[] = {
    {"name", get_name, "r.name", "The experiment's name."},
    {"folder", get_folder, "r.folder", "Where the results lie."},
    {0}};
const struct binding_type binding_results = {
    "results", "the stored runs of an experiment, as they were when opened",
    methods, properties, index_child};

static const struct binding_entry functions[] = {
    {"results", open_by_name, "spred.results(\"genes\")",
     "Opens the results of an experiment to read them: by its name, or by its "
     "folder if there is a / in it. Also while it runs: then what is stored so "
     "far. #r is the number of runs."},
    {0}};

void binding_open_results(lua_State *L)
{
    binding_type(L, &binding_results);
    binding_functions(L, functions);
}
