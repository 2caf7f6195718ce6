/* dead.h: which channels of a network matter, and what the others emit. */
#ifndef SOLVERS_NN_DEAD_H
#define SOLVERS_NN_DEAD_H

#include "solvers/nn/products.h"

/* What one layer hands to the next: port l goes into layer l. A unit without a
 * picture is a channel of one pixel. */
struct nn_port {
    size_t channels, first; /* channel c is the network's channel first + c */
};

/* Channels of all ports. Those that keep or lose a channel together (through
 * layers that work channel by channel, and additions) are one family. */
struct nn_dead {
    const struct nn *nn; /* plain: no gates, no factors, order of the data */
    struct nn_port ports[NN_MAX_BRANCHES][NN_MAX_LAYERS + 1];
    size_t count;
    unsigned char *fixed; /* count: the same value for every x and pixel */
    double *value;        /* count: that value */
    size_t *parent;       /* count: towards the family's head */
    unsigned char *kept;  /* count: at the head */
};

/* Ports and families; then nn_dead_fix and nn_dead_keep. Free also what failed.
 */
enum spred_status nn_dead_make(struct spred_env *env, struct nn_dead *dead,
                               const struct nn *nn);
void nn_dead_free(struct spred_env *env, struct nn_dead *dead);

/* fixed and value, from the inputs on. */
void nn_dead_fix(struct nn_dead *dead);
/* Whether channel c, which goes into a layer of weights, is a constant that its
 * bias can hold: padding makes any but 0 differ at the border. */
int nn_dead_folds(const struct nn_dead *dead, const struct nn_unit *u,
                  size_t c);
/* The channel that stands for all constants that the bias of this layer cannot
 * hold: they become multiples of it. NN_NONE: there are none. */
size_t nn_dead_stand_in(const struct nn_dead *dead, const struct nn_unit *u);
/* kept: what the outputs depend on, and one channel of every layer at least.
 * Inputs: those that are read; pictures: all. */
void nn_dead_keep(struct nn_dead *dead);

int nn_dead_kept(const struct nn_dead *dead, size_t branch, size_t port,
                 size_t c);

#endif
