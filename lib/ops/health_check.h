/* One check of dbr-health, or the report of the last one. */
#ifndef DBR_OPS_HEALTH_CHECK_H
#define DBR_OPS_HEALTH_CHECK_H

#include <stdbool.h>

#include "cli/main.h"
#include "ops/health.h"
#include "ops/health_aside.h"
#include "state/config.h"

/* Probes, measures, counts, acts, judges, records, reports and tells; with aside, the commands that
 * are told of alerts go on when this returns. */
bool health_check_once(struct cli *cli, const struct config *config,
                       const struct health_options *options, struct health_aside *aside,
                       struct err *err);
/* Whether --watch draws its reports on the screen, each over the last one, rather than a line for
 * each. */
bool health_check_draws(const struct cli *cli, const struct health_options *options);
/* Reports the last record. */
bool health_check_cached(struct cli *cli, const struct config *config,
                         const struct health_options *options, struct err *err);

#endif
