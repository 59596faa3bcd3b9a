/* What the files of dbr-init-secondary share: one run from the options to the report. For
 * lib/ops/init*.c only. */
#ifndef DBR_OPS_INIT_RUN_H
#define DBR_OPS_INIT_RUN_H

#include "base/lock.h"
#include "ops/init.h"
#include "ops/outcome.h"
#include "repl/bulk.h"
#include "repl/compare.h"
#include "repl/pairing.h"
#include "repl/plan_run.h"
#include "repl/schema_plan.h"
#include "repl/session.h"
#include "state/config.h"
#include "state/state.h"

struct init_run {
    struct cli *cli;
    const struct init_options *options;
    struct config config;
    struct state state;
    struct lock lock;
    struct session session;
    bool open;        /* the session is */
    struct plan plan; /* plan_create for the secondary */
    struct outcome outcome;
    struct strlist failures;       /* optional objects that the secondary refused */
    struct strlist quiet_triggers; /* and rules: disabled on the secondary until a switch */
    int64_t started;
};

/* A run of the plan on the target; optional objects that it refuses go to run->failures. */
struct plan_run init_on_target(struct init_run *run, const struct plan *plan);

/* What an interrupted init has left (repl/ledger.h). */
struct init_progress {
    bool exists; /* one was interrupted */
    struct strlist complete, begun;
};

/* The copy: rows of every table that is not complete, keys and indexes, foreign keys, the rest,
 * verification. */
bool init_copy(struct init_run *run, const struct init_progress *progress, struct err *err);

/*
 * Reads the target's catalog anew and pairs the tables; comparisons, results and flags are sized by
 * it. To be released with init_work_release.
 */
struct init_work {
    struct model target; /* the secondary's catalog after the structure was made */
    struct pairings pairs;
    struct comparisons sums;
    struct bulk_result *results;
    bool *copy, *keys; /* per pairing */
};
bool init_work_open(struct init_run *run, struct init_work *work, struct err *err);
void init_work_release(struct init_work *work);

/* Copies what work->copy says, then builds the keys of these tables. hash: fingerprint large tables
 * meanwhile. */
bool init_copy_rows(struct init_run *run, struct init_work *work, struct plan_run *ddl, bool hash,
                    struct err *err);

/* Disables on the secondary the triggers that would fire on rows that dbr applies; they are named
 * in the notes. */
bool init_quiet_triggers(struct init_run *run, struct err *err);

/* --resume of a secondary that is a twin of the primary already, while the state knows of no
 * interrupted init, or that one has left no ledger. has_ledger: one is there, and is dropped. */
bool init_adopt(struct init_run *run, bool has_ledger, struct err *err);
/*
 * Before a secondary that holds something is written to, while the state knows no complete init:
 * ERR_REFUSED when the fences, or what switches have left in the databases, say that the secondary
 * may be the active one.
 */
bool init_check_lost_state(struct init_run *run, bool *target_fenced, struct err *err);

/* Writes into the state that an init is running. */
bool init_note_begin(struct init_run *run, struct err *err);

/* --update, and both kinds of --dry-run. */
bool init_update(struct init_run *run, struct err *err);
bool init_dry_run(struct init_run *run, struct err *err);

/* Notes of a plan and refused objects as lines of the report. */
void init_report_notes(struct init_run *run, const struct plan *plan);

/* Marks init as done, with watermarks; places the fence. */
bool init_complete(struct init_run *run, const struct init_work *work, struct err *err);

#endif
