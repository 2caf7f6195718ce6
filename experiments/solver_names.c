/* solver_names.c: the registry behind the spec's questions about solvers. */
#include "experiments/solver_names.h"

#include <stdio.h>

#include "spred/solver.h"

static const char *resolve_solver(const char *name, const char *variant)
{
    char full[128];
    const struct spred_solver *solver = spred_solver_find(name);
    if (variant) {
        snprintf(full, sizeof full, "%s-%s", name, variant);
        solver = spred_solver_find(full);
    }
    return solver ? solver->name : NULL;
}

static enum spred_status check_option(struct spred_env *env, const char *name,
                                      const char *option, const char *value)
{
    const struct spred_solver *solver = spred_solver_find(name);
    void *options = spred_alloc(env, 1, solver->options_size);
    if (!options)
        return SPRED_ENOMEM;
    enum spred_status status =
        spred_options_set(env, solver->options, options, option, value);
    spred_free(env, options);
    return status;
}

#define MAX_NAMES 128

const struct spec_solver_names *solver_names(void)
{
    static const char *names[MAX_NAMES + 1];
    static const struct spec_solver_names table = {
        .resolve = resolve_solver, .all = names, .check = check_option};
    size_t count = 0;
    for (size_t i = 0; spred_solvers[i] && count + 1 < MAX_NAMES; i++) {
        names[count++] = spred_solvers[i]->name;
        if (spred_solvers[i]->alias)
            names[count++] = spred_solvers[i]->alias;
    }
    names[count] = NULL;
    return &table;
}
