/* load_svmlight.c: LIBSVM text "label index:value ...", indices from 1. */
#include "io.h"

#include <math.h>
#include <string.h>

/* The largest index; a single wrong digit must not ask for terabytes. */
#define INDEX_MAX ((size_t)1 << 26)

/* The file by rows. */
struct by_rows {
    size_t n, p, stored;
    struct spred_span *labels; /* n */
    size_t *ends;              /* n: the end of each row in the two below */
    int32_t *index;            /* stored, from 0 */
    double *value;             /* stored */
};

static int blank(char c)
{
    return c == ' ' || c == '\t';
}

/* The next word before stop or a comment, or length 0. */
static struct spred_span word(const char **at, const char *stop)
{
    const char *from = *at;
    while (from < stop && blank(*from))
        from++;
    const char *to = from;
    while (to < stop && !blank(*to))
        to++;
    *at = to;
    return (struct spred_span){from, (size_t)(to - from)};
}

static const char *before_comment(const struct spred_scan *scan)
{
    size_t length = (size_t)(scan->stop - scan->begin);
    const char *hash = memchr(scan->begin, '#', length);
    return hash ? hash : scan->stop;
}

/* Upper bounds of rows and entries. */
static void count(struct spred_scan scan, size_t *rows, size_t *entries)
{
    *rows = *entries = 0;
    while (spred_scan_next(&scan)) {
        ++*rows;
        for (const char *c = scan.begin;
             (c = memchr(c, ':', (size_t)(scan.stop - c))); c++)
            ++*entries;
    }
}

/* "index:value" behind the entries read so far; first is the row's first. */
static enum spred_status read_entry(const struct spred_scan *scan,
                                    struct spred_span entry, size_t first,
                                    struct by_rows *rows)
{
    const char *c = entry.at, *stop = entry.at + entry.length;
    size_t index = 0;
    while (c < stop && *c >= '0' && *c <= '9' && index <= INDEX_MAX)
        index = index * 10 + (size_t)(*c++ - '0');
    if (c == entry.at || c == stop || (*c != ':' && index <= INDEX_MAX))
        return spred_scan_fail(scan, entry.at, "found %s, expected index:value",
                               spred_quote(entry).text);
    if (index > INDEX_MAX)
        return spred_scan_fail(scan, entry.at,
                               "found index %s, expected at most %zu",
                               spred_quote(entry).text, INDEX_MAX);
    if (index == 0)
        return spred_scan_fail(scan, entry.at,
                               "found index 0, expected indices from 1");
    if (rows->stored > first) {
        size_t before = (size_t)rows->index[rows->stored - 1] + 1;
        if (index <= before)
            return spred_scan_fail(
                scan, entry.at,
                index == before
                    ? "found index %zu again, expected it once a line"
                    : "found index %zu after a larger one, expected ascending "
                      "indices",
                index);
    }
    double *value = &rows->value[rows->stored];
    if (spred_scan_cell(++c, stop, '\n', value) != stop || isnan(*value))
        return spred_scan_fail(
            scan, c, "found %s, expected a number",
            spred_quote((struct spred_span){c, (size_t)(stop - c)}).text);
    rows->index[rows->stored++] = (int32_t)(index - 1);
    rows->p = index > rows->p ? index : rows->p;
    return SPRED_OK;
}

static enum spred_status read_rows(struct spred_scan *scan,
                                   struct by_rows *rows)
{
    while (spred_scan_next(scan)) {
        const char *at = scan->begin, *stop = before_comment(scan);
        struct spred_span label = word(&at, stop), entry;
        double value;
        if (label.length == 0)
            continue;
        if (rows->n % 1024 == 0)
            SPRED_TRY(spred_check_cancel(scan->env));
        const char *end = label.at + label.length;
        if (spred_scan_cell(label.at, end, '\n', &value) != end || isnan(value))
            return spred_scan_fail(scan, label.at,
                                   "found label %s, expected a number",
                                   spred_quote(label).text);
        size_t first = rows->stored;
        while ((entry = word(&at, stop)).length)
            SPRED_TRY(read_entry(scan, entry, first, rows));
        rows->labels[rows->n] = label;
        rows->ends[rows->n++] = rows->stored;
    }
    if (rows->p == 0)
        return spred_scan_fail(scan, scan->begin,
                               "no index:value in the file, expected samples "
                               "with features");
    return SPRED_OK;
}

static enum spred_status to_columns(struct spred_env *env,
                                    const struct by_rows *rows,
                                    struct spred_matrix *x)
{
    SPRED_TRY(
        spred_matrix_new(env, SPRED_CSC, rows->n, rows->p, rows->stored, x));
    for (size_t e = 0; e < rows->stored; e++)
        x->colptr[rows->index[e] + 1]++;
    for (size_t j = 0; j < rows->p; j++)
        x->colptr[j + 1] += x->colptr[j];
    /* colptr[j] runs from the start of column j to its end, then moves back */
    for (size_t i = 0, e = 0; i < rows->n; i++)
        for (; e < rows->ends[i]; e++) {
            int64_t to = x->colptr[rows->index[e]]++;
            x->rowind[to] = (int32_t)i;
            x->values[to] = rows->value[e];
        }
    memmove(x->colptr + 1, x->colptr, rows->p * sizeof *x->colptr);
    x->colptr[0] = 0;
    return SPRED_OK;
}

static enum spred_status fill(struct spred_scan *scan, struct by_rows *rows,
                              struct spred_data *out)
{
    SPRED_TRY(read_rows(scan, rows));
    SPRED_TRY(to_columns(scan->env, rows, &out->x));
    SPRED_TRY(spred_data_number_names(scan->env, out));
    return spred_targets_of_numbers(scan->env, out, rows->labels, rows->n);
}

static enum spred_status svmlight_read(struct spred_env *env,
                                       const struct spred_bytes *file,
                                       const struct spred_load_options *options,
                                       struct spred_data *out)
{
    struct spred_scan scan;
    struct by_rows rows = {0};
    size_t lines, entries;
    (void)options;
    spred_scan_init(&scan, env, file);
    count(scan, &lines, &entries);
    rows.labels = spred_alloc(env, lines, sizeof *rows.labels);
    rows.ends = spred_alloc(env, lines, sizeof *rows.ends);
    rows.index = spred_alloc(env, entries, sizeof *rows.index);
    rows.value = spred_alloc(env, entries, sizeof *rows.value);
    const char *slash = strrchr(file->path, '/');
    out->source =
        spred_format(env, "%s: LIBSVM text", slash ? slash + 1 : file->path);
    enum spred_status status = SPRED_ENOMEM;
    if (rows.labels && rows.ends && rows.index && rows.value && out->source)
        status = fill(&scan, &rows, out);
    spred_free(env, rows.labels);
    spred_free(env, rows.ends);
    spred_free(env, rows.index);
    spred_free(env, rows.value);
    return status;
}

/* One of the first lines is "number digits:...", and all start with a number.
 */
static int svmlight_probe(const char *bytes, size_t length)
{
    struct spred_bytes head = {.bytes = (char *)bytes, .length = length};
    struct spred_scan scan;
    spred_scan_init(&scan, NULL, &head);
    for (int line = 0; line < 10 && spred_scan_next(&scan); line++) {
        const char *at = scan.begin, *stop = before_comment(&scan);
        struct spred_span label = word(&at, stop), entry = word(&at, stop);
        double value;
        const char *end = label.at + label.length;
        if (label.length == 0)
            continue;
        if (spred_scan_cell(label.at, end, '\n', &value) != end)
            return 0;
        size_t digits = 0;
        while (digits < entry.length && entry.at[digits] >= '0' &&
               entry.at[digits] <= '9')
            digits++;
        if (digits && digits < entry.length && entry.at[digits] == ':')
            return 50;
        if (entry.length)
            return 0;
    }
    return 0;
}

const struct spred_loader spred_load_svmlight = {
    "svmlight", "svm, svm.gz, libsvm",
    "LIBSVM / svmlight text, read as a sparse matrix", svmlight_probe,
    svmlight_read};
