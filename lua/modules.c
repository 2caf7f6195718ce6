/* modules.c: the table `spred`: the C functions, then the Lua files of
 * lua/spred/, which are inside the program. */
#include "lua/modules.h"

#include "lua/binding.h"
#include "lua/embedded.h"

/* In this order: a later one may use the types of an earlier one. */
static void (*const modules[])(lua_State *L) = {
    // clang-format off
    binding_open_docs,
    binding_open_matrix,
    binding_open_rng,
    binding_open_minimise,
    binding_open_hooks,
    binding_open_metric,
    binding_open_protocol,
    binding_open_figure,
    binding_open_results,
    binding_open_experiment,
    binding_open_plot,
    binding_open_loss,
    binding_open_penalty,
    binding_open_design,
    binding_open_problem,
    binding_open_data,
    binding_open_fit,
    binding_open_learn,
    binding_open_coding,
    binding_open_solver,
    binding_open_loader,
    // clang-format on
};

void modules_open(lua_State *L)
{
    lua_newtable(L);
    lua_pushliteral(L, SPREDBENCH_VERSION);
    lua_setfield(L, -2, "version");
    for (size_t i = 0; i < sizeof modules / sizeof *modules; i++)
        modules[i](L);
    for (const struct embedded *e = embedded_files; e->name; e++) {
        if (luaL_loadbufferx(L, e->text, e->length, e->name, "t") != LUA_OK)
            lua_error(L);
        lua_pushvalue(L, -2);
        lua_call(L, 1, 0);
    }
}
