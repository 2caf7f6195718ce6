/* spec_read.h: what the files that turn YAML into a spec share; private. */
#ifndef EXPERIMENTS_SPEC_READ_H
#define EXPERIMENTS_SPEC_READ_H

#include "experiments/spec.h"
#include "experiments/yaml.h"
#include "spred/text.h"

#define SPEC_SWEEP_MAX 1000u /* combinations of one sweep */

struct spec_reader {
    struct spred_env *env;
    struct spec_document *doc;
    const struct spec_solver_names *solvers;
    struct spec *out;
};

enum spec_field_kind {
    SPEC_FIELD_INT,      /* int64_t, from min to max */
    SPEC_FIELD_REAL,     /* double, from min to max */
    SPEC_FIELD_TEXT,     /* char *, owned; NULL: not given */
    SPEC_FIELD_CHOICE,   /* int, index into choices */
    SPEC_FIELD_BOOL,     /* int */
    SPEC_FIELD_DURATION, /* double, seconds */
    SPEC_FIELD_SIZE,     /* double, bytes */
    SPEC_FIELD_SHARE,    /* double, 0..1 */
    SPEC_FIELD_MAP,      /* a map of further fields of the same struct */
    SPEC_FIELD_OTHER     /* a known key that is read elsewhere */
};

/* One key of a map: drives reading, checking and writing. A table ends with a
 * NULL key. */
struct spec_field {
    const char *key;
    enum spec_field_kind kind;
    size_t offset;
    double min, max;
    const char *const *choices;      /* CHOICE: NULL-ended */
    const struct spec_field *fields; /* MAP */
};

extern const struct spec_field spec_preprocess_fields[], spec_protocol_fields[],
    spec_stop_fields[], spec_limits_fields[], spec_file_fields[],
    spec_measure_fields[];
extern const struct spec_field spec_loader_fields[], spec_images_fields[];
/* By kind of simulation. */
extern const struct spec_field *const spec_simulated_fields[];
extern const char *const spec_simulated_kinds[], *const spec_scaling_names[];
extern const char *const spec_figure_names[], *const spec_loss_names[];
extern const char *const spec_debian_default[]; /* NULL-ended */

/* spec_field.c. `what` is the path for messages ("stop.wall"). */
enum spred_status spec_fail(const struct spec_reader *r,
                            const struct spec_node *node, const char *format,
                            ...) SPRED_PRINTF(3, 4);
/* A message that an unknown word is not in a list; names the nearest. */
enum spred_status spec_unknown(const struct spec_reader *r,
                               const struct spec_node *node, const char *kind,
                               const char *word, const char *const *list);
enum spred_status spec_want(const struct spec_reader *r,
                            const struct spec_node *node, const char *what,
                            enum spec_node_kind kind);
enum spred_status spec_real(const struct spec_reader *r,
                            const struct spec_node *node, const char *what,
                            double min, double max, double *out);
enum spred_status spec_int(const struct spec_reader *r,
                           const struct spec_node *node, const char *what,
                           double min, double max, int64_t *out);
/* Replaces *out, which is NULL or owned. */
enum spred_status spec_text(const struct spec_reader *r,
                            const struct spec_node *node, const char *what,
                            char **out);
/* The same, and the text must be a safe file name: [A-Za-z0-9._-]+, at most 64
 * characters, not starting with '.'. */
enum spred_status spec_name(const struct spec_reader *r,
                            const struct spec_node *node, const char *what,
                            char **out);
int spec_name_is_safe(const char *name);
enum spred_status spec_choice(const struct spec_reader *r,
                              const struct spec_node *node, const char *what,
                              const char *const *choices, int *out);
enum spred_status spec_bool(const struct spec_reader *r,
                            const struct spec_node *node, const char *what,
                            int *out);
/* Reads the keys of a map that are in the table into *out; refuses others. */
enum spred_status spec_fields(const struct spec_reader *r,
                              const struct spec_node *map, const char *what,
                              const struct spec_field *table, void *out);
/* array with room for one more zeroed item after n; NULL: out of memory. */
void *spec_grow(const struct spec_reader *r, void *array, size_t n,
                size_t size);

/* spec_sweep.c: the maps that a map with lists stands for, as a list of maps
 * without lists and tied keys. A value of `pair` is a list of two itself. */
enum spred_status spec_sweep(const struct spec_reader *r, struct spec_node *map,
                             const char *what, const char *pair,
                             struct spec_node **list);

/* spec_set.c: one --set on the tree. */
enum spred_status spec_override(const struct spec_reader *r, const char *text);

/* spec_script.c: opens the script, or takes the parts that are open. The names
 * in it are known to everything that is read later. */
enum spred_status spec_read_script(struct spec_reader *r,
                                   const struct spec_node *root);
void spec_close_script(struct spred_env *env, struct spec *spec);
/* Where an item of `solvers:` names a Lua file ("ista.lua", with options or
 * not), which stands for all the solvers that it declares; else NULL. */
const struct spec_node *spec_solver_file(const struct spec_node *item);
#define SPEC_WORDS_MAX 256
enum spec_own {
    SPEC_OWN_LOSS,
    SPEC_OWN_PENALTY,
    SPEC_OWN_PROTOCOL,
    SPEC_OWN_FIGURE,
    SPEC_OWN_SOLVER,
    SPEC_OWN_SOURCE
};
/* The words and, after them, what the script calls its own of that sort; a
 * NULL-ended array of borrowed texts in all. Returns how many words there were
 * before. */
size_t spec_words(const struct spec_reader *r, const char *const *words,
                  enum spec_own sort, const char *all[SPEC_WORDS_MAX]);
enum spred_status spec_read_images(struct spec_reader *r,
                                   const struct spec_node *node, size_t group);
/* spec_file.c: "data/my set.gct.gz" -> "my-set". NULL: out of memory. */
char *spec_name_of_path(const struct spec_reader *r, const char *path);
enum spred_status spec_read_loader(struct spec_reader *r,
                                   const struct spec_node *node, size_t group);
/* spec_solvers.c: a setting more, as text. */
enum spred_status spec_add_setting(struct spec_reader *r,
                                   struct spec_setting **settings, size_t *n,
                                   const struct spec_node *key,
                                   const struct spec_node *value);

/* The parts of a file. */
enum spred_status spec_read_datasets(struct spec_reader *r,
                                     struct spec_node *node);
enum spred_status spec_read_file(struct spec_reader *r,
                                 const struct spec_node *node, size_t group);
/* A path beside the experiment file wins over one in the working folder. *path
 * is NULL or owned, and may be replaced. */
enum spred_status spec_beside(struct spec_reader *r, char **path);
enum spred_status spec_read_simulated(struct spec_reader *r,
                                      struct spec_node *node, size_t group);
enum spred_status spec_read_problems(struct spec_reader *r,
                                     struct spec_node *problem,
                                     struct spec_node *problems);
/* The loss is known. */
enum spred_status spec_read_penalty(struct spec_reader *r,
                                    const struct spec_node *node,
                                    struct spec_problem *p);
enum spred_status spec_read_solvers(struct spec_reader *r,
                                    struct spec_node *node);
/* spec_models.c */
enum spred_status spec_read_models(struct spec_reader *r,
                                   struct spec_node *node);
/* spec_word.c: a list or a map (the layers of a network) as one word without
 * blanks, a new scalar node in its place: [{linear: {out: 64, sparse: {kind:
 * spred, lambda: 0.1}}}, relu] is
 * linear(out=64,sparse=spred,lambda=0.1)|relu. Scalars stay as they are. */
enum spred_status spec_word(const struct spec_reader *r,
                            const struct spec_node *node, const char *what,
                            struct spec_node **out);
enum spred_status spec_read_rules(struct spec_reader *r,
                                  const struct spec_node *root);
/* The next data set of out->datasets, with the place of node, or NULL. */
struct spec_dataset *spec_add_dataset(struct spec_reader *r,
                                      const struct spec_node *node,
                                      enum spec_source source, size_t group);

/* spec_resolved.c: the canonical text into spec->resolved. */
enum spred_status spec_resolve(struct spred_env *env, struct spec *spec);

#endif
