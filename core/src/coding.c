/* coding.c: codes many signals by one method: what they share is made once,
 * blocks of 256 signals go to threads, every code is certified afterwards. */
#include "spred/coding.h"

#include <pthread.h>
#include <string.h>

#include "coding_blocks.h"
#include "spred/linalg.h"
#include "spred/lipschitz.h"

/* Sides of a Gram matrix up to which its largest eigenvalue is bounded by
 * powers, not by the trace. */
enum { SIDE_MAX = 400 };

/* The codes of a block, where it was done. */
struct part {
    size_t count; /* signals */
    size_t nonzeros;
    size_t *end; /* count: nonzeros of the block up to and with a signal */
    uint32_t *atom;
    double *value;
};

struct job {
    const struct spred_coder *coder;
    const struct spred_coding *coding;
    struct spred_coding_shared shared;
    void **work;          /* of a thread */
    double **room;        /* of a thread: correlations, z */
    long *steps;          /* of a thread */
    struct part *part;    /* of a block */
    pthread_mutex_t lock; /* of the allocator */
    double begin;
};

void spred_codes_free(struct spred_env *env, struct spred_codes *codes)
{
    if (!codes)
        return;
    spred_free(env, codes->start);
    spred_free(env, codes->atom);
    spred_free(env, codes->value);
    memset(codes, 0, sizeof *codes);
}

/* An upper bound on the largest eigenvalue of D'D, through the smaller of D'D
 * and DD'. */
static enum spred_status largest(struct spred_env *env,
                                 const struct spred_coding *coding, double *out)
{
    size_t m = coding->m, atoms = coding->atoms, side = m < atoms ? m : atoms;
    const double *d = coding->dictionary;
    if (side > SIDE_MAX) {
        *out = spred_dot(m * atoms, d, d) * (1 + 1e-9);
        return SPRED_OK;
    }
    double *g = spred_alloc(env, 2 * side * side, sizeof *g);
    if (!g)
        return SPRED_ENOMEM;
    if (m < atoms)
        spred_gemm(0, 1, m, m, atoms, 1, d, m, d, m, 0, g, m);
    else
        spred_gemm(1, 0, atoms, atoms, m, 1, d, m, d, m, 0, g, atoms);
    *out = spred_largest_eigenvalue(side, g, g + side * side);
    spred_free(env, g);
    return SPRED_OK;
}

/* D'D, whole. */
static double *gram(struct spred_env *env, const struct spred_coding *coding)
{
    size_t atoms = coding->atoms;
    double *g = spred_alloc(env, atoms * atoms, sizeof *g);
    if (!g)
        return NULL;
    spred_syrk(atoms, coding->m, 1, coding->dictionary, coding->m, 0, g, atoms);
    for (size_t j = 0; j < atoms; j++)
        for (size_t i = 0; i < j; i++)
            g[i + j * atoms] = g[j + i * atoms];
    return g;
}

/* The nonzeros of z (atoms x count) become the block's codes. */
static enum spred_status keep(struct job *job, struct spred_env *env,
                              struct part *part, const double *z)
{
    size_t atoms = job->coding->atoms, found = 0;
    for (size_t e = 0; e < part->count * atoms; e++)
        found += !(z[e] >= 0 && z[e] <= 0);
    pthread_mutex_lock(&job->lock);
    part->end = spred_alloc(env, part->count, sizeof *part->end);
    part->atom = spred_alloc(env, found, sizeof *part->atom);
    part->value = spred_alloc(env, found, sizeof *part->value);
    pthread_mutex_unlock(&job->lock);
    if (!part->end || !part->atom || !part->value)
        return SPRED_ENOMEM;
    size_t at = 0;
    for (size_t i = 0; i < part->count; i++) {
        const double *column = z + i * atoms;
        for (size_t j = 0; j < atoms; j++)
            if (!(column[j] >= 0 && column[j] <= 0)) {
                part->atom[at] = (uint32_t)j;
                part->value[at++] = column[j];
            }
        part->end[i] = at;
    }
    part->nonzeros = at;
    return SPRED_OK;
}

static enum spred_status code_block(void *cookie, struct spred_env *env,
                                    size_t thread, size_t index)
{
    struct job *job = cookie;
    const struct spred_coding *coding = job->coding;
    size_t first = index * SPRED_CODING_BLOCK, count = coding->n - first;
    size_t m = coding->m, atoms = coding->atoms;
    struct part *part = &job->part[index];
    if (count > SPRED_CODING_BLOCK)
        count = SPRED_CODING_BLOCK;
    if (coding->wall > 0 && spred_coding_now() - job->begin >= coding->wall)
        return SPRED_OK; /* not reached */
    double *correlations = job->room[thread];
    double *z = correlations + atoms * SPRED_CODING_BLOCK;
    memset(z, 0, atoms * count * sizeof *z);
    spred_gemm(1, 0, atoms, count, m, 1, coding->dictionary, m,
               coding->signals + first * m, m, 0, correlations, atoms);
    SPRED_TRY(job->coder->code(env, job->work[thread], first, count,
                               correlations, z, &job->steps[thread]));
    part->count = count;
    return keep(job, env, part, z);
}

/* Blocks before the first that was not reached are one behind the other; what
 * came after it is dropped, so that the coded signals are the first ones. */
static enum spred_status gather(struct spred_env *env, const struct job *job,
                                struct spred_codes *codes, size_t *coded)
{
    size_t n = job->coding->n, blocks = spred_coding_blocks(n), total = 0;
    for (size_t b = 0; b < blocks && job->part[b].count; b++)
        total += job->part[b].nonzeros;
    codes->n = n;
    codes->start = spred_alloc(env, n + 1, sizeof *codes->start);
    codes->atom = spred_alloc(env, total, sizeof *codes->atom);
    codes->value = spred_alloc(env, total, sizeof *codes->value);
    if (!codes->start || !codes->atom || !codes->value)
        return SPRED_ENOMEM;
    codes->room = total;
    size_t i = 0, at = 0;
    for (size_t b = 0; b < blocks && job->part[b].count; b++) {
        const struct part *part = &job->part[b];
        memcpy(codes->atom + at, part->atom,
               part->nonzeros * sizeof *part->atom);
        memcpy(codes->value + at, part->value,
               part->nonzeros * sizeof *part->value);
        for (size_t s = 0; s < part->count; s++)
            codes->start[++i] = at + part->end[s];
        at += part->nonzeros;
    }
    *coded = i;
    while (i < n)
        codes->start[++i] = at;
    return SPRED_OK;
}

static void free_job(struct spred_env *env, struct job *job, size_t threads)
{
    for (size_t t = 0; job->work && t < threads; t++)
        if (job->work[t])
            job->coder->close(env, job->work[t]);
    for (size_t t = 0; job->room && t < threads; t++)
        spred_free(env, job->room[t]);
    size_t blocks = spred_coding_blocks(job->coding->n);
    for (size_t b = 0; job->part && b < blocks; b++) {
        spred_free(env, job->part[b].end);
        spred_free(env, job->part[b].atom);
        spred_free(env, job->part[b].value);
    }
    spred_free(env, job->work);
    spred_free(env, job->room);
    spred_free(env, job->steps);
    spred_free(env, job->part);
    spred_free(env, (void *)job->shared.gram);
    pthread_mutex_destroy(&job->lock);
}

/* What all signals share, and what every thread needs. */
static enum spred_status prepare(struct spred_env *env, struct job *job,
                                 const void *options, size_t threads)
{
    const struct spred_coding *coding = job->coding;
    job->work = spred_alloc(env, threads, sizeof *job->work);
    job->room = spred_alloc(env, threads, sizeof *job->room);
    job->steps = spred_alloc(env, threads, sizeof *job->steps);
    job->part =
        spred_alloc(env, spred_coding_blocks(coding->n), sizeof *job->part);
    if (!job->work || !job->room || !job->steps || !job->part)
        return SPRED_ENOMEM;
    job->shared.coding = coding;
    if (job->coder->wants_lipschitz)
        SPRED_TRY(largest(env, coding, &job->shared.lipschitz));
    if (job->coder->wants_gram) {
        job->shared.gram = gram(env, coding);
        if (!job->shared.gram)
            return SPRED_ENOMEM;
    }
    size_t size = 2 * coding->atoms * SPRED_CODING_BLOCK;
    for (size_t t = 0; t < threads; t++) {
        job->room[t] = spred_alloc(env, size, sizeof **job->room);
        if (!job->room[t])
            return SPRED_ENOMEM;
        job->work[t] = job->coder->open(env, options, &job->shared);
        if (!job->work[t])
            return SPRED_ENOMEM;
    }
    return SPRED_OK;
}

static enum spred_status run(struct spred_env *env, struct job *job,
                             struct spred_pool *pool, const void *options,
                             struct spred_codes *codes,
                             struct spred_coding_report *report)
{
    size_t threads = spred_pool_threads(pool);
    int before = spred_blas_threads(1);
    job->begin = spred_coding_now();
    enum spred_status status = prepare(env, job, options, threads);
    spred_blas_threads(before);
    SPRED_TRY(status);
    SPRED_TRY(spred_coding_run(env, pool, spred_coding_blocks(job->coding->n),
                               code_block, job));
    SPRED_TRY(gather(env, job, codes, &report->coded));
    report->seconds = spred_coding_now() - job->begin;
    for (size_t t = 0; t < threads; t++)
        report->steps += job->steps[t];
    SPRED_TRY(spred_codes_certify_by(env, pool, job->coding, codes, report));
    report->seconds_certify = spred_coding_now() - job->begin - report->seconds;
    return SPRED_OK;
}

enum spred_status
spred_code(struct spred_env *env, const struct spred_coder *coder,
           const void *options, const struct spred_coding *coding,
           struct spred_codes *codes, struct spred_coding_report *report)
{
    struct spred_codes own = {0}, *out = codes ? codes : &own;
    struct job job = {.coder = coder, .coding = coding};
    struct spred_pool *pool = NULL;
    memset(out, 0, sizeof *out);
    memset(report, 0, sizeof *report);
    SPRED_TRY(spred_coding_check(env, coding));
    if (coding->threads > 1) {
        pool = spred_pool_new(env, coding->threads);
        if (!pool)
            return SPRED_ENOMEM;
    }
    pthread_mutex_init(&job.lock, NULL);
    enum spred_status status = run(env, &job, pool, options, out, report);
    free_job(env, &job, spred_pool_threads(pool));
    spred_pool_free(pool);
    spred_codes_free(env, &own);
    return status;
}
