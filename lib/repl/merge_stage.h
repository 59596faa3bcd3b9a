/* Decisions of a merge on their way into staging tables of the secondary (db/stage_sql.h) and back.
 * For lib/repl/merge_*.c only. */
#ifndef DBR_REPL_MERGE_STAGE_H
#define DBR_REPL_MERGE_STAGE_H

#include "db/stage_sql.h"
#include "repl/merge_internal.h"

struct link;

struct following {
    struct merging *m;
    enum engine_kind engine;
    struct link *links;
    size_t link_count, link_cap;
    struct stage *stages; /* per pairing; rows NULL: not concerned */
    bool restores;        /* a row that comes may need a parent that was deleted */
    size_t queued;        /* statements of the secondary whose results are not read yet */
};

/* Creates the table and fills it with the decisions about one pairing. */
bool merge_stage_fill(struct following *f, size_t pair, struct err *err);
/* Replaces the list of decisions by what the table holds now, and corrects the counts. */
bool merge_stage_read(struct following *f, size_t pair, struct err *err);

#endif
