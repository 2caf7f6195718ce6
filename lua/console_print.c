/* console_print.c: errors and the bar of a long call, on stderr. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "lua/console_parts.h"

#define BAR_WIDTH 30
#define BAR_AFTER 0.3 /* seconds: short calls show none */
#define BAR_EVERY 0.1
#define ANSWER_WAIT 200 /* milliseconds, for the terminal to say what it is */

void console_print_error(const struct console *console, const char *text)
{
    if (!console->terminal)
        fprintf(stderr, "spredbench: %s\n", text);
    else
        fprintf(stderr, "%s%s%s\n", console->colour ? "\033[31m" : "", text,
                console->colour ? "\033[0m" : "");
}

void console_progress(void *cookie, const char *what, double share)
{
    struct console *console = cookie;
    struct console_bar *bar = &console->bar;
    double now = script_now();
    if (!isatty(2))
        return;
    if (share < bar->share)
        bar->began = now; /* the next call of the chunk */
    bar->share = share;
    if (share >= 1)
        console_progress_hide(console); /* what comes next may print */
    if (share >= 1 || now - bar->began < BAR_AFTER ||
        now - bar->drawn < BAR_EVERY)
        return;
    if (!(share > 0))
        share = 0;
    else if (share > 1)
        share = 1;
    int full = (int)(share * BAR_WIDTH);
    fprintf(stderr, "\r\033[K%.30s [", what ? what : "");
    for (int i = 0; i < BAR_WIDTH; i++)
        fputc(i < full ? '#' : '.', stderr);
    fprintf(stderr, "] %3.0f %%", 100 * share);
    if (share > 0.01)
        fprintf(stderr, ", %.0f s to go",
                (now - bar->began) * (1 - share) / share);
    fflush(stderr);
    bar->drawn = now;
    bar->visible = 1;
}

void console_progress_hide(struct console *console)
{
    if (console->bar.visible)
        fputs("\r\033[K", stderr);
    console->bar.visible = 0;
}

void console_progress_begin(struct console *console)
{
    memset(&console->bar, 0, sizeof console->bar);
    console->bar.began = script_now();
}

void console_progress_end(struct console *console)
{
    console_progress_hide(console);
    memset(&console->bar, 0, sizeof console->bar);
}

/* The terminal's answer to "what are you?" (DA1): "ESC [ ? 62 ; 4 c" has the
 * number 4 when it shows sixels. */
int console_asks_sixel(void)
{
    struct termios before, raw;
    char answer[64];
    size_t length = 0;
    struct pollfd in = {.fd = 0, .events = POLLIN};
    if (!isatty(0) || !isatty(1) || tcgetattr(0, &before) != 0)
        return 0;
    raw = before;
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    raw.c_cc[VMIN] = 0;
    raw.c_cc[VTIME] = 0;
    tcsetattr(0, TCSANOW, &raw);
    fflush(stdout);
    if (write(1, "\033[c", 3) == 3)
        while (length < sizeof answer - 1 && poll(&in, 1, ANSWER_WAIT) == 1 &&
               read(0, answer + length, 1) == 1 && answer[length++] != 'c')
            continue;
    answer[length] = '\0';
    tcsetattr(0, TCSANOW, &before);
    return strstr(answer, ";4;") || strstr(answer, ";4c");
}
