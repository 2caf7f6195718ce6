/* active.h: the active set of one signal: members, their signs and codes, the
 * triangle of their Gram matrix. */
#ifndef SOLVERS_CODING_ACTIVE_H
#define SOLVERS_CODING_ACTIVE_H

#include "solvers/coding/coding_loops.h"
#include "spred/coding.h"

struct coding_active {
    const struct coding_loops *loops;
    size_t n, room;     /* atoms; most members, padded */
    const double *gram; /* n x n */
    struct active_factor factor;
    uint32_t *member;           /* room, in order of entry */
    double *sign, *value;       /* room: of the members; padded with zeros */
    double *right, *to, *cross; /* room: scratch */
    double *g;                  /* n: D'(x - Dz) */
};

enum spred_status coding_active_open(struct spred_env *env,
                                     struct coding_active *a,
                                     const struct spred_coding_shared *shared);
void coding_active_close(struct spred_env *env, struct coding_active *a);

/* No members. */
void coding_active_clear(struct coding_active *a);
/* Atom j enters with a sign and code 0; 0: it depends on the members, or there
 * is no room. */
int coding_active_enter(struct coding_active *a, uint32_t j, double sign);
/* Atom j violates and depends on the members, d_j = D_A z: along the direction
 * that D does not see, e_j - z, which lowers |.|_1, until a code is zero; that
 * member leaves and j enters, until it can. g stays what it is. 0: no such
 * way. */
int coding_active_exchange(struct coding_active *a, uint32_t j, double sign);
/* The member at a position leaves; the others keep their order. */
void coding_active_leave(struct coding_active *a, size_t position);
/* to = the minimiser on the face: G_AA to = c_A - level sign. */
void coding_active_aim(struct coding_active *a, const double *c, double level);
/* g = c - G_A value. */
void coding_active_gradient(struct coding_active *a, const double *c);
/* The gap of the members' codes, g being their gradient, as signal_gap. */
double coding_active_gap(const struct coding_active *a, const double *c,
                         double square, double lambda);

#endif
