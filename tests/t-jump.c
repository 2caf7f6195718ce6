/* t-jump.c: the kept Cholesky factor, and jumps: the limit of Newton's step on
 * spred's factors, descending to the lasso's optimum. */
#include "test.h"

#include "solvers/jump.h"
#include "spred/linalg.h"
#include "spred/rng.h"

enum { MOST = 40 };

/* Q = Z'Z, c = Z'y of a random design with n rows; duplicate: some columns are
 * copies. Everything in plain arrays with leading dimension m. */
struct quadratic_toy {
    size_t n, m;
    double z[60 * MOST], y[60], q[MOST * MOST], c[MOST];
};

static void make(struct quadratic_toy *toy, struct spred_rng *rng, size_t n,
                 size_t m, int duplicates)
{
    toy->n = n;
    toy->m = m;
    for (size_t j = 0; j < m; j++)
        for (size_t i = 0; i < n; i++)
            toy->z[i + j * n] =
                duplicates && j % 5 == 4
                    ? toy->z[i + (j - 1) * n]
                    : spred_rng_normal(rng) + (j ? 0.7 * toy->z[i] : 0);
    for (size_t i = 0; i < n; i++)
        toy->y[i] =
            toy->z[i] - toy->z[i + (m / 2) * n] + 0.5 * spred_rng_normal(rng);
    spred_gemm(1, 0, m, m, n, 1, toy->z, n, toy->z, n, 0, toy->q, m);
    spred_gemv_t(n, m, 1, toy->z, n, toy->y, 0, toy->c);
}

static double top_lambda(const struct quadratic_toy *toy)
{
    double top = 0;
    for (size_t j = 0; j < toy->m; j++)
        top = fmax(top, fabs(toy->c[j]));
    return top / (double)toy->n;
}

static void load(struct spred_env *env, struct factored *s,
                 const struct quadratic_toy *toy, double lambda)
{
    assert_ok(env, factored_reserve(env, s, toy->m));
    s->n = (double)toy->n;
    s->rank = toy->n;
    s->lambda = lambda;
    s->gram = toy->q;
    s->lead = toy->m;
    s->in_order = 1;
    for (size_t j = 0; j < toy->m; j++) {
        s->slot[j] = j;
        s->scale[j] = 1;
        s->ridge[j] = 0;
        s->c[j] = toy->c[j];
    }
}

/* The factor after random entries and exits = the factor of the members' Gram
 * matrix made at once. */
static void factor_follows_its_members(void **unused)
{
    (void)unused;
    struct spred_env env;
    spred_env_init(&env);
    struct spred_rng *rng = spred_rng_new(&env, 8);
    struct quadratic_toy toy;
    struct triangle t = {0};
    size_t member[MOST], outside[MOST];
    double fresh[MOST * MOST];
    make(&toy, rng, 60, MOST, 0);
    assert_ok(&env, triangle_reserve(&env, &t, 3)); /* grows later */
    for (int round = 0; round < 300; round++) {
        size_t others = 0;
        for (size_t j = 0; j < MOST; j++) {
            int inside = 0;
            for (size_t a = 0; a < t.count; a++)
                inside |= member[a] == j;
            if (!inside)
                outside[others++] = j;
        }
        size_t more = spred_rng_below(rng, 5);
        more = more < others ? more : others;
        if (more && round % 3) {
            size_t m = t.count;
            assert_ok(&env, triangle_reserve(&env, &t, m + more));
            double *cross = t.panel, *square = t.panel + m;
            for (size_t c = 0; c < more; c++) {
                for (size_t a = 0; a < m; a++)
                    cross[a + c * t.capacity] =
                        toy.q[member[a] + outside[c] * MOST];
                for (size_t d = c; d < more; d++)
                    square[d + c * t.capacity] =
                        toy.q[outside[d] + outside[c] * MOST];
            }
            assert_int_equal(triangle_append(&t, more, cross, square, 1e-12),
                             0);
            memcpy(member + m, outside, more * sizeof *member);
        } else if (t.count) {
            size_t out = spred_rng_below(rng, t.count);
            triangle_remove(&t, out);
            memmove(member + out, member + out + 1,
                    (t.count - out) * sizeof *member);
        }
        for (size_t a = 0; a < t.count; a++)
            for (size_t b = 0; b < t.count; b++)
                fresh[b + a * MOST] = toy.q[member[b] + member[a] * MOST];
        assert_int_equal(spred_cholesky(t.count, fresh, MOST), 0);
        for (size_t a = 0; a < t.count; a++)
            for (size_t b = a; b < t.count; b++)
                assert_near(fabs(t.l[b + a * t.capacity]),
                            fabs(fresh[b + a * MOST]), 1e-9);
    }
    /* A copy of a member is refused, and nothing has changed. */
    while (t.count > 4)
        triangle_remove(&t, t.count - 1);
    double *cross = t.panel, *square = t.panel + t.count;
    for (size_t a = 0; a < t.count; a++)
        cross[a] = toy.q[member[a] + member[1] * MOST];
    square[0] = toy.q[member[1] * (MOST + 1)];
    assert_int_equal(triangle_append(&t, 1, cross, square, 1e-12), 1);
    assert_int_equal(t.count, 4);
    triangle_free(&env, &t);
    spred_rng_free(rng);
}

/* jump.h's equation: at a balanced point, the Newton step on
 *   F(u,v) = (1/2n)|y - Z(uv)|^2 + (lambda/2)(|u|^2 + |v|^2), solved as one
 * system of size 2m, moves w = uv by dw with (Q/n + diag(delta)) dw =
 * Z'r/n - lambda s. */
static void newton_in_the_factors_is_the_damped_step(void **unused)
{
    (void)unused;
    enum { M = 6, TWO = 12 };
    struct spred_env env;
    spred_env_init(&env);
    struct spred_rng *rng = spred_rng_new(&env, 4);
    for (int round = 0; round < 20; round++) {
        struct quadratic_toy toy;
        double u[M], v[M], s[M], g[M], h[TWO * TWO], step[TWO];
        double small[M * M], dw[M];
        make(&toy, rng, 30, M, 0);
        double n = 30, lambda = 0.05 * top_lambda(&toy);
        for (size_t a = 0; a < M; a++) {
            s[a] = a % 2 ? -1 : 1;
            v[a] = 1.5 + spred_rng_uniform(rng);
            u[a] = s[a] * v[a];
        }
        for (size_t a = 0; a < M; a++) { /* g: slope of the loss in w */
            g[a] = -toy.c[a] / n;
            for (size_t b = 0; b < M; b++)
                g[a] += toy.q[a + b * M] / n * u[b] * v[b];
        }
        for (size_t a = 0; a < M; a++)
            for (size_t b = 0; b < M; b++) {
                double q = toy.q[a + b * M] / n, same = a == b;
                h[a + b * TWO] = v[a] * q * v[b] + same * lambda;
                h[M + a + (M + b) * TWO] = u[a] * q * u[b] + same * lambda;
                h[M + a + b * TWO] = u[a] * q * v[b] + same * g[a];
                small[a + b * M] =
                    q + same * (lambda + s[a] * g[a]) / (2 * v[a] * v[a]);
            }
        for (size_t a = 0; a < M; a++) {
            step[a] = -(g[a] * v[a] + lambda * u[a]);
            step[M + a] = -(g[a] * u[a] + lambda * v[a]);
            dw[a] = -(g[a] + lambda * s[a]);
        }
        if (spred_cholesky(TWO, h, TWO) != 0 ||
            spred_cholesky(M, small, M) != 0)
            continue; /* not a minimum's neighbourhood */
        spred_cholesky_solve(TWO, 1, h, TWO, step, TWO);
        spred_cholesky_solve(M, 1, small, M, dw, M);
        for (size_t a = 0; a < M; a++)
            assert_near(v[a] * step[a] + u[a] * step[M + a], dw[a], 1e-9);
    }
    spred_rng_free(rng);
}

/* From any start and along a path, on good, short and duplicated columns: done
 * means optimal, not done means no worse. */
static void jumps_reach_the_optimum(void **unused)
{
    (void)unused;
    struct spred_env env;
    spred_env_init(&env);
    struct spred_rng *rng = spred_rng_new(&env, 21);
    size_t reached = 0, asked = 0;
    for (int round = 0; round < 150; round++) {
        struct quadratic_toy toy;
        struct factored s = {0};
        struct jump jump = {0};
        size_t n = round % 3 == 2 ? 15 : 60;
        make(&toy, rng, n, 5 + (size_t)round % (MOST - 4), round % 2);
        double top = top_lambda(&toy);
        for (int k = 0; k < 8; k++) {
            double lambda = top * pow(0.6, k);
            int done = 0;
            load(&env, &s, &toy, lambda);
            if (k == 0)
                for (size_t j = 0; j < toy.m; j++)
                    s.x[j] =
                        round % 5 == 0 && j % 3 ? spred_rng_normal(rng) : 0;
            factored_slope(&s);
            double before = factored_objective(&s);
            assert_ok(&env,
                      jump_minimise(&env, &jump, &s, k > 0, 1e-10, &done));
            double worst = factored_slope(&s);
            double after = factored_objective(&s);
            asked++;
            reached += (size_t)done;
            if (!(after <= before + 1e-11 * (1 + fabs(before))) ||
                (done && worst > 1e-9))
                fail_msg("round %d, step %d: objective %.17g to %.17g, "
                         "violation %g, done %d",
                         round, k, before, after, worst, done);
        }
        factored_free(&env, &s);
        jump_free(&env, &jump);
    }
    assert_int_equal(reached, asked);
    spred_rng_free(rng);
}

/* Violators that are exactly alike, more than may enter at once. */
static void equal_violators(void **unused)
{
    (void)unused;
    struct spred_env env;
    spred_env_init(&env);
    for (size_t m = 2; m <= MOST; m++)
        for (size_t rank = 1; rank <= m; rank += 3) {
            struct quadratic_toy toy = {.n = 60, .m = m};
            struct factored s = {0};
            struct jump jump = {0};
            int done = 0;
            for (size_t j = 0; j < m; j++) {
                toy.q[j * (m + 1)] = 60;
                toy.c[j] = (j % 2 ? -1 : 1) * 60 * 0.7;
            }
            load(&env, &s, &toy, 0.1);
            s.rank = rank;
            assert_ok(&env, jump_minimise(&env, &jump, &s, 0, 1e-10, &done));
            assert_int_equal(done, 1);
            for (size_t j = 0; j < m; j++)
                assert_near(fabs(s.x[j]), 0.6, 1e-12);
            factored_free(&env, &s);
            jump_free(&env, &jump);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(factor_follows_its_members),
        cmocka_unit_test(newton_in_the_factors_is_the_damped_step),
        cmocka_unit_test(jumps_reach_the_optimum),
        cmocka_unit_test(equal_violators)};
    return cmocka_run_group_tests_name("jump", tests, NULL, NULL);
}
