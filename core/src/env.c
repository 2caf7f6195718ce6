/* env.c: allocation, error text and log through the caller's env. */
#define _DEFAULT_SOURCE /* madvise */
#include "spred/env.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

void spred_env_init(struct spred_env *env)
{
    memset(env, 0, sizeof *env);
}

static void *libc_reallocate(void *cookie, void *pointer, size_t size)
{
    (void)cookie;
    if (size == 0) {
        free(pointer);
        return NULL;
    }
    return realloc(pointer, size);
}

static int refused(const struct spred_env *env, size_t bytes)
{
    return env->refuses && bytes >= SPRED_LARGE_BLOCK &&
           env->refuses(env->refuse_cookie, bytes);
}

void *spred_resize(struct spred_env *env, void *pointer, size_t count,
                   size_t size)
{
    void *block = NULL;
    if (count == 0 || size == 0)
        count = size = 1;
    if (count <= SIZE_MAX / 2 / size && !refused(env, count * size)) {
        size_t bytes = count * size;
        block = env->reallocate
                    ? env->reallocate(env->allocate_cookie, pointer, bytes)
                    : libc_reallocate(NULL, pointer, bytes);
    }
    if (!block)
        spred_fail(env, SPRED_ENOMEM, "out of memory (%zu x %zu bytes)", count,
                   size);
    return block;
}

void *spred_alloc(struct spred_env *env, size_t count, size_t size)
{
    void *block = NULL;
    if (!env->reallocate && count && size && count <= SIZE_MAX / 2 / size) {
        if (!refused(env, count * size))
            block = calloc(count, size); /* fresh pages come zeroed */
        if (!block)
            spred_fail(env, SPRED_ENOMEM, "out of memory (%zu x %zu bytes)",
                       count, size);
        return block;
    }
    block = spred_resize(env, NULL, count, size);
    if (block && count && size)
        memset(block, 0, count * size);
    return block;
}

void spred_expect_use(void *pointer, size_t size)
{
#ifdef MADV_HUGEPAGE
    uintptr_t from = (uintptr_t)pointer,
              unit = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t first = (from + unit - 1) / unit * unit;
    uintptr_t end = (from + size) / unit * unit;
    if (end > first) /* advice: a refusal changes nothing */
        madvise((void *)first, end - first, MADV_HUGEPAGE);
#else
    (void)pointer;
    (void)size;
#endif
}

void spred_free(struct spred_env *env, void *pointer)
{
    if (!pointer)
        return;
    if (env->reallocate)
        env->reallocate(env->allocate_cookie, pointer, 0);
    else
        free(pointer);
}

char *spred_strndup(struct spred_env *env, const char *text, size_t length)
{
    char *copy = spred_alloc(env, length + 1, 1);
    if (copy)
        memcpy(copy, text, length);
    return copy;
}

char *spred_strdup(struct spred_env *env, const char *text)
{
    return spred_strndup(env, text, strlen(text));
}

char *spred_format(struct spred_env *env, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length < 0)
        return NULL;
    char *text = spred_alloc(env, (size_t)length + 1, 1);
    if (!text)
        return NULL;
    va_start(arguments, format);
    vsnprintf(text, (size_t)length + 1, format, arguments);
    va_end(arguments);
    return text;
}

enum spred_status spred_fail(struct spred_env *env, enum spred_status status,
                             const char *format, ...)
{
    char text[SPRED_ERROR_MAX]; /* the arguments may hold env->error itself */
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    for (char *c = text; *c; c++)
        if (*c == '\n' || *c == '\r')
            *c = ' ';
    memcpy(env->error, text, sizeof text);
    return status;
}

void spred_log(struct spred_env *env, enum spred_log_level level,
               const char *format, ...)
{
    if (!env->log)
        return;
    char text[SPRED_ERROR_MAX];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    env->log(env->log_cookie, level, text);
}

enum spred_status spred_check_cancel(struct spred_env *env)
{
    if (env->cancelled && env->cancelled(env->cancel_cookie))
        return spred_fail(env, SPRED_EINTERRUPTED, "interrupted");
    return SPRED_OK;
}
