/* The figures of a check in the text format of Prometheus, for the textfile collector of its node
 * exporter. */
#ifndef DBR_OPS_HEALTH_PROMETHEUS_H
#define DBR_OPS_HEALTH_PROMETHEUS_H

#include "base/buf.h"
#include "base/err.h"
#include "ops/health_judge.h"

void health_prometheus_text(const struct config *config, const struct state *state,
                            const struct health_judgement *judgement, struct buf *text);
/* Replaces the file at once (mode 0644). */
bool health_prometheus_write(const struct config *config, const struct state *state,
                             const struct health_judgement *judgement, const char *path,
                             struct err *err);

#endif
