/*
 * A moment of CockroachDB's clock, as of which any number of connections read the same rows without
 * waiting for one another, being disturbed by writers or being asked to begin again.
 *
 * It is that of the node that is asked. What was committed before through another node may carry a
 * later time, by the half second that clocks of nodes may differ, and is not seen then. Where that
 * would be a loss rather than work for the next run, the latest state is read instead, in a
 * serializable transaction: there the server itself takes care of the difference.
 */
#ifndef DBR_REPL_MOMENT_H
#define DBR_REPL_MOMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "db/conn.h"

/* Asks for the moment at which the question is answered, in a pipeline segment of its own. */
bool moment_queue(struct conn *conn, struct err *err);
bool moment_receive(struct conn *conn, char **moment, struct err *err); /* malloced */

/* Queues the beginning of a read-only transaction: of CockroachDB as of that moment, else (moment
 * NULL) of the latest state, which stays the same from the first statement on. */
bool moment_queue_begin(struct conn *conn, const char *moment, struct err *err);

int64_t moment_us(const char *moment); /* microseconds since 1970 */

/* So long after a commit every node's clock has passed it. */
#define MOMENT_SLACK_MS 500

#endif
