/* t-spec-errors.c: malformed experiment files: each is refused at its place
 * with words that help, quickly, and mutated files never crash. */
#include "spec-test.h"

#include <time.h>

#define NAME "t-spec-errors.yaml"
#define V "version: 1\n"
#define D "datasets: [debian: golub]\n"
#define P "problem: {loss: squared}\n"
#define S "solvers: [lars]\n"

struct bad {
    const char *text, *place, *words;
};

static const struct bad files[] = {
    /* the file as a whole */
    {"", "1:1", "nothing in this file"},
    {"# only\n# comments\n", "1:1", "nothing in this file"},
    {"- a\n- b\n", "1:1", "found a list, expected a map"},
    {"just words\n", "1:1", "'just words' is a text, expected a map"},
    {V D P "\n---\n" S, "5:1", "a second document"},
    {V D P S "seed: 1\nseed: 2\n", "6:1", "duplicate key 'seed'"},
    {V D P S "stop:\n\tgap: 1\n", "6:1", "a tab in the indentation"},
    {V D P S "name: \xFF\xFE\n", "5:7", "not UTF-8"},
    {V D P S "name: a\x02\n", "5:8", "control character"},
    {V D P S "name: &a x\n", "5:7", "anchors and aliases"},
    {V D P S "seed: !!str 1\n", "5:7", "tags"},
    {V "a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\n", "2:4",
     "anchors and aliases"},
    {V D P S "<<: {seed: 1}\n", "5:1", "merge keys"},
    {V D P S "stop: {gap: 1e-6\n", "6:1", "expected ',' or '}'"},
    /* version, name, keys */
    {D P S, "1:1", "'version' is missing, expected version: 1"},
    {"version: 2\n" D P S, "1:10", "version: '2' is not known, expected 1"},
    {"version: '1'\n" D P S, "1:10", "'1' is not known, expected 1"},
    {V P S, "1:1", "'datasets' is missing"},
    {V D S, "1:1", "'problem' is missing"},
    {V D P, "1:1", "'solvers' is missing"},
    {V D P S "sede: 1\n", "5:1",
     "unknown key in the file 'sede', did you mean "
     "'seed'?"},
    {V D P S "zzzzzz: 1\n", "5:1", "expected one of: version, name, seed"},
    {V D P S "name: ../up\n", "5:7", "not a safe name"},
    {V D P S "name: .hidden\n", "5:7", "not a safe name"},
    {V D P S "name: 'a b'\n", "5:7", "not a safe name"},
    {V D P S "name: 12\n", "5:7", "'12' is a number, expected a text"},
    {V D P S "problems: []\n", "5:11", "both problem and problems"},
    /* numbers */
    {V D P S "seed: 1.5\n", "5:7", "'1.5' is not a whole number"},
    {V D P S "seed: 1e3\n", "5:7", "'1e3' is not a whole number"},
    {V D P S "seed: -1\n", "5:7", "out of bounds"},
    {V D P S "seed: 12abc\n", "5:7", "'12abc' is not a number"},
    {V D P S "seed: '12'\n", "5:7", "in quotes, expected a number"},
    {V D P S "seed:\n", "5:6", "has no value"},
    {V D P S "seed: [1]\n", "5:7", "found a list, expected a number"},
    {V D P S "seed: 99999999999999999999\n", "5:7", "not a whole number"},
    {V D P S "stop: {gap: 1e400}\n", "5:13", "not a finite decimal number"},
    {V D P S "stop: {gap: nan}\n", "5:13", "'nan' is not a number"},
    {V D P S "stop: {gap: .nan}\n", "5:13", "not a finite decimal number"},
    {V D P S "stop: {gap: .inf}\n", "5:13", "not a finite decimal number"},
    {V D P S "stop: {gap: 0x1F}\n", "5:13", "not a finite decimal number"},
    {V D P S "stop: {gap: 2}\n", "5:13", "expected a number from 0 to 1"},
    {V D P S "stop:\n  gap: 0,5\n", "6:8", "decimals are written with a point"},
    {V D P S "stop: {gap: 0,5}\n", "5:15", "decimals are written with a point"},
    /* units */
    {V D P S "stop: {wall: 120}\n", "5:14",
     "'120' has no unit, expected for "
     "example 120 s"},
    {V D P S "stop: {wall: 2 GiB}\n", "5:14", "unknown unit, expected ms, s"},
    {V D P S "limits: {memory: 4}\n", "5:18", "for example 4 GiB"},
    {V D P S "limits: {memory: 4 G}\n", "5:18", "unknown unit, expected B"},
    {V D P S "limits: {memory: 1 kB}\n", "5:18", "out of bounds"},
    {V D P S "limits: {wall: -1 s}\n", "5:16", "not a duration"},
    {V D P S "protocol: {test: 0.2}\n", "5:18", "for example 20%"},
    {V D P S "protocol: {test: 120%}\n", "5:18", "more than 100%"},
    {V D P S "protocol: {test: 99.5%}\n", "5:18", "expected from 0% to 99%"},
    /* rules */
    {V D P S "protocol: {test: 60%, validate: 40%}\n", "5:11",
     "test and validate take 100% or more"},
    {V D P S "protocol: {test: 85%}\n", "5:11", "100% or more"},
    {V D P S "protocol: {validate: 0%}\n", "5:11", "chooses among the lambdas"},
    {V D P S "protocol: {kind: paper, validate: 0%}\n", "5:11",
     "chooses among the lambdas"},
    {V D P S "protocol: {trials: 0}\n", "5:20", "from 1 to 10000"},
    {V D P S "protocol: {choose: cv}\n", "5:20", "expected a map"},
    {V D P S "protocol: {choose: {kind: vc}}\n", "5:27", "did you mean 'cv'?"},
    {V D P S "protocol: {choose: {kind: cv, rule: 1sd}}\n", "5:37",
     "unknown protocol.choose.rule '1sd', did you mean '1se'?"},
    {V D P S "protocol: {choose: {kind: cv, flods: 5}}\n", "5:31",
     "unknown key in protocol.choose 'flods', did you mean 'folds'?"},
    {V D P S "protocol: {choose: {kind: cv, folds: 1}}\n", "5:38",
     "from 2 to 1000"},
    {V D P S "protocol: {validate: 10%, choose: {kind: cv}}\n", "5:22",
     "choose: {kind: cv} validates on nothing"},
    {V D P S "protocol: {kind: paper, choose: {kind: none}}\n", "5:33",
     "kind: paper chooses on its validation part"},
    {V D P S "protocol: {kind: given, test: 20%}\n", "5:31",
     "kind: given tests on the part that the data were published with"},
    {V D P S "protocol: {kind: given, folds: 5}\n", "5:11",
     "folds do not go with kind: given"},
    {V D P S "protocol: {kind: paper, folds: 5}\n", "5:11",
     "folds do not go with kind: paper"},
    {V D P S "protocol: {kind: givne}\n", "5:18", "did you mean 'given'?"},
    {V D P S "protocol: {kind: claen}\n", "5:18", "did you mean 'clean'?"},
    {V D P S "preprocess: {log2: true}\n", "5:20", "expected a text"},
    {V D P S "measure: {treads: 1}\n", "5:11", "did you mean 'threads'?"},
    {V D P S "measure: {threads: 0}\n", "5:20", "from 1 to 1024"},
    {V D P S "measure: {batch: 0}\n", "5:18", "from 1 to 1000"},
    {V D P S "stop: {stall: {pateince: 1}}\n", "5:16",
     "unknown key in stop.stall 'pateince', did you mean 'patience'?"},
    {V D P S "figures: [gap-tiem]\n", "5:11", "did you mean 'gap-time'?"},
    {V D P S "figures: [profile, profile]\n", "5:20", "there twice"},
    {V D P S "figures: profile\n", "5:10", "expected a list"},
    /* data sets */
    {V "datasets: []\n" P S, "2:11", "is empty"},
    {V "datasets: [images: mnist]\n" P S, "2:20",
     "images: 'mnist' is in no Debian package: get train-images-idx3-ubyte.gz"},
    {V "datasets: [images: {name: CIFAR-10}]\n" P S, "2:27",
     "write images: {path: cifar-10-batches-bin}"},
    {V "datasets: [images: fashon-mnist]\n" P S, "2:20",
     "unknown set of pictures 'fashon-mnist', did you mean 'fashion-mnist'?"},
    {V "datasets: [images: {as: x}]\n" P S, "2:20", "one of name and path"},
    {V "datasets: [images: {name: fashion-mnist, path: a}]\n" P S, "2:20",
     "one of name and path"},
    {V "datasets: [images: {path: a, sampels: 5}]\n" P S, "2:30",
     "unknown key in images 'sampels', did you mean 'samples'?"},
    {V "datasets: [images: {path: a, samples: -1}]\n" P S, "2:39",
     "out of bounds"},
    {V "datasets: [images: {path: a, as: b c}]\n" P S, "2:34",
     "not a safe name"},
    {V "datasets: [images: fashion-mnist, images: fashion-mnist]\n" P S, "2:43",
     "two data sets are called 'fashion-mnist'"},
    {V "datasets: golub\n" P S, "2:11", "expected a list"},
    {V "datasets: [golub]\n" P S, "2:12", "expected a map"},
    {V "datasets: [debain: golub]\n" P S, "2:12", "did you mean 'debian'?"},
    {V "datasets: [{otherwise: debian}]\n" P S, "2:12", "expected one of geo"},
    {V "datasets: [{debian: golub, file: a}]\n" P S, "2:28", "one source"},
    {V "datasets: [{debian: golub, otherwise: debian}]\n" P S, "2:39",
     "only geo"},
    {V "datasets: [debian: [golub, golub]]\n" P S, "2:28", "two data sets"},
    {V "datasets: [geo: GSE1815]\n" P S, "2:17", "'GSE1815' is not a GEO"},
    {V "datasets: [geo: {accession: []}]\n" P S, "2:29", "is empty"},
    {V "datasets: [geo: {target: x}]\n" P S, "2:17", "'accession' is missing"},
    {V "datasets: [geo: {accession: GDS1, target: {GDS2: x}}]\n" P S, "2:44",
     "'GDS2' is not one of the accessions"},
    {V "datasets: [{geo: GDS1, otherwise: {debain: x}}]\n" P S, "2:36",
     "did you mean 'debian'?"},
    {V "datasets: [file: {labels: a}]\n" P S, "2:18", "'path' is missing"},
    {V "datasets: [file: {path: a, orientation: rows}]\n" P S, "2:41",
     "unknown file.orientation 'rows'"},
    {V "datasets: [simulated: {n: 40}]\n" P S, "2:23", "'p' is missing"},
    {V "datasets: [simulated: {n: 40, p: 5, k: 6}]\n" P S, "2:40",
     "more than p = 5"},
    {V "datasets: [simulated: {n: 40, p: 5, classes: 1}]\n" P S, "2:46",
     "expected 0 (a number is predicted) or 2"},
    {V "datasets: [simulated: {kind: idd, n: 40, p: 5}]\n" P S, "2:30",
     "unknown simulated.kind 'idd', did you mean 'iid'?"},
    {V "datasets: [simulated: {kind: iid, n: 40, p: 5, rho: 0.5}]\n" P S,
     "2:48",
     "unknown key in simulated 'rho', expected one of: kind, name, n, p, "
     "density, noise"},
    {V "datasets: [simulated: {n: 40, p: 5, density: 10%}]\n" P S, "2:37",
     "unknown key in simulated 'density'"},
    {V "datasets: [simulated: {kind: iid, n: 40, p: 5, density: 0.1}]\n" P S,
     "2:57", "for example 20%"},
    {V "datasets: [simulated: {kind: [iid, blocks], n: 40, p: 5}]\n" P S,
     "2:24", "a sweep is of one kind"},
    {V "datasets: [simulated: {kind: planted, n: 40, p: 50, k: 7}]\n" P S,
     "2:56", "expected a multiple of 5, found 7"},
    {V "datasets: [simulated: {kind: planted, n: 40, p: 4}]\n" P S, "2:23",
     "expected a multiple of 5, found 4"},
    {V "datasets: [simulated: {kind: planted, n: 40, p: 50, blocks: 4}]\n" P S,
     "2:61", "at least k = 5 blocks, found 4"},
    {V "datasets: [simulated: {kind: planed, n: 40, p: 50}]\n" P S, "2:30",
     "did you mean 'planted'?"},
    {V D "problem: {loss: squared, scaling: author}\n" S, "3:35",
     "did you mean 'authors'?"},
    {V D "problem: {loss: squared, scaling: authors}\n" S, "3:35",
     "at absolute lambdas"},
    {V D
     "problem: {loss: logistic, lambda: {absolute: 1}, scaling: authors}\n" S,
     "3:59", "squared loss"},
    {V D "problem: {loss: squared, warm_start: 1}\n" S, "3:38",
     "expected true or false"},
    {V "datasets: [simulated: {n: 40, p: 5, rho: [.9, .1]}]\n" P S, "2:47",
     "the larger first"},
    {V "datasets: [simulated: {\"n, p\": [[40, 5], [50]]}]\n" P S, "2:42",
     "ties 2 keys, but this list has 1 value"},
    {V "datasets: [simulated: {\"n, p\": [40, 5]}]\n" P S, "2:33",
     "expected a list"},
    {V "datasets: [simulated: {\"n, p\": [[40, 5]], n: 4}]\n" P S, "2:43",
     "duplicate key 'n'"},
    {V "datasets: [simulated: {\"n,\": [[40, 5]]}]\n" P S, "2:24",
     "does not tie keys"},
    {V "datasets: [simulated: {n: [40, 40], p: 5}]\n" P S, "2:23",
     "two data sets are called"},
    /* problems */
    {V D "problem: {loss: sqared}\n" S, "3:17", "did you mean 'squared'?"},
    {V D "problem: {penalty: l1}\n" S, "3:10", "'loss' is missing"},
    {V D "problem: [1]\n" S, "3:10", "found a list, expected a map"},
    {V D "problems: []\n" S, "3:11", "expected 1 to 100"},
    {V D "problems: [{loss: squared}, {loss: squared}]\n" S, "3:29",
     "two problems are called 'lasso'"},
    {V D "problem: {loss: squared, lamda: 1}\n" S, "3:26",
     "did you mean 'lambda'?"},
    {V D "problem: {loss: squared, penalty: l2}\n" S, "3:35",
     "did you mean 'l1'?"},
    {V D "problem: {loss: squared, penalty: elastic-net}\n" S, "3:35",
     "{elastic-net: {l1_ratio: 0.5}}"},
    {V D "problem: {loss: squared, penalty: {elastic-net: {l1_ratio: 2}}}\n" S,
     "3:60", "from 0.001 to 1"},
    {V D "problem: {loss: squared, intercept: yes}\n" S, "3:37",
     "'yes' is a text, expected true or false"},
    {V D "problem: {loss: squared, standardize: test}\n" S, "3:39",
     "expected train"},
    {V D "problem: {loss: squared, lambda: -0.1}\n" S, "3:34",
     "not greater than 0"},
    {V D "problem: {loss: squared, lambda: 0}\n" S, "3:34",
     "not greater than 0"},
    {V D "problem: {loss: squared, lambda: [0.5, 1.5]}\n" S, "3:40",
     "{absolute: 1.5}"},
    {V D "problem: {loss: squared, lambda: [0.5, 0.50]}\n" S, "3:40",
     "there twice"},
    {V D "problem: {loss: squared, lambda: []}\n" S, "3:34", "expected 1 to"},
    {V D "problem: {loss: squared, lambda: {path: 1}}\n" S, "3:41",
     "from 2 to"},
    {V D "problem: {loss: squared, lambda: {min_ratio: 0.1}}\n" S, "3:34",
     "expected {path: 50"},
    {V D "problem: {loss: squared, lambda: {absolute: 1, path: 3}}\n" S, "3:34",
     "absolute stands alone"},
    {V D "problem: {loss: squared, lambda: {absolute: .inf}}\n" S, "3:45",
     "not a finite"},
    /* solvers */
    {V D P "solvers: []\n", "4:10", "is empty"},
    {V D P "solvers: lars\n", "4:10", "expected a list"},
    {V D P "solvers: [1]\n", "4:11", "expected a name"},
    {V D P "solvers: [lras]\n", "4:11",
     "unknown solver 'lras', did you mean "
     "'lars'?"},
    {V D P "solvers: [zzzzzzzz]\n", "4:11", "expected one of: coordinate-"},
    {V D P "solvers: [spred: {variant: newtno}]\n", "4:28",
     "did you mean 'spred-newton'?"},
    {V D P "solvers: [proximal-gradient: {acelerate: true}]\n", "4:31",
     "'accelerate'"},
    {V D P "solvers: [proximal-gradient: {step: 11}]\n", "4:37",
     "step: '11' is not a number from 0 to 10"},
    {V D P "solvers: [proximal-gradient: {step: .nan}]\n", "4:37",
     "'.nan' is not a number"},
    {V D P "solvers: [proximal-gradient: {step: {a: 1}}]\n", "4:37",
     "expected one value"},
    {V D P "solvers: [proximal-gradient: {step: }]\n", "4:37",
     "expected one value"},
    {V D P "solvers: [proximal-gradient: {step: []}]\n", "4:37", "is empty"},
    {V D P "solvers: [spred: {variant: [newton, sgd], stpe: 1}]\n", "4:43",
     "'step'"},
    {V D P "solvers: [lars, lars]\n", "4:17", "there twice"},
    {V D P "solvers: [cd, coordinate-descent]\n", "4:15", "there twice"},
    {V D P "solvers: [proximal-gradient: {\"step, accelerate\": [[1]]}]\n",
     "4:52", "ties 2 keys, but this list has 1 value"},
};

static void table(void **state)
{
    (void)state;
    size_t wrong = 0, n = sizeof files / sizeof *files;
    for (size_t i = 0; i < n; i++) {
        struct spred_env env;
        struct spec s;
        char place[64];
        spred_env_init(&env);
        snprintf(place, sizeof place, NAME ":%s: ", files[i].place);
        enum spred_status status = read_text(&env, NAME, files[i].text, &s);
        if ((status != SPRED_EINVAL && status != SPRED_EFORMAT) ||
            strncmp(env.error, place, strlen(place)) != 0 ||
            !strstr(env.error, files[i].words)) {
            print_error("%s gave %d: %s\nexpected %s %s\n", files[i].text,
                        (int)status, env.error, place, files[i].words);
            wrong++;
        }
        if (status == SPRED_OK)
            spec_free(&env, &s);
        assert_null(s.datasets);
        assert_null(s.resolved);
    }
    assert_true(n >= 30);
    assert_int_equal(wrong, 0);
}

static void overrides(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"stop.gap", "expected for example --set stop.gap=1e-4"},
        {"=1", "expected for example"},
        {"stop..gap=1", "keys with points between them"},
        {"stpo.gap=1", "--set stpo.gap=1: unknown key in the file 'stpo', did "
                       "you mean 'stop'?"},
        {"stop.gpa=1", "--set stop.gpa=1: unknown key in stop 'gpa', did you "
                       "mean 'gap'?"},
        {"stop.gap=", "has no value"},
        {"stop.gap=x", "--set stop.gap=x: stop.gap: 'x' is not a number"},
        {"solvers.1=lars", "'1' is not an item of this list, expected 0 to 0"},
        {"solvers.x=lars", "'x' is not an item of this list"},
        {"version.step=1", "neither a map nor a list"},
        {"solvers.0.step=1", "solver lars: no option 'step'"},
        {"solvers=[lras]", "--set solvers=[lras]: unknown solver 'lras'"},
        {"seed=[1", "--set seed=[1: did not find expected"},
        {"seed=1.5", "--set seed=1.5: seed: '1.5' is not a whole number"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        static const char text[] = V D P S;
        struct spred_env env;
        struct spec s;
        spred_env_init(&env);
        enum spred_status status =
            read_bytes(&env, NAME, text, strlen(text), &rows[i][0], 1, &s);
        if (status == SPRED_OK || !strstr(env.error, rows[i][1]))
            fail_msg("%s gave %d: %s", rows[i][0], (int)status, env.error);
    }
}

static void not_a_file(void **state)
{
    (void)state;
    struct spred_env env;
    struct spec s;
    spred_env_init(&env);
    assert_int_equal(
        spec_read(&env, "t-spec-none.yaml", NULL, 0, &fake_solvers, &s),
        SPRED_EIO);
    assert_non_null(strstr(env.error, "t-spec-none.yaml: cannot be opened"));
    assert_int_equal(spec_read(&env, ".", NULL, 0, &fake_solvers, &s),
                     SPRED_EIO);
    assert_non_null(strstr(env.error, "is a folder"));
}

/* Valgrind slows everything down some thirty times. */
static int under_valgrind(void)
{
    const char *preloaded = getenv("LD_PRELOAD");
    return preloaded && strstr(preloaded, "vgpreload") != NULL;
}

/* Files made to be slow are refused in a moment. */
static void hostile(void **state)
{
    (void)state;
    static const struct {
        const char *unit;
        size_t count;
        const char *words;
    } rows[] = {{"[", 100000, "nested too deep"},
                {"[\n", 100000, "nested too deep"},
                {"{a: ", 100000, "nested too deep"},
                {"\"]\",[", 100000, "expected"},
                {"- ", 100000, "nested too deep"},
                {"# pad\n", 350000, "more than 1 MiB"},
                {"- a\n", 200000, "too many values"},
                {"a", 1000000, "expected a map"}};
    char *text = malloc(4u << 20);
    assert_non_null(text);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct spred_env env;
        struct spec s;
        size_t width = strlen(rows[i].unit);
        spred_env_init(&env);
        for (size_t k = 0; k < rows[i].count; k++)
            memcpy(text + k * width, rows[i].unit, width);
        clock_t start = clock();
        enum spred_status status =
            read_bytes(&env, NAME, text, width * rows[i].count, NULL, 0, &s);
        double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
        if (status == SPRED_OK || !strstr(env.error, rows[i].words))
            fail_msg("%s gave %d: %s", rows[i].unit, (int)status, env.error);
        if (seconds > 1 && !under_valgrind())
            fail_msg("%s took %g s", rows[i].unit, seconds);
    }
    free(text);
}

/* Sweeps that multiply are capped. */
static void wide_sweeps(void **state)
{
    (void)state;
    struct spred_env env;
    struct spec s;
    char text[8192] = V P S "datasets:\n  - simulated: {", list[1024] = "[";
    spred_env_init(&env);
    for (int i = 0; i < 100; i++)
        snprintf(list + strlen(list), sizeof list - strlen(list), "%d%s",
                 i + 100, i < 99 ? ", " : "]");
    snprintf(text + strlen(text), sizeof text - strlen(text),
             "n: %s, p: %s, k: %s}\n", list, list, list);
    assert_int_equal(read_text(&env, NAME, text, &s), SPRED_EINVAL);
    assert_non_null(strstr(env.error, "more than 1000 combinations"));
}

/* Bytes replaced, removed, doubled, or moved: any outcome but a crash, and a
 * file that reads resolves to one that reads. Deterministic. */
static unsigned next_random(unsigned *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

static size_t mutate(unsigned *seed, char *text, size_t length)
{
    static const char alphabet[] = "[]{},:#&*!|>'\"%@`-? \n\t\\.0159eExn~<\xC3";
    size_t at = next_random(seed) % length, to = next_random(seed) % length;
    size_t run = 1 + next_random(seed) % 12;
    if (at + run > length)
        run = length - at;
    switch (next_random(seed) % 4) {
    case 0:
        text[at] = alphabet[next_random(seed) % (sizeof alphabet - 1)];
        return length;
    case 1: /* remove a run */
        memmove(text + at, text + at + run, length - at - run);
        return length - run;
    case 2: /* double a run */
        memmove(text + at + run, text + at, length - at);
        return length + run;
    default: /* copy a run elsewhere */
        if (to + run <= length)
            memmove(text + to, text + at, run);
        return length;
    }
}

static void mutations(void **state)
{
    (void)state;
    unsigned seed = 1, good = 0;
    clock_t start = clock();
    for (int i = 0; i < 8000; i++) {
        static char text[8192];
        struct spred_env env;
        struct spec s, again;
        size_t length = strlen(rich);
        memcpy(text, rich, length);
        for (unsigned k = next_random(&seed) % 5; k < 5; k++)
            length = mutate(&seed, text, length);
        spred_env_init(&env);
        if (read_bytes(&env, NAME, text, length, NULL, 0, &s) != SPRED_OK) {
            assert_true(*env.error);
            continue;
        }
        good++;
        if (read_text(&env, NAME, s.resolved, &again) != SPRED_OK)
            fail_msg("%s in\n%s\nfrom\n%.*s", env.error, s.resolved,
                     (int)length, text);
        assert_string_equal(s.resolved, again.resolved);
        spec_free(&env, &s);
        spec_free(&env, &again);
    }
    assert_true(good > 100);
    assert_true((double)(clock() - start) / CLOCKS_PER_SEC < 60);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table),       cmocka_unit_test(overrides),
        cmocka_unit_test(not_a_file),  cmocka_unit_test(hostile),
        cmocka_unit_test(wide_sweeps), cmocka_unit_test(mutations)};
    return cmocka_run_group_tests_name("spec-errors", tests, NULL, NULL);
}
