/* t-deep-convex.c: on a linear model with squared loss the deep methods solve
 * the lasso: their objective against a lower bound of every objective, the dual
 * one; with three factors a stationary point of |w|^(2/3). */
#include "deep-fixture.h"

/* All samples a step, the rate falling to 0: no noise, and it comes to rest. */
#define LINEAR "network=linear batch=480 fine_tune=0 thresholds=0 epochs=4000 "
#define LAMBDA 0.02

struct lasso {
    double w[CELLS], residual[TRAIN], slope[CELLS]; /* slope: of the loss */
    double loss, y[TRAIN];
};

/* Weights and residuals of the fitted model, in the units of its target. */
static void look(struct runner *r, struct lasso *l)
{
    struct deep *state = r->state;
    static double scores[TRAIN];
    const real *w = nn_weights(state->nn, 0, 0);
    double mean = 0;
    assert_non_null(w);
    assert_ok(&r->env,
              r->model->predict(&r->env, r->state, r->train.x, TRAIN, scores));
    l->loss = 0;
    for (size_t i = 0; i < TRAIN; i++) {
        const struct nn_target *target = &state->target;
        l->y[i] = (r->train.values[i] - target->middle) / target->unit;
        l->residual[i] = l->y[i] - (scores[i] - target->middle) / target->unit;
        l->loss += l->residual[i] * l->residual[i] / (2. * TRAIN);
        mean += l->residual[i] / TRAIN;
    }
    assert_near(mean, 0, 1e-4); /* the slope of the bias */
    for (size_t i = 0; i < TRAIN; i++)
        l->residual[i] -= mean;
    for (size_t j = 0; j < CELLS; j++) {
        l->w[j] = (double)w[j];
        l->slope[j] = 0;
        for (size_t i = 0; i < TRAIN; i++)
            l->slope[j] -=
                l->residual[i] * (double)r->train.x[i + j * TRAIN] / TRAIN;
    }
}

/* (y'a - |a|^2/2)/n at a = the residual, shrunk until |X'a|/n <= lambda. */
static double dual(const struct lasso *l)
{
    double most = 0, out = 0;
    for (size_t j = 0; j < CELLS; j++)
        most = fmax(most, fabs(l->slope[j]));
    double shrink = fmin(1, LAMBDA / most);
    for (size_t i = 0; i < TRAIN; i++) {
        double a = shrink * l->residual[i];
        out += (l->y[i] * a - a * a / 2) / TRAIN;
    }
    return out;
}

static void fit(struct runner *r, const char *model, const char *options,
                struct lasso *out)
{
    char lambda[32];
    runner_open(r, model);
    r->real = r->plain = r->quiet = 1;
    snprintf(lambda, sizeof lambda, "lambda=%g", LAMBDA);
    runner_set(r, LINEAR);
    runner_set(r, lambda);
    runner_set(r, options);
    assert_ok(&r->env, runner_fit(r, &r->env));
    look(r, out);
}

/* exact: zeros as numbers are expected. */
static void check(const char *model, const char *options, int exact)
{
    struct runner r;
    struct lasso l;
    fit(&r, model, options, &l);
    double primal = l.loss, lower = dual(&l);
    size_t zeros = 0;
    for (size_t j = 0; j < CELLS; j++) {
        primal += LAMBDA * fabs(l.w[j]);
        zeros += fabs(l.w[j]) <= (exact ? 0 : 1e-3);
    }
    print_message("# %s %s: objective %.6f, gap %.1e, %zu of %d are 0\n", model,
                  options, primal, primal - lower, zeros, CELLS);
    assert_true(lower > .05 && primal - lower < 1e-3 * primal);
    assert_true(zeros > CELLS / 8 && zeros < CELLS);
    runner_close(&r);
}

static void test_lasso(void **unused)
{
    (void)unused;
    check("deep-proximal", "lr=0.02", 1);
    check("deep-proximal", "lr=0.1 momentum=0", 1);
    check("deep-proximal", "lr=0.02 group=input", 1); /* of one weight each */
    check("deep-l1", "lr=0.02", 0);
    check("deep-spred", "lr=0.1 clip=0", 0);
    check("deep-spred", "lr=0.1 clip=0 group=input", 0);
}

/* Where a weight is left: slope + lambda (2/3) sign(w) |w|^(-1/3) = 0. */
static void test_three_factors(void **unused)
{
    (void)unused;
    struct runner r;
    struct lasso l;
    size_t left = 0;
    fit(&r, "deep-spred", "factors=3 lr=0.1 clip=0", &l);
    for (size_t j = 0; j < CELLS; j++) {
        if (fabs(l.w[j]) < 1e-3)
            continue;
        double pull = LAMBDA * 2 / 3 / cbrt(l.w[j]);
        left++;
        assert_true(fabs(l.slope[j] + pull) < 1e-3 * LAMBDA);
    }
    print_message("# three factors: %zu of %d are left\n", left, CELLS);
    assert_true(left > 2 && left < CELLS);
    runner_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lasso),
        cmocka_unit_test(test_three_factors),
    };
    return cmocka_run_group_tests_name("deep-convex", tests, NULL, NULL);
}
