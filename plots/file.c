/* file.c: reading whole files. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "plots/figure.h"

enum spred_status plots_read_file(struct spred_env *env, const char *path,
                                  char **text, size_t *length)
{
    struct spred_buffer buffer = {0};
    char block[16384];
    size_t n;
    *text = NULL;
    *length = 0;
    FILE *file = fopen(path, "rb");
    if (!file)
        return spred_fail(env, errno == ENOENT ? SPRED_ENOTFOUND : SPRED_EIO,
                          "%s: %s", path, strerror(errno));
    enum spred_status status = spred_buffer_append(env, &buffer, "", 0);
    while (!status && (n = fread(block, 1, sizeof block, file)) > 0)
        status = spred_buffer_append(env, &buffer, block, n);
    if (!status && ferror(file))
        status = spred_fail(env, SPRED_EIO, "%s: cannot be read", path);
    fclose(file);
    if (status) {
        spred_free(env, buffer.text);
        return status;
    }
    *text = buffer.text;
    *length = buffer.length;
    return SPRED_OK;
}
