/*
 * How the schema of the target (the standby) has drifted from that of the source: what a migration
 * that ran on one of the two only leaves behind, views, functions, checks and indexes included.
 */
#ifndef DBR_REPL_DRIFT_H
#define DBR_REPL_DRIFT_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/strlist.h"
#include "db/engine.h"
#include "db/model.h"
#include "state/config.h"

struct drift {
    struct strlist missing; /* objects that the target lacks, or has otherwise: "view paid" */
    struct strlist beyond;  /* that it alone has, or has of another type */
};

/* Release it in any case. */
void drift_find(struct drift *drift, const struct model *source, const struct model *target,
                const struct engine *engine);
bool drift_any(const struct drift *drift);
/* In one line for people (malloced), with what to do; NULL when there is none. The roles are those
 * of the source and the target. */
char *drift_text(const struct drift *drift, enum role source, enum role target, bool merge_due);
/* Appends the first of the names, and how many more there are. */
void drift_add_names(struct buf *text, const struct strlist *objects, size_t most);
void drift_release(struct drift *drift);

/* The schemas are the same. */
bool drift_none(const struct model *source, const struct model *target,
                const struct engine *engine);

#endif
