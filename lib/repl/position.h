/*
 * How far a database has come: in bytes of write-ahead log since its cluster was made, and in
 * transactions. Neither goes back in the life of a cluster: a database that is behind where it was
 * seen before was restored from a backup or a snapshot, or is a standby of its own that was
 * promoted without all of it. What it has lost looks, to whoever compares, like rows that were
 * deleted there. The log alone would not tell where a server has just been restored: the first
 * change of each page counts 8 KB then, and hides how little it holds.
 */
#ifndef DBR_REPL_POSITION_H
#define DBR_REPL_POSITION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "db/conn.h"
#include "state/state.h"

/* 0: not known. */
struct position {
    int64_t log;   /* bytes that are flushed */
    int64_t ended; /* every transaction before this one has ended, and that is flushed */
    int64_t next;  /* no transaction from this one on has ended */
};

/*
 * One look of a run at one database. Other runs look meanwhile and are sooner done: what was seen
 * is held against what was known when it was asked for, not against what the state says by now.
 */
struct position_look {
    struct position before; /* position_known at that time */
    struct position now;
};

struct position position_known(const struct state *state, enum role role);
/* The database is behind where it was. */
bool position_is_behind(const struct position_look *look);

/* Asks in a pipeline segment of its own; nothing where the server cannot tell (CockroachDB). */
bool position_queue(struct conn *conn, struct err *err);
/* False only when the connection is lost. */
bool position_receive(struct conn *conn, struct position *now, struct err *err);

/*
 * True when the database is behind where it was, and that matters: what it lost would be deleted on
 * the other one, by a sync when it is the active one, or by the merge that is due when it is the
 * primary.
 */
bool position_went_back(const struct state *state, enum role role,
                        const struct position_look *look);
/* ERR_REFUSED in that case, for those who may not note what it means (dbr-health does). looks: by
 * role. */
bool position_check(const struct state *state, const struct position_look looks[2],
                    struct err *err);

/* Between state_begin and state_commit; what was not seen leaves what is known. Of a database that
 * is behind no watermark holds: the next sync compares every table completely. */
void position_remember(struct state *state, enum role role, const struct position_look *look);

/*
 * The same for those who look before anything was written to the database. True when it went back,
 * which is warned of: everything that the two hold is marked as unmerged then (state/journal.h), so
 * that a sync takes nothing from the other one without consent, and a merge keeps what it has.
 */
bool position_note(struct state *state, enum role role, const struct position_look *look);
/* The words of the event about that. */
void position_tell(struct buf *text, enum role role);

#endif
