/* coding_pictures.c: the figures "dictionary", the atoms as small pictures, and
 * "denoising", a picture with noise and without. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "plots/mosaic.h"

#define PANELS_MAX 9
#define TITLE 160

/* One array of the answer as a mosaic; values are to be spred_free'd. */
static enum spred_status open_mosaic(struct plots_context *context,
                                     const struct results_table *t, size_t row,
                                     struct plots_mosaic *m)
{
    double *values = NULL;
    m->rows = (size_t)results_real(t, row, "rows");
    m->columns = (size_t)results_real(t, row, "columns");
    m->height = (size_t)results_real(t, row, "height");
    m->width = (size_t)results_real(t, row, "width");
    m->channels = 1;
    SPRED_TRY(plots_mosaic_read(context->env, results_text(t, row, "values"),
                                m->rows * m->columns, &values));
    m->values = values;
    return SPRED_OK;
}

static enum spred_status put_mosaic(struct plots_figure *f,
                                    const struct results_table *t, size_t row,
                                    size_t panel, struct plots_mosaic *m)
{
    SPRED_TRY(open_mosaic(f->context, t, row, m));
    enum spred_status status = plots_mosaic(f, panel, m);
    spred_free(f->context->env, (void *)(size_t)m->values);
    m->values = NULL;
    return status;
}

static int is_named(const struct results_table *t, size_t row, const char *name)
{
    return strcmp(results_text(t, row, "name"), name) == 0;
}

static enum spred_status put_dictionaries(struct plots_figure *f,
                                          const struct results_table *t,
                                          const size_t *rows, size_t n)
{
    double height = 0;
    for (size_t i = 0; i < n; i++) { /* sizes alone: read again to be drawn */
        struct plots_mosaic m = {.channels = 1};
        m.columns = (size_t)results_real(t, rows[i], "columns");
        m.height = (size_t)results_real(t, rows[i], "height");
        m.width = (size_t)results_real(t, rows[i], "width");
        height = fmax(height, plots_mosaic_height(&m, n > 1 ? 340 : 480));
    }
    plots_figure_layout(f, n > 1 ? 2 : 1, n > 1 ? 14 : 120, n > 1 ? 14 : 120,
                        12, height);
    for (size_t i = 0; i < n; i++) {
        char title[TITLE];
        struct plots_mosaic m = {.title = title, .scale = PLOTS_MOSAIC_EACH};
        snprintf(title, sizeof title, "%.120s",
                 results_text(t, rows[i], "dictionary"));
        SPRED_TRY(put_mosaic(f, t, rows[i], i, &m));
    }
    SPRED_TRY(spred_buffer_add(
        f->context->env, &f->caption,
        "Dictionaries of %.60s: every small picture is an atom, drawn from its "
        "darkest to its lightest value. ",
        results_text(t, rows[0], "dataset")));
    return plots_provenance(f, t, rows[0], rows[0] + 1);
}

/* A page per data set, a panel per dictionary. */
static enum spred_status draw_dictionaries(struct plots_context *context)
{
    const struct results_table *t;
    enum spred_status status = SPRED_OK;
    SPRED_TRY(plots_ask(context, "pictures", &t));
    for (size_t at = 0, end; at < t->n_rows && !status; at = end) {
        size_t rows[PANELS_MAX], n = 0;
        end = plots_rows_end(t, at, "dataset", t->n_rows);
        for (size_t i = at; i < end && n < PANELS_MAX; i++)
            if (is_named(t, i, "dictionary"))
                rows[n++] = i;
        if (n == 0)
            continue;
        struct plots_figure f;
        status = plots_figure_begin(context, &f, "dictionary",
                                    results_text(t, at, "dataset"), n);
        if (!status && !context->dry)
            status = put_dictionaries(&f, t, rows, n);
        status = plots_figure_end(&f, status);
    }
    return status;
}

/* What one page of the strip shows. */
struct strip {
    size_t rows[PANELS_MAX];
    size_t n;
};

/* The true picture, the noisy one, and of every dictionary the lambda with the
 * largest PSNR. */
static struct strip pick(const struct results_table *t, size_t first,
                         size_t end)
{
    struct strip s = {.n = 0};
    static const char *const heads[] = {"true", "noisy"};
    for (size_t k = 0; k < 2; k++)
        for (size_t i = first; i < end && s.n == k; i++)
            if (is_named(t, i, heads[k]))
                s.rows[s.n++] = i;
    for (size_t i = first; s.n >= 2 && i < end && s.n < PANELS_MAX; i++) {
        size_t best = i;
        int before = 0;
        for (size_t k = first; k < end; k++) {
            if (!is_named(t, k, "denoised") ||
                !results_same(t, k, i, "dictionary"))
                continue;
            before |= k < i;
            if (results_real(t, k, "denoised") >
                results_real(t, best, "denoised"))
                best = k;
        }
        if (is_named(t, i, "denoised") && !before)
            s.rows[s.n++] = best;
    }
    return s;
}

/* "online 256, λ = 40: 29.70 dB", as short as a panel is narrow. */
static void title_of(const struct results_table *t, size_t row,
                     char title[TITLE])
{
    static const char word[] = "atoms=";
    const char *label = results_text(t, row, "dictionary");
    const char *atoms = strstr(label, word);
    size_t head = atoms ? (size_t)(atoms - label) : strlen(label);
    snprintf(title, TITLE, "%.*s%s%.8s, λ=%g: %.2f dB",
             (int)(head < 18 ? head : 18), label, head < 18 ? "" : "… ",
             atoms ? atoms + strlen(word) : "", results_real(t, row, "lambda"),
             results_real(t, row, "denoised"));
}

static enum spred_status put_strip(struct plots_figure *f,
                                   const struct results_table *t,
                                   const struct strip *s)
{
    double tall = results_real(t, s->rows[0], "height") /
                  results_real(t, s->rows[0], "width");
    size_t columns = s->n == 4 ? 2 : 3;
    plots_figure_layout(f, columns, 14, 14, 12,
                        (columns == 2 ? 340 : 222) * tall);
    for (size_t i = 0; i < s->n; i++) {
        char title[TITLE];
        size_t row = s->rows[i];
        struct plots_mosaic m = {.title = title,
                                 .scale = PLOTS_MOSAIC_SHARED,
                                 .low = 0,
                                 .high = 255};
        if (i == 0)
            snprintf(title, sizeof title, "held out");
        else if (i == 1)
            snprintf(title, sizeof title, "with noise: %.2f dB",
                     results_real(t, row, "noisy"));
        else
            title_of(t, row, title);
        SPRED_TRY(put_mosaic(f, t, row, i, &m));
    }
    SPRED_TRY(spred_buffer_add(
        f->context->env, &f->caption,
        "Denoising, %.60s: the middle of the held-out picture, with Gaussian "
        "noise, and as the mean of its overlapping patches, each coded over "
        "the "
        "dictionary; of every dictionary the lambda with the largest PSNR (the "
        "whole picture's, peak 255). ",
        results_text(t, s->rows[0], "dataset")));
    return plots_provenance(f, t, s->rows[0], s->rows[0] + 1);
}

static enum spred_status draw_strips(struct plots_context *context)
{
    const struct results_table *t;
    enum spred_status status = SPRED_OK;
    SPRED_TRY(plots_ask(context, "pictures", &t));
    for (size_t at = 0, end; at < t->n_rows && !status; at = end) {
        end = plots_rows_end(t, at, "dataset", t->n_rows);
        struct strip s = pick(t, at, end);
        if (s.n < 3)
            continue;
        struct plots_figure f;
        status = plots_figure_begin(context, &f, "denoising",
                                    results_text(t, at, "dataset"), s.n);
        if (!status && !context->dry)
            status = put_strip(&f, t, &s);
        status = plots_figure_end(&f, status);
    }
    return status;
}

const struct plots_kind plots_dictionary = {
    "dictionary", draw_dictionaries,
    "the atoms of every dictionary as small pictures"};
const struct plots_kind plots_denoising = {
    "denoising", draw_strips,
    "a held-out picture: true, with noise, and denoised by sparse codes"};
