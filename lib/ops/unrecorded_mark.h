/* The marks of ops/unrecorded.h: one file for each severity that was told of, whose time is when.
 */
#ifndef DBR_OPS_UNRECORDED_MARK_H
#define DBR_OPS_UNRECORDED_MARK_H

#include <stdbool.h>
#include <stdint.h>

#include "state/config.h"

/* *told_us: wall clock, in microseconds. */
bool unrecorded_mark_find(const struct config *config, bool critical, int64_t *told_us);
/* In the first place that takes one; there may be none. */
void unrecorded_mark_put(const struct config *config, bool critical);
void unrecorded_mark_drop(const struct config *config, bool critical);

#endif
