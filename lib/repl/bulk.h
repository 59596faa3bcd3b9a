/*
 * Copying whole tables into empty ones. Rows of a large table pass from COPY to COPY unparsed; the
 * rows of many small tables travel together in one pipeline, since a COPY costs a round trip of its
 * own.
 */
#ifndef DBR_REPL_BULK_H
#define DBR_REPL_BULK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "db/conn.h"
#include "repl/pairing.h"

struct bulk_result {
    int64_t rows, bytes, duration_ms;
    bool done;
};

/* "binary" where every column has a built-in scalar type on two PostgreSQL servers, else "text";
 * CSV with CockroachDB. */
const char *bulk_format(const struct pairing *pair, const struct conn *source,
                        const struct conn *target);

/* True for a table that is copied with others in a pipeline rather than by COPY. */
bool bulk_is_small(const struct pairing *pair);

/*
 * Copies one table and records it in the ledger (repl/ledger.h), in one transaction of the target;
 * on CockroachDB in many short ones, which are tried again where the weather asks for it.
 * *cancelled (may be NULL) is watched: when it turns true the copy gives up with ERR_STOPPED.
 */
bool bulk_copy(struct conn *source, struct conn *target, const struct pairing *pair,
               const volatile bool *cancelled, struct bulk_result *result, struct err *err);

/*
 * The same for all pairings for which take[i] is true: in one transaction of the target, on
 * CockroachDB in as many as keep each one small. Results are per pairing.
 */
bool bulk_copy_small(struct conn *source, struct conn *target, const struct pairings *pairs,
                     const bool *take, long batch_rows, struct bulk_result *results,
                     struct err *err);

#endif
