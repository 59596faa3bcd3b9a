/*
 * Salvage: every row version that a run overwrites or deletes, kept before it is gone, one gzip
 * file per run in salvage/ of the state directory. Lines are {"time", "run", "table", "key",
 * "reason", "kept", "lost"}. Integers, booleans and JSON documents stand as such, every other
 * value as the server's text, so that json_populate_record puts a row back exactly.
 */
#ifndef DBR_REPL_ARCHIVE_H
#define DBR_REPL_ARCHIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "db/query.h"
#include "db/row_sql.h"

struct archive {
    const char *state_dir; /* borrowed */
    const char *program;   /* "sync": part of the file's name */
    char *run;             /* name of the run, NULL until the first row */
    char *path;            /* the file, NULL until the first row */
    struct gz *gz;
    int64_t rows;
};

void archive_init(struct archive *archive, const char *state_dir, const char *program);

/*
 * Adds one version. Rows are results of row_sql_rows_of: key columns, then the columns. kept NULL
 * for a delete. reason: "update", "conflict", "delete".
 */
bool archive_add(struct archive *archive, const struct row_table *table, const char *reason,
                 const struct result *kept, size_t kept_row, const struct result *lost,
                 size_t lost_row, struct err *err);
/* Makes what was added durable; to be called before the loss is committed. */
bool archive_sync(struct archive *archive, struct err *err);
/* Ends the file and removes it: what it holds was not lost after all. */
void archive_discard(struct archive *archive);
bool archive_close(struct archive *archive, struct err *err);

#endif
