/* compression.c: the queries "compression" (every setting), "best-compression"
 * and "compression-levels" (settings chosen by the validation part). */
#include "results/compression.h"

#include <math.h>
#include <string.h>
#include "results/summary.h"

#define SETTING                                                                \
    {"dataset", RESULTS_TEXT, "label"},                                        \
        {"network", RESULTS_TEXT, "the option network"},                       \
        {"method", RESULTS_TEXT,                                               \
         "model, with the options in which its runs on the network differ, "   \
         "but for the strength of the sparsity"},                              \
        {"setting", RESULTS_TEXT, "strength: lambda, and what was tuned"},     \
        {"rule", RESULTS_TEXT, "when a weight is zero"},                       \
        {"threshold", RESULTS_REAL, "of the rule"},                            \
        {"nth", RESULTS_INT, "of a fit's marks with this rule and threshold"}, \
        {"trials", RESULTS_INT, "trials with this mark"},                      \
        {"compression", RESULTS_REAL,                                          \
         "weights by nonzero weights, both summed over trials"},               \
        {"compression_low", RESULTS_REAL, "least over trials"},                \
        {"compression_high", RESULTS_REAL, "most over trials"},                \
        {"validation", RESULTS_REAL,                                           \
         "accuracy, validation part, mean over trials"},                       \
        {"validation_lost", RESULTS_REAL,                                      \
         "the dense network's less this, mean over trials of both, a share "   \
         "(0.01 is a point)"},                                                 \
        {"accuracy", RESULTS_REAL, "accuracy, test part, mean over trials"},   \
        {"accuracy_low", RESULTS_REAL, "least over trials"},                   \
        {"accuracy_high", RESULTS_REAL, "most over trials"},                   \
        {"lost", RESULTS_REAL,                                                 \
         "test accuracy of the dense network less this, same trial, mean, a "  \
         "share (0.01 is a point)"},                                           \
        {"lost_half", RESULTS_REAL,                                            \
         "half width of its 95% interval (t over seeds; corrected resampled "  \
         "t where the splits differ)"},                                        \
        {"macs", RESULTS_REAL, "times fewer multiply-adds of a sample"},       \
        {"speedup", RESULTS_REAL,                                              \
         "seconds a sample of the dense network (or one of full size) of the " \
         "same run by this one's, "                                            \
         "median over trials"},                                                \
        {"speedup_low", RESULTS_REAL, "least over trials"},                    \
    {                                                                          \
        "speedup_high", RESULTS_REAL, "most over trials"                       \
    }
#define SETTINGS_END 22

const struct results_head results_compression_heads[] = {
    SETTING,
    {"weights", RESULTS_INT, "that could be zero"},
    {"nonzero", RESULTS_REAL, "of them, mean over trials"},
    {"loss", RESULTS_REAL, "cross-entropy, test part, mean over trials [nat]"},
    {"dense", RESULTS_INT, "1: the network that others are compared with"},
    {"front", RESULTS_INT,
     "1: none of the method's settings compresses as much with a higher "
     "validation accuracy"},
    {"front_macs", RESULTS_INT, "the same for macs"},
    {"front_speed", RESULTS_INT,
     "the same for speedup, of networks made "
     "smaller"},
    {NULL, RESULTS_TEXT, NULL}};

const struct results_head results_best_compression_heads[] = {
    SETTING,
    {"dense", RESULTS_INT, "1: the dense network itself"},
    {"why_not", RESULTS_TEXT, "why there is no such setting; none: there is"},
    {NULL, RESULTS_TEXT, NULL}};

const struct results_head results_compression_levels_heads[] = {
    SETTING,
    {"level", RESULTS_REAL, "compression of at least this"},
    {NULL, RESULTS_TEXT, NULL}};

static void put_spread(struct results_cell *low,
                       const struct results_setting *s,
                       double (*number)(const struct results_seed *))
{
    struct results_spread spread = results_spread(s, number);
    low[0].real = spread.low;
    low[1].real = spread.high;
}

/* The columns of SETTING; the row, or NULL: out of memory. */
static struct results_cell *add_row(struct spred_env *env,
                                    const struct results_setting *s,
                                    struct results_table *out)
{
    struct results_cell *row = results_table_row(env, out);
    const char *const texts[] = {s->dataset, s->network, s->method, s->setting,
                                 s->rule};
    double *lost = spred_alloc(env, s->n + 1, sizeof *lost);
    for (size_t k = 0; row && lost && k < 5; k++)
        if (results_cell_text(env, &row[k], texts[k]) != SPRED_OK)
            row = NULL;
    if (!row || !lost) {
        spred_free(env, lost);
        return NULL;
    }
    for (size_t i = 0; i < s->n; i++)
        lost[i] = s->seeds[i].lost;
    row[5].real = s->threshold;
    row[6].real = (double)s->nth;
    row[7].real = (double)s->n;
    row[8].real = s->compression;
    put_spread(&row[9], s, results_seed_compression);
    row[11].real = s->validation;
    row[12].real = s->validation_lost;
    row[13].real = s->accuracy;
    put_spread(&row[14], s, results_seed_accuracy);
    results_interval(lost, s->n, s->ratio, &row[16].real, &row[17].real);
    row[18].real = s->macs;
    row[19].real = s->speedup;
    put_spread(&row[20], s, results_seed_speedup);
    spred_free(env, lost);
    return row;
}

enum spred_status results_compression(struct spred_env *env,
                                      struct results_view *view,
                                      struct results_table *out)
{
    struct results_settings s;
    enum spred_status status = results_settings_read(env, view, &s);
    for (size_t i = 0; i < s.n && !status; i++) {
        const struct results_setting *setting = &s.rows[i];
        struct results_cell *row = add_row(env, setting, out);
        double nonzero = 0;
        if (!row) {
            status = SPRED_ENOMEM;
            break;
        }
        for (size_t k = 0; k < setting->n; k++)
            nonzero += setting->seeds[k].nonzero / (double)setting->n;
        row += SETTINGS_END;
        row[0].real = setting->seeds[0].weights;
        row[1].real = nonzero;
        row[2].real = results_spread(setting, results_seed_loss).mean;
        row[3].real = setting->stands;
        row[4].real = setting->front;
        row[5].real = setting->front_macs;
        row[6].real = setting->front_speed;
    }
    results_settings_free(env, &s);
    return status;
}

/* Why rows i .. end - 1 (one method, not dense) have no best setting. */
static const char *why_not(const struct results_settings *s, size_t i,
                           size_t end)
{
    int validated = 0, compared = 0;
    for (; i < end; i++) {
        validated = validated || !isnan(s->rows[i].validation);
        compared = compared || !isnan(s->rows[i].validation_lost);
    }
    return !validated ? "no validation part"
           : compared ? "every setting loses more than one point"
                      : "no dense network of the same trial";
}

static enum spred_status add_best(struct spred_env *env,
                                  const struct results_settings *s, size_t i,
                                  size_t end, struct results_table *out)
{
    size_t best = results_best(s, i, end);
    if (best < end) {
        struct results_cell *row = add_row(env, &s->rows[best], out);
        if (!row)
            return SPRED_ENOMEM;
        row[SETTINGS_END].real = 0;
        return SPRED_OK;
    }
    struct results_cell *row = results_table_row(env, out);
    if (!row)
        return SPRED_ENOMEM;
    row[SETTINGS_END].real = 0;
    SPRED_TRY(results_cell_text(env, &row[0], s->rows[i].dataset));
    SPRED_TRY(results_cell_text(env, &row[1], s->rows[i].network));
    SPRED_TRY(results_cell_text(env, &row[2], s->rows[i].method));
    return results_cell_text(env, &row[SETTINGS_END + 1], why_not(s, i, end));
}

enum spred_status results_best_compression(struct spred_env *env,
                                           struct results_view *view,
                                           struct results_table *out)
{
    struct results_settings s;
    enum spred_status status = results_settings_read(env, view, &s);
    for (size_t i = 0, end; i < s.n && !status; i = end) {
        end = results_network_end(&s, i);
        size_t dense = results_dense(&s, i, end);
        if (dense < end) {
            struct results_cell *row = add_row(env, &s.rows[dense], out);
            if (row)
                row[SETTINGS_END].real = 1;
            status = row ? SPRED_OK : SPRED_ENOMEM;
        }
        for (size_t k = i, next; k < end && !status; k = next) {
            next = results_method_end(&s, k);
            if (!s.rows[k].is_dense)
                status = add_best(env, &s, k, next, out);
        }
    }
    results_settings_free(env, &s);
    return status;
}

enum spred_status results_compression_levels(struct spred_env *env,
                                             struct results_view *view,
                                             struct results_table *out)
{
    static const double levels[] = {RESULTS_LEVELS};
    struct results_settings s;
    enum spred_status status = results_settings_read(env, view, &s);
    for (size_t i = 0, end; i < s.n && !status; i = end) {
        end = results_network_end(&s, i);
        for (size_t l = 0; l < sizeof levels / sizeof *levels; l++)
            for (size_t k = i, next; k < end && !status; k = next) {
                next = results_method_end(&s, k);
                size_t at = results_at_least(&s, k, next, levels[l]);
                if (at == next)
                    continue;
                struct results_cell *row = add_row(env, &s.rows[at], out);
                if (row)
                    row[SETTINGS_END].real = levels[l];
                status = row ? SPRED_OK : SPRED_ENOMEM;
            }
    }
    results_settings_free(env, &s);
    return status;
}
