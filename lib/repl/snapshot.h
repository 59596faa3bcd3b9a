/*
 * One database as it stands at one moment: a connection in a read-only transaction whose snapshot
 * everything is read in, and the catalog as of that snapshot.
 *
 * Tables are locked against TRUNCATE and changes of their definition: these do not keep what an
 * older snapshot sees. One that came between the snapshot and the lock is noticed, and everything
 * begins anew. CockroachDB needs no locks: a moment of the past stays as it was.
 */
#ifndef DBR_REPL_SNAPSHOT_H
#define DBR_REPL_SNAPSHOT_H

#include <stdbool.h>

#include "base/clock.h"
#include "base/err.h"
#include "db/conn.h"
#include "db/model.h"
#include "repl/weather.h"
#include "state/config.h"
#include "state/state.h"

struct snapshot {
    struct conn *conn;
    enum role role;
    struct model model;
    char time[CLOCK_TEXT_SIZE]; /* by the server's clock, in UTC */
    bool fenced;                /* a switch or dbr-init-secondary has fenced it: a standby */
    char *moment;               /* CockroachDB: as of which everything is read; else NULL */
};

/*
 * Opens it. state (NULL: not asked) must know this database, and no later switch may have left its
 * mark: ERR_REFUSED. A schema that is not there is ERR_USAGE. On failure everything is closed.
 */
bool snapshot_open(struct snapshot *snapshot, const struct config *config,
                   const struct state *state, enum role role, struct err *err);
void snapshot_close(struct snapshot *snapshot); /* a zeroed one is fine */

/*
 * After reading has failed: true when the same state can be read again, because it is the weather
 * of CockroachDB, where the connection (opened anew if need be) is put back to the moment. False,
 * with err as it is to be told, where it is given up, and always on PostgreSQL.
 */
bool snapshot_resume(struct snapshot *snapshot, struct weather *weather, struct err *err);

#endif
