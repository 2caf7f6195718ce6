/* svm.c: libsvm behind one fit and one predict.
 * Chang and Lin 2011, "LIBSVM: a library for support vector machines"; Cortes
 * and Vapnik 1995. The kernel matrix is computed here by BLAS and handed over
 * as precomputed: with n samples and m >> n genes that is most of the work. */
#include "solvers/models/svm.h"

#include <cblas.h>
#include <float.h>
#include <libsvm/svm.h>
#include <math.h>
#include <string.h>

#define TOLERANCE 1e-3 /* of libsvm's dual: its own default */
#define CACHE_MB 40.0

struct svm_machine {
    struct svm_settings settings;
    size_t m, classes;  /* classes 0: regression */
    size_t *columns;    /* m */
    size_t count;       /* support vectors */
    double *vectors;    /* count x m, column-major */
    double *norms;      /* count: squared */
    size_t present;     /* classes with training samples; regression: 2 */
    size_t *label;      /* present: their codes in libsvm's order */
    size_t *first;      /* present + 1: where a class's vectors begin */
    double *coef;       /* count x (present - 1) */
    double *rho;        /* pairs */
    double mean, scale; /* regression: of the training values */
};

static void silent(const char *text)
{
    (void)text;
}

/* out = the chosen columns in double precision, n x m. */
static void gather(const float *x, size_t n, const size_t *columns, size_t m,
                   double *out)
{
    for (size_t k = 0; k < m; k++)
        for (size_t i = 0; i < n; i++)
            out[i + k * n] = x[i + columns[k] * n];
}

static void squared_norms(const double *x, size_t n, size_t m, double *out)
{
    memset(out, 0, n * sizeof *out);
    for (size_t k = 0; k < m; k++)
        for (size_t i = 0; i < n; i++)
            out[i] += x[i + k * n] * x[i + k * n];
}

/* out = K(a_i, b_j), n_a x n_b. */
static void kernel(const struct svm_settings *settings, const double *a,
                   const double *norms_a, size_t n_a, const double *b,
                   const double *norms_b, size_t n_b, size_t m, double *out)
{
    if (m > 0)
        cblas_dgemm(CblasColMajor, CblasNoTrans, CblasTrans, (blasint)n_a,
                    (blasint)n_b, (blasint)m, 1, a, (blasint)n_a, b,
                    (blasint)n_b, 0, out, (blasint)n_a);
    else
        memset(out, 0, n_a * n_b * sizeof *out);
    if (settings->kernel == SVM_LINEAR)
        return;
    for (size_t j = 0; j < n_b; j++)
        for (size_t i = 0; i < n_a; i++) {
            double square = norms_a[i] + norms_b[j] - 2 * out[i + j * n_a];
            out[i + j * n_a] = exp(-settings->gamma * fmax(square, 0));
        }
}

/* 1 / (m var), var over all entries; 1 where nothing varies. */
static double scale_gamma(const double *x, size_t count, size_t m)
{
    double mean = 0, square = 0;
    for (size_t e = 0; e < count; e++)
        mean += x[e] / (double)count;
    for (size_t e = 0; e < count; e++)
        square += (x[e] - mean) * (x[e] - mean) / (double)count;
    return square > 0 ? 1 / ((double)m * square) : 1;
}

/* Copies what libsvm learnt. */
static enum spred_status keep(struct spred_env *env, struct svm_machine *svm,
                              const struct svm_model *model, const double *x,
                              size_t n)
{
    size_t present = svm->classes ? (size_t)model->nr_class : 2;
    size_t pairs = svm->classes ? present * (present - 1) / 2 : 1;
    size_t rows = svm->classes ? present - 1 : 1;
    svm->present = present;
    svm->count = (size_t)model->l;
    svm->vectors = spred_alloc(env, svm->count * svm->m, sizeof(double));
    svm->norms = spred_alloc(env, svm->count, sizeof(double));
    svm->label = spred_alloc(env, present, sizeof(size_t));
    svm->first = spred_alloc(env, present + 1, sizeof(size_t));
    svm->coef = spred_alloc(env, svm->count * rows, sizeof(double));
    svm->rho = spred_alloc(env, pairs, sizeof(double));
    if (!svm->vectors || !svm->norms || !svm->label || !svm->first ||
        !svm->coef || !svm->rho)
        return SPRED_ENOMEM;
    for (size_t k = 0; k < svm->m; k++)
        for (size_t i = 0; i < svm->count; i++)
            svm->vectors[i + k * svm->count] =
                x[(size_t)model->sv_indices[i] - 1 + k * n];
    squared_norms(svm->vectors, svm->count, svm->m, svm->norms);
    for (size_t r = 0; r < rows; r++)
        for (size_t i = 0; i < svm->count; i++)
            svm->coef[i + r * svm->count] = model->sv_coef[r][i];
    if (pairs > 0)
        memcpy(svm->rho, model->rho, pairs * sizeof(double));
    for (size_t c = 0; svm->classes && c < present; c++) {
        svm->label[c] = (size_t)model->label[c];
        svm->first[c + 1] = svm->first[c] + (size_t)model->nSV[c];
    }
    return SPRED_OK;
}

/* Trains on K (n x n); y: codes or scaled values. */
static enum spred_status train(struct spred_env *env, struct svm_machine *svm,
                               const double *x, const double *k, double *y,
                               size_t n)
{
    struct svm_parameter parameter = {.svm_type =
                                          svm->classes ? C_SVC : EPSILON_SVR,
                                      .kernel_type = PRECOMPUTED,
                                      .cache_size = CACHE_MB,
                                      .eps = TOLERANCE,
                                      .C = svm->settings.cost,
                                      .p = svm->settings.epsilon,
                                      .shrinking = 1};
    struct svm_problem problem = {.l = (int)n, .y = y};
    struct svm_model *model = NULL;
    enum spred_status status = SPRED_ENOMEM;
    struct svm_node *nodes = spred_alloc(env, n * (n + 2), sizeof *nodes);
    problem.x = spred_alloc(env, n, sizeof *problem.x);
    if (nodes && problem.x) {
        for (size_t i = 0; i < n; i++) {
            struct svm_node *row = problem.x[i] = nodes + i * (n + 2);
            row[0] = (struct svm_node){0, (double)(i + 1)};
            for (size_t j = 0; j < n; j++)
                row[j + 1] = (struct svm_node){(int)j + 1, k[i + j * n]};
            row[n + 1].index = -1;
        }
        svm_set_print_string_function(silent);
        model = svm_train(&problem, &parameter);
        status = model ? keep(env, svm, model, x, n)
                       : spred_fail(env, SPRED_ENOMEM, "libsvm has no memory");
        svm_free_and_destroy_model(&model);
    }
    spred_free(env, problem.x);
    spred_free(env, nodes);
    return status;
}

/* y = the codes, or the values with mean 0 and standard deviation 1. */
static void targets(struct svm_machine *svm, const int32_t *codes,
                    const double *values, size_t n, double *y)
{
    double square = 0;
    svm->mean = 0;
    svm->scale = 1;
    for (size_t i = 0; i < n; i++)
        y[i] = svm->classes ? codes[i] : values[i];
    if (svm->classes)
        return;
    for (size_t i = 0; i < n; i++)
        svm->mean += y[i] / (double)n;
    for (size_t i = 0; i < n; i++)
        square += (y[i] - svm->mean) * (y[i] - svm->mean) / (double)n;
    if (square > 0)
        svm->scale = sqrt(square);
    for (size_t i = 0; i < n; i++)
        y[i] = (y[i] - svm->mean) / svm->scale;
}

static enum spred_status fit_into(struct spred_env *env,
                                  struct svm_machine *svm, const float *x,
                                  size_t n, const size_t *columns,
                                  const int32_t *codes, const double *values)
{
    size_t m = svm->m;
    enum spred_status status = SPRED_ENOMEM;
    double *chosen = spred_alloc(env, n * m, sizeof *chosen);
    double *k = spred_alloc(env, n * n, sizeof *k);
    double *y = spred_alloc(env, 2 * n, sizeof *y);
    svm->columns = spred_alloc(env, m, sizeof *svm->columns);
    if (chosen && k && y && svm->columns) {
        for (size_t j = 0; j < m; j++)
            svm->columns[j] = columns ? columns[j] : j;
        gather(x, n, svm->columns, m, chosen);
        if (!(svm->settings.gamma > 0))
            svm->settings.gamma = scale_gamma(chosen, n * m, m);
        squared_norms(chosen, n, m, y + n);
        kernel(&svm->settings, chosen, y + n, n, chosen, y + n, n, m, k);
        targets(svm, codes, values, n, y);
        status = train(env, svm, chosen, k, y, n);
    }
    spred_free(env, chosen);
    spred_free(env, k);
    spred_free(env, y);
    return status;
}

enum spred_status svm_machine_fit(struct spred_env *env,
                                  const struct svm_settings *settings,
                                  const float *x, size_t n,
                                  const size_t *columns, size_t m,
                                  const int32_t *codes, const double *values,
                                  size_t classes, struct svm_machine **out)
{
    *out = NULL;
    if (n == 0)
        return spred_fail(env, SPRED_EINVAL, "an SVM needs samples, got none");
    struct svm_machine *svm = spred_alloc(env, 1, sizeof *svm);
    if (!svm)
        return SPRED_ENOMEM;
    svm->settings = *settings;
    if (!(settings->cost > 0))
        svm->settings.cost = 1;
    if (!(settings->epsilon > 0))
        svm->settings.epsilon = .1;
    svm->m = m;
    svm->classes = classes;
    enum spred_status status = fit_into(env, svm, x, n, columns, codes, values);
    if (status == SPRED_OK)
        *out = svm;
    else
        svm_machine_free(env, svm);
    return status;
}

void svm_machine_free(struct spred_env *env, struct svm_machine *svm)
{
    if (!svm)
        return;
    spred_free(env, svm->columns);
    spred_free(env, svm->vectors);
    spred_free(env, svm->norms);
    spred_free(env, svm->label);
    spred_free(env, svm->first);
    spred_free(env, svm->coef);
    spred_free(env, svm->rho);
    spred_free(env, svm);
}

/* f = sum over vectors from..to of coef_r K - ..., one sample's row of K. */
static double part(const struct svm_machine *svm, const double *k,
                   size_t stride, size_t row, size_t c)
{
    const double *coef = svm->coef + row * svm->count;
    double sum = 0;
    for (size_t i = svm->first[c]; i < svm->first[c + 1]; i++)
        sum += coef[i] * k[i * stride];
    return sum;
}

/* One sample's votes and sums; the class libsvm says, in libsvm's order. */
static size_t vote(const struct svm_machine *svm, const double *k,
                   size_t stride, double *votes, double *sums)
{
    size_t said = 0, pair = 0;
    for (size_t a = 0; a < svm->present; a++)
        votes[a] = sums[a] = 0;
    for (size_t a = 0; a < svm->present; a++)
        for (size_t b = a + 1; b < svm->present; b++, pair++) {
            double d = part(svm, k, stride, b - 1, a) +
                       part(svm, k, stride, a, b) - svm->rho[pair];
            votes[d > 0 ? a : b] += 1;
            sums[a] += d;
            sums[b] -= d;
        }
    for (size_t a = 1; a < svm->present; a++)
        if (votes[a] > votes[said])
            said = a;
    return said;
}

static void score_row(const struct svm_machine *svm, const double *k,
                      size_t stride, double *work, double *scores, size_t n)
{
    double *votes = work, *sums = work + svm->present;
    size_t said = vote(svm, k, stride, votes, sums), best = said;
    if (svm->classes == 2 && svm->present == 2) {
        for (size_t a = 0; a < 2; a++)
            scores[svm->label[a] * n] = sums[a];
        return;
    }
    for (size_t a = 0; a < svm->present; a++)
        sums[a] = votes[a] + sums[a] / (1 + fabs(sums[a])) / 3;
    for (size_t a = 0; a < svm->present; a++)
        if (sums[a] > sums[best])
            best = a;
    double highest = sums[best];
    sums[best] = sums[said];
    sums[said] = highest;
    for (size_t c = 0; c < svm->classes; c++)
        scores[c * n] = -1;
    for (size_t a = 0; a < svm->present; a++)
        scores[svm->label[a] * n] = sums[a];
}

enum spred_status svm_machine_predict(struct spred_env *env,
                                      const struct svm_machine *svm,
                                      const float *x, size_t n, double *scores)
{
    enum spred_status status = SPRED_ENOMEM;
    double *chosen = spred_alloc(env, n * svm->m, sizeof *chosen);
    double *k = spred_alloc(env, n * svm->count, sizeof *k);
    double *norms = spred_alloc(env, n + 2 * svm->present, sizeof *norms);
    if (chosen && k && norms) {
        status = SPRED_OK;
        gather(x, n, svm->columns, svm->m, chosen);
        squared_norms(chosen, n, svm->m, norms);
        if (n > 0 && svm->count > 0)
            kernel(&svm->settings, chosen, norms, n, svm->vectors, svm->norms,
                   svm->count, svm->m, k);
        for (size_t i = 0; i < n; i++) {
            if (svm->classes) {
                score_row(svm, k + i, n, norms + n, scores + i, n);
                continue;
            }
            double sum = -svm->rho[0];
            for (size_t j = 0; j < svm->count; j++)
                sum += svm->coef[j] * k[i + j * n];
            scores[i] = svm->mean + svm->scale * sum;
        }
    }
    spred_free(env, chosen);
    spred_free(env, k);
    spred_free(env, norms);
    return status;
}

void svm_machine_squared_weights(const struct svm_machine *svm, double *out)
{
    size_t count = svm->count;
    for (size_t k = 0; k < svm->m; k++) {
        const double *column = svm->vectors + k * count;
        out[k] = 0;
        if (!svm->classes) {
            double w = 0;
            for (size_t i = 0; i < count; i++)
                w += svm->coef[i] * column[i];
            out[k] = w * w;
            continue;
        }
        for (size_t a = 0; a < svm->present; a++)
            for (size_t b = a + 1; b < svm->present; b++) {
                double w =
                    part(svm, column, 1, b - 1, a) + part(svm, column, 1, a, b);
                out[k] += w * w;
            }
    }
}

size_t svm_machine_support_vectors(const struct svm_machine *svm)
{
    return svm->count;
}
