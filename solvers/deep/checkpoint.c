/* checkpoint.c: the whole state of a training as bytes, and back. One walk over
 * all that belongs to it counts, writes and reads, so that the three agree. */
#include "solvers/deep/course.h"

#include <string.h>

#include "spred/hash.h"

#define MAGIC "deep 1\n"
enum { ALIGN = 8 };

enum way { COUNT, WRITE, READ };
struct walk {
    enum way way;
    char *at;    /* next byte; COUNT: NULL */
    size_t size; /* bytes until now */
    size_t room; /* READ: of all */
    int damaged;
};

struct head {
    char magic[ALIGN];
    uint64_t stage, epoch, steps, mask_size;
    double passes;
};

static size_t padded(size_t size)
{
    return (size + ALIGN - 1) / ALIGN * ALIGN;
}

/* The next block of so many bytes, aligned; NULL: only counted, or too few. */
static char *block(struct walk *w, size_t size)
{
    char *here = w->at;
    size_t all = padded(size);
    if (w->way == READ && w->room - w->size < all) {
        w->damaged = 1;
        return NULL;
    }
    w->size += all;
    if (w->way == COUNT || w->damaged)
        return NULL;
    w->at += all;
    return here;
}

static void bytes(struct walk *w, void *data, size_t size)
{
    char *here = block(w, size);
    if (here && w->way == WRITE)
        memcpy(here, data, size);
    else if (here)
        memcpy(data, here, size);
}

static void parameters(struct walk *w, struct nn *nn)
{
    char *here = block(w, nn_save_size(nn) * sizeof(real));
    if (here && w->way == WRITE)
        nn_save_again(nn, (real *)(void *)here);
    else if (here)
        nn_load(nn, (const real *)(const void *)here);
}

static void moments(struct walk *w, struct nn *nn)
{
    size_t count;
    struct nn_tensor *t = nn_tensors(nn, &count);
    for (size_t i = 0; i < count; i++)
        if (t[i].moment1)
            bytes(w, t[i].moment1,
                  t[i].rows * t[i].cols * sizeof *t[i].moment1);
}

/* What the steps before this one left. */
static enum spred_status results(struct deep_course *c, struct walk *w)
{
    for (size_t stage = 0; stage < c->stage; stage++) {
        struct deep_step step = deep_step_of(c, stage);
        size_t index = deep_leaves(&step);
        if (index == DEEP_RESULTS)
            continue;
        size_t size = nn_save_size(deep_trained(c, &step));
        if (w->way == READ && !c->results[index])
            c->results[index] = spred_alloc(c->env, size, sizeof(real));
        if (w->way == READ && !c->results[index])
            return SPRED_ENOMEM;
        bytes(w, c->results[index], size * sizeof(real));
    }
    return SPRED_OK;
}

static enum spred_status walk(struct deep_course *c, struct walk *w)
{
    size_t height, width;
    struct spred_picture picture;
    struct head head = {.magic = MAGIC,
                        .stage = c->stage,
                        .epoch = (uint64_t)c->epoch,
                        .steps = (uint64_t)c->trainer.work.steps,
                        .mask_size = c->mask_size,
                        .passes = c->trainer.work.passes};
    bytes(w, &head, sizeof head);
    if (w->way == READ) {
        w->damaged |= memcmp(head.magic, MAGIC, sizeof MAGIC) != 0 ||
                      head.mask_size != c->mask_size || head.stage > 1000;
        if (w->damaged)
            return SPRED_OK;
        c->stage = (size_t)head.stage;
        c->epoch = (long)head.epoch;
        c->trainer.work.steps = (long)head.steps;
        c->trainer.work.passes = head.passes;
    }
    struct deep_step step = deep_step_of(c, c->stage);
    if (step.kind == DEEP_END || c->epoch < 0 || c->epoch > step.epochs) {
        w->damaged = 1;
        return SPRED_OK;
    }
    struct nn *nn = deep_trained(c, &step);
    struct deep_rule rule = {.momentum = c->options->momentum};
    if (w->way == READ)
        SPRED_TRY(deep_moments(c->env, nn, &rule));
    parameters(w, nn);
    moments(w, nn);
    bytes(w, c->mask, c->mask_size);
    SPRED_TRY(results(c, w));
    deep_filters_size(c->main, &c->task->train, &height, &width, &picture);
    if (height)
        bytes(w, c->before, height * width * sizeof *c->before);
    return SPRED_OK;
}

enum spred_status deep_checkpoint(struct deep_course *c)
{
    struct walk w = {.way = COUNT};
    char hex[SPRED_HEX_SIZE];
    SPRED_TRY(walk(c, &w));
    size_t size = w.size;
    char *all = spred_alloc(c->env, padded(size) + sizeof hex, 1);
    if (!all)
        return SPRED_ENOMEM;
    w = (struct walk){.way = WRITE, .at = all};
    enum spred_status status = walk(c, &w);
    if (status == SPRED_OK) {
        spred_sha256(all, size, hex);
        memcpy(all + size, hex, sizeof hex);
        status = c->task->save(c->task->cookie, all, size + sizeof hex);
    }
    spred_free(c->env, all);
    return status;
}

/* Whether they are the bytes that were written. */
static int is_whole(const void *saved, size_t size)
{
    char hex[SPRED_HEX_SIZE];
    if (size <= sizeof hex)
        return 0;
    spred_sha256(saved, size - sizeof hex, hex);
    return memcmp((const char *)saved + size - sizeof hex, hex, sizeof hex) ==
           0;
}

enum spred_status deep_checkpoint_read(struct deep_course *c)
{
    size_t size = c->task->saved_size;
    if (!c->task->saved)
        return SPRED_OK;
    if (!is_whole(c->task->saved, size))
        return spred_fail(c->env, SPRED_EFORMAT,
                          "the saved state of this training is damaged: %zu "
                          "bytes whose check sum is wrong",
                          size);
    size -= SPRED_HEX_SIZE;
    char *all = spred_alloc(c->env, size, 1); /* aligned */
    if (!all)
        return SPRED_ENOMEM;
    memcpy(all, c->task->saved, size);
    struct walk w = {.way = READ, .at = all, .room = size};
    enum spred_status status = walk(c, &w);
    spred_free(c->env, all);
    if (status == SPRED_OK && (w.damaged || w.size != size))
        return spred_fail(c->env, SPRED_EFORMAT,
                          "the saved state is that of another training: "
                          "expected one of this network and these options");
    return status;
}
