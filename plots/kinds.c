/* kinds.c: the table of figure kinds, and drawing several of them. */
#include <string.h>
#include "plots/figure.h"
#include "plots/plots.h"

static const struct plots_kind *const kinds[] = {
    &plots_gap_time,         &plots_profile,    &plots_accuracy_genes,
    &plots_time_dimension,   &plots_time_alpha, &plots_zero_rate,
    &plots_support_recovery, &plots_cv};
static const char *const names[] = {
    "gap-time",         "profile",    "accuracy-genes",
    "time-dimension",   "time-alpha", "zero-rate",
    "support-recovery", "cv",         NULL};

static const struct plots_kind *find(const char *name)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(kinds[i]->name, name) == 0)
            return kinds[i];
    return NULL;
}

const char *const *plots_kinds(void)
{
    return names;
}

enum spred_status plots_context_open(struct spred_env *env, const char *db_path,
                                     const char *folder,
                                     struct plots_context *context)
{
    memset(context, 0, sizeof *context);
    context->env = env;
    context->folder = folder;
    enum spred_status status = results_view_open(env, db_path, &context->view);
    if (!status)
        status =
            results_query(env, context->view, "solvers", &context->solvers);
    if (!status)
        status =
            results_query(env, context->view, "datasets", &context->datasets);
    if (!status)
        status = results_query(env, context->view, "notes", &context->notes);
    if (!status)
        status =
            results_query(env, context->view, "machines", &context->machines);
    if (status)
        plots_context_close(context);
    return status;
}

void plots_context_close(struct plots_context *context)
{
    struct spred_env *env = context->env;
    for (size_t i = 0; i < context->n_names; i++)
        spred_free(env, context->names[i]);
    spred_free(env, context->names);
    spred_free(env, context->gnuplot);
    results_table_free(env, &context->solvers);
    results_table_free(env, &context->datasets);
    results_table_free(env, &context->notes);
    results_table_free(env, &context->machines);
    results_view_close(context->view);
    memset(context, 0, sizeof *context);
}

/* The kinds of the store's last run: the words of its note. */
static enum spred_status run_noted(struct plots_context *context,
                                   const char *noted)
{
    for (size_t length; *noted; noted += length + (noted[length] == ' ')) {
        length = strcspn(noted, " ");
        for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
            if (strlen(names[i]) == length &&
                memcmp(names[i], noted, length) == 0)
                SPRED_TRY(kinds[i]->draw(context));
    }
    return SPRED_OK;
}

enum spred_status plots_run_kinds(struct plots_context *context,
                                  const char *const *figures, size_t n)
{
    const char *noted = results_note(&context->notes, "figures", NULL);
    if (n == 0 && noted)
        return run_noted(context, noted);
    for (size_t i = 0; i < n; i++) {
        const char *near = spred_nearest(figures[i], names);
        if (!find(figures[i]))
            return spred_fail(context->env, SPRED_ENOTFOUND,
                              "no figure '%s'%s%s%s", figures[i],
                              near ? ", did you mean '" : "", near ? near : "",
                              near ? "'?" : "");
    }
    for (size_t i = 0; i < n; i++)
        SPRED_TRY(find(figures[i])->draw(context));
    return SPRED_OK;
}

enum spred_status plots_draw(struct spred_env *env, const char *db_path,
                             const char *folder, const char *const *figures,
                             size_t n)
{
    struct plots_context context;
    SPRED_TRY(plots_context_open(env, db_path, folder, &context));
    context.gnuplot = plots_find_gnuplot(env);
    if (!context.gnuplot)
        spred_log(env, SPRED_LOG_WARN,
                  "gnuplot was not found on PATH: figures are left as .gp and "
                  ".dat (install gnuplot-nox)");
    enum spred_status status = plots_run_kinds(&context, figures, n);
    plots_context_close(&context);
    return status;
}
