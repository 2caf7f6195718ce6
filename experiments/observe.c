/* observe.c: what is kept of a running path: points, predictions, weights. */
#include <math.h>
#include <string.h>

#include "experiments/path.h"

static enum spred_status keep_weights(struct path *path,
                                      const struct spred_host_point *point,
                                      size_t outputs)
{
    size_t p = path->trial.p;
    for (size_t e = 0; e < p * outputs; e++) {
        if (!(point->w[e] < 0 || point->w[e] > 0))
            continue;
        if (path->n_entries == path->room) {
            size_t room = 2 * path->room + 256;
            struct entry *grown =
                spred_resize(path->env, path->entries, room, sizeof *grown);
            if (!grown)
                return SPRED_ENOMEM;
            path->entries = grown;
            path->room = room;
        }
        path->entries[path->n_entries++] =
            (struct entry){path->from + point->lambda_index,
                           path->first + e / p, e % p, point->w[e]};
    }
    return SPRED_OK;
}

static void predict_part(const struct path *path, const struct part *part,
                         const struct spred_host_point *point, size_t outputs,
                         double *all)
{
    struct spred_design x = {.matrix = &part->x,
                             .mean = path->trial.prepared.mean,
                             .scale = path->trial.prepared.scale};
    for (size_t k = 0; k < outputs; k++) {
        double *to = all + ((path->from + point->lambda_index) * path->outputs +
                            path->first + k) *
                               part->n;
        spred_design_apply(&x, point->w + k * path->trial.p, to);
        for (size_t i = 0; i < part->n; i++)
            to[i] += point->b[k];
    }
}

/* Near zeros of the weights as they are, and what a known truth says. */
static void count_features(const struct path *path,
                           const struct spred_host_point *from,
                           struct results_point *to)
{
    const struct trial *trial = &path->trial;
    size_t p = trial->p, outputs = path->outputs / path->problems;
    to->above_1e12 = to->above_1e6 = 0;
    if (trial->data.truth)
        to->true_positives = 0;
    for (size_t j = 0; j < p; j++) {
        double largest = 0;
        for (size_t k = 0; k < outputs; k++)
            largest = fmax(largest, fabs(from->w[j + k * p]));
        to->above_1e12 += largest > PATH_TINY;
        to->above_1e6 += largest > PATH_SMALL;
        if (trial->data.truth && largest > 0)
            to->true_positives +=
                fabs(trial->data.truth[trial->prepared.kept[j]]) > 0;
    }
}

static enum spred_status add_point(struct path *path,
                                   const struct spred_host_point *from)
{
    struct results_record *record = path->record;
    if (record->n_points == path->point_room) {
        size_t room = 2 * path->point_room + 64;
        struct results_point *grown =
            spred_resize(path->env, record->points, room, sizeof *grown);
        if (!grown)
            return SPRED_ENOMEM;
        record->points = grown;
        path->point_room = room;
    }
    struct results_point *to = &record->points[record->n_points];
    results_row_clear(results_point_columns, to);
    record->n_points++;
    to->output = (int64_t)path->first + 1;
    to->lambda_index = (int64_t)(path->from + from->lambda_index) + 1;
    to->lambda = from->lambda;
    to->lambda_ratio = from->lambda / path->lambda_max;
    to->step = from->step;
    to->seconds = from->seconds;
    to->seconds_path = path->billed + from->seconds_path;
    to->passes = path->passes_before + from->passes;
    to->primal = from->certificate.primal;
    if (from->certificate.convex) { /* else there is no gap */
        to->dual = from->certificate.dual;
        to->gap = from->certificate.gap;
        to->floor = from->certificate.floor;
    }
    to->kkt = from->certificate.kkt;
    to->support = (int64_t)from->certificate.support;
    to->last = from->stop != SPRED_STOP_NONE;
    if (to->last)
        count_features(path, from, to);
    to->job = spred_strdup(path->env, record->run.job);
    if (to->last)
        to->stop = spred_strdup(path->env, spred_stop_name(from->stop));
    return to->job && (!to->last || to->stop) ? SPRED_OK : SPRED_ENOMEM;
}

/* An observation is kept when it is the first or the last of its lambda, or
 * when its gap is clearly below the last one kept: curves lose nothing, and a
 * method that stands still does not fill the store. */
#define KEPT_PROGRESS 0.95

static int worth_keeping(struct path *path,
                         const struct spred_host_point *point)
{
    const struct spred_certificate *c = &point->certificate;
    double gap = c->convex ? c->gap : c->kkt;
    int keep = point->step == 0 || point->stop != SPRED_STOP_NONE ||
               gap < KEPT_PROGRESS * path->kept_gap;
    if (keep)
        path->kept_gap = gap;
    return keep;
}

/* The script looks on. *stop = 1: it has seen enough. */
static enum spred_status
show_script(struct path *path, const struct spred_host_point *point, int *stop)
{
    const struct parts *parts = path->parts;
    *stop = 0;
    if (!parts || !parts->on_point)
        return SPRED_OK;
    struct spred_host_point seen = *point; /* places on the job's own path */
    seen.lambda_index += path->from;
    seen.seconds_path += path->billed;
    seen.passes += path->passes_before;
    SPRED_TRY(parts->on_point(parts->self, path->env, path->job, path->first,
                              &seen, stop));
    path->told_to_stop |= *stop;
    return SPRED_OK;
}

int path_observe(void *cookie, const struct spred_host_point *given)
{
    struct path *path = cookie;
    struct spred_host_point here = *given, *point = &here;
    size_t outputs = path->outputs / path->problems;
    int stop = 0;
    path->failure = show_script(path, point, &stop);
    if (stop && point->stop == SPRED_STOP_NONE) /* the last one, then */
        point->stop = SPRED_STOP_INTERRUPTED;
    if (path->failure == SPRED_OK && worth_keeping(path, point))
        path->failure = add_point(path, point);
    if (path->failure == SPRED_OK && point->stop != SPRED_STOP_NONE &&
        isfinite(point->certificate.primal) &&
        point->stop != SPRED_STOP_DIVERGED) {
        predict_part(path, &path->trial.validate, point, outputs,
                     path->validate);
        predict_part(path, &path->trial.test, point, outputs, path->test);
        path->failure = keep_weights(path, point, outputs);
        size_t lambda = path->from + point->lambda_index;
        path->objective[lambda] += point->certificate.primal;
        for (size_t k = 0; k < outputs; k++) {
            size_t output = lambda * path->outputs + path->first + k;
            path->seen[output] = 1;
            path->intercept[output] = point->b[k];
        }
    }
    return path->failure != SPRED_OK || stop;
}
