/*
 * DB_ON_EVENT: the user's command for events (restart the application, send a webhook or mail).
 *
 * It is run by /bin/sh -c with what dbr's own environment holds and DBR_EVENT, DBR_ACTIVE,
 * DBR_REASON, DBR_MESSAGE, DBR_SEVERITY, DBR_ALERTS, DBR_FILE, DBR_TIME; DBR_ENV_FILE and
 * DB_STATE_DIR (absolute) and DB_APP_PM2_NAME are set as well, so that a dbr-env inside it reads
 * what this run read; the directory of dbr's programs is the last one of its PATH. stdin is empty,
 * no other descriptor is inherited, signals have their default action, and it has a process group
 * of its own. What it prints is logged line by line with all passwords masked.
 */
#ifndef DBR_OPS_HOOK_H
#define DBR_OPS_HOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "state/config.h"

struct hook_event {
    const char *event; /* as in events.jsonl: "failover", "failback", "alert", ... */
    enum role active;
    const char *reason;  /* NULL: empty */
    const char *message; /* NULL: empty */
    int64_t time_us;     /* wall clock; 0: now */
    int64_t limit_ms;    /* 0: 60 s */
    const char *file;    /* what was written; NULL: empty */
    const char
        *severity; /* of an alert: "warning", "critical", "ok" once it is over; NULL: empty */
    size_t alerts; /* of an alert: how many there are now */
};

/*
 * Runs the command and waits for it; true at once when none is configured. ERR_FAILED when it ends
 * with another status than 0, by a signal, or takes longer than its limit (its process group is
 * then terminated, after 5 s killed). A stop that is requested while it runs terminates it too:
 * ERR_STOPPED. One that was requested before does not: after a switch the hook still has its work
 * to do.
 */
bool hook_run(const struct config *config, const struct hook_event *event, struct err *err);

struct hook_result {
    struct err err; /* ERR_NONE: it did well */
    bool late;      /* its time was over */
};
/*
 * One run for each event, at the same time. The events need not outlive the call. Those that still
 * run when hook_finish_all is called are waited for; it frees, and results has room for count.
 */
struct hook_runs;
struct hook_runs *hook_start_all(const struct config *config, const struct hook_event *events,
                                 size_t count);
/* Serves them without waiting; true when all have ended. */
bool hook_have_ended(struct hook_runs *runs);
void hook_finish_all(struct hook_runs *runs, struct hook_result *results);

#endif
