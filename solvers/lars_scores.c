/* lars_scores.c: scores along a path of residuals, from bounds where those do
 * and from single columns where they do not. Lazy in the manner of sequential
 * screening (El Ghaoui, Viallon, Rabbani 2012), but never wrong: a column is
 * left out for as long only as the bound of Cauchy and Schwarz allows. */
#include "solvers/lars_scores.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "spred/linalg.h"

/* |e|^2 = |r|^2 - (r_k'r)^2/|r_k|^2 cancels, and so does swing^2: so much of
 * the first term is added. */
#define CANCELLED(n) ((64 + (double)(n)) * DBL_EPSILON)
/* A column whose norm is below this share of what centring took is constant. */
#define CONSTANT 1e-12

static double weight(const struct lars_scores *s, size_t j)
{
    const double *weights = s->problem->penalty.weights;
    return weights ? weights[j] : 1;
}

/* |column - mean|, mean = 0 without intercept; *mean is an output. Two sweeps;
 * four sums each, which the compiler may keep in one register. */
static double centred_norm(size_t n, const double *column, int centre,
                           double *mean)
{
    double part[4] = {0, 0, 0, 0};
    *mean = 0;
    if (centre) {
        for (size_t i = 0; i < n; i++)
            part[i % 4] += column[i];
        *mean = (part[0] + part[1] + part[2] + part[3]) / (double)n;
    }
    double square[4] = {0, 0, 0, 0};
    for (size_t i = 0; i < n; i++) {
        double d = column[i] - *mean;
        square[i % 4] += d * d;
    }
    return sqrt(square[0] + square[1] + square[2] + square[3]);
}

/* Column norms for the bounds; constant columns are set aside for good. */
static void inspect_columns(struct lars_scores *s, double *column)
{
    const struct spred_problem *problem = s->problem;
    const struct spred_design *x = &problem->x;
    size_t n = problem->n;
    for (size_t j = 0; j < problem->p; j++) {
        double mean;
        spred_design_column(x, j, column);
        double norm = centred_norm(n, column, problem->intercept, &mean);
        double shift = x->mean ? fabs(x->mean[j]) : 0;
        shift *= x->scale ? fabs(x->scale[j]) : 1;
        double size = norm + sqrt((double)n) * (fabs(mean) + shift);
        if (!(norm > CONSTANT * size))
            continue;
        s->longest = fmax(s->longest, size / weight(s, j));
        /* the last factor: rounding of the norm */
        s->reach[j] = norm / ((double)n * weight(s, j)) * (1 + CONSTANT);
    }
}

enum spred_status lars_scores_open(struct lars_scores *s, struct spred_env *env,
                                   const struct spred_problem *problem,
                                   double *column, struct spred_work *work)
{
    size_t n = problem->n, p = problem->p;
    s->env = env;
    s->problem = problem;
    s->c = spred_alloc(env, 4 * p, sizeof *s->c);
    s->age = spred_alloc(env, p, sizeof *s->age);
    s->followed = spred_alloc(env, 2 * p, sizeof *s->followed);
    s->references =
        spred_alloc(env, (LARS_REFERENCES + 1) * n, sizeof *s->references);
    if (!s->c || !s->age || !s->followed || !s->references)
        return SPRED_ENOMEM;
    s->a = s->c + p;
    s->reach = s->a + p;
    s->swing = s->reach + p;
    s->doubtful = s->followed + p;
    s->star = s->references + LARS_REFERENCES * n;
    s->now = LARS_SET_ASIDE;
    memset(s->age, LARS_SET_ASIDE, p * sizeof *s->age);
    inspect_columns(s, column);
    work->passes += 1;
    return SPRED_OK;
}

void lars_scores_close(struct lars_scores *s)
{
    if (!s->env)
        return;
    spred_free(s->env, s->c);
    spred_free(s->env, s->age);
    spred_free(s->env, s->followed);
    spred_free(s->env, s->references);
    memset(s, 0, sizeof *s);
}

double lars_scores_noise(const struct lars_scores *s, const double *v)
{
    size_t n = s->problem->n;
    return 16 * DBL_EPSILON * s->longest * spred_norm(n, v) / (double)n;
}

double lars_scores_dot(struct lars_scores *s, size_t j, const double *v,
                       struct spred_work *work)
{
    s->looked++;
    work->passes += 1 / (double)s->problem->p;
    return spred_design_dot(&s->problem->x, j, v) /
           ((double)s->problem->n * weight(s, j));
}

static void set_age(struct lars_scores *s, size_t j, size_t age)
{
    if (s->age[j] < LARS_REFERENCES)
        s->users[s->age[j]]--;
    if (age < LARS_REFERENCES)
        s->users[age]++;
    s->age[j] = (unsigned char)age;
}

/* Column j has the score c at reference `age`. */
static void date(struct lars_scores *s, size_t j, double c, size_t age)
{
    double along = s->squares[age] > 0 ? c * c / s->squares[age] : 0;
    double rest = s->reach[j] * s->reach[j] - along;
    s->c[j] = c;
    double lost = CANCELLED(s->problem->n) * s->reach[j] * s->longest /
                  (double)s->problem->n;
    s->swing[j] = sqrt(fmax(rest, 0) + lost);
    set_age(s, j, age);
}

/* Makes r the present reference. The one with the fewest columns makes place;
 * those are looked at again. */
static void refer(struct lars_scores *s, const double *r,
                  struct spred_work *work)
{
    size_t n = s->problem->n, k = 0;
    if (s->now != LARS_SET_ASIDE)
        return;
    for (size_t i = 1; i < LARS_REFERENCES; i++)
        k = s->users[i] < s->users[k] ? i : k;
    memcpy(s->references + k * n, r, n * sizeof *r);
    s->squares[k] = spred_dot(n, r, r);
    s->now = k;
    s->used = k < s->used ? s->used : k + 1;
    for (size_t j = 0; s->users[k] > 0 && j < s->problem->p; j++)
        if (s->age[j] == k)
            date(s, j, lars_scores_dot(s, j, r, work), k);
}

void lars_scores_all(struct lars_scores *s, const double *r,
                     struct spred_work *work)
{
    const struct spred_problem *problem = s->problem;
    size_t n = problem->n;
    double *scores = s->swing; /* of no use any more */
    spred_design_adjoint(&problem->x, r, scores);
    work->passes += 1;
    memset(s->users, 0, sizeof s->users);
    memcpy(s->references, r, n * sizeof *r);
    s->squares[0] = spred_dot(n, r, r);
    s->now = 0;
    s->used = 1;
    s->looked = 0;
    for (size_t j = 0; j < problem->p; j++) {
        double c = scores[j] / ((double)n * weight(s, j));
        if (s->age[j] == LARS_FOLLOWED || s->reach[j] <= 0) {
            s->c[j] = s->reach[j] > 0 ? c : 0;
        } else if (s->age[j] == LARS_SET_ASIDE) {
            s->c[j] = c;
        } else {
            s->age[j] = LARS_SET_ASIDE; /* its old reference is gone */
            date(s, j, c, 0);
        }
    }
}

void lars_scores_start(struct lars_scores *s, const double *r,
                       struct spred_work *work)
{
    for (size_t j = 0; j < s->problem->p; j++)
        s->age[j] = s->reach[j] > 0 ? 0 : LARS_SET_ASIDE;
    s->count = 0;
    lars_scores_all(s, r, work);
}

void lars_scores_again(struct lars_scores *s, const double *r,
                       struct spred_work *work)
{
    s->now = LARS_SET_ASIDE;
    for (size_t i = 0; i < s->count; i++)
        s->c[s->followed[i]] = lars_scores_dot(s, s->followed[i], r, work);
}

void lars_scores_follow(struct lars_scores *s, size_t j, double c)
{
    s->c[j] = c;
    if (s->age[j] == LARS_FOLLOWED)
        return;
    set_age(s, j, LARS_FOLLOWED);
    s->followed[s->count++] = j;
}

void lars_scores_set_aside(struct lars_scores *s, size_t j)
{
    size_t at = 0;
    while (s->age[j] == LARS_FOLLOWED && s->followed[at] != j)
        at++;
    if (s->age[j] == LARS_FOLLOWED)
        s->followed[at] = s->followed[--s->count];
    set_age(s, j, LARS_SET_ASIDE);
}

void lars_scores_release(struct lars_scores *s, const double *r,
                         struct spred_work *work)
{
    refer(s, r, work);
    for (size_t i = 0; i < s->count; i++)
        date(s, s->followed[i], s->c[s->followed[i]], s->now);
    s->count = 0;
}

void lars_scores_move(struct lars_scores *s, double t)
{
    for (size_t i = 0; i < s->count; i++)
        s->c[s->followed[i]] -= t * s->a[s->followed[i]];
    s->now = LARS_SET_ASIDE;
}

/* What is left of r_k in star: star = alpha r_k + e; |alpha| and |e|. */
static void compare(const struct lars_scores *s, size_t k, double product,
                    double star, double *alpha, double *away)
{
    double square = s->squares[k];
    double along = square > 0 ? product / square : 0;
    *alpha = fabs(along);
    *away =
        sqrt(fmax(star - along * product, 0) + CANCELLED(s->problem->n) * star);
}

void lars_scores_watch(struct lars_scores *s, const double *r, const double *u,
                       double t, double limit, struct spred_work *work)
{
    size_t n = s->problem->n, found = 0;
    double product[LARS_REFERENCES], star = 0;
    double alpha[LARS_FOLLOWED + 1] = {0}, away[LARS_FOLLOWED + 1] = {0};
    for (size_t i = 0; i < n; i++) {
        s->star[i] = r[i] - t * u[i];
        star += s->star[i] * s->star[i];
    }
    spred_gemv_t(n, s->used, 1, s->references, n, s->star, 0, product);
    for (size_t k = 0; k < s->used; k++)
        compare(s, k, product[k], star, alpha + k, away + k);
    for (size_t j = 0; j < s->problem->p; j++) {
        double bound =
            alpha[s->age[j]] * fabs(s->c[j]) + s->swing[j] * away[s->age[j]];
        s->doubtful[found] = j;
        found += !(bound < limit);
    }
    if (found == 0)
        return;
    refer(s, r, work);
    compare(s, s->now, spred_dot(n, r, s->star), star, alpha, away);
    for (size_t i = 0; i < found; i++) {
        size_t j = s->doubtful[i];
        if (s->age[j] != s->now)
            date(s, j, lars_scores_dot(s, j, r, work), s->now);
        if (alpha[0] * fabs(s->c[j]) + s->swing[j] * away[0] < limit)
            continue;
        s->a[j] = lars_scores_dot(s, j, u, work);
        lars_scores_follow(s, j, s->c[j]);
    }
}
