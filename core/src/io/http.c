/* http.c: one resumable download by libcurl. */
#include "fetch_private.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#define ATTEMPTS 3
#define FIRST_PAUSE_MS 200 /* three times as long before each next attempt */
#define STALL_BYTES 100L   /* fewer bytes a second are a stall */
#define CONNECT_TIMEOUT_S 10L
#define STALL_TIMEOUT_S 30L
#define MAX_REDIRECTS 5L
#define MAX_FILE                                                               \
    ((curl_off_t)1 << 34) /* no record of GEO comes near 16 GiB                \
                           */

struct transfer {
    struct spred_env *env;
    const struct spred_fetch_options *options;
    const char *what;
    CURL *curl;
    int fd;
    curl_off_t start;       /* bytes that were there */
    curl_off_t range_start; /* of the answer's Content-Range, or -1 */
    int begun;              /* the first body bytes came */
    int wrong_range, full_disk, cancelled, stalled;
    time_t moved;    /* when the last byte came (monotonic, seconds) */
    curl_off_t came; /* bytes of this answer at that time */
    long patience_s; /* for the next byte */
};

static time_t seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec;
}

static size_t on_header(char *line, size_t size, size_t count, void *cookie)
{
    struct transfer *t = cookie;
    static const char name[] = "content-range:";
    size_t length = size * count, at = sizeof name - 1;
    if (length >= 5 && memcmp(line, "HTTP/", 5) == 0)
        t->range_start = -1; /* a new answer, after a redirect */
    if (length <= at || strncasecmp(line, name, at) != 0)
        return length;
    while (at < length && (line[at] == ' ' || line[at] == '\t'))
        at++;
    if (length - at > 6 && strncasecmp(line + at, "bytes ", 6) == 0) {
        curl_off_t start = 0;
        for (at += 6; at < length && line[at] >= '0' && line[at] <= '9'; at++)
            start = start < MAX_FILE ? start * 10 + (line[at] - '0') : start;
        t->range_start = start;
    }
    return length;
}

/* The first bytes decide whether the old ones are kept. */
static int begin(struct transfer *t, long code)
{
    t->begun = 1;
    if (code == 206 && t->range_start != t->start) {
        t->wrong_range = 1;
        return 0;
    }
    if (code == 200 && t->start > 0) {
        spred_log(t->env, SPRED_LOG_INFO,
                  "%s: the server sends no ranges, starting over", t->what);
        t->start = 0;
        if (ftruncate(t->fd, 0) != 0 || lseek(t->fd, 0, SEEK_SET) != 0)
            return 0;
    }
    return 1;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *cookie)
{
    struct transfer *t = cookie;
    size_t length = size * count;
    long code = 0;
    curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &code);
    if (code != 200 && code != 206)
        return length; /* an error page */
    if (!t->begun && !begin(t, code))
        return 0;
    for (size_t done = 0; done < length;) {
        ssize_t wrote = write(t->fd, bytes + done, length - done);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote <= 0) {
            t->full_disk = errno ? errno : EIO;
            return 0;
        }
        done += (size_t)wrote;
    }
    return length;
}

static int on_progress(void *cookie, curl_off_t total, curl_off_t done,
                       curl_off_t up_total, curl_off_t up)
{
    struct transfer *t = cookie;
    (void)up_total;
    (void)up;
    if (t->env->cancelled && t->env->cancelled(t->env->cancel_cookie)) {
        t->cancelled = 1;
        return 1;
    }
    if (done != t->came) {
        t->came = done;
        t->moved = seconds();
    }
    /* curl's own low-speed limit looks back over several seconds */
    t->stalled = done > 0 && seconds() - t->moved > t->patience_s;
    if (t->options->progress && done > 0)
        t->options->progress(t->options->progress_cookie, t->what,
                             (size_t)(t->start + done),
                             total > 0 ? (size_t)(t->start + total) : 0);
    return t->stalled || t->start + done > MAX_FILE;
}

static int is_loopback(const char *host)
{
    return strcmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0 ||
           strcmp(host, "127.0.0.1") == 0;
}

/* https to anywhere, http to this machine. */
static enum spred_status check_url(struct spred_env *env, const char *url,
                                   int *loopback)
{
    CURLU *parsed = curl_url();
    char *scheme = NULL, *host = NULL;
    int ok = parsed &&
             curl_url_set(parsed, CURLUPART_URL, url, 0) == CURLUE_OK &&
             curl_url_get(parsed, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
             curl_url_get(parsed, CURLUPART_HOST, &host, 0) == CURLUE_OK;
    *loopback = ok && is_loopback(host);
    ok = ok && (strcmp(scheme, "https") == 0 ||
                (strcmp(scheme, "http") == 0 && *loopback));
    curl_free(scheme);
    curl_free(host);
    curl_url_cleanup(parsed);
    return ok ? SPRED_OK
              : spred_fail(env, SPRED_EINVAL,
                           "%s: this address is not allowed, expected https:// "
                           "(http:// only for this machine)",
                           url);
}

static int is_transient(CURLcode result, long code)
{
    switch (result) {
    case CURLE_OK:
        return code == 429 || code == 500 || code == 502 || code == 503 ||
               code == 504;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_PARTIAL_FILE:
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
        return 1;
    default:
        return 0;
    }
}

static enum spred_status pause_before(struct spred_env *env, int attempt)
{
    long left = FIRST_PAUSE_MS;
    for (int i = 1; i < attempt; i++)
        left *= 3;
    for (; left > 0; left -= 50) {
        struct timespec slice = {0, 50000000};
        SPRED_TRY(spred_check_cancel(env));
        nanosleep(&slice, NULL);
    }
    return SPRED_OK;
}

static void configure(struct transfer *t, const char *url, int loopback,
                      char *message)
{
    const struct spred_fetch_options *o = t->options;
    CURL *curl = t->curl;
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, message);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "spredbench");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(curl, CURLOPT_MAXREDIRS, MAX_REDIRECTS);
#if LIBCURL_VERSION_NUM >= 0x075500
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR,
                     loopback ? "http,https" : "https");
    curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, "https");
#else
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS,
                     loopback ? CURLPROTO_HTTP | CURLPROTO_HTTPS
                              : CURLPROTO_HTTPS);
    curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS, CURLPROTO_HTTPS);
#endif
    if (loopback)
        curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT,
                     o->connect_timeout_s > 0 ? o->connect_timeout_s
                                              : CONNECT_TIMEOUT_S);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, STALL_BYTES);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, t->patience_s);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, t);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, t);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, t);
}

/* One request. *again: it may go better next time. */
static enum spred_status attempt(struct transfer *t, const char *url,
                                 const char *message, int *again)
{
    char range[32];
    long code = 0;
    t->start = lseek(t->fd, 0, SEEK_END);
    t->range_start = -1;
    t->begun = t->wrong_range = t->full_disk = t->stalled = 0;
    t->came = 0;
    t->moved = seconds();
    *again = 0;
    if (t->start < 0)
        return spred_fail(t->env, SPRED_EIO, "%s: %s", t->what,
                          strerror(errno));
    snprintf(range, sizeof range, "%lld-", (long long)t->start);
    curl_easy_setopt(t->curl, CURLOPT_RANGE, t->start > 0 ? range : NULL);
    CURLcode result = curl_easy_perform(t->curl);
    curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &code);
    if (t->cancelled)
        return spred_fail(t->env, SPRED_EINTERRUPTED, "interrupted");
    if (t->full_disk)
        return spred_fail(t->env, SPRED_EIO, "%s: cannot be written: %s",
                          t->what, strerror(t->full_disk));
    if (t->wrong_range || (result == CURLE_OK && code == 416)) {
        *again = ftruncate(t->fd, 0) == 0; /* our beginning is not its */
        return spred_fail(t->env, SPRED_EIO,
                          "%s: %s: the server sent another range than asked",
                          t->what, url);
    }
    *again = t->stalled || is_transient(result, code);
    if (t->stalled)
        return spred_fail(t->env, SPRED_EIO, "%s: %s: no data for %ld s",
                          t->what, url, t->patience_s);
    if (result != CURLE_OK)
        return spred_fail(t->env, SPRED_EIO, "%s: %s: %s", t->what, url,
                          message[0] ? message : curl_easy_strerror(result));
    if (code == 404 || code == 410)
        return spred_fail(t->env, SPRED_ENOTFOUND,
                          "%s: %s: not found (HTTP %ld)", t->what, url, code);
    if (code != 200 && code != 206)
        return spred_fail(t->env, SPRED_EIO, "%s: %s: HTTP %ld, expected 200",
                          t->what, url, code);
    return SPRED_OK;
}

enum spred_status spred_http_download(struct spred_env *env, const char *url,
                                      const char *what,
                                      const struct spred_fetch_options *options,
                                      int fd)
{
    struct transfer t = {0};
    char message[CURL_ERROR_SIZE];
    int loopback, again = 1;
    SPRED_TRY(check_url(env, url, &loopback));
    t.env = env;
    t.options = options;
    t.what = what;
    t.fd = fd;
    t.patience_s = options->stall_timeout_s > 0 ? options->stall_timeout_s
                                                : STALL_TIMEOUT_S;
    t.curl = curl_easy_init();
    if (!t.curl)
        return spred_fail(env, SPRED_ENOMEM, "%s: libcurl did not start", what);
    configure(&t, url, loopback, message);
    enum spred_status status = SPRED_EIO;
    for (int i = 0; i < ATTEMPTS && again && status != SPRED_OK; i++) {
        if (i > 0) {
            spred_log(env, SPRED_LOG_DEBUG, "%s; trying again", env->error);
            status = pause_before(env, i);
            if (status != SPRED_OK)
                break;
        }
        message[0] = '\0';
        status = attempt(&t, url, message, &again);
    }
    curl_easy_cleanup(t.curl);
    return status;
}
