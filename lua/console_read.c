/* console_read.c: lines of a terminal through libedit, keys, history. */
#include <errno.h>
#include <histedit.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#include "lua/console_parts.h"
#include "spred/file.h"

#define HISTORY_MOST 1000

struct console_reader {
    struct console *console;
    EditLine *edit;
    History *history;
    char *path; /* of the history's file; NULL: it cannot be written */
    char *line; /* the last that was read (owned) */
    int more, cancelled;
    char *tabbed; /* text before the cursor at the last TAB, or NULL */
};

static struct console_reader *reader_of(EditLine *edit)
{
    void *reader = NULL;
    el_get(edit, EL_CLIENTDATA, &reader);
    return reader;
}

static char *prompt(EditLine *edit)
{
    static char first[] = "spred> ", next[] = "  ... ";
    return reader_of(edit)->more ? next : first;
}

int console_columns(void)
{
    struct winsize size;
    if (ioctl(1, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col;
    return 80;
}

int console_reader_waiting(const struct console *console)
{
    struct pollfd in = {.fd = 0, .events = POLLIN};
    return console->terminal && poll(&in, 1, 0) == 1;
}

/* One letter from the terminal. A signal ends the wait: a new size is told to
 * libedit, SIGINT from outside is the key Ctrl-C, SIGTERM the end. */
static int read_letter(EditLine *edit, wchar_t *letter)
{
    struct console_reader *reader = reader_of(edit);
    struct console_stop *stop = reader->console->stop;
    mbstate_t state;
    memset(&state, 0, sizeof state);
    for (;;) {
        char byte;
        if (stop->leave)
            return 0;
        ssize_t got = read(0, &byte, 1);
        if (got < 0 && errno == EINTR && stop->leave) {
            return 0;
        } else if (got < 0 && errno == EINTR && stop->asked) {
            stop->asked = 0;
            *letter = 3;
            return 1;
        } else if (got < 0 && errno == EINTR) {
            el_resize(edit);
        } else if (got <= 0) {
            return (int)got;
        } else {
            size_t used = mbrtowc(letter, &byte, 1, &state);
            if (used == (size_t)-1)
                memset(&state, 0, sizeof state); /* not a letter: dropped */
            else if (used != (size_t)-2)
                return 1;
        }
    }
}

/* ---- keys ---- */

static unsigned char key_cancel(EditLine *edit, int key)
{
    (void)key;
    reader_of(edit)->cancelled = 1;
    fputs("\033[J^C\n", stdout);
    fflush(stdout);
    return CC_NEWLINE;
}

static unsigned char key_suspend(EditLine *edit, int key)
{
    (void)key;
    el_set(edit, EL_PREP_TERM, 0);
    raise(SIGTSTP);
    el_set(edit, EL_PREP_TERM, 1);
    return CC_REDISPLAY;
}

/* Candidates in columns, below the line. */
static void print_list(const char *list, size_t count)
{
    size_t widest = 1;
    for (const char *c = list; *c; c += strcspn(c, "\n"), c += *c == '\n')
        if (strcspn(c, "\n") > widest)
            widest = strcspn(c, "\n");
    size_t columns = (size_t)console_columns() / (widest + 2), at = 0;
    if (columns == 0)
        columns = 1;
    putchar('\n');
    for (const char *c = list; *c; c += strcspn(c, "\n"), c += *c == '\n') {
        int length = (int)strcspn(c, "\n");
        at++;
        if (at % columns == 0 || at == count)
            printf("%.*s\n", length, c);
        else
            printf("%-*.*s", (int)widest + 2, length, c);
    }
    fflush(stdout);
}

/* TAB: blanks at the head of a line, else what all candidates share; the second
 * one lists them. */
static unsigned char key_complete(EditLine *edit, int key)
{
    struct console_reader *reader = reader_of(edit);
    struct console *console = reader->console;
    const LineInfo *line = el_line(edit);
    size_t length = (size_t)(line->cursor - line->buffer), count = 0;
    const char *insert = "", *list = "";
    (void)key;
    if (strspn(line->buffer, " \t\n") >= length)
        return el_insertstr(edit, "    ") == 0 ? CC_REFRESH : CC_ERROR;
    char *before = spred_strndup(console->env, line->buffer, length);
    if (!before)
        return CC_ERROR;
    int second = reader->tabbed && strcmp(reader->tabbed, before) == 0;
    console_complete(console, before, length, &insert, &list, &count);
    spred_free(console->env, reader->tabbed);
    reader->tabbed = spred_format(console->env, "%s%s", before, insert);
    spred_free(console->env, before);
    if (*insert)
        return el_insertstr(edit, insert) == 0 ? CC_REFRESH : CC_ERROR;
    if (count > 1 && second) {
        print_list(list, count);
        return CC_REDISPLAY;
    }
    return count > 0 ? CC_NORM : CC_REFRESH_BEEP;
}

static void set_keys(EditLine *edit)
{
    static const char *const keys[][2] = {{"^I", "spred-complete"},
                                          {"^C", "spred-cancel"},
                                          {"^Z", "spred-suspend"},
                                          {"^R", "em-inc-search-prev"},
                                          {"^W", "ed-delete-prev-word"},
                                          {"\\e[A", "ed-prev-history"},
                                          {"\\e[B", "ed-next-history"},
                                          {"\\eOA", "ed-prev-history"},
                                          {"\\eOB", "ed-next-history"},
                                          {"\\e[3~", "ed-delete-next-char"},
                                          {"\\e[1~", "ed-move-to-beg"},
                                          {"\\e[4~", "ed-move-to-end"},
                                          {"\\e[H", "ed-move-to-beg"},
                                          {"\\e[F", "ed-move-to-end"},
                                          {"\\eOH", "ed-move-to-beg"},
                                          {"\\eOF", "ed-move-to-end"},
                                          {"\\e[1;5C", "em-next-word"},
                                          {"\\e[1;5D", "ed-prev-word"},
                                          {"\\ep", "ed-search-prev-history"},
                                          {"\\en", "ed-search-next-history"}};
    el_set(edit, EL_ADDFN, "spred-complete", "complete names", key_complete);
    el_set(edit, EL_ADDFN, "spred-cancel", "give the line up", key_cancel);
    el_set(edit, EL_ADDFN, "spred-suspend", "to the shell", key_suspend);
    /* At the prompt Ctrl-C is a key; while code runs it is a signal. */
    el_set(edit, EL_SETTY, "-d", "-isig", NULL);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        el_set(edit, EL_BIND, keys[i][0], keys[i][1], NULL);
}

/* ---- history: one entry a line, "\n" and "\\" for newline and backslash ----
 */

static void enter(struct console_reader *reader, const char *entry)
{
    HistEvent event;
    history(reader->history, &event, H_ENTER, entry);
}

static enum spred_status find_path(struct console_reader *reader)
{
    struct spred_env *env = reader->console->env;
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    char *folder = NULL;
    if (state && state[0] == '/')
        folder = spred_format(env, "%s/spredbench", state);
    else if (home && home[0] == '/')
        folder = spred_format(env, "%s/.local/state/spredbench", home);
    else
        return spred_fail(env, SPRED_ENOTFOUND, "HOME is not set");
    enum spred_status status =
        folder ? spred_make_folders(env, folder, 0700) : SPRED_ENOMEM;
    if (status == SPRED_OK &&
        !(reader->path = spred_format(env, "%s/history", folder)))
        status = SPRED_ENOMEM;
    spred_free(env, folder);
    return status;
}

/* Undoes the escapes of a line in place. */
static void unescape(char *line)
{
    char *to = line;
    for (const char *c = line; *c; c++) {
        if (*c == '\\' && c[1])
            *to++ = *++c == 'n' ? '\n' : *c;
        else
            *to++ = *c;
    }
    *to = '\0';
}

/* Enters the file's last entries, and drops older ones from the file. */
static enum spred_status load_history(struct console_reader *reader)
{
    struct spred_env *env = reader->console->env;
    char *text = NULL;
    size_t length = 0, lines = 0;
    SPRED_TRY(find_path(reader));
    enum spred_status status =
        spred_read_file(env, reader->path, &text, &length);
    if (status == SPRED_ENOTFOUND)
        return SPRED_OK;
    SPRED_TRY(status);
    for (const char *c = text; (c = strchr(c, '\n')); c++)
        lines++;
    char *first = text;
    for (; lines > HISTORY_MOST; lines--)
        first = strchr(first, '\n') + 1;
    if (first != text)
        status = spred_write_file(env, reader->path, first, strlen(first));
    for (char *c = first, *end; (end = strchr(c, '\n')); c = end + 1) {
        *end = '\0';
        unescape(c);
        enter(reader, c);
    }
    spred_free(env, text);
    return status;
}

static int write_entry(FILE *file, const char *entry)
{
    for (const char *c = entry; *c; c++) {
        if (*c == '\\' || *c == '\n')
            putc('\\', file);
        putc(*c == '\n' ? 'n' : *c, file);
    }
    putc('\n', file);
    int bad = ferror(file);
    return fclose(file) == 0 && !bad;
}

void console_reader_note(struct console *console, const char *entry)
{
    struct console_reader *reader = console->reader;
    HistEvent last;
    if (history(reader->history, &last, H_FIRST) == 0 &&
        strcmp(last.str, entry) == 0)
        return;
    enter(reader, entry);
    if (!reader->path)
        return;
    FILE *file = fopen(reader->path, "a");
    if (file && write_entry(file, entry))
        return;
    fprintf(stderr, "the history is not kept: %s: %s\n", reader->path,
            strerror(errno));
    spred_free(console->env, reader->path);
    reader->path = NULL;
}

/* ---- */

/* Only so that a wait for a letter ends. */
static void wake(int number)
{
    (void)number;
}

enum spred_status console_reader_open(struct console *console)
{
    struct console_reader *reader =
        spred_alloc(console->env, 1, sizeof *reader);
    HistEvent event;
    struct sigaction action;
    if (!reader)
        return SPRED_ENOMEM;
    console->reader = reader;
    reader->console = console;
    reader->edit = el_init("spredbench", stdin, stdout, stderr);
    reader->history = history_init();
    if (!reader->edit || !reader->history)
        return spred_fail(console->env, SPRED_ENOMEM, "no memory for a line");
    memset(&action, 0, sizeof action);
    action.sa_handler = wake;
    sigaction(SIGWINCH, &action, NULL);
    history(reader->history, &event, H_SETSIZE, HISTORY_MOST);
    el_set(reader->edit, EL_CLIENTDATA, reader);
    el_set(reader->edit, EL_EDITOR, "emacs");
    el_set(reader->edit, EL_PROMPT, prompt);
    el_set(reader->edit, EL_GETCFN, read_letter);
    el_set(reader->edit, EL_HIST, history, reader->history);
    set_keys(reader->edit);
    if (load_history(reader) == SPRED_OK)
        return SPRED_OK;
    fprintf(stderr, "the history is not kept: %s\n", console->env->error);
    spred_free(console->env, reader->path);
    reader->path = NULL;
    return SPRED_OK;
}

void console_reader_close(struct console *console)
{
    struct console_reader *reader = console->reader;
    if (!reader)
        return;
    if (reader->edit)
        el_end(reader->edit);
    if (reader->history)
        history_end(reader->history);
    spred_free(console->env, reader->path);
    spred_free(console->env, reader->line);
    spred_free(console->env, reader->tabbed);
    spred_free(console->env, reader);
    console->reader = NULL;
}

enum console_line console_reader_next(struct console *console, int more,
                                      const char **line)
{
    struct console_reader *reader = console->reader;
    int length = 0;
    reader->more = more;
    reader->cancelled = 0;
    spred_free(console->env, reader->tabbed);
    reader->tabbed = NULL;
    el_resize(reader->edit);
    const char *text = el_gets(reader->edit, &length);
    if (reader->cancelled)
        return CONSOLE_CANCEL;
    if (!text || length <= 0) {
        putchar('\n');
        return CONSOLE_END;
    }
    while (length > 0 && (text[length - 1] == '\n' || text[length - 1] == '\r'))
        length--;
    spred_free(console->env, reader->line);
    reader->line = spred_strndup(console->env, text, (size_t)length);
    *line = reader->line;
    return reader->line ? CONSOLE_LINE : CONSOLE_CANCEL;
}
