/* learn-place.h: a folder for the files of a fit, what is logged meanwhile, and
 * an allocator that fails. */
#ifndef SPRED_LEARN_PLACE_H
#define SPRED_LEARN_PLACE_H

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include "spred/file.h"
#include "test.h"

struct place {
    struct spred_env env;
    char folder[400];
    char said[4096]; /* log lines */
};

static inline void hear(void *cookie, enum spred_log_level level,
                        const char *text)
{
    struct place *p = cookie;
    size_t length = strlen(p->said);
    (void)level;
    snprintf(p->said + length, sizeof p->said - length, "%s\n", text);
}

static inline void place_make(struct place *p)
{
    memset(p, 0, sizeof *p);
    spred_env_init(&p->env);
    p->env.log = hear;
    p->env.log_cookie = p;
    const char *base = getenv("TMPDIR");
    snprintf(p->folder, sizeof p->folder, "%s/spred-place-XXXXXX",
             base && *base ? base : "/tmp");
    assert_non_null(mkdtemp(p->folder));
}

static inline char *below(const struct place *p, const char *name)
{
    static char path[4][1024];
    static int next;
    char *out = path[next++ % 4];
    snprintf(out, sizeof path[0], "%s/%s", p->folder, name);
    return out;
}

/* Entries of a folder below the place; -1: there is none. */
static inline int count(const struct place *p, const char *name)
{
    int n = 0;
    DIR *entries = opendir(below(p, name));
    const struct dirent *entry;
    if (!entries)
        return -1;
    while ((entry = readdir(entries)))
        n += *entry->d_name != '.';
    closedir(entries);
    return n;
}

static inline void empty(const char *path)
{
    DIR *entries = opendir(path);
    const struct dirent *entry;
    while (entries && (entry = readdir(entries)))
        if (unlinkat(dirfd(entries), entry->d_name, 0) != 0)
            unlinkat(dirfd(entries), entry->d_name, AT_REMOVEDIR);
    if (entries)
        closedir(entries);
}

/* The folder, what is in it and in its checkpoints. */
static inline void remove_all(const char *path)
{
    char inner[512];
    snprintf(inner, sizeof inner, "%s/checkpoints", path);
    empty(inner);
    empty(path);
    assert_int_equal(rmdir(path), 0);
}

/* Where fits began, by the model's own account. */
static inline void begins(struct place *p, char *out, size_t size)
{
    char *text;
    size_t length;
    assert_ok(&p->env,
              spred_read_file(&p->env, getenv("TREAD_LOG"), &text, &length));
    snprintf(out, size, "%s", text);
    spred_free(&p->env, text);
    for (char *c = out; *c; c++)
        *c = *c == '\n' ? ' ' : *c;
}

struct failing {
    long left, live;
};

static inline void *failing_reallocate(void *cookie, void *pointer, size_t size)
{
    struct failing *f = cookie;
    if (size == 0) {
        f->live -= pointer != NULL;
        free(pointer);
        return NULL;
    }
    if (f->left == 0)
        return NULL;
    f->left--;
    f->live += pointer == NULL;
    return realloc(pointer, size);
}

#endif
