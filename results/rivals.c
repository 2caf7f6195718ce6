/* rivals.c: the query "compression-versus": every method against the best spred
 * on the same network, where it is better said as plainly as where it is not.
 */
#include <math.h>
#include <string.h>
#include "results/compression.h"
#include "results/summary.h"

const struct results_head results_compression_versus_heads[] = {
    {"dataset", RESULTS_TEXT, "label"},
    {"network", RESULTS_TEXT, "the option network"},
    {"method", RESULTS_TEXT, "as in compression: a rival"},
    {"against", RESULTS_TEXT, "the best spred there, by the validation part"},
    {"verdict", RESULTS_TEXT,
     "better, worse or cannot separate; of compression: more or less"},
    {"level", RESULTS_REAL,
     "test accuracy at a compression of at least this; none: compression "
     "within one point of dense"},
    {"value", RESULTS_REAL, "of the rival"},
    {"against_value", RESULTS_REAL, "of spred; none: no such setting"},
    {"difference", RESULTS_REAL,
     "value - against_value; accuracies: mean over the trials of both"},
    {"half", RESULTS_REAL, "half width of its 95% interval, over seeds"},
    {"trials", RESULTS_INT, "trials of both"},
    {NULL, RESULTS_TEXT, NULL}};

enum { LEVEL = 5, VALUE, AGAINST, DIFFERENCE, HALF, TRIALS };

static int is_ours(const struct results_setting *s)
{
    return strstr(s->solver, "spred") != NULL;
}

/* The setting of one method that stands at a level (NaN: best-compression). */
static size_t pick(const struct results_settings *s, size_t i, size_t end,
                   double level)
{
    return isnan(level) ? results_best(s, i, end)
                        : results_at_least(s, i, end, level);
}

/* Of the methods of spred in rows i .. end - 1 the best setting; end: none. */
static size_t ours(const struct results_settings *s, size_t i, size_t end,
                   double level)
{
    size_t best = end;
    for (size_t k = i, next; k < end; k = next) {
        next = results_method_end(s, k);
        size_t at = pick(s, k, next, level);
        if (!is_ours(&s->rows[k]) || at == next)
            continue;
        if (best == end ||
            (isnan(level) ? s->rows[at].compression > s->rows[best].compression
                          : s->rows[at].validation > s->rows[best].validation))
            best = at;
    }
    return best;
}

static enum spred_status compare(struct spred_env *env,
                                 const struct results_setting *a,
                                 const struct results_setting *b,
                                 struct results_cell *row, const char **verdict)
{
    size_t n = 0;
    double *differences = spred_alloc(env, a->n + 1, sizeof *differences);
    if (!differences)
        return SPRED_ENOMEM;
    for (size_t i = 0; i < a->n; i++)
        for (size_t k = 0; k < b->n && n <= i; k++)
            if (a->seeds[i].trial == b->seeds[k].trial)
                differences[n++] = a->seeds[i].accuracy - b->seeds[k].accuracy;
    row[TRIALS].real = (double)results_interval(
        differences, n, a->ratio, &row[DIFFERENCE].real, &row[HALF].real);
    double mean = row[DIFFERENCE].real, half = row[HALF].real;
    *verdict = mean - half > 0   ? "better"
               : mean + half < 0 ? "worse"
                                 : "cannot separate";
    spred_free(env, differences);
    return SPRED_OK;
}

static enum spred_status add_row(struct spred_env *env,
                                 const struct results_setting *rival,
                                 const struct results_setting *spred,
                                 double level, struct results_table *out)
{
    struct results_cell *row = results_table_row(env, out);
    const char *verdict = "more";
    if (!row)
        return SPRED_ENOMEM;
    row[LEVEL].real = level;
    row[VALUE].real = isnan(level) ? rival->compression : rival->accuracy;
    if (spred) {
        row[AGAINST].real = isnan(level) ? spred->compression : spred->accuracy;
        row[DIFFERENCE].real = row[VALUE].real - row[AGAINST].real;
        verdict = row[DIFFERENCE].real > 0 ? "more" : "less";
    }
    if (spred && !isnan(level))
        SPRED_TRY(compare(env, rival, spred, row, &verdict));
    SPRED_TRY(results_cell_text(env, &row[0], rival->dataset));
    SPRED_TRY(results_cell_text(env, &row[1], rival->network));
    SPRED_TRY(results_cell_text(env, &row[2], rival->method));
    SPRED_TRY(results_cell_text(env, &row[3], spred ? spred->method : NULL));
    return results_cell_text(env, &row[4], verdict);
}

/* All rivals of one network at a level, if spred ran on it. */
static enum spred_status add_level(struct spred_env *env,
                                   const struct results_settings *s, size_t i,
                                   size_t end, double level,
                                   struct results_table *out)
{
    size_t best = ours(s, i, end, level);
    for (size_t k = i, next; k < end; k = next) {
        next = results_method_end(s, k);
        size_t at = pick(s, k, next, level);
        if (at < next && !is_ours(&s->rows[k]))
            SPRED_TRY(add_row(env, &s->rows[at],
                              best < end ? &s->rows[best] : NULL, level, out));
    }
    return SPRED_OK;
}

enum spred_status results_compression_versus(struct spred_env *env,
                                             struct results_view *view,
                                             struct results_table *out)
{
    static const double levels[] = {NAN, RESULTS_LEVELS};
    struct results_settings s;
    enum spred_status status = results_settings_read(env, view, &s);
    for (size_t i = 0, end; i < s.n && !status; i = end) {
        int any = 0;
        end = results_network_end(&s, i);
        for (size_t k = i; k < end; k++)
            any = any || is_ours(&s.rows[k]);
        for (size_t l = 0; any && l < sizeof levels / sizeof *levels && !status;
             l++)
            status = add_level(env, &s, i, end, levels[l], out);
    }
    results_settings_free(env, &s);
    return status;
}
