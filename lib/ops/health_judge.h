/*
 * How is the pair? Judged from the state alone, so that a fresh check and the last record
 * (--cached) get the same answer.
 */
#ifndef DBR_OPS_HEALTH_JUDGE_H
#define DBR_OPS_HEALTH_JUDGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/strlist.h"
#include "ops/alerts.h"
#include "state/config.h"
#include "state/state.h"

/* In the place of what each database by itself would be told of. */
#define HEALTH_BOTH_DOWN "both databases offline"
#define HEALTH_ISOLATED "this machine is cut off: no database and no witness answers"

enum health_status {
    HEALTH_OK,
    HEALTH_DEGRADED,
    HEALTH_CRITICAL
}; /* the values are exit statuses */

struct health_judgement {
    enum health_status status;
    bool sync_late;
    int64_t sync_age_ms; /* since the last sync; -1: there was none, or it has a time to come */
    struct strlist warnings;
    struct alerts alerts;
};

/* "healthy", "degraded", "critical". */
const char *health_status_name(enum health_status status);

void health_judge(const struct config *config, const struct state *state,
                  struct health_judgement *judgement);
/* Adds a finding that only the fresh check knows. */
void health_judge_add(struct health_judgement *judgement, enum health_status status,
                      const char *warning);
/* As a finding that has a name and is told of (ops/alerts.h); valid until the next one is added. */
struct alert *health_judge_alert(struct health_judgement *judgement, const char *name,
                                 enum health_status status, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void health_judgement_release(struct health_judgement *judgement);

/* health_thresholds.c: what DB_ALERT_* bound, and what the further checks found. */
void health_judge_thresholds(const struct config *config, const struct state *state,
                             struct health_judgement *judgement);

/* Whether the standby holds what nobody merges; then adds that in words, and what can be done. */
bool health_unmerged(const struct state *state, struct buf *text, struct buf *remedy);

/* A time that is to come: a clock was wrong then, or is now. What happened when is not known. */
bool health_is_ahead(int64_t time_us);
/* Another run holds op.lock. */
bool health_is_busy(const struct state *state);
/* The record of one database in the state, or NULL. */
const struct json *health_entry(const struct state *state, enum role role);

#endif
