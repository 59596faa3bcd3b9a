/* What a run has read from each database and written to it, as every report shows it. */
#ifndef DBR_OPS_TRAFFIC_H
#define DBR_OPS_TRAFFIC_H

#include "cli/main.h"
#include "db/conn_traffic.h"
#include "state/config.h"

/* What had passed when the run began. Zeroed: nothing. */
struct traffic_mark {
    struct conn_traffic before[2];
};

void traffic_mark(struct traffic_mark *mark);
/*
 * Under --json adds "traffic": {"primary": {"rowsRead", "rowsWritten", "bytesRead", "bytesWritten",
 * "statements", "roundTrips", "connections"}, "secondary": ...} to the document, null for a
 * database that was not connected to. Otherwise, with --verbose, logs one line for each.
 */
void traffic_report(const struct traffic_mark *mark, struct cli *cli);

#endif
