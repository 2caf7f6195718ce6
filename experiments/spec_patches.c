/* spec_patches.c: the data set kind `patches:`, one data set for each size. */
#include "experiments/spec_coding.h"
#include "experiments/spec_read.h"
#include "experiments/spec_write.h"
#include "experiments/units.h"
#include "spred/image.h"

#include <string.h>

#define SIZE_MAX_SIDE 64
#define COUNT_MAX 10000000
#define PICTURES_MAX 1000
#define SHARE_DEFAULT 0.25 /* of a picture that is alone */

static const char *const norms[] = {"none", "unit", NULL};

static const struct spec_field patches_fields[] = {
    {"pictures", SPEC_FIELD_OTHER, 0, 0, 0, NULL, NULL},
    {"name", SPEC_FIELD_OTHER, 0, 0, 0, NULL, NULL},
    {"size", SPEC_FIELD_OTHER, 0, 0, 0, NULL, NULL},
    {"held_out", SPEC_FIELD_OTHER, 0, 0, 0, NULL, NULL},
    {"count", SPEC_FIELD_INT, offsetof(struct spec_patches, count), 1,
     COUNT_MAX, NULL, NULL},
    {"center", SPEC_FIELD_BOOL, offsetof(struct spec_patches, center), 0, 0,
     NULL, NULL},
    {"norm", SPEC_FIELD_CHOICE, offsetof(struct spec_patches, norm), 0, 0,
     norms, NULL},
    {0}};

void spec_patches_free(struct spred_env *env, struct spec_patches *patches)
{
    for (size_t i = 0; patches && i < patches->n_pictures; i++)
        spred_free(env, patches->pictures[i]);
    if (patches)
        spred_free(env, patches->pictures);
    spred_free(env, patches);
}

static enum spred_status add_picture(struct spec_reader *r,
                                     struct spec_patches *p, const char *text)
{
    char **pictures =
        spec_grow(r, p->pictures, p->n_pictures, sizeof *pictures);
    if (!pictures)
        return SPRED_ENOMEM;
    p->pictures = pictures;
    pictures[p->n_pictures] = spred_strdup(r->env, text);
    return pictures[p->n_pictures++] ? SPRED_OK : SPRED_ENOMEM;
}

static enum spred_status read_pictures(struct spec_reader *r,
                                       const struct spec_node *node,
                                       struct spec_patches *p)
{
    p->debian = !node || (node->kind == SPEC_NODE_TEXT &&
                          strcmp(node->text, "debian") == 0);
    if (p->debian) {
        for (const struct spred_debian_set *s = spred_debian_pictures();
             s->name; s++)
            SPRED_TRY(add_picture(r, p, s->name));
        return SPRED_OK;
    }
    const struct spec_node *one = node;
    size_t n = node->kind == SPEC_NODE_LIST ? node->n : 1;
    if (n == 0 || n > PICTURES_MAX)
        return spec_fail(r, node,
                         "patches.pictures: found %zu paths, expected debian "
                         "or 1 to %d paths of PGM, PPM or PNG files",
                         n, PICTURES_MAX);
    for (size_t i = 0; i < n; i++) {
        if (node->kind == SPEC_NODE_LIST)
            one = node->items[i];
        SPRED_TRY(spec_want(r, one, "patches.pictures", SPEC_NODE_TEXT));
        if (!*one->text)
            return spec_fail(r, one,
                             "patches.pictures: is empty, expected a "
                             "path");
        SPRED_TRY(add_picture(r, p, one->text));
        SPRED_TRY(spec_beside(r, &p->pictures[i]));
    }
    return SPRED_OK;
}

/* "lena.pgm" of a path. */
static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* A picture of the list, or a share of the last one. */
static enum spred_status read_held_out(struct spec_reader *r,
                                       const struct spec_node *node,
                                       struct spec_patches *p)
{
    p->held = p->n_pictures - 1;
    p->share = p->n_pictures > 1 ? 1 : SHARE_DEFAULT;
    if (!node)
        return SPRED_OK;
    SPRED_TRY(spec_want(r, node, "patches.held_out", SPEC_NODE_TEXT));
    if (strchr(node->text, '%')) {
        const char *wrong = spec_share(node->text, &p->share);
        if (wrong)
            return spec_fail(r, node, "patches.held_out: '%.100s' %s",
                             node->text, wrong);
        if (!(p->share > 0) || (p->share >= 1 && p->n_pictures == 1))
            return spec_fail(r, node,
                             "patches.held_out: '%.100s' of the last picture "
                             "leaves no patch on one side, expected for "
                             "example 25%%",
                             node->text);
        return SPRED_OK;
    }
    const char **names = spred_alloc(r->env, p->n_pictures + 1, sizeof *names);
    if (!names)
        return SPRED_ENOMEM;
    size_t found = p->n_pictures;
    for (size_t i = 0; i < p->n_pictures; i++) {
        names[i] = base_name(p->pictures[i]);
        if (strcmp(names[i], base_name(node->text)) == 0)
            found = i;
    }
    enum spred_status status =
        found == p->n_pictures
            ? spec_unknown(r, node, "picture", node->text, names)
        : p->n_pictures == 1
            ? spec_fail(r, node,
                        "patches.held_out: '%.100s' is the only picture, "
                        "expected a share of it, for example 25%%",
                        node->text)
            : SPRED_OK;
    p->held = found;
    spred_free(r->env, names);
    return status;
}

/* "debian-8x8", "lena-8x8", or the given name (with the size, if several). */
static enum spred_status name_set(struct spec_reader *r,
                                  const struct spec_node *map, int several,
                                  struct spec_dataset *d)
{
    const struct spec_patches *p = d->patches;
    const struct spec_node *given = spec_node_get(map, "name");
    char *head = NULL;
    enum spred_status status = SPRED_OK;
    if (given) {
        SPRED_TRY(spec_name(r, given, "patches.name", &head));
    } else {
        head = spred_strdup(r->env,
                            p->debian ? "debian" : base_name(p->pictures[0]));
        if (!head)
            return SPRED_ENOMEM;
        head[*head == '.' ? strlen(head) : strcspn(head, ".")] = '\0';
        if (strlen(head) > 40)
            head[40] = '\0';
    }
    d->name = given && !several
                  ? spred_strdup(r->env, head)
                  : spred_format(r->env, "%s-%lldx%lld", head,
                                 (long long)p->size, (long long)p->size);
    if (!d->name)
        status = SPRED_ENOMEM;
    else if (!spec_name_is_safe(d->name))
        status = spec_fail(r, map,
                           "patches: '%.100s' gives no name, add 'name'", head);
    spred_free(r->env, head);
    return status;
}

static enum spred_status read_one(struct spec_reader *r,
                                  const struct spec_node *map,
                                  const struct spec_node *size, int several,
                                  size_t group)
{
    struct spec_dataset *d =
        spec_add_dataset(r, size ? size : map, SPEC_PATCHES, group);
    if (!d)
        return SPRED_ENOMEM;
    struct spec_patches *p = d->patches = spred_alloc(r->env, 1, sizeof *p);
    if (!p)
        return SPRED_ENOMEM;
    *p = (struct spec_patches){.size = 8, .count = 10000, .center = 1};
    SPRED_TRY(spec_fields(r, map, "patches", patches_fields, p));
    if (size)
        SPRED_TRY(
            spec_int(r, size, "patches.size", 2, SIZE_MAX_SIDE, &p->size));
    SPRED_TRY(read_pictures(r, spec_node_get(map, "pictures"), p));
    SPRED_TRY(read_held_out(r, spec_node_get(map, "held_out"), p));
    return name_set(r, map, several, d);
}

enum spred_status spec_read_patches(struct spec_reader *r,
                                    struct spec_node *node, size_t group)
{
    SPRED_TRY(spec_want(r, node, "patches", SPEC_NODE_MAP));
    const struct spec_node *size = spec_node_get(node, "size");
    if (!size || size->kind != SPEC_NODE_LIST)
        return read_one(r, node, size, 0, group);
    if (size->n == 0)
        return spec_fail(r, size,
                         "patches.size: is empty, expected for example 8");
    for (size_t i = 0; i < size->n; i++)
        SPRED_TRY(read_one(r, node, size->items[i], size->n > 1, group));
    return SPRED_OK;
}

/* One item for each size: read_one gave each its name. */
void spec_put_patches(struct spec_writer *w, const struct spec *spec,
                      size_t group)
{
    int first = 1;
    for (size_t i = 0; i < spec->n_datasets; i++) {
        const struct spec_dataset *d = &spec->datasets[i];
        const struct spec_patches *p = d->patches;
        if (d->group != group)
            continue;
        spec_put(w,
                 first ? "patches: {pictures: " : "  - patches: {pictures: ");
        first = 0;
        if (p->debian)
            spec_put(w, "debian");
        for (size_t k = 0; k < p->n_pictures && !p->debian; k++) {
            spec_put(w, k ? ", " : "[");
            spec_put_text(w, p->pictures[k]);
        }
        spec_put(w, p->debian ? ", name: " : "], name: ");
        spec_put_text(w, d->name);
        spec_put(w, ", size: ");
        spec_put_integer(w, p->size);
        spec_put(w, ", held_out: ");
        if (p->share < 1) {
            char text[32];
            spec_shortest_share(p->share, text);
            spec_put(w, text);
        } else {
            spec_put_text(w, base_name(p->pictures[p->held]));
        }
        for (const struct spec_field *f = patches_fields; f->key; f++) {
            const char *at = (const char *)p + f->offset;
            if (f->kind == SPEC_FIELD_OTHER)
                continue;
            spec_put(w, ", ");
            spec_put(w, f->key);
            spec_put(w, ": ");
            spec_put_value(w, f, (const void *)at);
        }
        spec_put(w, "}\n");
    }
}
