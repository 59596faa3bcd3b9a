/* --watch: one check after the other until the run is stopped. */
#ifndef DBR_OPS_HEALTH_WATCH_H
#define DBR_OPS_HEALTH_WATCH_H

#include <stdbool.h>

#include "cli/main.h"
#include "ops/health.h"
#include "state/config.h"

/* False: ERR_STOPPED, at the first check what only another configuration sets right, or standard
 * output is gone. */
bool health_watch(struct cli *cli, const struct config *config,
                  const struct health_options *options, struct err *err);

#endif
