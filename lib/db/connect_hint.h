/*
 * What to do about a connection that failed: the hints that depend on where it was to lead, TLS and
 * CockroachDB Cloud above all. Nothing here ever advises less verification.
 */
#ifndef DBR_DB_CONNECT_HINT_H
#define DBR_DB_CONNECT_HINT_H

#include <stdbool.h>

#include "base/buf.h"

/* libpq of this number and later knows sslrootcert=system, and verifies in full with it. */
#define LIBPQ_KNOWS_SYSTEM 160000

/* Where a connection leads, as libpq has put it together; what is not set is NULL. Owns nothing. */
struct connect_target {
    const char *host, *hostaddr, *port, *dbname, *options, *sslmode, *sslrootcert;
    int libpq; /* PQlibVersion() */
};

/* A host name of Neon (*.neon.tech); len: where it ends. */
bool neon_host(const char *host, size_t len);

/* A host name of CockroachDB Cloud (*.cockroachlabs.cloud). */
bool cloud_host(const char *host);

/* "sslrootcert=..." with the CAs of this machine, in the words that this libpq understands. */
void hint_system_cas(struct buf *out, int libpq);

void hint_no_root_certificate(struct buf *out, const struct connect_target *target);
void hint_not_verified(struct buf *out, const struct connect_target *target);
void hint_wrong_host(struct buf *out, const struct connect_target *target);
void hint_encryption_missing(struct buf *out, const struct connect_target *target);
void hint_not_in_clear(struct buf *out, const struct connect_target *target);
void hint_channel_binding(struct buf *out, const struct connect_target *target);
void hint_routing(struct buf *out, const struct connect_target *target);
void hint_no_connection_left(struct buf *out, const struct connect_target *target);
void hint_no_space_left(struct buf *out, const struct connect_target *target);
void hint_cold_start(struct buf *out, const struct connect_target *target);
void hint_quota(struct buf *out, const struct connect_target *target);
void hint_client_certificate(struct buf *out, const struct connect_target *target);
void hint_no_answer(struct buf *out, const struct connect_target *target);

#endif
