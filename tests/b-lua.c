/* b-lua.c: what Lua adds to the numerics: ISTA's two passes from a script and
 * from C, and a million trivial calls. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lua/binding.h"
#include "spred/design.h"
#include "spred/linalg.h"
#include "spred/rng.h"
#include "spred/vector.h"

#define NEED(good)                                                             \
    do {                                                                       \
        if (!(good)) {                                                         \
            fprintf(stderr, "b-lua: line %d: %s\n", __LINE__, #good);          \
            exit(1);                                                           \
        }                                                                      \
    } while (0)

enum { ROWS = 200, COLS = 22283, STEPS = 20, ROUNDS = 15 };

#define STEP 1e-6
#define THRESHOLD 1e-9
#define CALLS "1000000"

/* What both sides work on. */
struct bench {
    struct spred_matrix x;
    double *w, *r, *g, *y;
};

/* w = soft(w + t X'(y - Xw)), as the script below does it. */
static void in_c(struct bench *b)
{
    const struct spred_design design = {.matrix = &b->x};
    for (int step = 0; step < STEPS; step++) {
        spred_design_apply(&design, b->w, b->r);
        spred_scale(ROWS, -1, b->r);
        spred_axpy(ROWS, 1, b->y, b->r);
        spred_design_adjoint(&design, b->r, b->g);
        spred_axpy(COLS, STEP, b->g, b->w);
        spred_soft_threshold(COLS, THRESHOLD, b->w);
    }
}

static const char ista[] =
    "local X, y, w, steps, step, threshold = ...\n"
    "r, g = r or spred.zeros(X.rows), g or spred.zeros(X.cols)\n"
    "for _ = 1, steps do\n"
    "    X:mul(w, r)\n"
    "    r:scale(-1):axpy(1, y)\n"
    "    X:tmul(r, g)\n"
    "    w:axpy(step, g):soft_threshold(threshold)\n"
    "end\n";

static void in_lua(struct script *script, struct bench *b)
{
    lua_State *L = script->L;
    const struct spred_matrix y = {
        .storage = SPRED_F64, .rows = ROWS, .cols = 1, .f64 = b->y};
    const struct spred_matrix w = {
        .storage = SPRED_F64, .rows = COLS, .cols = 1, .f64 = b->w};
    lua_getglobal(L, "ista");
    lua_pushnil(L);
    binding_matrix_over(L, -1, NULL, &b->x, 1);
    binding_matrix_over(L, -2, NULL, &y, 1);
    binding_matrix_over(L, -3, NULL, &w, 0);
    lua_remove(L, -4);
    lua_pushinteger(L, STEPS);
    lua_pushnumber(L, STEP);
    lua_pushnumber(L, THRESHOLD);
    NEED(script_call(script, 6, 0) == SPRED_OK);
}

static double timed_text(struct script *script, const char *text)
{
    double from = script_now();
    NEED(script_text(script, text, strlen(text), "=b-lua") == SPRED_OK);
    return script_now() - from;
}

static int by_size(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static double median(double *values)
{
    qsort(values, ROUNDS, sizeof *values, by_size);
    return values[ROUNDS / 2];
}

/* In turn, so that a busy machine slows both; medians. */
static void passes(struct script *script, struct spred_env *env,
                   enum spred_storage storage, const char *name)
{
    struct spred_rng *rng = spred_rng_new(env, 5);
    struct spred_matrix dense;
    struct bench b;
    double c[ROUNDS], lua[ROUNDS];
    NEED(spred_matrix_new(env, SPRED_F64, ROWS, COLS, 0, &dense) == SPRED_OK);
    for (size_t k = 0; k < (size_t)ROWS * COLS; k++)
        if (storage != SPRED_CSC || spred_rng_below(rng, 20) == 0)
            dense.f64[k] = spred_rng_normal(rng);
    NEED(spred_matrix_convert(env, &dense, storage, &b.x) == SPRED_OK);
    spred_matrix_free(env, &dense);
    double *memory = calloc(2 * ROWS + 2 * COLS, sizeof *memory);
    NEED(memory);
    b.w = memory;
    b.g = b.w + COLS;
    b.r = b.g + COLS;
    b.y = b.r + ROWS;
    for (size_t i = 0; i < ROWS; i++)
        b.y[i] = spred_rng_normal(rng);
    for (int round = 0; round < ROUNDS; round++) {
        double sum[2] = {0, 0};
        memset(b.w, 0, COLS * sizeof *b.w);
        double from = script_now();
        in_c(&b);
        c[round] = script_now() - from;
        for (size_t j = 0; j < COLS; j++)
            sum[0] += b.w[j];
        memset(b.w, 0, COLS * sizeof *b.w);
        from = script_now();
        in_lua(script, &b);
        lua[round] = script_now() - from;
        for (size_t j = 0; j < COLS; j++)
            sum[1] += b.w[j];
        NEED(sum[0] == sum[1]);
    }
    double a = median(c) / STEPS, s = median(lua) / STEPS;
    printf("ISTA step, %d x %d %s: C %.3f ms, Lua %.3f ms, ratio %.3f\n", ROWS,
           COLS, name, 1e3 * a, 1e3 * s, s / a);
    free(memory);
    spred_matrix_free(env, &b.x);
    spred_rng_free(rng);
}

int main(void)
{
    static const struct {
        const char *name, *text;
    } calls[] = {{"an empty loop", "for i = 1, " CALLS " do end"},
                 {"m.rows", "local m = spred.eye(2) for i = 1, " CALLS
                            " do local _ = m.rows end"},
                 {"v:get(i)", "local v = spred.ones(9) for i = 1, " CALLS
                              " do local _ = v:get(3) end"},
                 {"v[i]", "local v = spred.ones(9) for i = 1, " CALLS
                          " do local _ = v[3] end"},
                 {"v[i] = x", "local v = spred.ones(9) for i = 1, " CALLS
                              " do v[3] = 1 end"},
                 {"m:get(i, j)", "local m = spred.eye(2) for i = 1, " CALLS
                                 " do local _ = m:get(1, 2) end"},
                 {"m[{i, j}]", "local m = spred.eye(2) for i = 1, " CALLS
                               " do local _ = m[{1, 2}] end"},
                 {"g:uniform()", "local g = spred.rng(1) for i = 1, " CALLS
                                 " do g:uniform() end"}};
    const struct script_options options = {0};
    struct spred_env env;
    struct script *script;
    spred_env_init(&env);
    spred_blas_threads(1);
    NEED(script_new(&env, &options, &script) == SPRED_OK);
    int loaded = luaL_loadbufferx(script->L, ista, strlen(ista), "=ista", "t");
    NEED(loaded == LUA_OK);
    lua_setglobal(script->L, "ista");
    passes(script, &env, SPRED_F64, "f64");
    passes(script, &env, SPRED_F32, "f32");
    passes(script, &env, SPRED_CSC, "csc");
    for (size_t k = 0; k < sizeof calls / sizeof *calls; k++)
        printf("%s calls of %s: %.3f s\n", CALLS, calls[k].name,
               timed_text(script, calls[k].text));
    script_free(script);
    return 0;
}
