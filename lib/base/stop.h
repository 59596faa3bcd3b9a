/*
 * The wish to stop. SIGINT, SIGTERM and SIGHUP set a flag; every wait in dbr watches it and gives
 * up with ERR_STOPPED. SIGPIPE and SIGXFSZ are ignored (writes report EPIPE and EFBIG). A second
 * signal of the same kind kills the program.
 */
#ifndef DBR_BASE_STOP_H
#define DBR_BASE_STOP_H

#include <stdbool.h>

#include "base/err.h"

void stop_install(void);
/* In a child, between fork and exec: takes all of stop_install back, and blocks nothing. */
void stop_reset(void);
int stop_signal(void); /* the signal that asked us to stop, or 0 */
/*
 * Between these a wish to stop is kept for later: stop_signal and stop_check do not know of it.
 * For what must not be left half done and is bounded by timeouts of its own. They nest.
 */
void stop_hold(void);
void stop_unhold(void);
/* False with ERR_STOPPED ("stopped by SIGINT") when a stop was requested. */
bool stop_check(struct err *err);

#endif
