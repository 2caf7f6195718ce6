/* exec_local.c: the local executor: N workers, their ends turned into rows. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "experiments/checkpoint.h"
#include "experiments/exec.h"
#include "experiments/parts.h"
#include "experiments/process.h"
#include "experiments/trial.h"

struct slot {
    struct process process;
    const struct job *job;
    size_t told; /* bytes of its text that were looked at for log lines */
};

struct crew {
    struct spred_env *env;
    const struct plan *plan;
    const struct results_sink *sink;
    const struct exec_options *options;
    struct exec_totals *totals;
    struct slot *slots;
    size_t next, running, to_do;
    double started;
};

int exec_is_failure(const char *status)
{
    static const char *const failures[] = {"crashed", "memory",   "timeout",
                                           "error",   "diverged", NULL};
    for (size_t i = 0; failures[i]; i++)
        if (strcmp(status, failures[i]) == 0)
            return 1;
    return 0;
}

static void tell(const struct crew *crew, const struct job *job,
                 const char *status, const char *reason)
{
    const struct exec_totals *totals = crew->totals;
    struct exec_progress progress = {.total = crew->plan->n_jobs,
                                     .known = totals->known,
                                     .done = totals->done,
                                     .failed = totals->failed,
                                     .elapsed = trial_now() - crew->started,
                                     .left = -1,
                                     .job = job,
                                     .status = status,
                                     .reason = reason};
    size_t ahead = crew->to_do > totals->done ? crew->to_do - totals->done : 0;
    if (totals->done > 0)
        progress.left = progress.elapsed / (double)totals->done * (double)ahead;
    if (crew->options->report)
        crew->options->report(crew->options->cookie, &progress);
}

/* The row of a job that gave none of its own. */
static enum spred_status failure_row(struct crew *crew, const struct slot *slot,
                                     const char *status, const char *reason,
                                     struct results_record *record)
{
    results_record_free(crew->env, record);
    memset(record, 0, sizeof *record);
    SPRED_TRY(job_start_row(crew->env, slot->job, &record->run));
    record->run.status = spred_strdup(crew->env, status);
    record->run.reason = spred_strdup(crew->env, reason);
    return record->run.status && record->run.reason ? SPRED_OK : SPRED_ENOMEM;
}

/* Why a process ended without rows, as status and reason. */
static const char *explain_end(const struct process *p, char *reason,
                               size_t size)
{
    switch (p->end) {
    case PROCESS_TIMEOUT:
        snprintf(reason, size, "killed at limits.wall = %g s", p->limit_wall);
        return "timeout";
    case PROCESS_MEMORY:
        snprintf(reason, size, "killed at limits.memory = %.0f MiB (peak %ld)",
                 p->limit_memory / 1048576, p->peak_rss_kib / 1024);
        return "memory";
    case PROCESS_CRASHED:
        snprintf(reason, size, "signal %d (%s)%s%s", p->code,
                 strsignal(p->code), *p->last_words ? ": " : "", p->last_words);
        return "crashed";
    default:
        snprintf(reason, size, "exit code %d%s%s", p->code,
                 *p->last_words ? ": " : "", p->last_words);
        return "crashed";
    }
}

static enum spred_status finish(struct crew *crew, struct slot *slot)
{
    struct results_record record;
    struct process *p = &slot->process;
    char reason[SPRED_ERROR_MAX];
    enum spred_status status = SPRED_OK;
    memset(&record, 0, sizeof record);
    if (p->end == PROCESS_STOPPED) { /* not a row: it will run again */
        process_free(crew->env, p);
        crew->running--;
        return SPRED_OK;
    }
    enum spred_status parsed =
        job_parse_output(crew->env, p->text.text, p->text.length, &record);
    if (parsed == SPRED_EINVAL) { /* the worker's own error line */
        snprintf(reason, sizeof reason, "%s", crew->env->error);
        status =
            failure_row(crew, slot, job_failure_word(reason), reason, &record);
    } else if (parsed != SPRED_OK || p->end != PROCESS_EXITED || p->code) {
        const char *word = explain_end(p, reason, sizeof reason);
        status = failure_row(crew, slot, word, reason, &record);
    }
    if (status == SPRED_OK) {
        if (record.run.peak_rss_kib == INT64_MIN)
            record.run.peak_rss_kib = p->peak_rss_kib;
        status = crew->sink->put(crew->sink->self, &record);
    }
    if (status == SPRED_OK && !exec_is_failure(record.run.status))
        checkpoint_drop(slot->job->folder, record.run.job);
    crew->running--;
    if (status == SPRED_OK) {
        crew->totals->done++;
        crew->totals->failed += (size_t)exec_is_failure(record.run.status);
        crew->totals->refuted += strcmp(record.run.status, "refuted") == 0;
        tell(crew, slot->job, record.run.status, record.run.reason);
    }
    const struct parts *parts = crew->options->parts;
    if (status == SPRED_OK && parts && parts->on_job_end)
        status = parts->on_job_end(parts->self, crew->env, &record);
    results_record_free(crew->env, &record);
    process_free(crew->env, p);
    return status;
}

/* 1 if the store has a row for the job that counts as done; its status. */
static enum spred_status is_known(struct crew *crew, const struct job *job,
                                  int *known, char status[32])
{
    char key[SPRED_HEX_SIZE];
    SPRED_TRY(job_key(crew->env, job, key));
    SPRED_TRY(crew->sink->find(crew->sink->self, key, status));
    *known =
        *status && !(crew->options->retry_failed && exec_is_failure(status));
    return SPRED_OK;
}

/* Starts jobs until all slots are busy or none is left. */
static enum spred_status fill_slots(struct crew *crew)
{
    for (size_t w = 0; w < crew->options->workers; w++) {
        struct slot *slot = &crew->slots[w];
        while (slot->process.pid == 0 && crew->next < crew->plan->n_jobs) {
            const struct job *job = &crew->plan->jobs[crew->next++];
            int known = 0;
            char word[32] = "";
            SPRED_TRY(is_known(crew, job, &known, word));
            if (known)
                continue;
            slot->job = job;
            slot->told = 0;
            SPRED_TRY(process_start(crew->env, crew->options->program, job,
                                    trial_now(), &slot->process));
            crew->running++;
            tell(crew, job, NULL, NULL);
        }
    }
    return SPRED_OK;
}

/* What the worker has to say while it works. */
static void pass_on_logs(struct crew *crew, struct slot *slot)
{
    const struct job *job = slot->job;
    char who[256];
    snprintf(who, sizeof who, "%.80s %.100s, trial %lld",
             job->dataset ? job->dataset : "", job->label ? job->label : "",
             (long long)job->trial);
    job_pass_on_logs(crew->env, who, slot->process.text.text,
                     slot->process.text.length, &slot->told);
}

/* Waits until a worker writes or 20 ms have passed. */
static void wait_a_little(const struct crew *crew)
{
    struct pollfd watch[64];
    nfds_t count = 0;
    for (size_t w = 0; w < crew->options->workers && count < 64; w++)
        if (crew->slots[w].process.pid != 0)
            watch[count++] = (struct pollfd){
                .fd = crew->slots[w].process.output, .events = POLLIN};
    poll(watch, count, 20);
}

static enum spred_status work(struct crew *crew)
{
    double told = 0;
    for (;;) {
        struct spred_env *env = crew->env;
        int stop =
            (crew->options->interrupted && crew->options->interrupted()) ||
            (env->cancelled && env->cancelled(env->cancel_cookie));
        if (stop && !crew->totals->interrupted) {
            crew->totals->interrupted = 1;
            for (size_t w = 0; w < crew->options->workers; w++)
                process_kill(&crew->slots[w].process, PROCESS_STOPPED,
                             trial_now());
        }
        if (!crew->totals->interrupted)
            SPRED_TRY(fill_slots(crew));
        if (crew->running == 0)
            return SPRED_OK;
        wait_a_little(crew);
        for (size_t w = 0; w < crew->options->workers; w++) {
            struct slot *slot = &crew->slots[w];
            if (slot->process.pid == 0)
                continue;
            int gone = process_poll(crew->env, &slot->process, trial_now());
            pass_on_logs(crew, slot);
            if (gone)
                SPRED_TRY(finish(crew, slot));
        }
        if (trial_now() - told > 0.5) {
            told = trial_now();
            tell(crew, NULL, NULL, NULL);
        }
    }
}

/* How much there is to do, for the estimate of the time left, and how what is
 * done went. */
static enum spred_status count_known(struct crew *crew)
{
    struct exec_totals *totals = crew->totals;
    for (size_t i = 0; i < crew->plan->n_jobs; i++) {
        int known = 0;
        char word[32] = "";
        SPRED_TRY(is_known(crew, &crew->plan->jobs[i], &known, word));
        totals->known += (size_t)known;
        totals->failed_before += (size_t)(known && exec_is_failure(word));
        totals->refuted_before +=
            (size_t)(known && strcmp(word, "refuted") == 0);
    }
    crew->to_do = crew->plan->n_jobs - totals->known;
    return SPRED_OK;
}

/* All jobs have rows: checkpoints are of use to those that failed, which may be
 * tried again. */
static enum spred_status sweep_checkpoints(struct crew *crew)
{
    const struct plan *plan = crew->plan;
    size_t kept = 0;
    const char *folder = plan->n_jobs ? plan->jobs[0].folder : NULL;
    if (!folder)
        return SPRED_OK;
    char(*keys)[SPRED_HEX_SIZE] =
        spred_alloc(crew->env, plan->n_jobs, sizeof *keys);
    const char **keep = spred_alloc(crew->env, plan->n_jobs + 1, sizeof *keep);
    enum spred_status status = keys && keep ? SPRED_OK : SPRED_ENOMEM;
    for (size_t i = 0; status == SPRED_OK && i < plan->n_jobs; i++) {
        char word[32] = "";
        if (!job_has_model(&plan->jobs[i]))
            continue;
        status = job_key(crew->env, &plan->jobs[i], keys[kept]);
        if (status == SPRED_OK)
            status = crew->sink->find(crew->sink->self, keys[kept], word);
        if (status == SPRED_OK && (!*word || exec_is_failure(word))) {
            keep[kept] = keys[kept];
            kept++;
        }
    }
    if (status == SPRED_OK)
        checkpoint_sweep(folder, keep);
    spred_free(crew->env, keep);
    spred_free(crew->env, keys);
    return status;
}

enum spred_status exec_local(struct spred_env *env, const struct plan *plan,
                             const struct results_sink *sink,
                             const struct exec_options *options,
                             struct exec_totals *totals)
{
    struct crew crew = {.env = env,
                        .plan = plan,
                        .sink = sink,
                        .options = options,
                        .totals = totals,
                        .started = trial_now()};
    memset(totals, 0, sizeof *totals);
    signal(SIGPIPE, SIG_IGN); /* a worker may die while it is fed */
    crew.slots = spred_alloc(env, options->workers, sizeof *crew.slots);
    if (!crew.slots)
        return SPRED_ENOMEM;
    for (size_t w = 0; w < options->workers; w++)
        process_clear(&crew.slots[w].process);
    enum spred_status status = count_known(&crew);
    if (status == SPRED_OK)
        status = work(&crew);
    if (status == SPRED_OK && !totals->interrupted)
        status = sweep_checkpoints(&crew);
    for (size_t w = 0; w < options->workers; w++) {
        struct process *p = &crew.slots[w].process;
        process_kill(p, PROCESS_STOPPED, trial_now());
        p->limit_grace = 0; /* only after an error of ours */
        while (p->pid != 0 && !process_poll(env, p, trial_now()))
            wait_a_little(&crew);
        process_free(env, p);
    }
    spred_free(env, crew.slots);
    return status;
}
