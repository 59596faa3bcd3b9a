/*
 * One look at each database, all at the same time: connect, say who you are, are you writable, what
 * time is it, how many are connected. A server that hangs in whatever way (name service, handshake,
 * query) costs the timeout and no more.
 */
#ifndef DBR_REPL_PROBE_H
#define DBR_REPL_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "db/conn.h"
#include "repl/position.h"

struct probe {
    bool connected;            /* connected and answered */
    enum conn_failure failure; /* CONN_OK when connected, else the class of what went wrong */
    struct err err;            /* and its text */
    int64_t checked_us;        /* when the answer came, or the probe gave up */
    int64_t latency_ms;        /* connecting and asking, of the try that succeeded */
    char *identity;            /* repl/identity.h; NULL when not connected */
    char engine[16];           /* "postgres", "cockroach"; "" when not connected */
    char version[64];          /* "PostgreSQL 15.18"; "" when not connected */
    int version_number;        /* as conn_version */
    bool read_only;   /* new sessions of the application cannot write, by a setting of role or
                         database */
    bool in_recovery; /* a physical standby */
    int64_t epoch;    /* of the last switch that it tells of (repl/switch_mark.h) */
    struct position position;
    int64_t certificate_expires_us;        /* of the server; 0: none, or not known */
    int64_t connections, connection_limit; /* as repl/measures.h counts them; a limit of 0: not
                                              known, and never of CockroachDB */
    int64_t clock_skew_ms; /* the server's clock minus this machine's, exact to about half the round
                              trip */
};

#define PROBE_MAX 2

/*
 * Probes count (at most PROBE_MAX) databases; timeout_ms bounds the whole, with one retry of what
 * failed quickly. The timeout_ms of params does not matter. False only when stopped (ERR_STOPPED);
 * release the probes in either case.
 */
bool probe_run(const struct conn_params *params, size_t count, int timeout_ms, struct probe *probes,
               struct err *err);
void probe_release(struct probe *probe);

#endif
