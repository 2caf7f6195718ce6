/* streams.h: the standard streams as the program finds and leaves them. */
#ifndef SPRED_STREAMS_H
#define SPRED_STREAMS_H

#include "spred/status.h"

/* Call first: a stream the caller closed becomes /dev/null, so that no file of
 * ours is opened in its place and gets our messages; and children can be waited
 * for even if the caller ignored SIGCHLD. */
SPRED_API void spred_streams_begin(void);

/* Call last: 0 if text was lost on its way to stdout, else 1. */
SPRED_API int spred_streams_end(void);

#endif
