/* simulate.c: genes in correlated blocks, or independent columns; an outcome
 * with a known truth. */
#include "spred/simulate.h"

#include <math.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "spred/rng.h"

static int in_blocks(const struct spred_simulation *s)
{
    return s->kind == SPRED_SIMULATE_BLOCKS ||
           s->kind == SPRED_SIMULATE_PLANTED;
}

static enum spred_status check(struct spred_env *env,
                               const struct spred_simulation *s)
{
    if (s->n < 2 || s->p < 1 || s->n > SIZE_MAX / 16 / s->p)
        return spred_fail(env, SPRED_EINVAL,
                          "simulation: %zu x %zu, expected at least 2 samples "
                          "and 1 gene",
                          s->n, s->p);
    if (!in_blocks(s)) {
        if (s->density >= 0 && s->density <= 1 && s->noise >= 0 &&
            isfinite(s->noise))
            return SPRED_OK;
        return spred_fail(env, SPRED_EINVAL,
                          "simulation: density %g and noise %g, expected a "
                          "share and a standard deviation",
                          s->density, s->noise);
    }
    if (s->blocks > s->p || s->k > s->p)
        return spred_fail(env, SPRED_EINVAL,
                          "simulation: blocks %zu and k %zu, expected at most "
                          "p = %zu",
                          s->blocks, s->k, s->p);
    if (s->kind == SPRED_SIMULATE_PLANTED &&
        (s->k % SPRED_PLANTED_SET || (s->blocks && s->k > s->blocks)))
        return spred_fail(env, SPRED_EINVAL,
                          "simulation: k %zu, expected a multiple of %d and at "
                          "most one planted gene in each of %zu blocks",
                          s->k, SPRED_PLANTED_SET, s->blocks);
    if (!(s->rho_min >= 0 && s->rho_min <= s->rho_max && s->rho_max < 1))
        return spred_fail(env, SPRED_EINVAL,
                          "simulation: rho [%g, %g], expected 0 <= min <= max "
                          "< 1",
                          s->rho_min, s->rho_max);
    if (!(s->snr > 0 && isfinite(s->snr)))
        return spred_fail(env, SPRED_EINVAL,
                          "simulation: snr %g, expected a positive number",
                          s->snr);
    if (s->classes == 1 || s->classes > s->n)
        return spred_fail(env, SPRED_EINVAL,
                          "simulation: %zu classes, expected 0 (a real "
                          "outcome) or 2 to n = %zu",
                          s->classes, s->n);
    return SPRED_OK;
}

/* x_ij = sqrt(rho_b) f_ib + sqrt(1 - rho_b) e_ij, so var 1 and correlation
 * rho_b inside block b; block of gene j: floor(j blocks / p). */
static void fill(const struct spred_simulation *s, struct spred_rng *rng,
                 double *factor, double *x)
{
    size_t current = SIZE_MAX;
    double shared = 0, own = 1;
    for (size_t j = 0; j < s->p; j++) {
        size_t block = s->blocks ? j * s->blocks / s->p : 0;
        if (s->blocks && block != current) {
            current = block;
            double rho =
                s->rho_min + (s->rho_max - s->rho_min) * spred_rng_uniform(rng);
            shared = sqrt(rho);
            own = sqrt(1 - rho);
            for (size_t i = 0; i < s->n; i++)
                factor[i] = spred_rng_normal(rng);
        }
        for (size_t i = 0; i < s->n; i++)
            x[i + j * s->n] = own * spred_rng_normal(rng) +
                              (s->blocks ? shared * factor[i] : 0);
    }
}

static double variance(const double *v, size_t n)
{
    double mean = 0, sum = 0;
    for (size_t i = 0; i < n; i++)
        mean += v[i] / (double)n;
    for (size_t i = 0; i < n; i++)
        sum += (v[i] - mean) * (v[i] - mean);
    return sum / (double)n;
}

/* x_ij = scale N(0, 1). */
static void fill_iid(size_t count, double scale, struct spred_rng *rng,
                     double *x)
{
    for (size_t i = 0; i < count; i++)
        x[i] = scale * spred_rng_normal(rng);
}

/* y = X w, in gene order: one sum, one result. */
static void respond(const struct spred_simulation *s, const double *x,
                    const double *w, double *y)
{
    for (size_t j = 0; j < s->p; j++)
        for (size_t i = 0; (w[j] < 0 || w[j] > 0) && i < s->n; i++)
            y[i] += w[j] * x[i + j * s->n];
}

/* w_j = N(0, 1) with probability density, else 0; y = X w + noise N(0, 1). */
static void effects_iid(const struct spred_simulation *s, struct spred_rng *rng,
                        const double *x, double *w, double *y)
{
    for (size_t j = 0; j < s->p; j++)
        if (s->density >= 1 || spred_rng_uniform(rng) < s->density)
            w[j] = spred_rng_normal(rng);
    respond(s, x, w, y);
    for (size_t i = 0; i < s->n; i++)
        y[i] += s->noise * spred_rng_normal(rng);
}

/* k effects +-uniform(.5, 1.5) on genes drawn without replacement; y = X w. */
static void effects(const struct spred_simulation *s, struct spred_rng *rng,
                    size_t *order, const double *x, double *w, double *y)
{
    for (size_t j = 0; j < s->p; j++)
        order[j] = j;
    spred_rng_shuffle(rng, order, s->p);
    for (size_t a = 0; a < s->k; a++) {
        double size = .5 + spred_rng_uniform(rng);
        w[order[a]] = spred_rng_uniform(rng) < .5 ? -size : size;
    }
    respond(s, x, w, y);
}

/* The gene of planted effect a: one drawn from the a-th block of a random
 * order. order has room for all blocks. */
static void plant(const struct spred_simulation *s, struct spred_rng *rng,
                  size_t *order)
{
    size_t places = s->blocks ? s->blocks : s->p;
    for (size_t b = 0; b < places; b++)
        order[b] = b;
    spred_rng_shuffle(rng, order, places);
    for (size_t a = 0; s->blocks && a < s->k; a++) {
        /* genes of block b: ceil(b p / blocks) to the next block's first */
        size_t first = (order[a] * s->p + s->blocks - 1) / s->blocks;
        size_t last = ((order[a] + 1) * s->p + s->blocks - 1) / s->blocks;
        order[a] = first + spred_rng_below(rng, last - first);
    }
}

/* y = sum over sets of a + (b^2 - 1)/sqrt(2) + sin(2c) sqrt(2/(1 - e^-8))
 *     + d e. */
static void effects_planted(const struct spred_simulation *s,
                            struct spred_rng *rng, size_t *order,
                            const double *x, double *w, double *y)
{
    const double wave = sqrt(2 / (1 - exp(-8)));
    plant(s, rng, order);
    for (size_t k = 0; k < s->k; k += SPRED_PLANTED_SET) {
        const double *gene[SPRED_PLANTED_SET];
        for (size_t a = 0; a < SPRED_PLANTED_SET; a++) {
            w[order[k + a]] = 1;
            gene[a] = x + order[k + a] * s->n;
        }
        for (size_t i = 0; i < s->n; i++)
            y[i] += gene[0][i] + (gene[1][i] * gene[1][i] - 1) / sqrt(2) +
                    wave * sin(2 * gene[2][i]) + gene[3][i] * gene[4][i];
    }
}

/* Noise scaled so that its variance in this sample is var(y) / snr exactly;
 * without effects it is standard normal. */
static void add_noise(const struct spred_simulation *s, struct spred_rng *rng,
                      double *noise, double *y)
{
    double signal = variance(y, s->n);
    for (size_t i = 0; i < s->n; i++)
        noise[i] = spred_rng_normal(rng);
    double scale =
        signal > 0 ? sqrt(signal / s->snr / variance(noise, s->n)) : 1;
    for (size_t i = 0; i < s->n; i++)
        y[i] += scale * noise[i];
}

struct ranked {
    double y;
    size_t sample;
};

static int compare(const void *a, const void *b)
{
    const struct ranked *left = a, *right = b;
    if (left->y < right->y)
        return -1;
    if (left->y > right->y)
        return 1;
    return (left->sample > right->sample) - (left->sample < right->sample);
}

static enum spred_status class_target(struct spred_env *env,
                                      const struct spred_simulation *s,
                                      const double *y,
                                      struct spred_target *target)
{
    target->kind = SPRED_TARGET_CLASS;
    target->name = spred_strdup(env, "class");
    target->codes = spred_alloc(env, s->n, sizeof *target->codes);
    target->levels = spred_alloc(env, s->classes, sizeof *target->levels);
    struct ranked *ranks = spred_alloc(env, s->n, sizeof *ranks);
    int ok = target->name && target->codes && target->levels && ranks;
    target->n_levels = target->levels ? s->classes : 0;
    for (size_t c = 0; ok && c < s->classes; c++)
        ok = (target->levels[c] = spred_format(env, "Q%zu", c + 1)) != NULL;
    if (ok) {
        for (size_t i = 0; i < s->n; i++)
            ranks[i] = (struct ranked){y[i], i};
        qsort(ranks, s->n, sizeof *ranks, compare);
        for (size_t i = 0; i < s->n; i++)
            target->codes[ranks[i].sample] = (int32_t)(i * s->classes / s->n);
    }
    spred_free(env, ranks);
    return ok ? SPRED_OK : SPRED_ENOMEM;
}

static enum spred_status describe(struct spred_env *env,
                                  const struct spred_simulation *s,
                                  struct spred_data *out)
{
    out->name = spred_format(env, "simulated-%zux%zu", s->n, s->p);
    if (in_blocks(s))
        out->source = spred_format(
            env,
            "simulated: %sn=%zu p=%zu blocks=%zu rho=[%g,%g] k=%zu "
            "snr=%g classes=%zu "
            "seed=%llu",
            s->kind == SPRED_SIMULATE_PLANTED ? "planted " : "", s->n, s->p,
            s->blocks, s->rho_min, s->rho_max, s->k, s->snr, s->classes,
            (unsigned long long)s->seed);
    else
        out->source = spred_format(
            env,
            "simulated: X iid N(0, %s) n=%zu p=%zu density=%g noise=%g "
            "seed=%llu",
            s->kind == SPRED_SIMULATE_IID ? "1" : "1/p", s->n, s->p, s->density,
            s->noise, (unsigned long long)s->seed);
    out->note = spred_strdup(env, "simulated data with a known truth");
    out->features = spred_alloc(env, s->p, sizeof *out->features);
    out->symbols = spred_alloc(env, s->p, sizeof *out->symbols);
    out->samples = spred_alloc(env, s->n, sizeof *out->samples);
    int ok = out->name && out->source && out->note && out->features &&
             out->symbols && out->samples;
    for (size_t j = 0; ok && j < s->p; j++) {
        out->features[j] = spred_format(env, "g%zu", j + 1);
        out->symbols[j] = spred_strdup(env, "");
        ok = out->features[j] && out->symbols[j];
    }
    for (size_t i = 0; ok && i < s->n; i++)
        ok = (out->samples[i] = spred_format(env, "s%zu", i + 1)) != NULL;
    return ok ? SPRED_OK : SPRED_ENOMEM;
}

/* The simulated bytes stand for the source: X, then y. */
static enum spred_status content_hash(struct spred_env *env,
                                      const struct spred_simulation *s,
                                      const double *y, struct spred_data *out)
{
    /* y is cut into classes later: how many is part of the content. */
    char hex[3 * SPRED_HEX_SIZE];
    size_t digits = SPRED_HEX_SIZE - 1, classes = s->classes;
    spred_sha256(out->x.f64, s->n * s->p * sizeof(double), hex);
    spred_sha256(y, s->n * sizeof(double), hex + digits);
    snprintf(hex + 2 * digits, SPRED_HEX_SIZE, "%zu", classes);
    spred_sha256(hex, strlen(hex), out->hash);
    return spred_check_cancel(env);
}

static enum spred_status make(struct spred_env *env,
                              const struct spred_simulation *s,
                              struct spred_rng *rng, struct spred_data *out)
{
    double *work = spred_alloc(env, s->n, sizeof *work);
    double *y = spred_alloc(env, s->n, sizeof *y);
    size_t *order = spred_alloc(env, s->p, sizeof *order);
    out->truth = spred_alloc(env, s->p, sizeof *out->truth);
    out->targets = spred_alloc(env, 1, sizeof *out->targets);
    enum spred_status status = SPRED_ENOMEM;
    if (work && y && order && out->truth && out->targets &&
        spred_matrix_new(env, SPRED_F64, s->n, s->p, 0, &out->x) == SPRED_OK &&
        describe(env, s, out) == SPRED_OK) {
        out->simulated = 1;
        out->n_targets = 1;
        size_t classes = 0;
        if (in_blocks(s)) {
            fill(s, rng, work, out->x.f64);
            if (s->kind == SPRED_SIMULATE_PLANTED)
                effects_planted(s, rng, order, out->x.f64, out->truth, y);
            else
                effects(s, rng, order, out->x.f64, out->truth, y);
            add_noise(s, rng, work, y);
            classes = s->classes;
        } else {
            double variance_of_x =
                s->kind == SPRED_SIMULATE_IID ? 1 : 1 / (double)s->p;
            fill_iid(s->n * s->p, sqrt(variance_of_x), rng, out->x.f64);
            effects_iid(s, rng, out->x.f64, out->truth, y);
        }
        status = content_hash(env, s, y, out);
        struct spred_target *target = out->targets;
        if (status == SPRED_OK && classes) {
            status = class_target(env, s, y, target);
        } else if (status == SPRED_OK) {
            target->kind = SPRED_TARGET_REAL;
            target->name = spred_strdup(env, "y");
            target->values = y;
            y = NULL;
            status = target->name ? SPRED_OK : SPRED_ENOMEM;
        }
    }
    spred_free(env, work);
    spred_free(env, y);
    spred_free(env, order);
    return status;
}

enum spred_status spred_simulate(struct spred_env *env,
                                 const struct spred_simulation *s,
                                 struct spred_data *out)
{
    memset(out, 0, sizeof *out);
    SPRED_TRY(check(env, s));
    struct spred_rng *rng = spred_rng_new(env, s->seed);
    if (!rng)
        return SPRED_ENOMEM;
    enum spred_status status = make(env, s, rng, out);
    spred_rng_free(rng);
    if (status != SPRED_OK) {
        spred_data_free(env, out);
        memset(out, 0, sizeof *out);
    }
    return status;
}
