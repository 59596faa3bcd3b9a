/* dbr-init-secondary: creates the schema on the secondary, copies all rows, verifies. */
#ifndef DBR_OPS_INIT_H
#define DBR_OPS_INIT_H

#include <stdbool.h>

#include "base/err.h"
#include "cli/main.h"

struct init_options {
    bool dry_run, schema_only, recreate, resume, update, no_verify, force;
    const char *dialect; /* with --dry-run: "postgres", "cockroach"; NULL: the secondary's */
    long jobs;
    long wait_s; /* for the lock */
};

/* ERR_REFUSED: the secondary is not empty, or is the active one. ERR_DIFFERENT: verification found
 * differences. */
bool ops_init(struct cli *cli, const struct init_options *options, struct err *err);

#endif
