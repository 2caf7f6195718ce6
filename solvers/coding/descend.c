/* descend.c: coordinate descent on working sets of one signal. Friedman, Hastie
 * and Tibshirani 2010 (covariance updates), with the gradient of the working
 * set alone kept up to date and all of it made anew when the set is solved. */
#include "solvers/coding/descend.h"

#include <math.h>
#include <string.h>

#include "solvers/coding/signal_gap.h"

enum { LEAST_ENTRY = 8, SWEEPS_BETWEEN = 4, MOST_IDLE = 50 };
/* A working set is solved to this share of the whole gap, or of the one that is
 * wanted at the end. */
static const double inner_share = .1, last_share = .5;

enum spred_status descend_open(struct spred_env *env, struct descend *d,
                               const struct spred_coding_shared *shared)
{
    size_t n = shared->coding->atoms, room = coding_padded(n);
    memset(d, 0, sizeof *d);
    d->loops = coding_loops();
    d->n = n;
    d->room = room;
    d->gram = shared->gram;
    d->q = spred_alloc(env, room * room, sizeof *d->q);
    d->g = spred_alloc(env, n + 4 * room, sizeof *d->g);
    d->member = spred_alloc(env, room + n, sizeof *d->member);
    if (!d->q || !d->g || !d->member) {
        descend_close(env, d);
        return SPRED_ENOMEM;
    }
    d->inverse = d->g + n;
    d->z = d->inverse + room;
    d->small = d->z + room;
    d->minus = d->small + room;
    d->found = d->member + room;
    return SPRED_OK;
}

void descend_close(struct spred_env *env, struct descend *d)
{
    spred_free(env, d->q);
    spred_free(env, d->g);
    spred_free(env, d->member);
    memset(d, 0, sizeof *d);
}

/* Of the found, at most `most`: those above the mean, until they are so few. */
static size_t worst_of(struct descend *d, size_t found, size_t most)
{
    while (found > most) {
        double mean = 0;
        size_t kept = 0;
        for (size_t k = 0; k < found; k++)
            mean += fabs(d->g[d->found[k]]) / (double)found;
        for (size_t k = 0; k < found; k++)
            if (fabs(d->g[d->found[k]]) > mean)
                d->found[kept++] = d->found[k];
        if (kept == 0 || kept == found) /* all alike */
            return most;
        found = kept;
    }
    return found;
}

/* The support and the worst violators, with their part of the Gram matrix and
 * of g; the number, padded. */
static size_t gather(struct descend *d, double lambda, const double *z,
                     size_t *padded)
{
    size_t count = 0, most;
    for (size_t j = 0; j < d->n; j++)
        if (z[j] > 0 || z[j] < 0)
            d->member[count++] = (uint32_t)j;
    size_t support = count;
    most = support > LEAST_ENTRY ? support : LEAST_ENTRY;
    size_t found = d->loops->above(d->n, d->g, lambda, d->found), fresh = 0;
    for (size_t k = 0; k < found; k++)
        if (!(z[d->found[k]] > 0 || z[d->found[k]] < 0))
            d->found[fresh++] = d->found[k];
    fresh = worst_of(d, fresh, most);
    for (size_t k = 0; k < fresh; k++)
        d->member[count++] = d->found[k];
    *padded = coding_padded(count);
    memset(d->q, 0, *padded * *padded * sizeof *d->q);
    memset(d->inverse, 0, *padded * sizeof *d->inverse);
    memset(d->z, 0, *padded * sizeof *d->z);
    memset(d->small, 0, *padded * sizeof *d->small);
    for (size_t k = 0; k < count; k++) {
        const double *column = d->gram + d->member[k] * d->n;
        double square = column[d->member[k]];
        for (size_t i = 0; i < count; i++)
            d->q[i + k * *padded] = column[d->member[i]];
        d->inverse[k] = square > 0 ? 1 / square : 0;
        d->z[k] = z[d->member[k]];
        d->small[k] = d->g[d->member[k]];
    }
    return count;
}

/* The gap with the working set's gradient. */
static double small_gap(const struct descend *d, size_t count, const double *c,
                        double square, double lambda)
{
    double cz = 0, gz = 0, l1 = 0, top = 0;
    for (size_t k = 0; k < count; k++) {
        cz += c[d->member[k]] * d->z[k];
        gz += d->small[k] * d->z[k];
        l1 += fabs(d->z[k]);
        top = fabs(d->small[k]) > top ? fabs(d->small[k]) : top;
    }
    return signal_gap(square, cz, gz, l1, top, lambda);
}

void descend_signal(struct descend *d, const double *c, double square,
                    double lambda, double gap, long sweeps, double *z,
                    long *steps)
{
    double target = gap * SIGNAL_GAP_SHARE, before = INFINITY;
    size_t count = 0, padded;
    int idle = 0;
    for (size_t j = 0; j < d->n; j++)
        if (z[j] > 0 || z[j] < 0) {
            d->minus[count] = -z[j];
            d->member[count++] = (uint32_t)j;
        }
    for (;;) {
        double cz = 0, gz = 0, l1 = 0;
        d->loops->combine(d->n, d->gram, count, d->member, d->minus, c, d->g);
        for (size_t k = 0; k < count; k++) {
            double value = -d->minus[k];
            cz += c[d->member[k]] * value;
            gz += d->g[d->member[k]] * value;
            l1 += fabs(value);
        }
        double top = d->loops->largest(d->n, d->g);
        double now = signal_gap(square, cz, gz, l1, top, lambda);
        idle = now < before ? 0 : idle + 1;
        before = now < before ? now : before;
        if (now <= target || sweeps <= 0 || idle > MOST_IDLE)
            return;
        count = gather(d, lambda, z, &padded);
        double moved = 1, enough = inner_share * now;
        if (enough < last_share * target)
            enough = last_share * target;
        while (sweeps > 0 && moved > 0) {
            for (int s = 0; s < SWEEPS_BETWEEN && moved > 0; s++) {
                moved = d->loops->sweep(padded, d->q, d->inverse, lambda,
                                        d->small, d->z);
                *steps += (long)count;
                sweeps--;
            }
            if (small_gap(d, count, c, square, lambda) <= enough)
                break;
        }
        size_t alive = 0;
        for (size_t k = 0; k < count; k++) {
            z[d->member[k]] = d->z[k];
            if (d->z[k] > 0 || d->z[k] < 0) {
                d->member[alive] = d->member[k];
                d->minus[alive++] = -d->z[k];
            }
        }
        count = alive;
    }
}
