/*
 * Triggers and rules of the standby's tables must not fire on rows that dbr applies: those that
 * would are disabled while a database is the standby, and enabled again, as they were, when it
 * becomes the active one.
 * What was disabled is noted in that database itself (_dbr.quiet_triggers), so that nothing else
 * need be at hand for a switch. PostgreSQL only; elsewhere there is nothing to care for.
 */
#ifndef DBR_REPL_TRIGGERS_H
#define DBR_REPL_TRIGGERS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/strlist.h"
#include "db/conn.h"
#include "state/config.h"

/*
 * Queues the statement that disables what would fire. unchecked: dbr may set
 * session_replication_role there, which keeps ordinary ones quiet by itself. Tables that the
 * configuration leaves out keep theirs. *statements: how many results to read.
 */
bool triggers_queue_quiet(struct conn *conn, const struct config *config, bool unchecked,
                          size_t *statements, struct err *err);
/* Queues the statement that enables again what was disabled. */
bool triggers_queue_wake(struct conn *conn, size_t *statements, struct err *err);

/* Disables, in a round trip of its own, and adds the names of all that are disabled now ("trigger
 * a on t", "rule b on t") to names. */
bool triggers_quiet(struct conn *conn, const struct config *config, bool unchecked,
                    struct strlist *names, struct err *err);

#endif
