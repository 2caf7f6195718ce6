/* fetch_private.h: what the downloads share: transfer, lock, proof, process. */
#ifndef SPRED_IO_FETCH_PRIVATE_H
#define SPRED_IO_FETCH_PRIVATE_H

#include "spred/fetch.h"

/* http.c. Appends to fd what is missing of url (what lies in fd is its
 * beginning; a server without ranges starts over). `what` names it in messages
 * and to options->progress. Transient failures are tried again twice.
 * SPRED_EIO: what came so far stays in fd; SPRED_ENOTFOUND: 404 or 410. */
enum spred_status spred_http_download(struct spred_env *env, const char *url,
                                      const char *what,
                                      const struct spred_fetch_options *options,
                                      int fd);

/* fetch_file.c. The folder of downloads, made if missing; spred_free. */
enum spred_status spred_fetch_folder(struct spred_env *env,
                                     const struct spred_fetch_options *options,
                                     char **out);

enum spred_fetched {
    SPRED_FETCHED_ABSENT,
    SPRED_FETCHED_SAME,      /* as recorded in path.sha256 */
    SPRED_FETCHED_CHANGED,   /* not what was recorded (logged) */
    SPRED_FETCHED_UNRECORDED /* no path.sha256 */
};
enum spred_status spred_fetch_state(struct spred_env *env, const char *path,
                                    enum spred_fetched *out);
/* Writes the SHA-256 of the file content into named.sha256, in the form that
 * `sha256sum -c` reads, atomically. */
enum spred_status spred_fetch_record(struct spred_env *env, const char *content,
                                     const char *named);

/* Opens and locks path for this process alone (created if missing); waits for
 * another holder. Close the descriptor to unlock. */
enum spred_status spred_fetch_lock(struct spred_env *env, const char *path,
                                   int *fd);

/* The gzip stream fd is whole and begins (decompressed) as begins_well wants;
 * `path` for messages. SPRED_EFORMAT: it is not. */
enum spred_status
spred_fetch_gzip_check(struct spred_env *env, int fd, const char *path,
                       int (*begins_well)(const char *text, size_t length),
                       const char *expected);

/* process.c. Runs argv (found in PATH, no shell) with stdin and stdout at the
 * given descriptors (-1: /dev/null), stderr appended to the file errors.
 * *exit_code: its code, 128 + the signal that killed it, 127: not found. */
struct spred_process {
    const char *const *argv; /* NULL-ended */
    int in, out;
    const char *errors;
    long pid;
};
enum spred_status spred_process_start(struct spred_env *env,
                                      struct spred_process *process);
/* Waits; on cancellation ends the process and returns SPRED_EINTERRUPTED. */
enum spred_status spred_process_wait(struct spred_env *env,
                                     struct spred_process *process,
                                     int *exit_code);
/* The last line of a file that starts with prefix, behind it; "" if none. */
enum spred_status spred_process_complaint(struct spred_env *env,
                                          const char *errors,
                                          const char *prefix, char **out);
/* A new folder for this process below parent / the same removed with all files
 * directly inside. */
enum spred_status spred_folder_make(struct spred_env *env, const char *parent,
                                    char **out);
void spred_folder_remove(struct spred_env *env, const char *folder);

/* fetch_debian.c: all files of a set, in the table or not. *path (spred_free):
 * of its first file; the others lie beside it, as PACKAGE.NAME, too. */
enum spred_status
spred_fetch_debian_set(struct spred_env *env,
                       const struct spred_debian_set *set,
                       const struct spred_fetch_options *options, char **path);

/* debian_special.c: what a single set needs after loading (subset, names of
 * classes). */
enum spred_status spred_debian_adapt(struct spred_env *env,
                                     const struct spred_debian_set *set,
                                     struct spred_data *data);

#endif
