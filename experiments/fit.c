/* fit.c: one job on data in memory, with the models of its whole path. */
#include "experiments/fit.h"

#include <math.h>
#include <string.h>

#include "experiments/plan.h"
#include "experiments/sources.h"

/* Does the job need the script? (plan.c asks the same for the workers.) */
static int uses_parts(const struct spec *spec)
{
    return spec->problems[0].own_loss || spec->problems[0].own_penalty ||
           spec->protocol.own ||
           parts_own_solver(spec->parts, spec->solvers[0].name);
}

static enum spred_status on_point(void *self, struct spred_env *env,
                                  const struct job *job, size_t output,
                                  const struct spred_host_point *point,
                                  int *stop)
{
    const struct fit_observer *observer = self;
    (void)env;
    (void)job;
    (void)output;
    return observer->see(observer->self, point, stop);
}

/* What of the script takes part: not its hooks and metrics, which are for
 * experiments. */
static void pick_parts(struct fit *fit, const struct spec *spec)
{
    if (!spec->parts || !uses_parts(spec))
        return;
    fit->parts = (struct parts){.self = spec->parts->self,
                                .hash = spec->parts->hash,
                                .solvers = spec->parts->solvers,
                                .losses = spec->parts->losses,
                                .penalties = spec->parts->penalties,
                                .protocols = spec->parts->protocols};
    fit->path.parts = &fit->parts;
}

static enum spred_status make_job(struct fit *fit, const struct spec *spec,
                                  const struct spred_data *data)
{
    struct spred_env *env = fit->env;
    struct source source;
    SPRED_TRY(source_lend(env, &spec->datasets[0], data, &source));
    enum spred_status status = plan_job(env, spec, &source, &spec->problems[0],
                                        &spec->solvers[0], 1, "", &fit->job);
    spred_free(env, source.target);
    return status;
}

/* The skip's reason as an error. */
static enum spred_status refused(const struct fit *fit)
{
    const char *reason = fit->record.run.reason;
    return spred_fail(fit->env, SPRED_EINVAL, "%s",
                      reason ? reason : "lambda_max is 0");
}

enum spred_status fit_open(struct spred_env *env, const struct spec *spec,
                           const struct spred_data *data, struct fit *out)
{
    memset(out, 0, sizeof *out);
    out->env = env;
    results_row_clear(job_columns, &out->job);
    results_row_clear(results_run_columns, &out->record.run);
    SPRED_TRY(make_job(out, spec, data));
    SPRED_TRY(job_start_row(env, &out->job, &out->record.run));
    out->path = (struct path){.env = env,
                              .job = &out->job,
                              .record = &out->record,
                              .batch = (size_t)out->job.batch};
    pick_parts(out, spec);
    if (out->job.threads > 1 &&
        !(out->path.pool = spred_pool_new(env, (size_t)out->job.threads)))
        return SPRED_ENOMEM;
    SPRED_TRY(path_open(&out->path, data));
    return out->path.lambda_max > 0 ? SPRED_OK : refused(out);
}

/* The lambda that path_choose took. */
static size_t find_chosen(const struct fit *fit)
{
    const struct path *path = &fit->path;
    double ratio = fit->record.run.lambda_ratio, best = INFINITY;
    size_t chosen = path->n_lambda;
    for (size_t l = 0; l < path->n_lambda; l++) {
        double off = fabs(path->lambda[l] / path->lambda_max - ratio);
        if (off < best) {
            best = off;
            chosen = l;
        }
    }
    return chosen;
}

enum spred_status fit_run(struct fit *fit, const struct fit_observer *observer)
{
    struct path *path = &fit->path;
    if (fit->record.run.status)
        return refused(fit);
    if (observer && observer->see) {
        fit->observer = *observer;
        fit->parts.self = &fit->observer;
        fit->parts.on_point = on_point;
        path->parts = &fit->parts;
    }
    SPRED_TRY(path_run(path));
    fit->chosen = find_chosen(fit);
    SPRED_TRY(spred_check_cancel(fit->env));
    if (path->stop == SPRED_STOP_FAILED || fit->chosen == path->n_lambda)
        return spred_fail(fit->env, SPRED_ENUMERIC, "%s: %s", fit->job.solver,
                          fit->record.run.reason ? fit->record.run.reason
                                                 : "no model");
    return SPRED_OK;
}

int fit_model(const struct fit *fit, size_t lambda, struct fit_model *out)
{
    const struct path *path = &fit->path;
    memset(out, 0, sizeof *out);
    if (!path_complete(path, lambda))
        return 0;
    out->certified = path_is_convex(path);
    for (size_t i = 0; i < fit->record.n_points; i++) {
        const struct results_point *point = &fit->record.points[i];
        if (!point->last || point->lambda_index != (int64_t)lambda + 1)
            continue;
        int reached =
            strcmp(point->stop, spred_stop_name(SPRED_STOP_TARGET)) == 0;
        out->primal += point->primal;
        out->dual += point->dual;
        out->gap = isnan(point->gap) ? point->gap : fmax(out->gap, point->gap);
        out->floor =
            isnan(point->floor) ? point->floor : fmax(out->floor, point->floor);
        out->kkt = fmax(out->kkt, point->kkt);
        out->seconds += point->seconds;
        out->passes = fmax(out->passes, point->passes);
        out->steps += point->step;
        if (!out->stop || !reached)
            out->stop = point->stop;
        out->certified &= reached;
    }
    for (size_t e = 0; e < path->n_entries; e++) {
        const struct entry *entry = &path->entries[e];
        int seen = 0; /* in an earlier output */
        if (entry->lambda != lambda)
            continue;
        for (size_t f = 0; path->outputs > 1 && f < path->n_entries; f++)
            seen |= path->entries[f].lambda == lambda &&
                    path->entries[f].feature == entry->feature &&
                    path->entries[f].output < entry->output;
        out->support += !seen;
    }
    return 1;
}

void fit_weights(const struct fit *fit, size_t lambda, double *w, double *b)
{
    const struct path *path = &fit->path;
    size_t p = path->trial.p;
    memset(w, 0, p * path->outputs * sizeof *w);
    for (size_t e = 0; e < path->n_entries; e++) {
        const struct entry *entry = &path->entries[e];
        if (entry->lambda == lambda)
            w[entry->output * p + entry->feature] = entry->weight;
    }
    for (size_t k = 0; k < path->outputs; k++)
        b[k] = path->intercept[lambda * path->outputs + k];
}

enum spred_status fit_predict(const struct fit *fit, size_t lambda,
                              const struct spred_matrix *x, double *out)
{
    const struct path *path = &fit->path;
    const struct spred_prepared *prepared = &path->trial.prepared;
    size_t p = path->trial.p, outputs = path->outputs;
    struct spred_matrix ready = {0};
    SPRED_TRY(
        spred_prepared_apply(fit->env, prepared, x, NULL, x->rows, &ready));
    struct spred_design design = {
        .matrix = &ready, .mean = prepared->mean, .scale = prepared->scale};
    double *w = spred_alloc(fit->env, (p + 1) * outputs, sizeof *w);
    if (w) {
        double *b = w + p * outputs;
        fit_weights(fit, lambda, w, b);
        for (size_t k = 0; k < outputs; k++) {
            double *to = out + k * x->rows;
            spred_design_apply(&design, w + k * p, to);
            for (size_t i = 0; i < x->rows; i++)
                to[i] += b[k];
        }
    }
    spred_free(fit->env, w);
    spred_matrix_free(fit->env, &ready);
    return w ? SPRED_OK : SPRED_ENOMEM;
}

int32_t fit_class(const struct fit *fit, const double *scores, size_t n,
                  size_t i)
{
    size_t best = 0, outputs = fit->path.outputs;
    if (outputs == 1)
        return scores[i] > 0;
    for (size_t k = 1; k < outputs; k++)
        if (scores[k * n + i] > scores[best * n + i])
            best = k;
    return (int32_t)best;
}

enum spred_status fit_probabilities(struct fit *fit, const double *scores,
                                    size_t n, double *out)
{
    struct spred_problem problem;
    if (fit->path.loss != &spred_loss_logistic &&
        fit->path.loss != &spred_loss_multinomial)
        return spred_fail(fit->env, SPRED_EINVAL,
                          "the loss %s gives no probabilities, logistic and "
                          "multinomial do",
                          fit->path.loss->name);
    if (fit->path.problems > 1)
        return spred_fail(fit->env, SPRED_EINVAL,
                          "one-vs-rest models give no probabilities");
    SPRED_TRY(path_problem(&fit->path, 0, &problem));
    spred_probabilities(&problem, scores, n, out);
    return SPRED_OK;
}

static enum spred_status certify_one(struct fit *fit, size_t index,
                                     double lambda, const double *w,
                                     const double *b, struct fit_model *out)
{
    struct spred_problem problem;
    struct spred_certificate c;
    SPRED_TRY(path_problem(&fit->path, index, &problem));
    struct spred_certifier *certifier = spred_certifier_new(fit->env, &problem);
    if (!certifier)
        return SPRED_ENOMEM;
    size_t first = index * problem.outputs;
    spred_certifier_start(certifier, lambda);
    enum spred_status status =
        spred_certify(certifier, w + first * problem.p, b + first, &c);
    spred_certifier_free(certifier);
    if (status != SPRED_OK)
        return status;
    out->primal += c.primal;
    out->dual += c.convex ? c.dual : NAN;
    out->gap = c.convex ? fmax(out->gap, c.gap) : NAN;
    out->floor = fmax(out->floor, c.floor);
    out->kkt = fmax(out->kkt, c.kkt);
    out->certified &= spred_certified(&c, fit->job.gap);
    return SPRED_OK;
}

enum spred_status fit_certify(struct fit *fit, double lambda, const double *w,
                              const double *b, struct fit_model *out)
{
    const struct path *path = &fit->path;
    size_t p = path->trial.p;
    memset(out, 0, sizeof *out);
    out->certified = 1;
    for (size_t k = 0; k < path->problems; k++)
        SPRED_TRY(certify_one(fit, k, lambda, w, b, out));
    for (size_t j = 0; j < p; j++) {
        int used = 0;
        for (size_t k = 0; k < path->outputs; k++)
            used |= w[k * p + j] < 0 || w[k * p + j] > 0;
        out->support += (size_t)used;
    }
    return SPRED_OK;
}

void fit_close(struct fit *fit)
{
    if (!fit->env)
        return;
    spred_pool_free(fit->path.pool);
    if (fit->path.env)
        path_release(&fit->path);
    results_record_free(fit->env, &fit->record);
    results_row_free(fit->env, job_columns, &fit->job);
    memset(fit, 0, sizeof *fit);
}
