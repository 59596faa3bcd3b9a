/*
 * Salvage: every row version that a run overwrites or deletes, kept before it is gone, one gzip
 * file per run in salvage/ of the state directory. Lines are {"time", "run", "table", "key",
 * "reason", "kept", "lost"}, in any order of the members. Integers, booleans and JSON documents
 * stand as such, every other value as the server's text, so that json_populate_record puts a row
 * back exactly.
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
    int64_t marked; /* rows at the last mark */
    bool open;      /* between archive_begin and archive_end: the file ends within a line */
    /* of the open line */
    const struct model_column *column; /* whose value is not complete yet, or NULL */
    bool null;                         /* that value is NULL */
    bool object;                       /* members are being added to an object */
    bool first;                        /* it has none yet */
};

void archive_init(struct archive *archive, const char *state_dir, const char *program);

/*
 * Adds one version. Rows are results of row_sql_rows_of: key columns, then the columns. kept NULL
 * for a delete. reason: "update", "conflict", "delete".
 */
bool archive_add(struct archive *archive, const struct row_table *table, const char *reason,
                 const struct result *kept, size_t kept_row, const struct result *lost,
                 size_t lost_row, struct err *err);

/*
 * The same for a version that is too wide to be held: begin; then, for each of the objects "key",
 * "lost" and "kept", its name and the values in pieces; end. `first` tells a value's first piece; a
 * piece is bytes of a bytea column, else of the value's text. kept false: there was no such object.
 */
bool archive_begin(struct archive *archive, const struct row_table *table, struct err *err);
bool archive_object(struct archive *archive, const char *name, struct err *err);
bool archive_piece(struct archive *archive, const struct model_column *column, bool first,
                   const char *data, size_t len, struct err *err);
/* A whole value, in the place of its pieces, as the server's text; NULL for NULL. */
bool archive_value(struct archive *archive, const struct model_column *column, const char *text,
                   size_t len, struct err *err);
bool archive_end(struct archive *archive, const char *reason, bool kept, struct err *err);

/* Makes what was added durable; to be called before the loss is committed. */
bool archive_sync(struct archive *archive, struct err *err);
/* What was added is durable, and stays whatever archive_back does. */
bool archive_mark(struct archive *archive, struct err *err);
/* Takes back what was added since the last mark: it was not lost after all. */
bool archive_back(struct archive *archive, struct err *err);
/* Ends the file and removes it: nothing of what it holds was lost. */
void archive_discard(struct archive *archive);
bool archive_close(struct archive *archive, struct err *err);

#endif
