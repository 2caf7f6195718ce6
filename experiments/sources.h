/* sources.h: the data sets of a spec, fetched and parsed into the cache. */
#ifndef EXPERIMENTS_SOURCES_H
#define EXPERIMENTS_SOURCES_H

#include "experiments/plan.h"
#include "spred/model.h"

/* One data set in the cache; owned by sources_free. */
struct source {
    char *name, *source, *hash, *path; /* path: the mapped cache file */
    char *target;                      /* picked */
    int simulated;
    const struct spec_patches *patches; /* of its data set, borrowed; or NULL */
    size_t samples, features, classes;  /* classes 0: real-valued */
    struct spred_picture picture;
};

/* Loads every data set of the spec in its order; unreachable GEO sets hand over
 * to their group's fallback. Notes are appended to plan->notes. */
enum spred_status sources_load(struct spred_env *env, const struct spec *spec,
                               const struct spred_fetch_options *fetch,
                               struct plan *plan, struct source **out,
                               size_t *count);
void sources_free(struct spred_env *env, struct source *sources, size_t count);

/* One data set of the spec, loaded; *path: its file in the cache (spred_free),
 * or NULL. Release both also after an error. */
enum spred_status source_load(struct spred_env *env, const struct spec *spec,
                              const struct spec_dataset *set,
                              const struct spred_fetch_options *fetch,
                              struct spred_data *data, char **path);
/* images.c: the same of pictures, with `samples:` done. */
enum spred_status images_load(struct spred_env *env, const struct spec *spec,
                              const struct spec_dataset *set,
                              const struct spred_fetch_options *fetch,
                              struct spred_data *data, char **path);
/* Does that file of the cache hold these data, and undamaged? */
int source_is_kept(struct spred_env *env, const char *cached, const char *hash);
/* patches.c: a set of patches, cut out of its pictures. */
enum spred_status patches_load(struct spred_env *env, const struct spec *spec,
                               const struct spec_dataset *set,
                               const struct spred_fetch_options *fetch,
                               struct spred_data *data, char **path);
/* Where the held-out picture of a cache file of patches is kept (spred_free).
 */
char *patches_picture(struct spred_env *env, const char *path);
/* Data in memory as a source: all borrowed but the target (spred_free). */
enum spred_status source_lend(struct spred_env *env,
                              const struct spec_dataset *set,
                              const struct spred_data *data,
                              struct source *out);
/* The target that is asked for; a Debian set has one of its own. */
const char *source_target(const struct spec_dataset *set);

/* Appends "key<TAB>text" to the plan's notes. */
enum spred_status plan_note(struct spred_env *env, struct plan *plan,
                            const char *key, const char *text);

#endif
