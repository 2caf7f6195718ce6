/* debian_sets.c: real data sets that a Debian machine can fetch. */
#include "fetch_private.h"

#include <string.h>

#include "spred/text.h"

#define R_LIBRARY "usr/lib/R/site-library/"

#define FASHION "usr/share/datasets/fashion-mnist/"

static const char *const fashion[] = {
    FASHION "train-labels-idx1-ubyte.gz", FASHION "t10k-images-idx3-ubyte.gz",
    FASHION "t10k-labels-idx1-ubyte.gz", NULL};

static const struct spred_debian_set sets[] = {
    {"golub", "r-bioc-multtest", R_LIBRARY "multtest/data/golub.RData", "golub",
     "golub.cl",
     "38 samples x 3051 genes, ALL 27 / AML 11; Golub 1999 leukaemia, the "
     "training part as preprocessed by Dudoit 2002",
     NULL},
    {"all-bt", "r-bioc-all", R_LIBRARY "ALL/data/ALL.rda", "ALL", "lineage",
     "128 samples x 12625 genes, B 95 / T 33; Chiaretti 2004 acute "
     "lymphoblastic leukaemia, RMA",
     NULL},
    {"all-bcrabl", "r-bioc-all", R_LIBRARY "ALL/data/ALL.rda", "ALL",
     "mol.biol",
     "79 samples x 12625 genes, BCR/ABL 37 / NEG 42; the B-lineage part of "
     "Chiaretti 2004, RMA",
     NULL},
    {"bladder", "r-bioc-bladderbatch",
     R_LIBRARY "bladderbatch/data/bladderdata.rda", "bladderEset", "outcome",
     "57 samples x 22283 genes, sTCC-CIS 16 / mTCC 12 / sTCC+CIS 12 / Biopsy 9 "
     "/ Normal 8; Dyrskjot 2004 bladder cancer, RMA, "
     "known batch effects",
     NULL},
    {"khan", "r-bioc-impute", R_LIBRARY "impute/data/khanmiss.rda", "khanmiss",
     "class",
     "63 samples x 2308 genes, EWS 23 / RMS 20 / NB 12 / BL 8; Khan 2001 small "
     "round blue cell tumours, log ratios, 1282 missing cells",
     NULL},
    {"gds507", "r-bioc-geoquery", R_LIBRARY "GEOquery/extdata/GDS507.soft.gz",
     NULL, "disease state",
     "17 samples x 22645 genes, RCC 9 / normal 8; GEO DataSet GDS507, Lenburg "
     "2003 renal cell carcinoma",
     NULL},
    {"fashion-mnist", "dataset-fashion-mnist",
     FASHION "train-images-idx3-ubyte.gz", NULL, "class",
     "70000 pictures of 28 x 28, 10 classes of 7000, the last 10000 the "
     "published test part; Xiao 2017, clothes from Zalando's articles",
     fashion},
    {NULL, NULL, NULL, NULL, NULL, NULL, NULL}};

const struct spred_debian_set *spred_debian_sets(void)
{
    return sets;
}

/* The classes of a target become the new names; from[i] (an old class, or its
 * first letter when `letters`) goes to names[to[i]]; all others are dropped. */
struct regroup {
    const char *const *from; /* NULL-ended, exact names */
    const char *const *names;
    size_t count;
    int letters;
};

static enum spred_status regroup(struct spred_env *env,
                                 struct spred_target *target,
                                 const struct regroup *rule, size_t n)
{
    char **levels = spred_alloc(env, rule->count, sizeof *levels);
    int missing = levels == NULL;
    for (size_t k = 0; !missing && k < rule->count; k++)
        missing |= !(levels[k] = spred_strdup(env, rule->names[k]));
    for (size_t i = 0; !missing && i < n; i++) {
        int32_t code = target->codes[i];
        const char *old = code < 0 ? "" : target->levels[code];
        target->codes[i] = -1;
        for (size_t k = 0; k < rule->count; k++)
            if (rule->letters ? old[0] == rule->from[k][0]
                              : strcmp(old, rule->from[k]) == 0)
                target->codes[i] = (int32_t)k;
    }
    if (missing) {
        for (size_t k = 0; levels && k < rule->count; k++)
            spred_free(env, levels[k]);
        spred_free(env, levels);
        return SPRED_ENOMEM;
    }
    for (size_t k = 0; k < target->n_levels; k++)
        spred_free(env, target->levels[k]);
    spred_free(env, target->levels);
    target->levels = levels;
    target->n_levels = rule->count;
    return SPRED_OK;
}

static struct spred_target *find(struct spred_data *data, const char *name)
{
    for (size_t t = 0; t < data->n_targets; t++)
        if (strcmp(data->targets[t].name, name) == 0)
            return &data->targets[t];
    return NULL;
}

/* Only the given samples stay; keep: count ascending indices. */
static enum spred_status keep_samples(struct spred_env *env,
                                      struct spred_data *data,
                                      const size_t *keep, size_t count)
{
    struct spred_matrix x;
    size_t n = data->x.rows, next = 0;
    SPRED_TRY(
        spred_matrix_take(env, &data->x, keep, count, NULL, data->x.cols, &x));
    spred_matrix_free(env, &data->x);
    data->x = x;
    for (size_t i = 0; i < n; i++) {
        if (next >= count || keep[next] != i) {
            spred_free(env, data->samples[i]);
            continue;
        }
        data->samples[next] = data->samples[i];
        for (size_t t = 0; t < data->n_targets; t++) {
            struct spred_target *target = &data->targets[t];
            if (target->codes)
                target->codes[next] = target->codes[i];
            if (target->values)
                target->values[next] = target->values[i];
        }
        next++;
    }
    data->missing = 0;
    for (size_t i = 0; i < count * x.cols; i++)
        data->missing += x.f64[i] < x.f64[i] || x.f64[i] >= x.f64[i] ? 0 : 1;
    return SPRED_OK;
}

/* A target's classes that no sample has any more are dropped. */
static void drop_empty(struct spred_env *env, struct spred_target *target,
                       size_t n)
{
    size_t kept = 0;
    for (size_t k = 0; target->codes && k < target->n_levels; k++) {
        size_t found = 0;
        for (size_t i = 0; i < n; i++)
            if (target->codes[i] == (int32_t)k) {
                target->codes[i] = (int32_t)kept;
                found++;
            }
        if (found)
            target->levels[kept++] = target->levels[k];
        else
            spred_free(env, target->levels[k]);
    }
    if (target->codes)
        target->n_levels = kept;
}

static enum spred_status only_classes(struct spred_env *env,
                                      struct spred_data *data,
                                      const char *lineage_name,
                                      const struct regroup *rule,
                                      const char *target_name)
{
    struct spred_target *lineage = find(data, lineage_name);
    struct spred_target *target = find(data, target_name);
    size_t n = data->x.rows, count = 0;
    size_t *keep = spred_alloc(env, n, sizeof *keep);
    if (!keep)
        return SPRED_ENOMEM;
    enum spred_status status = regroup(env, target, rule, n);
    for (size_t i = 0; i < n; i++)
        if (target->codes[i] >= 0 && lineage->codes[i] >= 0 &&
            lineage->levels[lineage->codes[i]][0] == 'B')
            keep[count++] = i;
    if (status == SPRED_OK)
        status = keep_samples(env, data, keep, count);
    spred_free(env, keep);
    for (size_t t = 0; status == SPRED_OK && t < data->n_targets; t++)
        drop_empty(env, &data->targets[t], count);
    return status;
}

static enum spred_status rename_target(struct spred_env *env,
                                       struct spred_target *target,
                                       const char *name)
{
    char *copy = spred_strdup(env, name);
    if (!copy)
        return SPRED_ENOMEM;
    spred_free(env, target->name);
    target->name = copy;
    return SPRED_OK;
}

/* khanmiss lost 14 of its names GENE1..GENE2308 when missing cells were put in
 * at random; they are their row numbers. */
static enum spred_status khan_names(struct spred_env *env,
                                    struct spred_data *data)
{
    for (size_t j = 0; j < data->x.cols; j++) {
        if (strncmp(data->features[j], "GENE", 4) == 0)
            continue;
        char *name = spred_format(env, "GENE%zu", j + 1);
        if (!name)
            return SPRED_ENOMEM;
        spred_free(env, data->features[j]);
        data->features[j] = name;
    }
    return SPRED_OK;
}

enum spred_status spred_debian_adapt(struct spred_env *env,
                                     const struct spred_debian_set *set,
                                     struct spred_data *data)
{
    static const char *const codes[] = {"0", "1", NULL};
    static const char *const golub[] = {"ALL", "AML", NULL};
    static const char *const lineages[] = {"B", "T", NULL};
    static const char *const fusions[] = {"BCR/ABL", "NEG", NULL};
    static const struct regroup leukaemia = {codes, golub, 2, 0};
    static const struct regroup lineage = {lineages, lineages, 2, 1};
    static const struct regroup fusion = {fusions, fusions, 2, 0};
    const char *wanted = strcmp(set->name, "all-bt") == 0 ? "BT" : set->target;
    struct spred_target *target = find(data, wanted);
    int known = target && target->kind == SPRED_TARGET_CLASS &&
                (strcmp(set->name, "all-bcrabl") != 0 || find(data, "BT"));
    if (!known)
        return spred_fail(env, SPRED_EFORMAT,
                          "%s: %s holds no class target '%s', expected the "
                          "data of Debian 12",
                          set->name, set->file, wanted);
    if (strcmp(set->name, "golub") == 0)
        return regroup(env, target, &leukaemia, data->x.rows);
    if (strcmp(set->name, "all-bt") == 0) {
        SPRED_TRY(regroup(env, target, &lineage, data->x.rows));
        return rename_target(env, target, set->target);
    }
    if (strcmp(set->name, "all-bcrabl") == 0)
        return only_classes(env, data, "BT", &fusion, set->target);
    if (strcmp(set->name, "khan") == 0)
        return khan_names(env, data);
    return SPRED_OK;
}
