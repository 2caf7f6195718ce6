/* problems.h: random small problems for the numeric tests, of every loss,
 * penalty, storage and shape. */
#ifndef SPRED_TEST_PROBLEMS_H
#define SPRED_TEST_PROBLEMS_H

#include "test.h"

#include "spred/host.h"
#include "spred/rng.h"

struct recipe {
    size_t n, p, classes;          /* classes: for multinomial */
    const struct spred_loss *loss; /* NULL: squared */
    double l1_ratio;               /* 0: 1 */
    int weights, intercept;
    enum spred_storage storage;
    double correlation; /* share of a common factor in every column */
    double offset;      /* added to every raw column */
    int levels;         /* > 0: integer X and y in -levels..levels */
    int degenerate;     /* duplicates, constants and sums among the columns */
    int standardize;    /* means and scales carried by the design */
    double noise;       /* of the response; 0: 0.5 */
    size_t group;       /* > 0: group penalty, groups of 1..group features */
    int over;           /* the groups run over the outputs */
    int factors;        /* >= 3: power penalty */
};

struct sample {
    struct spred_env env;
    struct spred_matrix dense, matrix; /* f64, and the asked storage */
    double *y, *weights, *mean, *scale;
    int32_t *codes;
    size_t *first; /* p + 1, then p members */
    struct spred_groups groups;
    struct spred_problem problem;
    enum spred_status status; /* of spred_problem_init */
};

static inline double draw(struct spred_rng *rng, const struct recipe *recipe)
{
    if (recipe->levels > 0)
        return (double)spred_rng_below(rng, 2 * (size_t)recipe->levels + 1) -
               recipe->levels;
    return spred_rng_normal(rng);
}

static inline void fill_columns(struct sample *s, const struct recipe *recipe,
                                struct spred_rng *rng)
{
    size_t n = recipe->n;
    double *x = s->dense.f64;
    for (size_t i = 0; i < n; i++) {
        double common = draw(rng, recipe), rho = recipe->correlation;
        for (size_t j = 0; j < recipe->p; j++)
            x[i + j * n] = (rho > 0 ? rho * common : 0) + draw(rng, recipe) +
                           recipe->offset;
    }
    for (size_t j = 0; j < recipe->p && recipe->degenerate; j++) {
        size_t kind = spred_rng_below(rng, 8);
        size_t from = spred_rng_below(rng, recipe->p);
        size_t other = spred_rng_below(rng, recipe->p);
        for (size_t i = 0; i < n; i++)
            if (kind == 0)
                x[i + j * n] = x[i + from * n];
            else if (kind == 1)
                x[i + j * n] = -x[i + from * n];
            else if (kind == 2)
                x[i + j * n] = 1;
            else if (kind == 3)
                x[i + j * n] = x[i + from * n] + x[i + other * n];
    }
    if (recipe->storage == SPRED_CSC && recipe->levels == 0)
        for (size_t e = 0; e < n * recipe->p; e++)
            if (spred_rng_uniform(rng) < 0.6)
                x[e] = 0;
}

static inline void fill_response(struct sample *s, const struct recipe *recipe,
                                 struct spred_rng *rng)
{
    size_t n = recipe->n, k = recipe->classes ? recipe->classes : 2;
    double noise = recipe->noise > 0 ? recipe->noise : 0.5;
    for (size_t i = 0; i < n; i++) {
        double signal = 0;
        for (size_t j = 0; j < recipe->p && j < 5; j++)
            signal += (j % 2 ? -1 : 1) * s->dense.f64[i + j * n];
        double value = recipe->levels ? draw(rng, recipe) + signal
                                      : signal + noise * draw(rng, recipe) + 2;
        s->y[i] = value;
        s->codes[i] = (int32_t)(i < k ? i
                                : spred_rng_uniform(rng) < 0.3
                                    ? spred_rng_below(rng, k)
                                    : (size_t)(fabs(signal) * 1.3) % k);
        if (recipe->loss == &spred_loss_logistic)
            s->y[i] =
                i < 2
                    ? (i ? 1 : -1)
                    : (signal + noise * 2 * spred_rng_normal(rng) > 0 ? 1 : -1);
    }
}

/* Column means and 1 / standard deviations, 0 for a constant column. */
static inline void standardize(struct sample *s)
{
    size_t n = s->dense.rows;
    for (size_t j = 0; j < s->dense.cols; j++) {
        double sum = 0, square = 0;
        for (size_t i = 0; i < n; i++)
            sum += s->dense.f64[i + j * n];
        s->mean[j] = sum / (double)n;
        for (size_t i = 0; i < n; i++)
            square += pow(s->dense.f64[i + j * n] - s->mean[j], 2);
        double deviation = sqrt(square / (double)n);
        s->scale[j] =
            deviation > 1e-12 * (1 + fabs(s->mean[j])) ? 1 / deviation : 0;
    }
}

/* A random partition into groups of 1..recipe->group scattered features. */
static inline void fill_groups(struct sample *s, const struct recipe *recipe,
                               struct spred_rng *rng)
{
    size_t p = recipe->p, *first = s->first, *member = first + p + 1, at = 0;
    size_t count = 0;
    for (size_t j = 0; j < p; j++) { /* shuffled from the inside */
        size_t other = spred_rng_below(rng, j + 1);
        member[j] = member[other];
        member[other] = j;
    }
    while (at < p) {
        size_t size = 1 + spred_rng_below(rng, recipe->group);
        at = at + size < p ? at + size : p;
        first[++count] = at;
    }
    s->groups = (struct spred_groups){count, first, member};
}

static inline void fill_penalty(struct sample *s, const struct recipe *recipe)
{
    struct spred_penalty *penalty = &s->problem.penalty;
    penalty->l1_ratio = recipe->l1_ratio > 0 ? recipe->l1_ratio : 1;
    penalty->weights = recipe->weights ? s->weights : NULL;
    if (recipe->group > 0) {
        penalty->kind = SPRED_PENALTY_GROUP;
        penalty->groups = recipe->group > 1 ? &s->groups : NULL;
        penalty->over_outputs = recipe->over;
    } else if (recipe->factors) {
        penalty->kind = SPRED_PENALTY_POWER;
        penalty->factors = recipe->factors;
    }
}

/* The parts live in *s: it must not move. status says whether the problem is
 * one (a degenerate draw may leave nothing to explain). */
static inline void sample_make(struct sample *s, const struct recipe *recipe,
                               uint64_t seed)
{
    memset(s, 0, sizeof *s);
    spred_env_init(&s->env);
    struct spred_rng *rng = spred_rng_new(&s->env, seed);
    size_t n = recipe->n, p = recipe->p;
    assert_ok(&s->env,
              spred_matrix_new(&s->env, SPRED_F64, n, p, 0, &s->dense));
    s->y = spred_alloc(&s->env, n + 3 * p, sizeof *s->y);
    s->weights = s->y + n;
    s->mean = s->weights + p;
    s->scale = s->mean + p;
    s->codes = spred_alloc(&s->env, n, sizeof *s->codes);
    s->first = spred_alloc(&s->env, 2 * p + 1, sizeof *s->first);
    fill_columns(s, recipe, rng);
    if (recipe->storage == SPRED_F32) /* y is made from the rounded values */
        for (size_t e = 0; e < n * p; e++)
            s->dense.f64[e] = (double)(float)s->dense.f64[e];
    fill_response(s, recipe, rng);
    standardize(s);
    for (size_t j = 0; j < p; j++)
        s->weights[j] = 0.5 + 1.5 * spred_rng_uniform(rng);
    if (recipe->group > 1)
        fill_groups(s, recipe, rng);
    spred_rng_free(rng);
    assert_ok(&s->env, spred_matrix_convert(&s->env, &s->dense, recipe->storage,
                                            &s->matrix));
    struct spred_problem *problem = &s->problem;
    problem->x.matrix = &s->matrix;
    problem->x.mean = recipe->standardize ? s->mean : NULL;
    problem->x.scale = recipe->standardize ? s->scale : NULL;
    problem->n = n;
    problem->p = p;
    problem->loss = recipe->loss ? recipe->loss : &spred_loss_squared;
    int multi = problem->loss == &spred_loss_multinomial;
    problem->outputs = multi ? (recipe->classes ? recipe->classes : 2) : 1;
    problem->y = multi ? NULL : s->y;
    problem->codes = multi ? s->codes : NULL;
    fill_penalty(s, recipe);
    problem->intercept = recipe->intercept;
    s->status = spred_problem_init(&s->env, problem);
}

static inline void sample_free(struct sample *s)
{
    spred_matrix_free(&s->env, &s->matrix);
    spred_matrix_free(&s->env, &s->dense);
    spred_free(&s->env, s->y);
    spred_free(&s->env, s->codes);
    spred_free(&s->env, s->first);
}

/* "logistic en weights intercept f32 30 x 8 seed 3" for failure messages. */
static inline const char *recipe_text(const struct recipe *recipe,
                                      uint64_t seed, char *text, size_t size)
{
    static const char *const storages[] = {"f64", "f32", "csc"};
    static const char *const kinds[] = {"", " group", " over", " power"};
    int kind = recipe->factors ? 3 : recipe->group ? 1 + recipe->over : 0;
    snprintf(text, size, "%s%s%s%s%s %s%s%s %zu x %zu seed %d",
             recipe->loss ? recipe->loss->name : "squared", kinds[kind],
             recipe->l1_ratio > 0 && recipe->l1_ratio < 1 ? " en" : "",
             recipe->weights ? " weights" : "",
             recipe->intercept ? " intercept" : "", storages[recipe->storage],
             recipe->degenerate ? " degenerate" : "",
             recipe->levels ? " integer" : "", recipe->n, recipe->p, (int)seed);
    return text;
}

#endif
