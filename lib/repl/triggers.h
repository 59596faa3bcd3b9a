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
#include "db/model.h"
#include "db/query.h"
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

/*
 * What dbr has disabled in a database, for those who want to know how its tables are when it is the
 * active one. The question is a pipeline segment of its own: there may be nothing noted.
 */
struct quieted {
    struct result *rows;
};
bool triggers_queue_look(struct conn *conn, struct err *err);
bool triggers_receive_look(struct conn *conn, struct quieted *quieted, struct err *err);
/* Gives the model's triggers and rules the states that they have when they are awake. */
void triggers_as_awake(struct model *model, const struct quieted *quieted);
void quieted_release(struct quieted *quieted);

/* Disables, in a round trip of its own, and adds the names of all that are disabled now ("trigger
 * a on t", "rule b on t") to names. */
bool triggers_quiet(struct conn *conn, const struct config *config, bool unchecked,
                    struct strlist *names, struct err *err);

/*
 * Within one transaction: queues the statements that disable every trigger and rule of these
 * tables (names in the kept schema; at least one) and of their partitions, so that rows are
 * written as they are given, and the one that enables again, as it was, what they disabled.
 * PostgreSQL only.
 */
bool triggers_queue_pause(struct conn *conn, const struct strlist *tables, size_t *statements,
                          struct err *err);
bool triggers_queue_resume(struct conn *conn, size_t *statements, struct err *err);

#endif
