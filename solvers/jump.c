/* jump.c: to the minimiser on a face of the L1 ball's orthants, members in and
 * out until no coordinate violates: the limit of spred's Newton steps (jump.h).
 */
#include "jump.h"

#include <math.h>
#include <string.h>

#include "spred/linalg.h"

enum {
    MOST_JUMPS = 200,
    MOST_IDLE = 8,
    LEAST_ENTRY = 16,
    MOST_HALVINGS = 20,
    MOST_REFINEMENTS = 3,
    MOST_EXCHANGES = 4
};
/* Squared sine of the angle below which a column counts as dependent. */
static const double dependent = 1e-11;
/* A jump that is cut short must win at least this share of |L'd|^2. */
static const double least_gain = 1e-3;
/* Leaving this share of the members at once, the factor is made anew. */
static const double rebuild_share = 0.15;

void jump_free(struct spred_env *env, struct jump *jump)
{
    triangle_free(env, &jump->triangle);
    spred_free(env, jump->slot);
    spred_free(env, jump->sign);
    memset(jump, 0, sizeof *jump);
}

static enum spred_status reserve(struct spred_env *env, struct jump *jump,
                                 const struct factored *s)
{
    size_t wanted = s->m > s->lead ? s->m : s->lead;
    size_t old = jump->triangle.count;
    SPRED_TRY(triangle_reserve(env, &jump->triangle, s->m));
    if (wanted <= jump->room)
        return SPRED_OK;
    size_t room = wanted > 2 * jump->room ? wanted : 2 * jump->room;
    size_t *slot = spred_alloc(env, 5 * room, sizeof *slot);
    double *sign = spred_alloc(env, 6 * room, sizeof *sign);
    if (!slot || !sign) {
        spred_free(env, slot);
        spred_free(env, sign);
        return SPRED_ENOMEM;
    }
    if (old)
        memcpy(slot, jump->slot, old * sizeof *slot);
    spred_free(env, jump->slot);
    spred_free(env, jump->sign);
    jump->slot = slot;
    jump->index = slot + room;
    jump->place = jump->index + room;
    jump->find = jump->place + room;
    jump->order = jump->find + room;
    jump->sign = sign;
    jump->x = sign + room;
    jump->to = jump->x + room;
    jump->trial = jump->to + room;
    jump->spare = jump->trial + room;
    jump->scratch = jump->spare + room;
    jump->room = room;
    return SPRED_OK;
}

/* Element (i, j) of Q, by coordinate. */
static double element(const struct factored *s, size_t i, size_t j)
{
    double q =
        s->gram[s->slot[i] + s->slot[j] * s->lead] * s->scale[i] * s->scale[j];
    return i == j ? q + s->ridge[i] : q;
}

/* Takes the member at a position out of all lists. */
static void leave(struct jump *jump, size_t position)
{
    size_t after = jump->triangle.count - position - 1;
    triangle_remove(&jump->triangle, position);
    memmove(jump->slot + position, jump->slot + position + 1,
            after * sizeof *jump->slot);
    memmove(jump->index + position, jump->index + position + 1,
            after * sizeof *jump->index);
    memmove(jump->sign + position, jump->sign + position + 1,
            after * sizeof *jump->sign);
    memmove(jump->x + position, jump->x + position + 1,
            after * sizeof *jump->x);
}

static void number(struct jump *jump, const struct factored *s)
{
    memset(jump->place, 0, s->m * sizeof *jump->place);
    for (size_t a = 0; a < jump->triangle.count; a++)
        jump->place[jump->index[a]] = a + 1;
}

/* Appends the coordinates list[0..more); 0 if one is dependent. */
static int append(struct jump *jump, const struct factored *s,
                  const size_t *list, size_t more)
{
    struct triangle *t = &jump->triangle;
    size_t m = t->count, lead = t->capacity;
    double *cross = t->panel, *square = t->panel + m;
    if (m + more > lead)
        return 0;
    for (size_t c = 0; c < more; c++) {
        size_t j = list[c];
        for (size_t a = 0; a < m; a++)
            cross[a + c * lead] = element(s, jump->index[a], j);
        for (size_t d = c; d < more; d++)
            square[d + c * lead] = element(s, list[d], j);
    }
    if (triangle_append(t, more, cross, square, dependent) != 0)
        return 0;
    for (size_t c = 0; c < more; c++) {
        size_t j = list[c], a = m + c;
        jump->index[a] = j;
        jump->slot[a] = s->slot[j];
        jump->x[a] = s->x[j];
        double side = s->x[j] > 0 || s->x[j] < 0 ? s->x[j] : s->slope[j];
        jump->sign[a] = side > 0 ? 1 : -1;
        jump->place[j] = a + 1;
    }
    return 1;
}

/* Column j is dependent on the members, x_j = X_A z: X does not see the
 * direction d with d_j = 1, d_A = -z. Along it (or against it, whichever lowers
 * |x|_1) until a coordinate is zero, which leaves; then j can enter, unless it
 * was j itself. 0: no such way. */
static int exchange(struct jump *jump, struct factored *s, size_t j)
{
    double *z = jump->spare;
    for (int count = 0; count < MOST_EXCHANGES; count++) {
        size_t m = jump->triangle.count, stop = m;
        int zero = !(s->x[j] > 0 || s->x[j] < 0);
        double side = (zero ? s->slope[j] : s->x[j]) > 0 ? 1 : -1;
        double rate = side, way, least = zero ? INFINITY : fabs(s->x[j]);
        for (size_t a = 0; a < m; a++)
            z[a] = element(s, jump->index[a], j);
        triangle_solve(&jump->triangle, z);
        for (size_t a = 0; a < m; a++)
            rate -= jump->sign[a] * z[a];
        way = zero ? side : rate > 0 ? -1 : 1;
        if (zero && !(rate * way < 0))
            return 0;
        if (!zero && way * side > 0)
            least = INFINITY;
        for (size_t a = 0; a < m; a++) {
            double closing = way * z[a] * jump->sign[a];
            double at = fabs(jump->x[a]);
            if (closing > 0 && at < least * closing) {
                least = at / closing;
                stop = a;
            }
        }
        if (!(least < INFINITY))
            return 0;
        for (size_t a = 0; a < m; a++) {
            jump->x[a] -= least * way * z[a];
            s->x[jump->index[a]] = jump->x[a]; /* whole also if we give up */
        }
        s->x[j] = stop == m ? 0 : s->x[j] + least * way;
        if (stop == m)
            return 1;
        s->x[jump->index[stop]] = 0;
        leave(jump, stop);
        number(jump, s);
        if (append(jump, s, &j, 1))
            return 1;
    }
    return 0;
}

/* The same for many; where some are dependent, by halves. How many came. */
static size_t enter(struct jump *jump, struct factored *s, const size_t *list,
                    size_t more)
{
    if (more == 0)
        return 0;
    if (append(jump, s, list, more))
        return more;
    if (more == 1)
        return (size_t)exchange(jump, s, *list);
    size_t half = more / 2;
    size_t came = enter(jump, s, list, half);
    return came + enter(jump, s, list + half, more - half);
}

/* The members become the support of x; 0 if that is dependent. */
static int begin(struct jump *jump, struct factored *s, int keep)
{
    size_t more = 0;
    if (!keep)
        jump->triangle.count = 0;
    memset(jump->find, 0, s->lead * sizeof *jump->find);
    for (size_t j = 0; j < s->m; j++)
        jump->find[s->slot[j]] = j + 1;
    for (size_t a = jump->triangle.count; a-- > 0;) {
        size_t j = jump->find[jump->slot[a]];
        if (j == 0 || !(s->x[j - 1] > 0 || s->x[j - 1] < 0)) {
            leave(jump, a);
            continue;
        }
        jump->index[a] = j - 1;
        jump->x[a] = s->x[j - 1];
        jump->sign[a] = s->x[j - 1] > 0 ? 1 : -1;
    }
    number(jump, s);
    for (size_t j = 0; j < s->m; j++)
        if (!jump->place[j] && (s->x[j] > 0 || s->x[j] < 0))
            jump->order[more++] = j;
    return enter(jump, s, jump->order, more) == more;
}

/* to = the minimiser on the face: Q to = c - n lambda sign. */
static void aim(struct jump *jump, const struct factored *s)
{
    for (size_t a = 0; a < jump->triangle.count; a++)
        jump->to[a] = s->c[jump->index[a]] - s->n * s->lambda * jump->sign[a];
    triangle_solve(&jump->triangle, jump->to);
}

/* trial = x + t (to - x), cut at zero; returns |L'(to - trial)|^2, which is the
 * objective over the face's minimum, times 2n. */
static double cut(struct jump *jump, double t)
{
    size_t m = jump->triangle.count;
    for (size_t a = 0; a < m; a++) {
        double at = jump->x[a] + t * (jump->to[a] - jump->x[a]);
        jump->trial[a] = at * jump->sign[a] > 0 ? at : 0;
        jump->spare[a] = jump->to[a] - jump->trial[a];
    }
    return triangle_square(&jump->triangle, jump->spare, jump->scratch);
}

/* Drops the members at zero; many at once: a new factor. 0: dependent. */
static int drop_zeros(struct jump *jump, struct factored *s)
{
    size_t m = jump->triangle.count, zeros = 0;
    for (size_t a = 0; a < m; a++)
        zeros += !(jump->x[a] > 0 || jump->x[a] < 0);
    if ((double)zeros <= rebuild_share * (double)m) {
        for (size_t a = m; a-- > 0;)
            if (!(jump->x[a] > 0 || jump->x[a] < 0))
                leave(jump, a);
        number(jump, s);
        return 1;
    }
    memset(s->x, 0, s->m * sizeof *s->x);
    for (size_t a = 0; a < m; a++)
        s->x[jump->index[a]] = jump->x[a];
    return begin(jump, s, 0);
}

static void publish(const struct jump *jump, struct factored *s)
{
    memset(s->x, 0, s->m * sizeof *s->x);
    for (size_t a = 0; a < jump->triangle.count; a++)
        s->x[jump->index[a]] = jump->x[a];
}

/* Some signs disagree: along the way to `to`, cut at zero, as far as the
 * objective falls by enough; at the latest the first zero stops. 0: no way. */
static int shorten(struct jump *jump, struct factored *s, int *idle)
{
    size_t m = jump->triangle.count;
    double first = 1, t = 1;
    for (size_t a = 0; a < m; a++) {
        double to = jump->to[a] * jump->sign[a];
        double at = jump->x[a] * jump->sign[a];
        if (!(to > 0))
            first = fmin(first, at > 0 ? at / (at - to) : 0);
        jump->spare[a] = jump->to[a] - jump->x[a];
    }
    double from = triangle_square(&jump->triangle, jump->spare, jump->scratch);
    int enough = 0;
    for (int halving = 0; halving < MOST_HALVINGS && t > first && !enough;
         halving++, t /= 2)
        enough = cut(jump, t) <= (1 - least_gain) * from;
    if (!enough) {
        cut(jump, first);
        for (size_t a = 0; a < m; a++) /* who stops it is exactly zero */
            if (!(jump->to[a] * jump->sign[a] > 0)) {
                double at = jump->x[a] * jump->sign[a];
                double hit =
                    at > 0 ? at / (at - jump->to[a] * jump->sign[a]) : 0;
                if (hit <= first * (1 + 1e-12))
                    jump->trial[a] = 0;
            }
        *idle += !(first > 0);
    }
    memcpy(jump->x, jump->trial, m * sizeof *jump->x);
    return drop_zeros(jump, s);
}

/* Worst | slope - sign | of the members: rounding of the factor. */
static double member_error(const struct jump *jump, const struct factored *s)
{
    double worst = 0;
    for (size_t a = 0; a < jump->triangle.count; a++) {
        double off = fabs(s->slope[jump->index[a]] - jump->sign[a]);
        if (!(off <= worst)) /* a NaN stays */
            worst = off;
    }
    return worst;
}

/* x and its slopes, refined by the factor until the members' slopes agree with
 * their signs to tolerance. */
static void arrive(struct jump *jump, struct factored *s, double tolerance)
{
    publish(jump, s);
    factored_slope(s);
    for (int round = 0; round < MOST_REFINEMENTS; round++) {
        if (member_error(jump, s) <= tolerance)
            return;
        for (size_t a = 0; a < jump->triangle.count; a++)
            jump->spare[a] =
                s->n * s->lambda * (s->slope[jump->index[a]] - jump->sign[a]);
        triangle_solve(&jump->triangle, jump->spare);
        for (size_t a = 0; a < jump->triangle.count; a++)
            jump->x[a] += jump->spare[a];
        publish(jump, s);
        factored_slope(s);
    }
}

/* The coordinates outside that violate by more than tolerance, only the worst
 * if they are too many to let in at once; *worst over all coordinates. */
static size_t violators(struct jump *jump, const struct factored *s,
                        double tolerance, double *worst)
{
    size_t found = 0, most = jump->triangle.count / 2;
    most = most > LEAST_ENTRY ? most : LEAST_ENTRY;
    /* Near full rank they would only push each other out. */
    size_t count = jump->triangle.count;
    size_t left = s->rank > count ? s->rank - count : 0;
    if (most > left / 2)
        most = left > 2 ? left / 2 : 1;
    *worst = member_error(jump, s);
    for (size_t j = 0; j < s->m; j++) {
        double off = jump->place[j] ? 0 : fabs(s->slope[j]) - 1;
        if (!(off <= *worst)) /* a NaN stays */
            *worst = off;
        if (off > tolerance)
            jump->order[found++] = j;
    }
    while (found > most) { /* raise the bar */
        double mean = 0;
        size_t kept = 0;
        for (size_t c = 0; c < found; c++)
            mean += (fabs(s->slope[jump->order[c]]) - 1) / (double)found;
        for (size_t c = 0; c < found; c++)
            if (fabs(s->slope[jump->order[c]]) - 1 > mean)
                jump->order[kept++] = jump->order[c];
        if (kept == 0 || kept == found) /* all alike */
            return most;
        found = kept;
    }
    return found;
}

/* A factor that has failed is not kept. */
static enum spred_status give_up(struct jump *jump)
{
    jump->triangle.count = 0;
    return SPRED_OK;
}

enum spred_status jump_minimise(struct spred_env *env, struct jump *jump,
                                struct factored *s, int keep, double tolerance,
                                int *done)
{
    int idle = 0;
    *done = 0;
    SPRED_TRY(reserve(env, jump, s));
    if (!begin(jump, s, keep))
        return give_up(jump);
    for (int count = 0; count < MOST_JUMPS && idle < MOST_IDLE; count++) {
        size_t m = jump->triangle.count, wrong = 0;
        aim(jump, s);
        for (size_t a = 0; a < m; a++)
            wrong += !(jump->to[a] * jump->sign[a] > 0);
        if (wrong) {
            if (!shorten(jump, s, &idle))
                return give_up(jump); /* x is published */
            continue;
        }
        double worst;
        memcpy(jump->x, jump->to, m * sizeof *jump->x);
        arrive(jump, s, tolerance);
        size_t more = violators(jump, s, tolerance, &worst);
        if (worst <= tolerance) {
            *done = 1;
            return SPRED_OK;
        }
        if (enter(jump, s, jump->order, more) == 0)
            return give_up(jump);
    }
    publish(jump, s);
    return give_up(jump);
}
