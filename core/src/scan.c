/* scan.c: passes that leave out the columns that cannot reach the bound; in
 * double, or over a standardised single-precision copy of X with the columns
 * near the bound again in double. */
#include "spred/scan.h"

#include <math.h>
#include <string.h>

#include "passes.h"
#include "spred/linalg.h"

/* Double passes after which the copy is made: the first touch of so much memory
 * costs about as much as it saves before. */
enum { PAID_OFF = 32, MOST_PARTS = 64 };

/* A pass that looks at more than this share is no longer worth the test. */
static const double worn = 0.05;

/* Norms between which products in single precision do not underflow or
 * overflow by more than their error allows; others are taken in double. */
static const double least_size = 1e-12, largest_size = 1e12;
/* Relative room for the rounding of a norm. */
static const double norm_slack = 1e-10;

struct spred_scanner {
    struct spred_env *env;
    const struct spred_design *x;
    enum spred_precision precision;
    double made;  /* passes in double so far, in sides */
    size_t rows;  /* n rounded up to SPRED_SINGLE_ROWS */
    float *copy;  /* rows x p, (raw - mean) * scale; NULL: not made */
    double *norm; /* p: |x_j|, rounded up */
    size_t outputs;
    float *r; /* rows x outputs; zeros below row n */
    /* The last whole pass: R (n x outputs) and X'R (p x outputs). */
    double *whole_r, *whole;
    int compared;   /* 1: and it is there to be compared with */
    int have_norms; /* 1: norm is filled */
};

/* One call's work, for the threads that share it. */
struct sweep {
    struct spred_scanner *scanner;
    size_t outputs;
    const double *r, *bound;
    const double *totals; /* outputs: sum R_k */
    const double *error;  /* outputs: |error of x_j'R_k| / |x_j| */
    const double *along;  /* outputs: a of far_below */
    const double *moved;  /* outputs: |R_k - a R_0|, or NULL: a whole pass */
    double *out;
    double looked[MOST_PARTS]; /* by thread: columns looked at ... */
    double again[MOST_PARTS];  /* ... and those evaluated in double */
};

struct spred_scanner *spred_scanner_new(struct spred_env *env,
                                        const struct spred_design *x,
                                        size_t outputs,
                                        enum spred_precision precision)
{
    size_t n = x->matrix->rows, p = x->matrix->cols;
    struct spred_scanner *s = spred_alloc(env, 1, sizeof *s);
    if (!s)
        return NULL;
    s->env = env;
    s->x = x;
    s->outputs = outputs;
    s->precision = precision;
    s->rows =
        (n + SPRED_SINGLE_ROWS - 1) / SPRED_SINGLE_ROWS * SPRED_SINGLE_ROWS;
    s->norm = spred_alloc(env, p + (n + p) * outputs, sizeof *s->norm);
    s->r = spred_alloc(env, s->rows * outputs, sizeof *s->r);
    if (!s->norm || !s->r) {
        spred_scanner_free(s);
        return NULL;
    }
    s->whole_r = s->norm + p;
    s->whole = s->whole_r + n * outputs;
    return s;
}

void spred_scanner_free(struct spred_scanner *s)
{
    if (!s)
        return;
    spred_free(s->env, s->copy);
    spred_free(s->env, s->norm);
    spred_free(s->env, s->r);
    spred_free(s->env, s);
}

static void copy_part(void *cookie, size_t index, size_t threads)
{
    struct spred_scanner *s = cookie;
    const struct spred_design *x = s->x;
    size_t n = x->matrix->rows, from, to;
    spred_pool_share(x->matrix->cols, index, threads, &from, &to);
    for (size_t j = from; j < to; j++) {
        const double *raw = x->matrix->f64 + j * n;
        float *out = s->copy + j * s->rows;
        double mean = x->mean ? x->mean[j] : 0;
        double scale = x->scale ? x->scale[j] : 1;
        for (size_t i = 0; i < n; i++)
            out[i] = (float)((raw[i] - mean) * scale);
    }
}

/* Norms of the columns, for the sphere test: one pass, once. */
static void know_norms(struct spred_scanner *s)
{
    if (s->have_norms)
        return;
    spred_design_squares(s->x, NULL, s->norm);
    for (size_t j = 0; j < s->x->matrix->cols; j++)
        s->norm[j] = sqrt(s->norm[j]) * (1 + norm_slack);
    s->have_norms = 1;
}

/* The copy, if it is wanted and there is memory for it. */
static void prepare(struct spred_scanner *s)
{
    const struct spred_matrix *m = s->x->matrix;
    int due = s->precision == SPRED_SCAN_SINGLE ||
              (s->precision == SPRED_SCAN_AUTO && s->made >= PAID_OFF);
    if (s->copy || !due || m->storage != SPRED_F64)
        return;
    know_norms(s);
    s->copy = spred_alloc(s->env, s->rows * m->cols, sizeof *s->copy);
    if (s->copy) {
        spred_expect_use(s->copy, s->rows * m->cols * sizeof *s->copy);
        spred_pool_run(s->x->pool, copy_part, s);
        s->compared = 0;
        return;
    }
    s->precision = SPRED_SCAN_DOUBLE;
    spred_log(s->env, SPRED_LOG_INFO,
              "no memory for a single-precision copy: passes stay in double");
}

/* 1 if no side of column j can reach the bound: |x_j'R| <= a |x_j'R_0| +
 * |x_j| |R - a R_0|, the sphere test of safe screening, around the a R_0 that
 * is nearest: along a path R shrinks much more than it turns. */
static int far_below(const struct sweep *sweep, size_t j)
{
    const struct spred_scanner *s = sweep->scanner;
    size_t p = s->x->matrix->cols;
    for (size_t k = 0; k < sweep->outputs; k++) {
        double reach = fabs(sweep->along[k] * s->whole[j + k * p]) +
                       (sweep->moved[k] + sweep->error[k]) * s->norm[j];
        if (!(reach < sweep->bound[j]))
            return 0;
    }
    return 1;
}

/* Columns from..to-1: in double, or in single precision and then the high ones
 * in double. A product that overflows a float is high. */
static void look_at(struct sweep *sweep, size_t from, size_t to, size_t part)
{
    struct spred_scanner *s = sweep->scanner;
    size_t n = s->x->matrix->rows, p = s->x->matrix->cols;
    if (part < MOST_PARTS) /* more threads are not counted */
        sweep->looked[part] += (double)(to - from);
    if (!s->copy) {
        spred_design_adjoint_range(s->x, from, to, sweep->outputs, sweep->r,
                                   sweep->totals, sweep->out);
        return;
    }
    spred_passes()->dots_single(s->rows, to - from, s->copy + from * s->rows,
                                sweep->outputs, s->r, sweep->out + from, p);
    for (size_t k = 0; k < sweep->outputs; k++)
        for (size_t j = from; j < to; j++) {
            double *out = &sweep->out[j + k * p];
            double error = sweep->error[k] * s->norm[j];
            if (s->norm[j] < least_size || s->norm[j] > largest_size)
                error = INFINITY;
            if (fabs(*out) + error < sweep->bound[j])
                continue; /* not so for a NaN */
            spred_design_adjoint_range(s->x, j, j + 1, 1, sweep->r + k * n,
                                       sweep->totals + k, sweep->out + k * p);
            if (part < MOST_PARTS)
                sweep->again[part]++;
        }
}

static void sweep_part(void *cookie, size_t index, size_t threads)
{
    struct sweep *sweep = cookie;
    struct spred_scanner *s = sweep->scanner;
    size_t p = s->x->matrix->cols, from, to, part = index;
    spred_pool_share(p, index, threads, &from, &to);
    if (!sweep->moved) {
        look_at(sweep, from, to, part);
        return;
    }
    while (from < to) { /* runs of columns that may reach the bound */
        size_t end = from;
        if (far_below(sweep, from)) {
            for (size_t k = 0; k < sweep->outputs; k++)
                sweep->out[from + k * p] =
                    sweep->along[k] * s->whole[from + k * p];
            from++;
            continue;
        }
        while (end < to && !far_below(sweep, end))
            end++;
        look_at(sweep, from, end, part);
        from = end;
    }
}

/* R in single precision; zeros stay below row n. */
static void round_sides(struct spred_scanner *s, const double *r)
{
    size_t n = s->x->matrix->rows;
    for (size_t k = 0; k < s->outputs; k++)
        for (size_t i = 0; i < n; i++)
            s->r[i + k * s->rows] = (float)r[i + k * n];
}

/* The a that makes |r - a r0| least, and that length, rounded up. */
static double compare(size_t n, const double *r, const double *r0,
                      double *moved)
{
    double square = spred_dot(n, r0, r0), rest = 0;
    double a = square > 0 ? spred_dot(n, r, r0) / square : 0;
    for (size_t i = 0; i < n; i++) {
        double d = r[i] - a * r0[i];
        rest += d * d;
    }
    *moved = sqrt(rest) * (1 + 1e-12);
    return a;
}

/* This whole pass is what the next ones are compared with. */
static void remember(struct spred_scanner *s, const double *r,
                     const double *out)
{
    size_t n = s->x->matrix->rows, p = s->x->matrix->cols;
    know_norms(s);
    memcpy(s->whole_r, r, n * s->outputs * sizeof *r);
    memcpy(s->whole, out, p * s->outputs * sizeof *out);
    s->compared = 1;
}

double spred_scanner_scores(struct spred_scanner *s, const double *r,
                            const double *bound, double *out)
{
    size_t n = s->x->matrix->rows, p = s->x->matrix->cols;
    double error[MOST_PARTS], along[MOST_PARTS], moved[MOST_PARTS];
    double totals[MOST_PARTS], looked = 0, again = 0;
    if (bound)
        prepare(s);
    if (!bound || s->outputs > MOST_PARTS) {
        spred_design_adjoint_many(s->x, s->outputs, r, out);
        s->made += (double)s->outputs;
        return (double)s->outputs;
    }
    if (s->copy)
        round_sides(s, r);
    double unit = s->copy ? spred_single_error(spred_passes(), n) : norm_slack;
    for (size_t k = 0; k < s->outputs; k++) {
        double size = spred_norm(n, r + k * n);
        error[k] = unit * size;
        if (s->copy && (size < least_size || size > largest_size))
            error[k] = INFINITY;
        if (s->compared)
            along[k] = compare(n, r + k * n, s->whole_r + k * n, &moved[k]);
    }
    spred_design_totals(s->x, s->outputs, r, totals);
    int lazy = s->compared;
    struct sweep sweep = {.scanner = s,
                          .outputs = s->outputs,
                          .r = r,
                          .bound = bound,
                          .totals = totals,
                          .error = error,
                          .along = along,
                          .moved = lazy ? moved : NULL,
                          .out = out};
    spred_pool_run(s->x->pool, sweep_part, &sweep);
    for (size_t t = 0; t < MOST_PARTS; t++) {
        looked += sweep.looked[t];
        again += sweep.again[t];
    }
    if (!lazy)
        remember(s, r, out);
    else if (looked > worn * (double)p)
        s->compared = 0; /* the next pass is a whole one */
    looked *= (double)s->outputs / (double)p;
    s->made += s->copy ? 0 : looked;
    return (s->copy ? looked / 2 : looked) + again / (double)p;
}
