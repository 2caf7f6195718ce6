/* train.c: the loop: batches, schedule, clipping, steps, a look at dead inputs,
 * evaluations. */
#include "solvers/nn/train.h"

#include <math.h>
#include <string.h>

#include "solvers/nn/optimise.h"
#include "solvers/nn/park.h"
#include "spred/rng.h"

/* Looks at dead inputs: first after so many steps, then each time after a
 * quarter more, at least so many, at most `every`. */
enum { FIRST_LOOK = 10 };

struct loop {
    struct spred_env *env;
    struct nn *nn;
    const struct spred_rows *rows;
    const struct nn_training *training;
    struct nn_report *report;
    size_t batch; /* 1..n */
    real *x;      /* n x p, columns in the network's order; of pictures p x n,
                     as the network wants them */
    real *part;   /* batch x p (p x batch); NULL: all samples every step */
    int32_t *codes;
    double *values; /* of the batch */
    size_t *order;  /* n: samples of this epoch */
    size_t next;    /* first of them that was not used */
    struct spred_rng *rng;
    double *scratch;
    struct nn_park park;
    long look; /* the next step with a look at dead inputs */
};

static enum spred_status acquire(struct loop *l)
{
    const struct spred_rows *rows = l->rows;
    size_t n = rows->n, p = rows->p, count, most = 1;
    const struct nn_tensor *tensors = nn_tensors(l->nn, &count);
    for (size_t i = 0; i < count; i++)
        most = tensors[i].rows > most ? tensors[i].rows : most;
    l->batch =
        l->training->batch && l->training->batch < n ? l->training->batch : n;
    l->x = spred_alloc(l->env, n * p, sizeof *l->x);
    l->scratch = spred_alloc(l->env, most, sizeof *l->scratch);
    if (!l->x || !l->scratch)
        return SPRED_ENOMEM;
    if (l->batch < n) {
        l->part = spred_alloc(l->env, l->batch * p, sizeof *l->part);
        l->codes = spred_alloc(l->env, l->batch, sizeof *l->codes);
        l->values = spred_alloc(l->env, l->batch, sizeof *l->values);
        l->order = spred_alloc(l->env, n, sizeof *l->order);
        l->rng = spred_rng_new(l->env, l->training->seed);
        if (!l->part || !l->codes || !l->values || !l->order || !l->rng)
            return SPRED_ENOMEM;
        for (size_t i = 0; i < n; i++)
            l->order[i] = i;
        l->next = n;
    }
    SPRED_TRY(nn_moments(l->env, l->nn, l->training));
    return nn_park_open(l->env, l->nn, l->x, n, l->training->dead, &l->park);
}

static void release(struct loop *l)
{
    nn_park_close(l->env, &l->park);
    spred_rng_free(l->rng);
    spred_free(l->env, l->x);
    spred_free(l->env, l->part);
    spred_free(l->env, l->codes);
    spred_free(l->env, l->values);
    spred_free(l->env, l->order);
    spred_free(l->env, l->scratch);
}

static int has_pictures(const struct loop *l)
{
    return nn_shape_of(l->nn)->picture.height > 0;
}

/* x = rows', a block of both at a time */
static void copy_pictures(struct loop *l)
{
    enum { SIDE = 32 };
    size_t n = l->rows->n, p = l->rows->p;
    for (size_t i = 0; i < n; i += SIDE)
        for (size_t k = 0; k < p; k += SIDE)
            for (size_t a = i; a < i + SIDE && a < n; a++)
                for (size_t b = k; b < k + SIDE && b < p; b++)
                    l->x[b + a * p] = (real)l->rows->x[a + b * n];
}

static void copy_x(struct loop *l)
{
    size_t n = l->rows->n;
    if (has_pictures(l)) {
        copy_pictures(l);
        return;
    }
    for (size_t k = 0; k < l->rows->p; k++) {
        const float *from = l->rows->x + nn_order(l->nn)[k] * n;
        for (size_t i = 0; i < n; i++)
            l->x[i + k * n] = (real)from[i];
    }
}

/* The next samples into part, codes, values. An epoch's last batch is left out
 * where it is not whole, as its noise is another. */
static void deal(struct loop *l)
{
    size_t n = l->rows->n, live = nn_live(l->nn);
    if (l->next + l->batch > n) {
        spred_rng_shuffle(l->rng, l->order, n);
        l->next = 0;
    }
    const size_t *take = l->order + l->next;
    for (size_t i = 0; has_pictures(l) && i < l->batch; i++)
        memcpy(l->part + i * l->rows->p, l->x + take[i] * l->rows->p,
               l->rows->p * sizeof *l->part);
    for (size_t k = 0; !has_pictures(l) && k < live; k++)
        for (size_t i = 0; i < l->batch; i++)
            l->part[i + k * l->batch] = l->x[take[i] + k * n];
    for (size_t i = 0; i < l->batch; i++) {
        if (l->rows->codes)
            l->codes[i] = l->rows->codes[take[i]];
        if (l->rows->values)
            l->values[i] = l->rows->values[take[i]];
    }
    l->next += l->batch;
}

static double whole_gradient(struct loop *l)
{
    return nn_gradient(l->nn, l->x, l->rows->n, l->rows->codes,
                       l->rows->values);
}

static double batch_gradient(struct loop *l)
{
    if (!l->part)
        return whole_gradient(l);
    deal(l);
    return nn_gradient(l->nn, l->part, l->batch,
                       l->rows->codes ? l->codes : NULL,
                       l->rows->values ? l->values : NULL);
}

/* Counts half a pass for the columns that no step reads: a step reads its own
 * twice. */
static void look(struct loop *l, int move)
{
    double parked = 1 - (double)nn_live(l->nn) / (double)l->rows->p;
    nn_park_look(&l->park, move);
    l->report->passes += parked / 2;
}

static int look_is_due(struct loop *l, long step)
{
    long every = l->training->every, gap = step / 4;
    if (!(l->park.dead > 0) || (step < l->look && step % every != 0))
        return 0;
    gap = gap < FIRST_LOOK ? FIRST_LOOK : gap > every ? every : gap;
    l->look = step + gap;
    return 1;
}

/* One step; the parking's gradient is that at its start. */
static enum spred_status advance(struct loop *l, long step)
{
    const struct nn_training *training = l->training;
    double schedule = nn_schedule(training, step), loss, scale;
    int due = look_is_due(l, step + 1);
    l->report->passes += (double)l->batch / (double)l->rows->n *
                         (double)nn_live(l->nn) / (double)l->rows->p;
    loss = batch_gradient(l);
    if (!isfinite(loss))
        return spred_fail(l->env, SPRED_ENUMERIC,
                          "the loss is not finite after %ld steps: the "
                          "learning rate %g is too large",
                          step, training->first.lr);
    l->report->loss = loss;
    scale = training->clip > 0
                ? nn_clip(training->clip, nn_gradient_norm(l->nn))
                : 1;
    nn_step(l->nn, training, step, scale, schedule, l->scratch);
    l->report->steps = step + 1;
    l->park.travel += training->first.lr * schedule;
    if (training->after)
        training->after(training->cookie, l->nn, training->first.lr * schedule);
    if (due && l->part)
        whole_gradient(l);
    if (due)
        look(l, 1);
    return SPRED_OK;
}

static enum spred_status run(struct loop *l)
{
    const struct nn_training *training = l->training;
    int stop = 0;
    SPRED_TRY(acquire(l));
    copy_x(l);
    l->look = FIRST_LOOK;
    for (long step = 0; step < training->steps && !stop; step++) {
        SPRED_TRY(spred_check_cancel(l->env));
        SPRED_TRY(advance(l, step));
        if ((step + 1) % training->every == 0 || step + 1 == training->steps)
            SPRED_TRY(
                training->evaluate(training->cookie, l->nn, step + 1, &stop));
    }
    if (l->park.dead > 0) {
        whole_gradient(l);
        look(l, 0);
    }
    return SPRED_OK;
}

enum spred_status nn_train(struct spred_env *env, struct nn *nn,
                           const struct spred_rows *rows,
                           const struct nn_training *training,
                           struct nn_report *report)
{
    struct loop l = {.env = env,
                     .nn = nn,
                     .rows = rows,
                     .training = training,
                     .report = report};
    memset(report, 0, sizeof *report);
    if (rows->p != nn_shape_of(nn)->inputs || rows->n == 0)
        return spred_fail(env, SPRED_EINVAL,
                          "%zu samples of %zu inputs for a network of %zu",
                          rows->n, rows->p, nn_shape_of(nn)->inputs);
    enum spred_status status = run(&l);
    report->live = nn_live(nn);
    report->parked = rows->p - report->live;
    report->revived = l.park.revived;
    report->awake = l.park.awake;
    report->worst = l.park.worst;
    release(&l);
    return status;
}
