/* rdata_frame.c: an R data.frame: rows are samples, or the genes-in-rows table
 * with a first row of labels (impute's khanmiss). */
#include "rdata.h"
#include "io.h"

#include <math.h>
#include <string.h>

#include "spred/text.h"

/* Fewer columns of the form "label, numbers" are no set of samples. */
#define MIN_LABELLED 2

enum role { ROLE_SKIP, ROLE_FEATURE, ROLE_TARGET };

struct frame {
    struct spred_env *env;
    const char *where;
    const struct r_object *object;
    const struct r_node *node;
    size_t rows, columns;
    double *values; /* rows: one parsed column */
};

static int is_text(const struct r_node *column)
{
    return r_is_factor(column) ||
           (column->type == R_STRING && !column->deferred);
}

static char *column_name(const struct frame *f, size_t j)
{
    const struct r_node *names = r_attribute(f->node, "names");
    if (names && names->type == R_STRING && j < names->length)
        return r_string_copy(f->env, names, j);
    return spred_format(f->env, "V%zu", j + 1);
}

static enum spred_status infinite(const struct frame *f, size_t i, size_t j)
{
    return spred_fail(f->env, SPRED_EFORMAT,
                      "%s: '%s'[%zu, %zu] is infinite, expected a finite "
                      "number or NA",
                      f->where, f->object->name, i + 1, j + 1);
}

/* values[rows] = column j as numbers; NaN where it holds none. */
static enum spred_status numbers(struct frame *f, size_t j,
                                 struct r_parsed *parsed)
{
    const struct r_node *column = f->node->items[j];
    *parsed = (struct r_parsed){0, f->rows, 0};
    if (is_text(column))
        return r_parse_column(f->env, column, f->rows, f->values, parsed);
    for (size_t i = 0; i < f->rows; i++) {
        f->values[i] = r_is_numeric(column) ? r_number(column, i) : NAN;
        if (isinf(f->values[i]))
            return infinite(f, i, j);
        parsed->numbers += isnan(f->values[i]) ? 0 : 1;
    }
    return SPRED_OK;
}

/* Marks the columns of the form "label, number, number, ...": samples in
 * columns with their class in the first row. */
static enum spred_status find_labelled(struct frame *f, char *labelled,
                                       size_t *count)
{
    *count = 0;
    for (size_t j = 0; j < f->columns; j++) {
        struct r_parsed parsed;
        if (!is_text(f->node->items[j]) || f->rows < 3)
            continue;
        SPRED_TRY(numbers(f, j, &parsed));
        labelled[j] = parsed.bad == 1 && parsed.first_bad == 0 &&
                      2 * parsed.numbers >= f->rows - 1;
        *count += labelled[j] ? 1 : 0;
    }
    /* every column behind the first labelled one must be labelled */
    size_t first = 0;
    while (first < f->columns && !labelled[first])
        first++;
    if (*count < MIN_LABELLED || *count != f->columns - first)
        *count = 0;
    return SPRED_OK;
}

/* The first row becomes the target "class", the first text column names the
 * genes. */
static enum spred_status read_labelled(struct frame *f, const char *labelled,
                                       size_t count, struct spred_data *out)
{
    size_t n = count, p = f->rows - 1, sample = 0;
    SPRED_TRY(r_new_data(f->env, n, p, out));
    struct spred_span *labels = spred_alloc(f->env, n, sizeof *labels);
    enum spred_status status = labels ? SPRED_OK : SPRED_ENOMEM;
    for (size_t j = 0; status == SPRED_OK && j < f->columns; j++) {
        const struct r_node *column = f->node->items[j];
        struct r_parsed parsed;
        if (!labelled[j]) {
            for (size_t i = 0; j == 0 && is_text(column) && i < p; i++) {
                spred_free(f->env, out->features[i]);
                out->features[i] = r_string_copy(f->env, column, i + 1);
                if (!out->features[i])
                    status = SPRED_ENOMEM;
            }
            continue;
        }
        status = numbers(f, j, &parsed);
        for (size_t i = 0; status == SPRED_OK && i < p; i++) {
            out->x.f64[sample + i * n] = f->values[i + 1];
            out->missing += isnan(f->values[i + 1]) ? 1 : 0;
        }
        struct r_text text = r_string(column, 0);
        labels[sample] = (struct spred_span){text.bytes, text.length};
        spred_free(f->env, out->samples[sample]);
        out->samples[sample] = column_name(f, j);
        if (!out->samples[sample++])
            status = SPRED_ENOMEM;
    }
    struct spred_target *target =
        status == SPRED_OK ? spred_target_add(f->env, out) : NULL;
    if (target) {
        target->name = spred_strdup(f->env, "class");
        status = target->name ? spred_target_classes(f->env, target, labels, n)
                              : SPRED_ENOMEM;
    } else if (status == SPRED_OK) {
        status = SPRED_ENOMEM;
    }
    spred_free(f->env, labels);
    return status;
}

/* Is name one of the comma-separated names of list? */
static int listed(const char *list, const char *name)
{
    size_t length = strlen(name);
    for (const char *at = list; at; at = strchr(at, ',')) {
        at += *at == ',';
        while (*at == ' ')
            at++;
        if (strncmp(at, name, length) == 0 &&
            (at[length] == ',' || at[length] == '\0'))
            return 1;
    }
    return 0;
}

static int looks_like_response(const char *name)
{
    return strcmp(name, "y") == 0 || strcmp(name, "Y") == 0 ||
           strcmp(name, "class") == 0 || strcmp(name, "label") == 0 ||
           strncmp(name, "y:", 2) == 0;
}

/* Targets first: what is no target and holds numbers is a feature. */
static enum spred_status assign(struct frame *f, const char *response,
                                char *roles, size_t *features,
                                struct spred_data *out)
{
    int found = 0;
    for (size_t j = 0; j < f->columns; j++) {
        const struct r_node *column = f->node->items[j];
        char *name = column_name(f, j);
        if (!name)
            return SPRED_ENOMEM;
        int asked =
                response ? listed(response, name) : looks_like_response(name),
            made = 0;
        found += asked;
        enum spred_status status =
            r_add_target(f->env, out, column, f->rows, name,
                         asked ? R_RESPONSE : R_FEATURE_TABLE, &made);
        spred_free(f->env, name);
        SPRED_TRY(status);
        struct r_parsed parsed = {1, 0, 0};
        if (!made && (is_text(column) || r_is_numeric(column)))
            SPRED_TRY(numbers(f, j, &parsed));
        roles[j] = (char)(made                                    ? ROLE_TARGET
                          : parsed.bad == 0 && parsed.numbers > 0 ? ROLE_FEATURE
                                                                  : ROLE_SKIP);
        *features += roles[j] == ROLE_FEATURE;
    }
    if (response && !found)
        return spred_fail(f->env, SPRED_ENOTFOUND,
                          "%s: '%s' has no column '%s'", f->where,
                          f->object->name, response);
    if (*features == 0)
        return spred_fail(f->env, SPRED_EFORMAT,
                          "%s: '%s' is a table without a column of numbers, "
                          "expected features",
                          f->where, f->object->name);
    return SPRED_OK;
}

static enum spred_status read_rows(struct frame *f, const char *response,
                                   struct spred_data *out)
{
    size_t n = f->rows, p = 0, feature = 0;
    char *roles = spred_alloc(f->env, f->columns, 1);
    enum spred_status status =
        roles ? assign(f, response, roles, &p, out) : SPRED_ENOMEM;
    if (status == SPRED_OK)
        status = r_new_data(f->env, n, p, out);
    for (size_t j = 0; status == SPRED_OK && j < f->columns; j++) {
        struct r_parsed parsed;
        if (roles[j] != ROLE_FEATURE)
            continue;
        status = numbers(f, j, &parsed);
        for (size_t i = 0; status == SPRED_OK && i < n; i++) {
            out->x.f64[i + feature * n] = f->values[i];
            out->missing += isnan(f->values[i]) ? 1 : 0;
        }
        spred_free(f->env, out->features[feature]);
        out->features[feature] = column_name(f, j);
        if (!out->features[feature++])
            status = SPRED_ENOMEM;
    }
    spred_free(f->env, roles);
    SPRED_TRY(status);
    return r_set_names(f->env, out->samples, r_row_names(f->node, n), n);
}

/* The user says that the columns are the samples: columns of numbers, the
 * first text column (else the row names) names the genes. */
static enum spred_status read_columns(struct frame *f, struct spred_data *out)
{
    size_t n = 0, p = f->rows, sample = 0;
    const struct r_node *names = r_row_names(f->node, f->rows);
    for (size_t j = f->columns; j-- > 0;) {
        n += r_is_numeric(f->node->items[j]) && !r_is_factor(f->node->items[j]);
        if (is_text(f->node->items[j]))
            names = f->node->items[j];
    }
    if (n == 0)
        return spred_fail(f->env, SPRED_EFORMAT,
                          "%s: '%s' is a table without a column of numbers, "
                          "expected samples in columns",
                          f->where, f->object->name);
    SPRED_TRY(r_new_data(f->env, n, p, out));
    for (size_t j = 0; j < f->columns; j++) {
        struct r_parsed parsed;
        if (!r_is_numeric(f->node->items[j]) || r_is_factor(f->node->items[j]))
            continue;
        SPRED_TRY(numbers(f, j, &parsed));
        for (size_t i = 0; i < p; i++) {
            out->x.f64[sample + i * n] = f->values[i];
            out->missing += isnan(f->values[i]) ? 1 : 0;
        }
        spred_free(f->env, out->samples[sample]);
        out->samples[sample] = column_name(f, j);
        if (!out->samples[sample++])
            return SPRED_ENOMEM;
    }
    return r_set_names(f->env, out->features, names, p);
}

enum spred_status r_read_frame(struct spred_env *env, const char *where,
                               const struct r_object *object,
                               const struct spred_load_options *options,
                               struct spred_data *out)
{
    struct frame f = {env, where, object, object->node, 0, 0, NULL};
    size_t count = 0;
    r_frame_size(f.node, &f.rows, &f.columns);
    f.values = spred_alloc(env, f.rows, sizeof *f.values);
    char *labelled = spred_alloc(env, f.columns, 1);
    enum spred_status status = f.values && labelled ? SPRED_OK : SPRED_ENOMEM;
    if (status == SPRED_OK && options->orientation != SPRED_SAMPLES_IN_ROWS)
        status = find_labelled(&f, labelled, &count);
    if (status == SPRED_OK && count)
        status = read_labelled(&f, labelled, count, out);
    else if (status == SPRED_OK &&
             options->orientation == SPRED_SAMPLES_IN_COLUMNS)
        status = read_columns(&f, out);
    else if (status == SPRED_OK)
        status = read_rows(&f, options->response, out);
    spred_free(env, f.values);
    spred_free(env, labelled);
    SPRED_TRY(status);
    return out->n_targets ? SPRED_OK : r_add_companions(env, object, out);
}
