/* load_gct.c: GenePattern GCT #1.2 and #1.3, features in rows. */
#include "io.h"

#include <string.h>

/* #1.3: a row that describes the samples becomes a class target if it holds
 * text or at most so many whole numbers. */
#define LEVELS_MOST 10

struct shape {
    size_t p, n;     /* features, samples */
    size_t row_meta; /* columns between the name and the first sample */
    size_t col_meta; /* rows between the header and the first feature */
    size_t symbol;   /* 1..row_meta: the column of symbols, 0: none */
};

static struct spred_span line_of(const struct spred_scan *scan)
{
    return (struct spred_span){scan->begin, (size_t)(scan->stop - scan->begin)};
}

static int blank_line(const struct spred_scan *scan)
{
    for (const char *c = scan->begin; c < scan->stop; c++)
        if (*c != ' ' && *c != '\t')
            return 0;
    return 1;
}

/* "rows<TAB>columns", in #1.3 two more counts. Empty fields may follow. */
static enum spred_status read_counts(struct spred_scan *scan, size_t wanted,
                                     struct shape *shape)
{
    int64_t counts[4] = {0, 0, 1, 0};
    if (!spred_scan_next(scan))
        return spred_scan_fail(scan, scan->begin,
                               "the file ends, expected the numbers of rows "
                               "and columns");
    const char *at = scan->begin;
    for (size_t i = 0; i < wanted; i++) {
        const char *from = at ? at : scan->stop;
        struct spred_span span = {from, 0};
        if (at)
            span = spred_span_trim(spred_scan_field(&at, scan->stop, '\t'));
        if (!spred_span_int(span, &counts[i]) || counts[i] < (i < 2))
            return spred_scan_fail(scan, from,
                                   "found %s, expected %zu counts with tabs "
                                   "between them",
                                   spred_quote(span).text, wanted);
    }
    shape->p = (size_t)counts[0];
    shape->n = (size_t)counts[1];
    shape->row_meta = (size_t)counts[2];
    shape->col_meta = (size_t)counts[3];
    return SPRED_OK;
}

/* The line must hold name, row_meta fields and n cells. */
static enum spred_status check_fields(const struct spred_scan *scan,
                                      const struct shape *shape)
{
    size_t found = 0;
    for (const char *at = scan->begin; at; found++)
        spred_scan_field(&at, scan->stop, '\t');
    if (found - 1 != shape->row_meta + shape->n)
        return spred_scan_fail(scan, scan->begin,
                               "found %zu fields, expected 1 name, %zu "
                               "descriptions and %zu values",
                               found, shape->row_meta, shape->n);
    return SPRED_OK;
}

/* The rows after the header must be as many as stated. */
static enum spred_status check_rows(struct spred_scan scan,
                                    const struct shape *shape)
{
    size_t found = 0;
    while (spred_scan_next(&scan))
        found += !blank_line(&scan);
    if (found < shape->col_meta || found - shape->col_meta != shape->p)
        return spred_scan_fail(
            &scan, scan.begin, "found %zu rows, expected %zu as line 2 says",
            found - (found < shape->col_meta ? found : shape->col_meta),
            shape->p);
    return SPRED_OK;
}

static enum spred_status read_header(struct spred_scan *scan,
                                     struct shape *shape,
                                     struct spred_data *out)
{
    static const char *const symbols[] = {"symbol",         "gene_symbol",
                                          "pr_gene_symbol", "gene symbol",
                                          "description",    NULL};
    struct spred_env *env = scan->env;
    if (!spred_scan_next(scan))
        return spred_scan_fail(scan, scan->begin,
                               "the file ends, expected the header row");
    SPRED_TRY(check_fields(scan, shape));
    SPRED_TRY(check_rows(*scan, shape));
    SPRED_TRY(spred_matrix_new(env, SPRED_F64, shape->n, shape->p, 0, &out->x));
    out->features = spred_alloc(env, shape->p, sizeof *out->features);
    out->symbols = spred_alloc(env, shape->p, sizeof *out->symbols);
    out->samples = spred_alloc(env, shape->n, sizeof *out->samples);
    if (!out->features || !out->symbols || !out->samples)
        return SPRED_ENOMEM;
    const char *at = scan->begin;
    shape->symbol = shape->row_meta ? 1 : 0;
    int named = 0;
    for (size_t c = 0; c < 1 + shape->row_meta + shape->n; c++) {
        struct spred_span name = spred_scan_field(&at, scan->stop, '\t');
        if (c > shape->row_meta) {
            char *sample = spred_utf8(env, name);
            if (!sample)
                return SPRED_ENOMEM;
            out->samples[c - 1 - shape->row_meta] = sample;
        } else if (c > 0 && !named && spred_names_listed(name, symbols)) {
            shape->symbol = c;
            named = 1;
        }
    }
    return SPRED_OK;
}

/* A #1.3 row about the samples, if it says anything. */
static enum spred_status read_meta(struct spred_scan *scan,
                                   const struct shape *shape,
                                   struct spred_span *cells,
                                   struct spred_data *out)
{
    struct spred_env *env = scan->env;
    size_t present = 0;
    SPRED_TRY(check_fields(scan, shape));
    const char *at = scan->begin;
    struct spred_span name = spred_scan_field(&at, scan->stop, '\t');
    for (size_t c = 0; c < shape->row_meta; c++)
        spred_scan_field(&at, scan->stop, '\t');
    for (size_t i = 0; i < shape->n; i++) {
        cells[i] = spred_scan_field(&at, scan->stop, '\t');
        present += !spred_is_missing(cells[i]);
    }
    if (!present)
        return SPRED_OK;
    struct spred_target *target = spred_target_add(env, out);
    if (!target || !(target->name = spred_utf8(env, name)))
        return SPRED_ENOMEM;
    enum spred_status status =
        spred_target_cells(env, target, cells, shape->n, 0, LEVELS_MOST);
    if (status == SPRED_EFORMAT)
        return spred_scan_fail(scan, scan->begin, "%s", env->error);
    return status;
}

static enum spred_status read_row(struct spred_scan *scan,
                                  const struct shape *shape,
                                  struct spred_data *out, size_t j)
{
    double *x = out->x.f64 + j * shape->n;
    struct spred_span symbol = {"", 0};
    const char *at = scan->begin;
    struct spred_span name = spred_scan_field(&at, scan->stop, '\t');
    size_t c = 1, i = 0;
    for (; at && c <= shape->row_meta; c++) {
        struct spred_span cell = spred_scan_field(&at, scan->stop, '\t');
        if (c == shape->symbol && !spred_is_missing(cell))
            symbol = cell;
    }
    for (; at && i < shape->n; i++) {
        const char *end = spred_scan_cell(at, scan->stop, '\t', &x[i]);
        if (!end) {
            struct spred_span cell = spred_scan_field(&at, scan->stop, '\t');
            return spred_scan_fail(scan, cell.at,
                                   "found %s, expected a number or NA",
                                   spred_quote(cell).text);
        }
        out->missing += x[i] < 0 || x[i] >= 0 ? 0 : 1;
        at = end < scan->stop ? end + 1 : NULL;
    }
    if (at || i < shape->n)
        return check_fields(scan, shape);
    out->features[j] = spred_utf8(scan->env, name);
    out->symbols[j] = spred_utf8(scan->env, symbol);
    return out->features[j] && out->symbols[j] ? SPRED_OK : SPRED_ENOMEM;
}

static enum spred_status read_rows(struct spred_scan *scan,
                                   const struct shape *shape,
                                   struct spred_span *cells,
                                   struct spred_data *out)
{
    size_t row = 0;
    while (spred_scan_next(scan)) {
        if (blank_line(scan))
            continue;
        if (row % 256 == 0)
            SPRED_TRY(spred_check_cancel(scan->env));
        if (row < shape->col_meta)
            SPRED_TRY(read_meta(scan, shape, cells, out));
        else
            SPRED_TRY(read_row(scan, shape, out, row - shape->col_meta));
        row++;
    }
    return SPRED_OK;
}

static enum spred_status gct_read(struct spred_env *env,
                                  const struct spred_bytes *file,
                                  const struct spred_load_options *options,
                                  struct spred_data *out)
{
    struct spred_scan scan;
    struct shape shape = {0};
    (void)options;
    spred_scan_init(&scan, env, file);
    spred_scan_next(&scan);
    size_t length = 4;
    int later = line_of(&scan).length >= length &&
                memcmp(scan.begin, "#1.3", length) == 0;
    SPRED_TRY(read_counts(&scan, later ? 4 : 2, &shape));
    SPRED_TRY(read_header(&scan, &shape, out));
    const char *slash = strrchr(file->path, '/');
    out->source =
        spred_format(env, "%s: GenePattern table (GCT %s)",
                     slash ? slash + 1 : file->path, later ? "1.3" : "1.2");
    struct spred_span *cells = spred_alloc(env, shape.n, sizeof *cells);
    enum spred_status status = out->source && cells
                                   ? read_rows(&scan, &shape, cells, out)
                                   : SPRED_ENOMEM;
    spred_free(env, cells);
    return status;
}

static int gct_probe(const char *bytes, size_t length)
{
    return length > 4 &&
                   (memcmp(bytes, "#1.2", 4) == 0 ||
                    memcmp(bytes, "#1.3", 4) == 0) &&
                   (bytes[4] == '\n' || bytes[4] == '\r' || bytes[4] == '\t' ||
                    bytes[4] == ' ')
               ? 100
               : 0;
}

const struct spred_loader spred_load_gct = {
    "gct", "gct, gct.gz",
    "GenePattern expression table; NAME.cls beside it holds the classes",
    gct_probe, gct_read};
