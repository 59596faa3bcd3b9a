/*
 * Which database a connection leads to, as one text that stays the same for the life of that
 * database:
 *
 *     postgres:7412345678901234567/app       system identifier of the cluster / database name
 *     cockroach:5f9a...-...-.../app          cluster id / database name
 *     postgres:~16384@1769286883910234/app   weak: where the server does not let us ask for its
 * identifier
 *
 * A weak identity holds the database's oid and, after '@', what tells running servers apart (the
 * start time of the server, empty where unknown). It proves less: a change is noticed only by oid
 * and name.
 *
 * A physical copy of a cluster (base backup, snapshot, branch) has the identity of its original.
 */
#ifndef DBR_REPL_IDENTITY_H
#define DBR_REPL_IDENTITY_H

#include <stdbool.h>

#include "base/err.h"
#include "db/conn.h"
#include "state/state.h"

/* Adds the queries as pipeline segments of their own (pipeline_sync included), so that a refusal
 * harms no other. */
bool identity_queue(struct conn *conn, struct err *err);
/* Reads their results. *identity is malloced. */
bool identity_receive(struct conn *conn, char **identity, struct err *err);

/*
 * ERR_REFUSED when both identities name the same database, or when one is not that of the state.
 * Either may be NULL (not connected): it is not judged. Nothing is remembered.
 */
bool identity_check(const struct state *state, char *const identities[2], struct err *err);
/* Stores those that are not NULL in the state's document; the caller is between state_begin and
 * state_commit. */
void identity_remember(struct state *state, char *const identities[2]);

/* True when the two texts name one database that runs on one server. */
bool identity_same(const char *a, const char *b);

#endif
