/*
 * The TimeZone in which an application's sessions run when they set none: a timestamp without zone
 * is read in it.
 */
#ifndef DBR_REPL_ZONE_H
#define DBR_REPL_ZONE_H

#include <stdbool.h>

#include "base/err.h"
#include "state/config.h"

/* By role; malloced. Opens a connection of its own to both, since dbr's other sessions run in UTC.
 */
bool zone_read(const struct config *config, char *zones[2], struct err *err);

#endif
