/* row.c: the column tables of the rows, and rows as lines of text. */
#include "results/sink.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "results/field.h"
#include "spred/text.h"

#define TEXT(field, doc)                                                       \
    {                                                                          \
#field, RESULTS_TEXT, offsetof(struct ROW, field), doc                 \
    }
#define INT(field, doc)                                                        \
    {                                                                          \
#field, RESULTS_INT, offsetof(struct ROW, field), doc                  \
    }
#define REAL(field, doc)                                                       \
    {                                                                          \
#field, RESULTS_REAL, offsetof(struct ROW, field), doc                 \
    }

#define ROW results_run
const struct results_column results_run_columns[] = {
    TEXT(job, "key of the job, 64 hexadecimal digits"),
    TEXT(experiment, "name of the experiment"),
    TEXT(dataset, "name of the data set"),
    TEXT(source, "where the data came from"),
    TEXT(target, "what is predicted"),
    INT(simulated, "1: simulated data, 0: real data"),
    TEXT(protocol, "clean, paper, given or a script's"),
    INT(trial, "number of the random split, from 1"),
    TEXT(problem, "name of the problem in the experiment file"),
    TEXT(loss, "squared, logistic or multinomial"),
    TEXT(penalty, "l1, elastic-net(ratio), group(...), power(D)"),
    TEXT(preparation, "what was done to X, learnt on the training part"),
    TEXT(solver, "name of the solver"),
    TEXT(options, "all options of the solver or model, name=value"),
    TEXT(kind, "solver, model or coding"),
    TEXT(chosen, "model: the tuned settings that stand"),
    INT(warm_start, "0: every lambda was solved from nothing"),
    INT(train, "samples in the training part"),
    INT(validate, "samples in the validation part"),
    INT(test, "samples in the test part"),
    INT(features, "features"),
    INT(classes, "classes; 0: regression"),
    TEXT(status, "how the run ended"),
    TEXT(reason, "why, one line"),
    INT(points, "lambdas on the path, times outputs"),
    INT(certified, "of which certified to the asked gap"),
    REAL(lambda_max, "smallest lambda with an empty model, training part"),
    REAL(lambda_ratio, "chosen lambda / lambda_max"),
    REAL(ratio_min, "lambda of the least cross-validated loss / lambda_max"),
    REAL(ratio_1se, "largest lambda within one s.e. of that / lambda_max"),
    REAL(cv_loss, "cross-validated loss at the chosen lambda"),
    REAL(cv_se, "standard error of cv_loss"),
    REAL(objective, "objective at the chosen lambda, sum over outputs"),
    REAL(gap, "worst relative duality gap on the path"),
    REAL(gap_target, "asked relative duality gap; power: stationarity"),
    REAL(floor, "worst relative rounding floor of the gap"),
    REAL(kkt, "worst violation of the optimality conditions / lambda"),
    INT(support, "features with a nonzero weight, chosen lambda"),
    REAL(zeros, "share of features with |weight| <= 1e-6, chosen lambda"),
    INT(truth, "simulated: features that have an effect"),
    INT(true_positives, "of them in the support, chosen lambda"),
    REAL(seconds, "billed time: set-up, constants and steps [s]"),
    REAL(seconds_wall, "wall time of all paths, certificates included [s]"),
    REAL(seconds_total, "time with all that is not billed [s]"),
    REAL(seconds_load, "loading, not billed [s]"),
    REAL(seconds_prepare, "split and standardisation, not billed [s]"),
    REAL(seconds_setup, "set-up and constants of the solver, billed [s]"),
    REAL(seconds_solve, "steps of the solver, billed [s]"),
    REAL(seconds_certify, "certificates, not billed [s]"),
    REAL(passes, "billed work in passes over the data"),
    INT(steps, "steps of the solver"),
    INT(peak_rss_kib, "peak memory of the worker [KiB]"),
    REAL(validation,
         "balanced accuracy (paper: accuracy), validation part, chosen lambda"),
    REAL(accuracy, "accuracy, test part"),
    REAL(balanced_accuracy, "mean of the classes' recalls, test part"),
    REAL(auc, "area under the ROC curve, test part"),
    REAL(log_loss, "mean logarithmic loss, test part [nat]"),
    REAL(r2, "share of the variance explained, test part"),
    REAL(majority, "share of the largest class: test part; paper: all rows"),
    REAL(ceiling, "paper protocol: 1/T, the most that a sample alone can tell, "
                  "on average"),
    REAL(informed, "paper protocol: (1-.8^T)/(.2T), the best informed guess"),
    TEXT(seed, "seed of the trial"),
    TEXT(machine, "fingerprint of the machine"),
    TEXT(started, "start, UTC, ISO 8601"),
    {NULL, RESULTS_TEXT, 0, NULL}};
#undef ROW

#define ROW results_point
const struct results_column results_point_columns[] = {
    TEXT(job, "key of the job"),
    INT(output, "one-vs-rest output, from 1"),
    INT(lambda_index, "place on the path, from 1"),
    REAL(lambda, "lambda"),
    REAL(lambda_ratio, "lambda / lambda_max"),
    INT(step, "steps done at this lambda"),
    REAL(seconds, "billed since the start of this lambda [s]"),
    REAL(seconds_path, "billed since the start of the job [s]"),
    REAL(passes, "passes over the data since the start of the job"),
    REAL(primal, "objective"),
    REAL(dual, "best certified lower bound"),
    REAL(gap, "(primal - dual) / objective at zero"),
    REAL(floor, "relative rounding floor of the gap"),
    REAL(kkt, "violation of the optimality conditions / lambda"),
    INT(support, "features with a nonzero weight"),
    INT(last, "1: the final observation at this lambda"),
    TEXT(stop, "why this lambda ended, if last"),
    REAL(validation,
         "balanced accuracy (paper: accuracy), validation part, if last"),
    INT(above_1e12, "features with a |weight| above 1e-12, if last"),
    INT(above_1e6, "features with a |weight| above 1e-6, if last"),
    INT(true_positives, "simulated: support with an effect, if last"),
    REAL(cv_loss, "cross-validated loss, if last"),
    REAL(cv_se, "standard error of cv_loss"),
    {NULL, RESULTS_TEXT, 0, NULL}};
#undef ROW

#define ROW results_gene
const struct results_column results_gene_columns[] = {
    TEXT(job, "key of the job"),
    INT(output, "one-vs-rest output, from 1"),
    INT(rank, "1: largest absolute weight; 0: the intercept"),
    TEXT(feature, "name of the feature"),
    TEXT(symbol, "gene symbol"),
    REAL(weight, "weight on the standardised scale"),
    REAL(coefficient, "weight per unit of the prepared (log2 ...) feature"),
    {NULL, RESULTS_TEXT, 0, NULL}};
#undef ROW

#define ROW results_fold
const struct results_column results_fold_columns[] = {
    TEXT(job, "key of the job"),
    INT(fold, "fold of the cross-validation, from 1"),
    INT(lambda_index, "place on the path, from 1"),
    REAL(lambda, "lambda"),
    INT(train, "samples fitted"),
    INT(held, "samples left out"),
    REAL(loss, "mean loss over the samples left out"),
    REAL(gap, "relative duality gap, worst over outputs"),
    REAL(floor, "relative rounding floor of the gap"),
    INT(certified, "1: to the asked gap"),
    REAL(seconds, "billed at this lambda [s]"),
    {NULL, RESULTS_TEXT, 0, NULL}};
#undef ROW

#define ROW results_metric
const struct results_column results_metric_columns[] = {
    TEXT(job, "key of the job"),
    TEXT(name, "of the metric, as the script calls it"),
    REAL(value, "on the test part, at the chosen lambda"),
    {NULL, RESULTS_TEXT, 0, NULL}};
#undef ROW

#define ROW results_candidate
const struct results_column results_candidate_columns[] = {
    TEXT(job, "key of the job"),
    INT(candidate, "place in the grid, from 1"),
    TEXT(settings, "the tuned options, name=value"),
    TEXT(at, "which of its offers stands: step, genes ..."),
    REAL(validation,
         "balanced accuracy (paper: accuracy), validation part, best offer"),
    REAL(loss, "log-loss (no logits: 1 - AUC; real-valued: squared error), "
               "validation part: breaks ties"),
    INT(support, "genes that the best offer uses"),
    INT(offers, "models that were offered"),
    INT(steps, "gradient steps, eliminations ..."),
    REAL(passes, "work in passes over the data"),
    REAL(seconds, "of the fit [s]"),
    TEXT(stop, "done, time, diverged, error or interrupted"),
    TEXT(note, "what the model said of the fit"),
    INT(chosen, "1: the one that was tested"),
    {NULL, RESULTS_TEXT, 0, NULL}};
#undef ROW

#define ROW results_mark
const struct results_column results_mark_columns[] = {
    TEXT(job, "key of the job"),
    INT(mark, "place in the fit, from 1"),
    INT(candidate, "whose fit it was, place in the grid"),
    TEXT(rule, "when a weight is zero: exact zeros, threshold, made smaller"),
    REAL(threshold, "weights up to it are set to zero"),
    INT(weights, "weights of all layers that can be made sparse"),
    INT(nonzero, "of them not zero by the rule"),
    REAL(macs, "multiply-adds of one sample, of what is left"),
    REAL(macs_dense, "multiply-adds of one sample at first"),
    REAL(seconds_sample, "to predict one sample of the test part [s]"),
    REAL(validation, "accuracy, validation part"),
    REAL(accuracy, "accuracy, test part"),
    REAL(loss, "mean cross-entropy, test part [nat]"),
    {NULL, RESULTS_TEXT, 0, NULL}};
#undef ROW

#define ROW results_layer
const struct results_column results_layer_columns[] = {
    TEXT(job, "key of the job"),
    INT(mark, "of which mark"),
    INT(layer, "place in the network, from 1"),
    TEXT(name, "of the layer"),
    INT(weights, "of the layer"),
    INT(nonzero, "of them not zero by the mark's rule"),
    INT(units, "neurons or filters"),
    INT(units_left, "of them with a weight that is not zero"),
    {NULL, RESULTS_TEXT, 0, NULL}};
#undef ROW

#define ROW results_array
const struct results_column results_array_columns[] = {
    TEXT(job, "key of the job"),
    TEXT(name, "what it is"),
    INT(rows, "of the matrix"),
    INT(columns, "of the matrix"),
    INT(height, "of the picture that a column is; 0: none"),
    INT(width, "of that picture"),
    INT(channels, "of that picture, fastest"),
    TEXT(values, "column-major, blanks between"),
    {NULL, RESULTS_TEXT, 0, NULL}};
#undef ROW

#define CHILD(rows)                                                            \
    offsetof(struct results_record, rows),                                     \
        offsetof(struct results_record, n_##rows)
const struct results_child results_children[RESULTS_CHILDREN] = {
    {"points", results_point_columns, sizeof(struct results_point),
     CHILD(points)},
    {"genes", results_gene_columns, sizeof(struct results_gene), CHILD(genes)},
    {"folds", results_fold_columns, sizeof(struct results_fold), CHILD(folds)},
    {"metrics", results_metric_columns, sizeof(struct results_metric),
     CHILD(metrics)},
    {"candidates", results_candidate_columns, sizeof(struct results_candidate),
     CHILD(candidates)},
    {"marks", results_mark_columns, sizeof(struct results_mark), CHILD(marks)},
    {"layers", results_layer_columns, sizeof(struct results_layer),
     CHILD(layers)},
    {"arrays", results_array_columns, sizeof(struct results_array),
     CHILD(arrays)}};
#undef CHILD

size_t results_child_count(const struct results_record *record,
                           const struct results_child *child)
{
    size_t count;
    memcpy(&count, (const char *)record + child->count, sizeof count);
    return count;
}

void *results_child_row(const struct results_record *record,
                        const struct results_child *child, size_t i)
{
    char *rows;
    memcpy(&rows, (const char *)record + child->rows, sizeof rows);
    return rows ? rows + i * child->size : NULL;
}

enum spred_status results_child_room(struct spred_env *env,
                                     struct results_record *record,
                                     const struct results_child *child,
                                     size_t count)
{
    void *rows = spred_alloc(env, count, child->size);
    memcpy((char *)record + child->rows, &rows, sizeof rows);
    return rows ? SPRED_OK : SPRED_ENOMEM;
}

void *results_child_next(struct results_record *record,
                         const struct results_child *child)
{
    size_t count = results_child_count(record, child);
    void *row = results_child_row(record, child, count++);
    results_row_clear(child->columns, row);
    memcpy((char *)record + child->count, &count, sizeof count);
    return row;
}

size_t results_column_count(const struct results_column *columns)
{
    size_t n = 0;
    while (columns[n].name)
        n++;
    return n;
}

void results_row_clear(const struct results_column *columns, void *row)
{
    for (const struct results_column *c = columns; c->name; c++) {
        void *field = results_field_at(row, c);
        if (c->kind == RESULTS_TEXT)
            *(char **)field = NULL;
        else if (c->kind == RESULTS_INT)
            *(int64_t *)field = INT64_MIN;
        else
            *(double *)field = NAN;
    }
}

void results_row_free(struct spred_env *env,
                      const struct results_column *columns, void *row)
{
    for (const struct results_column *c = columns; c->name; c++)
        if (c->kind == RESULTS_TEXT)
            spred_free(env, *(char **)results_field_at(row, c));
    results_row_clear(columns, row);
}

void results_record_free(struct spred_env *env, struct results_record *record)
{
    results_row_free(env, results_run_columns, &record->run);
    for (size_t k = 0; k < RESULTS_CHILDREN; k++) {
        const struct results_child *child = &results_children[k];
        for (size_t i = 0; i < results_child_count(record, child); i++)
            results_row_free(env, child->columns,
                             results_child_row(record, child, i));
        spred_free(env, results_child_row(record, child, 0));
    }
    memset(record, 0, sizeof *record);
    results_row_clear(results_run_columns, &record->run);
}

char *results_print_real(char out[RESULTS_REAL_SIZE], double value, int digits)
{
    if (isnan(value)) {
        out[0] = '\0';
    } else if (isinf(value)) {
        strcpy(out, value > 0 ? "inf" : "-inf");
    } else {
        snprintf(out, RESULTS_REAL_SIZE, "%.*g", digits, value);
        for (char *c = out; *c; c++) /* a locale's decimal point */
            if (*c == ',')
                *c = '.';
    }
    return out;
}

const char *results_field_print(const void *row,
                                const struct results_column *column,
                                char scratch[RESULTS_REAL_SIZE])
{
    scratch[0] = '\0';
    if (column->kind == RESULTS_TEXT) {
        const char *text = results_field_text(row, column);
        return text ? text : scratch;
    }
    if (column->kind == RESULTS_REAL)
        return results_print_real(scratch, results_field_real(row, column), 17);
    int64_t value = results_field_int(row, column);
    if (value != INT64_MIN)
        snprintf(scratch, RESULTS_REAL_SIZE, "%" PRId64, value);
    return scratch;
}

enum spred_status results_row_write(struct spred_env *env,
                                    const struct results_column *columns,
                                    const void *row, struct spred_buffer *out)
{
    char scratch[RESULTS_REAL_SIZE];
    for (const struct results_column *c = columns; c->name; c++) {
        if (c != columns)
            SPRED_TRY(spred_buffer_append(env, out, "\t", 1));
        const char *text = results_field_print(row, c, scratch);
        while (*text) {
            size_t plain = strcspn(text, "\t\n\\");
            SPRED_TRY(spred_buffer_append(env, out, text, plain));
            text += plain;
            if (*text) {
                const char *code = *text == '\t'   ? "\\t"
                                   : *text == '\n' ? "\\n"
                                                   : "\\\\";
                SPRED_TRY(spred_buffer_append(env, out, code, 2));
                text++;
            }
        }
    }
    return spred_buffer_append(env, out, "", 0);
}

/* The field's text with escapes undone. */
static enum spred_status unescape(struct spred_env *env, const char *name,
                                  const char *text, size_t length, char **out)
{
    char *copy = spred_alloc(env, length + 1, 1), *to = copy;
    if (!copy)
        return SPRED_ENOMEM;
    for (size_t i = 0; i < length; i++) {
        char c = text[i];
        if (c == '\\') {
            c = i + 1 < length ? text[++i] : ' ';
            c = (char)(c == 't' ? '\t' : c == 'n' ? '\n' : c == '\\' ? c : 0);
        }
        if (c == 0) {
            spred_free(env, copy);
            return spred_fail(env, SPRED_EFORMAT,
                              "row: field '%s' holds a broken escape or a NUL",
                              name);
        }
        *to++ = c;
    }
    *out = copy;
    return SPRED_OK;
}

static enum spred_status read_number(struct spred_env *env,
                                     const struct results_column *column,
                                     const char *text, size_t length, void *row)
{
    char copy[RESULTS_REAL_SIZE + 8];
    void *field = results_field_at(row, column);
    if (length < sizeof copy && !memchr(text, 0, length)) {
        memcpy(copy, text, length);
        copy[length] = '\0';
        if (column->kind == RESULTS_INT) {
            if (spred_parse_int(copy, field))
                return SPRED_OK;
        } else if (strcmp(copy, "inf") == 0 || strcmp(copy, "-inf") == 0) {
            *(double *)field = copy[0] == '-' ? -INFINITY : INFINITY;
            return SPRED_OK;
        } else if (spred_parse_real(copy, field)) {
            return SPRED_OK;
        }
    }
    return spred_fail(env, SPRED_EFORMAT,
                      "row: field '%s' is '%.*s', expected %s", column->name,
                      length < 40 ? (int)length : 40, text,
                      column->kind == RESULTS_INT ? "an integer" : "a number");
}

enum spred_status results_row_read(struct spred_env *env,
                                   const struct results_column *columns,
                                   const char *line, size_t length, void *row)
{
    const char *end = line + length;
    size_t fields = 1, expected = results_column_count(columns);
    for (const char *c = line; c < end; c++)
        fields += *c == '\t';
    results_row_clear(columns, row);
    if (fields != expected)
        return spred_fail(
            env, SPRED_EFORMAT, "row: %zu fields, expected %zu ('%s' to '%s')",
            fields, expected, columns[0].name, columns[expected - 1].name);
    enum spred_status status = SPRED_OK;
    for (const struct results_column *c = columns; c->name && !status; c++) {
        const char *tab = memchr(line, '\t', (size_t)(end - line));
        size_t width = (size_t)((tab ? tab : end) - line);
        if (width && c->kind == RESULTS_TEXT) {
            status = unescape(env, c->name, line, width,
                              (char **)results_field_at(row, c));
        } else if (width) {
            status = read_number(env, c, line, width, row);
        }
        line = tab ? tab + 1 : end;
    }
    if (status)
        results_row_free(env, columns, row);
    return status;
}
