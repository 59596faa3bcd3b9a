/*
 * How far a database has come, in bytes of write-ahead log since its cluster was made. That never
 * goes back in the life of a cluster: a database that is behind where it was seen before was
 * restored from a backup or a snapshot, or is a standby of its own that was promoted without all of
 * it. What it has lost looks, to whoever compares, like rows that were deleted there.
 */
#ifndef DBR_REPL_POSITION_H
#define DBR_REPL_POSITION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "db/conn.h"
#include "state/state.h"

/* Asks in a pipeline segment of its own; nothing where the server cannot tell (CockroachDB). */
bool position_queue(struct conn *conn, struct err *err);
/* *position is 0 where it is not known. False only when the connection is lost. */
bool position_receive(struct conn *conn, int64_t *position, struct err *err);

/*
 * True when the database is behind where the state has seen it, and that matters: what it lost
 * would be deleted on the other one, by a sync when it is the active one, or by the merge that is
 * due when it is the primary.
 */
bool position_went_back(const struct state *state, enum role role, int64_t position);
/* ERR_REFUSED in that case, for those who may not note what it means (dbr-health does). */
bool position_check(const struct state *state, const int64_t positions[2], struct err *err);

/* Between state_begin and state_commit; 0 leaves what is known. */
void position_remember(struct state *state, enum role role, int64_t position);

/*
 * The same for those who look before anything was written to the database. True when it went back,
 * which is warned of: everything that the two hold is marked as unmerged then (state/journal.h), so
 * that a sync takes nothing from the other one without consent, and a merge keeps what it has.
 */
bool position_note(struct state *state, enum role role, int64_t position);
/* The words of the event about that. */
void position_tell(struct buf *text, enum role role);

#endif
