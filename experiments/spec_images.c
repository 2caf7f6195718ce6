/* spec_images.c: a data set of pictures: one that a Debian package has, or the
 * published files in a folder that the user names. */
#include "experiments/spec_read.h"

#include <string.h>

const struct spec_field spec_images_fields[] = {
    {"name", SPEC_FIELD_TEXT, offsetof(struct spec_dataset, loader), 0, 0, NULL,
     NULL},
    {"path", SPEC_FIELD_TEXT, offsetof(struct spec_dataset, path), 0, 0, NULL,
     NULL},
    {"as", SPEC_FIELD_OTHER, offsetof(struct spec_dataset, name), 0, 0, NULL,
     NULL},
    {"samples", SPEC_FIELD_INT, offsetof(struct spec_dataset, samples), 0, 1e9,
     NULL, NULL},
    {"target", SPEC_FIELD_TEXT, offsetof(struct spec_dataset, target), 0, 0,
     NULL, NULL},
    {0}};

/* Sets in Debian packages; then sets that have none, and where to get them. */
static const char *const packaged[] = {"fashion-mnist", NULL};
static const struct {
    const char *name, *how;
} known[] = {
    {"mnist",
     "get train-images-idx3-ubyte.gz, train-labels-idx1-ubyte.gz, "
     "t10k-images-idx3-ubyte.gz and t10k-labels-idx1-ubyte.gz, put them into "
     "one folder, and write images: {path: FOLDER}"},
    {"cifar10",
     "get cifar-10-binary.tar.gz from https://www.cs.toronto.edu/~kriz/"
     "cifar.html, unpack it, and write images: {path: cifar-10-batches-bin}"},
    {"cifar100",
     "get cifar-100-binary.tar.gz from https://www.cs.toronto.edu/~kriz/"
     "cifar.html, unpack it, and write images: {path: cifar-100-binary}"}};

/* "CIFAR-10" is cifar10. */
static int same_name(const char *written, const char *name)
{
    for (; *written; written++) {
        if (*written == '-' || *written == '_')
            continue;
        if ((*written | 0x20) != (*name | 0x20))
            return 0;
        name++;
    }
    return *name == '\0';
}

static enum spred_status check_name(const struct spec_reader *r,
                                    const struct spec_node *node,
                                    const char *name)
{
    for (size_t i = 0; packaged[i]; i++)
        if (strcmp(name, packaged[i]) == 0)
            return SPRED_OK;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (same_name(name, known[i].name))
            return spec_fail(r, node,
                             "images: '%.40s' is in no Debian package: %s",
                             name, known[i].how);
    return spec_unknown(r, node, "set of pictures", name, packaged);
}

enum spred_status spec_read_images(struct spec_reader *r,
                                   const struct spec_node *node, size_t group)
{
    struct spec_dataset *d = spec_add_dataset(r, node, SPEC_IMAGES, group);
    const struct spec_node *at = node;
    if (!d)
        return SPRED_ENOMEM;
    if (node->kind == SPEC_NODE_MAP) {
        const struct spec_node *as = spec_node_get(node, "as");
        SPRED_TRY(spec_fields(r, node, "images", spec_images_fields, d));
        if (as)
            SPRED_TRY(spec_name(r, as, "images.as", &d->name));
        if (!d->path == !d->loader)
            return spec_fail(r, node, "images: expected one of name and path");
        if (d->loader)
            at = spec_node_get(node, "name");
    } else {
        SPRED_TRY(spec_text(r, node, "images", &d->loader));
    }
    if (d->loader)
        SPRED_TRY(check_name(r, at, d->loader));
    if (!d->name)
        d->name = d->loader ? spred_strdup(r->env, d->loader)
                            : spec_name_of_path(r, d->path);
    if (!d->name)
        return SPRED_ENOMEM;
    if (!spec_name_is_safe(d->name))
        return spec_fail(r, node, "images: '%.100s' gives no name, add 'as'",
                         d->path);
    return spec_beside(r, &d->path);
}
