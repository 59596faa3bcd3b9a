/*
 * A check that could not be recorded: the disk is full, the state is damaged, the URLs lead to
 * other databases. The memory of alerts (ops/alerts.h) is out of reach then, so DB_ON_EVENT is told
 * of one fixed alert, "check-not-recorded", and that it was told is kept beside the state: an empty
 * file not-recorded.SEVERITY in the state directory, or, where that takes none, one in
 * XDG_RUNTIME_DIR, /run or /dev/shm. Where nothing takes one, each check tells: better often than
 * never.
 */
#ifndef DBR_OPS_UNRECORDED_H
#define DBR_OPS_UNRECORDED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "state/config.h"

#define UNRECORDED_ALERT "check-not-recorded"

/* Runs DB_ON_EVENT unless it was told of that severity within DB_ALERT_REPEAT_MS. alerts: how many
 * others there are. What it fails for is logged, and tried again at the next check. NULL: there is
 * nothing to tell; else unrecorded_end frees it. */
struct unrecorded_telling;
struct unrecorded_telling *unrecorded_tell(const struct config *config, enum role active,
                                           bool critical, const char *message, size_t alerts);
/* The same after a check that was recorded: that the alert is over, where it had been raised. */
struct unrecorded_telling *unrecorded_over(const struct config *config, enum role active,
                                           size_t alerts);
/* Serves the command without waiting; true when it has ended. */
bool unrecorded_has_ended(struct unrecorded_telling *telling);
/* Waits for the command, and keeps in the marks what became of it. NULL is allowed. */
void unrecorded_end(struct unrecorded_telling *telling, const struct config *config);
/* DB_ON_EVENT was told of it, at told_us, and not yet that it is over. */
bool unrecorded_lasts(const struct config *config, bool *critical, int64_t *told_us);

#endif
