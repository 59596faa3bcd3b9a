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
 * Sets the program's dry-run option and common->json where npm's configuration asks for them. Every
 * other option of the program that npm kept is left alone, consent above all. notices gets a line
 * for each. ERR_USAGE when a dry run was asked for and the program knows none: running for real is
 * the last thing the user wants.
 */
bool npm_apply(const struct program *program, struct options_common *common,
               struct strlist *notices, struct err *err);

#endif
