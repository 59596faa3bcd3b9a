/*
 * dbr's other programs as children of the API: found beside dbr-api itself, with an environment put
 * together anew, always with --json, and what they say turned into an answer.
 */
#ifndef DBR_OPS_API_CHILD_H
#define DBR_OPS_API_CHILD_H

#include "base/child.h"
#include "base/strlist.h"
#include "ops/api_response.h"

/* A command line under construction: the program with its path, and --json. */
bool api_child_command(struct strlist *argv, const char *program, struct err *err);
/*
 * Starts it. Its environment holds the keys of the configuration, the variables of libpq and what
 * any program needs (PATH, HOME, ...) and nothing of the request. argv and env need not outlive the
 * call. limit_ms: 0 for none.
 */
bool api_child_start(struct child *child, const struct strlist *argv, int64_t limit_ms,
                     struct err *err);

/*
 * The answer that an ended child makes. Its document is passed on; its error, if any, gets the
 * status that belongs to its code. any_status: an exit status of 0 to 2 is no failure (dbr-health
 * tells the situation by it).
 */
void api_child_answer(const struct child *child, bool any_status, struct api_response *response);
/* The same from what was kept of one: the exit status (-1: it did not exit by itself) and what it
 * printed. */
void api_child_answer_text(int status, const struct buf *output, bool any_status,
                           struct api_response *response);
/* A child that could not be started, or whose words are nothing of use; the cause goes to the log.
 */
void api_child_failed(const char *program, const char *why, struct api_response *response);

#endif
