/* online.c: a dictionary from mini-batches. Mairal, Bach, Ponce and Sapiro
 * 2009: code a batch, add to A = sum zz' and B = sum xz' with a forgetting
 * factor, one pass of block coordinate descent over the atoms, each brought to
 * unit norm. */
#include <math.h>
#include <string.h>

#include "solvers/coding/atoms.h"
#include "spred/linalg.h"

struct options {
    long passes, batch;
    int coder; /* index into coders */
    double gap, unused;
};
enum { TOGETHER = 16 };
static const char *const coders[] = {"lars", "spred-newton",
                                     "coordinate-descent", NULL};

struct online {
    struct spred_env *env;
    const struct spred_dictionary_task *task;
    const struct options *chosen;
    const struct spred_coder *coder;
    void *coder_options;
    struct spred_rng *rng;
    double *d;            /* m x atoms */
    double *a, *b;        /* atoms x atoms; m x atoms */
    double *batch;        /* m x batch */
    double *left;         /* m x TOGETHER: of B - D A */
    double *turned;       /* m */
    size_t *order;        /* n */
    double steps, weight; /* mini-batches; sum of the weights in A */
};

static void close_online(struct spred_env *env, struct online *o)
{
    spred_free(env, o->coder_options);
    spred_free(env, o->a);
    spred_free(env, o->batch);
    spred_free(env, o->order);
    spred_rng_free(o->rng);
}

static enum spred_status open_online(struct spred_env *env, struct online *o)
{
    const struct spred_dictionary_task *task = o->task;
    size_t atoms = task->atoms, m = task->m;
    o->coder = spred_coder_find(coders[o->chosen->coder]);
    o->coder_options = spred_alloc(env, o->coder->options_size + 1, 1);
    o->rng = spred_rng_new(env, task->seed + 1);
    o->a = spred_alloc(env, atoms * (atoms + m), sizeof *o->a);
    o->batch = spred_alloc(env, m * ((size_t)o->chosen->batch + 1 + TOGETHER),
                           sizeof *o->batch);
    o->order = spred_alloc(env, task->n, sizeof *o->order);
    if (!o->coder_options || !o->rng || !o->a || !o->batch || !o->order)
        return SPRED_ENOMEM;
    o->b = o->a + atoms * atoms;
    o->left = o->batch + m * (size_t)o->chosen->batch;
    o->turned = o->left + m * TOGETHER;
    for (size_t i = 0; i < task->n; i++)
        o->order[i] = i;
    return spred_options_default(env, o->coder->options, o->coder_options);
}

/* A += zz', B += xz' over the batch, after what was there was scaled. */
static void remember(struct online *o, size_t count,
                     const struct spred_codes *codes, double keep)
{
    size_t atoms = o->task->atoms, m = o->task->m;
    spred_scale(atoms * (atoms + m), keep, o->a);
    for (size_t i = 0; i < count; i++) {
        size_t from = codes->start[i], to = codes->start[i + 1];
        for (size_t k = from; k < to; k++) {
            size_t j = codes->atom[k];
            double z = codes->value[k];
            spred_axpy(m, z, o->batch + i * m, o->b + j * m);
            for (size_t l = from; l < to; l++)
                o->a[codes->atom[l] + j * atoms] += z * codes->value[l];
        }
    }
    o->weight = keep * o->weight + (double)count;
}

/* An atom that codes hardly use becomes a signal, without a past. left: what
 * the atoms after it in the block miss, which it no longer explains. */
static void replace(struct online *o, size_t j, size_t until, double *left)
{
    size_t atoms = o->task->atoms, m = o->task->m;
    double *d = o->d + j * m, *column = o->a + j * atoms;
    for (size_t l = j + 1; l < until; l++)
        spred_axpy(m, column[l], d, left + (l - j) * m);
    atoms_draw(o->task, o->rng, d);
    memset(column, 0, atoms * sizeof *column);
    memset(o->b + j * m, 0, m * sizeof *d);
    for (size_t l = 0; l < atoms; l++)
        o->a[j + l * atoms] = 0;
}

/* d_j <- (b_j - D a_j) / A_jj + d_j, to unit norm, one atom after the other; B
 * - D A of a few atoms at a time by one product, kept up to date inside. */
static void update_atoms(struct online *o)
{
    size_t atoms = o->task->atoms, m = o->task->m;
    for (size_t from = 0; from < atoms; from += TOGETHER) {
        size_t until = from + TOGETHER < atoms ? from + TOGETHER : atoms;
        memcpy(o->left, o->b + from * m, (until - from) * m * sizeof *o->left);
        spred_gemm(0, 0, m, until - from, atoms, -1, o->d, m,
                   o->a + from * atoms, atoms, 1, o->left, m);
        for (size_t j = from; j < until; j++) {
            double *d = o->d + j * m, *left = o->left + (j - from) * m;
            const double *column = o->a + j * atoms;
            if (!(column[j] > o->chosen->unused * o->weight)) {
                replace(o, j, until, left);
                continue;
            }
            memcpy(o->turned, d, m * sizeof *d);
            spred_scale(m, column[j], o->turned);
            spred_axpy(m, 1, left, o->turned);
            if (!atoms_normalise(m, o->turned))
                continue;
            for (size_t e = 0; e < m; e++) { /* turned: the change */
                double to = o->turned[e];
                o->turned[e] = d[e] - to;
                d[e] = to;
            }
            for (size_t l = j + 1; l < until; l++)
                spred_axpy(m, column[l], o->turned, left + (l - j) * m);
        }
    }
}

/* One mini-batch, signals order[from..from + count). */
static enum spred_status step(struct online *o, size_t from, size_t count)
{
    const struct spred_dictionary_task *task = o->task;
    size_t m = task->m;
    for (size_t i = 0; i < count; i++)
        memcpy(o->batch + i * m, task->signals + o->order[from + i] * m,
               m * sizeof *o->batch);
    struct spred_coding coding = {.m = m,
                                  .atoms = task->atoms,
                                  .n = count,
                                  .dictionary = o->d,
                                  .signals = o->batch,
                                  .lambda = task->lambda,
                                  .gap = o->chosen->gap,
                                  .threads = task->threads};
    struct spred_codes codes;
    struct spred_coding_report report;
    enum spred_status status = spred_code(o->env, o->coder, o->coder_options,
                                          &coding, &codes, &report);
    if (status == SPRED_OK) {
        /* theta of the paper's section 3.4.2 */
        double size = (double)o->chosen->batch, t = ++o->steps;
        double theta = t < size ? t * size : size * size + t - size;
        remember(o, count, &codes, (theta + 1 - size) / (theta + 1));
        update_atoms(o);
    }
    spred_codes_free(o->env, &codes);
    return status;
}

static enum spred_status passes(struct online *o)
{
    const struct spred_dictionary_task *task = o->task;
    size_t size = (size_t)o->chosen->batch;
    for (long pass = 0; pass <= o->chosen->passes; pass++) {
        if (task->pass)
            SPRED_TRY(task->pass(task->cookie, o->d, pass, 0));
        if (pass == o->chosen->passes)
            break;
        spred_rng_shuffle(o->rng, o->order, task->n);
        for (size_t from = 0; from < task->n; from += size) {
            size_t left = task->n - from;
            SPRED_TRY(step(o, from, left < size ? left : size));
        }
    }
    return SPRED_OK;
}

static enum spred_status learn(struct spred_env *env, const void *options,
                               const struct spred_dictionary_task *task,
                               double *dictionary)
{
    struct online o = {
        .env = env, .task = task, .chosen = options, .d = dictionary};
    enum spred_status status = open_online(env, &o);
    if (status == SPRED_OK)
        status = atoms_from_signals(env, task, dictionary);
    if (status == SPRED_OK)
        status = passes(&o);
    close_online(env, &o);
    return status;
}

static const char *coder_of(const void *options)
{
    return coders[((const struct options *)options)->coder];
}

static const struct spred_option table[] = {
    {"passes", SPRED_OPTION_INT, offsetof(struct options, passes), "5", 1, 1e6,
     NULL, "over the signals"},
    {"batch", SPRED_OPTION_INT, offsetof(struct options, batch), "256", 1, 1e6,
     NULL, "signals of a mini-batch"},
    {"coder", SPRED_OPTION_CHOICE, offsetof(struct options, coder), "lars", 0,
     0, coders, "the coder of the mini-batches"},
    {"gap", SPRED_OPTION_REAL, offsetof(struct options, gap), "1e-4", 1e-14, 1,
     NULL, "that it is asked for, relative to |x|^2 / 2"},
    {"unused", SPRED_OPTION_REAL, offsetof(struct options, unused), "1e-8", 0,
     1, NULL,
     "an atom whose mean squared code is at most this becomes a signal"},
    {NULL, 0, 0, NULL, 0, 0, NULL, NULL}};

const struct spred_dictionary_method spred_dictionary_online = {
    .name = "online",
    .doc = "mini-batches: codes, their statistics, block coordinate descent "
           "over the atoms",
    .reference = "Mairal, Bach, Ponce and Sapiro, ICML 2009",
    .api_version = 1,
    .options_size = sizeof(struct options),
    .options = table,
    .coder = coder_of,
    .learn = learn};
