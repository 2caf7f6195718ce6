/* figure.c: one figure's files: a page of panels, its script and its data. */
#include "plots/figure.h"
#include "spred/file.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Pixels of the SVG; 100 of them are an inch of the PDF. */
#define PAGE_WIDTH ((double)PLOTS_PAGE_WIDTH)
#define MARGIN_LEFT 62.0
#define MARGIN_RIGHT 14.0
#define MARGIN_TOP 26.0
#define GAP_X 22.0
#define GAP_Y 54.0
#define BELOW_PANELS 46.0
#define KEY_ROW 17.0
#define KEY_SAMPLE 62.0   /* of line and gaps, beside the text */
#define KEY_CHARACTER 7.2 /* gnuplot takes SVG text for wide */
#define CAPTION_ROW 11.0
#define CAPTION_CHARACTERS 138

/* Letters, digits, '.', '-', '_' stay; anything else becomes '_', and a number
 * is added if another figure has the name already. */
static char *safe_name(struct plots_context *context, const char *kind,
                       const char *part)
{
    struct spred_env *env = context->env;
    char *name = part ? spred_format(env, "%s-%.60s", kind, part)
                      : spred_strdup(env, kind);
    for (char *c = name; name && *c; c++)
        if (!((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') ||
              (*c >= '0' && *c <= '9') || *c == '-' || *c == '_' ||
              (*c == '.' && c > name && c[-1] != '.')))
            *c = '_';
    for (size_t i = 0; name && i < context->n_names; i++)
        if (strcmp(context->names[i], name) == 0) {
            char *longer =
                spred_format(env, "%s-%zu", name, context->n_names + 1);
            spred_free(env, name);
            name = longer;
            break;
        }
    return name;
}

const char *plots_figure_name(struct plots_context *context, const char *kind,
                              const char *part)
{
    char *name = safe_name(context, kind, part);
    void *grown = spred_resize(context->env, context->names,
                               context->n_names + 1, sizeof *context->names);
    if (grown)
        context->names = grown;
    if (!name || !grown) {
        spred_free(context->env, name);
        return NULL;
    }
    context->names[context->n_names++] = name;
    return name;
}

/* The head comes last, when the height is known; H is used by all below. */
static enum spred_status write_head(struct plots_figure *f,
                                    struct spred_buffer *out)
{
    return spred_buffer_add(
        f->context->env, out,
        "# Draws %s.svg; gnuplot -e \"form='pdf'\" %s.gp draws the PDF, "
        "form='png' the PNG.\n"
        "if (!exists('form')) form = 'svg'\n"
        "if (!exists('folder')) folder = ''\n"
        "if (!exists('out')) out = folder.'%s.'.form\n"
        "set encoding utf8\n"
        "W = %.0f; H = %.0f # pixels of the SVG, 100 to the inch in the PDF\n"
        "if (form eq 'svg') set terminal svg size W,H dynamic "
        "font 'sans-serif,11' background 'white'\n"
        "if (form eq 'pdf') set terminal pdfcairo size W/100.,H/100. "
        "font 'sans-serif,8' fontscale 0.75 linewidth 1.4 pointscale 0.85\n"
        "if (form eq 'png') set terminal pngcairo size 2*W,2*H "
        "font 'sans-serif,8.25' fontscale 2 linewidth 2 pointscale 2\n"
        "K = form eq 'svg' ? 1 : form eq 'pdf' ? 0.72 : 0.75 # pixel to point\n"
        "font_tics = sprintf(',%%.2f', 10*K)\n"
        "font_title = sprintf(',%%.2f', 12*K)\n"
        "font_key = sprintf(',%%.2f', 11*K)\n"
        "font_small = sprintf(',%%.2f', 8.5*K)\n"
        "set output out\n"
        "data = folder.'%s.dat'\n"
        "set style fill transparent solid 0.13 noborder\n"
        "set border 3 lc rgb '#404040'\n"
        "set tics nomirror out scale 0.6 font font_tics\n"
        "set grid lc rgb '#dddddd' lt 1 lw 0.5\n"
        "unset key\n"
        "set multiplot\n",
        f->name, f->name, f->name, PAGE_WIDTH, f->height, f->name);
}

void plots_figure_layout(struct plots_figure *f, size_t columns, double left,
                         double right, double gap, double panel_height)
{
    f->columns = columns;
    f->rows = (f->panels + columns - 1) / columns;
    f->left = left;
    f->right = right;
    f->gap = gap;
    f->panel_width = (PAGE_WIDTH - left - right - gap * (double)(columns - 1)) /
                     (double)columns;
    f->panel_height = panel_height;
    f->height = MARGIN_TOP + panel_height * (double)f->rows +
                GAP_Y * (double)(f->rows - 1) + BELOW_PANELS;
}

enum spred_status plots_figure_begin(struct plots_context *context,
                                     struct plots_figure *f, const char *kind,
                                     const char *part, size_t panels)
{
    struct spred_env *env = context->env;
    memset(f, 0, sizeof *f);
    f->context = context;
    const char *name = plots_figure_name(context, kind, part);
    f->name = name ? spred_strdup(env, name) : NULL;
    if (!f->name)
        return SPRED_ENOMEM;
    f->panels = panels;
    size_t columns = panels < 2 ? 1 : panels == 2 || panels == 4 ? 2 : 3;
    plots_figure_layout(f, columns, MARGIN_LEFT, MARGIN_RIGHT, GAP_X,
                        columns == 1   ? 300
                        : columns == 2 ? 210
                                       : 170);
    return spred_buffer_add(env, &f->dat, "# %s.dat, drawn by %s.gp\n", f->name,
                            f->name);
}

int plots_panel_is_left(const struct plots_figure *f, size_t i)
{
    return i % f->columns == 0;
}

int plots_panel_is_low(const struct plots_figure *f, size_t i)
{
    return i + f->columns >= f->panels;
}

static enum spred_status place(struct plots_figure *f, double left, double top,
                               double right, double bottom)
{
    return spred_buffer_add(f->context->env, &f->gp,
                            "set lmargin at screen %.1f/W\n"
                            "set rmargin at screen %.1f/W\n"
                            "set tmargin at screen 1-%.1f/H\n"
                            "set bmargin at screen 1-%.1f/H\n",
                            left, right, top, bottom);
}

enum spred_status plots_panel(struct plots_figure *f, size_t i,
                              const char *title)
{
    struct spred_env *env = f->context->env;
    double left =
        f->left + (double)(i % f->columns) * (f->panel_width + f->gap);
    double top =
        MARGIN_TOP + (double)(i / f->columns) * (f->panel_height + GAP_Y);
    SPRED_TRY(spred_buffer_add(env, &f->gp,
                               "\n# panel %zu\nunset label\nunset arrow\n"
                               "unset xlabel\nunset ylabel\n",
                               i + 1));
    SPRED_TRY(
        place(f, left, top, left + f->panel_width, top + f->panel_height));
    SPRED_TRY(spred_buffer_add(env, &f->gp, "set title "));
    SPRED_TRY(plots_quote(env, &f->gp, title));
    return spred_buffer_add(env, &f->gp,
                            " noenhanced font font_title offset 0,-0.6\n");
}

enum spred_status plots_block(struct plots_figure *f, const char *what)
{
    struct spred_env *env = f->context->env;
    if (f->blocks++)
        SPRED_TRY(spred_buffer_add(env, &f->dat, "\n\n"));
    return plots_comment(f, what);
}

enum spred_status plots_comment(struct plots_figure *f, const char *what)
{
    struct spred_env *env = f->context->env;
    SPRED_TRY(spred_buffer_add(env, &f->dat, "# "));
    for (; *what; what++)
        SPRED_TRY(spred_buffer_add(env, &f->dat, "%c",
                                   (unsigned char)*what < ' ' ? ' ' : *what));
    return spred_buffer_add(env, &f->dat, "\n");
}

enum spred_status plots_numbers(struct plots_figure *f, const double *x,
                                size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char text[40] = "NaN";
        if (isfinite(x[i]))
            snprintf(text, sizeof text, "%.9g", x[i]);
        for (char *c = text; *c; c++)
            if (*c == ',')
                *c = '.';
        SPRED_TRY(spred_buffer_add(f->context->env, &f->dat, "%s%s",
                                   i ? " " : "", text));
    }
    return spred_buffer_add(f->context->env, &f->dat, "\n");
}

enum spred_status plots_key(struct plots_figure *f, const char *text,
                            const char *with)
{
    struct spred_env *env = f->context->env;
    size_t length = strlen(text);
    f->key_entries++;
    f->key_longest = length > f->key_longest ? length : f->key_longest;
    SPRED_TRY(spred_buffer_add(env, &f->key, "%s \\\n  NaN with %s title ",
                               f->key.length ? "," : "", with));
    SPRED_TRY(plots_quote(env, &f->key, text));
    return spred_buffer_add(env, &f->key, " noenhanced");
}

/* Bytes of the longest beginning of text with at most `limit` characters that
 * ends at a blank, if there is one. */
static size_t line_of(const char *text, size_t limit)
{
    size_t characters = 0, blank = 0, i = 0;
    for (; text[i]; i++) {
        if (((unsigned char)text[i] & 0xC0) != 0x80 && characters++ == limit)
            return blank ? blank : i;
        if (text[i] == ' ')
            blank = i;
    }
    return i;
}

static enum spred_status put_caption(struct plots_figure *f)
{
    struct spred_env *env = f->context->env;
    const char *text = f->caption.text ? f->caption.text : "";
    while (*text) {
        size_t length = line_of(text, CAPTION_CHARACTERS);
        char *line = spred_strndup(env, text, length);
        if (!line)
            return SPRED_ENOMEM;
        f->height += CAPTION_ROW;
        enum spred_status status = spred_buffer_add(env, &f->gp, "set label ");
        if (!status)
            status = plots_quote(env, &f->gp, line);
        spred_free(env, line);
        if (!status)
            status = spred_buffer_add(env, &f->gp,
                                      " at screen 8./W,1-%.1f/H left "
                                      "noenhanced font font_small tc rgb "
                                      "'#404040'\n",
                                      f->height - CAPTION_ROW / 2);
        SPRED_TRY(status);
        text += length;
        text += *text == ' ';
    }
    f->height += 6;
    return SPRED_OK;
}

/* The key is a plot without data, border or axes under the panels. */
static enum spred_status put_key(struct plots_figure *f)
{
    struct spred_env *env = f->context->env;
    size_t columns =
        (size_t)((PAGE_WIDTH - 16) /
                 (KEY_SAMPLE + KEY_CHARACTER * (double)f->key_longest));
    columns = columns < 1 ? 1 : columns > 4 ? 4 : columns;
    size_t rows = (f->key_entries + columns - 1) / columns;
    double top = f->height, bottom = top + KEY_ROW * (double)rows + 4;
    SPRED_TRY(spred_buffer_add(
        env, &f->gp,
        "\n# key and caption\nunset label\nunset arrow\nunset title\n"
        "unset xlabel\nunset ylabel\nunset logscale\nunset tics\nunset grid\n"
        "unset border\n"));
    SPRED_TRY(place(f, 8, top, PAGE_WIDTH - 8, bottom));
    f->height = bottom + 4;
    SPRED_TRY(put_caption(f));
    if (f->key.length)
        SPRED_TRY(spred_buffer_add(
            env, &f->gp,
            "set key center center horizontal Left reverse maxcols %zu "
            "samplen 3.2 spacing 1.05 width 1 font font_key\n",
            columns));
    return spred_buffer_add(
        env, &f->gp, "plot [0:1] [0:1]%s\nunset multiplot\nunset output\n",
        f->key.length ? f->key.text : " NaN notitle");
}

static enum spred_status write_files(struct plots_figure *f)
{
    static const char *const forms[] = {"svg", "pdf", "png"};
    struct plots_context *context = f->context;
    struct spred_env *env = context->env;
    char *dat = spred_format(env, "%s/%s.dat", context->folder, f->name);
    char *gp = spred_format(env, "%s/%s.gp", context->folder, f->name);
    struct spred_buffer script = {0};
    enum spred_status status =
        dat && gp ? write_head(f, &script) : SPRED_ENOMEM;
    if (!status)
        status = spred_buffer_append(env, &script, f->gp.text, f->gp.length);
    if (!status)
        status = spred_write_file(env, dat, f->dat.text, f->dat.length);
    if (!status)
        status = spred_write_file(env, gp, script.text, script.length);
    for (size_t i = 0; i < 3 && !status && context->gnuplot; i++)
        status = plots_run_gnuplot(context, f->name, forms[i]);
    spred_free(env, script.text);
    spred_free(env, dat);
    spred_free(env, gp);
    return status;
}

enum spred_status plots_figure_end(struct plots_figure *f,
                                   enum spred_status status)
{
    struct spred_env *env = f->context->env;
    if (!status && !f->context->dry)
        status = put_key(f);
    if (!status && !f->context->dry)
        status = write_files(f);
    spred_free(env, f->name);
    spred_free(env, f->dat.text);
    spred_free(env, f->gp.text);
    spred_free(env, f->key.text);
    spred_free(env, f->caption.text);
    memset(f, 0, sizeof *f);
    return status;
}
