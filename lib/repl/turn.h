/*
 * Whose turn it is to write into a database that is merged into in many transactions
 * (apply_merge.c). _dbr.turn holds a number; each of these transactions raises it, and fails unless
 * it stands where the one before left it. So what became of a COMMIT whose answer was lost is seen
 * from the number, also when rows are no longer what it made of them; and a transaction that is
 * still under way, of a connection or of a run that was broken off, comes to nothing once the turn
 * has gone on. CockroachDB only.
 */
#ifndef DBR_REPL_TURN_H
#define DBR_REPL_TURN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "db/conn.h"

struct turn {
    int64_t number;
};

/* Outside of any transaction, before it is looked at what is to be written: no transaction that
 * began before comes through any more. */
bool turn_take(struct turn *turn, struct conn *conn, struct err *err);
/* One statement, at the beginning of a transaction. */
bool turn_queue(const struct turn *turn, struct conn *conn, struct err *err);
/* It was committed. */
void turn_passed(struct turn *turn);
/* After a COMMIT of which that is not known, outside of any transaction: finds it out. When it was
 * not it never will be. */
bool turn_settle(struct turn *turn, struct conn *conn, bool *committed, struct err *err);
/* Says in words that it was another's turn. */
void turn_explain(struct err *err);

#endif
