/* terminal.c: a figure drawn again from its script: to a file, or in a
 * terminal as text or sixels. */
#define _POSIX_C_SOURCE 200809L
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "plots/figure.h"
#include "spred/file.h"

/* A character cell is taken for so many pixels of the page. */
#define CELL_WIDTH 9.0
#define CELL_RATIO 2.0 /* height / width */
#define CAPTION_ROW 11.0
#define KEY_SLACK 14.0  /* a key of text needs a row more */
#define AXIS_COLUMNS 10 /* left and right of the panel */
#define COLUMNS_DEFAULT 80
#define COLUMNS_LEAST 30
#define COLUMNS_MOST 500

enum spred_status plots_folder_new(struct spred_env *env, char **out)
{
    const char *base = getenv("TMPDIR");
    *out = spred_format(env, "%s/spredbench-XXXXXX",
                        base && *base ? base : "/tmp");
    if (!*out)
        return SPRED_ENOMEM;
    if (mkdtemp(*out))
        return SPRED_OK;
    enum spred_status status =
        spred_fail(env, SPRED_EIO, "%s: %s", *out, strerror(errno));
    spred_free(env, *out);
    *out = NULL;
    return status;
}

void plots_folder_free(struct spred_env *env, char *folder)
{
    if (!folder)
        return;
    DIR *list = opendir(folder);
    for (struct dirent *entry; list && (entry = readdir(list));) {
        char path[1024];
        if (snprintf(path, sizeof path, "%s/%.255s", folder, entry->d_name) <
                (int)sizeof path &&
            strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            unlink(path);
    }
    if (list)
        closedir(list);
    rmdir(folder);
    spred_free(env, folder);
}

static enum spred_status need_gnuplot(struct spred_env *env, char **gnuplot)
{
    *gnuplot = plots_find_gnuplot(env);
    return *gnuplot ? SPRED_OK
                    : spred_fail(env, SPRED_ENOTFOUND,
                                 "gnuplot was not found on PATH: nothing can "
                                 "be drawn (install gnuplot-nox)");
}

enum spred_status plots_redraw(struct spred_env *env, const char *folder,
                               const char *name, const char *form,
                               const char *path)
{
    char *gnuplot = NULL, *script = spred_format(env, "%s/%s.gp", folder, name);
    enum spred_status status =
        script ? need_gnuplot(env, &gnuplot) : SPRED_ENOMEM;
    if (!status)
        status = plots_render(env, gnuplot, script, folder, form, path);
    spred_free(env, gnuplot);
    spred_free(env, script);
    if (status == SPRED_EIO && !strstr(env->error, path)) {
        char *why = spred_strdup(env, env->error);
        if (why)
            spred_fail(env, status, "%s: %s", path, why);
        spred_free(env, why);
    }
    return status;
}

/* A script on its way to a terminal. */
struct screen {
    struct spred_env *env;
    const char *form;
    size_t columns, rows;
    int text;                    /* not sixel */
    size_t captions;             /* lines of the caption */
    int in_key;                  /* behind the panels */
    struct spred_buffer caption; /* joined */
    struct spred_buffer y_label; /* of all panels */
    struct spred_buffer names;   /* of numbered tics */
};

static int starts(const char *line, const char *with)
{
    return strncmp(line, with, strlen(with)) == 0;
}

/* A line of the caption, as figure.c puts it on the page. */
static int is_caption(const char *line, size_t length)
{
    static const char mark[] = "' at screen 8./W,1-";
    if (starts(line, "set label '"))
        for (size_t i = 0; i + sizeof mark <= length; i++)
            if (starts(line + i, mark))
                return 1;
    return 0;
}

/* Appends the text of the line's next quoted string, from *at on, which moves
 * behind it. */
static enum spred_status unquote(struct spred_env *env, const char **at,
                                 struct spred_buffer *out)
{
    const char *c = strchr(*at, '\'') + 1;
    for (; *c && *c != '\n'; c++) {
        if (*c == '\'' && *++c != '\'')
            break;
        SPRED_TRY(spred_buffer_append(env, out, c, 1));
    }
    *at = c;
    return spred_buffer_append(env, out, "", 0);
}

static enum spred_status take_caption(struct screen *s, const char *line)
{
    if (s->caption.length)
        SPRED_TRY(spred_buffer_append(s->env, &s->caption, " ", 1));
    return unquote(s->env, &line, &s->caption);
}

/* Text cannot stand upright: what y is goes before the caption. */
static enum spred_status take_y_label(struct screen *s, const char *line)
{
    struct spred_buffer *out = &s->y_label;
    struct spred_buffer label = {0};
    enum spred_status status = unquote(s->env, &line, &label);
    if (!status && label.length &&
        !(out->text && strstr(out->text, label.text)))
        status = spred_buffer_add(s->env, out, "%s%s",
                                  out->length ? "; " : "y: ", label.text);
    spred_free(s->env, label.text);
    return status;
}

/* The terminal, behind the line that sets the page's size: W and H. Text has
 * its caption below the page. */
static enum spred_status put_terminal(struct screen *s, const char *line,
                                      struct spred_buffer *out)
{
    double width, height;
    if (sscanf(line, "W = %lf; H = %lf", &width, &height) != 2)
        return spred_fail(s->env, SPRED_EFORMAT,
                          "figure: its script states no size");
    if (!s->text) {
        double scale = (double)s->columns * CELL_WIDTH / width;
        return spred_buffer_add(s->env, out,
                                "set terminal sixelgd size %.0f,%.0f truecolor "
                                "font 'sans-serif,%.2f' linewidth %.2f\n",
                                width * scale, height * scale, 8.25 * scale,
                                scale > 1 ? scale : 1);
    }
    height += KEY_SLACK - CAPTION_ROW * (double)s->captions;
    double rows = (double)s->columns * height / (width * CELL_RATIO);
    if (s->rows)
        rows = (double)s->rows;
    return spred_buffer_add(s->env, out,
                            "H = %.0f\nset terminal dumb size %zu,%.0f %s "
                            "noenhanced\n",
                            height, s->columns, rows < 12 ? 12 : rows,
                            strcmp(s->form, "ansi") == 0 ? "ansi256" : "mono");
}

/* Text tells lines apart by their line type: one for each colour. */
static enum spred_status put_line_type(struct screen *s, const char *colour,
                                       struct spred_buffer *out)
{
    for (size_t i = 0; i < PLOTS_COLOURS; i++)
        if (starts(colour, plots_nth_style(i).colour))
            return spred_buffer_add(s->env, out, "lt %zu ", i + 1);
    return SPRED_OK;
}

/* The line, "10^{-2}" as "1e-2", which text can show. */
static enum spred_status put_plain(struct screen *s, const char *line,
                                   size_t length, struct spred_buffer *out)
{
    static const char power[] = "10^{", colour[] = "lc rgb '";
    size_t n = sizeof power - 1;
    for (size_t i = 0; i < length; i++) {
        if (starts(line + i, colour))
            SPRED_TRY(put_line_type(s, line + i + sizeof colour - 1, out));
        if (i + n < length && starts(line + i, power)) {
            const char *end = strchr(line + i, '}');
            size_t digits = end ? (size_t)(end - line) - i - n : 0;
            if (digits == 1 && line[i + n] == '0')
                SPRED_TRY(spred_buffer_append(s->env, out, "1", 1));
            else
                SPRED_TRY(spred_buffer_add(s->env, out, "1e%.*s", (int)digits,
                                           line + i + n));
            i += n + digits;
            continue;
        }
        SPRED_TRY(spred_buffer_append(s->env, out, line + i, 1));
    }
    return SPRED_OK;
}

/* Names under an axis that do not fit side by side are numbered there, and
 * listed below the page. */
static enum spred_status put_names(struct screen *s, const char *line,
                                   size_t length, struct spred_buffer *out)
{
    struct spred_env *env = s->env;
    struct spred_buffer list = {0};
    size_t n = 0, longest = 0;
    enum spred_status status = SPRED_OK;
    for (const char *at = line;
         !status && (at = strchr(at, '\'')) != NULL && at < line + length;) {
        status = spred_buffer_add(env, &list, "%s%zu ", n ? ", " : "", n + 1);
        size_t start = list.length;
        if (!status)
            status = unquote(env, &at, &list);
        n++;
        if (list.length - start > longest)
            longest = list.length - start;
    }
    int fits = (longest + 1) * n + AXIS_COLUMNS <= s->columns;
    if (!status)
        status = fits ? put_plain(s, line, length, out)
                      : spred_buffer_add(env, out, "set xtics scale 0 1,1\n");
    if (!status && !fits)
        status = spred_buffer_add(env, &s->names, "x: %s", list.text);
    spred_free(env, list.text);
    return status;
}

/* One line for text: no grid, no bands (they would be filled with letters), the
 * caption kept for below, all the room at the foot for the key. */
static enum spred_status put_as_text(struct screen *s, const char *line,
                                     size_t length, struct spred_buffer *out)
{
    static const char more[] = ", \\\n", band[] = " with filledcurves ";
    size_t n = sizeof more - 1;
    if (is_caption(line, length))
        return take_caption(s, line);
    if (starts(line, "set ylabel '"))
        return take_y_label(s, line);
    if (starts(line, "set xtics scale 0 ('"))
        return put_names(s, line, length, out);
    if (starts(line, "set grid"))
        return SPRED_OK;
    if (starts(line, "# key and caption"))
        s->in_key = 1;
    if (s->in_key && starts(line, "set bmargin"))
        return spred_buffer_add(s->env, out, "set bmargin at screen 0\n");
    if (starts(line, "  data ") && length > n &&
        starts(line + length - n, more))
        for (size_t i = 0; i + sizeof band <= length; i++)
            if (starts(line + i, band))
                return SPRED_OK;
    return put_plain(s, line, length, out);
}

static enum spred_status translate(struct screen *s, const char *script,
                                   struct spred_buffer *out)
{
    size_t length;
    for (const char *line = script; *line; line += length) {
        length = strcspn(line, "\n");
        length += line[length] == '\n';
        s->captions += (size_t)is_caption(line, length);
    }
    for (const char *line = script; *line; line += length) {
        length = strcspn(line, "\n");
        length += line[length] == '\n';
        SPRED_TRY(s->text ? put_as_text(s, line, length, out)
                          : spred_buffer_append(s->env, out, line, length));
        if (starts(line, "W = "))
            SPRED_TRY(put_terminal(s, line, out));
    }
    return SPRED_OK;
}

/* Lines without blanks at their ends, none at the top or the bottom. */
static enum spred_status trim(struct spred_env *env, const char *text,
                              struct spred_buffer *out)
{
    size_t length, empty = 0, any = 0;
    for (; *text; text += length + (text[length] == '\n')) {
        while (*text == '\f')
            text++;
        length = strcspn(text, "\n");
        size_t kept = length;
        while (kept && (text[kept - 1] == ' ' || text[kept - 1] == '\r'))
            kept--;
        if (!kept) {
            empty++;
            continue;
        }
        for (; any && empty; empty--)
            SPRED_TRY(spred_buffer_append(env, out, "\n", 1));
        empty = 0;
        any = 1;
        SPRED_TRY(spred_buffer_append(env, out, text, kept));
        SPRED_TRY(spred_buffer_append(env, out, "\n", 1));
    }
    return SPRED_OK;
}

/* The words in lines of so many characters. */
static enum spred_status wrap(struct spred_env *env, const char *text,
                              size_t columns, struct spred_buffer *out)
{
    size_t used = 0;
    while (*text) {
        size_t length = strcspn(text, " "), characters = 0;
        for (size_t i = 0; i < length; i++)
            characters += ((unsigned char)text[i] & 0xC0) != 0x80;
        if (used && used + 1 + characters > columns) {
            SPRED_TRY(spred_buffer_append(env, out, "\n", 1));
            used = 0;
        }
        if (used)
            SPRED_TRY(spred_buffer_append(env, out, " ", 1));
        SPRED_TRY(spred_buffer_append(env, out, text, length));
        used += characters + (used > 0);
        text += length;
        text += strspn(text, " ");
    }
    return used ? spred_buffer_append(env, out, "\n", 1) : SPRED_OK;
}

static enum spred_status draw(struct screen *s, const char *folder,
                              const char *script, const char *aside,
                              struct spred_buffer *out)
{
    struct spred_env *env = s->env;
    struct spred_buffer translated = {0};
    char *gnuplot = NULL, *drawn = NULL;
    char *gp = spred_format(env, "%s/figure.gp", aside);
    char *path = spred_format(env, "%s/figure.out", aside);
    size_t length;
    enum spred_status status = gp && path ? SPRED_OK : SPRED_ENOMEM;
    if (!status)
        status = need_gnuplot(env, &gnuplot);
    if (!status)
        status = translate(s, script, &translated);
    if (!status)
        status = spred_write_file(env, gp, translated.text, translated.length);
    if (!status)
        status = plots_render(env, gnuplot, gp, folder, s->form, path);
    if (!status)
        status = spred_read_file(env, path, &drawn, &length);
    if (!status && !s->text)
        status = spred_buffer_append(env, out, drawn, length);
    if (!status && s->text)
        status = trim(env, drawn, out);
    if (!status && s->text && s->y_label.length)
        status = wrap(env, s->y_label.text, s->columns, out);
    if (!status && s->text && s->names.length)
        status = wrap(env, s->names.text, s->columns, out);
    if (!status && s->text && s->caption.length)
        status = wrap(env, s->caption.text, s->columns, out);
    spred_free(env, drawn);
    spred_free(env, translated.text);
    spred_free(env, s->caption.text);
    spred_free(env, s->y_label.text);
    spred_free(env, s->names.text);
    spred_free(env, gnuplot);
    spred_free(env, path);
    spred_free(env, gp);
    return status;
}

enum spred_status plots_show(struct spred_env *env, const char *folder,
                             const char *name, const char *form, size_t columns,
                             size_t rows, struct spred_buffer *out)
{
    struct screen s = {.env = env, .form = form, .rows = rows};
    char *text = NULL, *aside = NULL;
    size_t length;
    s.text = strcmp(form, "sixel") != 0;
    s.columns = columns == 0              ? COLUMNS_DEFAULT
                : columns < COLUMNS_LEAST ? COLUMNS_LEAST
                : columns > COLUMNS_MOST  ? COLUMNS_MOST
                                          : columns;
    char *script = spred_format(env, "%s/%s.gp", folder, name);
    enum spred_status status = script ? SPRED_OK : SPRED_ENOMEM;
    if (!status)
        status = spred_read_file(env, script, &text, &length);
    if (!status)
        status = plots_folder_new(env, &aside);
    if (!status)
        status = draw(&s, folder, text, aside, out);
    plots_folder_free(env, aside);
    spred_free(env, text);
    spred_free(env, script);
    return status;
}
