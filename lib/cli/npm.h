/*
 * npm's habit of keeping options for itself: "npm run db:failover --dry-run" runs the program
 * without the option and says so only in the environment (npm_config_dry_run=true).
 */
#ifndef DBR_CLI_NPM_H
#define DBR_CLI_NPM_H

#include <stdbool.h>

#include "base/err.h"
#include "base/strlist.h"
#include "cli/options.h"

/*
 * Sets the program's dry-run option and common->json where npm's configuration asks for them.
 * Consent (--yes) is never taken from there. notices gets a line for each of these. ERR_USAGE, with
 * the command that was meant as hint, when npm kept any other option that changes what the program
 * does, or a dry run was asked for and the program knows none: what would run is not what the user
 * asked for.
 */
bool npm_apply(const struct program *program, struct options_common *common,
               struct strlist *notices, struct err *err);

#endif
