/* fetch_debian.c: the files of a set out of a Debian package, by apt-get
 * download. */
#include "fetch_private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "spred/text.h"

#define MAX_SETS 32
/* Raise it when spred_debian_adapt gives something else for the same file. */
#define ADAPT_VERSION 1

struct job {
    struct spred_env *env;
    const struct spred_debian_set *set;
    const struct spred_fetch_options *options;
    char *folder;  /* temporary */
    char *errors;  /* in it */
    char *package; /* in it */
};

static enum spred_status find_set(struct spred_env *env, const char *name,
                                  const struct spred_debian_set **out)
{
    const struct spred_debian_set *set = spred_debian_sets();
    const char *names[MAX_SETS] = {NULL}, *near;
    struct spred_buffer list = {0};
    size_t count = 0;
    for (; set->name; set++) {
        if (strcmp(set->name, name) == 0) {
            *out = set;
            spred_free(env, list.text);
            return SPRED_OK;
        }
        names[count < MAX_SETS - 1 ? count : MAX_SETS - 2] = set->name;
        spred_buffer_add(env, &list, "%s%s", count++ ? ", " : "", set->name);
    }
    near = spred_nearest(name, names);
    enum spred_status status =
        spred_fail(env, SPRED_ENOTFOUND,
                   "no Debian data set '%.40s'%s%s%s, expected one of %s", name,
                   near ? ", did you mean '" : "", near ? near : "",
                   near ? "'?" : "", list.text ? list.text : "");
    spred_free(env, list.text);
    return status;
}

/* Runs one program that writes to a file or nowhere; *code as for
 * spred_process_wait. */
static enum spred_status run(struct job *job, const char *const *argv,
                             int *code)
{
    struct spred_process process = {argv, -1, -1, job->errors, 0};
    SPRED_TRY(spred_process_start(job->env, &process));
    return spred_process_wait(job->env, &process, code);
}

static enum spred_status no_apt(struct job *job)
{
    return spred_fail(job->env, SPRED_EIO,
                      "%s: apt-get was not found; this set comes from the "
                      "Debian package %s",
                      job->set->name, job->set->package);
}

/* The downloaded .deb in the temporary folder. */
static enum spred_status find_package(struct job *job)
{
    DIR *dir = opendir(job->folder);
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        size_t length = strlen(entry->d_name);
        if (length > 4 && !job->package &&
            strcmp(entry->d_name + length - 4, ".deb") == 0)
            job->package =
                spred_format(job->env, "%s/%s", job->folder, entry->d_name);
    }
    if (dir)
        closedir(dir);
    return job->package ? SPRED_OK
                        : spred_fail(job->env, SPRED_EIO,
                                     "%s: apt-get download %s left no package",
                                     job->set->name, job->set->package);
}

/* `env -C FOLDER apt-get download PACKAGE`: apt-get writes where it stands. */
static enum spred_status download(struct job *job)
{
    const struct spred_fetch_options *o = job->options;
    char timeout[64];
    int code;
    snprintf(timeout, sizeof timeout, "Acquire::http::Timeout=%ld",
             o->stall_timeout_s > 0 ? o->stall_timeout_s : 30L);
    const char *const argv[] = {"env",       "-C",
                                job->folder, "LC_ALL=C",
                                "apt-get",   "-q",
                                "-o",        timeout,
                                "-o",        "Acquire::Retries=2",
                                "download",  job->set->package,
                                NULL};
    if (o->progress)
        o->progress(o->progress_cookie, job->set->package, 0, 0);
    if (run(job, argv, &code) != SPRED_OK)
        return strstr(job->env->error, "cannot be run") ? no_apt(job)
                                                        : SPRED_EINTERRUPTED;
    if (code == 126 || code == 127)
        return no_apt(job);
    if (code != 0) {
        char *text;
        SPRED_TRY(spred_process_complaint(job->env, job->errors, "E: ", &text));
        int unknown = strstr(text, "Unable to locate") != NULL ||
                      strstr(text, "No packages found") != NULL;
        enum spred_status status = spred_fail(
            job->env, SPRED_EIO,
            "%s: apt-get download %s failed (exit code %d)%s%s%s",
            job->set->name, job->set->package, code, *text ? ": " : "", text,
            unknown ? "; run `apt-get update` first" : "");
        spred_free(job->env, text);
        return status;
    }
    return find_package(job);
}

/* dpkg-deb --fsys-tarfile PACKAGE | tar -xO ./FILE > part */
static enum spred_status unpack(struct job *job, const char *inside,
                                const char *part)
{
    char *member = spred_format(job->env, "./%s", inside);
    if (!member)
        return SPRED_ENOMEM;
    const char *const deb[] = {"dpkg-deb", "--fsys-tarfile", job->package,
                               NULL};
    const char *const tar[] = {"tar", "-xOf", "-", member, NULL};
    int ends[2] = {-1, -1}, codes[2] = {127, 127};
    int out = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    enum spred_status status = SPRED_OK, second = SPRED_OK;
    if (out < 0 || pipe(ends) != 0 ||
        fcntl(ends[0], F_SETFD, FD_CLOEXEC) != 0 ||
        fcntl(ends[1], F_SETFD, FD_CLOEXEC) != 0)
        status =
            spred_fail(job->env, SPRED_EIO, "%s: %s", part, strerror(errno));
    struct spred_process writer = {deb, -1, ends[1], job->errors, 0};
    struct spred_process reader = {tar, ends[0], out, job->errors, 0};
    if (status == SPRED_OK)
        status = spred_process_start(job->env, &writer);
    if (status == SPRED_OK)
        second = spred_process_start(job->env, &reader);
    for (int i = 0; i < 2; i++)
        if (ends[i] >= 0)
            close(ends[i]);
    if (status == SPRED_OK && second == SPRED_OK)
        second = spred_process_wait(job->env, &reader, &codes[1]);
    if (writer.pid > 0)
        status = spred_process_wait(job->env, &writer, &codes[0]);
    if (status == SPRED_OK)
        status = second;
    struct stat info = {0};
    if (status == SPRED_OK && (codes[0] != 0 || codes[1] != 0 ||
                               fstat(out, &info) != 0 || info.st_size == 0))
        status = spred_fail(job->env, SPRED_EFORMAT,
                            "%s: package %s holds no readable %s",
                            job->set->name, job->set->package, inside);
    if (status == SPRED_OK && fsync(out) != 0)
        status =
            spred_fail(job->env, SPRED_EIO, "%s: %s", part, strerror(errno));
    if (out >= 0)
        close(out);
    spred_free(job->env, member);
    return status;
}

/* File number i of a set inside its package: the first is the one that readers
 * are given. NULL: there are no more. */
static const char *file_inside(const struct spred_debian_set *set, size_t i)
{
    return i == 0 ? set->file : set->beside ? set->beside[i - 1] : NULL;
}

/* folder/PACKAGE.BASENAME, or NULL: out of memory. */
static char *place_of(struct spred_env *env, const char *folder,
                      const struct spred_debian_set *set, const char *inside)
{
    return spred_format(env, "%s/%s.%s", folder, set->package,
                        strrchr(inside, '/') + 1);
}

/* *same: all files of the set are there as recorded. */
static enum spred_status look(struct job *job, const char *parent, int *same)
{
    const char *inside;
    *same = 1;
    for (size_t i = 0; (inside = file_inside(job->set, i)); i++) {
        enum spred_fetched state = SPRED_FETCHED_ABSENT;
        char *path = place_of(job->env, parent, job->set, inside);
        enum spred_status status =
            path ? spred_fetch_state(job->env, path, &state) : SPRED_ENOMEM;
        spred_free(job->env, path);
        SPRED_TRY(status);
        *same = *same && state == SPRED_FETCHED_SAME;
    }
    return SPRED_OK;
}

/* One file of the package into the cache under its name. */
static enum spred_status take(struct job *job, const char *parent,
                              const char *inside)
{
    char *path = place_of(job->env, parent, job->set, inside);
    char *file = spred_format(job->env, "%s/file", job->folder);
    enum spred_status status = path && file ? SPRED_OK : SPRED_ENOMEM;
    if (status == SPRED_OK)
        status = unpack(job, inside, file);
    if (status == SPRED_OK)
        status = spred_fetch_record(job->env, file, path);
    if (status == SPRED_OK && rename(file, path) != 0)
        status =
            spred_fail(job->env, SPRED_EIO, "%s: %s", path, strerror(errno));
    spred_free(job->env, path);
    spred_free(job->env, file);
    return status;
}

/* All files of the set into the cache; the lock is held. */
static enum spred_status fetch_locked(struct job *job, const char *parent)
{
    const char *inside;
    int same;
    SPRED_TRY(look(job, parent, &same));
    if (same && !job->options->refresh)
        return SPRED_OK; /* another process was faster */
    SPRED_TRY(spred_folder_make(job->env, parent, &job->folder));
    job->errors = spred_format(job->env, "%s/errors", job->folder);
    enum spred_status status = job->errors ? download(job) : SPRED_ENOMEM;
    for (size_t i = 0;
         status == SPRED_OK && (inside = file_inside(job->set, i)); i++)
        status = take(job, parent, inside);
    spred_folder_remove(job->env, job->folder);
    spred_free(job->env, job->folder);
    spred_free(job->env, job->errors);
    spred_free(job->env, job->package);
    return status;
}

enum spred_status
spred_fetch_debian_set(struct spred_env *env,
                       const struct spred_debian_set *set,
                       const struct spred_fetch_options *options, char **path)
{
    static const struct spred_fetch_options none = {0};
    struct job job = {
        .env = env, .set = set, .options = options ? options : &none};
    char *parent = NULL;
    int same = 0, fd = -1;
    *path = NULL;
    SPRED_TRY(spred_fetch_folder(env, job.options, &parent));
    char *final = place_of(env, parent, job.set, job.set->file);
    char *lock = final ? spred_format(env, "%s.lock", final) : NULL;
    enum spred_status status = lock ? SPRED_OK : SPRED_ENOMEM;
    if (status == SPRED_OK)
        status = look(&job, parent, &same);
    if (status == SPRED_OK && (!same || job.options->refresh)) {
        status = spred_fetch_lock(env, lock, &fd);
        if (status == SPRED_OK)
            status = fetch_locked(&job, parent);
        if (fd >= 0) {
            unlink(lock);
            close(fd);
        }
    }
    if (status == SPRED_OK) {
        *path = final;
        final = NULL;
    }
    spred_free(env, parent);
    spred_free(env, final);
    spred_free(env, lock);
    return status;
}

enum spred_status spred_fetch_debian(struct spred_env *env, const char *name,
                                     const struct spred_fetch_options *options,
                                     char **path)
{
    const struct spred_debian_set *set;
    *path = NULL;
    SPRED_TRY(find_set(env, name, &set));
    return spred_fetch_debian_set(env, set, options, path);
}

/* Two sets may come from one file (ALL): the hash names what was made of it. */
static enum spred_status own_hash(struct spred_env *env,
                                  const struct spred_debian_set *set,
                                  struct spred_data *data)
{
    char *text =
        spred_format(env, "%s %s %d", data->hash, set->name, ADAPT_VERSION);
    if (!text)
        return SPRED_ENOMEM;
    spred_sha256(text, strlen(text), data->hash);
    spred_free(env, text);
    return SPRED_OK;
}

/* Reads the set from its file and writes it, adapted, to the cache file;
 * *written: that worked. */
static enum spred_status build(struct spred_env *env,
                               const struct spred_debian_set *set,
                               const char *path, const char *cached,
                               struct spred_data *out, int *written)
{
    struct spred_load_options load = {0};
    load.name = set->name;
    load.object = set->object;
    SPRED_TRY(spred_load(env, path, &load, out));
    SPRED_TRY(spred_debian_adapt(env, set, out));
    char *source = spred_format(env, "Debian package %s, %s%s", set->package,
                                strrchr(set->file, '/') + 1,
                                set->beside ? " and those beside it" : "");
    char *note = spred_strdup(env, set->doc);
    if (!source || !note) {
        spred_free(env, source);
        spred_free(env, note);
        return SPRED_ENOMEM;
    }
    spred_free(env, out->source);
    spred_free(env, out->note);
    out->source = source;
    out->note = note;
    SPRED_TRY(own_hash(env, set, out));
    SPRED_TRY(spred_data_check(env, out));
    *written = spred_cache_write(env, cached, out) == SPRED_OK;
    if (!*written)
        spred_log(env, SPRED_LOG_WARN, "%s: not cached: %s", set->name,
                  env->error);
    return SPRED_OK;
}

/* SHA-256 of the file at path, or over those of all files of the set. */
static enum spred_status files_hash(struct spred_env *env,
                                    const struct spred_debian_set *set,
                                    const char *path, char hex[SPRED_HEX_SIZE])
{
    struct spred_buffer all = {0};
    const char *inside;
    enum spred_status status = spred_sha256_file(env, path, hex);
    size_t length = (size_t)(strrchr(path, '/') - path);
    char *folder = spred_strndup(env, path, length);
    if (status == SPRED_OK)
        status =
            folder ? spred_buffer_add(env, &all, "%s\n", hex) : SPRED_ENOMEM;
    for (size_t i = 1; status == SPRED_OK && (inside = file_inside(set, i));
         i++) {
        char *beside = place_of(env, folder, set, inside);
        status = beside ? spred_sha256_file(env, beside, hex) : SPRED_ENOMEM;
        if (status == SPRED_OK)
            status = spred_buffer_add(env, &all, "%s\n", hex);
        spred_free(env, beside);
    }
    if (status == SPRED_OK && set->beside)
        spred_sha256(all.text, all.length, hex);
    spred_free(env, folder);
    spred_free(env, all.text);
    return status;
}

enum spred_status spred_load_debian(struct spred_env *env, const char *name,
                                    const struct spred_fetch_options *options,
                                    const char *cache_dir,
                                    struct spred_data *out, char **cached_path)
{
    const struct spred_debian_set *set;
    char *path = NULL, *folder = NULL, hex[SPRED_HEX_SIZE];
    int written = 1;
    if (cached_path)
        *cached_path = NULL;
    memset(out, 0, sizeof *out);
    SPRED_TRY(find_set(env, name, &set));
    SPRED_TRY(spred_fetch_debian(env, name, options, &path));
    struct spred_fetch_options place = {.cache_dir = cache_dir};
    enum spred_status status = files_hash(env, set, path, hex);
    if (status == SPRED_OK)
        status = cache_dir ? spred_fetch_folder(env, &place, &folder)
                           : spred_cache_dir(env, "data", &folder);
    char *cached = status == SPRED_OK
                       ? spred_format(env, "%s/debian-%s-%d-%.16s.spred",
                                      folder, name, ADAPT_VERSION, hex)
                       : NULL;
    if (status == SPRED_OK && !cached)
        status = SPRED_ENOMEM;
    if (status == SPRED_OK &&
        spred_cache_map_whole(env, cached, out) != SPRED_OK) {
        spred_data_free(env, out);
        memset(out, 0, sizeof *out);
        status = build(env, set, path, cached, out, &written);
    }
    if (status != SPRED_OK) {
        spred_data_free(env, out);
        memset(out, 0, sizeof *out);
    } else if (cached_path && written) {
        *cached_path = cached;
        cached = NULL;
    }
    spred_free(env, path);
    spred_free(env, folder);
    spred_free(env, cached);
    return status;
}
