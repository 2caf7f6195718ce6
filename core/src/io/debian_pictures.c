/* debian_pictures.c: free photographs that a Debian machine can fetch. */
#include "fetch_private.h"
#include "spred/image.h"

#define SKIMAGE "usr/lib/python3/dist-packages/skimage/data/"

/* All of one package, so that it is downloaded once. The last is the one that
 * is held out where nobody says which. */
static const struct spred_debian_set pictures[] = {
    {"astronaut", "python3-skimage", SKIMAGE "astronaut.png", NULL, "",
     "512 x 512, colour; portrait of Eileen Collins, NASA, public domain"},
    {"chelsea", "python3-skimage", SKIMAGE "chelsea.png", NULL, "",
     "451 x 300, colour; a cat, Stefan van der Walt, CC0"},
    {"coffee", "python3-skimage", SKIMAGE "coffee.png", NULL, "",
     "600 x 400, colour; a cup, Rachel Michetti, CC0"},
    {"grass", "python3-skimage", SKIMAGE "grass.png", NULL, "",
     "512 x 512, grey; texture, CC0"},
    {"brick", "python3-skimage", SKIMAGE "brick.png", NULL, "",
     "512 x 512, grey; texture, CC0"},
    {"camera", "python3-skimage", SKIMAGE "camera.png", NULL, "",
     "512 x 512, grey; a photographer, Lav Varshney, CC0"},
    {NULL, NULL, NULL, NULL, NULL, NULL}};

const struct spred_debian_set *spred_debian_pictures(void)
{
    return pictures;
}

enum spred_status
spred_fetch_pictures(struct spred_env *env,
                     const struct spred_fetch_options *options, char **paths)
{
    return spred_fetch_debian_group(
        env, pictures, sizeof pictures / sizeof *pictures - 1, options, paths);
}
