/* dbr-event: what a script has to report is recorded and passed on as dbr does with its own events.
 */
#ifndef DBR_OPS_EVENT_H
#define DBR_OPS_EVENT_H

#include <stdbool.h>

#include "cli/main.h"

struct event_options {
    const char *event;   /* "backup", "alert", "error"; required */
    const char *message; /* required */
    const char *reason;  /* NULL: none */
    const char *file;    /* NULL: none */
};

/*
 * Appends the event to events.jsonl and runs DB_ON_EVENT. Connects to nothing and takes no lock.
 * Secrets of the configuration and passwords in URLs and after "password=" are replaced by "***",
 * for the command in all but the path.
 * ERR_FAILED when the command fails (the event is recorded all the same), ERR_USAGE when the state
 * cannot be read.
 */
bool ops_event(struct cli *cli, const struct event_options *options, struct err *err);

#endif
