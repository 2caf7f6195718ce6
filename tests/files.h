/* files.h: temporary files of a test, and an allocator that counts and fails.
 */
#ifndef SPRED_TEST_FILES_H
#define SPRED_TEST_FILES_H

#include <dirent.h>
#include <unistd.h>

#include "test.h"

struct folder {
    char path[512];
    char file[1024]; /* the last file named */
};

static inline void folder_make(struct folder *folder)
{
    const char *base = getenv("TMPDIR");
    snprintf(folder->path, sizeof folder->path, "%s/spred-test-XXXXXX",
             base && *base ? base : "/tmp");
    assert_non_null(mkdtemp(folder->path));
}

static inline const char *folder_file(struct folder *folder, const char *name)
{
    snprintf(folder->file, sizeof folder->file, "%s/%s", folder->path, name);
    return folder->file;
}

static inline const char *folder_write(struct folder *folder, const char *name,
                                       const void *bytes, size_t length)
{
    FILE *file = fopen(folder_file(folder, name), "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
    return folder->file;
}

static inline size_t folder_count(const struct folder *folder)
{
    size_t count = 0;
    DIR *dir = opendir(folder->path);
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir));)
        count += entry->d_name[0] != '.';
    closedir(dir);
    return count;
}

/* Files only; folders inside must be removed before. */
static inline void folder_remove(struct folder *folder)
{
    DIR *dir = opendir(folder->path);
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir));)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            unlink(folder_file(folder, entry->d_name));
    closedir(dir);
    assert_int_equal(rmdir(folder->path), 0);
}

/* For env.reallocate: the blocks alive, and the call that fails (from 1; 0:
 * none). */
struct counting {
    long alive, calls, fail_at;
};

static inline void *counting_reallocate(void *cookie, void *pointer,
                                        size_t size)
{
    struct counting *count = cookie;
    if (size == 0) {
        count->alive -= pointer != NULL;
        free(pointer);
        return NULL;
    }
    if (++count->calls == count->fail_at)
        return NULL;
    void *block = realloc(pointer, size);
    count->alive += block && !pointer;
    return block;
}

#endif
