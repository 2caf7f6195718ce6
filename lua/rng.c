/* rng.c: the userdata `rng`: a seeded stream of random numbers, the harness's
 * own. */
#include <limits.h>
#include <string.h>

#include "lua/matrix.h"
#include "spred/hash.h"
#include "spred/rng.h"

/* Bytes of GSL's state, which lies outside: the userdata is so much larger than
 * it need be, or the collector would see little and wait for long. */
enum { GENERATOR = 5120 };
/* A generator gives 32 random bits at a time. */
#define MOST_RANGE ((lua_Integer)1 << 32)

struct lua_rng {
    struct spred_rng *rng;
    char weight[GENERATOR];
};

static const struct binding_type rng_type;

static struct spred_rng *check(lua_State *L)
{
    struct lua_rng *held = binding_check(L, 1, &rng_type);
    if (!held->rng)
        luaL_error(L, "this rng is closed");
    return held->rng;
}

static int release(lua_State *L)
{
    struct lua_rng *held = binding_check(L, 1, &rng_type);
    spred_rng_free(held->rng);
    held->rng = NULL;
    return 0;
}

void binding_rng_new(lua_State *L, uint64_t seed)
{
    struct lua_rng *held = binding_new(L, &rng_type, sizeof *held, 0);
    held->rng = spred_rng_new(binding_env(L), seed);
    if (!held->rng)
        binding_try(L, SPRED_ENOMEM);
}

static int new_rng(lua_State *L)
{
    static const char *const keys[] = {"seed", "stream", NULL};
    uint64_t seed = 0;
    if (lua_istable(L, 1)) {
        binding_keys(L, 1, "spred.rng", keys);
        seed = (uint64_t)binding_integer(L, 1, "spred.rng", "seed", 0);
        const char *stream = binding_text(L, 1, "spred.rng", "stream", NULL);
        if (stream)
            seed = spred_seed(seed, "", 0, stream);
    } else if (lua_isinteger(L, 1)) {
        seed = (uint64_t)lua_tointeger(L, 1);
    } else {
        return luaL_error(L,
                          "spred.rng: expected a whole number or {seed =, "
                          "stream =}, got %s",
                          luaL_tolstring(L, 1, NULL));
    }
    binding_rng_new(L, seed);
    return 1;
}

static int draw(lua_State *L, double (*next)(struct spred_rng *),
                const char *what)
{
    struct spred_rng *rng = check(L);
    if (lua_isnoneornil(L, 2)) {
        lua_pushnumber(L, next(rng));
        return 1;
    }
    size_t rows = matrix_length(L, 2, what);
    size_t cols = lua_isnoneornil(L, 3) ? 1 : matrix_length(L, 3, what);
    double *out = binding_matrix_new(L, rows, cols);
    for (size_t k = 0; k < rows * cols; k++)
        out[k] = next(rng);
    return 1;
}

static int uniform(lua_State *L)
{
    return draw(L, spred_rng_uniform, "uniform");
}

static int normal(lua_State *L)
{
    return draw(L, spred_rng_normal, "normal");
}

static int integer(lua_State *L)
{
    struct spred_rng *rng = check(L);
    lua_Integer low = luaL_checkinteger(L, 2), high = luaL_checkinteger(L, 3);
    if (low > high)
        return luaL_error(L, "integer: %I to %I is no range", low, high);
    lua_Unsigned more = (lua_Unsigned)high - (lua_Unsigned)low;
    if (more >= (lua_Unsigned)MOST_RANGE)
        return luaL_error(L, "integer: a range of at most %I numbers, please",
                          MOST_RANGE);
    size_t up = spred_rng_below(rng, (size_t)more + 1);
    lua_pushinteger(L, (lua_Integer)((lua_Unsigned)low + up));
    return 1;
}

/* The numbers 0..n-1, pushed as scratch. */
static size_t *numbers(lua_State *L, size_t n)
{
    size_t *items = matrix_scratch(L, n, sizeof *items);
    for (size_t i = 0; i < n; i++)
        items[i] = i;
    return items;
}

static int push_list(lua_State *L, const size_t *items, size_t count)
{
    lua_createtable(L, (int)count, 0);
    for (size_t i = 0; i < count; i++) {
        lua_pushinteger(L, (lua_Integer)items[i] + 1);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    return 1;
}

static size_t list_length(lua_State *L, int index, const char *what)
{
    size_t n = matrix_length(L, index, what);
    if (n > INT_MAX)
        luaL_error(L, "%s: %I numbers do not fit into a table", what,
                   (lua_Integer)n);
    return n;
}

static int permutation(lua_State *L)
{
    struct spred_rng *rng = check(L);
    size_t n = list_length(L, 2, "permutation");
    size_t *items = numbers(L, n);
    spred_rng_shuffle(rng, items, n);
    return push_list(L, items, n);
}

static int choice(lua_State *L)
{
    struct spred_rng *rng = check(L);
    size_t n = list_length(L, 2, "choice"), k = list_length(L, 3, "choice");
    if (k > n)
        return luaL_error(L, "choice: %I of %I: there are not so many",
                          (lua_Integer)k, (lua_Integer)n);
    size_t *items = numbers(L, n);
    for (size_t i = 0; i < k; i++) {
        size_t j = i + spred_rng_below(rng, n - i), kept = items[i];
        items[i] = items[j];
        items[j] = kept;
    }
    return push_list(L, items, k);
}

/* A list or a vector: the same exchanges as permutation(#list). */
static int shuffle(lua_State *L)
{
    struct spred_rng *rng = check(L);
    if (binding_test(L, 2, &binding_matrix)) {
        if (!matrix_is_vector(&matrix_target(L, 2, "shuffle")->m))
            luaL_error(L, "shuffle: expected a list or a vector");
    } else {
        luaL_checktype(L, 2, LUA_TTABLE);
    }
    for (lua_Integer i = luaL_len(L, 2); i > 1; i--) {
        lua_Integer j = (lua_Integer)spred_rng_below(rng, (size_t)i) + 1;
        lua_geti(L, 2, i);
        lua_geti(L, 2, j);
        lua_seti(L, 2, i);
        lua_seti(L, 2, j);
    }
    lua_settop(L, 2);
    return 1;
}

static const struct binding_entry methods[] = {
    {"uniform", uniform, "g:uniform([n [, cols]])",
     "A number in [0, 1), or a vector of n (a matrix of n x cols) of them."},
    {"normal", normal, "g:normal([n [, cols]])",
     "A number from N(0, 1), or a vector of n (a matrix of n x cols) of them."},
    {"integer", integer, "g:integer(low, high)",
     "A whole number from low to high, both included."},
    {"permutation", permutation, "g:permutation(n)",
     "The numbers 1 to n in random order, a list."},
    {"choice", choice, "g:choice(n, k)",
     "k different numbers from 1 to n, a list in random order."},
    {"shuffle", shuffle, "g:shuffle(list)",
     "Puts a list or a vector into random order, in place; gives it."},
    {"__gc", release, NULL, NULL},
    {"__close", release, NULL, NULL},
    {0}};

static const struct binding_type rng_type = {
    "rng", "A seeded stream of random numbers (Mersenne Twister).", methods,
    NULL, NULL};

static const struct binding_entry functions[] = {
    {"rng", new_rng, "spred.rng(seed)",
     "A stream of random numbers; the same seed gives the same numbers. Also "
     "spred.rng{seed = 1, stream = \"noise\"}: streams of different names are "
     "independent, the seed (0 if not given) is hashed as the harness does "
     "it."},
    {0}};

void binding_open_rng(lua_State *L)
{
    binding_type(L, &rng_type);
    binding_functions(L, functions);
}
