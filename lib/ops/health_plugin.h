/*
 * The situation in one line by the guidelines for monitoring plugins: "DBR OK - ..." and, after
 * '|', performance data 'label'=value[UOM];warn;crit;min;max.
 */
#ifndef DBR_OPS_HEALTH_PLUGIN_H
#define DBR_OPS_HEALTH_PLUGIN_H

#include "base/buf.h"
#include "base/err.h"
#include "ops/health_judge.h"

void health_plugin_line(const struct config *config, const struct state *state,
                        const struct health_judgement *judgement, struct buf *line);
/* One without performance data, of a situation in words. */
void health_plugin_words(enum health_status status, const char *text, struct buf *line);
/* Puts into such a line what went wrong besides: CRITICAL stays, anything else is UNKNOWN with what
 * was seen on a second line. */
void health_plugin_trouble(const struct err *err, bool critical, struct buf *line);
/* "DBR UNKNOWN - ...": what kept dbr-health from an answer. */
void health_plugin_failure(const struct err *err, struct buf *line);

#endif
