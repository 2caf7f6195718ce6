/* cls.c: GenePattern class files: "n k 1", "# names", one label a sample. */
#include "io.h"

#include <string.h>

static int blank(char c)
{
    return c == ' ' || c == '\t';
}

/* The next word of the line, or length 0. */
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

/* Three whole numbers, the last 1, then a line that starts with '#'. */
int spred_is_cls(const struct spred_bytes *file)
{
    struct spred_scan scan;
    int64_t value = 0;
    spred_scan_init(&scan, NULL, file);
    if (!spred_scan_next(&scan))
        return 0;
    const char *at = scan.begin;
    for (int i = 0; i < 3; i++)
        if (!spred_span_int(word(&at, scan.stop), &value))
            return spred_span_is(
                (struct spred_span){scan.begin,
                                    (size_t)(scan.stop - scan.begin)},
                "#numeric");
    return value == 1 && spred_scan_next(&scan) && scan.begin < scan.stop &&
           *scan.begin == '#';
}

static enum spred_status head(struct spred_scan *scan, size_t *n, size_t *k)
{
    int64_t counts[3] = {0, 0, 0};
    spred_scan_next(scan);
    const char *at = scan->begin;
    if (at < scan->stop && *at == '#')
        return spred_scan_fail(scan, at,
                               "found a .cls file of numbers (#numeric), "
                               "expected one of classes: \"samples classes "
                               "1\"");
    for (int i = 0; i < 3; i++) {
        struct spred_span span = word(&at, scan->stop);
        if (!spred_span_int(span, &counts[i]) || counts[i] < 1)
            return spred_scan_fail(
                scan, span.at,
                "found %s, expected the line \"samples classes 1\"",
                spred_quote(span).text);
    }
    *n = (size_t)counts[0];
    *k = (size_t)counts[1];
    return SPRED_OK;
}

static enum spred_status class_names(struct spred_scan *scan,
                                     struct spred_target *target, size_t k)
{
    if (!spred_scan_next(scan) || scan->begin == scan->stop ||
        *scan->begin != '#')
        return spred_scan_fail(scan, scan->begin,
                               "no line \"# name name ...\" where the class "
                               "names were expected");
    size_t found = 0;
    const char *at = scan->begin + 1;
    while (word(&at, scan->stop).length)
        found++;
    if (found != k)
        return spred_scan_fail(scan, scan->begin,
                               "found %zu class names, expected %zu as the "
                               "first line says",
                               found, k);
    target->levels = spred_alloc(scan->env, k, sizeof *target->levels);
    if (!target->levels)
        return SPRED_ENOMEM;
    at = scan->begin + 1;
    while (target->n_levels < k) {
        char *name = spred_utf8(scan->env, word(&at, scan->stop));
        if (!name)
            return SPRED_ENOMEM;
        target->levels[target->n_levels++] = name;
    }
    return SPRED_OK;
}

/* A label's code as an index (by_name 0) or as a class name; -1: neither. */
static int32_t code_of(const struct spred_target *target,
                       struct spred_span label, int by_name)
{
    int64_t index;
    if (!by_name)
        return spred_span_int(label, &index) && index >= 0 &&
                       (size_t)index < target->n_levels
                   ? (int32_t)index
                   : -1;
    for (size_t k = 0; k < target->n_levels; k++)
        if (strlen(target->levels[k]) == label.length &&
            memcmp(target->levels[k], label.at, label.length) == 0)
            return (int32_t)k;
    return -1;
}

/* Labels are indices 0..k-1 or class names, all of one sort. */
static enum spred_status labels(struct spred_scan *scan,
                                struct spred_target *target, size_t n)
{
    struct spred_scan start = *scan;
    size_t found = 0;
    int by_name = 0, any_index = 0;
    while (spred_scan_next(scan)) {
        const char *at = scan->begin;
        for (struct spred_span label; (label = word(&at, scan->stop)).length;) {
            if (code_of(target, label, 0) >= 0)
                any_index = 1;
            else if (code_of(target, label, 1) >= 0)
                by_name = 1;
            else
                return spred_scan_fail(
                    scan, label.at,
                    "found label %s, expected a class index 0..%zu or a class "
                    "name",
                    spred_quote(label).text, target->n_levels - 1);
            if (++found > n)
                return spred_scan_fail(scan, label.at,
                                       "found more than %zu labels, expected "
                                       "as many as the first line says",
                                       n);
        }
    }
    if (found != n)
        return spred_scan_fail(scan, scan->begin,
                               "found %zu labels, expected %zu as the first "
                               "line says",
                               found, n);
    *scan = start;
    for (size_t i = 0; spred_scan_next(scan);) {
        const char *at = scan->begin;
        for (struct spred_span label; (label = word(&at, scan->stop)).length;) {
            target->codes[i] = code_of(target, label, by_name);
            if (target->codes[i++] < 0)
                return spred_scan_fail(scan, label.at,
                                       "found label %s among class names, "
                                       "expected %s",
                                       spred_quote(label).text,
                                       any_index ? "one sort of label"
                                                 : "a class name");
        }
    }
    return SPRED_OK;
}

enum spred_status spred_cls_apply(struct spred_env *env,
                                  const struct spred_bytes *file,
                                  struct spred_data *data)
{
    struct spred_scan scan;
    size_t n = 0, k = 0;
    spred_scan_init(&scan, env, file);
    SPRED_TRY(head(&scan, &n, &k));
    if (n != data->x.rows)
        return spred_scan_fail(&scan, scan.begin,
                               "found %zu labels, expected %zu as there are "
                               "samples in %s",
                               n, data->x.rows, data->name);
    struct spred_target *target = spred_target_add(env, data);
    if (!target)
        return SPRED_ENOMEM;
    target->kind = SPRED_TARGET_CLASS;
    target->name = spred_strdup(env, "class");
    target->codes = spred_alloc(env, n, sizeof *target->codes);
    if (!target->name || !target->codes)
        return SPRED_ENOMEM;
    SPRED_TRY(class_names(&scan, target, k));
    return labels(&scan, target, n);
}
