/*
 * Both databases at work: connections, who is source and who target, their catalogs, and the
 * source's snapshot. Opened in two steps on the wire: connecting (both at once), then one round
 * trip that asks both everything: identity, catalog, watermark, privileges.
 */
#ifndef DBR_REPL_SESSION_H
#define DBR_REPL_SESSION_H

#include <stdbool.h>

#include "base/err.h"
#include "db/conn.h"
#include "db/model.h"
#include "repl/keys_off.h"
#include "repl/pairing.h"
#include "repl/position.h"
#include "state/config.h"
#include "state/state.h"

struct session {
    struct conn *conns[2];         /* by side */
    enum role roles[2];            /* by side */
    struct model models[2];        /* by side */
    char *identities[2];           /* by role */
    struct position_look looks[2]; /* by role */
    char *watermark;               /* the safe start of the next change window */
    char *moment; /* CockroachDB: as of which the source is read (repl/moment.h), or NULL */
    bool fenced;  /* the target is */
    bool source_fenced;
    int64_t epochs[2]; /* by side: of the last switch that opened this database, 0 for none */
    bool lent;         /* the connections are the caller's */
    bool connected;    /* both databases let us in, whatever came of it; tells it of a session that
                          could not be opened too */
    bool unchecked; /* the target lets us switch off its foreign keys and triggers for a transaction
                     */
    bool temporary; /* the target lets us make temporary tables */
    struct off off[2]; /* by side: what a run that was killed has left (keys_off.h) */
};

/*
 * Connects, checks that these are two different databases and those of the state (ERR_REFUSED),
 * reads both catalogs. The source is left in a read-only transaction that sees one state. latest:
 * that state must have everything that was committed before (behind a fence, or after what dbr
 * itself has written), at the price of 40001 on CockroachDB; else it may lack what came within the
 * half second before (repl/moment.h). On failure everything is closed. A schema that the source
 * does not have is ERR_USAGE, one that is not the state's ERR_REFUSED, and so is a database that is
 * older than the state knows it (repl/position.h). Tables that the
 * configuration leaves out are marked in both models. lent: connections by role, idle and outside
 * of a transaction, that are used and given back so instead of new ones; NULL: none.
 */
bool session_open(struct session *session, const struct config *config, const struct state *state,
                  enum role source, bool latest, struct conn *const *lent, struct err *err);
void session_close(struct session *session);

/* Writes into the state which databases and which schema these are; between state_begin and
 * state_commit. */
void session_remember(const struct session *session, struct state *state);

/* Reads the target's catalog again, after its structure has been changed; nothing may be queued. */
bool session_read_target(struct session *session, const struct config *config, struct err *err);

/* Ends what is queued or running on both and closes the source's snapshot: before other work on the
 * same connections. */
bool session_settle(struct session *session, struct err *err);

#endif
