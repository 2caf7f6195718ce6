/* debian_pictures.c: free photographs that a Debian machine can fetch. */
#include <string.h>

#include "fetch_private.h"
#include "spred/image.h"
#include "spred/text.h"

#define SKIMAGE "usr/lib/python3/dist-packages/skimage/data/"

#define PICTURE(name, text)                                                    \
    {                                                                          \
        name, "python3-skimage", SKIMAGE name ".png", NULL, "", text, NULL     \
    }

/* All of one package, so that it is downloaded once. The last is the one that
 * is held out where nobody says which. */
static const struct spred_debian_set pictures[] = {
    PICTURE(
        "astronaut",
        "512 x 512, colour; portrait of Eileen Collins, NASA, public domain"),
    PICTURE("chelsea", "451 x 300, colour; a cat, Stefan van der Walt, CC0"),
    PICTURE("coffee", "600 x 400, colour; a cup, Rachel Michetti, CC0"),
    PICTURE("grass", "512 x 512, grey; texture, CC0"),
    PICTURE("brick", "512 x 512, grey; texture, CC0"),
    PICTURE("camera", "512 x 512, grey; a photographer, Lav Varshney, CC0"),
    {0}};

const struct spred_debian_set *spred_debian_pictures(void)
{
    return pictures;
}

enum { COUNT = sizeof pictures / sizeof *pictures - 1 };

enum spred_status
spred_fetch_pictures(struct spred_env *env,
                     const struct spred_fetch_options *options, char **paths)
{
    const char *beside[COUNT] = {NULL};
    struct spred_debian_set all = pictures[0];
    char *first = NULL;
    for (size_t i = 0; i + 1 < COUNT; i++)
        beside[i] = pictures[i + 1].file;
    all.name = "pictures";
    all.beside = beside;
    memset(paths, 0, COUNT * sizeof *paths);
    SPRED_TRY(spred_fetch_debian_set(env, &all, options, &first));
    enum spred_status status = SPRED_OK;
    for (size_t i = 0; i < COUNT && status == SPRED_OK; i++) {
        const char *name = strrchr(pictures[i].file, '/') + 1;
        paths[i] =
            spred_format(env, "%.*s/%s.%s", (int)(strrchr(first, '/') - first),
                         first, all.package, name);
        status = paths[i] ? SPRED_OK : SPRED_ENOMEM;
    }
    for (size_t i = 0; i < COUNT && status != SPRED_OK; i++) {
        spred_free(env, paths[i]);
        paths[i] = NULL;
    }
    spred_free(env, first);
    return status;
}
