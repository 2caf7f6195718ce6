/* style.c: what gives all figures one look: text, axes, colours, captions. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "plots/figure.h"

size_t plots_character(const char *bytes)
{
    const unsigned char *text = (const unsigned char *)bytes;
    size_t n = text[0] < 0x80                      ? 1
               : text[0] >= 0xC2 && text[0] < 0xE0 ? 2
               : text[0] >= 0xE0 && text[0] < 0xF0 ? 3
               : text[0] >= 0xF0 && text[0] < 0xF5 ? 4
                                                   : 0;
    for (size_t i = 1; i < n; i++)
        if ((text[i] & 0xC0) != 0x80)
            return 0;
    if (n == 3 && ((text[0] == 0xE0 && text[1] < 0xA0) ||
                   (text[0] == 0xED && text[1] > 0x9F) ||
                   (text[0] == 0xEF && text[1] == 0xBF && text[2] > 0xBD)))
        return 0; /* overlong, surrogate, U+FFFE and U+FFFF */
    if (n == 4 && ((text[0] == 0xF0 && text[1] < 0x90) ||
                   (text[0] == 0xF4 && text[1] > 0x8F)))
        return 0;
    return n;
}

/* gnuplot takes '' for an apostrophe only within a text and once: at its
 * beginning or behind another one it would end the string. */
enum spred_status plots_quote(struct spred_env *env,
                              struct spred_buffer *buffer, const char *text)
{
    const char *begin = text;
    SPRED_TRY(spred_buffer_append(env, buffer, "'", 1));
    while (*text) {
        size_t n = plots_character(text);
        unsigned char c = (unsigned char)*text;
        if (n == 0)
            SPRED_TRY(spred_buffer_append(env, buffer, "?", 1));
        else if (c < ' ' || c == 127)
            SPRED_TRY(spred_buffer_append(env, buffer, " ", 1));
        else if (c == '\'' && (text == begin || text[-1] == '\''))
            SPRED_TRY(spred_buffer_add(env, buffer, "’"));
        else if (c == '\'')
            SPRED_TRY(spred_buffer_append(env, buffer, "''", 2));
        else if (strncmp(text, "]]>", 3) == 0)
            SPRED_TRY(spred_buffer_append(env, buffer, "] ", 2));
        else
            SPRED_TRY(spred_buffer_append(env, buffer, text, n));
        text += n ? n : 1;
    }
    return spred_buffer_append(env, buffer, "'", 1);
}

enum spred_status plots_quote_tic(struct spred_env *env,
                                  struct spred_buffer *buffer, const char *text)
{
    struct spred_buffer doubled = {0};
    enum spred_status status = spred_buffer_append(env, &doubled, "", 0);
    for (; *text && !status; text++)
        status = spred_buffer_append(env, &doubled, *text == '%' ? "%%" : text,
                                     *text == '%' ? 2 : 1);
    if (!status)
        status = plots_quote(env, buffer, doubled.text);
    spred_free(env, doubled.text);
    return status;
}

static enum spred_status tic(struct plots_figure *f, double value, int plain,
                             int labels, size_t *count)
{
    struct spred_env *env = f->context->env;
    int exponent = (int)floor(log10(value) + 1e-9);
    SPRED_TRY(spred_buffer_add(env, &f->gp, "%s", (*count)++ ? ", " : ""));
    if (!labels)
        return spred_buffer_add(env, &f->gp, "'' %.6e", value);
    if (plain)
        return spred_buffer_add(env, &f->gp, "'%.10g' %.6e", value, value);
    return spred_buffer_add(env, &f->gp, "'10^{%d}' %.6e", exponent, value);
}

enum spred_status plots_log_axis(struct plots_figure *f, char axis, double low,
                                 double high, int plain, int labels)
{
    struct spred_env *env = f->context->env;
    double decades = log10(high / low);
    int first = (int)floor(log10(low) - 1e-9), last = (int)ceil(log10(high));
    int every = decades > 10 ? 3 : decades > 5 ? 2 : 1;
    int fine = decades < 2.1;
    size_t count = 0;
    SPRED_TRY(spred_buffer_add(env, &f->gp,
                               "set logscale %c\nset %crange [%.6e:%.6e]\n"
                               "set %ctics (",
                               axis, axis, low, high, axis));
    for (int e = first; e <= last; e++)
        for (int m = 1; m < 10; m++) {
            double value = m * pow(10, e), slack = 1e-9;
            if (value < low * (1 - slack) || value > high * (1 + slack))
                continue;
            if (m == 1 ? e % every == 0 : fine && (m == 2 || m == 5))
                SPRED_TRY(tic(f, value, plain || fine, labels, &count));
            else if (decades < 8)
                SPRED_TRY(spred_buffer_add(env, &f->gp, "%s'' %.6e 1",
                                           count++ ? ", " : "", value));
        }
    return spred_buffer_add(env, &f->gp, ")\n");
}

/* Okabe and Ito's colours, without the yellow that paper swallows. */
struct plots_style plots_nth_style(size_t i)
{
    static const char *const colours[PLOTS_COLOURS] = {
        "#0072B2", "#D55E00", "#009E73", "#882255",
        "#CC79A7", "#E69F00", "#56B4E9", "#7F7F7F"};
    static const int points[] = {7, 5, 9, 11, 13, 6, 4, 8, 10, 12};
    static const int hollow[] = {6, 4, 8, 10, 12, 6, 4, 8, 10, 12};
    static const int dashes[] = {1, 2, 4, 5, 3};
    return (struct plots_style){colours[i % PLOTS_COLOURS], dashes[i % 5],
                                points[i % 10], hollow[i % 10]};
}

struct plots_style plots_solver_style(const struct plots_context *context,
                                      const char *solver)
{
    size_t i = 0;
    while (i < context->solvers.n_rows &&
           strcmp(results_text(&context->solvers, i, "solver"), solver) != 0)
        i++;
    return plots_nth_style(i);
}

#define SOURCE_MAX 120 /* bytes of a source in a caption */

static size_t dataset_row(const struct plots_context *context,
                          const char *dataset)
{
    size_t i = 0;
    while (i < context->datasets.n_rows &&
           strcmp(results_text(&context->datasets, i, "dataset"), dataset) != 0)
        i++;
    return i;
}

char *plots_dataset_title(struct plots_context *context, const char *dataset)
{
    size_t i = dataset_row(context, dataset);
    return spred_format(context->env, "%s%s", dataset,
                        results_real(&context->datasets, i, "simulated") > 0
                            ? " (simulated)"
                            : "");
}

/* "Real data: GDS1815 (GEO ...), ...; " for one kind of data. */
static enum spred_status sources(struct plots_figure *f,
                                 const struct results_table *table,
                                 size_t first, size_t end, int simulated)
{
    struct plots_context *context = f->context;
    const char *last = NULL;
    size_t count = 0;
    for (size_t i = 0; i < context->datasets.n_rows; i++) {
        const char *dataset = results_text(&context->datasets, i, "dataset");
        const char *source = results_text(&context->datasets, i, "source");
        double is = results_real(&context->datasets, i, "simulated");
        size_t used = first;
        while (used < end &&
               strcmp(results_text(table, used, "dataset"), dataset) != 0)
            used++;
        if (used == end || (is > 0) != simulated)
            continue;
        SPRED_TRY(spred_buffer_add(context->env, &f->caption, "%s%s",
                                   count++ ? ", "
                                   : simulated
                                       ? "SIMULATED data, not measured: "
                                       : "Data: ",
                                   dataset));
        const char *seed = strstr(source, " seed="); /* the caption has one */
        size_t length = seed ? (size_t)(seed - source) : strlen(source);
        if (!last || strcmp(source, last) != 0)
            SPRED_TRY(spred_buffer_add(
                context->env, &f->caption, " (%.*s)",
                (int)(length < SOURCE_MAX ? length : SOURCE_MAX), source));
        last = source;
    }
    return count ? spred_buffer_add(context->env, &f->caption, ". ") : SPRED_OK;
}

enum spred_status plots_provenance(struct plots_figure *f,
                                   const struct results_table *table,
                                   size_t first, size_t end)
{
    struct plots_context *context = f->context;
    struct spred_env *env = context->env;
    const struct results_table *machines = &context->machines;
    SPRED_TRY(sources(f, table, first, end, 0));
    SPRED_TRY(sources(f, table, first, end, 1));
    SPRED_TRY(spred_buffer_add(
        env, &f->caption, "Seed %s; machine",
        results_note(&context->notes, "seed", "as stored with each run")));
    for (size_t i = 0; i < machines->n_rows && i < 4; i++)
        SPRED_TRY(spred_buffer_add(env, &f->caption, "%s %.16s", i ? "," : "",
                                   results_text(machines, i, "machine")));
    const char *text = results_note(&context->notes, "machine", NULL);
    if (text)
        SPRED_TRY(spred_buffer_add(env, &f->caption, " (%.250s)", text));
    if (machines->n_rows > 1)
        SPRED_TRY(spred_buffer_add(env, &f->caption,
                                   " (%zu MACHINES: times are not comparable)",
                                   machines->n_rows));
    return spred_buffer_add(
        env, &f->caption, "; made by %.200s.",
        results_note(&context->notes, "command", "spredbench plot"));
}

size_t plots_rows_end(const struct results_table *table, size_t first,
                      const char *column, size_t end)
{
    size_t i = first;
    while (i < end && results_same(table, first, i, column))
        i++;
    return i;
}

enum spred_status plots_solver_keys(struct plots_figure *f,
                                    const struct results_table *t, size_t first,
                                    size_t end, const char *column)
{
    const struct results_table *solvers = &f->context->solvers;
    for (size_t s = 0; s < solvers->n_rows; s++) {
        const char *solver = results_text(solvers, s, "solver");
        struct plots_style style = plots_solver_style(f->context, solver);
        char with[96];
        size_t i = first;
        while (i < end && (isnan(results_real(t, i, column)) ||
                           strcmp(results_text(t, i, "solver"), solver) != 0))
            i++;
        if (i == end)
            continue;
        snprintf(with, sizeof with,
                 "linespoints lc rgb '%s' dt %d lw 1.6 pt %d ps 0.7",
                 style.colour, style.dash, style.point);
        SPRED_TRY(plots_key(f, solver, with));
    }
    return SPRED_OK;
}
