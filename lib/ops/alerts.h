/*
 * Alerts: findings with a name that somebody is told of, once when they are raised, again after
 * DB_ALERT_REPEAT_MS while they last, and once when they are over. One that becomes critical is
 * raised anew. Which ones there are is found anew by each judgement (ops/health_judge.h); since
 * when, and whether somebody was told, is in the member "alerts" of the state:
 *
 *  NAME: {"severity", "message", "since", "notified", "pending", "failures", "retryAt", "over",
 * "held"}
 *
 * notified is the last time that DB_ON_EVENT was told, null when that failed; pending until it is
 * known whether it did; failures: how many times in a row that was in vain;
 * retryAt: not again before; over: since when there is nothing more, for
 * one whose end is still to be told; held: which waits until another run has told of the alert.
 */
#ifndef DBR_OPS_ALERTS_H
#define DBR_OPS_ALERTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/strlist.h"
#include "state/config.h"
#include "state/state.h"

/* The member of the state. */
#define ALERTS_PART "alerts"

enum alert_change { ALERT_LASTS, ALERT_RAISED, ALERT_REPEATED, ALERT_OVER };

struct alert {
    char *name; /* "sync-late", "connections-primary": one of that name at a time */
    bool critical;
    char *message;
    bool measured; /* value and threshold mean something */
    double value, threshold;
    char stale[CLOCK_TEXT_SIZE]; /* when it was measured, where the last check could not; else "" */
    char since[CLOCK_TEXT_SIZE]; /* filled by alerts_apply and alerts_recall */
    enum alert_change change;
    bool again; /* ALERT_OVER that was told in vain before */
};

struct alerts {
    struct alert *items;
    size_t count;
    /* Names of those that are part of a graver one now: neither raised nor over meanwhile. */
    struct strlist covered;
    /* Names of those that nobody can measure any more: over by that, and told of as such. */
    struct strlist lost;
};
#define ALERTS_INIT                                                                                \
    {                                                                                              \
        NULL, 0, STRLIST_INIT, STRLIST_INIT                                                        \
    }

/* Copies the texts; the pointer is valid until the next one is added. A name that is there already
 * keeps its first message. */
struct alert *alerts_add(struct alerts *alerts, const char *name, bool critical,
                         const char *message);
void alerts_release(struct alerts *alerts);

/*
 * Puts the alerts into state->root, in the place of those that were there, and adds to news what
 * somebody is to be told of. now_us, in microseconds.
 */
void alerts_apply(struct alerts *alerts, struct state *state, int64_t now_us, int64_t repeat_ms,
                  struct alerts *news);

/* Fills in since when they last, of those that the state tells of. */
void alerts_recall(struct alerts *alerts, const struct state *state);

/*
 * Writes events and runs DB_ON_EVENT for the news; state is not between state_begin and
 * state_commit. The commands of all run at the same time, 20 s at most. What one failed for is told
 * again at the next check, and then, like what one was too slow for, every five minutes. So is what
 * was raised, or became graver, while an earlier word of it was still under way: the last one that
 * arrives is right. The news are emptied.
 */
void alerts_tell(struct alerts *news, const struct config *config, struct state *state);

/*
 * The same without waiting for the commands: a run that makes one check after the other must not be
 * late for the one that a switch is due at.
 */
struct alerts_telling;
struct alerts_telling *alerts_tell_begin(struct alerts *news, const struct config *config,
                                         struct state *state);
bool alerts_tell_has_ended(struct alerts_telling *telling);
/* Waits for the commands, notes what became of them in the state (NULL: there is none), and frees.
 */
void alerts_tell_end(struct alerts_telling *telling, struct state *state);

/* How many the state tells of that are not over. */
size_t alerts_count(const struct state *state);

const char *alert_severity(bool critical);
/* Adds "value" and "threshold" where they were measured, and "notMeasuredSince" where that was not
 * by the last check. */
void alert_figures(const struct alert *alert, struct json *object);
/* The array [{"name", "severity", "message", "since", "value", "threshold",
 * "notMeasuredSince"}]. */
void alerts_document(const struct alerts *alerts, struct json *document);

#endif
