/* t-custom-check.c: declarations that break their word are found out, right
 * ones are not. */
#include "custom.h"

static double wrong_residual(double m, double y)
{
    return 1.03 * square_residual(m, y);
}
static double low_dual(double theta, double y)
{
    return square_dual(theta, y) - 1e-4;
}
static double high_dual(double theta, double y)
{
    return square_dual(theta, y) + 1e-4;
}
static double no_domain(double theta, double y)
{
    return theta * y - theta * theta / 2;
}
static double unguarded(double theta, double y)
{
    double s = theta * y;
    return -s * log(s) - (1 - s) * log(1 - s);
}
static double steep(double m, double y)
{
    return 2 * one(m, y);
}
static double negative(double m, double y)
{
    return -one(m, y);
}
static double below_zero(double m, double y)
{
    return square_value(m, y) - 1;
}
static double bump_value(double m, double y) /* not convex at |r| = 1 */
{
    double r = fabs(y - m);
    return r < 1 ? r * r / 2 : log(r) + 0.5;
}
static double bump_residual(double m, double y)
{
    double r = y - m;
    return fabs(r) < 1 ? r : 1 / r;
}

static void expect(const struct scalar_loss *scalar, double bound, int classes,
                   const char *text)
{
    struct made_loss made;
    struct spred_env env;
    spred_env_init(&env);
    loss_make(&made, "x", scalar, bound, classes);
    enum spred_status status = spred_custom_loss_check(&env, &made.own);
    if (!text) {
        assert_ok(&env, status);
        return;
    }
    if (status == SPRED_OK)
        fail_msg("accepted what should say '%s'", text);
    if (!strstr(env.error, text))
        fail_msg("'%s' lacks '%s'", env.error, text);
}

static void losses(void **state)
{
    (void)state;
    struct scalar_loss wrong;
    expect(&square_loss, 1, 0, NULL);
    expect(&logit_loss, 0.25, 1, NULL);
    expect(&huber_loss, 1, 0, NULL);
    wrong = huber_loss;
    wrong.curvature = NULL;
    expect(&wrong, 1, 0, NULL);
    expect(&wrong, 3, 0, NULL); /* a bound may be loose */
    wrong = square_loss;
    wrong.residual = wrong_residual;
    expect(&wrong, 1.1, 0, "the loss 'x': residual(");
    wrong = square_loss;
    wrong.dual = low_dual;
    expect(&wrong, 1, 0, "the loss 'x': dual(");
    wrong.dual = high_dual;
    expect(&wrong, 1, 0, "the loss 'x': dual(");
    wrong = huber_loss;
    wrong.dual = no_domain;
    expect(&wrong, 1, 0, "the loss 'x': dual(");
    wrong = logit_loss;
    wrong.dual = unguarded;
    expect(&wrong, 0.25, 1, "dual(0, 1) = ");
    wrong = square_loss;
    wrong.curvature = steep;
    expect(&wrong, 1, 0, "the bound is 1");
    expect(&wrong, 3, 0, "the loss 'x': curvature(");
    wrong.curvature = negative;
    expect(&wrong, 1, 0, "at least 0");
    expect(&square_loss, 0.9, 0, "the bound of the curvature is 0.9");
    expect(&square_loss, -1, 0, "not positive and finite");
    wrong = square_loss;
    wrong.value = below_zero;
    expect(&wrong, 1, 0, "a loss is at least 0");
    wrong = square_loss;
    wrong.value = bump_value;
    wrong.residual = bump_residual;
    wrong.curvature = NULL;
    expect(&wrong, 1, 0, "a convex loss has at least 0");
    wrong = square_loss;
    wrong.fail_after = 30;
    expect(&wrong, 1, 0, "model.lua:7");
}

static double one_above(double t)
{
    return fabs(t) + 1;
}
static double double_slope(double t)
{
    return 2 * sign_of(t);
}
static double hard(double z, double s)
{
    return fabs(z) > s ? z : 0;
}
static double half_soft(double z, double s)
{
    return soft(z, s / 2);
}
static double inexact(double z, double s)
{
    return soft(z, s) * (1 + 1e-6);
}
static double local_only(double z, double s) /* a minimum, not the least */
{
    return fabs(z) >= 3 ? z : mcp_prox(z, s);
}
static double wide_box(double c)
{
    return fabs(c) <= 1.2 ? 0 : INFINITY;
}
static double narrow_box(double c)
{
    return fabs(c) <= 0.9 ? 0 : INFINITY;
}
static double low_conjugate(double c)
{
    return 0.999 * net_conjugate(c);
}

static void expect_penalty(const struct scalar_penalty *scalar, double at_zero,
                           int convex, const char *text)
{
    struct made_penalty made;
    struct spred_env env;
    spred_env_init(&env);
    penalty_make(&made, "x", scalar, at_zero, convex);
    enum spred_status status = spred_custom_penalty_check(&env, &made.own);
    if (!text) {
        assert_ok(&env, status);
        return;
    }
    if (status == SPRED_OK)
        fail_msg("accepted what should say '%s'", text);
    if (!strstr(env.error, text))
        fail_msg("'%s' lacks '%s'", env.error, text);
}

static void penalties(void **state)
{
    (void)state;
    struct scalar_penalty wrong;
    expect_penalty(&lasso_penalty, 1, 1, NULL);
    expect_penalty(&net_penalty, 0.5, 1, NULL);
    expect_penalty(&mcp_penalty, 1, 0, NULL);
    expect_penalty(&scad_penalty, 1, 0, NULL);
    expect_penalty(&mcp_penalty, 1, 1, "a convex penalty");
    expect_penalty(&net_penalty, 0.5, 0, "would prove nothing");
    expect_penalty(&lasso_penalty, 0, 1, "lambda has no maximum");
    expect_penalty(&lasso_penalty, INFINITY, 0, "infinitely steep");
    expect_penalty(&lasso_penalty, 0.9, 1, "at_zero says");
    wrong = lasso_penalty;
    wrong.value = one_above;
    expect_penalty(&wrong, 1, 1, "value(0) = 1");
    wrong = lasso_penalty;
    wrong.derivative = double_slope;
    expect_penalty(&wrong, 1, 1, "derivative(");
    wrong = lasso_penalty;
    wrong.prox = hard;
    expect_penalty(&wrong, 1, 1, "prox(");
    wrong.prox = half_soft;
    expect_penalty(&wrong, 1, 1, "prox(");
    wrong.prox = inexact;
    expect_penalty(&wrong, 1, 1, "is not 0 but");
    wrong = mcp_penalty;
    wrong.prox = local_only;
    expect_penalty(&wrong, 1, 0, "its objective is lower at");
    wrong = lasso_penalty;
    wrong.conjugate = narrow_box;
    expect_penalty(&wrong, 1, 1, "conjugate(");
    wrong.conjugate = wide_box;
    wrong.value = lasso_penalty.value;
    expect_penalty(&wrong, 1, 1, NULL); /* only slopes beyond 1.2 are asked */
    wrong = net_penalty;
    wrong.conjugate = low_conjugate;
    expect_penalty(&wrong, 0.5, 1, "conjugate(");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(losses),
        cmocka_unit_test(penalties),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
