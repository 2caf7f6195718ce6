/* env.h: what every fallible call is handed: allocator, log, cancel, error. */
#ifndef SPRED_ENV_H
#define SPRED_ENV_H

#include <stddef.h>
#include "spred/status.h"

#define SPRED_ERROR_MAX 1024
/* Blocks of so many bytes and more are asked for: env.refuses. */
#define SPRED_LARGE_BLOCK ((size_t)1 << 20)

enum spred_log_level { SPRED_LOG_WARN, SPRED_LOG_INFO, SPRED_LOG_DEBUG };

/* One env serves one thread. All callbacks may be NULL: libc allocation, no
 * limit, no log, never cancelled. The error text is valid after a call failed
 * and until the next failing call. */
struct spred_env {
    /* realloc semantics; size 0 frees and returns NULL. */
    void *(*reallocate)(void *cookie, void *pointer, size_t size);
    void *allocate_cookie;
    /* Nonzero: there is no room for so many bytes more, and the allocation of a
     * large block fails before it is tried. May be called by several threads
     * when copies of the env are theirs. */
    int (*refuses)(void *cookie, size_t bytes);
    void *refuse_cookie;
    void (*log)(void *cookie, enum spred_log_level level, const char *text);
    void *log_cookie;
    int (*cancelled)(void *cookie); /* nonzero: stop soon */
    void *cancel_cookie;
    char error[SPRED_ERROR_MAX]; /* one line, no newline, UTF-8 */
};

SPRED_API void spred_env_init(struct spred_env *env);

/* Zeroed memory for count items of size bytes. count * size is checked for
 * overflow; zero items give a valid pointer. NULL: error text is set. Free
 * with spred_free. */
SPRED_API void *spred_alloc(struct spred_env *env, size_t count, size_t size);

/* As realloc for count items of size bytes; new bytes are not zeroed. On NULL
 * the old block is kept and the error text is set. */
SPRED_API void *spred_resize(struct spred_env *env, void *pointer, size_t count,
                             size_t size);

/* Says that all of a large block will soon be used: the system may then give it
 * in huge pages, which takes a tenth of the time of the first use. */
SPRED_API void spred_expect_use(void *pointer, size_t size);

/* Frees what spred_alloc or spred_resize gave; NULL is fine. */
SPRED_API void spred_free(struct spred_env *env, void *pointer);

/* A copy of text (NUL-terminated) or of its first length bytes. */
SPRED_API char *spred_strdup(struct spred_env *env, const char *text);
SPRED_API char *spred_strndup(struct spred_env *env, const char *text,
                              size_t length);
/* A formatted string; free with spred_free. NULL: out of memory. */
SPRED_API char *spred_format(struct spred_env *env, const char *format, ...)
    SPRED_PRINTF(2, 3);

/* Writes the error text and returns the status: `return spred_fail(...)`. */
SPRED_API enum spred_status spred_fail(struct spred_env *env,
                                       enum spred_status status,
                                       const char *format, ...)
    SPRED_PRINTF(3, 4);

SPRED_API void spred_log(struct spred_env *env, enum spred_log_level level,
                         const char *format, ...) SPRED_PRINTF(3, 4);

/* SPRED_EINTERRUPTED with its text when the caller asked to stop. */
SPRED_API enum spred_status spred_check_cancel(struct spred_env *env);

#endif
