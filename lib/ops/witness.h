/*
 * Witnesses: hosts that must be reachable before a database is given up for dead. A monitor that is
 * cut off from the world sees every database down; then it is the monitor that is ill.
 */
#ifndef DBR_OPS_WITNESS_H
#define DBR_OPS_WITNESS_H

#include <stdbool.h>

#include "base/err.h"
#include "base/strlist.h"
#include "state/config.h"

/* DB_WITNESS holds something. */
bool witness_configured(const struct config *config);

/*
 * True when any of them takes a connection within HEALTH_CHECK_TIMEOUT (all are tried at once), or
 * none is configured. ERR_REFUSED: none does. Whether this machine is cut off is for a caller to
 * say, who knows whether a database answers.
 */
bool witness_check(const struct config *config, struct err *err);

/* Sorts them, as configured, by whether they answer; each has its time. ERR_STOPPED. */
bool witness_ask(const struct config *config, struct strlist *answering, struct strlist *silent,
                 struct err *err);

#endif
