/*
 * Runs that somebody asked for by POST. Whoever asked is answered within 20 s: with the result, or
 * with 202 while the run goes on by itself. A run does not end because a client, a web server or
 * fcgiwrap does, unless its unit is stopped as a whole: that ends it as a signal does, cleanly.
 *
 * Of one that takes longer, api-run.json in the state directory tells: {"id", "program", "by",
 * "address", "state": "running" or "ended", "pid", "startedAt", "endedAt", "exitStatus",
 * "document", "log"}.
 */
#ifndef DBR_OPS_API_RUN_H
#define DBR_OPS_API_RUN_H

#include "base/json.h"
#include "base/strlist.h"
#include "ops/api_response.h"
#include "state/config.h"

struct api_run {
    const char *program;
    const char *event;          /* its kind in events.jsonl */
    const char *by, *address;   /* who asked, for the records */
    const struct strlist *argv; /* of api_child_command */
};

/* Fills response. */
void api_run(const struct config *config, const struct api_run *run, struct api_response *response);

/* Sets "apiRun" in document: null, or the last run that took longer, with "state" "running",
 * "ended" or "lost" (its end was not seen). */
void api_run_report(const char *state_dir, struct json *document);

#endif
