/* fit_watch.h: shows the observations of a fit to its script. */
#ifndef LUA_FIT_WATCH_H
#define LUA_FIT_WATCH_H

#include "experiments/fit.h"
#include "lua/binding.h"

struct fit_watch {
    struct script *script;
    struct fit *fit; /* also the registry key of the function */
    const char *what;
    int watched; /* 1: there is a function */
};

/* A fit_observer's see; self: a struct fit_watch. */
enum spred_status
fit_watch_see(void *self, const struct spred_host_point *point, int *stop);

#endif
