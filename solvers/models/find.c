/* find.c: models by name, and what a model asks of a target. */
#include <string.h>

#include "spred/model.h"

const struct spred_model *spred_model_find(const char *name)
{
    for (size_t i = 0; spred_models[i]; i++) {
        const struct spred_model *model = spred_models[i];
        if (strcmp(model->name, name) == 0 ||
            (model->alias && strcmp(model->alias, name) == 0))
            return model;
    }
    return NULL;
}

const char *spred_model_refuses(const struct spred_model *model, size_t classes)
{
    if (classes > 0 && !(model->takes & SPRED_MODEL_CLASSES))
        return "needs a real-valued target";
    if (classes == 0 && !(model->takes & SPRED_MODEL_REAL))
        return "needs a target of classes";
    return NULL;
}
