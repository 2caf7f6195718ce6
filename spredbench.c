/* spredbench.c: the front door: argv -> command. The only file that may see
 * every room. */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "experiments/inspect.h"
#include "experiments/plan.h"
#include "experiments/solver_names.h"
#include "experiments/spec.h"
#include "experiments/units.h"
#include "lua/bench.h"
#include "lua/console.h"
#include "lua/declare.h"
#include "plots/plots.h"
#include "results/export.h"
#include "results/show.h"
#include "results/store.h"
#include "spred/file.h"
#include "spred/streams.h"
#include "spred/text.h"

enum exit_code {
    EXIT_GOOD = 0,
    EXIT_INTERNAL = 1,
    EXIT_USAGE = 2,
    EXIT_JOBS_FAILED = 3,
    EXIT_REFUTED = 4,
    EXIT_STOPPED = 130
};

#define MAX_OVERRIDES 64
#define HANGUP_SECONDS 5 /* that a console without its terminal may go on */
#define UNSAFE "SPREDBENCH_UNSAFE" /* tells the workers */

/* What the command line said. */
struct call {
    struct spred_env env;
    const char *verb;
    const char *words[2]; /* what follows the verb */
    size_t n_words;
    const char *set[MAX_OVERRIDES];
    size_t n_set;
    const char *output; /* -o: folder of results, default "results" */
    const char *geo_url;
    int64_t workers;
    struct progress bar;
    int retry_failed, refresh, all;
    int unsafe;                    /* Lua: all of its libraries */
    double memory;                 /* Lua: most bytes; 0: the default */
    struct script_options scripts; /* of `script:` */
    struct parts_opener opener;
};

static struct console_stop stop = {.patience = 1};

static void ask_stop(int number)
{
    if (stop.asked >= stop.patience)
        _exit(EXIT_STOPPED); /* the second time means it */
    stop.leave |= number != SIGINT;
    if (number == SIGHUP) /* also out of a C function that nothing stops */
        alarm(HANGUP_SECONDS);
    stop.asked++;
}

static int interrupted(void)
{
    return stop.asked != 0;
}

static int env_cancelled(void *cookie)
{
    (void)cookie;
    return stop.asked != 0;
}

static void print_log(void *cookie, enum spred_log_level level,
                      const char *text)
{
    const struct call *call = cookie;
    if (level == SPRED_LOG_WARN ||
        (level == SPRED_LOG_INFO && !call->bar.quiet))
        fprintf(stderr, "%sspredbench: %s\n",
                call->bar.terminal ? "\r\033[K" : "", text);
}

/* Prints the env's error and gives the exit code that fits the status. */
static int complain(const struct call *call, enum spred_status status)
{
    fprintf(stderr, "%sspredbench: %s\n", call->bar.terminal ? "\r\033[K" : "",
            call->env.error);
    if (status == SPRED_EINTERRUPTED)
        return EXIT_STOPPED;
    return status == SPRED_ENOMEM ? EXIT_INTERNAL : EXIT_USAGE;
}

static enum spred_status read_spec(struct call *call, struct spec *spec)
{
    struct spec_solver_names names = *solver_names();
    call->scripts = (struct script_options){.unsafe = call->unsafe,
                                            .memory = (size_t)call->memory,
                                            .output = call->output};
    script_opener(&call->scripts, &call->opener);
    names.opener = &call->opener;
    return spec_read(&call->env, call->words[0], call->set, call->n_set, &names,
                     spec);
}

static struct spred_fetch_options fetch_options(struct call *call)
{
    return (struct spred_fetch_options){.base_url = call->geo_url,
                                        .refresh = call->refresh,
                                        .progress = progress_download,
                                        .progress_cookie = &call->bar};
}

/* ---- run ---- */

static int exit_of(const struct exec_totals *totals)
{
    if (totals->interrupted)
        return EXIT_STOPPED;
    if (totals->refuted || totals->refuted_before)
        return EXIT_REFUTED;
    return totals->failed || totals->failed_before ? EXIT_JOBS_FAILED
                                                   : EXIT_GOOD;
}

/* "spredbench run FILE --set ...": how these results were asked for. */
static enum spred_status describe_call(struct call *call, char **out)
{
    struct spred_buffer text = {0};
    enum spred_status status = spred_buffer_add(
        &call->env, &text, "spredbench run %s", call->words[0]);
    for (size_t i = 0; i < call->n_set && status == SPRED_OK; i++)
        status = spred_buffer_add(&call->env, &text, " --set %s", call->set[i]);
    *out = text.text;
    return status;
}

static int run(struct call *call)
{
    struct spred_env *env = &call->env;
    struct spec spec = {0};
    struct exec_totals totals = {0};
    char *command = NULL;
    enum spred_status status = read_spec(call, &spec);
    if (status == SPRED_OK)
        status = describe_call(call, &command);
    struct bench bench = {.output = call->output,
                          .command = command,
                          .workers = (size_t)call->workers,
                          .retry_failed = call->retry_failed,
                          .fetch = fetch_options(call),
                          .interrupted = interrupted,
                          .bar = &call->bar,
                          .tables = stdout};
    if (status == SPRED_OK)
        status = bench_run(env, &bench, &spec, &totals);
    int code = status == SPRED_OK ? exit_of(&totals) : complain(call, status);
    spred_free(env, command);
    spec_free(env, &spec);
    return code;
}

/* ---- other verbs ---- */

static int plan_verb(struct call *call)
{
    struct spec spec = {0};
    struct plan plan = {0};
    struct spred_fetch_options fetch = fetch_options(call);
    enum spred_status status = read_spec(call, &spec);
    if (status == SPRED_OK)
        status = plan_make(&call->env, &spec, &fetch, &plan);
    if (status == SPRED_OK)
        status = inspect_plan(&call->env, &plan, call->all, stdout);
    plan_free(&call->env, &plan);
    spec_free(&call->env, &spec);
    return status == SPRED_OK ? EXIT_GOOD : complain(call, status);
}

/* results/NAME for a verb's argument: a folder as given, or a name below -o. */
static char *results_folder(struct call *call, const char *word)
{
    struct stat info;
    char *below = spred_format(&call->env, "%s/%s", call->output, word);
    if (below && stat(below, &info) != 0 && stat(word, &info) == 0) {
        spred_free(&call->env, below);
        below = spred_strdup(&call->env, word);
    }
    return below;
}

/* A store must be there: reading never makes one. */
static enum spred_status store_path(struct call *call, const char *folder,
                                    char **db)
{
    *db = spred_format(&call->env, "%s/results.db", folder);
    if (*db && access(*db, R_OK) != 0) {
        spred_fail(&call->env, SPRED_ENOTFOUND,
                   "%s: no results there (run the experiment first)", folder);
        spred_free(&call->env, *db);
        *db = NULL;
        return SPRED_ENOTFOUND;
    }
    return *db ? SPRED_OK : SPRED_ENOMEM;
}

/* `status` and `explain`. */
static enum spred_status show(struct call *call, const char *db)
{
    struct results_view *view = NULL;
    struct spred_buffer text = {0};
    SPRED_TRY(results_view_open(&call->env, db, &view));
    enum spred_status status =
        strcmp(call->verb, "status") == 0
            ? results_show_status(&call->env, view, &text)
            : results_show_run(&call->env, view, call->words[1], &text);
    if (status == SPRED_OK)
        fputs(text.text, stdout);
    spred_free(&call->env, text.text);
    results_view_close(view);
    return status;
}

static int results_verb(struct call *call)
{
    char *folder = results_folder(call, call->words[0]), *db = NULL;
    enum spred_status status =
        folder ? store_path(call, folder, &db) : SPRED_ENOMEM;
    if (status == SPRED_OK && strcmp(call->verb, "export") == 0)
        status = bench_tabulate(&call->env, folder, db, stdout);
    else if (status == SPRED_OK && strcmp(call->verb, "plot") == 0)
        status = bench_draw(&call->env, folder, db, NULL, 0, NULL);
    else if (status == SPRED_OK)
        status = show(call, db);
    if (status == SPRED_OK && strcmp(call->verb, "plot") == 0)
        printf("%s/figures\n%s/report.html\n", folder, folder);
    spred_free(&call->env, db);
    spred_free(&call->env, folder);
    return status == SPRED_OK ? EXIT_GOOD : complain(call, status);
}

static int verify(struct call *call)
{
    char *db[2] = {NULL, NULL};
    size_t differences = 0;
    struct spred_buffer text = {0};
    enum spred_status status = SPRED_OK;
    for (size_t i = 0; i < 2 && status == SPRED_OK; i++) {
        char *folder = results_folder(call, call->words[i]);
        status = folder ? store_path(call, folder, &db[i]) : SPRED_ENOMEM;
        spred_free(&call->env, folder);
    }
    if (status == SPRED_OK)
        status = results_verify(&call->env, db[0], db[1], &text, &differences);
    if (status == SPRED_OK)
        printf("%s%zu difference%s\n", text.text ? text.text : "", differences,
               differences == 1 ? "" : "s");
    spred_free(&call->env, text.text);
    spred_free(&call->env, db[0]);
    spred_free(&call->env, db[1]);
    if (status != SPRED_OK)
        return complain(call, status);
    return differences ? EXIT_JOBS_FAILED : EXIT_GOOD;
}

static int inspect(struct call *call)
{
    struct spred_fetch_options fetch = fetch_options(call);
    enum spred_status status;
    if (strcmp(call->verb, "solvers") == 0)
        status = inspect_solvers(&call->env, call->words[0], stdout);
    else if (strcmp(call->verb, "models") == 0)
        status = inspect_models(&call->env, call->words[0], stdout);
    else if (strcmp(call->verb, "coders") == 0)
        status = inspect_coders(&call->env, call->words[0], stdout);
    else if (strcmp(call->verb, "fetch") == 0)
        status = inspect_fetch(&call->env, call->words[0], &fetch, stdout);
    else
        status = inspect_data(&call->env, call->words[0], &fetch, stdout);
    return status == SPRED_OK ? EXIT_GOOD : complain(call, status);
}

/* A Lua script from its first line to its last. */
static int script_verb(struct call *call)
{
    struct script_options options = {.unsafe = call->unsafe,
                                     .memory = (size_t)call->memory,
                                     .output = call->output};
    struct script *script = NULL;
    enum spred_status status = script_new(&call->env, &options, &script);
    if (status == SPRED_OK)
        status = script_file(script, call->words[0]);
    int code = status == SPRED_OK ? EXIT_GOOD : complain(call, status);
    if (code != EXIT_GOOD && script && script->trace)
        fprintf(stderr, "%s\n", script->trace);
    script_free(script);
    return code;
}

static int console(struct call *call)
{
    struct script_options options = {.unsafe = call->unsafe,
                                     .memory = (size_t)call->memory,
                                     .output = call->output};
    stop.patience = 2; /* once stops what runs */
    enum spred_status status = console_run(&call->env, &options, &stop);
    if (status == SPRED_EINTERRUPTED)
        return EXIT_STOPPED;
    return status == SPRED_OK ? EXIT_GOOD : EXIT_USAGE;
}

static int doctor(struct call *call)
{
    char id[16];
    char *machine = plan_machine(&call->env, 1, id);
    if (!machine)
        return complain(call, SPRED_ENOMEM);
    printf("spredbench %s\nmachine %s: %s\n", SPREDBENCH_VERSION, id, machine);
    spred_free(&call->env, machine);
    printf("cores: %ld\n", sysconf(_SC_NPROCESSORS_ONLN));
    printf("gnuplot: %s\n", plots_gnuplot_found(&call->env)
                                ? "found"
                                : "MISSING: figures cannot be drawn (install "
                                  "the package gnuplot-nox)");
    char *cache = NULL;
    if (spred_cache_dir(&call->env, "data", &cache) == SPRED_OK)
        printf("cache: %s\n", cache);
    else
        printf("cache: NOT WRITABLE: %s\n", call->env.error);
    spred_free(&call->env, cache);
    return EXIT_GOOD;
}

/* ---- command line ---- */

struct verb {
    const char *name;
    size_t least, most; /* words after the verb */
    int (*act)(struct call *call);
    const char *usage, *doc;
};

static const struct verb verbs[] = {
    {"run", 1, 1, run, "FILE.yaml",
     "run an experiment, or go on with it (the default verb)"},
    {"script", 1, 1, script_verb, "FILE.lua",
     "run a Lua script (the default verb of .lua files)"},
    {"console", 0, 0, console, "", "type Lua and see its values (:help there)"},
    {"plan", 1, 1, plan_verb, "FILE.yaml", "show the jobs, run nothing"},
    {"status", 1, 1, results_verb, "NAME", "count the stored runs by outcome"},
    {"explain", 2, 2, results_verb, "NAME JOB",
     "everything about one run (JOB: the head of its key)"},
    {"export", 1, 1, results_verb, "NAME", "write CSV files and tables again"},
    {"plot", 1, 1, results_verb, "NAME", "draw figures and report again"},
    {"verify", 2, 2, verify, "NAME NAME",
     "compare the rows of two results, clocks aside"},
    {"data", 0, 1, inspect, "[FILE|SET|GDSnnn]",
     "what a data set holds; alone: formats and sets"},
    {"fetch", 1, 1, inspect, "SET|GDSnnn", "download a data set"},
    {"solvers", 0, 1, inspect, "[SOLVER]", "list methods, or one's options"},
    {"models", 0, 1, inspect, "[MODEL]", "list models, or one's options"},
    {"coders", 0, 1, inspect, "[CODER]",
     "list sparse coders and ways to learn a dictionary, or one's options"},
    {"doctor", 0, 0, doctor, "", "look at this machine"},
    {NULL, 0, 0, NULL, NULL, NULL}};

static void print_help(FILE *out)
{
    fputs("spredbench: certified solvers for sparse learning, compared\n"
          "\nusage: spredbench [VERB] ARGUMENTS [OPTIONS]\n\n",
          out);
    for (const struct verb *v = verbs; v->name; v++)
        fprintf(out, "  %-8s %-18s %s\n", v->name, v->usage, v->doc);
    fputs("\noptions:\n"
          "  --set KEY=VALUE   override a value of the file (protocol.trials="
          "1); repeat\n"
          "  -j N              worker processes (default: 1; timings are "
          "quietest then)\n"
          "  -o FOLDER         where results/NAME goes (default: results)\n"
          "  --retry-failed    run crashed, killed and failed jobs again\n"
          "  --geo-url URL     where GEO DataSets are fetched from\n"
          "  --refresh         download again what is cached\n"
          "  --all             plan: every job\n"
          "  --unsafe          Lua: also io, os, require (trusted scripts)\n"
          "  --memory SIZE     Lua: most memory it may hold (default 1 GiB)\n"
          "  -q, --quiet       no progress\n"
          "  -h, --help        this help (VERB --help: the same)\n"
          "  --version         name and version\n"
          "\nexit codes: 0 done; 1 internal error; 2 usage or bad file; 3 some "
          "jobs failed,\nnow or in an earlier run of the file; 4 a certificate "
          "was refuted, likewise;\n130 interrupted\n"
          "keys of an experiment file: man spredbench (EXPERIMENT FILE)\n",
          out);
}

static int usage_error(const char *format, const char *word, const char *near)
{
    fprintf(stderr, "spredbench: ");
    fprintf(stderr, format, word);
    if (near)
        fprintf(stderr, " (did you mean '%s'?)", near);
    fputs("; try spredbench --help\n", stderr);
    return EXIT_USAGE;
}

static const char *nearest_verb(const char *word)
{
    const char *names[sizeof verbs / sizeof *verbs + 1];
    size_t count = 0;
    for (const struct verb *v = verbs; v->name; v++)
        names[count++] = v->name;
    names[count] = NULL;
    return spred_nearest(word, names);
}

/* The word after an option, or NULL. */
static const char *value_of(int *at, int argc, char **argv)
{
    return *at + 1 < argc ? argv[++*at] : NULL;
}

static const char *const option_names[] = {
    "--set",  "--retry-failed", "--geo-url", "--refresh", "--all", "--quiet",
    "--help", "--version",      "--unsafe",  "--memory",  NULL};

/* Reads argv into the call; -1: go on, else an exit code. */
static int parse(struct call *call, int argc, char **argv)
{
    const char *words[3];
    size_t count = 0;
    for (int i = 1; i < argc; i++) {
        const char *a = argv[i], *value = "";
        if (strcmp(a, "-h") == 0 || strcmp(a, "--help") == 0 ||
            (count == 0 && strcmp(a, "help") == 0)) {
            print_help(stdout);
            return EXIT_GOOD;
        } else if (a[0] != '-' || a[1] == '\0') {
            if (count == 3)
                return usage_error("one word too many: '%s'", a, NULL);
            words[count++] = a;
        } else if (strcmp(a, "--version") == 0) {
            puts("spredbench " SPREDBENCH_VERSION);
            return EXIT_GOOD;
        } else if (strcmp(a, "--set") == 0) {
            value = value_of(&i, argc, argv);
            if (call->n_set == MAX_OVERRIDES)
                return usage_error("more than 64 times '%s'", a, NULL);
            call->set[call->n_set++] = value;
        } else if (strcmp(a, "-o") == 0) {
            value = call->output = value_of(&i, argc, argv);
        } else if (strcmp(a, "--geo-url") == 0) {
            value = call->geo_url = value_of(&i, argc, argv);
        } else if (strncmp(a, "-j", 2) == 0) {
            value = a[2] ? a + 2 : value_of(&i, argc, argv);
            if (value && (!spred_parse_int(value, &call->workers) ||
                          call->workers < 1 || call->workers > 64))
                return usage_error("-j wants a number from 1 to 64, not '%s'",
                                   value, NULL);
        } else if (strcmp(a, "--retry-failed") == 0) {
            call->retry_failed = 1;
        } else if (strcmp(a, "--refresh") == 0) {
            call->refresh = 1;
        } else if (strcmp(a, "--all") == 0) {
            call->all = 1;
        } else if (strcmp(a, "--unsafe") == 0) {
            call->unsafe = setenv(UNSAFE, "1", 1) == 0;
        } else if (strcmp(a, "--memory") == 0) {
            value = value_of(&i, argc, argv);
            if (value && spec_size(value, &call->memory))
                return usage_error("--memory wants a size with its unit, for "
                                   "example 2 GiB, not '%s'",
                                   value, NULL);
        } else if (strcmp(a, "-q") == 0 || strcmp(a, "--quiet") == 0) {
            call->bar.quiet = 1;
        } else {
            return usage_error("no option '%s'", a,
                               spred_nearest(a, option_names));
        }
        if (!value)
            return usage_error("'%s' wants a value", a, NULL);
    }
    if (count == 0) {
        print_help(stderr);
        return EXIT_USAGE;
    }
    call->verb = words[0];
    size_t dot = strlen(words[0]);
    int is_file = (dot > 5 && strcmp(words[0] + dot - 5, ".yaml") == 0) ||
                  (dot > 4 && strcmp(words[0] + dot - 4, ".yml") == 0);
    int is_script = dot > 4 && strcmp(words[0] + dot - 4, ".lua") == 0;
    size_t first = is_file || is_script ? 0 : 1;
    if (is_file)
        call->verb = "run";
    if (is_script)
        call->verb = "script";
    for (size_t i = first; i < count && call->n_words < 2; i++)
        call->words[call->n_words++] = words[i];
    return -1;
}

/* The exit code, unless the text that went before it was lost. */
static int leave(int code)
{
    if (spred_streams_end())
        return code;
    fputs("spredbench: stdout: could not be written to the end\n", stderr);
    return code == EXIT_GOOD ? EXIT_INTERNAL : code;
}

/* A worker process. What --unsafe allows is inherited from the parent. */
static int work(void)
{
    struct script_options options = {.unsafe = getenv(UNSAFE) != NULL};
    struct parts_opener opener;
    script_opener(&options, &opener);
    return job_worker(0, 1, &opener);
}

int main(int argc, char **argv)
{
    struct call call = {.output = "results", .workers = 1};
    struct sigaction action;
    spred_streams_begin();
    if (argc == 2 && strcmp(argv[1], "--worker") == 0)
        return work();
    spred_env_init(&call.env);
    call.env.log = print_log;
    call.env.log_cookie = &call;
    call.env.cancelled = env_cancelled;
    call.bar.terminal = isatty(2);
    int code = parse(&call, argc, argv);
    if (code >= 0)
        return leave(code);
    memset(&action, 0, sizeof action);
    action.sa_handler = ask_stop;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    if (strcmp(call.verb, "console") == 0)
        sigaction(SIGHUP, &action, NULL);
    for (const struct verb *v = verbs; v->name; v++) {
        if (strcmp(v->name, call.verb) != 0)
            continue;
        if (call.n_words >= v->least && call.n_words <= v->most)
            return leave(v->act(&call));
        fprintf(stderr, "spredbench: usage: spredbench %s %s\n", v->name,
                v->usage);
        return EXIT_USAGE;
    }
    return usage_error("no verb '%s'", call.verb, nearest_verb(call.verb));
}
