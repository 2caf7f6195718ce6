/* coding_certify.c: how far every code is from optimal, proved from the signal,
 * the dictionary and the code alone; products of whole blocks. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "coding_blocks.h"
#include "spred/linalg.h"

/* Over a block's signals, in order: worst of all, sums of the coded ones. */
struct partial {
    double gap, floor;
    size_t certified;
    double objective, squares;
    size_t alive; /* coded signals that are not zero */
};

struct certifier {
    const struct spred_coding *coding;
    const struct spred_codes *codes;
    size_t coded;   /* the first signals; what is after them was not reached */
    double longest; /* largest |d_j| */
    double *room;   /* of all threads */
    size_t room_of_one;
    struct partial *partial; /* of a block */
};

/* What an error of size_i in every r_i moves: sum |r_i| size_i in r'r / 2, sum
 * |x_i| size_i in x'r. */
struct cross {
    double r, x;
};

/* r = x - D z; size_i = |x_i| + sum_j |d_ij z_j|. */
static struct cross residual(const struct certifier *c, size_t i, double *r,
                             double *size)
{
    const struct spred_coding *coding = c->coding;
    const double *x = coding->signals + i * coding->m;
    size_t m = coding->m;
    for (size_t e = 0; e < m; e++) {
        r[e] = x[e];
        size[e] = fabs(x[e]);
    }
    for (size_t at = c->codes->start[i]; at < c->codes->start[i + 1]; at++) {
        const double *d = coding->dictionary + c->codes->atom[at] * m;
        double z = c->codes->value[at];
        for (size_t e = 0; e < m; e++) {
            double term = d[e] * z;
            r[e] -= term;
            size[e] += fabs(term);
        }
    }
    struct cross cross = {0, 0};
    for (size_t e = 0; e < m; e++) {
        cross.r += fabs(r[e]) * size[e];
        cross.x += fabs(x[e]) * size[e];
    }
    return cross;
}

/* One signal: theta = s r, s = clip(x'r / r'r, -t, t), t = lambda / max|D'r|;
 * gap = (1/2)(1 + s^2) r'r - s x'r + lambda |z|_1 (SOLVERS.md section 1). The
 * floor: what k + 1 roundings in every r_i move in P and D, what m roundings in
 * every d_j'r move in D by way of t, the sums themselves, and products that are
 * too small for a number. corr: D'r. */
static void conclude(const struct certifier *c, size_t i, const double *r,
                     struct cross cross, const double *corr,
                     struct partial *out)
{
    const struct spred_coding *coding = c->coding;
    const double *x = coding->signals + i * coding->m;
    double m = (double)coding->m, k = 0, l1 = 0, gauge = 0;
    double rr = 0, xr = 0, xx = 0, sizes = 0, largest = 0;
    for (size_t at = c->codes->start[i]; at < c->codes->start[i + 1]; at++) {
        l1 += fabs(c->codes->value[at]);
        k++;
    }
    for (size_t e = 0; e < coding->m; e++) {
        rr += r[e] * r[e];
        xr += x[e] * r[e];
        sizes += fabs(x[e] * r[e]);
        largest = fmax(largest, fabs(x[e]));
        xx += x[e] * x[e];
    }
    for (size_t j = 0; j < coding->atoms; j++) /* NaN: nothing is feasible */
        gauge = fmax(gauge, isnan(corr[j]) ? INFINITY : fabs(corr[j]));
    double lost = m * DBL_TRUE_MIN; /* of m products that underflow */
    double error = (m + 1) * DBL_EPSILON * c->longest * sqrt(rr + lost) + lost;
    double t = coding->lambda / (gauge + error), s = rr > 0 ? xr / rr : 0;
    s = fmax(-t, fmin(t, s));
    double primal = rr / 2 + coding->lambda * l1;
    double dual = s * xr - s * s * rr / 2;
    double floor =
        (k + 2) * DBL_EPSILON * ((1 + s * s) * cross.r + fabs(s) * cross.x) +
        (m + 4) * DBL_EPSILON * (rr / 2 * (1 + s * s) + fabs(s) * sizes) +
        (k + 3) * DBL_EPSILON * coding->lambda * l1 + 2 * (1 + s * s) * lost;
    if (gauge > 0)
        floor += 2 * fabs(s * (xr - s * rr)) * error / gauge;
    double gap = primal - dual, null = xx / 2;
    int wrong = gap < -floor; /* no dual point is above a primal one */
    if (null >= DBL_MIN) {
        gap /= null;
        floor /= null;
    } else { /* zero, or too small to be squared: then only 0 is certain */
        gap = l1 > 0 || largest > 0 ? INFINITY : 0;
        floor = 0;
    }
    if (wrong || !isfinite(gap) || !isfinite(floor) || !isfinite(primal) ||
        !isfinite(null)) {
        gap = INFINITY;
        floor = 0;
    }
    out->gap = fmax(out->gap, gap);
    out->floor = fmax(out->floor, floor);
    if (i >= c->coded)
        return;
    out->certified += gap + floor <= coding->gap;
    out->objective += primal;
    if (xx > 0) {
        out->squares += rr / xx;
        out->alive++;
    }
}

static enum spred_status certify_block(void *cookie, struct spred_env *env,
                                       size_t thread, size_t index)
{
    struct certifier *c = cookie;
    const struct spred_coding *coding = c->coding;
    size_t first = index * SPRED_CODING_BLOCK, m = coding->m;
    size_t count = coding->n - first;
    struct cross cross[SPRED_CODING_BLOCK];
    (void)env;
    if (count > SPRED_CODING_BLOCK)
        count = SPRED_CODING_BLOCK;
    double *r = c->room + thread * c->room_of_one;
    double *size = r + m * SPRED_CODING_BLOCK, *corr = size + m;
    for (size_t i = 0; i < count; i++)
        cross[i] = residual(c, first + i, r + i * m, size);
    spred_gemm(1, 0, coding->atoms, count, m, 1, coding->dictionary, m, r, m, 0,
               corr, coding->atoms);
    for (size_t i = 0; i < count; i++)
        conclude(c, first + i, r + i * m, cross[i], corr + i * coding->atoms,
                 &c->partial[index]);
    return SPRED_OK;
}

static enum spred_status check_codes(struct spred_env *env,
                                     const struct spred_coding *coding,
                                     const struct spred_codes *codes)
{
    if (codes->n != coding->n || !codes->start || codes->start[0] != 0)
        return spred_fail(env, SPRED_EMISMATCH, "codes of %zu signals for %zu",
                          codes->start ? codes->n : 0, coding->n);
    for (size_t i = 0; i < codes->n; i++) {
        if (codes->start[i + 1] < codes->start[i] ||
            codes->start[i + 1] > codes->room)
            return spred_fail(env, SPRED_EINVAL,
                              "codes of signal %zu: they start at %zu and end "
                              "at %zu of %zu",
                              i + 1, codes->start[i], codes->start[i + 1],
                              codes->room);
        for (size_t at = codes->start[i]; at < codes->start[i + 1]; at++)
            if (codes->atom[at] >= coding->atoms)
                return spred_fail(env, SPRED_EINVAL,
                                  "codes of signal %zu: no atom %zu of %zu",
                                  i + 1, (size_t)codes->atom[at] + 1,
                                  coding->atoms);
    }
    return SPRED_OK;
}

static double longest_atom(const struct spred_coding *coding)
{
    double longest = 0;
    for (size_t j = 0; j < coding->atoms; j++)
        longest = fmax(
            longest, spred_norm(coding->m, coding->dictionary + j * coding->m));
    return longest * (1 + 1e-9);
}

static void sum_up(const struct certifier *c, size_t blocks,
                   struct spred_coding_report *report)
{
    size_t alive = 0;
    double objective = 0, squares = 0, n = (double)c->coded;
    report->certified = 0;
    report->gap = report->floor = 0;
    for (size_t b = 0; b < blocks; b++) {
        const struct partial *part = &c->partial[b];
        report->certified += part->certified;
        report->gap = fmax(report->gap, part->gap);
        report->floor = fmax(report->floor, part->floor);
        objective += part->objective;
        squares += part->squares;
        alive += part->alive;
    }
    report->objective = objective / n; /* nothing coded: not a number */
    report->squares = alive ? squares / (double)alive : n > 0 ? 0 : NAN;
    report->nonzeros = (double)c->codes->start[c->coded] / n;
}

enum spred_status spred_codes_certify_by(struct spred_env *env,
                                         struct spred_pool *pool,
                                         const struct spred_coding *coding,
                                         const struct spred_codes *codes,
                                         struct spred_coding_report *report)
{
    size_t blocks = spred_coding_blocks(coding->n);
    size_t threads = spred_pool_threads(pool);
    struct certifier c = {
        .coding = coding, .codes = codes, .coded = report->coded};
    SPRED_TRY(check_codes(env, coding, codes));
    c.longest = longest_atom(coding);
    c.room_of_one = coding->m * (SPRED_CODING_BLOCK + 1) +
                    coding->atoms * SPRED_CODING_BLOCK;
    c.room = spred_alloc(env, threads * c.room_of_one, sizeof *c.room);
    c.partial = spred_alloc(env, blocks, sizeof *c.partial);
    enum spred_status status = SPRED_ENOMEM;
    if (c.room && c.partial)
        status = spred_coding_run(env, pool, blocks, certify_block, &c);
    if (status == SPRED_OK)
        sum_up(&c, blocks, report);
    spred_free(env, c.room);
    spred_free(env, c.partial);
    return status;
}

enum spred_status spred_codes_certify(struct spred_env *env,
                                      const struct spred_coding *coding,
                                      const struct spred_codes *codes,
                                      struct spred_coding_report *report)
{
    SPRED_TRY(spred_coding_check(env, coding));
    struct spred_pool *pool = NULL;
    report->coded = coding->n;
    if (coding->threads > 1) {
        pool = spred_pool_new(env, coding->threads);
        if (!pool)
            return SPRED_ENOMEM;
    }
    enum spred_status status =
        spred_codes_certify_by(env, pool, coding, codes, report);
    spred_pool_free(pool);
    return status;
}
