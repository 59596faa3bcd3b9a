/* What the files of dbr-sync share: one run from the options to the report. For lib/ops/sync*.c
 * only. */
#ifndef DBR_OPS_SYNC_RUN_H
#define DBR_OPS_SYNC_RUN_H

#include "base/lock.h"
#include "ops/outcome.h"
#include "ops/sync.h"
#include "repl/reconcile.h"
#include "state/config.h"
#include "state/state.h"

struct sync_run {
    struct cli *cli;
    const struct sync_options *options;
    struct config config;
    struct state state;
    struct lock lock;
    struct reconciliation found;
    struct outcome outcome;
    char *watermark; /* of the run that applied; a comparison after it comes too late for that */
    int64_t started;
    bool reconciled;
    bool repaired;       /* --repair: compared once more afterwards */
    bool fenced;         /* the fence was gone, and this run put it back */
    char *fence_trouble; /* why it could not; or NULL */
};

/* False for the runs that only compare. */
static inline bool sync_writes(const struct sync_options *options)
{
    return !options->verify && !options->dry_run;
}

/* Some tables were asked for. */
bool sync_is_selection(const struct sync_run *run);
/* All tables were asked for, and none was left out. */
bool sync_is_complete(const struct sync_run *run);
/* The error that the run ends with although it did what it could; trouble stays empty when none. */
void sync_judge(const struct sync_run *run, struct err *trouble);

/* Writes the run into the state; a dry run leaves nothing. */
bool sync_remember(struct sync_run *run, const struct err *trouble, struct err *err);
/* A run that fails altogether is remembered too, so that health can say so. */
void sync_remember_failure(struct sync_run *run, const struct err *err);
void sync_write_events(struct sync_run *run, const struct err *trouble);

/* Fills run->outcome.warnings. */
void sync_collect_warnings(struct sync_run *run);
/* Prints the result; trouble is what the run ends with, or no error. */
void sync_summarise(struct sync_run *run, const struct err *trouble);

#endif
