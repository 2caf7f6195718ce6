/* mosaic.h: a matrix whose columns are small pictures (dictionary atoms,
 * filters, patches) as one panel of a figure. Private to the plots room. */
#ifndef PLOTS_MOSAIC_H
#define PLOTS_MOSAIC_H

#include "plots/figure.h"

enum plots_mosaic_scale {
    PLOTS_MOSAIC_EACH,   /* each picture from its least to its most: patterns */
    PLOTS_MOSAIC_SHARED, /* one scale of grey for all: photographs */
    PLOTS_MOSAIC_SIGNED  /* one for all, blue below and red above 0, which is
                            white: what is zero is seen */
};

/* 1 channel is grey, 3 are red, green and blue (SIGNED: one under another);
 * of any other number the channels are drawn one under another. */
struct plots_mosaic {
    const char *title;
    const double *values; /* rows x columns, column-major, borrowed; NaN: left
                             blank */
    size_t rows, columns; /* > 0; rows = height * width * channels */
    size_t height, width, channels; /* of the picture that a column is: cell
                                       (y * width + x) * channels + c */
    enum plots_mosaic_scale scale;
    double low, high; /* of SHARED: black and white; both 0: least and most */
    size_t across;    /* pictures side by side; 0: as the panel's shape asks */
};

/* Draws panel i of the figure (between plots_figure_begin and _end; it takes
 * the place of plots_panel, axes and plot): one data block of NAME.dat, "x y
 * value" or "x y red green blue". The pixels are square, whatever the panel's
 * shape. SPRED_EINVAL: sizes that do not fit. */
enum spred_status plots_mosaic(struct plots_figure *figure, size_t i,
                               const struct plots_mosaic *mosaic);

/* Pixels (of the SVG) that the mosaic is high at this width, for
 * plots_figure_layout. across 0: nearly a square. */
double plots_mosaic_height(const struct plots_mosaic *mosaic, double width);

/* The n blank-separated numbers of a row of the table arrays; what is no
 * number is NaN, also where there are fewer. Free with spred_free. */
enum spred_status plots_mosaic_read(struct spred_env *env, const char *text,
                                    size_t n, double **out);

#endif
