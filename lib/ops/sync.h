/* dbr-sync: brings the standby in step with the active database, or only compares the two. */
#ifndef DBR_OPS_SYNC_H
#define DBR_OPS_SYNC_H

#include <stdbool.h>

#include "base/err.h"
#include "base/strlist.h"
#include "cli/main.h"

struct sync_options {
    bool full, verify, repair, force, dry_run;
    struct strlist tables;
    long batch_size; /* 0: DB_SYNC_BATCH_SIZE */
    long wait_s;     /* for the lock */
};

/*
 * ERR_DIFFERENT: --verify found differences. ERR_REFUSED: some tables were left as they are (the
 * others are synced), or a sync makes no sense yet. The result is printed in these cases too.
 */
bool ops_sync(struct cli *cli, const struct sync_options *options, struct err *err);

#endif
