/* lock.c: flock on results/NAME/lock. The file says who holds it, and stays: a
 * name that is removed could be locked by two. */
#define _DEFAULT_SOURCE /* flock, gethostname */
#include "results/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "spred/text.h"

enum { NAME_SIZE = 300 };

/* "process 4711 on vm", of this process. */
static void sign(int lock)
{
    char host[256] = "", name[NAME_SIZE];
    gethostname(host, sizeof host - 1);
    int length = snprintf(name, sizeof name, "process %ld on %s\n",
                          (long)getpid(), host);
    /* Without it (a full disk) the folder is taken all the same. */
    if (ftruncate(lock, 0) == 0)
        (void)!pwrite(lock, name, (size_t)length, 0);
}

static enum spred_status refuse(struct spred_env *env, const char *folder,
                                int lock)
{
    char holder[NAME_SIZE];
    ssize_t got = pread(lock, holder, sizeof holder - 1, 0);
    holder[got > 0 ? got : 0] = '\0';
    holder[strcspn(holder, "\n")] = '\0';
    return spred_fail(env, SPRED_EIO,
                      "%s: %s is running an experiment there; wait for its end "
                      "or choose another folder (-o; in Lua output=)",
                      folder, *holder ? holder : "another process");
}

enum spred_status results_lock(struct spred_env *env, const char *folder,
                               int *lock)
{
    enum spred_status status = SPRED_OK;
    *lock = -1;
    char *path = spred_format(env, "%s/lock", folder);
    if (!path)
        return SPRED_ENOMEM;
    int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (file < 0)
        status = spred_fail(env, SPRED_EIO, "%s: %s", path, strerror(errno));
    else if (flock(file, LOCK_EX | LOCK_NB) == 0)
        sign(file);
    else if (errno == EWOULDBLOCK)
        status = refuse(env, folder, file);
    else if (errno == ENOSYS || errno == ENOLCK || errno == EOPNOTSUPP)
        spred_log(env, SPRED_LOG_WARN,
                  "%s: this file system has no locks: run one experiment at a "
                  "time there",
                  folder);
    else
        status = spred_fail(env, SPRED_EIO, "%s: cannot be locked: %s", path,
                            strerror(errno));
    spred_free(env, path);
    if (status == SPRED_OK)
        *lock = file;
    else if (file >= 0)
        close(file);
    return status;
}

void results_unlock(int lock)
{
    if (lock < 0)
        return;
    (void)!ftruncate(lock, 0);
    close(lock);
}
