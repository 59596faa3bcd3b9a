/*
 * When dbr-health --auto switches, and when it does not. The decision is a pure function of what
 * the state and the configuration say; what stood in the way of a switch that was due is kept in
 * the state.
 */
#ifndef DBR_OPS_AUTO_H
#define DBR_OPS_AUTO_H

#include <stdbool.h>
#include <stdint.h>

#include "db/conn.h"
#include "state/config.h"
#include "state/journal.h"
#include "state/state.h"

/* One database as the last check found it. */
struct auto_side {
    enum conn_failure failure; /* CONN_OK: it answered */
    bool in_recovery;          /* a physical standby: it takes no writes */
    int64_t down;              /* failures in a row that count towards a failover */
    int64_t successes;         /* good checks in a row */
};

struct auto_view {
    enum role active;
    bool initialised;              /* the standby is complete */
    bool isolated;                 /* neither a database nor a witness answers */
    bool failover_on, failback_on; /* AUTO_FAILOVER_ENABLED, AUTO_FAILBACK_ENABLED */
    int64_t failover_threshold;    /* failures in a row */
    int64_t failback_threshold;    /* successes in a row, flapping taken into account */
    bool waiting;                  /* a failback was refused, and is not to be tried again yet */
    struct auto_side sides[2];     /* by role */
};

/* In this order: auto_is_due. */
enum auto_decision {
    AUTO_NONE,            /* nothing is due */
    AUTO_FAILOVER,        /* to be done now */
    AUTO_FAILBACK,        /* to be done now */
    AUTO_FAILOVER_OFF,    /* due, but AUTO_FAILOVER_ENABLED is off */
    AUTO_FAILBACK_OFF,    /* due, but AUTO_FAILBACK_ENABLED is off */
    AUTO_FAILBACK_WAIT,   /* due, refused lately: not tried again yet */
    AUTO_NOT_INITIALISED, /* due, but the standby is not complete */
    AUTO_STANDBY_UNFIT,   /* a failover is due; the secondary is there but cannot take over */
    AUTO_ACTIVE_LOST, /* the secondary is active and down: only a person may give up its changes */
    AUTO_BOTH_DOWN,
    AUTO_ISOLATED
};

enum auto_decision auto_decide(const struct auto_view *view);
/* The counters ask for a switch, whatever keeps it from being made. */
bool auto_is_due(enum auto_decision decision);
/* What keeps it from being made by the nature of the decision, in words, or NULL. */
const char *auto_obstacle(enum auto_decision decision);

/* What the state and the configuration have to say; both databases are configured. */
void auto_view_read(struct auto_view *view, const struct config *config, const struct state *state);
/* DB_FAILBACK_THRESHOLD, doubled for each automatic failback of the last 24 hours, at most 8 times
 * it. */
int64_t auto_failback_threshold(const struct config *config, const struct state *state);

/* --- what stood in the way, in the member "auto" of the state -----------------------------------
 */

/* The setters are called between state_begin and state_commit. A refused failback is tried again
 * after 1, 2, 4, ... minutes, an hour at most. */
void auto_set_blocked(struct state *state, enum switch_op op, const struct err *why);
void auto_clear_blocked(struct state *state);
/* Why the last try of the switch that is due failed, or NULL; with the hint. malloced. */
char *auto_blocked(const struct state *state);
/* When it is tried again, or NULL: at the next check. */
const char *auto_retry_at(const struct state *state);

/* A switch that stands, which a pointer target or DB_ON_EVENT did not follow: NULL or what failed.
 */
const char *auto_unfollowed(const struct state *state);
void auto_set_unfollowed(struct state *state, const char *what); /* NULL: all follow now */

#endif
