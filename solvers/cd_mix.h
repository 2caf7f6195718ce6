/* cd_mix.h: Anderson acceleration of a fixed-point iteration, K = 5. */
#ifndef SOLVERS_CD_MIX_H
#define SOLVERS_CD_MIX_H

#include "spred/env.h"

enum { CD_MIX_DEPTH = 5 };

/* An iterate is `length` values, of which the first `head` are the unknowns;
 * the others (a gradient, a residual) are affine in them, so that they follow
 * any combination whose factors sum to 1. Owned, freed by cd_mix_free. */
struct cd_mix {
    size_t length, head, count, capacity;
    double *kept;  /* (depth + 1) x length: the last iterates */
    double *point; /* length: the extrapolated one */
    double size;   /* sum |c_k| of its factors: they amplify rounding */
    double *move;  /* depth x head: differences */
};

/* Above this size the affine part of a point is to be computed anew. */
extern const double cd_mix_sound;

/* Room for iterates of `length` values; forgets what was kept. */
enum spred_status cd_mix_start(struct cd_mix *mix, struct spred_env *env,
                               size_t length, size_t head);
/* Keeps one iterate (length values). Every sixth call returns 1: mix->point is
 * the extrapolated iterate, and what was kept is forgotten. */
int cd_mix_keep(struct cd_mix *mix, const double *iterate);
void cd_mix_free(struct spred_env *env, struct cd_mix *mix);

#endif
