/* inspect.c: prints data sets and plans for the verbs of those names. */
#include "experiments/inspect.h"

#include <ctype.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "spred/text.h"

static int is_accession(const char *name)
{
    size_t length = strlen(name);
    if (length < 4 || strncmp(name, "GDS", 3) != 0)
        return 0;
    return strspn(name + 3, "0123456789") == length - 3;
}

static int is_debian_set(const char *name)
{
    const struct spred_debian_set *set = spred_debian_sets();
    while (set->name && strcmp(set->name, name) != 0)
        set++;
    return set->name != NULL;
}

static enum spred_status unknown_name(struct spred_env *env, const char *name)
{
    const char *names[64];
    size_t count = 0;
    for (const struct spred_debian_set *set = spred_debian_sets();
         set->name && count < 63; set++)
        names[count++] = set->name;
    names[count] = NULL;
    const char *near = spred_nearest(name, names);
    return spred_fail(env, SPRED_ENOTFOUND,
                      "'%s' is no file, no GEO accession (GDS507) and no "
                      "Debian set%s%s%s",
                      name, near ? " (did you mean '" : "", near ? near : "",
                      near ? "'?)" : "; `spredbench data` lists them");
}

static void print_targets(const struct spred_data *data, FILE *out)
{
    for (size_t t = 0; t < data->n_targets; t++) {
        const struct spred_target *target = &data->targets[t];
        size_t covered = 0;
        if (target->kind == SPRED_TARGET_REAL) {
            for (size_t i = 0; i < data->x.rows; i++)
                covered += isnan(target->values[i]) ? 0 : 1;
            fprintf(out, "  target '%s': real-valued, %zu samples\n",
                    target->name, covered);
            continue;
        }
        for (size_t i = 0; i < data->x.rows; i++)
            covered += target->codes[i] >= 0;
        fprintf(out, "  target '%s': %zu classes, %zu samples:", target->name,
                target->n_levels, covered);
        for (size_t k = 0; k < target->n_levels; k++) {
            size_t count = 0;
            for (size_t i = 0; i < data->x.rows; i++)
                count += target->codes[i] == (int32_t)k;
            fprintf(out, "%s %s %zu", k ? "," : "", target->levels[k], count);
        }
        fputc('\n', out);
    }
}

static enum spred_status print_data(struct spred_env *env,
                                    const struct spred_data *data, FILE *out)
{
    double *column = spred_alloc(env, data->x.rows, sizeof *column);
    double low = INFINITY, high = -INFINITY;
    char *why = NULL;
    if (!column)
        return SPRED_ENOMEM;
    for (size_t j = 0; j < data->x.cols; j++) {
        spred_matrix_column(&data->x, j, column);
        for (size_t i = 0; i < data->x.rows; i++) {
            low = fmin(low, column[i]);
            high = fmax(high, column[i]);
        }
    }
    spred_free(env, column);
    fprintf(out, "%s: %zu samples x %zu features%s\n", data->name, data->x.rows,
            data->x.cols, data->simulated ? " (SIMULATED)" : "");
    fprintf(out, "  source: %s\n", data->source);
    fprintf(out, "  values: %g to %g, %zu missing\n", low, high, data->missing);
    if (data->channels)
        fprintf(out, "  pictures: %zu x %zu, %zu channel%s\n", data->width,
                data->height, data->channels, data->channels == 1 ? "" : "s");
    if (data->given_test)
        fprintf(out,
                "  test part: the last %zu samples, as published (`protocol: "
                "{kind: given}`)\n",
                data->given_test);
    fprintf(out, "  sha256: %s\n", data->hash);
    print_targets(data, out);
    const struct spred_target *target = spred_data_auto_target(env, data, &why);
    if (target)
        fprintf(out, "  `target: auto` takes '%s' (%s)\n", target->name,
                why ? why : "");
    if (*data->note)
        fprintf(out, "  note: %s\n", data->note);
    spred_free(env, why);
    return SPRED_OK;
}

static void list_data(FILE *out)
{
    fputs("File formats (found by their bytes; gzip, bzip2, xz opened):\n",
          out);
    for (const struct spred_loader *const *l = spred_loaders(); *l; l++)
        fprintf(out, "  %-12s %s [%s]\n", (*l)->name, (*l)->doc,
                (*l)->extensions);
    fputs("Real data sets in Debian packages (`debian: NAME`):\n", out);
    for (const struct spred_debian_set *s = spred_debian_sets(); s->name; s++)
        fprintf(out, "  %-12s %s [%s]\n", s->name, s->doc, s->package);
    fputs("Pictures: `images: fashion-mnist`, or `images: {path: FOLDER}` with "
          "the files of\nMNIST (train-images-idx3-ubyte.gz, ...), CIFAR-10 "
          "(data_batch_1.bin, ...) or CIFAR-100.\n",
          out);
    fputs("GEO DataSets: `geo: {accession: GDS507}`.\n", out);
}

enum spred_status inspect_data(struct spred_env *env, const char *name,
                               const struct spred_fetch_options *fetch,
                               FILE *out)
{
    struct spred_data data = {0};
    char *path = NULL, *cached = NULL;
    enum spred_status status = SPRED_OK;
    if (!name) {
        list_data(out);
        return SPRED_OK;
    }
    if (access(name, F_OK) == 0) {
        status = spred_load_cached(env, name, NULL, NULL, &data, &cached);
    } else if (is_debian_set(name)) {
        status = spred_load_debian(env, name, fetch, NULL, &data, &cached);
    } else if (is_accession(name)) {
        status = spred_fetch_geo(env, name, fetch, &path);
        if (status == SPRED_OK)
            status = spred_load_cached(env, path, NULL, NULL, &data, &cached);
    } else {
        status = unknown_name(env, name);
    }
    if (status == SPRED_OK)
        status = print_data(env, &data, out);
    spred_data_free(env, &data);
    spred_free(env, cached);
    spred_free(env, path);
    return status;
}

enum spred_status inspect_fetch(struct spred_env *env, const char *name,
                                const struct spred_fetch_options *fetch,
                                FILE *out)
{
    char *path = NULL;
    enum spred_status status =
        is_debian_set(name)  ? spred_fetch_debian(env, name, fetch, &path)
        : is_accession(name) ? spred_fetch_geo(env, name, fetch, &path)
                             : unknown_name(env, name);
    if (status == SPRED_OK)
        fprintf(out, "%s\n", path);
    spred_free(env, path);
    return status;
}

enum spred_status inspect_plan(struct spred_env *env, const struct plan *plan,
                               int all, FILE *out)
{
    for (size_t i = 0; i < plan->n_notes; i++) {
        const char *tab = strchr(plan->notes[i], '\t');
        if (strncmp(plan->notes[i], "warning:", 8) == 0)
            continue; /* said on stderr already */
        fprintf(out, "%.*s: %s\n", (int)(tab - plan->notes[i]), plan->notes[i],
                tab + 1);
    }
    for (size_t i = 0; i < plan->n_jobs; i++) {
        const struct job *job = &plan->jobs[i];
        char key[SPRED_HEX_SIZE];
        if (!all && job->trial > 1)
            continue;
        SPRED_TRY(job_key(env, job, key));
        fprintf(out, "%.12s  %s  %s  %s  trial %lld\n", key, job->dataset,
                job->problem, job->label, (long long)job->trial);
    }
    fprintf(out, "%zu jobs%s\n", plan->n_jobs,
            all ? "" : " (first trial shown; --all shows every one)");
    return SPRED_OK;
}
