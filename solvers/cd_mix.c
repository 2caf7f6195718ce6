/* cd_mix.c: x = sum_k c_k x_k with c = z / sum z, (U'U) z = 1, where column k
 * of U is x_k - x_(k-1). Anderson acceleration in the offline form of Bertrand
 * and Massias 2021, algorithm 2; Scieur, d'Aspremont and Bach 2016. */
#include "cd_mix.h"

#include <math.h>
#include <string.h>

#include "cd_column.h"
#include "spred/linalg.h"

enum { DEPTH = CD_MIX_DEPTH };
const double cd_mix_sound = 100;
/* Added to the diagonal of U'U, relative to its trace. */
static const double regularisation = 1e-13;

enum spred_status cd_mix_start(struct cd_mix *mix, struct spred_env *env,
                               size_t length, size_t head)
{
    if (length > mix->capacity) {
        double *grown = spred_resize(env, mix->kept, length,
                                     (2 * DEPTH + 2) * sizeof *grown);
        if (!grown)
            return SPRED_ENOMEM;
        mix->kept = grown;
        mix->capacity = length;
    }
    mix->length = length;
    mix->head = head;
    mix->count = 0;
    mix->point = mix->kept + (DEPTH + 1) * length;
    mix->move = mix->point + length;
    return SPRED_OK;
}

void cd_mix_free(struct spred_env *env, struct cd_mix *mix)
{
    spred_free(env, mix->kept);
}

/* c (DEPTH); 0: the differences are dependent. */
static int factors(struct cd_mix *mix, double *c)
{
    double u[DEPTH * DEPTH], trace = 0, total = 0;
    size_t head = mix->head, length = mix->length;
    for (size_t a = 0; a < DEPTH; a++) {
        const double *from = mix->kept + a * length, *to = from + length;
        double *move = mix->move + a * head;
        for (size_t i = 0; i < head; i++)
            move[i] = to[i] - from[i];
        for (size_t b = 0; b <= a; b++)
            u[a + b * DEPTH] = cd_dot(head, move, mix->move + b * head);
    }
    for (size_t a = 0; a < DEPTH; a++)
        trace += u[a + a * DEPTH];
    for (size_t a = 0; a < DEPTH; a++) {
        u[a + a * DEPTH] += regularisation * trace;
        c[a] = 1;
    }
    if (!(trace > 0) || spred_cholesky(DEPTH, u, DEPTH) != 0)
        return 0;
    spred_cholesky_solve(DEPTH, 1, u, DEPTH, c, DEPTH);
    for (size_t a = 0; a < DEPTH; a++)
        total += c[a];
    for (size_t a = 0; a < DEPTH; a++)
        c[a] /= total;
    return isfinite(1 / total);
}

int cd_mix_keep(struct cd_mix *mix, const double *iterate)
{
    double c[DEPTH];
    size_t length = mix->length;
    memcpy(mix->kept + mix->count * length, iterate, length * sizeof *iterate);
    if (++mix->count <= DEPTH)
        return 0;
    mix->count = 0;
    if (!factors(mix, c))
        return 0;
    memset(mix->point, 0, length * sizeof *mix->point);
    mix->size = 0;
    for (size_t a = 0; a < DEPTH; a++)
        mix->size += fabs(c[a]);
    for (size_t a = 0; a < DEPTH; a++)
        cd_axpy(length, c[a], mix->kept + (a + 1) * length, mix->point);
    return 1;
}
