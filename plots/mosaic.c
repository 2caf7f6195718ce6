/* mosaic.c: a matrix as many small pictures in one panel. */
#include "plots/mosaic.h"

#include <math.h>
#include <string.h>

#define PIXELS_DRAWN 1500 /* up to so many are drawn as squares: sharp */
#define NUMBER_MAX 40

/* Where the pictures lie, in pixels of theirs. */
struct grid {
    size_t across, down;
    size_t gap;           /* between two pictures */
    size_t stack;         /* channels one under another, 1 apart */
    size_t high;          /* of a picture */
    size_t width, height; /* of all */
    int rgb;
};

static struct grid grid_of(const struct plots_mosaic *m, double shape)
{
    struct grid g = {.rgb =
                         m->channels == 3 && m->scale != PLOTS_MOSAIC_SIGNED};
    g.stack = g.rgb || m->channels < 1 ? 1 : m->channels;
    g.gap = g.stack > 1 ? 2 : 1;
    g.high = g.stack * m->height + g.stack - 1;
    double wide = (double)(m->width + g.gap), high = (double)(g.high + g.gap);
    double across = ceil(sqrt((double)m->columns * shape * high / wide) - 1e-9);
    g.across = m->across ? m->across : (size_t)fmax(across, 1);
    g.across = g.across > m->columns ? m->columns : g.across;
    g.down = (m->columns + g.across - 1) / g.across;
    g.width = g.across * (m->width + g.gap) - g.gap;
    g.height = g.down * (g.high + g.gap) - g.gap;
    g.width += g.width < 2; /* less is no image to gnuplot */
    g.height += g.height < 2;
    return g;
}

double plots_mosaic_height(const struct plots_mosaic *m, double width)
{
    struct grid g = grid_of(m, 1);
    return width * (double)g.height / (double)g.width;
}

/* The least and most of the numbers; 0 and 1 where there is none. */
static void limits(const double *x, size_t n, double *low, double *high)
{
    *low = INFINITY, *high = -INFINITY;
    for (size_t i = 0; i < n; i++)
        if (isfinite(x[i])) {
            *low = fmin(*low, x[i]);
            *high = fmax(*high, x[i]);
        }
    if (!(*low <= *high))
        *low = 0, *high = 1;
}

/* The limits of the scale of all pictures. */
static void scale_of(const struct plots_mosaic *m, double *low, double *high)
{
    limits(m->values, m->rows * m->columns, low, high);
    if (m->scale == PLOTS_MOSAIC_SIGNED) {
        double most = fmax(fabs(*low), fabs(*high));
        *low = -most, *high = most;
    } else if (m->scale == PLOTS_MOSAIC_EACH) {
        *low = 0, *high = 1;
    } else if (m->low != 0 || m->high != 0) {
        *low = m->low, *high = m->high;
    }
    if (!(*low < *high))
        *low -= 1, *high += 1;
}

/* A value between 0, of low, and 1, of high. */
static double share(double value, double low, double high)
{
    double at = high > low ? (value - low) / (high - low) : 0.5;
    return fmin(fmax(at, 0), 1);
}

/* The cell of the matrix that pixel (x, y) shows, or -1. */
static long cell_of(const struct plots_mosaic *m, const struct grid *g,
                    size_t x, size_t y)
{
    size_t column =
        x / (m->width + g->gap) + y / (g->high + g->gap) * g->across;
    size_t at = x % (m->width + g->gap), row = y % (g->high + g->gap);
    size_t channel = row / (m->height + 1);
    row -= channel * (m->height + 1);
    if (column >= m->columns || at >= m->width || channel >= g->stack ||
        row >= m->height)
        return -1;
    return (long)(column * m->rows + (row * m->width + at) * m->channels +
                  channel);
}

static enum spred_status put_pixel(struct plots_figure *f,
                                   const struct plots_mosaic *m,
                                   const struct grid *g, size_t x, size_t y,
                                   double low, double high)
{
    long cell = cell_of(m, g, x, y);
    double row[5] = {(double)x, (double)y, NAN, NAN, NAN};
    if (cell >= 0 && m->scale == PLOTS_MOSAIC_EACH)
        limits(m->values + (size_t)cell / m->rows * m->rows, m->rows, &low,
               &high);
    for (size_t c = 0; cell >= 0 && c < (g->rgb ? 3 : 1); c++) {
        double value = m->values[(size_t)cell + c];
        if (isfinite(value))
            row[2 + c] = g->rgb ? round(255 * share(value, low, high))
                         : m->scale == PLOTS_MOSAIC_EACH
                             ? share(value, low, high)
                             : value;
    }
    return plots_numbers(f, row, g->rgb ? 5 : 3);
}

static enum spred_status put_data(struct plots_figure *f,
                                  const struct plots_mosaic *m,
                                  const struct grid *g, double low, double high)
{
    char *what = spred_format(
        f->context->env,
        "%s: %zu pictures of %zu x %zu, %zu side by side: x, y, %s", m->title,
        m->columns, m->height, m->width, g->across,
        g->rgb                          ? "red, green, blue"
        : m->scale == PLOTS_MOSAIC_EACH ? "share of the picture's range"
                                        : "value");
    enum spred_status status = what ? plots_block(f, what) : SPRED_ENOMEM;
    spred_free(f->context->env, what);
    for (size_t y = 0; y < g->height && !status; y++)
        for (size_t x = 0; x < g->width && !status; x++)
            status = put_pixel(f, m, g, x, y, low, high);
    return status;
}

enum spred_status plots_mosaic(struct plots_figure *f, size_t i,
                               const struct plots_mosaic *m)
{
    struct spred_env *env = f->context->env;
    double low, high;
    if (m->columns == 0 || m->rows == 0 ||
        m->rows != m->height * m->width * m->channels)
        return spred_fail(env, SPRED_EINVAL,
                          "figure %s: a matrix of %zu x %zu is no %zu pictures "
                          "of %zu x %zu with %zu channels",
                          f->name, m->rows, m->columns, m->columns, m->height,
                          m->width, m->channels);
    double shape = f->panel_width / f->panel_height;
    struct grid g = grid_of(m, shape);
    scale_of(m, &low, &high);
    /* pixels are square: the range has the panel's shape, what is left over
     * lies right and left, or above and below */
    double wide = fmax((double)g.width, (double)g.height * shape);
    double tall = wide / shape;
    double x = 0.5 * ((double)g.width - 1), y = 0.5 * ((double)g.height - 1);
    SPRED_TRY(plots_panel(f, i, m->title));
    SPRED_TRY(put_data(f, m, &g, low, high));
    SPRED_TRY(spred_buffer_add(
        env, &f->gp,
        "unset tics\nunset border\nunset grid\nunset colorbox\n"
        "set xrange [%.9g:%.9g]\nset yrange [%.9g:%.9g]\n",
        x - 0.5 * wide, x + 0.5 * wide, y + 0.5 * tall, y - 0.5 * tall));
    /* what is zero is white: the room between the pictures is not */
    if (m->scale == PLOTS_MOSAIC_SIGNED)
        SPRED_TRY(spred_buffer_add(
            env, &f->gp,
            "set object 1 rectangle from -0.5,-0.5 to %.9g,%.9g behind fc rgb "
            "'#d0d0d0' fs solid 1 noborder\n",
            (double)g.width - 0.5, (double)g.height - 0.5));
    if (!g.rgb)
        SPRED_TRY(spred_buffer_add(
            env, &f->gp, "set palette defined (%s)\nset cbrange [%.9g:%.9g]\n",
            m->scale == PLOTS_MOSAIC_SIGNED
                ? "-1 '#053061', -0.5 '#4393c3', 0 '#ffffff', 0.5 '#d6604d', "
                  "1 '#67001f'"
                : "0 '#000000', 1 '#ffffff'",
            low, high));
    return spred_buffer_add(
        env, &f->gp,
        "if (form eq 'dumb' || form eq 'ansi') {\n"
        "  set label 'pictures: see the PNG' at graph 0.5,0.5 center\n"
        "  plot NaN notitle\n} else {\n"
        "  plot data index %zu using %s%s notitle\n}\n"
        "unset object\nset border 3 lc rgb '#404040'\n",
        f->blocks - 1, g.rgb ? "1:2:3:4:5 with rgbimage" : "1:2:3 with image",
        g.width * g.height <= PIXELS_DRAWN ? " pixels" : "");
}

enum spred_status plots_mosaic_read(struct spred_env *env, const char *text,
                                    size_t n, double **out)
{
    *out = spred_alloc(env, n ? n : 1, sizeof **out);
    if (!*out)
        return SPRED_ENOMEM;
    for (size_t i = 0; i < n; i++) {
        char number[NUMBER_MAX];
        size_t length = strcspn(text, " ");
        (*out)[i] = NAN;
        if (length && length < sizeof number) {
            memcpy(number, text, length);
            number[length] = '\0';
            if (!spred_parse_real(number, &(*out)[i]))
                (*out)[i] = NAN;
        }
        text += length + (text[length] == ' ');
    }
    return SPRED_OK;
}
