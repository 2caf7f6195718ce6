/* status.h: how a call says that it failed. How a RUN ended is spred_stop. */
#ifndef SPRED_STATUS_H
#define SPRED_STATUS_H

#if defined(__GNUC__)
#define SPRED_API __attribute__((visibility("default")))
#define SPRED_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define SPRED_UNUSED_OK __attribute__((unused))
#else
#define SPRED_API
#define SPRED_PRINTF(fmt, args)
#define SPRED_UNUSED_OK
#endif

enum spred_status {
    SPRED_OK = 0,
    SPRED_EINVAL,      /* an argument or a setting is not allowed */
    SPRED_ENOMEM,      /* an allocation failed */
    SPRED_EIO,         /* the operating system refused to read or write */
    SPRED_EFORMAT,     /* a file's content is not what its format says */
    SPRED_ENOTFOUND,   /* a named thing does not exist */
    SPRED_EMISMATCH,   /* two things do not fit (problem and solver, X and y) */
    SPRED_ENUMERIC,    /* a factorisation or an iterate is not finite */
    SPRED_EINTERRUPTED /* the caller's cancel callback said stop */
};

/* Return early when a call failed; the error text is already in the env. */
#define SPRED_TRY(call)                                                        \
    do {                                                                       \
        enum spred_status try_status_ = (call);                                \
        if (try_status_ != SPRED_OK)                                           \
            return try_status_;                                                \
    } while (0)

#endif
