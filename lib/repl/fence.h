/*
 * The fence: sessions of everybody but dbr cannot write to the fenced database. It is made of the
 * database's setting default_transaction_read_only (dbr's own sessions override it), of the end of
 * every session that began before it (on CockroachDB: repl/fence_sessions.h), and, where
 * DB_FENCE_ROLE names the application's role, of NOLOGIN for that role, which also holds clients
 * that set the default themselves. The role keeps its grants: taking them away would hold neither
 * an owner nor an admin, and they would have to be given back exactly as they were.
 */
#ifndef DBR_REPL_FENCE_H
#define DBR_REPL_FENCE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/strlist.h"
#include "db/conn.h"
#include "state/state.h"

struct fence {
    const char *identity; /* of the database (repl/identity.h), which holds its name */
    const char *role;     /* barred with NOLOGIN; NULL: none is */
};

/*
 * Places the fence, then ends the sessions of others until none is left. Safe to repeat. warnings
 * (may be NULL) gets a line for each session that dbr's role may not end and that belongs to the
 * provider (a superuser). ERR_REFUSED: a prepared transaction could still commit, a role overrides
 * the setting, or a session could not be ended; the setting is in place then.
 */
bool fence_place(struct conn *conn, const struct fence *fence, struct strlist *warnings,
                 struct err *err);

/* What can be known of a fence before it is placed or lifted. */
struct fence_view {
    bool placed;        /* the setting is there, or the role is barred */
    bool is_own_role;   /* the role to bar is the one that dbr logs in as */
    bool has_role;      /* the role to bar exists */
    bool may_bar;       /* dbr's role may alter it */
    bool may_alter;     /* dbr's role may alter the database */
    bool may_create;    /* ... and keep its own schema _dbr there */
    bool is_prepared;   /* a prepared transaction waits */
    char beyond[64];    /* role of a session that dbr may not end, or "" (CockroachDB: dbr may end
                           none of others) */
    char overrides[64]; /* a role that overrides the setting, or "" */
};

/* Asks, in a pipeline segment of its own. role: DB_FENCE_ROLE or NULL. */
bool fence_queue_view(struct conn *conn, const char *role, struct err *err);
bool fence_receive_view(struct conn *conn, struct fence_view *view, struct err *err);
/* ERR_REFUSED, with what to do, when such a fence could not be placed (place) or lifted. */
bool fence_check(const struct conn *conn, const char *role, const struct fence_view *view,
                 bool place, struct err *err);

/* For the files of the fence: the question for a role that overrides the setting, and how it is
 * refused. */
extern const char fence_overriding[];
/* Of a session in pg_stat_activity: it is an application's, and dbr may end it. */
#define FENCE_IS_OTHER                                                                             \
    "datname = pg_catalog.current_database() AND pid <> pg_catalog.pg_backend_pid() AND usesysid " \
    "IS NOT NULL AND coalesce(backend_type, 'client backend') = 'client backend' AND "             \
    "application_name IS DISTINCT FROM 'dbr'"
#define FENCE_MAY_END                                                                              \
    "(SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user) OR "                  \
    "(NOT coalesce((SELECT rolsuper FROM pg_catalog.pg_roles r WHERE r.oid = usesysid), true) "    \
    "AND (pg_catalog.pg_has_role(usesysid, 'MEMBER') OR "                                          \
    "pg_catalog.pg_has_role('pg_signal_backend', 'MEMBER')))"
/* ERR_REFUSED: of the two databases the one that the state calls active is fenced, and the other
 * one is not. */
bool fence_refuse_wrong_state(enum role active, const char *state_dir, struct err *err);
bool fence_refuse_prepared(const struct conn *conn, struct err *err);
bool fence_refuse_override(const struct conn *conn, const char *role, struct err *err);

/* Proves the fence: opens a session as the application would and sees its write refused.
 * ERR_REFUSED when it is not. */
bool fence_prove(const struct conn *conn, struct err *err);

/* Queues what lifts the fence into a pipeline, inside the caller's transaction on PostgreSQL, in
 * segments of its own on CockroachDB. */
bool fence_queue_lift(struct conn *conn, const struct fence *fence, size_t *statements,
                      struct err *err);

/* Asks, in a pipeline, whether the database of this connection is fenced, and the role (may be
 * NULL) barred. */
bool fence_queue_state(struct conn *conn, const char *role, struct err *err);
bool fence_receive_state(struct conn *conn, bool *fenced, struct err *err);

#endif
