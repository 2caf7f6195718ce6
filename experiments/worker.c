/* worker.c: the worker process's two ends: a job line in, rows out. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "experiments/parts.h"
#include "experiments/process.h"
#include "spred/linalg.h"
#include "spred/text.h"

/* What a worker writes: as it goes on, "log<TAB>level<TAB>text"; at its end a
 * line "run<TAB>...", lines that begin with the name of a child table, and
 * "end"; or "error<TAB>text". */

static enum spred_status read_all(struct spred_env *env, int from,
                                  struct spred_buffer *out)
{
    char chunk[4096];
    for (;;) {
        ssize_t got = read(from, chunk, sizeof chunk);
        if (got == 0)
            return SPRED_OK;
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return spred_fail(env, SPRED_EIO, "worker: %s", strerror(errno));
        SPRED_TRY(spred_buffer_append(env, out, chunk, (size_t)got));
    }
}

static int write_all(int to, const char *text, size_t length)
{
    while (length > 0) {
        ssize_t put = write(to, text, length);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return 0;
        text += put;
        length -= (size_t)put;
    }
    return 1;
}

static enum spred_status add_row(struct spred_env *env, const char *tag,
                                 const struct results_column *columns,
                                 const void *row, struct spred_buffer *out)
{
    SPRED_TRY(spred_buffer_add(env, out, "%s\t", tag));
    SPRED_TRY(results_row_write(env, columns, row, out));
    return spred_buffer_append(env, out, "\n", 1);
}

static enum spred_status write_record(struct spred_env *env,
                                      const struct results_record *record,
                                      struct spred_buffer *out)
{
    SPRED_TRY(add_row(env, "run", results_run_columns, &record->run, out));
    for (size_t k = 0; k < RESULTS_CHILDREN; k++) {
        const struct results_child *child = &results_children[k];
        for (size_t i = 0; i < results_child_count(record, child); i++)
            SPRED_TRY(add_row(env, child->name, child->columns,
                              results_child_row(record, child, i), out));
    }
    return spred_buffer_add(env, out, "end\n");
}

/* One line, in one write: several threads may log. */
static void write_log(void *cookie, enum spred_log_level level,
                      const char *text)
{
    const int *out = cookie;
    char line[SPRED_ERROR_MAX + 32];
    int length =
        snprintf(line, sizeof line - 1, "log\t%d\t%s", (int)level, text);
    if (level == SPRED_LOG_DEBUG || length < 0)
        return;
    if ((size_t)length >= sizeof line - 1)
        length = (int)sizeof line - 2;
    for (char *c = line + 6; *c; c++)
        *c = *c == '\n' || *c == '\t' ? ' ' : *c;
    line[length] = '\n';
    write_all(*out, line, (size_t)length + 1);
}

/* The most this process has held in memory, KiB. Not getrusage: Linux lets a
 * new program inherit the peak of the process that started it. */
static int64_t peak_memory(void)
{
    char line[256];
    long long peak = INT64_MIN;
    FILE *file = fopen("/proc/self/status", "r");
    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, "VmHWM: %lld", &peak) == 1)
            break;
    if (file)
        fclose(file);
    return peak;
}

/* Would so much more pass limits.memory? A solver may do with less; a block
 * that is taken anyway, elsewhere, is found out from outside. */
static int refuses(void *cookie, size_t bytes)
{
    const struct job *job = cookie;
    double own;
    process_resident(getpid(), &own);
    return own + (double)bytes > job->limit_memory;
}

/* The parts of the job's script, which must be the one that was planned. */
static enum spred_status open_script(struct spred_env *env,
                                     const struct job *job,
                                     const struct parts_opener *opener,
                                     struct parts **parts)
{
    if (!job->script_hash || !*job->script_hash)
        return SPRED_OK;
    if (!opener || !job->script)
        return spred_fail(env, SPRED_EINVAL, "%s: no scripts in this program",
                          job->script ? job->script : "script");
    SPRED_TRY(opener->open(opener->cookie, env, job->script, 1,
                           job->limit_memory, 0, parts));
    if (!(*parts)->hash || strcmp((*parts)->hash, job->script_hash) != 0)
        return spred_fail(env, SPRED_EINVAL,
                          "%s: the script changed since the plan was made",
                          job->script);
    return SPRED_OK;
}

int job_worker(int in, int out, const struct parts_opener *opener)
{
    struct spred_env env;
    struct parts *parts = NULL;
    struct spred_buffer line = {0}, reply = {0};
    struct job job;
    struct results_record record;
    spred_env_init(&env);
    env.refuses = refuses; /* nothing while the job's limit is NaN */
    env.refuse_cookie = &job;
    env.log = write_log;
    env.log_cookie = &out;
    memset(&record, 0, sizeof record);
    results_row_clear(job_columns, &job);
    enum spred_status status = read_all(&env, in, &line);
    if (status == SPRED_OK)
        status = results_row_read(&env, job_columns, line.text ? line.text : "",
                                  line.length, &job);
    if (status == SPRED_OK) {
        spred_blas_threads(1); /* the pool has the threads */
        status = open_script(&env, &job, opener, &parts);
    }
    if (status == SPRED_OK) {
        status = job_run(&env, &job, parts, &record);
        record.run.peak_rss_kib = peak_memory();
    }
    env.refuses = NULL;
    if (status == SPRED_OK)
        status = write_record(&env, &record, &reply);
    if (status != SPRED_OK) {
        reply.length = 0;
        if (spred_buffer_add(&env, &reply, "error\t%s\n", env.error) !=
            SPRED_OK)
            reply.length = 0;
    }
    if (parts)
        opener->close(opener->cookie, parts);
    int sent = reply.length > 0 && write_all(out, reply.text, reply.length);
    results_record_free(&env, &record);
    results_row_free(&env, job_columns, &job);
    spred_free(&env, line.text);
    spred_free(&env, reply.text);
    return sent ? 0 : 1;
}

/* Counts the lines that start with tag and a tab. */
static size_t count_lines(const char *text, size_t length, const char *tag)
{
    size_t count = 0, width = strlen(tag);
    for (const char *at = text, *end = text + length; at < end;) {
        if ((size_t)(end - at) > width && memcmp(at, tag, width) == 0 &&
            at[width] == '\t')
            count++;
        const char *next = memchr(at, '\n', (size_t)(end - at));
        at = next ? next + 1 : end;
    }
    return count;
}

static enum spred_status parse_line(struct spred_env *env, const char *line,
                                    size_t length,
                                    struct results_record *record)
{
    if (length >= 4 && memcmp(line, "log\t", 4) == 0)
        return SPRED_OK; /* passed on as it came */
    if (length > 4 && memcmp(line, "run\t", 4) == 0)
        return results_row_read(env, results_run_columns, line + 4, length - 4,
                                &record->run);
    for (size_t k = 0; k < RESULTS_CHILDREN; k++) {
        const struct results_child *child = &results_children[k];
        size_t width = strlen(child->name);
        if (length > width + 1 && memcmp(line, child->name, width) == 0 &&
            line[width] == '\t')
            return results_row_read(env, child->columns, line + width + 1,
                                    length - width - 1,
                                    results_child_next(record, child));
    }
    if (length > 6 && memcmp(line, "error\t", 6) == 0)
        return spred_fail(env, SPRED_EINVAL, "%.*s", (int)(length - 6),
                          line + 6);
    return spred_fail(env, SPRED_EFORMAT, "the worker wrote '%.*s'",
                      (int)(length > 40 ? 40 : length), line);
}

void job_pass_on_logs(struct spred_env *env, const char *who, const char *text,
                      size_t length, size_t *told)
{
    while (*told < length) {
        const char *line = text + *told;
        const char *end = memchr(line, '\n', length - *told);
        if (!end)
            return;
        *told += (size_t)(end - line) + 1;
        if (end - line < 6 || memcmp(line, "log\t", 4) != 0)
            continue;
        spred_log(env, line[4] == '0' ? SPRED_LOG_WARN : SPRED_LOG_INFO,
                  "%s: %.*s", who, (int)(end - line - 6), line + 6);
    }
}

enum spred_status job_parse_output(struct spred_env *env, const char *text,
                                   size_t length, struct results_record *record)
{
    memset(record, 0, sizeof *record);
    results_row_clear(results_run_columns, &record->run);
    if (length == 0)
        return spred_fail(env, SPRED_EFORMAT, "the worker wrote nothing");
    for (size_t k = 0; k < RESULTS_CHILDREN; k++)
        SPRED_TRY(results_child_room(
            env, record, &results_children[k],
            count_lines(text, length, results_children[k].name)));
    for (const char *at = text, *end = text + length; at < end;) {
        const char *next = memchr(at, '\n', (size_t)(end - at));
        if (!next)
            break;
        if (next - at == 3 && memcmp(at, "end", 3) == 0)
            return SPRED_OK;
        SPRED_TRY(parse_line(env, at, (size_t)(next - at), record));
        at = next + 1;
    }
    return spred_fail(env, SPRED_EFORMAT, "the worker's rows are incomplete");
}
