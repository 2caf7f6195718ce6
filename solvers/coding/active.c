/* active.c: members of one signal's active set come and go. */
#include "solvers/coding/active.h"

#include <math.h>
#include <string.h>

#include "solvers/coding/signal_gap.h"

enum { MOST_EXCHANGES = 4 };
/* Squared sine of the angle below which an atom counts as dependent. */
static const double dependent = 1e-10;

enum spred_status coding_active_open(struct spred_env *env,
                                     struct coding_active *a,
                                     const struct spred_coding_shared *shared)
{
    const struct spred_coding *coding = shared->coding;
    size_t n = coding->atoms, most = n < coding->m ? n : coding->m;
    size_t room = coding_padded(most);
    memset(a, 0, sizeof *a);
    a->loops = coding_loops();
    a->n = n;
    a->room = room;
    a->gram = shared->gram;
    a->factor.lead = room;
    a->factor.rows = spred_alloc(env, 2 * room * room + 2 * room, sizeof *a->g);
    a->member = spred_alloc(env, room, sizeof *a->member);
    a->sign = spred_alloc(env, 5 * room + n, sizeof *a->sign);
    if (!a->factor.rows || !a->member || !a->sign) {
        coding_active_close(env, a);
        return SPRED_ENOMEM;
    }
    a->factor.columns = a->factor.rows + room * room;
    a->factor.scratch = a->factor.columns + room * room;
    a->value = a->sign + room;
    a->right = a->value + room;
    a->to = a->right + room;
    a->cross = a->to + room;
    a->g = a->cross + room;
    return SPRED_OK;
}

void coding_active_close(struct spred_env *env, struct coding_active *a)
{
    spred_free(env, a->factor.rows);
    spred_free(env, a->member);
    spred_free(env, a->sign);
    memset(a, 0, sizeof *a);
}

void coding_active_clear(struct coding_active *a)
{
    a->factor.count = 0;
}

int coding_active_enter(struct coding_active *a, uint32_t j, double sign)
{
    size_t count = a->factor.count;
    const double *column = a->gram + j * a->n;
    if (count == a->room || !(column[j] > 0))
        return 0;
    for (size_t k = 0; k < count; k++)
        a->cross[k] = column[a->member[k]];
    if (a->loops->append(&a->factor, a->cross, column[j], dependent) != 0)
        return 0;
    a->member[count] = j;
    a->sign[count] = sign;
    a->value[count] = 0;
    return 1;
}

void coding_active_leave(struct coding_active *a, size_t position)
{
    size_t after = a->factor.count - position - 1;
    a->loops->remove(&a->factor, position);
    memmove(a->member + position, a->member + position + 1,
            after * sizeof *a->member);
    memmove(a->sign + position, a->sign + position + 1,
            after * sizeof *a->sign);
    memmove(a->value + position, a->value + position + 1,
            after * sizeof *a->value);
}

int coding_active_exchange(struct coding_active *a, uint32_t j, double sign)
{
    const double *column = a->gram + j * a->n;
    double moved = 0;
    for (int count = 0; count < MOST_EXCHANGES; count++) {
        size_t members = a->factor.count, stop = members;
        double least = INFINITY, rate = 1;
        for (size_t k = 0; k < members; k++)
            a->right[k] = column[a->member[k]];
        a->loops->solve(&a->factor, a->right, a->to);
        for (size_t k = 0; k < members; k++) {
            double closing = sign * a->to[k] * a->sign[k];
            double at = fabs(a->value[k]);
            rate -= closing;
            if (closing > 0 && at < least * closing) {
                least = at / closing;
                stop = k;
            }
        }
        if (!(rate < 0) || stop == members)
            return 0;
        for (size_t k = 0; k < members; k++)
            a->value[k] -= least * sign * a->to[k];
        moved += least;
        coding_active_leave(a, stop);
        if (coding_active_enter(a, j, sign)) {
            a->value[a->factor.count - 1] = sign * moved;
            return 1;
        }
    }
    return 0;
}

void coding_active_aim(struct coding_active *a, const double *c, double level)
{
    for (size_t k = 0; k < a->factor.count; k++)
        a->right[k] = c[a->member[k]] - level * a->sign[k];
    a->loops->solve(&a->factor, a->right, a->to);
}

void coding_active_gradient(struct coding_active *a, const double *c)
{
    size_t count = a->factor.count;
    for (size_t k = 0; k < count; k++)
        a->right[k] = -a->value[k];
    a->loops->combine(a->n, a->gram, count, a->member, a->right, c, a->g);
}

double coding_active_gap(const struct coding_active *a, const double *c,
                         double square, double lambda)
{
    double cz = 0, gz = 0, l1 = 0, top = a->loops->largest(a->n, a->g);
    for (size_t k = 0; k < a->factor.count; k++) {
        cz += c[a->member[k]] * a->value[k];
        gz += a->g[a->member[k]] * a->value[k];
        l1 += fabs(a->value[k]);
    }
    return signal_gap(square, cz, gz, l1, top, lambda);
}
