/* console.h: the interactive prompt: `spredbench console`. */
#ifndef LUA_CONSOLE_H
#define LUA_CONSOLE_H

#include <signal.h>

#include "lua/script.h"

/* What the front door's signal handler and the console share: the handler
 * counts in asked (env->cancelled looks at it), leaves the program when more
 * than `patience` were asked, and sets `leave` for SIGTERM and SIGHUP. */
struct console_stop {
    volatile sig_atomic_t asked, patience, leave;
};

/* Reads, runs and prints until the end of the input. SPRED_OK; on a pipe the
 * status of the first error; SPRED_EINTERRUPTED after SIGTERM or SIGHUP. Errors
 * were printed already. */
enum spred_status console_run(struct spred_env *env,
                              const struct script_options *options,
                              struct console_stop *stop);

#endif
