/* store.c: a network as bytes and back. Native numbers behind a mark of their
 * order:
 *   struct head · the word of the inputs' gates and of every branch, each with
 *   its NUL · tensors · running statistics · order, live · SHA-256 in
 *   hexadecimal of all before. */
#include "solvers/nn/products.h"
#include "solvers/nn/sparsity.h"

#include <stdio.h>
#include <string.h>
#include "spred/hash.h"

#define MAGIC "SPREDNN"
#define VERSION 1
#define ORDER_MARK 0x01020304u
#define SUM_SIZE (SPRED_HEX_SIZE - 1)

struct head {
    char magic[8];
    uint32_t version, order, real_size, classes, sum, start;
    uint64_t size; /* of everything */
    uint64_t inputs, outputs, branches, most;
    uint64_t height, width, channels; /* of the picture */
    double gate_start;
};

/* Counts, and copies where there is room. */
struct cursor {
    unsigned char *out; /* NULL: only counts */
    const unsigned char *in;
    size_t at, size;
    int failed;
};

static void put(struct cursor *c, const void *bytes, size_t size)
{
    if (c->out && size)
        memcpy(c->out + c->at, bytes, size);
    c->at += size;
}

static void get(struct cursor *c, void *bytes, size_t size)
{
    if (c->failed || size > c->size - c->at) {
        c->failed = 1;
        return;
    }
    if (size)
        memcpy(bytes, c->in + c->at, size);
    c->at += size;
}

/* Up to and with its NUL; NULL: there is none. */
static const char *get_word(struct cursor *c)
{
    const char *word = (const char *)c->in + c->at;
    const char *end = memchr(word, '\0', c->size - c->at);
    if (!end)
        return NULL;
    c->at += (size_t)(end - word) + 1;
    return word;
}

/* Parameters and statistics, in one way or the other. */
static void pass(struct nn *nn, struct cursor *c,
                 void (*move)(struct cursor *, real *, size_t))
{
    for (size_t i = 0; i < nn->n_tensors; i++)
        move(c, nn->tensors[i].value,
             nn->tensors[i].rows * nn->tensors[i].cols);
    for (size_t b = 0; b < nn->shape.n_branches; b++)
        for (size_t l = 0; l < nn->shape.branches[b].n; l++)
            move(c, nn->units[b][l].running, nn->units[b][l].n_running);
}

static void put_reals(struct cursor *c, real *value, size_t count)
{
    put(c, value, count * sizeof *value);
}

static void get_reals(struct cursor *c, real *value, size_t count)
{
    get(c, value, count * sizeof *value);
}

/* The inputs' gates look like those of a linear layer. */
static struct nn_branch gate_branch(const struct nn_shape *shape)
{
    struct nn_branch branch = {.n = 1};
    branch.layers[0].sparse = shape->gate;
    return branch;
}

struct words {
    char *gate, *branches[NN_MAX_BRANCHES];
};

static void words_free(struct spred_env *env, struct words *w)
{
    spred_free(env, w->gate);
    for (size_t b = 0; b < NN_MAX_BRANCHES; b++)
        spred_free(env, w->branches[b]);
}

/* What is written must be read again. */
static enum spred_status word_make(struct spred_env *env,
                                   const struct nn_branch *branch, char **out)
{
    struct nn_branch back;
    char message[SPRED_ERROR_MAX];
    *out = nn_print(env, branch);
    if (!*out)
        return SPRED_ENOMEM;
    enum spred_status status = nn_parse(env, *out, &back);
    if (status != SPRED_EINVAL)
        return status;
    memcpy(message, env->error, sizeof message);
    return spred_fail(env, SPRED_EINVAL,
                      "a network that cannot be stored: its layers are no word "
                      "that is read again: %s",
                      message);
}

static enum spred_status
words_make(struct spred_env *env, const struct nn_shape *shape, struct words *w)
{
    struct nn_branch gate = gate_branch(shape);
    SPRED_TRY(word_make(env, &gate, &w->gate));
    for (size_t b = 0; b < shape->n_branches; b++)
        SPRED_TRY(word_make(env, &shape->branches[b], &w->branches[b]));
    return SPRED_OK;
}

static void write_all(struct nn *nn, const struct words *w, uint64_t size,
                      struct cursor *c)
{
    const struct nn_shape *s = &nn->shape;
    struct head head;
    memset(&head, 0, sizeof head);
    memcpy(head.magic, MAGIC, sizeof MAGIC);
    head.version = VERSION;
    head.order = ORDER_MARK;
    head.real_size = sizeof(real);
    head.classes = s->classes != 0;
    head.sum = s->sum != 0;
    head.start = s->start;
    head.size = size;
    head.inputs = s->inputs;
    head.outputs = s->outputs;
    head.branches = s->n_branches;
    head.most = nn->most;
    head.height = s->picture.height;
    head.width = s->picture.width;
    head.channels = s->picture.channels;
    head.gate_start = s->gate_start;
    put(c, &head, sizeof head);
    put(c, w->gate, strlen(w->gate) + 1);
    for (size_t b = 0; b < s->n_branches; b++)
        put(c, w->branches[b], strlen(w->branches[b]) + 1);
    pass(nn, c, put_reals);
    for (size_t k = 0; k <= s->inputs; k++) {
        uint64_t index = k < s->inputs ? nn->order[k] : nn->live;
        put(c, &index, sizeof index);
    }
}

enum spred_status nn_store(struct spred_env *env, struct nn *nn, void **bytes,
                           size_t *size)
{
    struct words words = {0};
    struct cursor c = {0};
    char hex[SPRED_HEX_SIZE];
    *bytes = NULL;
    *size = 0;
    enum spred_status status = words_make(env, &nn->shape, &words);
    if (status == SPRED_OK) {
        write_all(nn, &words, 0, &c);
        c.size = c.at + SUM_SIZE;
        c.at = 0;
        c.out = spred_alloc(env, c.size, 1);
        status = c.out ? SPRED_OK : SPRED_ENOMEM;
    }
    if (status == SPRED_OK) {
        write_all(nn, &words, c.size, &c);
        spred_sha256(c.out, c.at, hex);
        put(&c, hex, SUM_SIZE);
        *bytes = c.out;
        *size = c.size;
    }
    words_free(env, &words);
    return status;
}

static enum spred_status damaged(struct spred_env *env, const char *what)
{
    return spred_fail(env, SPRED_EFORMAT, "a stored network is damaged: %s",
                      what);
}

static enum spred_status check_head(struct spred_env *env, struct cursor *c,
                                    struct head *head)
{
    char hex[SPRED_HEX_SIZE];
    if (c->size < sizeof MAGIC || memcmp(c->in, MAGIC, sizeof MAGIC) != 0)
        return spred_fail(env, SPRED_EFORMAT,
                          "not a stored network: %zu bytes that do not start "
                          "with " MAGIC,
                          c->size);
    get(c, head, sizeof *head);
    if (c->failed)
        return spred_fail(env, SPRED_EFORMAT,
                          "a stored network is cut short: %zu bytes, expected "
                          "at least %zu",
                          c->size, sizeof *head);
    if (head->order != ORDER_MARK || head->version != VERSION ||
        head->real_size != sizeof(real))
        return spred_fail(
            env, SPRED_EFORMAT,
            "a stored network of version %u with numbers of %u bytes%s: "
            "expected version %d, %zu bytes, this machine's order of bytes",
            (unsigned)head->version, (unsigned)head->real_size,
            head->order == ORDER_MARK ? "" : " in another order", VERSION,
            sizeof(real));
    if (head->size != c->size)
        return spred_fail(env, SPRED_EFORMAT,
                          "a stored network is cut short or too long: %zu "
                          "bytes, expected %llu",
                          c->size, (unsigned long long)head->size);
    if (c->size < c->at + SUM_SIZE)
        return damaged(env, "it has no check sum");
    c->size -= SUM_SIZE;
    spred_sha256(c->in, c->size, hex);
    if (memcmp(hex, c->in + c->size, SUM_SIZE) != 0)
        return damaged(env, "its check sum differs");
    return SPRED_OK;
}

static enum spred_status read_word(struct spred_env *env, struct cursor *c,
                                   struct nn_branch *out)
{
    char message[SPRED_ERROR_MAX];
    const char *word = get_word(c);
    if (!word)
        return damaged(env, "the layers have no end");
    enum spred_status status = nn_parse(env, word, out);
    if (status != SPRED_EINVAL)
        return status;
    memcpy(message, env->error, sizeof message);
    return damaged(env, message);
}

static enum spred_status read_shape(struct spred_env *env, struct cursor *c,
                                    struct nn_shape *shape, size_t *most)
{
    struct head head;
    SPRED_TRY(check_head(env, c, &head));
    if (head.branches < 1 || head.branches > NN_MAX_BRANCHES ||
        head.inputs > c->size || head.outputs > c->size)
        return damaged(env, "its sizes make no sense");
    if (*most == 0)
        *most = head.most;
    memset(shape, 0, sizeof *shape);
    shape->inputs = head.inputs;
    shape->outputs = head.outputs;
    shape->picture =
        (struct spred_picture){head.height, head.width, head.channels};
    shape->classes = head.classes != 0;
    shape->sum = head.sum != 0;
    shape->start = head.start ? NN_START_KAIMING : NN_START_FAN_IN;
    shape->n_branches = head.branches;
    shape->gate_start = head.gate_start;
    SPRED_TRY(read_word(env, c, &shape->branches[0]));
    shape->gate = shape->branches[0].layers[0].sparse;
    for (size_t b = 0; b < head.branches; b++)
        SPRED_TRY(read_word(env, c, &shape->branches[b]));
    return SPRED_OK;
}

/* Before memory is asked for: the weights that the layers need are there. */
static enum spred_status check_size(struct spred_env *env,
                                    const struct cursor *c,
                                    const struct nn_shape *shape)
{
    size_t room = (c->size - c->at) / sizeof(real);
    for (size_t b = 0; b < shape->n_branches; b++) {
        struct spred_picture picture = nn_before(shape);
        for (size_t l = 0; l < shape->branches[b].n; l++) {
            const struct nn_layer *layer = &shape->branches[b].layers[l];
            size_t cols = picture.height * picture.width * picture.channels;
            if (layer->kind == NN_CONV)
                cols = layer->kernel * layer->kernel * picture.channels;
            SPRED_TRY(nn_after(env, shape, b, l, &picture));
            if (!(nn_kind_of(layer->kind)->keys & NN_KEY_SPARSE))
                continue;
            if (cols > room / picture.channels)
                return damaged(env, "parameters are missing");
            room -= cols * picture.channels;
        }
    }
    return SPRED_OK;
}

/* order is a permutation: place[order[k]] = k, each place taken once. */
static enum spred_status read_order(struct spred_env *env, struct cursor *c,
                                    struct nn *nn)
{
    size_t inputs = nn->shape.inputs;
    for (size_t j = 0; j < inputs; j++)
        nn->place[j] = NN_NONE;
    for (size_t k = 0; k <= inputs; k++) {
        uint64_t index = 0;
        get(c, &index, sizeof index);
        if (c->failed || index > inputs ||
            (k < inputs && (index == inputs || nn->place[index] != NN_NONE)))
            return damaged(env, "the order of its inputs makes no sense");
        if (k == inputs)
            nn->live = index;
        else {
            nn->order[k] = index;
            nn->place[index] = k;
        }
    }
    return SPRED_OK;
}

static enum spred_status fill(struct spred_env *env, struct cursor *c,
                              struct nn *nn)
{
    pass(nn, c, get_reals);
    if (c->failed)
        return damaged(env, "parameters are missing");
    SPRED_TRY(read_order(env, c, nn));
    return c->at == c->size ? SPRED_OK : damaged(env, "bytes are left over");
}

enum spred_status nn_restore(struct spred_env *env, const void *bytes,
                             size_t size, size_t most, struct nn **out)
{
    struct cursor c = {.in = bytes, .size = size};
    struct nn_shape shape;
    char message[SPRED_ERROR_MAX];
    *out = NULL;
    SPRED_TRY(read_shape(env, &c, &shape, &most));
    enum spred_status status = nn_shape_check(env, &shape);
    if (status == SPRED_EINVAL) {
        memcpy(message, env->error, sizeof message);
        return damaged(env, message);
    }
    SPRED_TRY(status);
    SPRED_TRY(check_size(env, &c, &shape));
    SPRED_TRY(nn_new(env, &shape, most, 0, out));
    status = fill(env, &c, *out);
    if (status != SPRED_OK) {
        nn_free(*out);
        *out = NULL;
    }
    return status;
}
