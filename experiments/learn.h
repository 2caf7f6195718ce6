/* learn.h: a model on one trial: tuned by the validation part, tested once. */
#ifndef EXPERIMENTS_LEARN_H
#define EXPERIMENTS_LEARN_H

#include "experiments/parts.h"
#include "experiments/trial.h"
#include "spred/model.h"

struct learn;
struct spec;

/* Whether every setting of a model's job goes with rows of that shape (model.h:
 * fits), without any. SPRED_EINVAL: the first that does not, and why. */
enum spred_status learn_fits(struct spred_env *env, const struct job *job,
                             const struct spred_model *model,
                             const struct spred_rows *rows, size_t classes);

/* The trial is made, the parts are prepared as dense single precision. env,
 * job, parts, record (its run row started) outlive it. data: in memory, outlive
 * it; NULL: the job's file. A skip has a status and a reason in the run row,
 * and *out is then NULL. */
enum spred_status learn_open(struct spred_env *env, const struct job *job,
                             const struct parts *parts,
                             const struct spred_data *data,
                             struct results_record *record, struct learn **out);
/* Every setting of the grid in turn; the best offer by the validation part
 * (score_better; without a validation part the last offer of the last setting)
 * stands; its predictions of the test part, made when it was offered, are
 * scored once, at the end. Fills the record: run, candidates, genes, metrics.
 * The job's wall is shared: a fit past it ends as `time`, what it offered
 * stands.
 */
enum spred_status learn_run(struct learn *learn);
/* Scores n x outputs of any rows of the data's features by the model that
 * stands; the first call loads it or, if it cannot be stored, fits it again
 * (same seed, stopped at the same offer), and keeps it. */
enum spred_status learn_predict(struct learn *learn,
                                const struct spred_matrix *x, double *scores);
/* Writes the model that stands, with the preparation of its rows, to a file
 * that predictor_read reads. SPRED_EINVAL: it cannot be saved. A worker's job
 * keeps it only with keep_models. */
enum spred_status learn_store(struct learn *learn, const char *path);
/* Of the model that stands: p values, one for each feature of the trial (0: it
 * takes no part); all 0 before there is one. */
const double *learn_importance(const struct learn *learn);
const struct spred_model *learn_model(const struct learn *learn);
size_t learn_outputs(const struct learn *learn);
const struct trial *learn_trial(const struct learn *learn);
void learn_close(struct learn *learn); /* NULL is fine */

/* One job on data in memory, done in this process. Owned; learner_close. Does
 * not move while it is open; the data, the spec's parts and env outlive it. */
struct learner {
    struct spred_env *env;
    struct job job;
    struct results_record record; /* as a worker's */
    struct learn *learn;
    struct parts parts; /* the spec's models and protocols */
};
/* The first model of the spec on the data, in repeat `trial` (1..) of its
 * protocol. Close it also after an error. */
enum spred_status learner_open(struct spred_env *env, const struct spec *spec,
                               const struct spred_data *data, int64_t trial,
                               struct learner *out);
/* SPRED_EINVAL: the model does not take the data; SPRED_ENUMERIC: none came
 * out of any setting. */
enum spred_status learner_run(struct learner *learner);
void learner_close(struct learner *learner);

#endif
