/* begin.h: what every job does before its method runs: the script's word, the
 * trial, and the row's description of it. */
#ifndef EXPERIMENTS_BEGIN_H
#define EXPERIMENTS_BEGIN_H

#include "experiments/parts.h"
#include "experiments/trial.h"

/* The trial, from the data in memory or, if NULL, from the job's file. When the
 * script's hook would rather not do this job, the row has the status "skipped"
 * and a reason, and there is no trial. */
enum spred_status begin_trial(struct spred_env *env, const struct job *job,
                              const struct parts *parts,
                              const struct spred_data *data,
                              struct results_run *row, struct trial *trial);

#endif
