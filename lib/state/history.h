/*
 * history.jsonl: one line per health check: {"time", "active", "primary": {"connected", "latency"},
 * "secondary": {...}}. Rotated by size (history.jsonl.1).
 */
#ifndef DBR_STATE_HISTORY_H
#define DBR_STATE_HISTORY_H

#include <stdbool.h>

#include "base/err.h"
#include "base/json.h"
#include "state/state.h"

bool history_write(const struct state *state, struct json *line, struct err *err); /* frees line */

#endif
