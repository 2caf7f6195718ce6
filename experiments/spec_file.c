/* spec_file.c: a data set in a file that the user names. */
#include "experiments/spec_read.h"

#include <string.h>
#include <sys/stat.h>

static const char *const orientations[] = {"auto", "samples-in-rows",
                                           "samples-in-columns", NULL};

const struct spec_field spec_file_fields[] = {
    {"path", SPEC_FIELD_TEXT, offsetof(struct spec_dataset, path), 0, 0, NULL,
     NULL},
    {"name", SPEC_FIELD_OTHER, offsetof(struct spec_dataset, name), 0, 0, NULL,
     NULL},
    {"labels", SPEC_FIELD_TEXT, offsetof(struct spec_dataset, labels), 0, 0,
     NULL, NULL},
    {"object", SPEC_FIELD_TEXT, offsetof(struct spec_dataset, object), 0, 0,
     NULL, NULL},
    {"response", SPEC_FIELD_TEXT, offsetof(struct spec_dataset, response), 0, 0,
     NULL, NULL},
    {"orientation", SPEC_FIELD_TEXT, offsetof(struct spec_dataset, orientation),
     0, 0, NULL, NULL},
    {"target", SPEC_FIELD_TEXT, offsetof(struct spec_dataset, target), 0, 0,
     NULL, NULL},
    {0}};

enum spred_status spec_beside(struct spec_reader *r, char **path)
{
    struct stat info;
    const char *slash = strrchr(r->doc->path, '/');
    if (!*path || **path == '/' || !slash)
        return SPRED_OK;
    char *joined = spred_format(r->env, "%.*s/%s", (int)(slash - r->doc->path),
                                r->doc->path, *path);
    if (!joined)
        return SPRED_ENOMEM;
    int exists = stat(joined, &info) == 0;
    spred_free(r->env, exists ? *path : joined);
    if (exists)
        *path = joined;
    return SPRED_OK;
}

char *spec_name_of_path(const struct spec_reader *r, const char *path)
{
    size_t end = strlen(path);
    while (end > 1 && path[end - 1] == '/')
        end--;
    size_t begin = end;
    while (begin > 0 && path[begin - 1] != '/')
        begin--;
    char *name = spred_strndup(r->env, path + begin, end - begin);
    if (!name)
        return NULL;
    if (*name == '.')
        *name = '-';
    name[strcspn(name, ".")] = '\0';
    if (strlen(name) > 64)
        name[64] = '\0';
    for (char *c = name; *c; c++) {
        char one[2] = {*c, '\0'};
        if (!spec_name_is_safe(one))
            *c = '-';
    }
    return name;
}

enum spred_status spec_read_file(struct spec_reader *r,
                                 const struct spec_node *node, size_t group)
{
    struct spec_dataset *d = spec_add_dataset(r, node, SPEC_FILE, group);
    int index;
    if (!d)
        return SPRED_ENOMEM;
    if (node->kind == SPEC_NODE_MAP) {
        const struct spec_node *name = spec_node_get(node, "name");
        const struct spec_node *orientation =
            spec_node_get(node, "orientation");
        SPRED_TRY(spec_fields(r, node, "file", spec_file_fields, d));
        if (name)
            SPRED_TRY(spec_name(r, name, "file.name", &d->name));
        if (orientation)
            SPRED_TRY(spec_choice(r, orientation, "file.orientation",
                                  orientations, &index));
        if (!d->path)
            return spec_fail(r, node, "file: 'path' is missing");
    } else {
        SPRED_TRY(spec_text(r, node, "file", &d->path));
    }
    if (!d->name && !(d->name = spec_name_of_path(r, d->path)))
        return SPRED_ENOMEM;
    if (!spec_name_is_safe(d->name))
        return spec_fail(r, node, "file: '%.100s' gives no name, add 'name'",
                         d->path);
    SPRED_TRY(spec_beside(r, &d->path));
    return spec_beside(r, &d->labels);
}
