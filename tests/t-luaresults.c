/* t-luaresults.c: results and figures from Lua: tests/lua/results.lua over a
 * made-up store, and figure kinds of a script in figures and report. */
#include <lauxlib.h>

#include "results-fixture.h"

#include "lua/figure_kind.h"
#include "lua/script.h"
#include "plots/plots.h"
#include "spred/file.h"

struct place {
    struct spred_env env;
    char *folder, *drawn, db[256];
    struct script *script;
};

static int check(lua_State *L)
{
    if (!lua_toboolean(L, 1))
        return luaL_error(L, "%s", luaL_optstring(L, 2, "check failed"));
    return 0;
}

/* raises(f, pattern): f fails, and its message matches. */
static int raises(lua_State *L)
{
    lua_pushvalue(L, 1);
    if (lua_pcall(L, 0, 0, 0) == LUA_OK)
        return luaL_error(L, "no error, expected one like '%s'",
                          lua_tostring(L, 2));
    lua_getglobal(L, "string");
    lua_getfield(L, -1, "find");
    lua_pushvalue(L, 3);
    lua_pushvalue(L, 2);
    lua_call(L, 2, 1);
    if (lua_isnil(L, -1))
        return luaL_error(L, "'%s' is not like '%s'", lua_tostring(L, 3),
                          lua_tostring(L, 2));
    return 0;
}

static void run(struct place *p, const char *text)
{
    if (script_text(p->script, text, strlen(text), "=test") != SPRED_OK)
        fail_msg("%s\n%s", p->env.error,
                 p->script->trace ? p->script->trace : "");
}

static void open_place(struct place *p)
{
    spred_env_init(&p->env);
    p->folder = fixture_folder(&p->env);
    p->drawn = fixture_folder(&p->env);
    snprintf(p->db, sizeof p->db, "%s/results.db", p->folder);
    fixture_experiment(&p->env, p->db);
    struct script_options options = {.output = p->folder};
    assert_ok(&p->env, script_new(&p->env, &options, &p->script));
    lua_State *L = p->script->L;
    lua_register(L, "check", check);
    lua_register(L, "raises", raises);
    lua_pushstring(L, p->folder);
    lua_setglobal(L, "fixture");
    lua_pushstring(L, p->drawn);
    lua_setglobal(L, "drawn");
}

static void close_place(struct place *p)
{
    script_free(p->script);
    fixture_remove(&p->env, p->folder);
    fixture_remove(&p->env, p->drawn);
}

static int exists(const char *folder, const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return access(path, F_OK) == 0;
}

static size_t leftovers(void)
{
    const char *base = getenv("TMPDIR");
    DIR *list = opendir(base && *base ? base : "/tmp");
    size_t n = 0;
    for (struct dirent *e; (e = readdir(list));)
        n += strncmp(e->d_name, "spredbench-", 11) == 0 &&
             strncmp(e->d_name, "spredbench-results-", 19) != 0;
    closedir(list);
    return n;
}

static void lua_file(void **state)
{
    (void)state;
    struct place p;
    char path[512], scratch[300];
    open_place(&p);
    /* a TMPDIR of its own: no other test writes there */
    char *before =
        getenv("TMPDIR") ? spred_strdup(&p.env, getenv("TMPDIR")) : NULL;
    snprintf(scratch, sizeof scratch, "%s/scratch", p.drawn);
    assert_ok(&p.env, spred_make_folders(&p.env, scratch, 0700));
    setenv("TMPDIR", scratch, 1);
    snprintf(path, sizeof path, "%s/tests/lua/results.lua",
             getenv("SPRED_SOURCE"));
    if (script_file(p.script, path) != SPRED_OK)
        fail_msg("%s\n%s", p.env.error, p.script->trace ? p.script->trace : "");
    assert_true(leftovers() > 0); /* figures that live */
    script_free(p.script);
    p.script = NULL;
    assert_int_equal(leftovers(), 0);
    assert_int_equal(rmdir(scratch), 0);
    if (before)
        setenv("TMPDIR", before, 1);
    else
        unsetenv("TMPDIR");
    spred_free(&p.env, before);
    static const char *const forms[] = {"svg", "txt", "png", "pdf"};
    for (size_t i = 0; i < 4; i++) {
        char name[16];
        snprintf(name, sizeof name, "mine.%s", forms[i]);
        assert_true(exists(p.drawn, name));
    }
    close_place(&p);
}

/* spred.figure{} as the declarations will do it. */
static int add_kind(lua_State *L)
{
    figure_kind_add(L, luaL_checkstring(L, 1), 2);
    return 0;
}

/* A question takes no longer than the script may. */
static void sql_in_time(void **state)
{
    (void)state;
    static const char text[] =
        "spred.results(fixture):sql('WITH RECURSIVE c(x) AS (VALUES (1) UNION "
        "ALL SELECT x + 1 FROM c) SELECT count(*) FROM c')";
    struct place p;
    open_place(&p);
    p.script->options.seconds = 0.3;
    double start = script_now();
    assert_int_equal(script_text(p.script, text, strlen(text), "=test"),
                     SPRED_EINVAL);
    assert_non_null(strstr(p.env.error, "stopped"));
    assert_true(script_now() - start < 5);
    close_place(&p);
}

static void figure_kinds(void **state)
{
    (void)state;
    static const char *const kinds[] = {"mine", "nothing", "wrong", "loops",
                                        "profile"};
    struct place p;
    struct plots_extra extra;
    char report[300], *page;
    size_t length;
    open_place(&p);
    assert_null(figure_kind_extra(p.script, &extra));
    assert_null(figure_kind_extra(NULL, &extra));
    lua_register(p.script->L, "add_kind", add_kind);
    run(&p,
        "add_kind('mine', function(r)\n"
        "  local g = r:group{by = 'solver', of = 'seconds'}\n"
        "  local x, y = {}, {}\n"
        "  for i, row in ipairs(g) do x[i], y[i] = row.solver, row.value "
        "end\n"
        "  return {x = x, y = y, kind = 'bars', log = 'y', name = 'other'}\n"
        "end)\n"
        "add_kind('nothing', function() end)\n"
        "add_kind('wrong', function() return {y = {'a'}} end)\n"
        "add_kind('loops', function() return 7 end)\n"
        "raises(function() add_kind('profile', print) end, 'built in')");
    const struct plots_extra *own = figure_kind_extra(p.script, &extra);
    assert_non_null(own);
    assert_string_equal(own->names[0], "loops");
    assert_string_equal(own->names[3], "wrong");
    assert_null(own->names[4]);
    assert_int_equal(plots_draw(&p.env, p.db, p.drawn, kinds, 5, own),
                     SPRED_EINVAL);
    assert_non_null(strstr(p.env.error, "figure 'wrong'.y[1]"));
    assert_true(exists(p.drawn, "mine.png") && exists(p.drawn, "mine.dat"));
    assert_true(exists(p.drawn, "profile.svg"));
    assert_false(exists(p.drawn, "nothing.gp") || exists(p.drawn, "wrong.gp"));
    snprintf(report, sizeof report, "%s/report.html", p.drawn);
    assert_ok(&p.env,
              plots_report(&p.env, p.db, p.drawn, kinds, 2, own, report));
    assert_ok(&p.env, spred_read_file(&p.env, report, &page, &length));
    assert_non_null(strstr(page, "<figure id=\"mine\">"));
    assert_non_null(strstr(page, "SIMULATED data"));
    assert_non_null(strstr(page, "The figure nothing was not drawn"));
    spred_free(&p.env, page);
    run(&p, "local r = spred.results(fixture)\n"
            "local f = r:figure('mine')\n"
            "check(f.name == 'mine', f.name)\n"
            "check(f:text():find('Seed 17', 1, true))\n"
            "local all = table.concat(r:figures(), ' ')\n"
            "check(all:find('mine', 1, true), all)\n"
            "raises(function() r:figure('nothing') end, 'nothing to show')\n"
            "raises(function() r:figure('loops') end, 'returned a number')\n"
            "raises(function() r:figure('mien') end, \"'mine'\")");
    close_place(&p);
}

/* Fails once: the allocation with this number. */
static void *fail_once(void *cookie, void *pointer, size_t size)
{
    int *left = cookie;
    if (size == 0) {
        free(pointer);
        return NULL;
    }
    return --*left == 0 ? NULL : realloc(pointer, size);
}

/* Every allocation of a script that opens, asks, plots. */
static void every_allocation(void **state)
{
    (void)state;
    static const char text[] =
        "local r = spred.results(small)\n"
        "local rows, sql = r:rows(), r:sql('SELECT * FROM notes')\n"
        "r:query('summary') r:table() r:points{}\n"
        "spred.plot{x = {'a', 'b'}, y = {1, 2}, results = r}\n"
        "spred.plot{series = {{y = {1}}, {y = {3}, low = {1}, high = {4}}}}";
    struct place p;
    struct results_store *store;
    struct results_record record = {.n_points = 0};
    char db[300];
    open_place(&p);
    script_free(p.script);
    snprintf(db, sizeof db, "%s/results.db", p.drawn);
    assert_ok(&p.env, results_store_open(&p.env, db, &store));
    struct results_sink sink = results_store_sink(store);
    fixture_run(&p.env, &record.run, "a", "lasso", "spred", "", 1);
    fixture_point(&p.env, &record, 1, 1, 0.25, 0.25, 1e-2);
    assert_ok(&p.env, sink.put(sink.self, &record));
    results_record_free(&p.env, &record);
    results_store_close(store);
    int passed = 0, step = 1;
    for (int i = 1; !passed; i += step) {
        int left = 1 << 30;
        struct spred_env env = p.env;
        struct script_options options = {.output = p.folder};
        env.reallocate = fail_once;
        env.allocate_cookie = &left;
        assert_ok(&env, script_new(&env, &options, &p.script));
        lua_pushstring(p.script->L, p.drawn);
        lua_setglobal(p.script->L, "small");
        left = i;
        enum spred_status status =
            script_text(p.script, text, strlen(text), "=test");
        passed = left > 0;
        if (passed)
            assert_ok(&env, status);
        left = 1 << 30;
        script_free(p.script);
        step = 1 + i / 100; /* all of the first, then a sample */
    }
    p.script = NULL;
    close_place(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lua_file), cmocka_unit_test(sql_in_time),
        cmocka_unit_test(figure_kinds), cmocka_unit_test(every_allocation)};
    return cmocka_run_group_tests_name("luaresults", tests, NULL, NULL);
}
