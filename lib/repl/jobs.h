/*
 * Large tables side by side: workers with a connection to each database, all of the source's in one
 * exported snapshot. A table's keys and indexes are built, and its rows hashed on both servers, by
 * whichever worker is free once its rows are there.
 */
#ifndef DBR_REPL_JOBS_H
#define DBR_REPL_JOBS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "repl/bulk.h"
#include "repl/compare.h"
#include "repl/pairing.h"
#include "repl/plan_run.h"
#include "repl/session.h"

struct jobs {
    struct session *session;
    struct pairings *pairs;
    const bool *copy; /* per pairing: its rows are to be copied */
    const bool *keys; /* per pairing: its keys and indexes are to be built */
    bool hash;        /* fingerprint both sides of the copied tables */
    long workers;
    const struct plan_run *plan; /* target is replaced by each worker's own connection */
    struct bulk_result *results; /* per pairing */
    struct comparisons *sums;    /* per pairing: rows and sum of both sides, equal */
    struct strlist *warnings;    /* gets one where the servers had no room for all workers */
};

/* Runs everything; the first failure ends all. */
bool jobs_run(struct jobs *jobs, struct err *err);

#endif
