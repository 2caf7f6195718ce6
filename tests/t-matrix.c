/* t-matrix.c: matrix and rng in Lua: their Lua tests, the same numbers as core
 * in all storages, memory that is gone or fails. */
#include "test.h"

#include "lua/binding.h"
#include "spred/design.h"
#include "spred/hash.h"
#include "spred/linalg.h"
#include "spred/rng.h"
#include "spred/vector.h"

/* What the Lua tests use. */
static const char prelude[] =
    "function check(condition, message)\n"
    "    if not condition then error(message or 'check', 2) end\n"
    "end\n"
    "function raises(f, pattern)\n"
    "    local ok, message = pcall(f)\n"
    "    if ok then error('no error: ' .. pattern, 2) end\n"
    "    if not tostring(message):find(pattern) then\n"
    "        error('expected ' .. pattern .. ', got ' .. message, 2)\n"
    "    end\n"
    "end\n";

static struct script *open_script(struct spred_env *env, size_t memory)
{
    const struct script_options options = {.memory = memory};
    struct script *script;
    spred_env_init(env);
    assert_ok(env, script_new(env, &options, &script));
    assert_ok(env, script_text(script, prelude, strlen(prelude), "=prelude"));
    return script;
}

static void run_text(struct script *script, const char *text)
{
    if (script_text(script, text, strlen(text), "=test") != SPRED_OK)
        fail_msg("%s\n%s", script->env->error,
                 script->trace ? script->trace : "");
}

/* Runs a file of tests/lua within so much memory. */
static void run_file(const char *name, size_t memory)
{
    struct spred_env env;
    struct script *script = open_script(&env, memory);
    const char *source = getenv("SPRED_SOURCE");
    char path[1024];
    snprintf(path, sizeof path, "%s/tests/lua/%s.lua", source ? source : ".",
             name);
    if (script_file(script, path) != SPRED_OK)
        fail_msg("%s\n%s", env.error, script->trace ? script->trace : "");
    assert_true(script->peak < memory);
    script_free(script);
}

/* Gigabytes of matrices, one after the other, within 40 MiB. */
static void in_lua(void **state)
{
    (void)state;
    run_file("matrix", (size_t)40 << 20);
    run_file("rng", (size_t)40 << 20);
    run_file("matrix-hostile", (size_t)40 << 20);
}

/* A matrix of C's, as a global of the script. */
struct global {
    const char *name;
    const struct spred_matrix *m;
    const int *alive;
    int read_only;
};

static int set_global(lua_State *L)
{
    const struct global *g = lua_touserdata(L, 1);
    lua_pushnil(L);
    binding_matrix_over(L, -1, g->alive, g->m, g->read_only);
    lua_setglobal(L, g->name);
    return 0;
}

static void give(struct script *script, const char *name,
                 const struct spred_matrix *m, const int *alive, int read_only)
{
    struct global g = {name, m, alive, read_only};
    lua_pushcfunction(script->L, set_global);
    lua_pushlightuserdata(script->L, &g);
    assert_ok(script->env, script_call(script, 1, 0));
}

/* The global's values, which stay the script's. */
static const double *values_of(struct script *script, const char *name,
                               size_t rows, size_t cols)
{
    lua_getglobal(script->L, name);
    const struct lua_matrix *got = binding_test(script->L, -1, &binding_matrix);
    assert_non_null(got);
    assert_int_equal(got->m.storage, SPRED_F64);
    assert_int_equal(got->m.rows, rows);
    assert_int_equal(got->m.cols, cols);
    lua_pop(script->L, 1);
    return got->m.f64;
}

static void near_all(size_t n, const double *a, const double *b)
{
    for (size_t i = 0; i < n; i++)
        assert_near(a[i], b[i], 1e-12 * (1 + fabs(b[i])));
}

enum { MOST = 12 };

/* n x p with zeros among the values, which single precision holds. */
static void draw(struct spred_rng *rng, size_t count, double *to)
{
    for (size_t i = 0; i < count; i++)
        to[i] =
            spred_rng_below(rng, 3) ? (double)(float)spred_rng_normal(rng) : 0;
}

static void compare(struct script *script, const struct spred_matrix *x,
                    const struct spred_matrix *w, const struct spred_matrix *r)
{
    const struct spred_design design = {.matrix = x};
    size_t n = x->rows, p = x->cols, k = w->cols;
    double want[MOST * MOST], column[MOST], mean[MOST], sd[MOST], work[MOST];
    give(script, "X", x, NULL, 1);
    give(script, "w", w, NULL, 0);
    give(script, "r", r, NULL, 0);
    run_text(script,
             "a, b, c = X:mul(w), X:tmul(r), X * w\n"
             "out = spred.zeros(X.rows, w.cols); X:mul(w, out)\n"
             "means, sds, norms = X:column_means(), X:column_sds(), "
             "X:column_norms()\n"
             "soft = w:copy():soft_threshold(0.5)\n"
             "gram, both = X:gram(), X:transpose() * X\n"
             "y = r:column(1):copy():axpy(2, X:column(X.cols))\n"
             "check(X:dot(X) >= 0 and math.abs(X:norm() ^ 2 - X:dot(X)) < "
             "1e-10 * (1 + X:dot(X)))\n"
             "check(X:rows_at{X.rows, 1} == X:to('f64'):rows_at{X.rows, 1})\n"
             "local i, j = X:argmax()\n"
             "check(X:max() == (j and X:get(i, j) or X:get(i)))\n"
             "for _, s in ipairs{'f64', 'f32', 'csc'} do\n"
             "    local m = X:to(s)\n"
             "    check(m == X and m:sum() == X:sum() and m:min() == X:min()\n"
             "        and m:max() == X:max() and m:argmax() == X:argmax()\n"
             "        and m:argmin() == X:argmin() and m:norm(1) == X:norm(1)\n"
             "        and m:count_nonzero() == X:count_nonzero(), s)\n"
             "end\n");
    for (size_t j = 0; j < k; j++)
        spred_design_apply(&design, w->f64 + j * p, want + j * n);
    near_all(n * k, values_of(script, "a", n, k), want);
    near_all(n * k, values_of(script, "c", n, k), want);
    near_all(n * k, values_of(script, "out", n, k), want);
    spred_design_adjoint_many(&design, k, r->f64, want);
    near_all(p * k, values_of(script, "b", p, k), want);
    spred_matrix_spread(x, mean, sd, work);
    near_all(p, values_of(script, "means", p, 1), mean);
    near_all(p, values_of(script, "sds", p, 1), sd);
    for (size_t j = 0; j < p; j++) {
        spred_matrix_column(x, j, column);
        double total = 0, square = 0, size = 0;
        for (size_t i = 0; i < n; i++) {
            total += column[i];
            size += column[i] * column[i];
        }
        for (size_t i = 0; i < n; i++)
            square += pow(column[i] - total / (double)n, 2);
        assert_near(mean[j], total / (double)n, 1e-12);
        assert_near(sd[j], sqrt(square / (double)n), 1e-12);
        assert_near(values_of(script, "norms", p, 1)[j], sqrt(size), 1e-12);
    }
    near_all(p * p, values_of(script, "gram", p, p),
             values_of(script, "both", p, p));
    const double *soft = values_of(script, "soft", p, k);
    for (size_t i = 0; i < p * k; i++) {
        double left = fmax(fabs(w->f64[i]) - 0.5, 0);
        assert_near(soft[i], w->f64[i] < 0 ? -left : left, 0);
    }
    spred_matrix_column(x, p - 1, column);
    for (size_t i = 0; i < n; i++)
        assert_near(values_of(script, "y", n, 1)[i], r->f64[i] + 2 * column[i],
                    1e-14);
}

static void as_core(void **state)
{
    (void)state;
    struct spred_env env;
    struct script *script = open_script(&env, 0);
    struct spred_rng *rng = spred_rng_new(&env, 11);
    for (int trial = 0; trial < 120; trial++) {
        size_t n = 1 + spred_rng_below(rng, MOST);
        size_t p = 1 + spred_rng_below(rng, MOST);
        size_t k = 1 + spred_rng_below(rng, 3);
        double a[MOST * MOST], b[MOST * MOST], c[MOST * MOST];
        const struct spred_matrix dense = {
            .storage = SPRED_F64, .rows = n, .cols = p, .f64 = a};
        const struct spred_matrix w = {
            .storage = SPRED_F64, .rows = p, .cols = k, .f64 = b};
        const struct spred_matrix r = {
            .storage = SPRED_F64, .rows = n, .cols = k, .f64 = c};
        struct spred_matrix x;
        draw(rng, n * p, a);
        draw(rng, p * k, b);
        draw(rng, n * k, c);
        assert_ok(&env, spred_matrix_convert(
                            &env, &dense, (enum spred_storage)(trial % 3), &x));
        compare(script, &x, &w, &r);
        run_text(script, "X, w, r = nil");
        spred_matrix_free(&env, &x);
    }
    spred_rng_free(rng);
    script_free(script);
}

static void golden(void **state)
{
    (void)state;
    struct spred_env env;
    struct script *script = open_script(&env, 0);
    struct spred_rng *plain = spred_rng_new(&env, (uint64_t)-5);
    struct spred_rng *named =
        spred_rng_new(&env, spred_seed(7, "", 0, "noise"));
    run_text(script, "a = spred.rng(-5):normal(6)\n"
                     "b = spred.rng{seed = 7, stream = 'noise'}:uniform(6)\n"
                     "c = spred.vector(spred.rng(-5):permutation(9))\n");
    for (size_t i = 0; i < 6; i++) {
        double normal = spred_rng_normal(plain);
        double uniform = spred_rng_uniform(named);
        assert_near(values_of(script, "a", 6, 1)[i], normal, 0);
        assert_near(values_of(script, "b", 6, 1)[i], uniform, 0);
    }
    size_t items[9];
    for (size_t i = 0; i < 9; i++)
        items[i] = i;
    spred_rng_free(plain);
    plain = spred_rng_new(&env, (uint64_t)-5);
    spred_rng_shuffle(plain, items, 9);
    for (size_t i = 0; i < 9; i++)
        assert_near(values_of(script, "c", 9, 1)[i], (double)items[i] + 1, 0);
    spred_rng_free(plain);
    spred_rng_free(named);
    script_free(script);
}

/* Memory that may only be read, and memory that is gone. */
static void borrowed(void **state)
{
    (void)state;
    struct spred_env env;
    struct script *script = open_script(&env, 0);
    double data[6] = {1, 2, 3, 4, 5, 6};
    int alive = 1;
    const struct spred_matrix m = {
        .storage = SPRED_F64, .rows = 3, .cols = 2, .f64 = data};
    give(script, "X", &m, &alive, 1);
    give(script, "Y", &m, &alive, 0);
    run_text(script, "check(X.read_only and X:column(1).read_only)\n"
                     "check(tostring(X):find('read only'))\n"
                     "local only = 'may only be read'\n"
                     "raises(function() X:fill(1) end, only)\n"
                     "raises(function() X:column(1):fill(1) end, only)\n"
                     "raises(function() X:column(2)[1] = 0 end, only)\n"
                     "raises(function() X[{1, 1}] = 0 end, only)\n"
                     "raises(function() spred.eye(3):mul(X, X) end, only)\n"
                     "raises(function() X:map(math.abs) end, only)\n"
                     "check(X:copy():fill(2):sum() == 12)\n"
                     "column = Y:column(2):slice(2, 3)\n"
                     "column[1] = 50\n");
    assert_near(data[4], 50, 0);
    alive = 0;
    run_text(script,
             "local over = 'belonged to a run that is over'\n"
             "for name, call in pairs{\n"
             "    rows = function(x) return x.rows end,\n"
             "    get = function(x) return x:get(1) end,\n"
             "    index = function(x) return x[1] end,\n"
             "    set = function(x) x[1] = 1 end,\n"
             "    add = function(x) return x + 1 end,\n"
             "    mul = function(x) return x:mul{1} end,\n"
             "    out = function(x) return spred.eye(2):mul({1, 1}, x) end,\n"
             "    eq = function(x) return x == spred.ones(2) end,\n"
             "    len = function(x) return #x end,\n"
             "    copy = function(x) return x:copy() end} do\n"
             "    raises(function() return call(column) end, over)\n"
             "    raises(function() return call(Y) end, over)\n"
             "end\n"
             "check(tostring(column):find('over'))\n");
    script_free(script);
}

/* ---- memory that fails ---- */

struct failing {
    long calls, fail_at; /* -1: never */
    int lasting;         /* 1: all later ones fail, too */
    long live;           /* blocks */
};

static void *failing_reallocate(void *cookie, void *pointer, size_t size)
{
    struct failing *f = cookie;
    if (size == 0) {
        f->live -= pointer != NULL;
        free(pointer);
        return NULL;
    }
    long call = f->calls++;
    if (f->fail_at >= 0 &&
        (call == f->fail_at || (f->lasting && call > f->fail_at)))
        return NULL;
    void *block = realloc(pointer, size);
    f->live += block && !pointer;
    return block;
}

static const char work[] =
    "local X = spred.matrix{{1, 2}, {3, 4}, {5, 6}}\n"
    "local s = X:to('csc')\n"
    "local f = s:to('f32'):transpose()\n"
    "local y = X:mul{1, 2}\n"
    "local z = X:tmul(y) + 1\n"
    "z:axpy(2, {1, 1}):soft_threshold(0.1)\n"
    "local v = X:column(2)\n"
    "local text = tostring(s) .. tostring(X) .. tostring(v)\n"
    "local g <close> = spred.rng{seed = 1, stream = 'x'}\n"
    "local n = g:normal(5, 2):column_sds()\n"
    "local h = spred.rng(3)\n"
    "local p = X:rows_at(g:choice(3, 2)):gram()\n"
    "local t = spred.sparse{rows = 2, cols = 2, entries = {{1, 2, 3}}}\n"
    "local q = spred.eye(2):solve{1, 2}:values()\n"
    "pcall(function() return X + t end)\n"
    "y:map(function(x) return x + 1 end)\n"
    "result = X:row(1) == s:row(1) and t:argmax() and f:sum() + #q + #n + "
    "p.rows + #text\n";

/* The work with the allocation at `fail_at` failing; the status, and how many
 * there were. */
static enum spred_status fail_once(long fail_at, int lasting, long *calls)
{
    struct failing failing = {.fail_at = -1, .lasting = lasting};
    struct spred_env env;
    const struct script_options options = {0};
    struct script *script;
    spred_env_init(&env);
    env.reallocate = failing_reallocate;
    env.allocate_cookie = &failing;
    assert_ok(&env, script_new(&env, &options, &script));
    failing.calls = 0;
    failing.fail_at = fail_at;
    enum spred_status status = script_text(script, work, strlen(work), "=work");
    *calls = failing.calls;
    failing.fail_at = -1;
    if (status != SPRED_OK)
        assert_true(status == SPRED_ENOMEM || strstr(env.error, "memory"));
    run_text(script, work); /* the state is as good as new */
    script_free(script);
    assert_int_equal(failing.live, 0);
    return status;
}

static void memory_fails(void **state)
{
    (void)state;
    long calls, ignored, failed = 0;
    assert_int_equal(fail_once(-1, 0, &calls), SPRED_OK);
    assert_true(calls > 100);
    for (long k = 0; k < calls; k++) {
        fail_once(k, 0, &ignored);
        failed += fail_once(k, 1, &ignored) != SPRED_OK;
    }
    assert_true(failed > calls / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_lua), cmocka_unit_test(as_core),
        cmocka_unit_test(golden), cmocka_unit_test(borrowed),
        cmocka_unit_test(memory_fails)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
