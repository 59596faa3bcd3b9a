/* The state of health in words, as a table, and as the JSON document that clients read. */
#ifndef DBR_OPS_HEALTH_REPORT_H
#define DBR_OPS_HEALTH_REPORT_H

#include "base/buf.h"
#include "base/json.h"
#include "cli/main.h"
#include "ops/health_judge.h"

/* Fills document with the keys that clients rely on ("success" is true), and more. */
void health_document(const struct config *config, const struct state *state,
                     const struct health_judgement *judgement, struct json *document);

/* The table for people, on stdout. */
void health_table(const struct cli *cli, const struct config *config, const struct state *state,
                  const struct health_judgement *judgement);

/* The same in one line, for logs of --watch. */
void health_line(const struct config *config, const struct state *state,
                 const struct health_judgement *judgement, struct buf *line);

#endif
