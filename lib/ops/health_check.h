/* One check of dbr-health, or the report of the last one. */
#ifndef DBR_OPS_HEALTH_CHECK_H
#define DBR_OPS_HEALTH_CHECK_H

#include <stdbool.h>

#include "base/machine.h"
#include "cli/main.h"
#include "ops/health.h"
#include "ops/metrics.h"
#include "state/config.h"

/* What --watch carries from one check to the next. */
struct health_watched {
    struct machine_cpu cpu;
    struct metrics measured; /* before this check */
    /* By role. A database that is away is not waited for twice. */
    bool answered[2];
};

/* Probes, counts, acts, judges, records, reports and tells; watched may be NULL. */
bool health_check_once(struct cli *cli, const struct config *config,
                       const struct health_options *options, struct health_watched *watched,
                       struct err *err);
/* Whether --watch draws its reports on the screen, each over the last one, rather than a line for
 * each. */
bool health_check_draws(const struct cli *cli, const struct health_options *options);
/* Reports the last record. */
bool health_check_cached(struct cli *cli, const struct config *config,
                         const struct health_options *options, struct err *err);

#endif
