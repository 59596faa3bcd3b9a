/*
 * Ending sessions, for the fence and those who change it: those of the application on CockroachDB,
 * which tells of each its user and the name of its application, but not which database of the
 * cluster it is in, and dbr's own on either engine.
 */
#ifndef DBR_REPL_FENCE_SESSIONS_H
#define DBR_REPL_FENCE_SESSIONS_H

#include <stdbool.h>

#include "base/err.h"
#include "base/strlist.h"
#include "db/conn.h"

/*
 * Ends every session that can still write to the kept schema, until none is left: those of users
 * with the right to write to a table of it, that began before `since` (a time of the server's at
 * which the fence was in force). role: DB_FENCE_ROLE or NULL; with it the sessions of other admins,
 * who may write to anything, are left alone. warnings (may be NULL) names these, and what was ended
 * that may have been in another database. ERR_REFUSED when one could not be ended,
 * or a role overrides the fence.
 */
bool fence_sessions_end(struct conn *conn, const char *role, const char *since,
                        struct strlist *warnings, struct err *err);

/*
 * Ends what earlier runs of dbr may still have at work in this database, as the same user, and
 * waits until it is gone: what a run sent before it was killed may go on, and commit after somebody
 * has looked. Of either engine. ERR_REFUSED when one does not end.
 */
bool fence_sessions_end_own(struct conn *conn, struct err *err);

#endif
