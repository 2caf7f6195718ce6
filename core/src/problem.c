/* problem.c: checks a problem, its null model, lambda_max and penalty. */
#include "spred/problem.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "spred/custom.h"
#include "spred/linalg.h"

const struct spred_loss *spred_loss_named(const char *name)
{
    static const struct spred_loss *const all[] = {
        &spred_loss_squared, &spred_loss_logistic, &spred_loss_multinomial};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (strcmp(all[i]->name, name) == 0)
            return all[i];
    return NULL;
}

static enum spred_status check_response(struct spred_env *env,
                                        const struct spred_problem *problem)
{
    const struct spred_custom_loss *own = spred_custom_loss_of(problem->loss);
    int classes = own ? own->classes : problem->loss == &spred_loss_logistic;
    size_t positive = 0;
    if (!problem->y)
        return spred_fail(env, SPRED_EINVAL, "the %s loss wants y",
                          problem->loss->name);
    for (size_t i = 0; i < problem->n; i++) {
        double y = problem->y[i];
        if (!isfinite(y))
            return spred_fail(env, SPRED_EINVAL, "y[%zu] is not finite", i + 1);
        if (classes && fabs(fabs(y) - 1) > 0)
            return spred_fail(env, SPRED_EINVAL,
                              "y[%zu] = %g: the %s loss wants -1 or +1", i + 1,
                              y, problem->loss->name);
        positive += y > 0;
    }
    if (classes && (positive == 0 || positive == problem->n))
        return spred_fail(env, SPRED_EINVAL,
                          "the %s loss wants both classes, one is empty",
                          problem->loss->name);
    return SPRED_OK;
}

static enum spred_status check_codes(struct spred_env *env,
                                     const struct spred_problem *problem)
{
    size_t count[SPRED_MAX_OUTPUTS] = {0};
    if (!problem->codes)
        return spred_fail(env, SPRED_EINVAL,
                          "the multinomial loss wants class codes");
    for (size_t i = 0; i < problem->n; i++) {
        int32_t code = problem->codes[i];
        if (code < 0 || (size_t)code >= problem->outputs)
            return spred_fail(env, SPRED_EINVAL,
                              "class code %d of sample %zu is not in 0..%zu",
                              (int)code, i + 1, problem->outputs - 1);
        count[code]++;
    }
    for (size_t k = 0; k < problem->outputs; k++)
        if (count[k] == 0)
            return spred_fail(env, SPRED_EINVAL,
                              "class %zu of %zu has no sample", k + 1,
                              problem->outputs);
    return SPRED_OK;
}

static enum spred_status check(struct spred_env *env,
                               const struct spred_problem *problem)
{
    const struct spred_matrix *m = problem->x.matrix;
    if (problem->n == 0 || problem->p == 0 || m->rows != problem->n ||
        m->cols != problem->p)
        return spred_fail(env, SPRED_EINVAL,
                          "X is %zu x %zu, the problem says %zu x %zu", m->rows,
                          m->cols, problem->n, problem->p);
    size_t least = problem->loss == &spred_loss_multinomial ? 2 : 1;
    if (problem->outputs < least || problem->outputs > SPRED_MAX_OUTPUTS ||
        (least == 1 && problem->outputs != 1))
        return spred_fail(env, SPRED_EINVAL, "%s cannot have %zu outputs",
                          problem->loss->name, problem->outputs);
    SPRED_TRY(spred_penalty_form(problem)->check(env, problem));
    return least == 2 ? check_codes(env, problem)
                      : check_response(env, problem);
}

/* max_jk of the strength at which weight (j, k) alone stays 0; c = X'R. */
static double power_lambda(const struct spred_problem *problem, const double *c,
                           const double *squares)
{
    double worst = 0, n = (double)problem->n;
    for (size_t k = 0; k < problem->outputs; k++)
        for (size_t j = 0; j < problem->p; j++) {
            double strength, q, size = c[j + k * problem->p] / n;
            double h = problem->loss->curvature_bound * squares[j] / n;
            if (h <= 0) /* a dead column */
                continue;
            spred_penalty_power_at(problem, 1, j, &strength, &q);
            double lambda = spred_power_threshold(h, size, q) / strength;
            if (!(lambda <= worst)) /* a NaN stays */
                worst = lambda;
        }
    return worst;
}

enum spred_status spred_problem_init(struct spred_env *env,
                                     struct spred_problem *problem)
{
    SPRED_TRY(check(env, problem));
    spred_custom_clear(problem);
    const struct spred_penalty_form *form = spred_penalty_form(problem);
    size_t n = problem->n, p = problem->p, outputs = problem->outputs;
    double *work =
        spred_alloc(env, 2 * n * outputs + p * (outputs + 1), sizeof *work);
    if (!work)
        return SPRED_ENOMEM;
    double *m = work, *r = m + n * outputs, *c = r + n * outputs;
    memset(problem->null_intercept, 0, sizeof problem->null_intercept);
    if (problem->intercept)
        problem->loss->intercept(problem, m, problem->null_intercept);
    for (size_t k = 0; k < outputs; k++)
        for (size_t i = 0; i < n; i++)
            m[i + k * n] = problem->null_intercept[k];
    problem->null_objective = problem->loss->value(problem, m);
    problem->loss->residual(problem, m, r);
    for (size_t k = 0; k < outputs; k++)
        spred_design_adjoint(&problem->x, r + k * n, c + k * p);
    if (form->gauge) {
        problem->lambda_max = form->gauge(problem, c);
    } else {
        double *squares = c + p * outputs;
        spred_design_squares(&problem->x, NULL, squares);
        problem->lambda_max = power_lambda(problem, c, squares);
    }
    int finite = isfinite(problem->lambda_max);
    spred_free(env, work);
    SPRED_TRY(spred_custom_failed(env, problem));
    if (!finite)
        return spred_fail(env, SPRED_EINVAL, "X or y is not finite");
    double largest = 0; /* of y: the null residual may be mere rounding */
    for (size_t i = 0; problem->loss->quadratic && i < n; i++)
        largest = fmax(largest, fabs(problem->y[i]));
    if (!(problem->lambda_max > 0) ||
        !(problem->null_objective > 128 * pow(DBL_EPSILON * largest, 2)))
        return spred_fail(
            env, SPRED_EINVAL,
            "no feature has anything to explain (lambda_max = 0)");
    return SPRED_OK;
}

void spred_problem_predict(const struct spred_problem *problem, const double *w,
                           const double *b, double *m)
{
    for (size_t k = 0; k < problem->outputs; k++) {
        double *column = m + k * problem->n;
        spred_design_apply(&problem->x, w + k * problem->p, column);
        for (size_t i = 0; i < problem->n; i++)
            column[i] += b[k];
    }
}

size_t spred_support(const struct spred_problem *problem, const double *w)
{
    size_t count = 0;
    for (size_t j = 0; j < problem->p; j++)
        for (size_t k = 0; k < problem->outputs; k++) {
            double value = w[j + k * problem->p];
            if (value < 0 || value > 0) {
                count++;
                break;
            }
        }
    return count;
}

void spred_probabilities(const struct spred_problem *problem, const double *m,
                         size_t n, double *out)
{
    size_t outputs = problem->outputs;
    for (size_t i = 0; outputs == 1 && i < n; i++) {
        double e = exp(-fabs(m[i])), small = e / (1 + e), large = 1 / (1 + e);
        out[i] = m[i] > 0 ? small : large;
        out[i + n] = m[i] > 0 ? large : small;
    }
    for (size_t i = 0; outputs > 1 && i < n; i++) {
        double top = -INFINITY, total = 0;
        for (size_t k = 0; k < outputs; k++)
            top = fmax(top, m[i + k * n]);
        for (size_t k = 0; k < outputs; k++)
            total += out[i + k * n] = exp(m[i + k * n] - top);
        for (size_t k = 0; k < outputs; k++)
            out[i + k * n] /= total;
    }
}
