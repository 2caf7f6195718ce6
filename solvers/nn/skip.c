/* skip.c: LassoNet's network, step and compaction.
 *
 * A step is that of Algorithm 1 of Lemhadri et al. (2021): all parameters
 * descend the loss, then theta_j and W_j of every gene j pass through the
 * hierarchical prox with lr lambda. With momentum mu a gradient g that persists
 * moves a weight by lr g/(1 - mu) a step, so a gene at zero stays there while
 *   |dL/dtheta_j| + M |dL/dW_j|_1 <= (1 - mu) lambda
 * (hierarchical_pull). Only such genes are set aside. */
#include <math.h>
#include <string.h>

#include "solvers/nn/hierarchical.h"
#include "solvers/nn/skip.h"
#include "solvers/nn/update_loops.h"

static struct nn_tensor *first_of(struct nn *nn, size_t branch)
{
    size_t count;
    struct nn_tensor *tensors = nn_tensors(nn, &count);
    for (size_t t = 0; t < count; t++)
        if (tensors[t].role == NN_FIRST && tensors[t].branch == branch)
            return &tensors[t];
    return NULL;
}

enum spred_status skip_open(struct spred_env *env,
                            const struct spred_model_task *task, size_t hidden,
                            struct skip *skip)
{
    const struct spred_rows *train = &task->train;
    struct nn_shape shape = {.inputs = train->p,
                             .outputs = task->classes ? task->classes : 1,
                             .classes = task->classes > 0,
                             .n_branches = 2,
                             .sum = 1};
    shape.branches[0] = (struct nn_branch){
        .n = 1, .layers = {{.kind = NN_LINEAR, .no_bias = 1}}};
    shape.branches[1] =
        (struct nn_branch){.n = 3,
                           .layers = {{.kind = NN_LINEAR, .out = hidden},
                                      {.kind = NN_RELU},
                                      {.kind = NN_LINEAR}}};
    SPRED_TRY(nn_new(env, &shape, train->n, task->seed, &skip->nn));
    skip->n = train->n;
    skip->p = train->p;
    skip->outputs = shape.outputs;
    skip->codes = task->classes ? train->codes : NULL;
    skip->values = task->classes ? NULL : train->values;
    skip->validate = task->validate;
    skip->x = spred_alloc(env, train->n * train->p, sizeof *skip->x);
    skip->keep = spred_alloc(env, train->p, sizeof *skip->keep);
    skip->scores = spred_alloc(env, task->validate.n * shape.outputs,
                               sizeof *skip->scores);
    if (!skip->x || !skip->keep || !skip->scores)
        return SPRED_ENOMEM;
    skip->theta = first_of(skip->nn, 0);
    skip->first = first_of(skip->nn, 1);
    const size_t *order = nn_order(skip->nn);
    for (size_t k = 0; k < skip->p; k++)
        for (size_t i = 0; i < skip->n; i++)
            skip->x[i + k * skip->n] = (real)train->x[i + order[k] * skip->n];
    return SPRED_OK;
}

void skip_free(struct spred_env *env, struct skip *skip)
{
    nn_free(skip->nn);
    spred_free(env, skip->x);
    spred_free(env, skip->keep);
    spred_free(env, skip->scores);
    memset(skip, 0, sizeof *skip);
}

enum spred_status skip_rest(struct spred_env *env, struct skip *skip)
{
    size_t count;
    struct nn_tensor *tensors = nn_tensors(skip->nn, &count);
    for (size_t t = 0; t < count; t++) {
        struct nn_tensor *tensor = &tensors[t];
        size_t size = tensor->rows * tensor->cols;
        if (!tensor->moment1)
            tensor->moment1 = spred_alloc(env, size, sizeof(real));
        if (!tensor->moment1)
            return SPRED_ENOMEM;
        memset(tensor->moment1, 0, size * sizeof(real));
    }
    return SPRED_OK;
}

/* v = mu v + g; w -= lr v. */
static void descend(const struct skip *skip, struct nn_tensor *tensor)
{
    struct update_rule rule = {
        .lr = skip->lr, .scale = 1, .shrink = 1, .momentum = skip->momentum};
    size_t cols = tensor->role == NN_FIRST ? nn_live(skip->nn) : tensor->cols;
    update_loops()->momentum(tensor->rows * cols, &rule, tensor->value,
                             tensor->gradient, tensor->moment1);
}

enum spred_status skip_step(struct spred_env *env, struct skip *skip,
                            double lambda, double *loss)
{
    size_t count, live = nn_live(skip->nn);
    size_t k = skip->theta->rows, h = skip->first->rows;
    SPRED_TRY(spred_check_cancel(env));
    *loss = nn_gradient(skip->nn, skip->x, skip->n, skip->codes, skip->values);
    skip->passes += (double)live / (double)skip->p;
    if (!isfinite(*loss))
        return spred_fail(env, SPRED_ENUMERIC,
                          "the loss is not finite at lambda = %g: a smaller lr "
                          "than %g is needed",
                          lambda, skip->lr);
    struct nn_tensor *tensors = nn_tensors(skip->nn, &count);
    for (size_t t = 0; t < count; t++)
        descend(skip, &tensors[t]);
    for (size_t j = 0; j < live; j++)
        hierarchical_prox(skip->theta->value + j * k, k,
                          skip->first->value + j * h, h, skip->lr * lambda,
                          skip->m);
    return SPRED_OK;
}

enum spred_status skip_validate(struct spred_env *env, struct skip *skip,
                                double *loss)
{
    const struct spred_rows *rows = &skip->validate;
    double sum = 0;
    size_t used = 0;
    *loss = NAN;
    if (!rows->n)
        return SPRED_OK;
    SPRED_TRY(nn_predict(env, skip->nn, rows->x, rows->n, skip->scores));
    for (size_t i = 0; i < rows->n; i++) {
        const double *s = skip->scores + i;
        double most = -INFINITY, total = 0;
        if (skip->values) {
            sum += (s[0] - rows->values[i]) * (s[0] - rows->values[i]) / 2;
            used++;
            continue;
        }
        if ((size_t)rows->codes[i] >= skip->outputs)
            continue; /* a class that was never seen */
        for (size_t k = 0; k < skip->outputs; k++)
            most = fmax(most, s[k * rows->n]);
        for (size_t k = 0; k < skip->outputs; k++)
            total += exp(s[k * rows->n] - most);
        sum += most + log(total) - s[(size_t)rows->codes[i] * rows->n];
        used++;
    }
    if (used)
        *loss = sum / (double)used;
    return SPRED_OK;
}

static double column_size(const struct nn_tensor *tensor, size_t j)
{
    return real_nrm2((int)tensor->rows, tensor->value + j * tensor->rows, 1);
}

double skip_penalty(const struct skip *skip, size_t *genes)
{
    double sum = 0;
    *genes = 0;
    for (size_t j = 0; j < nn_live(skip->nn); j++) {
        double size = column_size(skip->theta, j);
        sum += size;
        *genes += size > 0;
    }
    return sum;
}

static void exchange(struct skip *skip, size_t j, size_t k)
{
    unsigned char keep = skip->keep[j];
    skip->keep[j] = skip->keep[k];
    skip->keep[k] = keep;
    nn_swap_inputs(skip->nn, j, k);
    for (size_t i = 0; i < skip->n; i++) {
        real x = skip->x[i + j * skip->n];
        skip->x[i + j * skip->n] = skip->x[i + k * skip->n];
        skip->x[i + k * skip->n] = x;
    }
}

size_t skip_settle(struct skip *skip, double lambda)
{
    size_t live = nn_live(skip->nn), back = 0, end = skip->p, start = 0;
    size_t k = skip->theta->rows, h = skip->first->rows;
    double bound = (1 - skip->momentum) * lambda;
    nn_set_live(skip->nn, skip->p);
    nn_gradient(skip->nn, skip->x, skip->n, skip->codes, skip->values);
    skip->passes += 1;
    for (size_t j = 0; j < skip->p; j++) {
        double pull =
            hierarchical_pull(skip->theta->gradient + j * k, k,
                              skip->first->gradient + j * h, h, skip->m);
        skip->keep[j] = column_size(skip->theta, j) > 0 || !(pull <= bound);
        back += j >= live && skip->keep[j];
    }
    while (start < end) {
        if (skip->keep[start]) {
            start++;
            continue;
        }
        end--;
        memset(skip->theta->moment1 + start * k, 0, k * sizeof(real));
        memset(skip->first->moment1 + start * h, 0, h * sizeof(real));
        if (start < end)
            exchange(skip, start, end);
    }
    nn_set_live(skip->nn, start);
    skip->revived += back;
    return back;
}
