/* plots.h: figures and the report of a store. This room reads named queries
 * and draws; it computes nothing. */
#ifndef PLOTS_PLOTS_H
#define PLOTS_PLOTS_H

#include <stddef.h>
#include "spred/env.h"

/* 1 if gnuplot is on PATH: without it no picture can be drawn. */
int plots_gnuplot_found(struct spred_env *env);

/* Names of the figure kinds, NULL-ended. */
const char *const *plots_kinds(void);

/* Draws the n figure kinds of the store at db_path into folder (which exists):
 * NAME.dat and NAME.gp, and through gnuplot NAME.svg, NAME.pdf and NAME.png,
 * each written aside and renamed. `gnuplot NAME.gp` in that folder redraws the
 * SVG without this program. Without gnuplot on PATH one warning is logged and
 * .dat and .gp are written all the same. n 0: the kinds that the store's last
 * run asked for. Errors: SPRED_ENOTFOUND for an unknown kind, before anything
 * is drawn; SPRED_EIO when gnuplot fails. */
enum spred_status plots_draw(struct spred_env *env, const char *db_path,
                             const char *folder, const char *const *figures,
                             size_t n);

/* Writes the report, one HTML file (also well-formed XML) that needs no other:
 * the figures of the n kinds as plots_draw left them in folder, tables,
 * endings, and where everything came from. A figure that was not drawn is
 * named as missing. */
enum spred_status plots_report(struct spred_env *env, const char *db_path,
                               const char *folder, const char *const *figures,
                               size_t n, const char *path);

#endif
