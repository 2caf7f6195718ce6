/* t-hierarchical.c: the hierarchical prox of LassoNet against brute force, the
 * paper's own rule, and random feasible points. */
#include "test.h"

#include "solvers/nn/hierarchical.h"
#include "solvers/nn/update_loops.h"
#include "spred/rng.h"

enum { MOST = 20 };

/* One small random case; corners on purpose: zero weights, ties, one output. */
struct prox_case {
    size_t k, h;
    double lambda, m;
    real theta[MOST], w[MOST];
};

static void draw(struct spred_rng *rng, struct prox_case *c)
{
    static const double ms[] = {0, .1, 1, 3, 10};
    c->k = 1 + spred_rng_below(rng, 4);
    c->h = 1 + spred_rng_below(rng, MOST);
    c->lambda = spred_rng_below(rng, 5) ? 3 * spred_rng_uniform(rng) : 0;
    c->m = ms[spred_rng_below(rng, 5)];
    size_t zero = spred_rng_below(rng, 10), round = spred_rng_below(rng, 4);
    for (size_t i = 0; i < c->k; i++)
        c->theta[i] = zero == 0 ? 0 : (real)spred_rng_normal(rng);
    for (size_t i = 0; i < c->h; i++) {
        double x = spred_rng_normal(rng);
        c->w[i] = zero == 1 ? 0 : (real)(round ? x : .5 * floor(2 * x));
    }
}

static double size_of(const real *x, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)x[i] * (double)x[i];
    return sqrt(sum);
}

/* (1/2)(|t - theta|^2 + |v - w|^2) + lambda |t|. */
static double objective(const struct prox_case *c, const double *t,
                        const double *v)
{
    double sum = 0, size = 0;
    for (size_t i = 0; i < c->k; i++) {
        sum += pow(t[i] - (double)c->theta[i], 2) / 2;
        size += t[i] * t[i];
    }
    for (size_t i = 0; i < c->h; i++)
        sum += pow(v[i] - (double)c->w[i], 2) / 2;
    return sum + c->lambda * sqrt(size);
}

/* The objective's minimum over v for a t of length b that points as theta. */
static double profile(const struct prox_case *c, double b)
{
    double size = size_of(c->theta, c->k), sum = c->lambda * b;
    sum += (b - size) * (b - size) / 2;
    for (size_t i = 0; i < c->h; i++) {
        double over = fmax(fabs((double)c->w[i]) - c->m * b, 0);
        sum += over * over / 2;
    }
    return sum;
}

/* Brute force: a fine grid on the length, twice refined. */
static double brute(const struct prox_case *c)
{
    double low = 0, high = 40, best = 0;
    for (int turn = 0; turn < 6; turn++) {
        double step = (high - low) / 400, least = INFINITY;
        for (int i = 0; i <= 400; i++) {
            double b = low + i * step, value = profile(c, b);
            if (value < least) {
                least = value;
                best = b;
            }
        }
        low = fmax(best - 2 * step, 0);
        high = best + 2 * step;
    }
    return best;
}

/* The paper's rule (PAPER.md section 4): |w| sorted; the smallest s with
 * |w|_(s+1) <= w_s. */
static double sorted_rule(const struct prox_case *c)
{
    double a[MOST + 1], size = size_of(c->theta, c->k), sum = 0;
    for (size_t i = 0; i < c->h; i++)
        a[i] = fabs((double)c->w[i]);
    for (size_t i = 1; i < c->h; i++)
        for (size_t j = i; j && a[j] > a[j - 1]; j--) {
            double keep = a[j];
            a[j] = a[j - 1];
            a[j - 1] = keep;
        }
    a[c->h] = 0;
    for (size_t s = 0;; s++) {
        double x = fmax(0, size - c->lambda + c->m * sum) /
                   (1 + (double)s * c->m * c->m);
        if (s == c->h || a[s] <= c->m * x)
            return x;
        sum += a[s];
    }
}

static void test_prox(void **state)
{
    (void)state;
    struct spred_env env;
    spred_env_init(&env);
    struct spred_rng *rng = spred_rng_new(&env, 1);
    size_t zeros = 0, clipped = 0;
    for (int turn = 0; turn < 3000; turn++) {
        struct prox_case c, after;
        draw(rng, &c);
        after = c;
        double b =
            hierarchical_prox(after.theta, c.k, after.w, c.h, c.lambda, c.m);
        assert_near(b, brute(&c), 2e-6);
        assert_near(b, sorted_rule(&c), 2e-6);
        assert_near(size_of(after.theta, c.k), b, 1e-5);
        double t[MOST], v[MOST], least;
        for (size_t i = 0; i < c.k; i++)
            t[i] = (double)after.theta[i];
        for (size_t i = 0; i < c.h; i++) {
            v[i] = (double)after.w[i];
            assert_true(fabs(v[i]) <= c.m * b * (1 + 1e-6));
            clipped += after.w[i] < c.w[i] || after.w[i] > c.w[i];
        }
        zeros += !(b > 0);
        /* No feasible point nearby, in any direction, is better. */
        least = objective(&c, t, v);
        for (int trial = 0; trial < 40; trial++) {
            double t2[MOST], v2[MOST], far = trial % 2 ? .3 : .01, size = 0;
            for (size_t i = 0; i < c.k; i++) {
                t2[i] = t[i] + far * spred_rng_normal(rng);
                size += t2[i] * t2[i];
            }
            for (size_t i = 0; i < c.h; i++) {
                double bound = c.m * sqrt(size);
                v2[i] = v[i] + far * spred_rng_normal(rng);
                v2[i] = fmax(-bound, fmin(bound, v2[i]));
            }
            assert_true(objective(&c, t2, v2) >= least - 1e-6);
        }
    }
    assert_true(zeros > 200 && clipped > 2000);
    spred_rng_free(rng);
}

/* Zero weights stay zero exactly while pull(gradients) <= lambda. */
static void test_pull(void **state)
{
    (void)state;
    struct spred_env env;
    spred_env_init(&env);
    struct spred_rng *rng = spred_rng_new(&env, 2);
    for (int turn = 0; turn < 1000; turn++) {
        struct prox_case c;
        draw(rng, &c);
        double pull = hierarchical_pull(c.theta, c.k, c.w, c.h, c.m), lr = .01;
        for (size_t i = 0; i < c.k; i++)
            c.theta[i] *= (real)-lr;
        for (size_t i = 0; i < c.h; i++)
            c.w[i] *= (real)-lr;
        if (fabs(pull - c.lambda) < 1e-4)
            continue;
        double b =
            hierarchical_prox(c.theta, c.k, c.w, c.h, lr * c.lambda, c.m);
        assert_int_equal(b > 0, pull > c.lambda);
    }
    spred_rng_free(rng);
}

/* Every set of loops does what is written, whole vectors and ends of arrays. */
static void test_loops(void **state)
{
    enum { COUNT = 71 };
    const struct update_loops *const *sets = update_loops_all();
    (void)state;
    for (size_t set = 0; sets[set]; set++)
        for (size_t count = 0; count <= COUNT; count++) {
            real w[COUNT], bound = (real).4;
            size_t over, number = 0;
            double sum = 0;
            for (size_t i = 0; i < COUNT; i++) {
                w[i] = i % 5 ? (real)sin(3 * (double)i) : i % 2 ? bound : 0;
                double more = fabs((double)w[i]) - (double)bound;
                number += i < count && more > 0;
                sum += i < count ? fmax(more, 0) : 0;
            }
            assert_near(sets[set]->above(count, w, bound, &over), sum, 1e-5);
            assert_int_equal(over, number);
            sets[set]->clip(count, bound, w);
            for (size_t i = 0; i < COUNT; i++) {
                real x = i % 5 ? (real)sin(3 * (double)i) : i % 2 ? bound : 0;
                real in = x > bound ? bound : x < -bound ? -bound : x;
                assert_true(!(w[i] < (i < count ? in : x)) &&
                            !(w[i] > (i < count ? in : x)));
            }
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_prox),
                                       cmocka_unit_test(test_pull),
                                       cmocka_unit_test(test_loops)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
