/* factor_state.c: the steps of L-BFGS between two evaluations. Nocedal and
 * Wright, Numerical Optimization, algorithm 7.4. */
#include "solvers/coding/factor_state.h"

#include <math.h>
#include <string.h>

#include "spred/linalg.h"

enum { MOST_HALVINGS = 40 };
static const double armijo = 1e-4, least_curvature = 1e-12;

size_t factor_state_size(size_t atoms, size_t memory)
{
    return 2 * atoms * (5 + 2 * memory) + 2 * memory;
}

void factor_state_place(struct factor_state *s, size_t atoms, size_t memory,
                        double *numbers)
{
    memset(s, 0, sizeof *s);
    s->size = 2 * atoms;
    s->memory = memory;
    s->trial = numbers;
    s->trial_slope = s->trial + s->size;
    s->at = s->trial_slope + s->size;
    s->slope = s->at + s->size;
    s->way = s->slope + s->size;
    s->s = s->way + s->size;
    s->y = s->s + memory * s->size;
    s->rho = s->y + memory * s->size;
    s->alpha = s->rho + memory;
}

void factor_state_start(struct factor_state *s)
{
    s->begun = s->halvings = 0;
    s->pairs = s->newest = 0;
    s->step = 0;
}

/* The pair of the step that was just made, if it shows curvature. */
static void remember(struct factor_state *s)
{
    if (s->memory == 0)
        return;
    double sy = 0, ss = 0, yy = 0;
    for (size_t e = 0; e < s->size; e++) {
        double ds = s->trial[e] - s->at[e],
               dy = s->trial_slope[e] - s->slope[e];
        sy += ds * dy;
        ss += ds * ds;
        yy += dy * dy;
    }
    if (!(sy > least_curvature * sqrt(ss * yy)))
        return;
    size_t place = s->pairs ? (s->newest + 1) % s->memory : 0;
    double *ds = s->s + place * s->size, *dy = s->y + place * s->size;
    for (size_t e = 0; e < s->size; e++) {
        ds[e] = s->trial[e] - s->at[e];
        dy[e] = s->trial_slope[e] - s->slope[e];
    }
    s->rho[place] = 1 / sy;
    s->newest = place;
    s->pairs += s->pairs < s->memory;
}

/* way = -H slope */
static void aim(struct factor_state *s)
{
    for (size_t e = 0; e < s->size; e++)
        s->way[e] = -s->slope[e];
    size_t at = s->newest;
    for (size_t k = 0; k < s->pairs; k++) {
        double *ds = s->s + at * s->size, *dy = s->y + at * s->size;
        s->alpha[at] = s->rho[at] * spred_dot(s->size, ds, s->way);
        spred_axpy(s->size, -s->alpha[at], dy, s->way);
        at = (at + s->memory - 1) % s->memory;
    }
    if (s->pairs > 0) {
        const double *dy = s->y + s->newest * s->size;
        double yy = spred_dot(s->size, dy, dy);
        spred_scale(s->size, 1 / (s->rho[s->newest] * yy), s->way);
    }
    for (size_t k = 0; k < s->pairs; k++) {
        at = (at + 1) % s->memory;
        double *ds = s->s + at * s->size, *dy = s->y + at * s->size;
        double beta = s->rho[at] * spred_dot(s->size, dy, s->way);
        spred_axpy(s->size, s->alpha[at] - beta, ds, s->way);
    }
    s->fall = spred_dot(s->size, s->slope, s->way);
}

static void accept(struct factor_state *s)
{
    size_t before = s->pairs;
    if (s->begun)
        remember(s);
    memcpy(s->at, s->trial, s->size * sizeof *s->at);
    memcpy(s->slope, s->trial_slope, s->size * sizeof *s->at);
    s->value = s->trial_value;
    aim(s);
    if (!(s->fall < 0)) { /* forget */
        s->pairs = 0;
        aim(s);
    }
    double size = sqrt(-s->fall);
    if (s->pairs > 0)
        s->step = 1;
    else if (!s->begun || before > 0)
        s->step = size > 1 ? 1 / size : 1;
    else if (s->halvings == 0)
        s->step *= 2; /* gradient descent: as far as last time, or further */
    s->begun = 1;
    s->halvings = 0;
}

int factor_state_next(struct factor_state *s)
{
    int fits = isfinite(s->trial_value) &&
               s->trial_value <= s->value + armijo * s->step * s->fall;
    if (!s->begun || fits) {
        accept(s);
    } else if (++s->halvings <= MOST_HALVINGS) {
        s->step /= 2;
    } else if (s->pairs > 0) { /* once more, along the gradient */
        s->pairs = 0;
        s->halvings = 0;
        aim(s);
        s->step = s->fall < -1 ? 1 / sqrt(-s->fall) : 1;
    } else {
        return 0;
    }
    if (!(s->fall < 0))
        return 0;
    for (size_t e = 0; e < s->size; e++)
        s->trial[e] = s->at[e] + s->step * s->way[e];
    return 1;
}
