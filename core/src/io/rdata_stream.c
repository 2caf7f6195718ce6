/* rdata_stream.c: walks R's XDR serialisation into nodes, bounds first. */
#include "rdata.h"

#include <limits.h>
#include <string.h>

/* Deepest nesting seen in real packages is a few hundred (closures). */
#define MAX_DEPTH 3000
#define BLOCK_BYTES 65536
/* A compact sequence holds no data, so its length is not bounded by the file;
 * R's row names reach this far in no gene or text set. */
#define MAX_COMPACT ((double)(1 << 26))

/* Pseudo type numbers of the stream (R: serialize.c). */
enum {
    REF = 255,
    NIL_VALUE = 254,
    GLOBAL_ENV = 253,
    UNBOUND = 252,
    MISSING_ARG = 251,
    BASE_NAMESPACE = 250,
    NAMESPACE = 249,
    PACKAGE = 248,
    PERSISTENT = 247,
    BC_REPDEF = 244,
    BC_REPREF = 243,
    EMPTY_ENV = 242,
    BASE_ENV = 241,
    ATTR_LANGUAGE = 240,
    ATTR_PAIRLIST = 239,
    ALTREP = 238
};

struct r_block {
    struct r_block *next;
    size_t used, size;
    _Alignas(16) unsigned char bytes[];
};

struct reader {
    struct spred_env *env;
    const char *path;
    const unsigned char *bytes;
    size_t length, at;
    struct r_file *file;
    struct r_node **refs;
    size_t n_refs, max_refs;
    int depth;
    struct r_node *nil; /* shared; in the arena */
};

static enum spred_status item(struct reader *r, struct r_node **out);

static void *arena(struct reader *r, size_t count, size_t size)
{
    if (count > SIZE_MAX / 4 / size) {
        spred_fail(r->env, SPRED_ENOMEM, "out of memory (R objects)");
        return NULL;
    }
    size_t bytes = (count * size + 15) / 16 * 16;
    struct r_block *block = r->file->blocks;
    if (!block || block->size - block->used < bytes) {
        size_t room = bytes > BLOCK_BYTES ? bytes : BLOCK_BYTES;
        block = spred_alloc(r->env, sizeof *block + room, 1);
        if (!block)
            return NULL;
        block->size = room;
        block->next = r->file->blocks;
        r->file->blocks = block;
    }
    void *memory = block->bytes + block->used;
    block->used += bytes;
    return memory;
}

static enum spred_status bad(struct reader *r, size_t at, const char *found,
                             const char *expected)
{
    return spred_fail(r->env, SPRED_EFORMAT, "%s: byte %zu: %s, expected %s",
                      r->path, at, found, expected);
}

static enum spred_status need(struct reader *r, size_t count, size_t size)
{
    if (count > (r->length - r->at) / size)
        return spred_fail(r->env, SPRED_EFORMAT,
                          "%s: byte %zu: the stream ends, expected %zu more "
                          "elements of %zu bytes",
                          r->path, r->at, count, size);
    return SPRED_OK;
}

static enum spred_status integer(struct reader *r, int32_t *out)
{
    SPRED_TRY(need(r, 1, 4));
    const unsigned char *b = r->bytes + r->at;
    uint32_t bits = (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 |
                    (uint32_t)b[2] << 8 | b[3];
    memcpy(out, &bits, sizeof bits);
    r->at += 4;
    return SPRED_OK;
}

/* A vector length: one integer, or -1 and two integers (long vectors). */
static enum spred_status vector_length(struct reader *r, size_t element,
                                       size_t *out)
{
    size_t start = r->at;
    int32_t length, high, low;
    SPRED_TRY(integer(r, &length));
    *out = (size_t)length;
    if (length == -1) {
        SPRED_TRY(integer(r, &high));
        SPRED_TRY(integer(r, &low));
        if (high < 0 || high > 65535)
            return bad(r, start, "an impossible vector length",
                       "at most 2^48 elements");
        *out = (size_t)high << 32 | (uint32_t)low;
    } else if (length < 0) {
        return bad(r, start, "a negative vector length", "zero or more");
    }
    return need(r, *out, element);
}

static struct r_node *new_node(struct reader *r, enum r_type type)
{
    struct r_node *node = arena(r, 1, sizeof *node);
    if (node)
        node->type = type;
    return node;
}

static enum spred_status add_ref(struct reader *r, struct r_node *node)
{
    if (r->n_refs == r->max_refs) {
        size_t more = 2 * r->max_refs + 64;
        struct r_node **refs =
            spred_resize(r->env, r->refs, more, sizeof *refs);
        if (!refs)
            return SPRED_ENOMEM;
        r->refs = refs;
        r->max_refs = more;
    }
    r->refs[r->n_refs++] = node;
    return SPRED_OK;
}

/* CHARSXP after its flags. */
static enum spred_status text(struct reader *r, int32_t flags,
                              struct r_text *out)
{
    int32_t length;
    memset(out, 0, sizeof *out);
    SPRED_TRY(integer(r, &length));
    if (length == -1)
        return SPRED_OK;
    if (length < 0)
        return bad(r, r->at - 4, "a negative string length", "zero or more");
    SPRED_TRY(need(r, (size_t)length, 1));
    out->bytes = (const char *)r->bytes + r->at;
    out->length = (size_t)length;
    out->latin1 = flags >> 12 & 4 ? 1 : 0;
    r->at += out->length;
    return SPRED_OK;
}

static enum spred_status strings(struct reader *r, struct r_node *node)
{
    SPRED_TRY(vector_length(r, 8, &node->length));
    node->strings = arena(r, node->length, sizeof *node->strings);
    if (!node->strings)
        return SPRED_ENOMEM;
    for (size_t i = 0; i < node->length; i++) {
        int32_t flags;
        struct r_node *ignored;
        SPRED_TRY(integer(r, &flags));
        if ((flags & 255) != R_CHAR)
            return bad(r, r->at - 4, "another type inside a character vector",
                       "a string");
        SPRED_TRY(text(r, flags, &node->strings[i]));
        if (flags & 512)
            SPRED_TRY(item(r, &ignored));
    }
    return SPRED_OK;
}

static enum spred_status list(struct reader *r, struct r_node *node)
{
    SPRED_TRY(vector_length(r, 4, &node->length));
    node->items = arena(r, node->length, sizeof *node->items);
    if (!node->items)
        return SPRED_ENOMEM;
    for (size_t i = 0; i < node->length; i++)
        SPRED_TRY(item(r, &node->items[i]));
    return SPRED_OK;
}

/* A pairlist, closure, promise or call: [attributes] [tag] car cdr, the cdr as
 * a loop: lists are long, not deep. */
static enum spred_status pairs(struct reader *r, int32_t flags,
                               struct r_node **out)
{
    for (struct r_node **link = out;; link = &(*link)->cdr) {
        struct r_node *node = new_node(r, (enum r_type)(flags & 255));
        if (!node)
            return SPRED_ENOMEM;
        *link = node;
        if (flags & 512)
            SPRED_TRY(item(r, &node->attributes));
        if (flags & 1024)
            SPRED_TRY(item(r, &node->tag));
        SPRED_TRY(item(r, &node->car));
        SPRED_TRY(integer(r, &flags));
        int type = flags & 255;
        if (type != R_PAIRLIST && type != R_LANGUAGE && type != R_CLOSURE &&
            type != R_PROMISE && type != R_DOTS) {
            r->at -= 4;
            return item(r, &node->cdr);
        }
    }
}

static enum spred_status environment(struct reader *r, struct r_node *node)
{
    int32_t locked;
    struct r_node *enclosure;
    SPRED_TRY(add_ref(r, node));
    SPRED_TRY(integer(r, &locked));
    SPRED_TRY(item(r, &enclosure));
    SPRED_TRY(item(r, &node->car));
    SPRED_TRY(item(r, &node->cdr));
    return item(r, &node->attributes);
}

/* Namespace, package, persistent name: 0, count, strings; a reference. */
static enum spred_status named_environment(struct reader *r,
                                           struct r_node *node)
{
    int32_t zero, count;
    SPRED_TRY(integer(r, &zero));
    SPRED_TRY(integer(r, &count));
    if (zero != 0 || count < 0)
        return bad(r, r->at - 8, "a broken environment name", "0 and a count");
    SPRED_TRY(need(r, (size_t)count, 8));
    for (int32_t i = 0; i < count; i++) {
        struct r_node *ignored;
        SPRED_TRY(item(r, &ignored));
    }
    return add_ref(r, node);
}

/* Byte code: constants are ordinary items, calls have their own numbering. */
static enum spred_status code_call(struct reader *r, int32_t type)
{
    struct r_node *ignored;
    int32_t number, next;
    if (++r->depth > MAX_DEPTH)
        return bad(r, r->at, "byte code nested too deeply", "less nesting");
    enum spred_status status = SPRED_OK;
    if (type == BC_REPREF) {
        status = integer(r, &number);
        r->depth--;
        return status;
    }
    if (type == BC_REPDEF) {
        SPRED_TRY(integer(r, &number));
        SPRED_TRY(integer(r, &type));
    }
    if (type == R_LANGUAGE || type == R_PAIRLIST || type == ATTR_LANGUAGE ||
        type == ATTR_PAIRLIST) {
        if (type == ATTR_LANGUAGE || type == ATTR_PAIRLIST)
            SPRED_TRY(item(r, &ignored));
        SPRED_TRY(item(r, &ignored));
        SPRED_TRY(integer(r, &next));
        SPRED_TRY(code_call(r, next));
        SPRED_TRY(integer(r, &next));
        SPRED_TRY(code_call(r, next));
    } else {
        SPRED_TRY(item(r, &ignored));
    }
    r->depth--;
    return SPRED_OK;
}

static enum spred_status code(struct reader *r)
{
    struct r_node *ignored;
    int32_t count, type;
    if (++r->depth > MAX_DEPTH)
        return bad(r, r->at, "byte code nested too deeply", "less nesting");
    SPRED_TRY(item(r, &ignored));
    SPRED_TRY(integer(r, &count));
    for (int32_t i = 0; i < count; i++) {
        SPRED_TRY(integer(r, &type));
        if (type == R_BYTECODE)
            SPRED_TRY(code(r));
        else if (type == R_LANGUAGE || type == R_PAIRLIST ||
                 (type >= ATTR_PAIRLIST && type <= ATTR_LANGUAGE) ||
                 type == BC_REPDEF || type == BC_REPREF)
            SPRED_TRY(code_call(r, type));
        else
            SPRED_TRY(item(r, &ignored));
    }
    r->depth--;
    return SPRED_OK;
}

/* The value of a compact vector: state = (length, first, step). */
static enum spred_status compact(struct reader *r, size_t at,
                                 const struct r_node *state,
                                 struct r_node *node, enum r_type type)
{
    if (state->type != R_REAL || state->length != 3 || !state->data)
        return bad(r, at, "a broken compact sequence",
                   "three numbers: length, first, step");
    double length = r_number(state, 0);
    if (!(length >= 0 && length <= MAX_COMPACT))
        return bad(r, at, "a compact sequence of impossible length",
                   "at most 2^26 elements");
    node->type = type;
    node->compact = 1;
    node->length = (size_t)length;
    node->start = r_number(state, 1);
    node->step = r_number(state, 2);
    return SPRED_OK;
}

/* ALTREP: info (class, package, type), state, attributes. Wrappers give the
 * wrapped vector; classes that are not known stay opaque (R_NULL). */
static enum spred_status altrep(struct reader *r, struct r_node **out)
{
    size_t at = r->at;
    struct r_node *info, *state, *attributes;
    SPRED_TRY(item(r, &info));
    SPRED_TRY(item(r, &state));
    SPRED_TRY(item(r, &attributes));
    struct r_node *node = new_node(r, R_NULL);
    if (!node)
        return SPRED_ENOMEM;
    *out = node;
    const struct r_node *name = info->type == R_PAIRLIST ? info->car : NULL;
    const struct r_node *inner = NULL;
    if (state->type == R_PAIRLIST)
        inner = state->car;
    else if (state->type == R_LIST && state->length > 0)
        inner = state->items[0];
    if (r_is_symbol(name, "compact_intseq")) {
        SPRED_TRY(compact(r, at, state, node, R_INTEGER));
    } else if (r_is_symbol(name, "compact_realseq")) {
        SPRED_TRY(compact(r, at, state, node, R_REAL));
    } else if (r_is_symbol(name, "deferred_string")) {
        if (!r_is_numeric(inner))
            return bad(r, at, "a broken deferred string", "numbers");
        node->type = R_STRING;
        node->deferred = 1;
        node->length = inner->length;
        node->car = (struct r_node *)(uintptr_t)inner;
    } else if (name && name->type == R_SYMBOL && name->strings->bytes &&
               name->strings->length > 5 &&
               memcmp(name->strings->bytes, "wrap_", 5) == 0) {
        if (!inner)
            return bad(r, at, "a broken wrapper object", "a wrapped vector");
        *node = *inner;
    }
    if (attributes->type == R_PAIRLIST)
        node->attributes = attributes;
    return SPRED_OK;
}

static enum spred_status reference(struct reader *r, int32_t flags,
                                   struct r_node **out)
{
    int32_t index = (int32_t)((uint32_t)flags >> 8);
    if (index == 0)
        SPRED_TRY(integer(r, &index));
    if (index < 1 || (size_t)index > r->n_refs)
        return bad(r, r->at - 4, "a reference to an object not yet seen",
                   "an earlier one");
    *out = r->refs[index - 1];
    return SPRED_OK;
}

/* A vector or another object with optional attributes behind it. */
static enum spred_status object(struct reader *r, int32_t flags,
                                struct r_node *node)
{
    size_t width = 0;
    switch ((int)node->type) {
    case R_CHAR:
        node->strings = arena(r, 1, sizeof *node->strings);
        if (!node->strings)
            return SPRED_ENOMEM;
        SPRED_TRY(text(r, flags, node->strings));
        break;
    case R_LOGICAL:
    case R_INTEGER:
        width = 4;
        break;
    case R_REAL:
        width = 8;
        break;
    case R_COMPLEX:
        width = 16;
        break;
    case R_RAW:
    case R_SPECIAL:
    case R_BUILTIN:
        width = 1;
        break;
    case R_STRING:
        SPRED_TRY(strings(r, node));
        break;
    case R_LIST:
    case R_EXPRESSION:
        SPRED_TRY(list(r, node));
        break;
    case R_BYTECODE: {
        int32_t repeats;
        SPRED_TRY(integer(r, &repeats));
        SPRED_TRY(code(r));
        break;
    }
    case R_POINTER:
        SPRED_TRY(add_ref(r, node));
        SPRED_TRY(item(r, &node->car));
        SPRED_TRY(item(r, &node->cdr));
        break;
    case R_WEAKREF:
        SPRED_TRY(add_ref(r, node));
        break;
    case R_S4:
        break;
    default:
        return spred_fail(r->env, SPRED_EFORMAT,
                          "%s: byte %zu: unknown object type %d, expected one "
                          "of R's types",
                          r->path, r->at - 4, (int)node->type);
    }
    if (width) {
        SPRED_TRY(vector_length(r, width, &node->length));
        node->data = r->bytes + r->at;
        r->at += node->length * width;
    }
    return flags & 512 ? item(r, &node->attributes) : SPRED_OK;
}

static enum spred_status item_at_depth(struct reader *r, struct r_node **out)
{
    int32_t flags;
    SPRED_TRY(integer(r, &flags));
    int type = flags & 255;
    *out = r->nil;
    switch (type) {
    case NIL_VALUE:
    case GLOBAL_ENV:
    case UNBOUND:
    case MISSING_ARG:
    case BASE_NAMESPACE:
    case EMPTY_ENV:
    case BASE_ENV:
        return SPRED_OK;
    case REF:
        return reference(r, flags, out);
    case R_PAIRLIST:
    case R_CLOSURE:
    case R_PROMISE:
    case R_LANGUAGE:
    case R_DOTS:
        return pairs(r, flags, out);
    case ALTREP:
        return altrep(r, out);
    default:
        break;
    }
    struct r_node *node = new_node(r, (enum r_type)type);
    if (!node)
        return SPRED_ENOMEM;
    *out = node;
    switch (type) {
    case R_SYMBOL: {
        SPRED_TRY(integer(r, &flags));
        if ((flags & 255) != R_CHAR)
            return bad(r, r->at - 4, "a symbol without a name", "a string");
        node->strings = arena(r, 1, sizeof *node->strings);
        if (!node->strings)
            return SPRED_ENOMEM;
        SPRED_TRY(text(r, flags, node->strings));
        return add_ref(r, node);
    }
    case R_ENVIRONMENT:
        return environment(r, node);
    case NAMESPACE:
    case PACKAGE:
    case PERSISTENT:
        node->type = R_NULL;
        return named_environment(r, node);
    default:
        return object(r, flags, node);
    }
}

static enum spred_status item(struct reader *r, struct r_node **out)
{
    if (r->depth >= MAX_DEPTH)
        return bad(r, r->at, "objects nested too deeply", "less nesting");
    r->depth++;
    enum spred_status status = item_at_depth(r, out);
    r->depth--;
    return status;
}

int r_probe(const char *bytes, size_t length)
{
    if (length >= 7 && memcmp(bytes, "RD", 2) == 0 && bytes[4] == '\n' &&
        strchr("XAB", bytes[2]) && (bytes[3] == '2' || bytes[3] == '3'))
        return 2;
    static const char rds[5] = {'X', '\n', 0, 0, 0};
    return length >= 14 && memcmp(bytes, rds, 5) == 0 &&
           (bytes[5] == 2 || bytes[5] == 3);
}

static enum spred_status header(struct reader *r)
{
    int kind = r_probe((const char *)r->bytes, r->length);
    if (!kind)
        return bad(r, 0, "another format", "R data (RDX2, RDX3 or saveRDS)");
    r->file->is_rds = kind == 1;
    r->at = kind == 2 ? 5 : 0;
    if (r->bytes[r->at] != 'X' || r->bytes[r->at + 1] != '\n')
        return bad(r, r->at, "R data in ascii or native binary form",
                   "the XDR form (save without ascii = TRUE)");
    r->at += 2;
    int32_t version, ignored, length;
    SPRED_TRY(integer(r, &version));
    SPRED_TRY(integer(r, &ignored));
    SPRED_TRY(integer(r, &ignored));
    if (version != 2 && version != 3)
        return spred_fail(r->env, SPRED_EFORMAT,
                          "%s: byte %zu: serialisation version %ld, expected "
                          "2 or 3",
                          r->path, r->at - 12, (long)version);
    if (version == 3) { /* name of the native encoding */
        SPRED_TRY(integer(r, &length));
        if (length < 0)
            return bad(r, r->at - 4, "a negative length", "zero or more");
        SPRED_TRY(need(r, (size_t)length, 1));
        r->at += (size_t)length;
    }
    return SPRED_OK;
}

enum spred_status r_parse(struct spred_env *env, const struct spred_bytes *file,
                          struct r_file *out)
{
    struct reader r = {0};
    memset(out, 0, sizeof *out);
    out->env = env;
    r.env = env;
    r.path = file->path;
    r.bytes = (const unsigned char *)file->bytes;
    r.length = file->length;
    r.file = out;
    struct r_node *root = NULL;
    enum spred_status status = header(&r);
    if (status == SPRED_OK && !(r.nil = new_node(&r, R_NULL)))
        status = SPRED_ENOMEM;
    if (status == SPRED_OK)
        status = item(&r, &root);
    if (status == SPRED_OK && !out->is_rds && root->type != R_PAIRLIST)
        status = bad(&r, 0, "no named objects", "at least one");
    if (status == SPRED_OK)
        out->root = root;
    spred_free(env, r.refs);
    return status;
}

void r_free(struct r_file *file)
{
    while (file->blocks) {
        struct r_block *next = file->blocks->next;
        spred_free(file->env, file->blocks);
        file->blocks = next;
    }
    file->root = NULL;
}
