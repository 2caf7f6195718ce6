/* spec-test.h: a small registry of solvers and experiment files for the tests
 * of experiments/spec.h. */
#ifndef SPRED_SPEC_TEST_H
#define SPRED_SPEC_TEST_H

#include "test.h"

#include <unistd.h>

#include "experiments/spec.h"
#include "spred/option.h"

struct fake_options {
    int accelerate;
    long epochs;
    double step, momentum;
};
#define FAKE(kind, member) kind, offsetof(struct fake_options, member)
static const struct spred_option fake_cd[] = {
    {"epochs", FAKE(SPRED_OPTION_INT, epochs), "10", 1, 1000, NULL, "epochs"},
    {0}};
static const struct spred_option fake_prox[] = {
    {"accelerate", FAKE(SPRED_OPTION_BOOL, accelerate), "true", 0, 0, NULL, ""},
    {"step", FAKE(SPRED_OPTION_REAL, step), "1", 0, 10, NULL, "step size"},
    {0}};
static const struct spred_option fake_sgd[] = {
    {"step", FAKE(SPRED_OPTION_REAL, step), "0.1", 0, 1, NULL, "step size"},
    {"momentum", FAKE(SPRED_OPTION_REAL, momentum), "0.9", 0, 1, NULL, ""},
    {0}};
static const struct spred_option fake_none[] = {{0}};

static const char *const fake_names[] = {
    "coordinate-descent", "proximal-gradient", "lars", "spred-newton",
    "spred-sgd",          "subgradient",       NULL};
static const struct spred_option *const fake_tables[] = {
    fake_cd, fake_prox, fake_none, fake_none, fake_sgd, fake_none};

static const char *fake_resolve(const char *name, const char *variant)
{
    char full[256];
    snprintf(full, sizeof full, "%s%s%s", name, variant ? "-" : "",
             variant ? variant : "");
    if (strcmp(full, "cd") == 0)
        return fake_names[0];
    if (strcmp(full, "spred") == 0)
        return "spred-newton";
    for (size_t i = 0; fake_names[i]; i++)
        if (strcmp(fake_names[i], full) == 0)
            return fake_names[i];
    return NULL;
}

static enum spred_status fake_check(struct spred_env *env, const char *solver,
                                    const char *option, const char *value)
{
    struct fake_options scratch;
    for (size_t i = 0; fake_names[i]; i++)
        if (strcmp(fake_names[i], solver) == 0)
            return spred_options_set(env, fake_tables[i], &scratch, option,
                                     value);
    return SPRED_ENOTFOUND;
}

/* Two models: one with options of every kind, one with none. */
struct fake_model_options {
    double lr;
    long depth;
    int bias;
    char layers[SPRED_OPTION_TEXT_MAX];
};
#define FAKE_MODEL(kind, member)                                               \
    kind, offsetof(struct fake_model_options, member)
static const struct spred_option fake_net[] = {
    {"lr", FAKE_MODEL(SPRED_OPTION_REAL, lr), "0.1", 0, 1, NULL, ""},
    {"depth", FAKE_MODEL(SPRED_OPTION_INT, depth), "2", 1, 9, NULL, ""},
    {"bias", FAKE_MODEL(SPRED_OPTION_BOOL, bias), "true", 0, 0, NULL, ""},
    {"layers", FAKE_MODEL(SPRED_OPTION_TEXT, layers), "linear", 0, 0, NULL, ""},
    {0}};
static const char *const fake_model_names[] = {"net", "f_n", "guess", NULL};

static const char *fake_model_resolve(const char *name)
{
    if (strcmp(name, "net") == 0 || strcmp(name, "f_n") == 0)
        return "net";
    return strcmp(name, "guess") == 0 ? "guess" : NULL;
}

static enum spred_status fake_model_check(struct spred_env *env,
                                          const char *model, const char *option,
                                          const char *value)
{
    struct fake_model_options scratch;
    return spred_options_set(env,
                             strcmp(model, "net") == 0 ? fake_net : fake_none,
                             &scratch, option, value);
}

static int fake_model_is_word(const char *model, const char *option)
{
    return strcmp(model, "net") == 0 && strcmp(option, "layers") == 0;
}

static const struct spec_model_names fake_models = {
    .resolve = fake_model_resolve,
    .all = fake_model_names,
    .check = fake_model_check,
    .is_word = fake_model_is_word};
static const struct spec_solver_names fake_solvers = {.resolve = fake_resolve,
                                                      .all = fake_names,
                                                      .check = fake_check,
                                                      .models = &fake_models};

/* Writes an experiment file called name in the working folder, reads it, and
 * removes it again. */
static inline enum spred_status read_bytes(struct spred_env *env,
                                           const char *name, const char *bytes,
                                           size_t length,
                                           const char *const *sets,
                                           size_t n_sets, struct spec *out)
{
    FILE *file = fopen(name, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
    enum spred_status status =
        spec_read(env, name, sets, n_sets, &fake_solvers, out);
    remove(name);
    return status;
}

static inline enum spred_status read_text(struct spred_env *env,
                                          const char *name, const char *text,
                                          struct spec *out)
{
    return read_bytes(env, name, text, strlen(text), NULL, 0, out);
}

static const char minimal[] = "version: 1\n"
                              "datasets: [{debian: golub}]\n"
                              "problem: {loss: squared}\n"
                              "solvers: [lars]\n";

/* Uses much of the language; also the seed of the mutation test. */
static const char rich[] =
    "# comment\n"
    "version: 1\n"
    "name: rich-1\n"
    "seed: 23\n"
    "datasets:\n"
    "  - geo: {accession: [GDS1815, GDS507], target: {GDS507: \"tissue: a\"}}\n"
    "    otherwise: debian\n"
    "  - geo: GDS9\n"
    "    otherwise: {debian: [golub]}\n"
    "  - debian: [alpha, beta]\n"
    "  - file: {path: data/my genes.gct.gz, labels: a.cls, target: class,\n"
    "           orientation: samples-in-rows, object: \"x\\\"y\", response: "
    "y1}\n"
    "  - file: other.csv\n"
    "  - simulated: {\"n, p\": [[40, 60], [50, 70]], rho: [[0.1, 0.2], 0.3],\n"
    "                k: 4, snr: 2.5, classes: 0}\n"
    "problems:\n"
    "  - {loss: squared, penalty: l1, lambda: {path: 20, min_ratio: 0.01}}\n"
    "  - {loss: logistic, intercept: false, standardize: false,\n"
    "     lambda: [0.1, 0.5, 0.2]}\n"
    "  - {name: ab, loss: multinomial, lambda: {absolute: [3, 7.5]},\n"
    "     penalty: {elastic-net: {l1_ratio: 0.5}}}\n"
    "preprocess: {log2: never, missing: refuse, variance_keep: 12.5%}\n"
    "protocol: {kind: paper, trials: 3, test: 30%, validate: 7%}\n"
    "solvers:\n"
    "  - cd: {epochs: [5, 50]}\n"
    "  - proximal-gradient: {\"accelerate, step\": [[true, 1e-1], [false, "
    "2]]}\n"
    "  - spred: {variant: [newton, sgd], step: [0.1, 0.2]}\n"
    "  - lars:\n"
    "models:\n"
    "  - guess\n"
    "  - net: {lr: [0.1, 0.2], bias: false, tune: {depth: [1, 3]}}\n"
    "  - f_n: {layers: [{linear: {out: 4, sparse: {kind: spred, lambda: 1}}},\n"
    "           relu, linear], tune: {lr: [1e-2]}}\n"
    "stop: {gap: 1e-4, stall: {eps: 0, patience: 7}, wall: 500 ms, steps: 9}\n"
    "limits: {wall: 2 h, memory: 512 MiB, grace: 1 min}\n"
    "measure: {threads: 2}\n"
    "figures: [profile]\n";

#endif
