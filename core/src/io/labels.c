/* labels.c: a table "sample<TAB or comma>class" as the target of a data set. */
#include "npy.h"
#include "pictures.h"

#include <string.h>
#include "spred/text.h"

static const char *const headers[] = {
    "sample",    "samples",       "sample_id", "sampleid", "sample name", "id",
    "accession", "geo_accession", "name",      "",         NULL};

static enum spred_status unknown(struct spred_scan *scan,
                                 const struct spred_data *data,
                                 struct spred_span sample, const char *name)
{
    const char **list = spred_alloc(scan->env, data->x.rows + 1, sizeof *list);
    if (!list)
        return SPRED_ENOMEM;
    for (size_t i = 0; i < data->x.rows; i++)
        list[i] = data->samples[i];
    const char *near = spred_nearest(name, list);
    spred_free(scan->env, list);
    return spred_scan_fail(
        scan, sample.at, "found sample %s, expected a sample of %s%s%s%s",
        spred_quote(sample).text, data->name, near ? "; the nearest is '" : "",
        near ? near : "", near ? "'" : "");
}

static struct spred_span unquote(struct spred_span span)
{
    span = spred_span_trim(span);
    if (span.length >= 2 && *span.at == '"' &&
        span.at[span.length - 1] == '"') {
        span.at++;
        span.length -= 2;
    }
    return span;
}

/* The two cells of the line. */
static enum spred_status two_cells(struct spred_scan *scan, char delimiter,
                                   struct spred_span cells[2])
{
    size_t found = 0;
    for (const char *at = scan->begin; at; found++) {
        struct spred_span cell = spred_scan_field(&at, scan->stop, delimiter);
        if (found < 2)
            cells[found] = unquote(cell);
    }
    return found == 2 ? SPRED_OK
                      : spred_scan_fail(scan, scan->begin,
                                        "found %zu fields, expected 2: sample "
                                        "and class",
                                        found);
}

static enum spred_status row(struct spred_scan *scan,
                             const struct spred_data *data,
                             const struct spred_names *names,
                             const struct spred_span cells[2],
                             struct spred_span *classes)
{
    char *sample = spred_utf8(scan->env, cells[0]);
    if (!sample)
        return SPRED_ENOMEM;
    size_t i = spred_names_find(names, sample);
    enum spred_status status = SPRED_OK;
    if (i == SIZE_MAX)
        status = unknown(scan, data, cells[0], sample);
    else if (classes[i].at)
        status = spred_scan_fail(scan, cells[0].at,
                                 "found sample %s again, expected it once",
                                 spred_quote(cells[0]).text);
    else
        classes[i] = cells[1];
    spred_free(scan->env, sample);
    return status;
}

/* Fills classes[n] and, if there is a header, the target's name. */
static enum spred_status table(struct spred_scan *scan,
                               const struct spred_data *data,
                               const struct spred_names *names,
                               struct spred_span *classes,
                               struct spred_span *title)
{
    char delimiter = 0;
    while (spred_scan_next(scan)) {
        struct spred_span cells[2] = {{0}};
        size_t length = (size_t)(scan->stop - scan->begin);
        if (length == 0)
            continue;
        int first = delimiter == 0;
        if (first)
            delimiter = memchr(scan->begin, '\t', length) ? '\t' : ',';
        SPRED_TRY(two_cells(scan, delimiter, cells));
        if (first && spred_names_listed(cells[0], headers))
            *title = cells[1];
        else
            SPRED_TRY(row(scan, data, names, cells, classes));
    }
    return SPRED_OK;
}

static enum spred_status apply_table(struct spred_env *env,
                                     const struct spred_bytes *file,
                                     const struct spred_names *names,
                                     struct spred_span *classes,
                                     struct spred_data *data)
{
    struct spred_scan scan;
    struct spred_span title = {"class", 5};
    const char *twice = spred_names_twice(names);
    if (twice)
        return spred_fail(env, SPRED_EMISMATCH,
                          "%s: sample '%s' occurs twice in %s, expected unique "
                          "names for a table of labels",
                          file->path, twice, data->name);
    spred_scan_init(&scan, env, file);
    SPRED_TRY(table(&scan, data, names, classes, &title));
    struct spred_target *target = spred_target_add(env, data);
    if (!target)
        return SPRED_ENOMEM;
    target->kind = SPRED_TARGET_CLASS;
    target->name =
        spred_utf8(env, title.length ? title : (struct spred_span){"class", 5});
    if (!target->name)
        return SPRED_ENOMEM;
    enum spred_status status =
        spred_target_classes(env, target, classes, data->x.rows);
    if (status == SPRED_EFORMAT)
        return spred_fail(env, status, "%s: %s", file->path, env->error);
    SPRED_TRY(status);
    return target->n_levels ? SPRED_OK
                            : spred_fail(env, SPRED_EFORMAT,
                                         "%s: found no label, expected lines "
                                         "of sample and class",
                                         file->path);
}

enum spred_status spred_labels_apply(struct spred_env *env,
                                     const struct spred_bytes *file,
                                     struct spred_data *data)
{
    if (spred_is_npy(file->bytes, file->length))
        return spred_npy_labels(env, file, data);
    if (spred_is_idx(file->bytes, file->length))
        return spred_idx_labels(env, file, data);
    if (spred_is_cls(file))
        return spred_cls_apply(env, file, data);
    struct spred_names names;
    SPRED_TRY(spred_names_new(env, data->samples, data->x.rows, &names));
    struct spred_span *classes =
        spred_alloc(env, data->x.rows, sizeof *classes);
    enum spred_status status =
        classes ? apply_table(env, file, &names, classes, data) : SPRED_ENOMEM;
    spred_free(env, classes);
    spred_names_free(env, &names);
    return status;
}
