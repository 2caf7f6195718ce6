/* parts.c: finds what an experiment names: a script's own parts first, then
 * what is built in. */
#include "experiments/parts.h"

#include <string.h>

const struct spred_solver *parts_own_solver(const struct parts *parts,
                                            const char *name)
{
    if (parts && parts->solvers)
        for (size_t i = 0; parts->solvers[i]; i++)
            if (strcmp(parts->solvers[i]->name, name) == 0 ||
                (parts->solvers[i]->alias &&
                 strcmp(parts->solvers[i]->alias, name) == 0))
                return parts->solvers[i];
    return NULL;
}

const struct spred_solver *parts_solver(const struct parts *parts,
                                        const char *name)
{
    const struct spred_solver *own = parts_own_solver(parts, name);
    return own ? own : spred_solver_find(name);
}

const struct spred_model *parts_model(const struct parts *parts,
                                      const char *name)
{
    if (parts && parts->models)
        for (size_t i = 0; parts->models[i]; i++)
            if (strcmp(parts->models[i]->name, name) == 0)
                return parts->models[i];
    return spred_model_find(name);
}

const struct spred_loss *parts_loss(const struct parts *parts, const char *name)
{
    if (parts && parts->losses)
        for (size_t i = 0; parts->losses[i]; i++)
            if (strcmp(parts->losses[i]->name, name) == 0)
                return parts->losses[i];
    return spred_loss_named(name);
}

const struct spred_penalty_form *parts_penalty(const struct parts *parts,
                                               const char *name)
{
    if (parts && parts->penalties)
        for (size_t i = 0; parts->penalties[i]; i++)
            if (strcmp(parts->penalties[i]->name, name) == 0)
                return parts->penalties[i];
    return NULL;
}

const struct parts_protocol *parts_protocol(const struct parts *parts,
                                            const char *name)
{
    const struct parts_protocol *all = parts ? parts->protocols : NULL;
    for (; all && all->name; all++)
        if (strcmp(all->name, name) == 0)
            return all;
    return NULL;
}

const struct parts_source *parts_source(const struct parts *parts,
                                        const char *name)
{
    const struct parts_source *all = parts ? parts->sources : NULL;
    for (; all && all->name; all++)
        if (strcmp(all->name, name) == 0)
            return all;
    return NULL;
}

int parts_touch_every_job(const struct parts *parts)
{
    return parts && ((parts->metrics && parts->metrics->name) ||
                     parts->on_job_start || parts->on_point);
}
