/*
 * dbr-health --doctor: examines everything that dbr stands on, changes nothing, and works where
 * everything else gives up: with a broken configuration and with a corrupt state.
 */
#ifndef DBR_OPS_DOCTOR_H
#define DBR_OPS_DOCTOR_H

#include <stdbool.h>

#include "base/err.h"
#include "cli/main.h"

/* Sets cli->status: 0 well, 1 warnings, 2 a database cannot be used, 3 configuration or state
 * cannot be used. */
bool ops_doctor(struct cli *cli, struct err *err);

#endif
