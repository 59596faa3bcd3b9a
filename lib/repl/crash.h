/*
 * A crash of its server empties the UNLOGGED tables of a database, and so does a failover of the
 * provider to a replica. What such a table lacks from then on is no delete. Each entry of "tables"
 * in the state keeps since when either server had its statistics, "statistics": {"primary": us,
 * "secondary": us}, as of when the table was last the same on both.
 */
#ifndef DBR_REPL_CRASH_H
#define DBR_REPL_CRASH_H

#include <stdbool.h>

#include "base/json.h"
#include "repl/session.h"

/* The source may have lost rows of that table in a crash since the entry was written. */
bool crash_emptied(const struct json *entry, const struct session *session,
                   const struct pairing *pair);
/* The table is the same on both. */
void crash_remember(struct json *entry, const struct session *session);

#endif
