/* certificate.c: primal, feasible dual point, gap, KKT and rounding floor for
 * any (W, b), computed from (X, y, lambda) alone. SOLVERS.md section 1. A
 * penalty that is not convex has no gap: its KKT is a stationarity. */
#include "spred/certificate.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "spred/custom.h"
#include "spred/linalg.h"

/* A point before the pass over X: what its certificate needs beside R and X'R.
 */
struct evaluation {
    double fit, penalty;  /* at (W, b) */
    double cross, norm;   /* sum |R| (|x|'|w| + |b|), |R| */
    double left, l1_norm; /* imbalance of R; |W|_1 */
    double own;           /* what a custom loss rounds, over epsilon */
    double centre[SPRED_MAX_OUTPUTS]; /* the best b for this W */
    size_t support;
};

struct spred_certifier {
    struct spred_env *env;
    const struct spred_problem *problem;
    const struct spred_penalty_form *form;
    size_t largest_block;
    double lambda;
    double best_dual;          /* at this lambda */
    double best_error;         /* rounding error of that value */
    double last_error;         /* of the last residual; < 0: there is none */
    double longest;            /* largest |x_j|, centring's rounding included */
    double *xw, *m, *r, *size; /* n x K: XW, XW + b, residual, sum |x_ij w_j| */
    double *corr;              /* p x K: X'R */
    double *column;            /* n */
    /* The last point: an iterate that did not move needs no other pass. */
    struct evaluation last;
    double *last_w, last_b[SPRED_MAX_OUTPUTS]; /* p x K */
    int have_last;
};

struct spred_certifier *spred_certifier_new(struct spred_env *env,
                                            const struct spred_problem *problem)
{
    struct spred_certifier *c = spred_alloc(env, 1, sizeof *c);
    if (!c)
        return NULL;
    size_t cells = problem->n * problem->outputs;
    c->env = env;
    c->problem = problem;
    c->form = spred_penalty_form(problem);
    c->largest_block = spred_largest_block(problem);
    c->xw = spred_alloc(env, 4 * cells + problem->n, sizeof *c->xw);
    size_t weights = problem->p * problem->outputs;
    c->corr = spred_alloc(env, 2 * weights, sizeof *c->corr);
    if (!c->xw || !c->corr) {
        spred_certifier_free(c);
        return NULL;
    }
    c->last_w = c->corr + weights;
    c->m = c->xw + cells;
    c->r = c->m + cells;
    c->size = c->r + cells;
    c->column = c->size + cells;
    spred_design_squares(&problem->x, NULL, c->corr);
    const struct spred_design *x = &problem->x;
    for (size_t j = 0; j < problem->p; j++) {
        /* raw_j'r - mean_j sum(r) cancels: its error is that of raw_j'r */
        double shift = x->mean ? fabs(x->mean[j]) : 0;
        shift *= 2 * sqrt((double)problem->n) * (x->scale ? x->scale[j] : 1);
        c->longest = fmax(c->longest, sqrt(c->corr[j]) + fabs(shift));
    }
    c->last_error = -1;
    spred_certifier_start(c, problem->lambda_max);
    return c;
}

void spred_certifier_free(struct spred_certifier *c)
{
    if (!c)
        return;
    spred_free(c->env, c->xw);
    spred_free(c->env, c->corr);
    spred_free(c->env, c);
}

/* XW by columns of the support, and the sizes that bound its rounding error. */
static void predict(struct spred_certifier *c, const double *w)
{
    const struct spred_problem *problem = c->problem;
    size_t n = problem->n, cells = n * problem->outputs;
    memset(c->xw, 0, cells * sizeof *c->xw);
    memset(c->size, 0, cells * sizeof *c->size);
    for (size_t j = 0; j < problem->p; j++) {
        int loaded = 0;
        for (size_t k = 0; k < problem->outputs; k++) {
            double a = w[j + k * problem->p];
            if (!(a < 0 || a > 0))
                continue;
            if (!loaded)
                spred_design_column(&problem->x, j, c->column);
            loaded = 1;
            double *xw = c->xw + k * n, *size = c->size + k * n;
            for (size_t i = 0; i < n; i++) {
                double term = a * c->column[i];
                xw[i] += term;
                size[i] += fabs(term);
            }
        }
    }
}

/* Factors a_c in [0, 1], one a class, that make every column of R sum to zero
 * when the rows of class c are multiplied by a_c; rows stay in the simplex.
 * With q_ck = sum of P_ik over the rows i of class c, that says that a is the
 * stationary vector of the chain with rates q: Grassmann, Taksar, Heyman 1985,
 * without subtractions, so to full relative precision. With two classes it is
 * the rule "scale the heavier class down". */
static void class_factors(const struct spred_problem *problem, const double *r,
                          double *a)
{
    size_t n = problem->n, outputs = problem->outputs;
    double q[SPRED_MAX_OUTPUTS][SPRED_MAX_OUTPUTS] = {{0}}, top = 0;
    for (size_t k = 0; k < outputs; k++)
        for (size_t i = 0; i < n; i++)
            q[problem->codes[i]][k] += fmax(-r[i + k * n], 0);
    for (size_t m = outputs; m-- > 1;) {
        double out = 0;
        for (size_t k = 0; k < m; k++)
            out += q[m][k];
        for (size_t c = 0; c < m; c++) {
            q[c][m] /= out;
            for (size_t k = 0; k < m; k++)
                q[c][k] += k == c ? 0 : q[c][m] * q[m][k];
        }
    }
    a[0] = 1;
    for (size_t m = 1; m < outputs; m++) {
        a[m] = 0;
        for (size_t c = 0; c < m; c++)
            a[m] += a[c] * q[c][m];
    }
    int finite = 1; /* else: rates that underflow; zero is always feasible */
    for (size_t k = 0; k < outputs; k++) {
        finite = finite && isfinite(a[k]);
        top = fmax(top, a[k]);
    }
    for (size_t k = 0; k < outputs; k++)
        a[k] = finite ? a[k] / top : 0;
}

/* Feasibility in b: every column of R must sum to zero. Squared: centred.
 * Otherwise whole classes are scaled down (the intercepts are nearly best, so
 * by little): towards 0, which is in the domain of every loss that is bounded
 * below. What rounding leaves is returned and goes into the floor. */
static double balance(const struct spred_problem *problem, double *r)
{
    double left = 0;
    int custom = spred_custom_loss_of(problem->loss) != NULL;
    if (!problem->intercept)
        return 0;
    if (problem->loss == &spred_loss_multinomial) {
        double a[SPRED_MAX_OUTPUTS];
        class_factors(problem, r, a);
        for (size_t k = 0; k < problem->outputs; k++)
            for (size_t i = 0; i < problem->n; i++)
                r[i + k * problem->n] *= a[problem->codes[i]];
    }
    for (size_t k = 0; k < problem->outputs; k++) {
        double *column = r + k * problem->n;
        struct spred_sum up = {0, 0}, down = {0, 0};
        for (size_t i = 0; i < problem->n; i++)
            spred_sum_add(column[i] > 0 ? &up : &down, column[i]);
        double plus = spred_sum_value(&up), minus = -spred_sum_value(&down);
        if (custom || problem->loss == &spred_loss_logistic) {
            double lighter = fmin(plus, minus), heavier = fmax(plus, minus);
            for (size_t i = 0; heavier > 0 && i < problem->n; i++)
                if (plus > minus ? column[i] > 0 : column[i] < 0)
                    column[i] *= lighter / heavier;
            struct spred_sum sum = {0, 0};
            for (size_t i = 0; custom && i < problem->n; i++)
                spred_sum_add(&sum, column[i]);
            left += fabs(spred_sum_value(&sum));
        } else if (problem->loss->quadratic) {
            for (size_t i = 0; i < problem->n; i++)
                column[i] -= (plus - minus) / (double)problem->n;
        } else {
            left += fabs(plus - minus);
        }
    }
    return left;
}

/* Dual value of s R: the loss's part minus the penalty's conjugate. */
static double dual_value(struct spred_certifier *c, double s)
{
    const struct spred_problem *problem = c->problem;
    size_t cells = problem->n * problem->outputs;
    double *theta = c->size; /* the sizes are no longer needed */
    for (size_t e = 0; e < cells; e++)
        theta[e] = s * c->r[e];
    double value = problem->loss->dual(problem, theta);
    return value - c->form->conjugate(problem, c->lambda, s, c->corr);
}

/* Of a custom penalty, whose conjugate may be finite on less than s = 1 asks
 * and on more than the gauge allows: the edge between them, from inside. */
static double edge_of_domain(struct spred_certifier *c, double inside)
{
    double outside = 1;
    for (int halving = 0; halving < 50; halving++) {
        double s = inside + (outside - inside) / 2;
        if (isfinite(c->form->conjugate(c->problem, c->lambda, s, c->corr)))
            inside = s;
        else
            outside = s;
    }
    return inside;
}

static double best_dual_of_residual(struct spred_certifier *c)
{
    const struct spred_problem *problem = c->problem;
    double t = c->form->gauge(problem, c->corr) / c->lambda;
    double s = t > 1 ? 1 / t : 1; /* R leaves the feasible set t-fold */
    if (problem->loss->quadratic) {
        struct spred_sum yr = {0, 0}, rr = {0, 0};
        for (size_t i = 0; i < problem->n; i++) { /* R sums to zero */
            spred_sum_add(&yr, problem->y[i] * c->r[i]);
            spred_sum_add(&rr, c->r[i] * c->r[i]);
        }
        double best = spred_sum_value(&yr) / spred_sum_value(&rr);
        if (isfinite(best) && t > 0)
            s = fmax(-1 / t, fmin(1 / t, best));
    }
    double value = dual_value(c, s);
    int custom = spred_custom_penalty_of(problem) && s < 1;
    if (custom || problem->penalty.l1_ratio < 1) {
        double whole = dual_value(c, 1); /* no constraint with a ridge part */
        value = fmax(value, whole);
        if (custom && !isfinite(whole))
            value = fmax(value, dual_value(c, edge_of_domain(c, s)));
    }
    return value;
}

void spred_certifier_start(struct spred_certifier *c, double lambda)
{
    c->lambda = lambda;
    c->best_dual = -INFINITY;
    c->best_error = 0;
    if (c->last_error < 0)
        return;
    double dual = best_dual_of_residual(c);
    if (isfinite(dual)) {
        c->best_dual = dual;
        c->best_error = c->last_error;
    }
}

/* sum |R| (|x|'|w| + |b|) for k terms each: what rounding of M moves. */
static double cross_terms(const struct spred_certifier *c, const double *b,
                          double *norm)
{
    const struct spred_problem *problem = c->problem;
    double cross = 0;
    *norm = 0;
    for (size_t k = 0; k < problem->outputs; k++)
        for (size_t i = 0; i < problem->n; i++) {
            size_t e = i + k * problem->n;
            cross += fabs(c->r[e]) * (c->size[e] + fabs(b[k]));
            *norm += c->r[e] * c->r[e];
        }
    *norm = sqrt(*norm);
    return cross;
}

/* Additions in a row behind an entry of X'R: passes.c has at least 8 partial
 * sums, sums over a sparse column or for the mean have one. */
static double additions(const struct spred_certifier *c)
{
    const struct spred_design *x = &c->problem->x;
    double n = (double)c->problem->n;
    return x->mean || x->matrix->storage == SPRED_CSC ? n : n / 8 + 8;
}

/* A proved bound that lies above the objective: a custom loss or penalty is not
 * what its declaration says. */
static enum spred_status contradicts(const struct spred_certifier *c,
                                     const struct spred_certificate *out)
{
    const struct spred_problem *problem = c->problem;
    const struct spred_custom_loss *own = spred_custom_loss_of(problem->loss);
    if (!(out->gap < -4 * out->floor) ||
        !(own || spred_custom_penalty_of(problem)))
        return SPRED_OK;
    return spred_fail(c->env, SPRED_EINVAL,
                      "the dual objective %.10g is above the objective %.10g: "
                      "the %s of '%s' is wrong",
                      out->dual, out->primal, own ? "dual" : "conjugate",
                      own ? own->loss.name : c->form->name);
}

/* First-order bound on the rounding error of P - D: the sums behind M, R, the
 * scaling of the dual point, and the norms of blocks (penalty: its value). The
 * error e of X'R in the scaling costs at most |w_B||e_B| summed over blocks,
 * which is at most |w|_1 max|e|. */
static double rounding(const struct spred_certifier *c,
                       const struct evaluation *e)
{
    double n = (double)c->problem->n, top = 0;
    for (size_t k = 0; k < c->problem->outputs; k++)
        top = fmax(top, fabs(e->centre[k]));
    double terms = 2 * (2 + sqrt((double)e->support)) * e->cross / n;
    double scaling = additions(c) * e->norm * c->longest / n * e->l1_norm;
    double blocks = (double)(c->largest_block - 1) * e->penalty;
    return DBL_EPSILON * (terms + scaling + blocks + 8 * e->own) +
           e->left * (1 + top) / n;
}

/* The same of the stationarity: X'R over a rounded R, and the slope of the
 * penalty, n values of size at most |x| |R|. */
static double stationary_rounding(const struct spred_certifier *c,
                                  const double *b, const double *w,
                                  size_t support)
{
    const struct spred_problem *problem = c->problem;
    double n = (double)problem->n, moved = 0, norm = 0;
    for (size_t k = 0; k < problem->outputs; k++) {
        for (size_t i = 0; i < problem->n; i++) {
            size_t e = i + k * problem->n;
            double size = c->size[e] + fabs(b[k]);
            moved += size * size;
            norm += c->r[e] * c->r[e];
        }
    }
    double slope = c->form->slope_size(problem, c->lambda, w);
    double terms = 2 * (2 + sqrt((double)support)) * sqrt(moved) +
                   (1 + sqrt(n)) * sqrt(norm);
    return DBL_EPSILON * (c->longest * terms / n + slope);
}

static int all_finite(const double *v, size_t count)
{
    for (size_t e = 0; e < count; e++)
        if (!isfinite(v[e]))
            return 0;
    return 1;
}

static void clear(const struct spred_certifier *c,
                  struct spred_certificate *out)
{
    out->convex = c->form->convex;
    out->primal = out->gap = out->kkt = INFINITY;
    out->dual = -INFINITY;
    out->floor = 0;
    out->support = 0;
}

/* A custom loss and its dual agree at the samples' own points, not only where
 * the declaration was checked. */
static enum spred_status touches(const struct spred_certifier *c, double *size)
{
    const struct spred_problem *problem = c->problem;
    const struct spred_custom_loss *own = spred_custom_loss_of(problem->loss);
    *size = 0;
    return own && c->form->convex
               ? spred_custom_loss_touches(c->env, own, problem->n, c->m, c->r,
                                           problem->y, size)
               : SPRED_OK;
}

/* Everything but X'R, which is one pass over X: R is in c->r. */
static enum spred_status evaluate(struct spred_certifier *c, const double *w,
                                  const double *b, struct evaluation *e)
{
    const struct spred_problem *problem = c->problem;
    size_t n = problem->n, outputs = problem->outputs;
    if (!all_finite(w, problem->p * outputs) || !all_finite(b, outputs))
        return spred_fail(c->env, SPRED_ENUMERIC, "the iterate is not finite");
    for (size_t k = 0; !problem->intercept && k < outputs; k++)
        if (b[k] < 0 || b[k] > 0) /* not a point of this problem */
            return spred_fail(c->env, SPRED_EINVAL,
                              "the problem has no intercept: b must stay 0");
    predict(c, w);
    for (size_t k = 0; k < outputs; k++) {
        e->centre[k] = b[k];
        for (size_t i = 0; i < n; i++)
            c->m[i + k * n] = c->xw[i + k * n] + b[k];
    }
    e->fit = problem->loss->value(problem, c->m);
    e->support = spred_support(problem, w);
    e->l1_norm = 0;
    for (size_t at = 0; at < problem->p * outputs; at++)
        e->l1_norm += fabs(w[at]);
    if (problem->intercept) {
        problem->loss->intercept(problem, c->xw, e->centre);
        for (size_t k = 0; k < outputs; k++)
            for (size_t i = 0; i < n; i++)
                c->m[i + k * n] = c->xw[i + k * n] + e->centre[k];
    }
    problem->loss->residual(problem, c->m, c->r);
    SPRED_TRY(spred_custom_failed(c->env, problem));
    e->own = 0;
    if (isfinite(e->fit)) /* else it has diverged */
        SPRED_TRY(touches(c, &e->own));
    e->left = c->form->convex ? balance(problem, c->r) : 0;
    e->cross = cross_terms(c, e->centre, &e->norm);
    return SPRED_OK;
}

/* The certificate of W from its evaluation, c->r and c->corr. */
static enum spred_status conclude(struct spred_certifier *c, const double *w,
                                  struct evaluation *e,
                                  struct spred_certificate *out)
{
    const struct spred_problem *problem = c->problem;
    c->last_error = -1; /* c->r is another point's now */
    e->penalty = spred_penalty_value(problem, c->lambda, w);
    double primal = e->fit + e->penalty;
    SPRED_TRY(spred_custom_failed(c->env, problem));
    if (!isfinite(primal))
        return spred_fail(c->env, SPRED_ENUMERIC,
                          "the objective is not finite");
    out->primal = primal;
    out->support = e->support;
    out->kkt = c->form->violation(problem, c->lambda, w, c->corr) / c->lambda;
    if (!c->form->convex) { /* no bound from below: w may be a local minimum */
        out->floor =
            stationary_rounding(c, e->centre, w, e->support) / c->lambda;
        return spred_custom_failed(c->env, problem);
    }
    double error = rounding(c, e), dual = best_dual_of_residual(c);
    c->last_error = error;
    int better = isfinite(dual) && dual - error > c->best_dual - c->best_error;
    if (better) {
        c->best_dual = dual;
        c->best_error = error;
    }
    out->dual = c->best_dual;
    out->gap = (out->primal - out->dual) / problem->null_objective;
    out->floor = (error + (better ? 0 : c->best_error) +
                  4 * DBL_EPSILON * (fabs(out->primal) + fabs(out->dual))) /
                 problem->null_objective;
    enum spred_status status = spred_custom_failed(c->env, problem);
    if (status == SPRED_OK)
        status = contradicts(c, out);
    if (status != SPRED_OK) { /* nothing is proved */
        out->dual = c->best_dual = -INFINITY;
        out->gap = INFINITY;
    }
    return status;
}

static int same_point(const struct spred_certifier *c, const double *w,
                      const double *b)
{
    const struct spred_problem *problem = c->problem;
    return c->have_last &&
           memcmp(c->last_b, b, problem->outputs * sizeof *b) == 0 &&
           memcmp(c->last_w, w, problem->p * problem->outputs * sizeof *w) == 0;
}

static void keep_point(struct spred_certifier *c, const double *w,
                       const double *b)
{
    const struct spred_problem *problem = c->problem;
    memcpy(c->last_b, b, problem->outputs * sizeof *b);
    memcpy(c->last_w, w, problem->p * problem->outputs * sizeof *w);
    c->have_last = 1;
}

enum spred_status spred_certify(struct spred_certifier *c, const double *w,
                                const double *b, struct spred_certificate *out)
{
    clear(c, out);
    if (!same_point(c, w, b)) {
        c->have_last = 0;
        SPRED_TRY(evaluate(c, w, b, &c->last));
        spred_design_adjoint_many(&c->problem->x, c->problem->outputs, c->r,
                                  c->corr);
        keep_point(c, w, b);
    }
    return conclude(c, w, &c->last, out);
}

/* The points of one block: R and X'R side by side, one pass over X. */
static void certify_block(struct spred_certifier *c, size_t count,
                          struct spred_certify_point *points,
                          struct evaluation *e, double *r, double *corr)
{
    const struct spred_problem *problem = c->problem;
    size_t cells = problem->n * problem->outputs;
    size_t weights = problem->p * problem->outputs;
    double *own_r = c->r, *own_corr = c->corr;
    for (size_t i = 0; i < count; i++) {
        clear(c, &points[i].certificate);
        c->r = r + i * cells;
        points[i].status = evaluate(c, points[i].w, points[i].b, &e[i]);
        if (points[i].status != SPRED_OK)
            memset(c->r, 0, cells * sizeof *r);
    }
    spred_design_adjoint_many(&problem->x, count * problem->outputs, r, corr);
    c->r = own_r;
    for (size_t i = 0; i < count; i++) {
        spred_certifier_start(c, points[i].lambda);
        if (points[i].status != SPRED_OK)
            continue;
        c->r = r + i * cells;
        c->corr = corr + i * weights;
        points[i].status =
            conclude(c, points[i].w, &e[i], &points[i].certificate);
        c->last = e[i];
    }
    /* The last residual stays at hand, as after spred_certify. */
    if (c->r != own_r) {
        memcpy(own_r, c->r, cells * sizeof *r);
        memcpy(own_corr, c->corr, weights * sizeof *corr);
    }
    c->r = own_r;
    c->corr = own_corr;
    c->have_last = 0;
}

void spred_certify_many(struct spred_certifier *c, size_t count,
                        struct spred_certify_point *points)
{
    const struct spred_problem *problem = c->problem;
    size_t cells = problem->n * problem->outputs;
    size_t weights = problem->p * problem->outputs;
    struct evaluation *e = spred_alloc(c->env, count, sizeof *e);
    double *r = spred_alloc(c->env, count * (cells + weights), sizeof *r);
    if (e && r && c->form->convex)
        certify_block(c, count, points, e, r, r + count * cells);
    else
        for (size_t i = 0; i < count; i++) {
            spred_certifier_start(c, points[i].lambda);
            points[i].status = spred_certify(c, points[i].w, points[i].b,
                                             &points[i].certificate);
        }
    spred_free(c->env, e);
    spred_free(c->env, r);
}

int spred_certified(const struct spred_certificate *certificate, double target)
{
    return certificate->convex &&
           certificate->gap + certificate->floor <= target;
}

int spred_stationary(const struct spred_certificate *certificate, double target)
{
    return !certificate->convex &&
           certificate->kkt + certificate->floor <= target;
}
