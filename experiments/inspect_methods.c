/* inspect_methods.c: the solvers and the models that there are, for people. */
#include "experiments/inspect.h"

#include <string.h>

#include "spred/coding.h"
#include "spred/model.h"
#include "spred/text.h"

static void print_bounds(const struct spred_option *o, FILE *out)
{
    if (o->kind == SPRED_OPTION_BOOL) {
        fputs("true | false", out);
    } else if (o->kind == SPRED_OPTION_CHOICE) {
        for (size_t i = 0; o->choices[i]; i++)
            fprintf(out, "%s%s", i ? " | " : "", o->choices[i]);
    } else if (o->kind == SPRED_OPTION_TEXT) {
        fputs("text", out);
    } else {
        fprintf(out, "%g to %g", o->min, o->max);
    }
}

static void print_options(const struct spred_option *o, FILE *out)
{
    for (; o && o->name; o++) {
        fprintf(out, "  %-12s (%s) ", o->name, o->initial);
        print_bounds(o, out);
        fprintf(out, ": %s\n", o->doc);
    }
}

static void print_method(const char *name, const char *alias, const char *doc,
                         const char *reference, const char *what,
                         const struct spred_option *options, FILE *out)
{
    fprintf(out, "%s%s%s: %s\n  reference: %s\n  %s\n", name,
            alias ? ", alias " : "", alias ? alias : "", doc, reference, what);
    print_options(options, out);
}

/* A name of the other list is said to be one. */
static enum spred_status unknown(struct spred_env *env, const char *kind,
                                 const char *name, const char *near,
                                 const char *other)
{
    if (other)
        return spred_fail(env, SPRED_ENOTFOUND,
                          "no %s '%s': it is a %s, see `spredbench %ss %s`",
                          kind, name, other, other, name);
    if (near)
        return spred_fail(env, SPRED_ENOTFOUND,
                          "no %s '%s' (did you mean '%s'?)", kind, name, near);
    return spred_fail(env, SPRED_ENOTFOUND,
                      "no %s '%s'; `spredbench %ss` lists them", kind, name,
                      kind);
}

enum spred_status inspect_solvers(struct spred_env *env, const char *name,
                                  FILE *out)
{
    const char *names[128];
    size_t count = 0;
    for (size_t i = 0; spred_solvers[i] && count < 127; i++) {
        const struct spred_solver *s = spred_solvers[i];
        names[count++] = s->name;
        if (!name)
            fprintf(out, "%-20s %s\n", s->name, s->doc);
    }
    names[count] = NULL;
    if (!name)
        return SPRED_OK;
    const struct spred_solver *s = spred_solver_find(name);
    if (!s) {
        size_t length = strlen(name);
        const char *near = spred_nearest(name, names);
        for (size_t i = 0; i < count; i++) /* `spred` has variants */
            if (strncmp(names[i], name, length) == 0 && names[i][length] == '-')
                near = names[i];
        return unknown(env, "solver", name, near,
                       spred_model_find(name) ? "model" : NULL);
    }
    fprintf(out, "%s%s%s: %s\n  reference: %s\n", s->name,
            s->alias ? ", alias " : "", s->alias ? s->alias : "", s->doc,
            s->reference);
    fprintf(out, "  problems: %s loss, %s penalty, %s\n",
            s->needs & SPRED_NEEDS_QUADRATIC ? "squared" : "any",
            s->needs & SPRED_NEEDS_POWER     ? "power"
            : s->needs & SPRED_NEEDS_GROUPS  ? "group"
            : s->needs & SPRED_NEEDS_PURE_L1 ? "l1"
            : s->needs & SPRED_TAKES_GROUPS  ? "l1, elastic-net or group"
                                             : "l1 or elastic-net",
            s->needs & SPRED_NEEDS_ONE_OUTPUT ? "one output"
                                              : "one or several outputs");
    if (s->claim > 0)
        fprintf(out, "  claims: %s %g\n",
                s->needs & SPRED_NEEDS_POWER ? "stationarity"
                                             : "certified relative gap",
                s->claim);
    else
        fputs("  claims: nothing\n", out);
    print_options(s->options, out);
    return SPRED_OK;
}

enum spred_status inspect_models(struct spred_env *env, const char *name,
                                 FILE *out)
{
    const char *names[128];
    size_t count = 0;
    for (size_t i = 0; spred_models[i] && count < 126; i++) {
        const struct spred_model *m = spred_models[i];
        names[count++] = m->name;
        if (m->alias)
            names[count++] = m->alias;
        if (!name)
            fprintf(out, "%-20s %s\n", m->name, m->doc);
    }
    names[count] = NULL;
    if (!name)
        return SPRED_OK;
    const struct spred_model *m = spred_model_find(name);
    if (!m)
        return unknown(env, "model", name, spred_nearest(name, names),
                       spred_solver_find(name) ? "solver" : NULL);
    fprintf(out, "%s%s%s: %s\n  reference: %s\n  target: %s\n  genes: %s\n",
            m->name, m->alias ? ", alias " : "", m->alias ? m->alias : "",
            m->doc, m->reference,
            !(m->takes & SPRED_MODEL_REAL)      ? "classes"
            : !(m->takes & SPRED_MODEL_CLASSES) ? "real-valued"
                                                : "classes or real-valued",
            m->takes & SPRED_MODEL_CHOOSES ? "chooses some" : "uses all");
    if (m->store && m->load)
        fputs("  file: can be saved (measure.keep_models, model:save)\n", out);
    print_options(m->options, out);
    return SPRED_OK;
}

enum spred_status inspect_coders(struct spred_env *env, const char *name,
                                 FILE *out)
{
    const char *names[128];
    size_t count = 0;
    const struct spred_dictionary_method *const *ways =
        spred_dictionary_methods;
    for (size_t i = 0; spred_coders[i] && count < 63; i++) {
        names[count++] = spred_coders[i]->name;
        if (!name)
            fprintf(out, "%-20s codes: %s\n", spred_coders[i]->name,
                    spred_coders[i]->doc);
    }
    for (size_t i = 0; ways[i] && count < 127; i++) {
        names[count++] = ways[i]->name;
        if (!name)
            fprintf(out, "%-20s learns a dictionary: %s\n", ways[i]->name,
                    ways[i]->doc);
    }
    names[count] = NULL;
    if (!name)
        return SPRED_OK;
    const struct spred_coder *coder = spred_coder_find(name);
    const struct spred_dictionary_method *way =
        spred_dictionary_method_find(name);
    if (coder)
        print_method(coder->name, coder->alias, coder->doc, coder->reference,
                     "codes signals over a dictionary", coder->options, out);
    if (way)
        print_method(way->name, way->alias, way->doc, way->reference,
                     "learns a dictionary", way->options, out);
    if (coder || way)
        return SPRED_OK;
    return unknown(env, "coder", name, spred_nearest(name, names),
                   spred_solver_find(name)  ? "solver"
                   : spred_model_find(name) ? "model"
                                            : NULL);
}
