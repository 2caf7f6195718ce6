/* lock.h: one process at a time runs an experiment in a folder of results. */
#ifndef RESULTS_LOCK_H
#define RESULTS_LOCK_H

#include "spred/env.h"

/* Takes the folder, which must be there, for this process: a lock on its file
 * `lock` that ends with the process, however that dies, and that no program
 * which it starts inherits. Readers need none. A file system without locks is
 * warned of. SPRED_EIO: the system refuses, or another process has the folder
 * (the text says which). A failed call leaves *lock at -1. */
enum spred_status results_lock(struct spred_env *env, const char *folder,
                               int *lock);

/* -1 is fine. */
void results_unlock(int lock);

#endif
