/*
 * What a switch leaves in state.json, so that a run that was killed is finished or undone by the
 * next one: the switch under way with its step (written before the step begins), the last switch
 * that was completed, fences that are owed, and the base that still has to be merged.
 *
 * Members of the state:
 *  switch:     {"id", "op", "kind": "planned|forced", "step", "by": "manual|auto", "reason",
 *              "epoch", "startedAt", "undoing", "fromFenced"}; missing when no switch is under
 *              way
 *  lastSwitch: {"id", "op", "kind", "by", "reason", "epoch", "time", "hookFailed",
 *               "baseLooked"}
 *  epoch:      of the last switch, where it was learnt from the databases, or was undone while its
 *              mark could not be taken away
 *  fenceDebt:  {"primary": time, "secondary": time}: since when its fence is owed
 *  merge:      {"run": id of the failover, "time": when it began}: that base is still to be merged
 *  failbacks:  [time, ...]: automatic failbacks, the newest last
 *
 * All setters are called between state_begin and state_commit.
 */
#ifndef DBR_STATE_JOURNAL_H
#define DBR_STATE_JOURNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "state/state.h"

enum switch_op { SWITCH_FAILOVER, SWITCH_FAILBACK };

/* In the order of a switch. Which of them a switch has, and what follows on a failure, stands in
 * ops/transition.c. */
enum switch_step {
    STEP_NONE,
    STEP_PAUSE,  /* clients wait in the pooler */
    STEP_FENCE,  /* the active database takes no more writes */
    STEP_SETTLE, /* the rest is synced, compared, sequences are moved */
    STEP_OPEN,   /* the other database takes writes */
    STEP_POINT,  /* it is the active one, the pointer targets follow */
    STEP_NOTIFY  /* hooks and events */
};

#define JOURNAL_ID_SIZE 40
#define JOURNAL_REASON_SIZE 512

struct journal {
    char id[JOURNAL_ID_SIZE]; /* "20260124T203443910-1234": time and process */
    enum switch_op op;
    enum switch_step step;
    bool forced;
    bool automatic;
    bool undoing;     /* on the way back */
    bool from_fenced; /* forced: an earlier planned one had fenced the database that it leaves */
    int64_t epoch;    /* one more than that of the switch before */
    char reason[JOURNAL_REASON_SIZE]; /* "" when none was given */
    char started[CLOCK_TEXT_SIZE];
};

const char *switch_op_name(enum switch_op op);       /* "failover", "failback" */
const char *switch_step_name(enum switch_step step); /* "pause", "fence", ... */
/* The database that a switch of that kind makes the active one. */
enum role switch_target(enum switch_op op);

/* Begins a journal in memory: id, time and epoch are filled in. */
void journal_begin(struct journal *journal, const struct state *state, enum switch_op op,
                   bool forced, bool automatic, const char *reason);
/* False when no switch is under way. */
bool journal_read(const struct state *state, struct journal *journal);
void journal_put(struct state *state, const struct journal *journal);
void journal_remove(struct state *state);

/* The switch takes effect: activeDatabase is its target from here on, and lastSwitch tells of it.
 */
void journal_take_effect(struct state *state, const struct journal *journal);
/* The last switch that took effect; false when there was none. step is STEP_NONE. */
bool journal_last(const struct state *state, struct journal *journal);
/* The command DB_ON_EVENT of the last switch failed, and is to be run again. */
bool journal_hook_failed(const struct state *state);
void journal_set_hook_failed(struct state *state, bool failed);
/* The secondary is active by a lastSwitch that was written by hand, which tells of no merge, and
 * nobody has looked into the secondary since for a base. */
bool journal_merge_unknown(const struct state *state);
void journal_set_base_looked(struct state *state);
/* Of the last switch that this state knows of, 0 before the first. */
int64_t journal_epoch(const struct state *state);
/* Takes over what the databases tell, where the state knows nothing (begun anew, written by hand),
 * or what they may tell of a switch that was undone. */
void journal_learn_epoch(struct state *state, int64_t epoch);

/* Since when the fence of a database is owed, or NULL. */
const char *journal_debt(const struct state *state, enum role role);
void journal_set_debt(struct state *state, enum role role, bool owed);

/* Why the fence of a database is less than it should be, or NULL: what was tried last. Ends with
 * the next switch, which fences another one. */
const char *journal_fence_trouble(const struct state *state, enum role role);
void journal_set_fence_trouble(struct state *state, enum role role, const char *why);

/* The id of the failover whose base is still to be merged, or NULL. */
const char *journal_merge(const struct state *state);
void journal_set_merge(struct state *state, const char *run); /* NULL: merged */

/* A table that the configuration left out of a switch or its merge: each database may hold rows of
 * its own. It is in nobody's way until a sync would overwrite them. */
bool journal_left_out(const struct state *state, const char *table);
void journal_set_left_out(struct state *state, const char *table, bool left_out);

/* A table of which the standby may hold what nobody merges: it was lost in a forced failback, or
 * the active database came back older (repl/position.h). No sync overwrites that without consent;
 * compared as a whole, the table is known again. */
bool journal_unmerged(const struct state *state, const char *table); /* NULL: any */
void journal_set_unmerged(struct state *state, const char *table, bool unmerged);
void journal_set_all_unmerged(struct state *state); /* every table that the state knows */

/* How many automatic failbacks took effect within the last 24 hours. */
int journal_recent_failbacks(const struct state *state);

/* ERR_USAGE when one of these members is not what it should be: part of state_check. */
bool journal_check(const struct json *root, struct err *err);

#endif
