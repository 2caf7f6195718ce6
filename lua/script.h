/* script.h: one Lua state with its limits; every C -> Lua call goes through
 * script_call. DESIGN.md section 6, PLATFORM.md section 6. */
#ifndef LUA_SCRIPT_H
#define LUA_SCRIPT_H

#include <lua.h>
#include <stddef.h>

#include "spred/env.h"

struct parts;

struct script_options {
    int unsafe;     /* 1: io, os, require and the rest of Lua's libraries */
    int worker;     /* 1: of a job: declares, never runs an experiment; print
                       goes to stderr */
    size_t memory;  /* most bytes that Lua may hold; 0: 1 GiB */
    double seconds; /* most seconds one call may take; 0: no limit */
    const char *output; /* folder of results; NULL: "results" */
};

/* A state and what its script has declared. */
struct script {
    struct spred_env *env; /* of the caller; cancelled() stops Lua code too */
    struct script_options options;
    lua_State *L;
    size_t held, peak;   /* bytes held by Lua */
    double hook_seconds; /* most of one hook, metric ... of an experiment that
                            this script runs itself; 0: none */
    double deadline;     /* monotonic seconds; 0: none */
    int depth;           /* calls in course */
    char *path;          /* of the first file that was loaded, or NULL */
    const char *chunk;   /* text of the chunk that is loaded; borrowed */
    int replaces;        /* 1: a later part takes the place of an earlier one of
                            its name: the console, and what it leaves */
    int chunk_kept;      /* 1: it is in sources already */
    int chunk_depth;     /* depth while the chunk itself runs */
    char *sources;       /* texts of all chunks that declared a part (owned) */
    int ended;           /* 1: the chunk has had enough; see script_end */
    char *trace;         /* of the last error: message and traceback, or NULL */
    /* Told while a long call runs: what, and the share that is done; or NULL.
     */
    void (*progress)(void *cookie, const char *what, double share);
    void *progress_cookie;
    struct parts *parts; /* what was declared; see lua/declare.h */
};

/* The state with the `spred` module open (also as a global). The env and the
 * options' texts outlive it. */
enum spred_status script_new(struct spred_env *env,
                             const struct script_options *options,
                             struct script **out);
void script_free(struct script *script); /* NULL is fine */

/* Runs a file or a text as a chunk. Bytecode is refused. name: "@FILE" or
 * "=console". SPRED_EFORMAT: syntax; SPRED_EINVAL: a run-time error; its text
 * has file:line, script->trace the traceback. SPRED_EINTERRUPTED, SPRED_ENOMEM
 * as usual. */
enum spred_status script_file(struct script *script, const char *path);
enum spred_status script_text(struct script *script, const char *text,
                              size_t length, const char *name);

/* Ends the chunk that runs as if it were over, whatever pcall is around: a
 * worker reads a script up to its first experiment. Never returns. */
int script_end(lua_State *L);

/* lua_pcall of the function and arguments on the stack of script->L, under the
 * limits. After an error the stack is as before the function was pushed, the
 * error text is the message on one line. */
enum spred_status script_call(struct script *script, int arguments,
                              int results);

/* The script of a state (main or coroutine). */
struct script *script_of(lua_State *L);

/* Seconds on a monotonic clock. */
double script_now(void);

#endif
