/* find.c: coders and dictionary methods by name. */
#include <string.h>

#include "spred/coding.h"

static int is(const char *name, const char *one, const char *alias)
{
    return strcmp(name, one) == 0 || (alias && strcmp(name, alias) == 0);
}

const struct spred_coder *spred_coder_find(const char *name)
{
    for (size_t i = 0; spred_coders[i]; i++)
        if (is(name, spred_coders[i]->name, spred_coders[i]->alias))
            return spred_coders[i];
    return NULL;
}

const struct spred_dictionary_method *
spred_dictionary_method_find(const char *name)
{
    for (size_t i = 0; spred_dictionary_methods[i]; i++)
        if (is(name, spred_dictionary_methods[i]->name,
               spred_dictionary_methods[i]->alias))
            return spred_dictionary_methods[i];
    return NULL;
}
