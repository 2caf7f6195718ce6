/* kinds.c: the table of figure kinds, and drawing several of them. */
#include <string.h>
#include "plots/figure.h"
#include "plots/plots.h"

static const struct plots_kind *const kinds[] = {&plots_gap_time,
                                                 &plots_profile,
                                                 &plots_accuracy_genes,
                                                 &plots_stability,
                                                 &plots_gene_map,
                                                 &plots_critical_difference,
                                                 &plots_accuracy_compression,
                                                 &plots_layer_sparsity,
                                                 &plots_accuracy_macs,
                                                 &plots_accuracy_latency,
                                                 &plots_filters,
                                                 &plots_time_dimension,
                                                 &plots_time_alpha,
                                                 &plots_zero_rate,
                                                 &plots_support_recovery,
                                                 &plots_cv,
                                                 &plots_dictionary,
                                                 &plots_coding_time,
                                                 &plots_rate_distortion,
                                                 &plots_denoising};
static const char *const names[] = {"gap-time",
                                    "profile",
                                    "accuracy-genes",
                                    "stability",
                                    "gene-map",
                                    "critical-difference",
                                    "accuracy-compression",
                                    "layer-sparsity",
                                    "accuracy-macs",
                                    "accuracy-latency",
                                    "filters",
                                    "time-dimension",
                                    "time-alpha",
                                    "zero-rate",
                                    "support-recovery",
                                    "cv",
                                    "dictionary",
                                    "coding-time",
                                    "rate-distortion",
                                    "denoising",
                                    NULL};

static const struct plots_kind *find(const char *name)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(kinds[i]->name, name) == 0)
            return kinds[i];
    return NULL;
}

const char *plots_alt(const char *figure)
{
    size_t longest = 0;
    const char *alt = "made by the experiment's script";
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        size_t n = strlen(names[i]);
        if (n > longest && strncmp(figure, names[i], n) == 0 &&
            (figure[n] == '\0' || figure[n] == '-')) {
            longest = n;
            alt = kinds[i]->alt;
        }
    }
    return alt;
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
    context->db_path = db_path;
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

enum spred_status plots_ask(struct plots_context *context, const char *query,
                            const struct results_table **out)
{
    size_t i = 0;
    while (i < context->n_answers &&
           strcmp(context->answers[i].query, query) != 0)
        i++;
    *out = &context->answers[i].table;
    if (i < context->n_answers)
        return SPRED_OK;
    if (i == PLOTS_ANSWERS)
        return spred_fail(context->env, SPRED_EINVAL,
                          "too many queries in one figure");
    context->answers[i].query = query;
    SPRED_TRY(results_query(context->env, context->view, query,
                            &context->answers[i].table));
    context->n_answers++;
    return SPRED_OK;
}

void plots_context_close(struct plots_context *context)
{
    struct spred_env *env = context->env;
    for (size_t i = 0; i < context->n_answers; i++)
        results_table_free(env, &context->answers[i].table);
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

static int is_extra(const struct plots_extra *extra, const char *name,
                    size_t length)
{
    for (size_t i = 0; extra && extra->names && extra->names[i]; i++)
        if (strlen(extra->names[i]) == length &&
            memcmp(extra->names[i], name, length) == 0)
            return 1;
    return 0;
}

/* The failure of a script's kind, kept until the others are drawn. */
struct failure {
    enum spred_status status;
    char text[SPRED_ERROR_MAX];
};

static enum spred_status run_extra(struct plots_context *context,
                                   const char *kind, struct failure *failure)
{
    struct spred_env *env = context->env;
    const char *name = plots_figure_name(context, kind, NULL);
    if (!name)
        return SPRED_ENOMEM;
    if (context->dry)
        return SPRED_OK;
    enum spred_status status =
        context->extra->draw(context->extra->cookie, env, context->db_path,
                             context->folder, kind, context->gnuplot != NULL);
    if (status == SPRED_ENOMEM || status == SPRED_EINTERRUPTED)
        return status;
    if (status && !failure->status) {
        failure->status = status;
        memcpy(failure->text, env->error, sizeof failure->text);
    }
    return SPRED_OK;
}

static enum spred_status run_kind(struct plots_context *context,
                                  const char *name, size_t length,
                                  struct failure *failure)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strlen(names[i]) == length && memcmp(names[i], name, length) == 0)
            return kinds[i]->draw(context);
    if (!is_extra(context->extra, name, length))
        return SPRED_OK; /* of a script that is not here */
    char *kind = spred_strndup(context->env, name, length);
    enum spred_status status =
        kind ? run_extra(context, kind, failure) : SPRED_ENOMEM;
    spred_free(context->env, kind);
    return status;
}

static enum spred_status unknown(struct plots_context *context,
                                 const char *name)
{
    const char *near = spred_nearest(name, names);
    if (!near && context->extra && context->extra->names)
        near = spred_nearest(name, context->extra->names);
    return spred_fail(context->env, SPRED_ENOTFOUND, "no figure '%s'%s%s%s",
                      name, near ? ", did you mean '" : "", near ? near : "",
                      near ? "'?" : "");
}

enum spred_status plots_run_kinds(struct plots_context *context,
                                  const char *const *figures, size_t n)
{
    struct failure failure = {SPRED_OK, ""};
    /* without a list: the words of the note of the store's last run */
    const char *noted = n ? "" : results_note(&context->notes, "figures", "");
    for (size_t i = 0; i < n; i++)
        if (!find(figures[i]) &&
            !is_extra(context->extra, figures[i], strlen(figures[i])))
            return unknown(context, figures[i]);
    for (size_t i = 0; i < n; i++)
        SPRED_TRY(run_kind(context, figures[i], strlen(figures[i]), &failure));
    for (size_t length; *noted; noted += length + (noted[length] == ' ')) {
        length = strcspn(noted, " ");
        SPRED_TRY(run_kind(context, noted, length, &failure));
    }
    return failure.status
               ? spred_fail(context->env, failure.status, "%s", failure.text)
               : SPRED_OK;
}

enum spred_status plots_draw(struct spred_env *env, const char *db_path,
                             const char *folder, const char *const *figures,
                             size_t n, const struct plots_extra *extra)
{
    struct plots_context context;
    SPRED_TRY(plots_context_open(env, db_path, folder, &context));
    context.extra = extra;
    context.gnuplot = plots_find_gnuplot(env);
    if (!context.gnuplot)
        spred_log(env, SPRED_LOG_WARN,
                  "gnuplot was not found on PATH: figures are left as .gp and "
                  ".dat (install gnuplot-nox)");
    enum spred_status status = plots_run_kinds(&context, figures, n);
    plots_context_close(&context);
    return status;
}

/* Hands the context's names over as a NULL-ended list. */
static enum spred_status take_names(struct plots_context *context,
                                    char ***names_out)
{
    char **list = spred_resize(context->env, context->names,
                               context->n_names + 1, sizeof *list);
    if (!list)
        return SPRED_ENOMEM;
    list[context->n_names] = NULL;
    *names_out = list;
    context->names = NULL;
    context->n_names = 0;
    return SPRED_OK;
}

static enum spred_status
run_for_names(struct spred_env *env, const char *db_path, const char *folder,
              int dry, const char *const *figures, size_t n,
              const struct plots_extra *extra, char ***names_out)
{
    struct plots_context context;
    *names_out = NULL;
    SPRED_TRY(plots_context_open(env, db_path, folder, &context));
    context.extra = extra;
    context.dry = dry;
    enum spred_status status = plots_run_kinds(&context, figures, n);
    for (size_t i = 0; !status && dry && extra && extra->names[i]; i++)
        if (!plots_figure_name(&context, extra->names[i], NULL))
            status = SPRED_ENOMEM;
    if (!status)
        status = take_names(&context, names_out);
    plots_context_close(&context);
    return status;
}

enum spred_status plots_prepare(struct spred_env *env, const char *db_path,
                                const char *folder, const char *const *figures,
                                size_t n, const struct plots_extra *extra,
                                char ***names_out)
{
    return run_for_names(env, db_path, folder, 0, figures, n, extra, names_out);
}

enum spred_status plots_figure_names(struct spred_env *env, const char *db_path,
                                     const struct plots_extra *extra,
                                     char ***names_out)
{
    return run_for_names(env, db_path, "", 1, names,
                         sizeof names / sizeof *names - 1, extra, names_out);
}

void plots_names_free(struct spred_env *env, char **list)
{
    for (size_t i = 0; list && list[i]; i++)
        spred_free(env, list[i]);
    spred_free(env, list);
}
