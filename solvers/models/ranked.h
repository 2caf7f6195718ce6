/* ranked.h: what filters share: genes in an order of merit, and a linear
 * support vector machine on the first m of them. */
#ifndef SOLVERS_MODELS_RANKED_H
#define SOLVERS_MODELS_RANKED_H

#include "solvers/models/svm.h"
#include "spred/model.h"

/* State of a model; zeroed is empty. */
struct ranked {
    size_t p, m;   /* genes; of the standing machine */
    size_t *order; /* p: the best first; as far as the model ranked them */
    struct svm_machine *svm;
};

/* Trains on the first m genes of the order and offers "genes=m". */
enum spred_status ranked_offer(struct spred_env *env, struct ranked *state,
                               double cost, const struct spred_model_task *task,
                               size_t m);
/* The three calls of struct spred_model. Importance of the k-th best: 1/k. */
enum spred_status ranked_predict(struct spred_env *env, void *state,
                                 const float *x, size_t n, double *scores);
void ranked_genes(const void *state, double *importance);
void ranked_free(struct spred_env *env, void *state);

#endif
