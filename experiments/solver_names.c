/* solver_names.c: the registries behind the spec's questions about solvers and
 * models. */
#include "experiments/solver_names.h"

#include <stdio.h>
#include <string.h>

#include "spred/coding.h"
#include "spred/model.h"
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

static const char *resolve_model(const char *name)
{
    const struct spred_model *model = spred_model_find(name);
    return model ? model->name : NULL;
}

static enum spred_status check_model(struct spred_env *env, const char *name,
                                     const char *option, const char *value)
{
    const struct spred_model *model = spred_model_find(name);
    void *options = spred_alloc(env, 1, model->options_size);
    if (!options)
        return SPRED_ENOMEM;
    enum spred_status status =
        spred_options_default(env, model->options, options);
    if (status == SPRED_OK)
        status = spred_options_set(env, model->options, options, option, value);
    if (status == SPRED_OK && model->check)
        status = model->check(env, options);
    spred_free(env, options);
    return status;
}

static int is_word(const char *name, const char *option)
{
    const struct spred_model *model = spred_model_find(name);
    for (const struct spred_option *o = model->options; o && o->name; o++)
        if (strcmp(o->name, option) == 0)
            return o->kind == SPRED_OPTION_TEXT;
    return 0;
}

/* Coders and ways to learn a dictionary are tables of one shape. */
static enum spred_status check_in(struct spred_env *env,
                                  const struct spred_option *table, size_t size,
                                  const char *option, const char *value)
{
    static const struct spred_option none[] = {{0}};
    void *options = spred_alloc(env, 1, size);
    if (!options)
        return SPRED_ENOMEM;
    enum spred_status status =
        spred_options_set(env, table ? table : none, options, option, value);
    spred_free(env, options);
    return status;
}

static const char *resolve_coder(const char *name)
{
    const struct spred_coder *coder = spred_coder_find(name);
    return coder ? coder->name : NULL;
}

static enum spred_status check_coder(struct spred_env *env, const char *name,
                                     const char *option, const char *value)
{
    const struct spred_coder *coder = spred_coder_find(name);
    return check_in(env, coder->options, coder->options_size, option, value);
}

static const char *resolve_dictionary(const char *name)
{
    const struct spred_dictionary_method *method =
        spred_dictionary_method_find(name);
    return method ? method->name : NULL;
}

static enum spred_status check_dictionary(struct spred_env *env,
                                          const char *name, const char *option,
                                          const char *value)
{
    const struct spred_dictionary_method *method =
        spred_dictionary_method_find(name);
    return check_in(env, method->options, method->options_size, option, value);
}

#define MAX_NAMES 128

static const struct spec_model_names *coder_names(void)
{
    static const char *names[MAX_NAMES + 1];
    static const struct spec_model_names table = {
        .resolve = resolve_coder, .all = names, .check = check_coder};
    size_t count = 0;
    for (size_t i = 0; spred_coders[i] && count + 1 < MAX_NAMES; i++) {
        names[count++] = spred_coders[i]->name;
        if (spred_coders[i]->alias)
            names[count++] = spred_coders[i]->alias;
    }
    names[count] = NULL;
    return &table;
}

static const struct spec_model_names *dictionary_names(void)
{
    static const char *names[MAX_NAMES + 1];
    static const struct spec_model_names table = {
        .resolve = resolve_dictionary, .all = names, .check = check_dictionary};
    size_t count = 0;
    for (size_t i = 0; spred_dictionary_methods[i] && count + 1 < MAX_NAMES;
         i++) {
        names[count++] = spred_dictionary_methods[i]->name;
        if (spred_dictionary_methods[i]->alias)
            names[count++] = spred_dictionary_methods[i]->alias;
    }
    names[count] = NULL;
    return &table;
}

static const struct spec_model_names *model_names(void)
{
    static const char *names[MAX_NAMES + 1];
    static const struct spec_model_names table = {.resolve = resolve_model,
                                                  .all = names,
                                                  .check = check_model,
                                                  .is_word = is_word};
    size_t count = 0;
    for (size_t i = 0; spred_models[i] && count + 1 < MAX_NAMES; i++) {
        names[count++] = spred_models[i]->name;
        if (spred_models[i]->alias)
            names[count++] = spred_models[i]->alias;
    }
    names[count] = NULL;
    return &table;
}

const struct spec_solver_names *solver_names(void)
{
    static const char *names[MAX_NAMES + 1];
    static struct spec_solver_names table = {
        .resolve = resolve_solver, .all = names, .check = check_option};
    table.models = model_names();
    table.coders = coder_names();
    table.dictionaries = dictionary_names();
    size_t count = 0;
    for (size_t i = 0; spred_solvers[i] && count + 1 < MAX_NAMES; i++) {
        names[count++] = spred_solvers[i]->name;
        if (spred_solvers[i]->alias)
            names[count++] = spred_solvers[i]->alias;
    }
    names[count] = NULL;
    return &table;
}
