/* dbr-health --breakers and --reset-breaker (state/breaker.h). */
#ifndef DBR_OPS_BREAKERS_H
#define DBR_OPS_BREAKERS_H

#include <stdbool.h>

#include "cli/main.h"
#include "state/config.h"

bool breakers_print(struct cli *cli, const struct config *config, struct err *err);
/* which: "primary", "secondary" or "all". Prints them afterwards. */
bool breakers_reset(struct cli *cli, const struct config *config, const char *which,
                    struct err *err);

#endif
