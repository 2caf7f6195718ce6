/* learn_save.c: a fit leaves checkpoints, and one that was killed goes on from
 * its last. Trouble with the files is a warning: the fit itself is well. */
#include "experiments/learn_part.h"

#include "experiments/checkpoint.h"

static struct checkpoint place(const struct fitting *f)
{
    return (struct checkpoint){.folder = f->learn->job->folder,
                               .job = f->learn->record->run.job,
                               .setting = f->setting};
}

enum spred_status learn_save(void *cookie, const void *bytes, size_t size)
{
    struct fitting *f = cookie;
    const struct checkpoint to = place(f);
    if (f->offers || f->marks)
        return spred_fail(f->env, SPRED_EINVAL,
                          "the model saved itself after its first offer or "
                          "mark");
    double from = trial_now();
    enum spred_status status = checkpoint_write(
        f->env, &to, f->before + from - f->from - f->unbilled, bytes, size);
    double spent = trial_now() - from;
    f->unbilled += spent;
    f->learn->deadline += spent;
    if (status != SPRED_EIO)
        return status;
    if (!f->warned)
        spred_log(f->env, SPRED_LOG_WARN,
                  "no checkpoints (a fit that is killed starts anew): %s",
                  f->env->error);
    f->warned = 1;
    return SPRED_OK;
}

enum spred_status learn_go_on(struct fitting *f, struct spred_model_task *task,
                              char **block)
{
    const char *folder = f->learn->job->folder;
    struct checkpoint_found found;
    *block = NULL;
    if (!folder || !*folder)
        return SPRED_OK;
    task->save = learn_save;
    const struct checkpoint from = place(f);
    SPRED_TRY(checkpoint_read(f->env, &from, &found));
    if (!found.block)
        return SPRED_OK;
    *block = found.block;
    task->saved = found.bytes;
    task->saved_size = found.size;
    f->before = found.seconds;
    f->learn->deadline -= found.seconds;
    spred_log(f->env, SPRED_LOG_INFO,
              "setting %lld goes on from its checkpoint (%.3g s, %zu bytes)",
              (long long)f->setting, found.seconds, found.size);
    return SPRED_OK;
}

void learn_start_anew(struct fitting *f, struct spred_model_task *task)
{
    spred_log(f->env, SPRED_LOG_WARN,
              "setting %lld starts anew, its checkpoint is refused: %s",
              (long long)f->setting, f->env->error);
    f->learn->deadline += f->before;
    f->before = 0;
    task->saved = NULL;
    task->saved_size = 0;
}
