/* settings.c: which marks of which trials are one setting: the network, the
 * method and the strength, by the words of the options. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "results/compression.h"
#include "spred/text.h"

/* Words that say how strong the sparsity is: points of a method's curve, not
 * other methods. */
static const char *const strengths[] = {"lambda", "compression",
                                        "threshold_start", "thresholds",
                                        "fine_thresholds"};

static const char *or_empty(const char *text)
{
    return text ? text : "";
}

/* Is the word (of so many bytes) "name=..."? */
static int is_named(const char *word, size_t length, const char *name)
{
    size_t n = strlen(name);
    return length > n && word[n] == '=' && memcmp(word, name, n) == 0;
}

static int is_strength(const char *word, size_t length)
{
    for (size_t i = 0; i < sizeof strengths / sizeof *strengths; i++)
        if (is_named(word, length, strengths[i]))
            return 1;
    return 0;
}

static int has_word(const char *text, const char *word, size_t length)
{
    for (size_t width; *text; text += width + (text[width] == ' ')) {
        width = strcspn(text, " ");
        if (width == length && memcmp(text, word, length) == 0)
            return 1;
    }
    return 0;
}

/* Does every run of the solver on the same network have the word? */
static int is_common(const struct results_view *view, const char *solver,
                     const char *network, const char *word, size_t length)
{
    for (size_t i = 0; i < view->n_runs; i++) {
        const struct results_run *run = &view->runs[i].run;
        const char *options = or_empty(run->options);
        if (strcmp(or_empty(run->solver), solver) == 0 &&
            has_word(options, network, strlen(network)) &&
            !has_word(options, word, length))
            return 0;
    }
    return 1;
}

static enum spred_status add_word(struct spred_env *env,
                                  struct spred_buffer *out, const char *word,
                                  size_t length, const char *lead)
{
    if (out->length)
        SPRED_TRY(spred_buffer_append(env, out, lead, strlen(lead)));
    return spred_buffer_append(env, out, word, length);
}

/* The words into the method's variant and the setting. */
static enum spred_status
part(struct spred_env *env, const struct results_view *view,
     const struct results_run *run, const char *network, const char *candidate,
     struct spred_buffer *variant, struct spred_buffer *setting)
{
    const char *options = or_empty(run->options);
    for (size_t n; *options; options += n + (options[n] == ' ')) {
        n = strcspn(options, " ");
        int common =
            is_common(view, or_empty(run->solver), network, options, n);
        if (n == 0 || is_named(options, n, "network"))
            continue;
        if (is_strength(options, n)) {
            /* a candidate's own strength stands below */
            size_t name = strcspn(options, "=");
            const char *own = candidate;
            while (*own &&
                   !(strncmp(own, options, name) == 0 && own[name] == '='))
                own += strcspn(own, " ") + (own[strcspn(own, " ")] == ' ');
            if (!*own && (!common || is_named(options, n, "lambda")))
                SPRED_TRY(add_word(env, setting, options, n, " "));
        } else if (!common) {
            SPRED_TRY(add_word(env, variant, options, n, " "));
        }
    }
    return *candidate
               ? add_word(env, setting, candidate, strlen(candidate), " ")
               : SPRED_OK;
}

enum spred_status results_settings_name(struct spred_env *env,
                                        const struct results_view *view,
                                        const struct results_view_run *run,
                                        const char *candidate,
                                        struct results_setting *out)
{
    const char *options = or_empty(run->run.options), *network = "";
    struct spred_buffer variant = {0}, setting = {0};
    size_t length = 0;
    for (const char *at = options; *at;) {
        size_t n = strcspn(at, " ");
        if (is_named(at, n, "network"))
            network = at, length = n;
        at += n + (at[n] == ' ');
    }
    char *word = spred_strndup(env, network, length);
    enum spred_status status =
        word ? part(env, view, &run->run, word, candidate, &variant, &setting)
             : SPRED_ENOMEM;
    if (!status) {
        const char *name = or_empty(run->run.solver);
        out->network =
            spred_strdup(env, length ? word + strlen("network=") : "");
        out->method = variant.length
                          ? spred_format(env, "%s[%s]", name, variant.text)
                          : spred_strdup(env, name);
        out->setting = spred_strdup(env, setting.length ? setting.text : "");
        if (!out->network || !out->method || !out->setting)
            status = SPRED_ENOMEM;
    }
    spred_free(env, word);
    spred_free(env, variant.text);
    spred_free(env, setting.text);
    return status;
}

static void free_setting(struct spred_env *env, struct results_setting *s)
{
    spred_free(env, s->network);
    spred_free(env, s->method);
    spred_free(env, s->setting);
    spred_free(env, s->rule);
    spred_free(env, s->seeds);
}

void results_settings_free(struct spred_env *env,
                           struct results_settings *settings)
{
    for (size_t i = 0; i < settings->n; i++)
        free_setting(env, &settings->rows[i]);
    spred_free(env, settings->rows);
    memset(settings, 0, sizeof *settings);
}

static int same_number(double a, double b)
{
    return (isnan(a) && isnan(b)) || fabs(a - b) <= 1e-12 * fabs(a);
}

static int is_same(const struct results_setting *a,
                   const struct results_setting *b)
{
    return a->order == b->order && a->nth == b->nth &&
           same_number(a->threshold, b->threshold) &&
           strcmp(a->rule, b->rule) == 0 && strcmp(a->method, b->method) == 0 &&
           strcmp(a->setting, b->setting) == 0 &&
           strcmp(a->network, b->network) == 0;
}

/* The row of that setting: *like, which is freed, or a new one that takes it.
 */
static struct results_setting *find(struct spred_env *env,
                                    struct results_settings *out,
                                    struct results_setting *like)
{
    for (size_t i = 0; i < out->n; i++)
        if (is_same(&out->rows[i], like)) {
            free_setting(env, like);
            return &out->rows[i];
        }
    if (out->n == out->capacity) {
        size_t capacity = 2 * out->capacity + 32;
        void *grown = spred_resize(env, out->rows, capacity, sizeof *out->rows);
        if (!grown) {
            free_setting(env, like);
            return NULL;
        }
        out->rows = grown;
        out->capacity = capacity;
    }
    like->place = out->n;
    out->rows[out->n] = *like;
    return &out->rows[out->n++];
}

static enum spred_status add_seed(struct spred_env *env,
                                  struct results_setting *s,
                                  const struct results_seed *seed)
{
    if (s->n == s->capacity) {
        size_t capacity = 2 * s->capacity + 4;
        void *grown = spred_resize(env, s->seeds, capacity, sizeof *s->seeds);
        if (!grown)
            return SPRED_ENOMEM;
        s->seeds = grown;
        s->capacity = capacity;
    }
    s->seeds[s->n++] = *seed;
    return SPRED_OK;
}

enum column {
    MARK,
    RULE,
    THRESHOLD,
    WEIGHTS,
    NONZERO,
    MACS,
    MACS_DENSE,
    SECONDS,
    VALIDATION,
    ACCURACY,
    LOSS,
    SETTINGS,
    NTH,
    SECONDS_DENSE
};
/* A smaller network's own size does not count: weights and multiply-adds at
 * first are the most of the fit. row_number: among its marks with this rule and
 * threshold. The dense time: of the same fit, else of the same run, else of a
 * network of full size of the same fit, which takes as long; the least if there
 * are several. */
static const char sql[] =
    "SELECT mark, rule, threshold, max(weights) OVER fit, nonzero, macs, "
    "max(macs_dense) OVER fit, seconds_sample, validation, accuracy, loss, "
    "(SELECT settings FROM candidates c WHERE c.run = m.run AND c.candidate = "
    "m.candidate), row_number() OVER same, "
    "coalesce(min(iif(rule = 'dense', seconds_sample, NULL)) OVER fit, "
    "min(iif(rule = 'dense', seconds_sample, NULL)) OVER (), "
    "min(iif(rule LIKE 'made smaller%', NULL, seconds_sample)) OVER fit) "
    "FROM marks m WHERE run = ? AND rule IS NOT NULL "
    "WINDOW fit AS (PARTITION BY candidate), "
    "same AS (PARTITION BY candidate, rule, threshold ORDER BY number) "
    "ORDER BY number";

static double number(sqlite3_stmt *statement, int column)
{
    return sqlite3_column_type(statement, column) == SQLITE_NULL
               ? NAN
               : sqlite3_column_double(statement, column);
}

static enum spred_status add_mark(struct spred_env *env,
                                  const struct results_view *view,
                                  const struct results_view_run *r,
                                  size_t order, sqlite3_stmt *statement,
                                  struct results_settings *out)
{
    const struct results_run *run = &r->run;
    const char *candidate =
        (const char *)sqlite3_column_text(statement, SETTINGS);
    struct results_setting like = {
        .dataset = r->dataset, .solver = or_empty(run->solver), .order = order};
    like.nth = (size_t)sqlite3_column_int64(statement, NTH);
    like.threshold = number(statement, THRESHOLD);
    like.rule =
        spred_strdup(env, (const char *)sqlite3_column_text(statement, RULE));
    enum spred_status status =
        like.rule
            ? results_settings_name(env, view, r, or_empty(candidate), &like)
            : SPRED_ENOMEM;
    if (status) {
        free_setting(env, &like);
        return status;
    }
    like.is_dense = strcmp(like.rule, "dense") == 0;
    if (!(run->protocol && strcmp(run->protocol, "given") == 0) &&
        run->train > 0 && run->test > 0)
        like.ratio = (double)run->test / (double)run->train;
    const struct results_seed seed = {
        .trial = run->trial,
        .run = r->id,
        .mark = sqlite3_column_int64(statement, MARK),
        .weights = number(statement, WEIGHTS),
        .nonzero = fmax(number(statement, NONZERO), 1),
        .macs = number(statement, MACS),
        .macs_dense = number(statement, MACS_DENSE),
        .seconds = number(statement, SECONDS),
        .seconds_dense = number(statement, SECONDS_DENSE),
        .validation = number(statement, VALIDATION),
        .accuracy = number(statement, ACCURACY),
        .loss = number(statement, LOSS),
        .lost = NAN,
        .validation_lost = NAN};
    struct results_setting *row = find(env, out, &like);
    return row ? add_seed(env, row, &seed) : SPRED_ENOMEM;
}

enum spred_status results_settings_read(struct spred_env *env,
                                        struct results_view *view,
                                        struct results_settings *out)
{
    sqlite3_stmt *statement;
    memset(out, 0, sizeof *out);
    enum spred_status status =
        results_sql_prepare(env, view->db, view->path, sql, &statement);
    for (size_t i = 0, order = 0; i < view->n_runs && !status; i++) {
        order +=
            i && strcmp(view->runs[i].dataset, view->runs[i - 1].dataset) != 0;
        sqlite3_reset(statement);
        sqlite3_bind_int64(statement, 1, view->runs[i].id);
        for (int more = 1; !status;) {
            status =
                results_sql_step(env, view->db, view->path, statement, &more);
            if (status || !more)
                break;
            status = add_mark(env, view, &view->runs[i], order, statement, out);
        }
    }
    sqlite3_finalize(statement);
    return status ? status : results_settings_finish(env, out);
}
