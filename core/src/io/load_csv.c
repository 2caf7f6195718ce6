/* load_csv.c: CSV and TSV tables of numbers with a header row.
 *
 * Responses: the columns that options->response names (commas between names),
 * else those called y, class, label or starting with "y:" (which is cut off).
 * Text gives classes; a column class or label of whole numbers does too, and so
 * do other whole numbers (no '.') of at most LEVELS_MOST distinct values that
 * occur five times on average; all else is numeric.
 * Orientation: samples are in rows if there is a response column; otherwise the
 * longer side is taken for the features, and the note says so.
 * Names: the first column, if its header is empty or one of ids[], or if it
 * holds text; with samples in columns a second column of text is the symbol. */
#include "csv.h"

#include <string.h>
#include "spred/text.h"

#define LEVELS_MOST 10

static const char *const ids[] = {"",
                                  "sample",
                                  "samples",
                                  "sample_id",
                                  "sampleid",
                                  "sample name",
                                  "id",
                                  "name",
                                  "rowname",
                                  "accession",
                                  "gene",
                                  "gene_id",
                                  "probe",
                                  "probeid",
                                  "probe_id",
                                  "probeset",
                                  "id_ref",
                                  "feature",
                                  "geo_accession",
                                  NULL};
static const char *const coded[] = {"class", "label", NULL};

enum role { VALUE, NAME, SYMBOL, RESPONSE };

struct layout {
    size_t fields, records;
    int implied;              /* 1: the header lacks a field for the names */
    char **header;            /* fields, owned */
    char *roles;              /* fields, enum role */
    int text[2];              /* does column 0, 1 hold anything but numbers? */
    size_t values, responses; /* columns of these roles */
    int in_columns;           /* samples in columns */
    int guessed;
};

static int numeric(struct spred_span cell, double *value)
{
    const char *stop = cell.at + cell.length;
    return spred_scan_cell(cell.at, stop, '\n', value) == stop;
}

static enum spred_status read_header(struct csv *csv, struct layout *layout)
{
    struct csv start = *csv;
    int more = spred_csv_record(csv);
    while (more) {
        SPRED_TRY(spred_csv_cell(csv, &more));
        layout->fields++;
    }
    *csv = start;
    layout->header =
        spred_alloc(csv->scan.env, layout->fields + 1, sizeof(char *));
    if (!layout->header)
        return SPRED_ENOMEM;
    more = spred_csv_record(csv);
    for (size_t c = 0; more; c++) {
        SPRED_TRY(spred_csv_cell(csv, &more));
        layout->header[c] = spred_csv_text(csv);
        if (!layout->header[c])
            return SPRED_ENOMEM;
    }
    return SPRED_OK;
}

/* R writes a header that is one name short: the first column has no title. */
static enum spred_status shift_header(struct csv *csv, struct layout *layout)
{
    char *empty = spred_strndup(csv->scan.env, "", 0);
    if (!empty)
        return SPRED_ENOMEM;
    memmove(layout->header + 1, layout->header,
            layout->fields * sizeof *layout->header);
    layout->header[0] = empty;
    layout->fields++;
    layout->implied = 1;
    return SPRED_OK;
}

/* Counts the records and holds them to the header; csv is a copy. */
static enum spred_status survey(struct csv csv, struct layout *layout)
{
    double value;
    while (spred_csv_record(&csv)) {
        struct spred_scan start = csv.scan;
        const char *from = csv.next;
        size_t found = 0;
        for (int more = 1; more; found++) {
            SPRED_TRY(spred_csv_cell(&csv, &more));
            if (found < 2 && !layout->text[found])
                layout->text[found] = !numeric(csv.cell, &value);
        }
        if (layout->records == 0 && found == layout->fields + 1)
            SPRED_TRY(shift_header(&csv, layout));
        if (found != layout->fields)
            return spred_scan_fail(&start, from,
                                   "found %zu fields, expected %zu as in the "
                                   "header",
                                   found, layout->fields);
        layout->records++;
    }
    if (layout->records == 0)
        return spred_scan_fail(&csv.scan, csv.scan.begin,
                               "no row after the header, expected data");
    int names = layout->implied;
    for (size_t c = 0; !names && c < layout->fields; c++) {
        const char *name = layout->header[c];
        names =
            !*name || !numeric((struct spred_span){name, strlen(name)}, &value);
    }
    if (!names)
        return spred_fail(csv.scan.env, SPRED_EFORMAT,
                          "%s:1:1: found a first row of numbers, expected a "
                          "header with the names of the columns",
                          csv.scan.path);
    return SPRED_OK;
}

/* Marks the columns that the comma-separated list names. */
static enum spred_status mark_named(struct csv *csv, const char *list,
                                    struct layout *layout)
{
    struct spred_env *env = csv->scan.env;
    const char *at = list, *stop = list + strlen(list);
    while (at) {
        struct spred_span name =
            spred_span_trim(spred_scan_field(&at, stop, ','));
        char *text = spred_strndup(env, name.at, name.length);
        if (!text)
            return SPRED_ENOMEM;
        size_t c = 0;
        while (c < layout->fields && strcmp(layout->header[c], text) != 0)
            c++;
        enum spred_status status = SPRED_OK;
        if (c < layout->fields) {
            layout->roles[c] = RESPONSE;
        } else {
            const char **known =
                spred_alloc(env, layout->fields + 1, sizeof *known);
            for (size_t k = 0; known && k < layout->fields; k++)
                known[k] = layout->header[k];
            const char *near = known ? spred_nearest(text, known) : NULL;
            status = spred_fail(
                env, known ? SPRED_ENOTFOUND : SPRED_ENOMEM,
                "%s:1:1: found no column '%s' for the response%s%s%s",
                csv->scan.path, text, near ? "; the nearest is '" : "",
                near ? near : "", near ? "'" : "");
            spred_free(env, known);
        }
        spred_free(env, text);
        SPRED_TRY(status);
    }
    return SPRED_OK;
}

static int response_name(const char *name)
{
    static const char *const names[] = {"y", "class", "label", NULL};
    return spred_names_listed((struct spred_span){name, strlen(name)}, names) ||
           strncmp(name, "y:", 2) == 0;
}

static int listed(const char *name, const char *const *list)
{
    return spred_names_listed((struct spred_span){name, strlen(name)}, list);
}

static enum spred_status assign_roles(struct csv *csv,
                                      const struct spred_load_options *options,
                                      struct layout *layout)
{
    layout->in_columns = options->orientation == SPRED_SAMPLES_IN_COLUMNS;
    if (layout->in_columns && options->response)
        return spred_fail(csv->scan.env, SPRED_EINVAL,
                          "%s: found a response column with samples in "
                          "columns, expected samples in rows",
                          csv->scan.path);
    layout->roles = spred_alloc(csv->scan.env, layout->fields, 1);
    if (!layout->roles)
        return SPRED_ENOMEM;
    if (options->response)
        SPRED_TRY(mark_named(csv, options->response, layout));
    for (size_t c = 0; !options->response && c < layout->fields; c++)
        if (!layout->in_columns && response_name(layout->header[c]))
            layout->roles[c] = RESPONSE;
    for (size_t c = 0; c < layout->fields; c++)
        layout->responses += layout->roles[c] == RESPONSE;
    if (layout->roles[0] == VALUE &&
        (layout->text[0] || listed(layout->header[0], ids)))
        layout->roles[0] = NAME;
    if (options->orientation == SPRED_ORIENT_AUTO && !layout->responses) {
        layout->in_columns = layout->records > layout->fields;
        layout->guessed = 1;
    }
    if (layout->in_columns && layout->fields > 2 && layout->text[1])
        layout->roles[1] = SYMBOL;
    for (size_t c = 0; c < layout->fields; c++)
        layout->values += layout->roles[c] == VALUE;
    return layout->values
               ? SPRED_OK
               : spred_fail(csv->scan.env, SPRED_EFORMAT,
                            "%s:1:1: found no column of values, expected "
                            "numbers beside names and responses",
                            csv->scan.path);
}

/* What the second pass writes into. */
struct filling {
    const struct layout *layout;
    struct spred_data *out;
    struct spred_span *cells; /* responses x records */
};

static enum spred_status make_room(struct spred_env *env, struct filling *f)
{
    const struct layout *layout = f->layout;
    struct spred_data *out = f->out;
    size_t n = layout->in_columns ? layout->values : layout->records;
    size_t p = layout->in_columns ? layout->records : layout->values;
    SPRED_TRY(spred_matrix_new(env, SPRED_F64, n, p, 0, &out->x));
    f->cells =
        spred_alloc(env, layout->responses * layout->records, sizeof *f->cells);
    out->features = spred_alloc(env, p, sizeof *out->features);
    out->samples = spred_alloc(env, n, sizeof *out->samples);
    if (!f->cells || !out->features || !out->samples)
        return SPRED_ENOMEM;
    char **across = layout->in_columns ? out->samples : out->features;
    for (size_t c = 0, k = 0; c < layout->fields; c++)
        if (layout->roles[c] == VALUE &&
            !(across[k++] = spred_strdup(env, layout->header[c])))
            return SPRED_ENOMEM;
    if (layout->roles[0] != NAME) {
        char **down = spred_names_numbers(env, layout->records);
        char ***to = layout->in_columns ? &out->features : &out->samples;
        spred_free(env, *to);
        *to = down;
        if (!down)
            return SPRED_ENOMEM;
    }
    out->symbols =
        layout->in_columns && layout->fields > 1 && layout->roles[1] == SYMBOL
            ? spred_alloc(env, p, sizeof *out->symbols)
            : spred_names_empty(env, p);
    return out->symbols ? SPRED_OK : SPRED_ENOMEM;
}

static enum spred_status fill_record(struct csv *csv, size_t r,
                                     struct filling *f)
{
    const struct layout *layout = f->layout;
    struct spred_data *out = f->out;
    size_t n = out->x.rows, k = 0, y = 0;
    int more = 1;
    for (size_t c = 0; more; c++) {
        SPRED_TRY(spred_csv_cell(csv, &more));
        if (layout->roles[c] == VALUE) {
            double *x =
                out->x.f64 + (layout->in_columns ? k + r * n : r + k * n);
            k++;
            if (!numeric(csv->cell, x))
                return spred_scan_fail(
                    &csv->scan, csv->cell.at,
                    "found %s in column '%s', expected a number or NA",
                    spred_quote(csv->cell).text, layout->header[c]);
            out->missing += *x < 0 || *x >= 0 ? 0 : 1;
        } else if (layout->roles[c] == RESPONSE) {
            f->cells[y++ * layout->records + r] = csv->cell;
        } else {
            char *text = spred_csv_text(csv);
            if (!text)
                return SPRED_ENOMEM;
            if (layout->roles[c] == SYMBOL)
                out->symbols[r] = text;
            else
                (layout->in_columns ? out->features : out->samples)[r] = text;
        }
    }
    return SPRED_OK;
}

static enum spred_status make_targets(struct csv *csv, struct filling *f)
{
    const struct layout *layout = f->layout;
    struct spred_env *env = csv->scan.env;
    for (size_t c = 0, y = 0; c < layout->fields; c++) {
        const char *name = layout->header[c];
        if (layout->roles[c] != RESPONSE)
            continue;
        struct spred_target *target = spred_target_add(env, f->out);
        if (!target)
            return SPRED_ENOMEM;
        target->name =
            spred_strdup(env, strncmp(name, "y:", 2) == 0 ? name + 2 : name);
        if (!target->name)
            return SPRED_ENOMEM;
        enum spred_status status = spred_target_cells(
            env, target, f->cells + y++ * layout->records, layout->records,
            listed(name, coded), LEVELS_MOST);
        if (status == SPRED_EFORMAT)
            return spred_fail(env, status, "%s: column '%s': %s",
                              csv->scan.path, name, env->error);
        SPRED_TRY(status);
        if (target->kind == SPRED_TARGET_CLASS && target->n_levels == 0)
            return spred_fail(env, SPRED_EFORMAT,
                              "%s: column '%s' is empty, expected responses",
                              csv->scan.path, name);
    }
    return SPRED_OK;
}

static enum spred_status describe(struct csv *csv, struct filling *f)
{
    const struct layout *layout = f->layout;
    struct spred_env *env = csv->scan.env;
    const char *slash = strrchr(csv->scan.path, '/');
    const char *sides = layout->in_columns ? "columns" : "rows";
    f->out->source =
        spred_format(env, "%s: table (%s), samples in %s",
                     slash ? slash + 1 : csv->scan.path,
                     csv->delimiter == '\t' ? "tabs" : "CSV", sides);
    f->out->note =
        layout->guessed
            ? spred_format(env,
                           "samples taken to be in %s, as the table has %zu "
                           "rows and %zu columns and no response column",
                           sides, layout->records, layout->fields)
            : spred_strdup(env, "");
    return f->out->source && f->out->note ? SPRED_OK : SPRED_ENOMEM;
}

static enum spred_status read_parts(struct csv *csv,
                                    const struct spred_load_options *options,
                                    struct layout *layout, struct filling *f)
{
    SPRED_TRY(read_header(csv, layout));
    SPRED_TRY(survey(*csv, layout));
    SPRED_TRY(assign_roles(csv, options, layout));
    SPRED_TRY(make_room(csv->scan.env, f));
    for (size_t r = 0; spred_csv_record(csv); r++) {
        if (r % 256 == 0)
            SPRED_TRY(spred_check_cancel(csv->scan.env));
        SPRED_TRY(fill_record(csv, r, f));
    }
    SPRED_TRY(make_targets(csv, f));
    return describe(csv, f);
}

static enum spred_status csv_read(struct spred_env *env,
                                  const struct spred_bytes *file,
                                  const struct spred_load_options *options,
                                  struct spred_data *out)
{
    struct csv csv;
    struct layout layout = {0};
    struct filling filling = {&layout, out, NULL};
    spred_csv_init(&csv, env, file);
    enum spred_status status = read_parts(&csv, options, &layout, &filling);
    for (size_t c = 0; layout.header && c < layout.fields; c++)
        spred_free(env, layout.header[c]);
    spred_free(env, layout.header);
    spred_free(env, layout.roles);
    spred_free(env, filling.cells);
    return status;
}

/* Text whose first line holds a delimiter, and neither HTML nor JSON. */
static int csv_probe(const char *bytes, size_t length)
{
    size_t head = length < 4096 ? length : 4096;
    for (size_t i = 0; i < head; i++)
        if ((unsigned char)bytes[i] < ' ' && !memchr("\t\n\r\f", bytes[i], 4))
            return 0;
    if (length >= 2 && (memcmp(bytes, "\xff\xfe", 2) == 0 ||
                        memcmp(bytes, "\xfe\xff", 2) == 0)) /* UTF-16 */
        return 0;
    if (bytes[0] == '<' || bytes[0] == '{' || bytes[0] == '#')
        return 0;
    return spred_csv_delimiter(bytes, length) ? 10 : 0;
}

const struct spred_loader spred_load_csv = {
    "csv", "csv, tsv, txt, csv.gz",
    "table with a header; columns y, class, label or y:... are responses",
    csv_probe, csv_read};
