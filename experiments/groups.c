/* groups.c: labels of features -> the partition that a group penalty wants. */
#include "experiments/groups.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spred/text.h"

#define MOST_BYTES (256u << 20)

/* A feature's label; equal labels are one group. Borrowed texts. */
struct label {
    const char *text; /* "" or NULL: alone */
    size_t feature;
};

void groups_free(struct spred_env *env, struct grouping *grouping)
{
    spred_free(env, grouping->first);
    spred_free(env, grouping->member);
    memset(grouping, 0, sizeof *grouping);
}

static int by_label(const void *a, const void *b)
{
    const struct label *x = a, *y = b;
    int order = strcmp(x->text ? x->text : "", y->text ? y->text : "");
    if (order == 0)
        order = (x->feature > y->feature) - (x->feature < y->feature);
    return order;
}

/* group[j] of every feature j, from its label. */
static enum spred_status number_labels(struct spred_env *env, size_t p,
                                       const char *const *text, size_t *group)
{
    struct label *labels = spred_alloc(env, p, sizeof *labels);
    if (!labels)
        return SPRED_ENOMEM;
    for (size_t j = 0; j < p; j++)
        labels[j] = (struct label){text[j], j};
    qsort(labels, p, sizeof *labels, by_label);
    size_t count = 0;
    for (size_t k = 0; k < p; k++) {
        const char *own = labels[k].text;
        int alone = !own || !*own;
        count += k > 0 &&
                 (alone || by_label(&(struct label){own, 0},
                                    &(struct label){labels[k - 1].text, 0}));
        group[labels[k].feature] = count;
    }
    spred_free(env, labels);
    return SPRED_OK;
}

static enum spred_status read_text(struct spred_env *env, const char *path,
                                   char **out)
{
    char block[1 << 16];
    struct spred_buffer text = {0};
    FILE *file = fopen(path, "rb");
    if (!file)
        return spred_fail(env, SPRED_EIO, "%s: cannot be read", path);
    enum spred_status status = spred_buffer_append(env, &text, "", 0);
    for (size_t n; !status && (n = fread(block, 1, sizeof block, file)) > 0;)
        status = text.length + n > MOST_BYTES
                     ? spred_fail(env, SPRED_EINVAL,
                                  "%s: more than 256 MiB of groups", path)
                     : spred_buffer_append(env, &text, block, n);
    if (!status && ferror(file))
        status = spred_fail(env, SPRED_EIO, "%s: cannot be read", path);
    if (!status && memchr(text.text, '\0', text.length))
        status = spred_fail(env, SPRED_EFORMAT, "%s: is no text", path);
    fclose(file);
    if (status)
        spred_free(env, text.text);
    else
        *out = text.text;
    return status;
}

static char *trim(char *text)
{
    char *end = text + strlen(text);
    while (end > text && strchr(" \t\r\"", end[-1]))
        *--end = '\0';
    return text + strspn(text, " \t\"");
}

/* One line of the file: "label" or "feature,group" (or a tab). */
struct line {
    char *feature, *group; /* feature NULL: no separator */
    size_t number;
};

static enum spred_status split_lines(struct spred_env *env, char *text,
                                     struct line **out, size_t *n)
{
    size_t room = 1;
    for (const char *c = text; *c; c++)
        room += *c == '\n';
    struct line *lines = spred_alloc(env, room, sizeof *lines);
    if (!lines)
        return SPRED_ENOMEM;
    *n = 0;
    for (size_t number = 1; text && *text; number++) {
        char *next = strchr(text, '\n');
        if (next)
            *next++ = '\0';
        char *separator = strpbrk(text, ",\t");
        if (separator)
            *separator = '\0';
        char *first = trim(text);
        if (separator || *first)
            lines[(*n)++] =
                separator ? (struct line){first, trim(separator + 1), number}
                          : (struct line){NULL, first, number};
        text = next;
    }
    *out = lines;
    return SPRED_OK;
}

static int by_feature(const void *a, const void *b)
{
    const struct line *x = a, *y = b;
    return strcmp(x->feature, y->feature);
}

/* text[j] = the group of feature j by its name. */
static enum spred_status look_up(struct spred_env *env, const char *path,
                                 const struct spred_data *data,
                                 struct line *lines, size_t n,
                                 const char **text)
{
    for (size_t i = 0; i < n; i++)
        if (!lines[i].feature)
            return spred_fail(env, SPRED_EINVAL,
                              "%s:%zu: '%s' has no group, expected "
                              "feature,group as in the lines before",
                              path, lines[i].number, lines[i].group);
    qsort(lines, n, sizeof *lines, by_feature);
    for (size_t i = 1; i < n; i++)
        if (strcmp(lines[i].feature, lines[i - 1].feature) == 0 &&
            strcmp(lines[i].group, lines[i - 1].group) != 0)
            return spred_fail(env, SPRED_EINVAL,
                              "%s:%zu: '%s' is in two groups", path,
                              lines[i].number, lines[i].feature);
    for (size_t j = 0; j < data->x.cols; j++) {
        struct line key = {data->features[j], NULL, 0};
        const struct line *found =
            bsearch(&key, lines, n, sizeof *lines, by_feature);
        if (!found)
            return spred_fail(env, SPRED_EINVAL,
                              "%s: feature '%s' of %s has no group", path,
                              data->features[j], data->name);
        text[j] = found->group;
    }
    return SPRED_OK;
}

static enum spred_status from_file(struct spred_env *env, const struct job *job,
                                   const struct spred_data *data,
                                   const char **text, size_t *group)
{
    const char *path = job->group_file;
    size_t p = data->x.cols, n = 0;
    char *content = NULL, hash[SPRED_HEX_SIZE];
    struct line *lines = NULL;
    SPRED_TRY(read_text(env, path, &content));
    spred_sha256(content, strlen(content), hash);
    enum spred_status status =
        strstr(job->groups, hash)
            ? split_lines(env, content, &lines, &n)
            : spred_fail(env, SPRED_EINVAL,
                         "%s: the groups changed since the plan was made",
                         path);
    if (!status && n > 0 && lines[0].feature) {
        status = look_up(env, path, data, lines, n, text);
    } else if (!status && n != p) {
        status = spred_fail(env, SPRED_EINVAL,
                            "%s: %zu labels, but %s has %zu features", path, n,
                            data->name, p);
    } else if (!status) {
        for (size_t j = 0; j < p; j++)
            text[j] = lines[j].group;
    }
    if (!status)
        status = number_labels(env, p, text, group);
    spred_free(env, lines);
    spred_free(env, content);
    return status;
}

static enum spred_status from_symbols(struct spred_env *env,
                                      const struct spred_data *data,
                                      const char **text, size_t *group)
{
    size_t named = 0;
    for (size_t j = 0; j < data->x.cols; j++) {
        text[j] = data->symbols[j];
        named += text[j] && *text[j];
    }
    if (named == 0)
        return spred_fail(env, SPRED_EINVAL,
                          "%s has no gene symbols to group by", data->name);
    return number_labels(env, data->x.cols, text, group);
}

/* group[j] of every feature of the data. */
static enum spred_status label_features(struct spred_env *env,
                                        const struct job *job,
                                        const struct spred_data *data,
                                        size_t *group)
{
    static const char size_word[] = "size ";
    size_t p = data->x.cols;
    int64_t size;
    if (strncmp(job->groups, size_word, strlen(size_word)) == 0) {
        if (!spred_parse_int(job->groups + strlen(size_word), &size) ||
            size < 1)
            return spred_fail(env, SPRED_EINVAL, "'%s' is no size of groups",
                              job->groups);
        for (size_t j = 0; j < p; j++)
            group[j] = j / (size_t)size;
        return SPRED_OK;
    }
    const char **text = spred_alloc(env, p, sizeof *text);
    if (!text)
        return SPRED_ENOMEM;
    enum spred_status status = strcmp(job->groups, "symbol") == 0
                                   ? from_symbols(env, data, text, group)
                                   : from_file(env, job, data, text, group);
    spred_free(env, text);
    return status;
}

/* The groups of the kept features, in order of their first one. */
static void partition(const struct spred_prepared *prepared,
                      const size_t *group, size_t *number, struct grouping *out)
{
    size_t count = 0, p = prepared->p;
    for (size_t k = 0; k < p; k++) {
        size_t g = group[prepared->kept[k]];
        if (number[g] == 0)
            number[g] = ++count;
        out->first[number[g]]++; /* sizes, one place up */
    }
    for (size_t g = 0; g < count; g++)
        out->first[g + 1] += out->first[g];
    for (size_t k = p; k-- > 0;) { /* from the end: first moves down */
        size_t g = number[group[prepared->kept[k]]];
        out->member[--out->first[g]] = k;
    }
    for (size_t g = 0; g < count; g++) /* first[g + 1] is where g begins */
        out->first[g] = out->first[g + 1];
    out->first[count] = p;
    out->groups = (struct spred_groups){count, out->first, out->member};
}

enum spred_status groups_make(struct spred_env *env, const struct job *job,
                              const struct spred_data *data,
                              const struct spred_prepared *prepared,
                              struct grouping *out)
{
    size_t raw = data->x.cols;
    if (!job->groups || !*job->groups)
        return SPRED_OK;
    size_t *group = spred_alloc(env, 2 * raw, sizeof *group);
    out->first = spred_alloc(env, prepared->p + 2, sizeof *out->first);
    out->member = spred_alloc(env, prepared->p, sizeof *out->member);
    enum spred_status status =
        group && out->first && out->member ? SPRED_OK : SPRED_ENOMEM;
    if (!status)
        status = label_features(env, job, data, group);
    if (!status)
        partition(prepared, group, group + raw, out);
    spred_free(env, group);
    if (status)
        groups_free(env, out);
    return status;
}
