/* predictor.c: raw rows prepared as the training part was, and predicted. */
#include "experiments/predictor.h"

#include <string.h>

#include "experiments/learn_part.h"
#include "spred/linalg.h"

enum spred_status predictor_scores(struct spred_env *env,
                                   const struct predictor *p,
                                   const struct spred_matrix *x, double *scores)
{
    /* All of a trial that the making of the rows looks at. */
    const struct trial trial = {.prepared = p->prepared, .p = p->prepared.p};
    struct spred_matrix ready = {0};
    int before = spred_blas_threads((int)p->threads);
    enum spred_status status =
        spred_prepared_apply(env, &p->prepared, x, NULL, x->rows, &ready);
    float *rows = NULL;
    if (status == SPRED_OK && !(rows = learn_floats(env, &trial, &ready)))
        status = SPRED_ENOMEM;
    if (status == SPRED_OK)
        status = p->model->predict(env, p->state, rows, x->rows, scores);
    spred_blas_threads(before);
    spred_free(env, rows);
    spred_matrix_free(env, &ready);
    return status;
}

static void free_texts(struct spred_env *env, char **texts, size_t n)
{
    for (size_t i = 0; texts && i < n; i++)
        spred_free(env, texts[i]);
    spred_free(env, texts);
}

void predictor_free(struct spred_env *env, struct predictor *p)
{
    if (p->state && p->model->free)
        p->model->free(env, p->state);
    spred_free(env, p->state);
    free_texts(env, p->classes, p->n_classes);
    free_texts(env, p->features, p->prepared.p_raw);
    free_texts(env, p->symbols, p->prepared.p_raw);
    spred_free(env, p->dataset);
    spred_free(env, p->options);
    spred_free(env, p->chosen);
    spred_prepared_free(env, &p->prepared);
    memset(p, 0, sizeof *p);
}
