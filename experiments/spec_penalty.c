/* spec_penalty.c: the penalty of a problem: l1, elastic-net, group, power. */
#include "experiments/spec_read.h"
#include "experiments/spec_write.h"

#define SIZE_MAX_GROUP 1e9
#define FACTORS_MAX 16

static const char *const kind_names[] = {"l1", "elastic-net", "group", "power",
                                         NULL};
enum kind { KIND_L1, KIND_ELASTIC, KIND_GROUP, KIND_POWER };
static const char *const over_names[] = {"features", "classes", NULL};
static const char *const weight_names[] = {"sqrt-size", "equal", NULL};

#define L1_RATIO                                                               \
    {                                                                          \
        "l1_ratio", SPEC_FIELD_REAL, offsetof(struct spec_problem, l1_ratio),  \
            1e-3, 1, NULL, NULL                                                \
    }
static const struct spec_field penalty_fields[] = {
    {"elastic-net", SPEC_FIELD_OTHER, 0, 0, 0, NULL, NULL},
    {"kind", SPEC_FIELD_OTHER, 0, 0, 0, NULL, NULL},
    L1_RATIO,
    {"groups", SPEC_FIELD_OTHER, 0, 0, 0, NULL, NULL},
    {"over", SPEC_FIELD_CHOICE, offsetof(struct spec_problem, over_classes), 0,
     0, over_names, NULL},
    {"weights", SPEC_FIELD_CHOICE, offsetof(struct spec_problem, equal_weights),
     0, 0, weight_names, NULL},
    {"factors", SPEC_FIELD_INT, offsetof(struct spec_problem, factors), 3,
     FACTORS_MAX, NULL, NULL},
    {0}};
static const struct spec_field elastic_fields[] = {L1_RATIO, {0}};
static const struct spec_field group_fields[] = {
    {"size", SPEC_FIELD_INT, offsetof(struct spec_problem, group_size), 1,
     SIZE_MAX_GROUP, NULL, NULL},
    {"file", SPEC_FIELD_TEXT, offsetof(struct spec_problem, group_file), 0, 0,
     NULL, NULL},
    {0}};

/* A key that this kind of penalty has no use for. */
static enum spred_status refuse(struct spec_reader *r,
                                const struct spec_node *map, int kind,
                                const char *const *keys)
{
    for (; *keys; keys++) {
        const struct spec_node *node = spec_node_get(map, *keys);
        if (node)
            return spec_fail(r, node, "penalty: %s has no '%s'",
                             kind_names[kind], *keys);
    }
    return SPRED_OK;
}

/* symbol, {size: 5} or {file: groups.csv}. */
static enum spred_status read_groups(struct spec_reader *r,
                                     const struct spec_node *node,
                                     struct spec_problem *p)
{
    static const char *const words[] = {"symbol", NULL};
    int index;
    if (node->kind != SPEC_NODE_MAP) {
        SPRED_TRY(spec_choice(r, node, "groups", words, &index));
        p->groups = SPEC_GROUPS_SYMBOL;
        return SPRED_OK;
    }
    SPRED_TRY(spec_fields(r, node, "groups", group_fields, p));
    if (node->n != 1)
        return spec_fail(r, node,
                         "groups: expected symbol, {size: 5} or {file: "
                         "groups.csv}");
    p->groups = p->group_file ? SPEC_GROUPS_FILE : SPEC_GROUPS_SIZE;
    return spec_beside(r, &p->group_file);
}

static enum spred_status read_group(struct spec_reader *r,
                                    const struct spec_node *node,
                                    struct spec_problem *p)
{
    static const char *const alien[] = {"factors", NULL};
    const struct spec_node *groups = spec_node_get(node, "groups");
    const struct spec_node *over = spec_node_get(node, "over");
    SPRED_TRY(refuse(r, node, KIND_GROUP, alien));
    p->penalty = SPEC_PENALTY_GROUP;
    if (groups)
        SPRED_TRY(read_groups(r, groups, p));
    if (!groups && !p->over_classes)
        return spec_fail(r, node,
                         "penalty: a group penalty wants groups: symbol, "
                         "{size: 5} or {file: groups.csv}, or over: classes");
    if (p->over_classes && p->loss == SPEC_SQUARED)
        return spec_fail(r, over,
                         "penalty: over: classes wants the multinomial loss "
                         "(squared fits one problem per class)");
    return SPRED_OK;
}

static enum spred_status read_kind(struct spec_reader *r,
                                   const struct spec_node *node, int kind,
                                   struct spec_problem *p)
{
    static const char *const not_l1[] = {"l1_ratio", "groups",  "over",
                                         "weights",  "factors", NULL};
    static const char *const not_power[] = {"l1_ratio", "groups", "over",
                                            "weights", NULL};
    if (kind == KIND_GROUP)
        return read_group(r, node, p);
    if (kind == KIND_L1)
        return refuse(r, node, kind, not_l1);
    if (kind == KIND_ELASTIC) {
        SPRED_TRY(refuse(r, node, kind, not_l1 + 1));
        return spec_node_get(node, "l1_ratio")
                   ? SPRED_OK
                   : spec_fail(r, node, "penalty: 'l1_ratio' is missing");
    }
    SPRED_TRY(refuse(r, node, kind, not_power));
    p->penalty = SPEC_PENALTY_POWER;
    return p->factors ? SPRED_OK
                      : spec_fail(r, node,
                                  "penalty: 'factors' is missing, expected for "
                                  "example {kind: power, factors: 3}");
}

/* A script's penalty, which takes no settings here. */
static enum spred_status read_own(struct spec_reader *r,
                                  const struct spec_node *node,
                                  const struct spec_node *named,
                                  struct spec_problem *p)
{
    if (node->n > 1)
        return spec_fail(r, node,
                         "penalty: '%.100s' of the script stands alone, "
                         "expected {kind: %.100s}",
                         named->text, named->text);
    p->penalty = SPEC_PENALTY_CUSTOM;
    return spec_text(r, named, "penalty.kind", &p->own_penalty);
}

enum spred_status spec_read_penalty(struct spec_reader *r,
                                    const struct spec_node *node,
                                    struct spec_problem *p)
{
    static const char hint[] =
        "penalty: expected l1, {elastic-net: {l1_ratio: 0.5}}, {kind: group, "
        "groups: {size: 5}} or {kind: power, factors: 3}";
    int kind = 0;
    const char *all[SPEC_WORDS_MAX];
    size_t built_in = spec_words(r, kind_names, SPEC_OWN_PENALTY, all);
    if (node->kind != SPEC_NODE_MAP) {
        SPRED_TRY(spec_choice(r, node, "penalty", all, &kind));
        if ((size_t)kind >= built_in)
            return read_own(r, node, node, p);
        return kind == KIND_L1 ? SPRED_OK : spec_fail(r, node, "%s", hint);
    }
    SPRED_TRY(spec_fields(r, node, "penalty", penalty_fields, p));
    const struct spec_node *elastic = spec_node_get(node, "elastic-net");
    const struct spec_node *named = spec_node_get(node, "kind");
    if (!elastic == !named || (elastic && node->n > 1))
        return spec_fail(r, node, "%s", hint);
    if (named) {
        SPRED_TRY(spec_choice(r, named, "penalty.kind", all, &kind));
        if ((size_t)kind >= built_in)
            return read_own(r, node, named, p);
        return read_kind(r, node, kind, p);
    }
    if (elastic->kind != SPEC_NODE_MAP || elastic->n == 0)
        return spec_fail(r, elastic, "%s", hint);
    return spec_fields(r, elastic, "elastic-net", elastic_fields, p);
}

static void put_group(struct spec_writer *w, const struct spec_problem *p)
{
    spec_put(w, "{kind: group, ");
    if (p->groups == SPEC_GROUPS_SYMBOL)
        spec_put(w, "groups: symbol, ");
    if (p->groups == SPEC_GROUPS_SIZE) {
        spec_put(w, "groups: {size: ");
        spec_put_integer(w, p->group_size);
        spec_put(w, "}, ");
    }
    if (p->groups == SPEC_GROUPS_FILE) {
        spec_put(w, "groups: {file: ");
        spec_put_text(w, p->group_file);
        spec_put(w, "}, ");
    }
    spec_put(w, "over: ");
    spec_put(w, over_names[p->over_classes]);
    spec_put(w, ", weights: ");
    spec_put(w, weight_names[p->equal_weights]);
    spec_put(w, ", l1_ratio: ");
    spec_put_real(w, p->l1_ratio);
    spec_put(w, "}");
}

void spec_put_penalty(struct spec_writer *w, const struct spec_problem *p)
{
    if (p->penalty == SPEC_PENALTY_GROUP) {
        put_group(w, p);
    } else if (p->penalty == SPEC_PENALTY_CUSTOM) {
        spec_put(w, "{kind: ");
        spec_put_text(w, p->own_penalty);
        spec_put(w, "}");
    } else if (p->penalty == SPEC_PENALTY_POWER) {
        spec_put(w, "{kind: power, factors: ");
        spec_put_integer(w, p->factors);
        spec_put(w, "}");
    } else if (p->l1_ratio < 1) {
        spec_put(w, "{elastic-net: {l1_ratio: ");
        spec_put_real(w, p->l1_ratio);
        spec_put(w, "}}");
    } else {
        spec_put(w, "l1");
    }
}
