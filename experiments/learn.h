/* learn.h: a model on one trial: tuned by the validation part, tested once. */
#ifndef EXPERIMENTS_LEARN_H
#define EXPERIMENTS_LEARN_H

#include "experiments/parts.h"
#include "experiments/trial.h"
#include "spred/model.h"

struct learn;

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
 * stands; the first call fits it again (same seed, stopped at the same offer)
 * and keeps it. */
enum spred_status learn_predict(struct learn *learn,
                                const struct spred_matrix *x, double *scores);
size_t learn_outputs(const struct learn *learn);
const struct trial *learn_trial(const struct learn *learn);
void learn_close(struct learn *learn); /* NULL is fine */

#endif
