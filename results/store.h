/* store.h: results/NAME/results.db, where an experiment's rows are kept. */
#ifndef RESULTS_STORE_H
#define RESULTS_STORE_H

#include "results/sink.h"

/* SQLite in WAL mode with synchronous=FULL: what put() acknowledged survives
 * kill -9 and, as far as the disk keeps its word, power loss. Several processes
 * may write one store. Known note keys, shown by figures and report:
 *   resolved  the experiment file with every default (YAML)
 *   name      the experiment's name
 *   seed      the experiment's seed
 *   machine   what the machine is, one line
 *   command   the command that made the store
 *   warning:* things to be said to the reader, "GEO could not be reached" */
struct results_store;

/* Opens or creates the store at path. Errors: SPRED_EFORMAT for a file that is
 * not ours, damaged or of another schema version; SPRED_EIO for what the
 * system refuses. A failed call leaves no file behind. The env must outlive
 * the store. */
enum spred_status results_store_open(struct spred_env *env, const char *path,
                                     struct results_store **out);

/* Closes and frees; NULL is fine. */
void results_store_close(struct results_store *store);

/* The store as a sink; valid until the store is closed. */
struct results_sink results_store_sink(struct results_store *store);

#endif
