/*
 * The fence: new sessions of everybody but dbr are read-only on the fenced database (its setting
 * default_transaction_read_only; dbr's own sessions override it).
 */
#ifndef DBR_REPL_FENCE_H
#define DBR_REPL_FENCE_H

#include <stdbool.h>

#include "base/err.h"
#include "db/conn.h"

/* identity: of that database (repl/identity.h), which holds its name. */
bool fence_place(struct conn *conn, const char *identity, struct err *err);
bool fence_lift(struct conn *conn, const char *identity, struct err *err);

#endif
