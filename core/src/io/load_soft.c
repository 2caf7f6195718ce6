/* load_soft.c: GEO DataSet (GDS) SOFT files, plain and _full. */
#include "io.h"
#include "soft.h"

#include <string.h>

/* The text after "= " of a "!key = value" line. */
static struct spred_span value_of(const struct spred_scan *scan)
{
    struct spred_span line = {scan->begin, (size_t)(scan->stop - scan->begin)};
    const char *equal = memchr(line.at, '=', line.length);
    if (!equal)
        return (struct spred_span){scan->stop, 0};
    equal++;
    return spred_span_trim(
        (struct spred_span){equal, (size_t)(scan->stop - equal)});
}

static int starts(const struct spred_scan *scan, const char *with)
{
    size_t length = strlen(with);
    return (size_t)(scan->stop - scan->begin) >= length &&
           strncmp(scan->begin, with, length) == 0;
}

static enum spred_status add_subset(struct spred_scan *scan,
                                    struct soft_head *head)
{
    size_t count = head->n_subsets;
    if ((count & (count - 1)) == 0) {
        struct soft_subset *subsets = spred_resize(
            scan->env, head->subsets, count ? 2 * count : 1, sizeof *subsets);
        if (!subsets)
            return SPRED_ENOMEM;
        head->subsets = subsets;
    }
    memset(&head->subsets[count], 0, sizeof *head->subsets);
    head->subsets[count].line = *scan;
    head->n_subsets++;
    return SPRED_OK;
}

static void head_line(struct spred_scan *scan, struct soft_head *head)
{
    if (head->n_subsets) {
        struct soft_subset *subset = &head->subsets[head->n_subsets - 1];
        if (starts(scan, "!subset_description"))
            subset->description = value_of(scan);
        else if (starts(scan, "!subset_sample_id"))
            subset->samples = value_of(scan), subset->line = *scan;
        else if (starts(scan, "!subset_type"))
            subset->type = value_of(scan);
    }
    if (starts(scan, "!dataset_title"))
        head->title = value_of(scan);
    else if (starts(scan, "!dataset_platform ="))
        head->platform = value_of(scan);
    else if (starts(scan, "!dataset_value_type"))
        head->value_type = value_of(scan);
    else if (starts(scan, "!dataset_feature_count"))
        head->has_features = spred_span_int(value_of(scan), &head->features);
    else if (starts(scan, "!dataset_sample_count"))
        head->has_samples = spred_span_int(value_of(scan), &head->samples);
}

/* Reads up to and with !dataset_table_begin. */
static enum spred_status read_head(struct spred_scan *scan,
                                   struct soft_head *head)
{
    while (spred_scan_next(scan)) {
        if (starts(scan, "!dataset_table_begin"))
            return SPRED_OK;
        if (starts(scan, "^DATASET"))
            head->accession = value_of(scan);
        else if (starts(scan, "^SERIES") || starts(scan, "^SAMPLE") ||
                 starts(scan, "^PLATFORM"))
            return spred_scan_fail(scan, scan->begin,
                                   "found a GEO family file (GSE, GSM, GPL), "
                                   "expected a GEO DataSet (GDS)");
        if (starts(scan, "^SUBSET"))
            SPRED_TRY(add_subset(scan, head));
        else
            head_line(scan, head);
    }
    return spred_scan_fail(scan, scan->begin,
                           "the file ends before !dataset_table_begin, "
                           "expected a whole file");
}

/* Which columns of the table hold what. */
struct columns {
    size_t count, n, symbol; /* fields, samples, the IDENTIFIER column */
    char *is_sample;         /* count */
};

static enum spred_status read_columns(struct spred_scan *scan,
                                      struct columns *columns)
{
    if (!spred_scan_next(scan))
        return spred_scan_fail(scan, scan->begin,
                               "the file ends after !dataset_table_begin, "
                               "expected a table");
    columns->symbol = SIZE_MAX;
    for (const char *at = scan->begin; at; columns->count++)
        spred_scan_field(&at, scan->stop, '\t');
    columns->is_sample = spred_alloc(scan->env, columns->count, 1);
    if (!columns->is_sample)
        return SPRED_ENOMEM;
    const char *at = scan->begin;
    for (size_t c = 0; c < columns->count; c++) {
        struct spred_span name = spred_scan_field(&at, scan->stop, '\t');
        if (c == 0 && !spred_span_is(name, "ID_REF"))
            return spred_scan_fail(scan, name.at,
                                   "found column %s, expected ID_REF first",
                                   spred_quote(name).text);
        if (spred_span_is(name, "IDENTIFIER"))
            columns->symbol = c;
        columns->is_sample[c] =
            c > 0 && name.length > 3 && strncmp(name.at, "GSM", 3) == 0;
        columns->n += (size_t)columns->is_sample[c];
    }
    return columns->n ? SPRED_OK
                      : spred_scan_fail(scan, scan->begin,
                                        "no column GSM..., expected one for "
                                        "each sample");
}

/* Rows up to !dataset_table_end, which must come. */
static enum spred_status count_rows(struct spred_scan scan, size_t *rows)
{
    *rows = 0;
    while (spred_scan_next(&scan)) {
        if (starts(&scan, "!dataset_table_end"))
            return *rows ? SPRED_OK
                         : spred_scan_fail(&scan, scan.begin,
                                           "the table has no row, expected "
                                           "one for each feature");
        ++*rows;
    }
    return spred_scan_fail(&scan, scan.begin,
                           "the file ends without !dataset_table_end "
                           "(truncated after %zu rows)",
                           *rows);
}

static enum spred_status ragged(const struct spred_scan *scan,
                                const struct columns *columns)
{
    size_t found = 0;
    for (const char *at = scan->begin; at; found++)
        spred_scan_field(&at, scan->stop, '\t');
    return spred_scan_fail(scan, scan->begin,
                           "found %zu fields, expected %zu as in the header",
                           found, columns->count);
}

/* One row of the table is column j of X. */
static enum spred_status read_row(const struct spred_scan *scan,
                                  const struct columns *columns,
                                  struct spred_data *out, size_t j)
{
    double *x = out->x.f64 + j * columns->n;
    const char *at = scan->begin;
    size_t c = 0;
    for (; at && c < columns->count; c++) {
        if (columns->is_sample[c]) {
            const char *end = spred_scan_cell(at, scan->stop, '\t', x);
            if (!end) {
                struct spred_span cell =
                    spred_scan_field(&at, scan->stop, '\t');
                return spred_scan_fail(scan, cell.at,
                                       "found %s, expected a number or null",
                                       spred_quote(cell).text);
            }
            out->missing += *x < 0 || *x >= 0 ? 0 : 1;
            x++;
            at = end < scan->stop ? end + 1 : NULL;
            continue;
        }
        struct spred_span cell = spred_scan_field(&at, scan->stop, '\t');
        if (c == 0)
            out->features[j] = spred_utf8(scan->env, cell);
        else if (c == columns->symbol)
            out->symbols[j] = spred_utf8(scan->env, cell);
    }
    if (at || c < columns->count)
        return ragged(scan, columns);
    if (columns->symbol == SIZE_MAX)
        out->symbols[j] = spred_strndup(scan->env, "", 0);
    return out->features[j] && out->symbols[j] ? SPRED_OK : SPRED_ENOMEM;
}

static enum spred_status read_table(struct spred_scan *scan,
                                    const struct columns *columns,
                                    struct spred_data *out)
{
    struct spred_env *env = scan->env;
    size_t p = 0, n = columns->n, i = 0;
    SPRED_TRY(count_rows(*scan, &p));
    SPRED_TRY(spred_matrix_new(env, SPRED_F64, n, p, 0, &out->x));
    out->features = spred_alloc(env, p, sizeof *out->features);
    out->symbols = spred_alloc(env, p, sizeof *out->symbols);
    out->samples = spred_alloc(env, n, sizeof *out->samples);
    if (!out->features || !out->symbols || !out->samples)
        return SPRED_ENOMEM;
    const char *at = scan->begin; /* still the header */
    for (size_t c = 0; c < columns->count; c++) {
        struct spred_span name = spred_scan_field(&at, scan->stop, '\t');
        if (columns->is_sample[c] &&
            !(out->samples[i++] = spred_utf8(env, name)))
            return SPRED_ENOMEM;
    }
    for (size_t j = 0; j < p; j++) {
        if (j % 256 == 0)
            SPRED_TRY(spred_check_cancel(env));
        spred_scan_next(scan);
        SPRED_TRY(read_row(scan, columns, out, j));
    }
    return SPRED_OK;
}

static enum spred_status describe(struct spred_env *env,
                                  const struct soft_head *head,
                                  struct spred_data *out)
{
    struct spred_span parts[] = {head->accession, head->title, head->platform,
                                 head->value_type};
    char *text[4] = {NULL, NULL, NULL, NULL};
    int ok = 1;
    for (size_t i = 0; i < 4; i++)
        ok &= (text[i] = spred_utf8(
                   env, parts[i].at ? parts[i]
                                    : (struct spred_span){"?", 1})) != NULL;
    if (ok)
        out->source = spred_format(
            env, "GEO DataSet %s: %s; platform %s, value type %s (SOFT)",
            text[0], text[1], text[2], text[3]);
    for (size_t i = 0; i < 4; i++)
        spred_free(env, text[i]);
    return out->source ? SPRED_OK : SPRED_ENOMEM;
}

static enum spred_status read_parts(struct spred_scan *scan,
                                    struct soft_head *head,
                                    struct columns *columns,
                                    struct spred_data *out)
{
    SPRED_TRY(read_head(scan, head));
    SPRED_TRY(read_columns(scan, columns));
    head->columns = *scan;
    SPRED_TRY(read_table(scan, columns, out));
    SPRED_TRY(describe(scan->env, head, out));
    return spred_soft_targets(scan->env, head, out);
}

static enum spred_status soft_read(struct spred_env *env,
                                   const struct spred_bytes *file,
                                   const struct spred_load_options *options,
                                   struct spred_data *out)
{
    struct spred_scan scan;
    struct soft_head head = {0};
    struct columns columns = {0};
    (void)options;
    spred_scan_init(&scan, env, file);
    enum spred_status status = read_parts(&scan, &head, &columns, out);
    spred_free(env, columns.is_sample);
    spred_free(env, head.subsets);
    return status;
}

static int soft_probe(const char *bytes, size_t length)
{
    static const char *const marks[] = {"^DATABASE", "^DATASET",  "^SERIES",
                                        "^SAMPLE",   "^PLATFORM", NULL};
    for (size_t i = 0; marks[i]; i++)
        if (length > strlen(marks[i]) &&
            memcmp(bytes, marks[i], strlen(marks[i])) == 0)
            return 100;
    return 0;
}

const struct spred_loader spred_load_soft = {
    "soft-gds", "soft, soft.gz",
    "GEO DataSet in SOFT format; every subset type is a class target",
    soft_probe, soft_read};
