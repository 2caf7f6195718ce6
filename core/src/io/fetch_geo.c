/* fetch_geo.c: the SOFT file of a GEO DataSet, downloaded once and proved. */
#include "fetch_private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_DIGITS 9

struct record {
    char name[4 + MAX_DIGITS];  /* GDS1815 */
    char range[8 + MAX_DIGITS]; /* GDS1nnn; GDSnnn below 1000 */
};

static enum spred_status parse_accession(struct spred_env *env,
                                         const char *text, struct record *out)
{
    char digits[MAX_DIGITS + 1];
    size_t length = strspn(text + (strlen(text) < 3 ? 0 : 3), "0123456789");
    if (strlen(text) < 4 || (text[0] != 'G' && text[0] != 'g') ||
        (text[1] != 'D' && text[1] != 'd') ||
        (text[2] != 'S' && text[2] != 's') || text[3] == '0' || length == 0 ||
        length > MAX_DIGITS || text[3 + length] != '\0')
        return spred_fail(env, SPRED_EINVAL,
                          "'%.40s' is no GEO DataSet, expected an accession "
                          "such as GDS1815",
                          text);
    memcpy(digits, text + 3, length + 1);
    snprintf(out->name, sizeof out->name, "GDS%s", digits);
    digits[length > 3 ? length - 3 : 0] = '\0';
    snprintf(out->range, sizeof out->range, "GDS%snnn", digits);
    return SPRED_OK;
}

static int is_soft(const char *text, size_t length)
{
    return (length >= 9 && memcmp(text, "^DATABASE", 9) == 0) ||
           (length >= 8 && memcmp(text, "^DATASET", 8) == 0);
}

static enum spred_status proved(struct spred_env *env, int fd, const char *path)
{
    return spred_fetch_gzip_check(env, fd, path, is_soft,
                                  "^DATABASE or ^DATASET");
}

/* Downloads into the locked fd until it is a whole SOFT file. A resumed file
 * that is broken may be two versions glued: it is fetched once more. */
static enum spred_status download(struct spred_env *env, const char *url,
                                  const char *name, const char *part,
                                  const struct spred_fetch_options *options,
                                  int fd)
{
    off_t old = lseek(fd, 0, SEEK_END);
    if (old > 0 && proved(env, fd, part) == SPRED_OK)
        return SPRED_OK; /* stopped between the last byte and its name */
    enum spred_status status = spred_http_download(env, url, name, options, fd);
    if (status == SPRED_OK)
        status = proved(env, fd, part);
    if (status == SPRED_EFORMAT && old > 0) {
        spred_log(env, SPRED_LOG_INFO, "%s; downloading from the start",
                  env->error);
        if (ftruncate(fd, 0) != 0)
            return spred_fail(env, SPRED_EIO, "%s: %s", part, strerror(errno));
        status = spred_http_download(env, url, name, options, fd);
        if (status == SPRED_OK)
            status = proved(env, fd, part);
    }
    return status;
}

static enum spred_status fetch_locked(struct spred_env *env, const char *url,
                                      const char *name, const char *path,
                                      const char *part, int refresh,
                                      const struct spred_fetch_options *options,
                                      int fd)
{
    enum spred_fetched state;
    SPRED_TRY(spred_fetch_state(env, path, &state)); /* another was faster? */
    if (state == SPRED_FETCHED_SAME && !refresh) {
        unlink(part);
        return SPRED_OK;
    }
    enum spred_status status = download(env, url, name, part, options, fd);
    if (status == SPRED_OK && fsync(fd) != 0)
        status = spred_fail(env, SPRED_EIO, "%s: %s", part, strerror(errno));
    if (status == SPRED_OK)
        status = spred_fetch_record(env, part, path);
    if (status == SPRED_OK && rename(part, path) != 0)
        status = spred_fail(env, SPRED_EIO, "%s: %s", path, strerror(errno));
    if (status == SPRED_EFORMAT) { /* what came is broken: keep none of it */
        char text[SPRED_ERROR_MAX];
        memcpy(text, env->error, sizeof text);
        unlink(part);
        return spred_fail(env, status, "%s: %s: %s", name, url, text);
    }
    if (status != SPRED_OK && lseek(fd, 0, SEEK_END) == 0)
        unlink(part); /* nothing came: leave nothing */
    return status;
}

/* A file without a record (a user put it there) is proved and recorded. */
static enum spred_status usable(struct spred_env *env, const char *path,
                                int *yes)
{
    enum spred_fetched state;
    *yes = 0;
    SPRED_TRY(spred_fetch_state(env, path, &state));
    if (state == SPRED_FETCHED_UNRECORDED) {
        FILE *file = fopen(path, "rb");
        enum spred_status status =
            file ? proved(env, fileno(file), path)
                 : spred_fail(env, SPRED_EIO, "%s: %s", path, strerror(errno));
        if (file)
            fclose(file);
        if (status == SPRED_OK)
            SPRED_TRY(spred_fetch_record(env, path, path));
        else if (status == SPRED_EFORMAT)
            spred_log(env, SPRED_LOG_WARN, "%s; downloading it again",
                      env->error);
        else
            return status;
        *yes = status == SPRED_OK;
    }
    *yes |= state == SPRED_FETCHED_SAME;
    return SPRED_OK;
}

static enum spred_status fetch(struct spred_env *env, const char *url,
                               const char *name, const char *path,
                               const char *part,
                               const struct spred_fetch_options *options)
{
    int yes = 0, fd;
    if (!options->refresh)
        SPRED_TRY(usable(env, path, &yes));
    if (yes)
        return SPRED_OK;
    SPRED_TRY(spred_fetch_lock(env, part, &fd));
    enum spred_status status =
        fetch_locked(env, url, name, path, part, options->refresh, options, fd);
    close(fd);
    return status;
}

enum spred_status spred_fetch_geo(struct spred_env *env, const char *accession,
                                  const struct spred_fetch_options *options,
                                  char **path)
{
    static const struct spred_fetch_options none = {0};
    struct record record;
    char *folder = NULL;
    *path = NULL;
    options = options ? options : &none;
    SPRED_TRY(parse_accession(env, accession, &record));
    const char *base =
        options->base_url ? options->base_url : getenv("SPREDBENCH_GEO_URL");
    if (!base || !*base)
        base = SPRED_GEO_BASE_URL;
    size_t length = strlen(base);
    while (length > 0 && base[length - 1] == '/')
        length--;
    SPRED_TRY(spred_fetch_folder(env, options, &folder));
    char *url = spred_format(env, "%.*s/%s/%s/soft/%s.soft.gz", (int)length,
                             base, record.range, record.name, record.name);
    char *final = spred_format(env, "%s/%s.soft.gz", folder, record.name);
    char *part = spred_format(env, "%s/%s.soft.gz.part", folder, record.name);
    enum spred_status status =
        url && final && part
            ? fetch(env, url, record.name, final, part, options)
            : SPRED_ENOMEM;
    if (status == SPRED_OK) {
        *path = final;
        final = NULL;
    }
    spred_free(env, folder);
    spred_free(env, url);
    spred_free(env, final);
    spred_free(env, part);
    return status;
}
