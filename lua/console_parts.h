/* console_parts.h: what the files of the console share. */
#ifndef LUA_CONSOLE_PARTS_H
#define LUA_CONSOLE_PARTS_H

#include "lua/console.h"
#include "spred/text.h"

struct console_reader;

/* A bar on stderr while a long call runs. */
struct console_bar {
    double began, drawn; /* monotonic seconds */
    double share;        /* that was told last */
    int visible;
};

struct console {
    struct spred_env *env;
    struct script *script;
    struct console_stop *stop;
    int terminal;                  /* 1: a person types; 0: a pipe */
    int colour;                    /* 1: the terminal has colours */
    struct console_reader *reader; /* of a terminal */
    char *line;                    /* of a pipe */
    size_t line_room;
    struct spred_buffer pending; /* the chunk as far as it was typed */
    const char *typed;           /* what the running Lua call works on */
    size_t typed_length;
    int unfinished;              /* 1: the chunk goes on in the next line */
    int quit;                    /* 1: `:quit` */
    struct spred_buffer scratch; /* of host functions; kept for errors' sake */
    const char *insert, *list;   /* what TAB found; the registry keeps them */
    size_t count;
    char *trace; /* of the last error, or NULL */
    struct console_bar bar;
};

/* ---- console_read.c: lines and history of a terminal ---- */
enum console_line { CONSOLE_LINE, CONSOLE_CANCEL, CONSOLE_END };

enum spred_status console_reader_open(struct console *console);
void console_reader_close(struct console *console);
/* A line without its newline, borrowed until the next. more: 1: the chunk goes
 * on. */
enum console_line console_reader_next(struct console *console, int more,
                                      const char **line);
/* Notes an entry, also in the history's file. */
void console_reader_note(struct console *console, const char *entry);
/* 1: more input is there already, as when text is pasted. */
int console_reader_waiting(const struct console *console);
/* Columns of the terminal. */
int console_columns(void);

/* ---- console_complete.c: TAB ---- */

/* What fits the text before the cursor: *insert is what all candidates share
 * beyond it, *list the candidates, one a line (both borrowed until the next
 * call; "" if there is none), *count their number. */
void console_complete(struct console *console, const char *before,
                      size_t length, const char **insert, const char **list,
                      size_t *count);
/* Pushes file names that begin with the string at 1 (a host function). */
int console_files(lua_State *L);

/* ---- console_commands.c: what the Lua part may ask of C ---- */

/* Adds its functions to the table `host` on top of the stack; upvalue: the
 * console. */
void console_host(lua_State *L, struct console *console);
/* The console of a host function. */
struct console *console_of(lua_State *L);

/* ---- console_print.c ---- */
void console_print_error(const struct console *console, const char *text);
/* script->progress */
void console_progress(void *cookie, const char *what, double share);
void console_progress_begin(struct console *console);
void console_progress_hide(struct console *console); /* until the next share */
void console_progress_end(struct console *console);
/* 1: the terminal says that it shows sixels. */
int console_asks_sixel(void);

/* ---- console.c ---- */

/* Pushes the function `name` of lua/spred/console.lua. */
void console_lua(lua_State *L, const char *name);
/* Runs a C function as script_call does; it is given the console as a light
 * userdata. */
enum spred_status console_call(struct console *console, lua_CFunction call);

#endif
