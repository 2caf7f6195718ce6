/* streams.c: the standard streams as the program finds and leaves them. */
#include "spred/streams.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

void spred_streams_begin(void)
{
    int null;
    do
        null = open("/dev/null", O_RDWR);
    while (null >= 0 && null <= 2);
    if (null > 2)
        close(null);
    signal(SIGCHLD, SIG_DFL);
}

int spred_streams_end(void)
{
    int lost = fflush(stdout) != 0 || ferror(stdout);
    struct pollfd out = {.fd = 1};
    if (lost && poll(&out, 1, 0) == 1 && (out.revents & POLLERR))
        lost = 0; /* the reader of the pipe left: it had what it wanted */
    return !lost;
}
