/* course.h: one fit of a deep model: its trainings one after the other, what
 * they leave, and the bytes by which a fit that was killed goes on. */
#ifndef SOLVERS_DEEP_COURSE_H
#define SOLVERS_DEEP_COURSE_H

#include "solvers/deep/deep.h"

/* SHRINK: [DENSE] MAIN FINE FINE ...; PRUNE: MAIN FINE FINE ...;
 * GRADUAL: CUT FINE CUT FINE ... */
enum deep_kind { DEEP_DENSE, DEEP_MAIN, DEEP_CUT, DEEP_FINE, DEEP_END };
struct deep_step {
    enum deep_kind kind;
    size_t target; /* CUT, FINE: which */
    long epochs;
};

enum { DEEP_RESULTS = DEEP_LIST + 1 };

struct deep_course {
    struct spred_env *env;
    const struct deep_options *options;
    const struct deep_method *method;
    const struct spred_model_task *task;
    struct spred_model_report *report;
    struct deep *state;
    struct deep_list thresholds;
    struct deep_list targets;     /* SHRINK: thresholds of fine-tunings; else
                                     compressions */
    struct nn_shape shape, dense; /* with the method's sparsity, and without */
    size_t most;                  /* of every network */
    struct deep_samples samples;
    struct deep_trainer trainer;
    struct nn *main;
    struct nn *plain; /* of the dense shape: SHRINK's DENSE and FINE */
    unsigned char *mask;
    size_t mask_size;
    size_t stage; /* that is trained, from 0 */
    long epoch;   /* epochs of it that are done */
    /* Parameters (nn_save): 0 after MAIN, of main; 1 + i after FINE i, of
     * deep_trained. NULL: not yet. */
    real *results[DEEP_RESULTS];
    float *before; /* filters before MAIN; deep_filters */
};

struct deep_step deep_step_of(const struct deep_course *course, size_t stage);
/* The network that a step trains. */
struct nn *deep_trained(const struct deep_course *course,
                        const struct deep_step *step);
/* Which of `results` a step leaves; DEEP_RESULTS: none. */
size_t deep_leaves(const struct deep_step *step);

/* Networks, samples, room; zeroed before. Close it also after a failure: what
 * state->nn is stays. */
enum spred_status deep_course_open(struct deep_course *course);
void deep_course_close(struct deep_course *course);

/* All steps, from where the saved bytes end. */
enum spred_status deep_course_train(struct deep_course *course);

/* checkpoint.c. The whole state of the training after an epoch. */
enum spred_status deep_checkpoint(struct deep_course *course);
/* task->saved into the course. SPRED_EFORMAT: damaged, or of another one. */
enum spred_status deep_checkpoint_read(struct deep_course *course);

/* marks.c. The marks and pictures of a trained course; then state->nn is the
 * network that stands, and the course's no longer. */
enum spred_status deep_marks(struct deep_course *course);

/* filters.c. Size of the matrix to look at: filters in columns, or of a linear
 * first layer one column, the size of each input's weights. 0 x 0: no
 * pictures. picture: what a column is. */
void deep_filters_size(const struct nn *nn, const struct spred_rows *rows,
                       size_t *height, size_t *width,
                       struct spred_picture *picture);
enum spred_status deep_filters(struct spred_env *env, struct nn *nn,
                               const struct spred_rows *rows, float *out);

#endif
