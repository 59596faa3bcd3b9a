/*
 * The further checks of DB_CHECKS: all run at the same time, beside the probe of the databases,
 * each within HEALTH_CHECK_TIMEOUT. What they found is in the member "checks" of the state.
 */
#ifndef DBR_OPS_HEALTH_CHECKS_H
#define DBR_OPS_HEALTH_CHECKS_H

#include <pthread.h>
#include <stdbool.h>

#include "base/json.h"
#include "ops/health_judge.h"
#include "state/checks.h"
#include "state/config.h"
#include "state/state.h"

#define HEALTH_CHECKS_PART "checks"

struct health_checks {
    struct check_list list;
    int timeout_ms;
    struct strlist secrets;
    struct json *results; /* an array, once they have ended */
    pthread_t thread;
    bool threaded;
};

/* Starts them; nothing where none is configured. */
void health_checks_start(struct health_checks *checks, const struct config *config);
/* Waits until they have ended. */
void health_checks_wait(struct health_checks *checks);
/* Puts what they found into the state. */
void health_checks_remember(const struct health_checks *checks, struct state *state);
void health_checks_release(struct health_checks *checks);

/* health_checks_report.c. Each that failed, or printed a number beyond a threshold, is an alert
 * "check-NAME". */
void health_checks_judge(const struct state *state, struct health_judgement *judgement);
void health_checks_print(const struct state *state, bool color);

#endif
