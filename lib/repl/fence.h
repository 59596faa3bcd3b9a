/*
 * The fence: new sessions of everybody but dbr are read-only on the fenced database (its setting
 * default_transaction_read_only; dbr's own sessions override it).
 */
#ifndef DBR_REPL_FENCE_H
#define DBR_REPL_FENCE_H

#include <stdbool.h>

#include "base/err.h"
#include "db/conn.h"

/*
 * Places the fence, then ends the sessions of others on that database, which began before it and
 * could still write. identity: of that database (repl/identity.h), which holds its name. */
bool fence_place(struct conn *conn, const char *identity, struct err *err);
/* Asks, in a pipeline, whether the database of this connection is fenced. */
bool fence_queue_state(struct conn *conn, struct err *err);
bool fence_receive_state(struct conn *conn, bool *fenced, struct err *err);
bool fence_lift(struct conn *conn, const char *identity, struct err *err);

#endif
