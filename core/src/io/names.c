/* names.c: looking a sample up by its name; made-up names. */
#include "io.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct entry {
    const char *name;
    size_t index;
};

static int compare(const void *a, const void *b)
{
    const struct entry *left = a, *right = b;
    int order = strcmp(left->name, right->name);
    return order ? order : (left->index > right->index) * 2 - 1;
}

enum spred_status spred_names_new(struct spred_env *env, char *const *names,
                                  size_t count, struct spred_names *out)
{
    struct entry *entries = spred_alloc(env, count, sizeof *entries);
    out->sorted = spred_alloc(env, count, sizeof *out->sorted);
    out->order = spred_alloc(env, count, sizeof *out->order);
    out->count = count;
    if (!entries || !out->sorted || !out->order) {
        spred_free(env, entries);
        spred_names_free(env, out);
        return SPRED_ENOMEM;
    }
    for (size_t i = 0; i < count; i++)
        entries[i] = (struct entry){names[i], i};
    qsort(entries, count, sizeof *entries, compare);
    for (size_t i = 0; i < count; i++) {
        out->sorted[i] = entries[i].name;
        out->order[i] = entries[i].index;
    }
    spred_free(env, entries);
    return SPRED_OK;
}

void spred_names_free(struct spred_env *env, struct spred_names *names)
{
    spred_free(env, names->sorted);
    spred_free(env, names->order);
    memset(names, 0, sizeof *names);
}

size_t spred_names_find(const struct spred_names *names, const char *name)
{
    size_t low = 0, high = names->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(names->sorted[middle], name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < names->count && strcmp(names->sorted[low], name) == 0
               ? names->order[low]
               : SIZE_MAX;
}

const char *spred_names_twice(const struct spred_names *names)
{
    for (size_t i = 1; i < names->count; i++)
        if (strcmp(names->sorted[i - 1], names->sorted[i]) == 0)
            return names->sorted[i];
    return NULL;
}

static void free_names(struct spred_env *env, char **names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        spred_free(env, names[i]);
    spred_free(env, names);
}

char **spred_names_numbers(struct spred_env *env, size_t count)
{
    char **names = spred_alloc(env, count, sizeof *names), text[24];
    for (size_t i = 0; names && i < count; i++) {
        int length = snprintf(text, sizeof text, "%zu", i + 1);
        names[i] = spred_strndup(env, text, (size_t)length);
        if (!names[i]) {
            free_names(env, names, i);
            return NULL;
        }
    }
    return names;
}

char **spred_names_empty(struct spred_env *env, size_t count)
{
    char **names = spred_alloc(env, count, sizeof *names);
    for (size_t i = 0; names && i < count; i++) {
        names[i] = spred_strndup(env, "", 0);
        if (!names[i]) {
            free_names(env, names, i);
            return NULL;
        }
    }
    return names;
}

/* The features' names and the empty symbol lie in one block. */
enum spred_status spred_data_number_names(struct spred_env *env,
                                          struct spred_data *data)
{
    size_t p = data->x.cols, width = 2;
    for (size_t q = p; q > 9; q /= 10)
        width++;
    size_t size = p * width + 1, used = 1;
    data->features = spred_alloc(env, p, sizeof *data->features);
    data->symbols = spred_alloc(env, p, sizeof *data->symbols);
    data->samples = spred_names_numbers(env, data->x.rows);
    data->pool = spred_alloc(env, size, 1);
    if (!data->features || !data->symbols || !data->samples || !data->pool)
        return SPRED_ENOMEM;
    data->pool_size = size;
    for (size_t j = 0; j < p; j++) {
        data->features[j] = data->pool + used;
        data->symbols[j] = data->pool;
        used +=
            (size_t)snprintf(data->pool + used, size - used, "%zu", j + 1) + 1;
    }
    return SPRED_OK;
}

int spred_names_listed(struct spred_span span, const char *const *list)
{
    span = spred_span_trim(span);
    for (; *list; list++)
        if (spred_span_is(span, *list))
            return 1;
    return 0;
}
