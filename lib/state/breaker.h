/*
 * Circuit breakers, one for each database, in the member "breakers" of the state. A database that
 * has failed DB_FAILOVER_THRESHOLD times in a row opens its breaker: programs that need it fail at
 * once instead of waiting for a timeout. After a pause one of them may try. dbr-health and the
 * switches look for themselves and are never held up.
 */
#ifndef DBR_STATE_BREAKER_H
#define DBR_STATE_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "state/state.h"

enum breaker_status { BREAKER_CLOSED, BREAKER_OPEN, BREAKER_HALF_OPEN };

struct breaker {
    enum breaker_status status; /* BREAKER_HALF_OPEN: open, and its pause is over */
    int64_t failures_in_a_row;
    int64_t openings;               /* in a row: each doubles the pause, 30 s to 10 min */
    char retry_at[CLOCK_TEXT_SIZE]; /* end of the pause; "" while closed */
    int64_t requests, failures;     /* since the last reset */
    int64_t duration_ms;            /* of all that succeeded */
};

/* "CLOSED", "OPEN", "HALF_OPEN". */
const char *breaker_status_name(enum breaker_status status);
void breaker_read(struct breaker *breaker, const struct state *state, enum role role);
double breaker_success_rate(const struct breaker *breaker); /* 0 to 1; 1 before the first request */
/* Mean of the requests that succeeded, in milliseconds; negative before the first. */
double breaker_avg_duration(const struct breaker *breaker);

/* The setters are called between state_begin and state_commit. */
void breaker_success(struct state *state, enum role role, int64_t duration_ms);
/* outage: the database is away; any other failure is only counted. threshold: outages in a row that
 * open it. */
void breaker_failure(struct state *state, enum role role, bool outage, int threshold);
void breaker_reset(struct state *state, enum role role);
/* A run that worked with both databases has shown that they are there: both are closed. */
void breaker_close_all(struct state *state);

/* True when neither breaker is open. ERR_UNREACHABLE names the database whose breaker is. */
bool breaker_check(const struct state *state, struct err *err);
/* The same for a run that needs one of them only. */
bool breaker_check_one(const struct state *state, enum role role, struct err *err);
/* The same for a run that goes on to work: one that is half open lets this run try, and is open for
 * the others meanwhile (the state is changed and saved). */
bool breaker_admit(struct state *state, struct err *err);

#endif
