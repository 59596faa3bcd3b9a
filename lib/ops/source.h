/* Which of the two databases a run reads that needs only one of them. */
#ifndef DBR_OPS_SOURCE_H
#define DBR_OPS_SOURCE_H

#include <stdbool.h>

#include "base/err.h"
#include "base/strlist.h"
#include "state/config.h"
#include "state/state.h"

/*
 * wish: "primary", "secondary", "active" or NULL, which is the active one. Reads the state,
 * creating nothing. One that cannot be read is the end for the active database only: a database
 * that was named is read all the same, with a warning, as if there were no state. ERR_UNREACHABLE
 * while its circuit breaker is open.
 */
bool source_choose(const struct config *config, const char *wish, struct state *state,
                   enum role *role, struct strlist *warnings, struct err *err);

#endif
