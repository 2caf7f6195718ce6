/* plots.h: figures and the report of a store. This room reads named queries
 * and draws; it computes nothing. */
#ifndef PLOTS_PLOTS_H
#define PLOTS_PLOTS_H

#include <stddef.h>
#include "spred/env.h"
#include "spred/text.h"

/* 1 if gnuplot is on PATH: without it no picture can be drawn. */
int plots_gnuplot_found(struct spred_env *env);

/* Names of the figure kinds, NULL-ended. */
const char *const *plots_kinds(void);

/* Figure kinds that a script adds: names NULL-ended. draw leaves the figure
 * `name` in folder, by plots_series_draw; or nothing, when there is nothing to
 * show. */
struct plots_extra {
    void *cookie;
    const char *const *names;
    enum spred_status (*draw)(void *cookie, struct spred_env *env,
                              const char *db_path, const char *folder,
                              const char *name, int pictures);
};

/* Draws the n figure kinds of the store at db_path into folder (which exists):
 * NAME.dat and NAME.gp, and through gnuplot NAME.svg, NAME.pdf and NAME.png,
 * each written aside and renamed. `gnuplot NAME.gp` in that folder redraws the
 * SVG without this program. Without gnuplot on PATH one warning is logged and
 * .dat and .gp are written all the same. n 0: the kinds that the store's last
 * run asked for. extra: kinds besides the built-in ones, or NULL; when one of
 * them fails the others are drawn before its error is returned. Errors:
 * SPRED_ENOTFOUND for an unknown kind, before anything is drawn; SPRED_EIO when
 * gnuplot fails. */
enum spred_status plots_draw(struct spred_env *env, const char *db_path,
                             const char *folder, const char *const *figures,
                             size_t n, const struct plots_extra *extra);

/* As plots_draw without pictures. names: of the figures, NULL-ended; free with
 * plots_names_free. */
enum spred_status plots_prepare(struct spred_env *env, const char *db_path,
                                const char *folder, const char *const *figures,
                                size_t n, const struct plots_extra *extra,
                                char ***names);
/* Only the names that plots_draw would give, nothing is written. */
enum spred_status plots_figure_names(struct spred_env *env, const char *db_path,
                                     const struct plots_extra *extra,
                                     char ***names);
void plots_names_free(struct spred_env *env, char **names);

/* Writes the report, one HTML file (also well-formed XML) that needs no other:
 * the figures of the n kinds as plots_draw left them in folder, tables,
 * endings, and where everything came from. A figure that was not drawn is
 * named as missing. */
enum spred_status plots_report(struct spred_env *env, const char *db_path,
                               const char *folder, const char *const *figures,
                               size_t n, const struct plots_extra *extra,
                               const char *path);

/* Draws NAME.gp of folder again, whoever made it: form "svg", "pdf" or "png",
 * to path, written aside and renamed. */
enum spred_status plots_redraw(struct spred_env *env, const char *folder,
                               const char *name, const char *form,
                               const char *path);

/* The same for a terminal, appended to out: "dumb" is text in so many columns
 * and rows (0: as high as the page asks), with its caption below; "ansi" the
 * same in colours; "sixel" a picture as wide as columns say at 9 pixels each
 * (0: 80), for terminals that know sixels. */
enum spred_status plots_show(struct spred_env *env, const char *folder,
                             const char *name, const char *form, size_t columns,
                             size_t rows, struct spred_buffer *out);

/* A folder of its own below TMPDIR, and its removal with the files in it
 * (frees the name; NULL is fine). */
enum spred_status plots_folder_new(struct spred_env *env, char **out);
void plots_folder_free(struct spred_env *env, char *folder);

#endif
