/* html.c: escaped text and inline SVG for the report. */
#include "plots/html.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "spred/file.h"

const char plots_html_style[] =
    ":root{color-scheme:light dark;--text:#222;--page:#fff;--line:#ccc;"
    "--rule:#e4e4e4;--head:#888;--note:#fff4e0;--code:#f6f6f6;--bad:#b03000;"
    "--soft:#5c5c5c}\n"
    "@media(prefers-color-scheme:dark){:root{--text:#ddd;--page:#181a1b;"
    "--line:#555;--rule:#3a3d3f;--head:#999;--note:#3a3020;--code:#222527;"
    "--bad:#ff9070;--soft:#aaa}}\n"
    "body{font:15px/1.45 sans-serif;color:var(--text);background:var(--page);"
    "max-width:1240px;margin:1.5em auto;padding:0 1em}\n"
    "h1{font-size:1.5em}h2{font-size:1.2em;border-bottom:1px solid var(--line);"
    "margin-top:2em}h3{font-size:1em;margin-bottom:.3em}\n"
    "table{border-collapse:collapse;font-size:.8em;margin:.5em 0 1em}\n"
    "th,td{padding:.15em .5em;text-align:right;border-bottom:1px solid "
    "var(--rule);white-space:nowrap}\n"
    "th{border-bottom:1px solid var(--head);font-weight:600;"
    "vertical-align:bottom}\n"
    ".t{text-align:left}.w{white-space:normal}\n"
    ".m{white-space:normal;max-width:9em;overflow-wrap:anywhere}\n"
    ".note{background:var(--note);border-left:4px solid #E69F00;"
    "padding:.4em .8em;margin:.5em 0}\n"
    "pre{background:var(--code);padding:.8em;overflow:auto;font-size:.8em}\n"
    "figure{margin:1em 0}figure svg{width:1000px;max-width:100%;height:auto;"
    "background:#fff}figure image{image-rendering:pixelated}\n"
    "summary{font-weight:600;cursor:pointer}"
    ".wide{overflow-x:auto}.bad{color:var(--bad)}.soft{color:var(--soft)}\n"
    "@media print{:root{color-scheme:light}body{max-width:none}"
    "h2{page-break-after:avoid}figure,table{page-break-inside:avoid}}\n";

enum spred_status plots_html_text(struct spred_env *env,
                                  struct spred_buffer *out, const char *text)
{
    static const struct {
        char c;
        const char *entity;
    } entities[] = {
        {'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}};
    while (*text) {
        size_t n = plots_character(text), k = 0;
        unsigned char c = (unsigned char)*text;
        while (k < 4 && entities[k].c != *text)
            k++;
        if (n == 0)
            SPRED_TRY(spred_buffer_append(env, out, "?", 1));
        else if ((c < ' ' && c != '\n' && c != '\t') || c == 127)
            SPRED_TRY(spred_buffer_append(env, out, " ", 1));
        else if (k < 4)
            SPRED_TRY(spred_buffer_add(env, out, "%s", entities[k].entity));
        else
            SPRED_TRY(spred_buffer_append(env, out, text, n));
        text += n ? n : 1;
    }
    return SPRED_OK;
}

static enum spred_status put_cell(struct spred_env *env,
                                  struct spred_buffer *out,
                                  const struct results_table *t, size_t row,
                                  const struct plots_column *column)
{
    if (column->digits == 0) {
        SPRED_TRY(spred_buffer_add(env, out, "<td class=\"t%s\">",
                                   strcmp(column->name, "reason") == 0 ||
                                           strcmp(column->name, "at") == 0 ||
                                           strcmp(column->name, "value") == 0
                                       ? " w"
                                       : ""));
        SPRED_TRY(
            plots_html_text(env, out, results_text(t, row, column->name)));
        return spred_buffer_add(env, out, "</td>");
    }
    double value = results_real(t, row, column->name);
    double half = column->half ? results_real(t, row, column->half) : NAN;
    char text[96] = "–";
    if (column->digits == PLOTS_POINTS && !isnan(value))
        snprintf(text, sizeof text, isnan(half) ? "%+.2f" : "%+.2f ± %.2f",
                 100 * value, 100 * half);
    else if (isinf(value)) /* censored: see the statuses */
        snprintf(text, sizeof text, "&gt; %.3g",
                 results_real(t, row, "seconds"));
    else if (!isnan(value) && column->half && !isnan(half))
        snprintf(text, sizeof text, "%.3f ± %.3f", value, half);
    else if (!isnan(value) && column->half)
        snprintf(text, sizeof text, "%.3f", value);
    else if (!isnan(value))
        snprintf(text, sizeof text, "%.*g", column->digits, value);
    return spred_buffer_add(env, out, "<td>%s</td>", text);
}

enum spred_status plots_html_table(struct spred_env *env,
                                   struct spred_buffer *out,
                                   const struct results_table *t, size_t first,
                                   size_t end,
                                   const struct plots_column *columns)
{
    SPRED_TRY(spred_buffer_add(env, out, "<div class=\"wide\"><table><tr>"));
    for (const struct plots_column *c = columns; c->title; c++)
        SPRED_TRY(spred_buffer_add(env, out, "<th%s>%s</th>",
                                   c->digits ? "" : " class=\"t\"", c->title));
    SPRED_TRY(spred_buffer_add(env, out, "</tr>\n"));
    for (size_t row = first; row < end; row++) {
        SPRED_TRY(spred_buffer_add(env, out, "<tr>"));
        for (const struct plots_column *c = columns; c->title; c++)
            SPRED_TRY(put_cell(env, out, t, row, c));
        SPRED_TRY(spred_buffer_add(env, out, "</tr>\n"));
    }
    return spred_buffer_add(env, out, "</table></div>\n");
}

/* Copies SVG, "fN-" behind every mark that starts an id or refers to one. */
static enum spred_status copy_unique(struct spred_env *env,
                                     struct spred_buffer *out, size_t number,
                                     const char *svg)
{
    static const char *const marks[] = {" id='", " id=\"", "href='#",
                                        "href=\"#", "url(#"};
    const char *from = svg;
    for (const char *c = svg; *c; c++)
        for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
            size_t n = strlen(marks[i]);
            if (*c != marks[i][0] || strncmp(c, marks[i], n) != 0)
                continue;
            SPRED_TRY(
                spred_buffer_append(env, out, from, (size_t)(c + n - from)));
            SPRED_TRY(spred_buffer_add(env, out, "f%zu-", number));
            from = c + n;
            c += n - 1;
            break;
        }
    return spred_buffer_append(env, out, from, strlen(from));
}

enum spred_status plots_html_figure(struct plots_context *context,
                                    struct spred_buffer *out, size_t number,
                                    const char *name)
{
    struct spred_env *env = context->env;
    char *text = NULL;
    size_t length;
    char *path = spred_format(env, "%s/%s.svg", context->folder, name);
    if (!path)
        return SPRED_ENOMEM;
    enum spred_status status = spred_read_file(env, path, &text, &length);
    spred_free(env, path);
    const char *svg = status ? NULL : strstr(text, "<svg");
    if (status == SPRED_ENOTFOUND || (!status && !svg)) {
        status = spred_buffer_add(env, out,
                                  "<p class=\"bad\">The figure %s was not "
                                  "drawn: gnuplot is missing (%s.gp and %s.dat "
                                  "then hold its script and data), or the "
                                  "script that makes it failed or had nothing "
                                  "to show.</p>\n",
                                  name, name, name);
    } else if (!status) {
        status = spred_buffer_add(env, out, "<figure id=\"%s\">\n", name);
        if (!status)
            status = spred_buffer_add(
                env, out, "<svg role=\"img\" aria-label=\"Figure %s: %s\"",
                name, plots_alt(name));
        if (!status)
            status = copy_unique(env, out, number, svg + strlen("<svg"));
        if (!status)
            status = spred_buffer_add(env, out, "</figure>\n");
    }
    spred_free(env, text);
    return status;
}
