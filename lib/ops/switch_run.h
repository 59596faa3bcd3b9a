/*
 * What the files of a switch share: one switch from its journal to its report. For
 * lib/ops/switch*.c, failover.c and failback.c only.
 *
 * The caller holds op.lock and has read the state under it (a dry run has neither).
 */
#ifndef DBR_OPS_SWITCH_RUN_H
#define DBR_OPS_SWITCH_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/main.h"
#include "db/conn.h"
#include "db/model.h"
#include "ops/outcome.h"
#include "repl/fence.h"
#include "repl/keys_off.h"
#include "repl/merge.h"
#include "repl/position.h"
#include "repl/probe.h"
#include "state/config.h"
#include "state/journal.h"
#include "state/state.h"

/* One database of the table before and after. */
struct switch_side {
    bool known; /* it was looked at */
    bool active, reachable, writable;
    int64_t lag_ms; /* standby: since the last sync; -1: not known */
};

/* What the merge did with one table. */
struct switch_merged {
    char *name;
    struct merge_counts counts;
};

struct switch_run {
    struct cli *cli;
    const struct config *config;
    struct state *state;
    struct journal journal;
    enum role from, to;
    bool force;
    struct conn *control[2]; /* by role: fences, sequences, proofs; NULL where not connected */
    struct model models[2];  /* by role */
    char *identities[2];     /* by role */
    struct position_look looks[2]; /* by role, as they were when it was connected */
    struct fence_view fences[2];   /* by role: as they were when it was connected */
    bool unasked;            /* the database that is left was not even looked at: it may live */
    bool role_missing;       /* forced: DB_FENCE_ROLE does not exist where it would be let in */
    bool drift_told;         /* how the schemas differ was said */
    bool unchecked[2];       /* by role: dbr may switch triggers and foreign keys off there */
    bool marked;             /* control[to] has the mark of this switch */
    int64_t epoch_seen;      /* the greatest that those tell of which were asked last */
    bool overtaken;          /* it was not undone: another state directory has switched meanwhile */
    struct off off[2];       /* by role: what a broken-off sync has left (repl/keys_off.h) */
    struct strlist bases;    /* tables of bases that control[to] holds */
    struct outcome outcome;  /* rows moved; warnings */
    struct strlist failed;   /* pointer targets and hooks that failed */
    bool merge_done;         /* a merge was part of this run */
    struct merge_counts sum; /* of it */
    struct switch_merged *merged;
    size_t merged_count;
    bool skew_known;
    int64_t skew_ms;    /* between the two servers' clocks */
    int64_t pointed_ms; /* from the decision to the moved pointer; -1: not moved */
    int64_t started_ms; /* monotonic */
    struct switch_side before[2], after[2]; /* by role */
};

void switch_init(struct switch_run *run, struct cli *cli, const struct config *config,
                 struct state *state);
void switch_release(struct switch_run *run);

/* switch_control.c ------------------------------------------------------------------------------*/

/*
 * Connects to the wanted databases (by role) at once and asks each who it is, what it holds and
 * whether the switch `id` (may be NULL) has left its mark there. Those that are connected already
 * are left alone, one that is known to be lost is opened anew. ERR_REFUSED when another machine has
 * switched this pair since.
 */
bool switch_connect(struct switch_run *run, const bool wanted[2], int timeout_ms, struct err *err);
void switch_disconnect(struct switch_run *run);
/* The fence of a database, as the configuration wants it. */
struct fence switch_fence_of(const struct switch_run *run, enum role role);
/* ERR_REFUSED when a fence could not be placed or lifted: asked before anything is changed. */
bool switch_check_fences(struct switch_run *run, struct err *err);
/* Fences a database, proves it, and quiets its triggers. */
bool switch_fence(struct switch_run *run, enum role role, struct err *err);
/* Ends what earlier runs of dbr may still have at work there, before the fence is looked at. */
bool switch_end_own(struct switch_run *run, enum role role, struct err *err);
/* Takes the fence of a database off again and wakes its triggers: the way back. */
bool switch_unfence(struct switch_run *run, enum role role, struct err *err);
/* Of control[to], which is connected: run->marked, and the greatest epoch in run->epoch_seen. */
bool switch_ask_mark(struct switch_run *run, struct err *err);
/* Whether `to` tells of a switch that is neither this one nor known to the state; false also when
 * it does not answer in time. */
bool switch_is_overtaken(struct switch_run *run);
/* Whether that refusal, or another answer of the last connection, was for being overtaken. */
bool switch_told_overtaken(const struct switch_run *run);
/* Looks at `from`, on a new connection where the old one is gone. */
bool switch_still_fenced(struct switch_run *run, bool *fenced, struct err *err);
/* Once `to` is open: where somebody has taken the fence of `from` off meanwhile, or that cannot be
 * seen, it is owed, and what the standby has is unmerged. */
void switch_keep_fenced(struct switch_run *run);
/* switch_open.c ---------------------------------------------------------------------------------*/

/*
 * Opens control[to]: the frozen base (forced failover), sequences beyond every id in use, triggers,
 * the fence, the mark of the switch. run->marked tells whether the mark is there, as far as it
 * could be found out when the answer was lost; without it nothing was opened.
 */
bool switch_open(struct switch_run *run, struct err *err);
/* Connects to `to` and sees whether the mark is there (run->marked), once nothing that an earlier
 * run or connection has sent can write it any more. */
bool switch_look_at_mark(struct switch_run *run, struct err *err);

/* switch_remains.c ------------------------------------------------------------------------------*/

/*
 * ERR_REFUSED when rows that a broken-off sync had taken out are missing where a forced switch
 * would open; not where that was consented to, or nobody is there to be asked.
 */
bool switch_check_rows(const struct switch_run *run, struct err *err);
/*
 * Mends what a sync that was broken off has left in control[role], which is idle: foreign keys that
 * are off. Rows that are out come back with the merge only. That it did, and what it could not, is
 * told (warnings, events) and stands in the state (state/remains.h): no reason to stay out.
 */
void switch_mend(struct switch_run *run, enum role role);

/* switch_rows.c ---------------------------------------------------------------------------------*/

/* Brings `to` in step with `from`. ERR_REFUSED when a table cannot follow. final: the two are equal
 * afterwards, proven by comparison, or ERR_DIFFERENT. */
bool switch_sync(struct switch_run *run, bool final, struct err *err);
/* Brings what the returning primary holds to the secondary (repl/merge.h); content when nothing is
 * to be merged. plan: only counts. */
bool switch_merge(struct switch_run *run, bool plan, struct err *err);
/* The difference of the two clocks, where both databases have been probed (by role). */
void switch_note_skew(struct switch_run *run, const struct probe *probes);
/* What a sync from `from` would move, counted into the outcome; nothing is written. With a merge
 * still to be done that says it all. */
bool switch_plan(struct switch_run *run, struct err *err);

/* switch_walk.c ---------------------------------------------------------------------------------*/

/* Writes the step to the state; with STEP_POINT the switch takes effect, with STEP_NONE it is
 * complete. */
bool switch_enter(struct switch_run *run, enum switch_step step, struct err *err);
/* From the step that the journal stands at to the end. A failure that can be undone is. */
bool switch_walk(struct switch_run *run, struct err *err);
/* Remembers in the state which pointer target did not follow, or that all did. */
void switch_note_followers(struct switch_run *run);
/* Runs the command DB_ON_EVENT for the switch of the journal; one that fails is remembered. */
void switch_tell(struct switch_run *run);
/* Undoes what was done of a switch that has not taken effect. Once begun, it is an undoing for
 * every later run as well. */
bool switch_undo(struct switch_run *run, struct err *err);

/* switch_report.c -------------------------------------------------------------------------------*/

/* Probes both databases, by role; release the probes in either case. False only when stopped. */
bool switch_probe(struct switch_run *run, struct probe probes[2], struct err *err);
void switch_look(struct switch_run *run, const struct probe *probes, struct switch_side sides[2]);
/* Says (stderr, and `warnings` under --json) how the schema of `to` differs from that of `from`,
 * which are both connected, and which tables the configuration leaves behind. Tables whose rows
 * cannot follow for it are refused by switch_sync. */
void switch_tell_drift(struct switch_run *run);
/* The table before and after, the rows, what is stranded; fills cli->document under --json. */
void switch_report(struct switch_run *run, bool dry_run);

#endif
