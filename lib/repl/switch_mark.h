/*
 * What a switch leaves in the database that it opens: one row of _dbr.switches, written in the
 * transaction that lifts the fence, or before that where a transaction cannot do both
 * (CockroachDB). It proves that the database takes writes, tells a later run whether the fence was
 * lifted, or may have been, before a kill, and lets two machines that run dbr on one pair notice
 * each other: the greater epoch knows more.
 */
#ifndef DBR_REPL_SWITCH_MARK_H
#define DBR_REPL_SWITCH_MARK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "db/conn.h"
#include "state/state.h"

struct switch_mark {
    const char *id;     /* of the switch */
    const char *op;     /* "failover", "failback" */
    const char *active; /* the role that it opens */
    int64_t epoch;
};

/* Queues the creation of the table, where it is missing (on CockroachDB in segments of its own);
 * *statements: how many results to read. */
bool switch_mark_queue_table(struct conn *conn, size_t *statements, struct err *err);
/* Queues the row, one statement. */
bool switch_mark_queue(struct conn *conn, const struct switch_mark *mark, struct err *err);

/* Asks, in pipeline segments of its own, what this database knows. id NULL: of no switch in
 * particular. */
bool switch_mark_queue_look(struct conn *conn, const char *id, struct err *err);
/* *found: the row of that switch is there. *epoch: the greatest, 0 without any. */
bool switch_mark_receive(struct conn *conn, bool *found, int64_t *epoch, struct err *err);

/*
 * ERR_REFUSED when a database knows of a later switch than the state: another machine, or another
 * state directory, moved the pair on, and what this one says of it is the past. A state that was
 * begun anew or written by hand (it knows neither database) learns instead. under_way: the epoch of
 * a switch that is under way and has left its mark, else 0.
 */
bool switch_mark_check(const struct state *state, int64_t epoch, int64_t under_way,
                       struct err *err);

#endif
