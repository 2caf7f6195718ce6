/* soft_targets.c: the subset types of a GDS become class targets. */
#include "soft.h"

#include <string.h>
#include "spred/text.h"

/* Oddities, counted for the note. */
struct oddities {
    size_t unknown; /* samples named that the table does not hold */
    size_t twice;   /* samples in two subsets of one type: the first counts */
};

static int same(struct spred_span a, struct spred_span b)
{
    return a.length == b.length &&
           (a.length == 0 || memcmp(a.at, b.at, a.length) == 0);
}

static enum spred_status assign(struct spred_env *env,
                                const struct soft_subset *subset, int32_t code,
                                const struct spred_names *names,
                                struct spred_target *target,
                                struct oddities *odd)
{
    const char *at = subset->samples.at;
    const char *stop = at ? at + subset->samples.length : NULL;
    while (at) {
        struct spred_span id =
            spred_span_trim(spred_scan_field(&at, stop, ','));
        if (id.length == 0)
            continue;
        char *name = spred_utf8(env, id);
        if (!name)
            return SPRED_ENOMEM;
        size_t i = spred_names_find(names, name);
        spred_free(env, name);
        if (i == SIZE_MAX)
            odd->unknown++;
        else if (target->codes[i] >= 0)
            odd->twice++;
        else
            target->codes[i] = code;
    }
    return SPRED_OK;
}

/* All subsets of the type of subset number `from`. */
static enum spred_status add_type(struct spred_env *env,
                                  const struct soft_head *head, size_t from,
                                  const struct spred_names *names,
                                  struct spred_data *out, struct oddities *odd)
{
    struct spred_span type = head->subsets[from].type;
    struct spred_target *target = spred_target_add(env, out);
    if (!target)
        return SPRED_ENOMEM;
    target->kind = SPRED_TARGET_CLASS;
    target->name = spred_utf8(env, type);
    target->codes = spred_alloc(env, out->x.rows, sizeof *target->codes);
    target->levels =
        spred_alloc(env, head->n_subsets - from, sizeof *target->levels);
    if (!target->name || !target->codes || !target->levels)
        return SPRED_ENOMEM;
    for (size_t i = 0; i < out->x.rows; i++)
        target->codes[i] = -1;
    for (size_t s = from; s < head->n_subsets; s++) {
        const struct soft_subset *subset = &head->subsets[s];
        if (!same(subset->type, type))
            continue;
        int32_t code = (int32_t)target->n_levels;
        struct spred_span name = subset->description;
        target->levels[code] =
            spred_utf8(env, name.at ? name : (struct spred_span){"", 0});
        if (!target->levels[code])
            return SPRED_ENOMEM;
        target->n_levels++;
        SPRED_TRY(assign(env, subset, code, names, target, odd));
    }
    return SPRED_OK;
}

static enum spred_status add_types(struct spred_env *env,
                                   const struct soft_head *head,
                                   const struct spred_names *names,
                                   struct spred_data *out, struct oddities *odd)
{
    for (size_t s = 0; s < head->n_subsets; s++) {
        const struct soft_subset *subset = &head->subsets[s];
        size_t first = 0;
        if (!subset->type.length || !subset->samples.length)
            return spred_scan_fail(&subset->line, subset->line.begin,
                                   "found a subset without %s, expected "
                                   "!subset_sample_id and !subset_type",
                                   subset->type.length ? "samples" : "type");
        while (!same(head->subsets[first].type, subset->type))
            first++;
        if (first == s)
            SPRED_TRY(add_type(env, head, s, names, out, odd));
    }
    return SPRED_OK;
}

static enum spred_status write_note(struct spred_env *env,
                                    const struct soft_head *head,
                                    const struct oddities *odd,
                                    struct spred_data *out)
{
    struct spred_buffer note = {0};
    enum spred_status status = spred_buffer_append(env, &note, "", 0);
    if (status == SPRED_OK && odd->unknown)
        status = spred_buffer_add(env, &note,
                                  "; the subsets name %zu samples that the "
                                  "table does not hold",
                                  odd->unknown);
    if (status == SPRED_OK && odd->twice)
        status = spred_buffer_add(env, &note,
                                  "; %zu samples are in two subsets of one "
                                  "type, the first counts",
                                  odd->twice);
    if (status == SPRED_OK && head->has_features &&
        head->features != (int64_t)out->x.cols)
        status =
            spred_buffer_add(env, &note, "; %zu features found, %lld stated",
                             out->x.cols, (long long)head->features);
    if (status == SPRED_OK && head->has_samples &&
        head->samples != (int64_t)out->x.rows)
        status =
            spred_buffer_add(env, &note, "; %zu samples found, %lld stated",
                             out->x.rows, (long long)head->samples);
    if (status == SPRED_OK)
        out->note = spred_strdup(env, note.length ? note.text + 2 : "");
    spred_free(env, note.text);
    return status == SPRED_OK && !out->note ? SPRED_ENOMEM : status;
}

enum spred_status spred_soft_targets(struct spred_env *env,
                                     const struct soft_head *head,
                                     struct spred_data *out)
{
    struct spred_names names;
    struct oddities odd = {0, 0};
    SPRED_TRY(spred_names_new(env, out->samples, out->x.rows, &names));
    const char *twice = spred_names_twice(&names);
    enum spred_status status =
        twice ? spred_scan_fail(&head->columns, head->columns.begin,
                                "found sample column '%s' twice, expected it "
                                "once",
                                twice)
              : add_types(env, head, &names, out, &odd);
    spred_names_free(env, &names);
    SPRED_TRY(status);
    return write_note(env, head, &odd, out);
}
