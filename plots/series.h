/* series.h: one figure from a table of numbers: lines, points, bars, a
 * histogram, boxes or a heat map, with the look of the built-in figures. */
#ifndef PLOTS_SERIES_H
#define PLOTS_SERIES_H

#include <stddef.h>
#include "spred/env.h"

#define PLOTS_NAME_SIZE 128 /* bytes that hold the name of such a figure */

enum plots_series_kind {
    PLOTS_LINES,
    PLOTS_POINTS,
    PLOTS_LINESPOINTS,
    PLOTS_STEPS,
    PLOTS_BARS,
    PLOTS_HISTOGRAM, /* of y; x is not looked at */
    PLOTS_BOX,       /* quartiles of each series' y; x is not looked at */
    PLOTS_HEAT       /* z of one series over a regular grid of x and y */
};
/* "lines", ... in this order, NULL-ended. */
const char *const *plots_series_kinds(void);

/* n numbers each, borrowed; what is not finite is left out of the picture.
 * label: NULL or "": not in the key. low, high: a band (lines) or bars, or
 * NULL. */
struct plots_series {
    const char *label;
    const double *x, *y, *low, *high, *z;
    size_t n;
};

struct plots_series_figure {
    const char *name; /* of the files; made safe */
    const char *title, *x_label, *y_label, *z_label; /* or NULL */
    enum plots_series_kind kind;
    int log_x, log_y, log_z;
    size_t bins;                /* of a histogram; 0: by the number of values */
    const char *const *x_names; /* of x = 1, 2, ..., or NULL */
    size_t n_x_names;
    const struct plots_series *series;
    size_t n_series;
    const char *caption; /* or NULL */
    int simulated;       /* 1: the caption says so first */
    const char *store;   /* results.db whose data sets, seed, machine and
                            command the caption names, or NULL */
};

/* Writes NAME.dat and NAME.gp into folder (which exists) and, with pictures,
 * NAME.svg, NAME.pdf and NAME.png through gnuplot. name: NULL, or gets the safe
 * name. SPRED_EINVAL: nothing to show, nothing above 0 on a logarithmic axis,
 * or a name that is too long. */
enum spred_status plots_series_draw(struct spred_env *env,
                                    const struct plots_series_figure *figure,
                                    const char *folder, int pictures,
                                    char name[PLOTS_NAME_SIZE]);

#endif
