/*
 * Merging the rows of a file into tables that hold rows already, on one connection to PostgreSQL
 * and within the transaction that is open on it. Rows go to staging tables first:
 *
 *     upsert_init(&upsert, conn, &model, &archive, "updated_at");
 *     upsert_stage(&upsert, "users", &columns, &relation, err)   for each block of rows; then the
 *         rows, by COPY or INSERT INTO what stands in `relation`
 *     upsert_merge(&upsert, err)   once, after the last row
 *     upsert_release(&upsert);
 *
 * A row whose key is not there is inserted; columns that the file does not hold get their default.
 * Where the key is there, the file's row replaces the values of the columns that it holds when they
 * differ and the file's change column is not before the table's (a value is later than NULL; a
 * table, or a file, without the change column: always). Of several rows with one key the latest
 * counts, among equals the last in the file.
 *
 * Triggers and rules of the tables do not fire; foreign keys and unique indexes hold. Nothing but
 * the widest row is held in memory.
 */
#ifndef DBR_REPL_UPSERT_H
#define DBR_REPL_UPSERT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/strlist.h"
#include "db/conn.h"
#include "db/model.h"
#include "db/upsert_sql.h"
#include "repl/archive.h"

struct upsert_table {
    const struct model_table *table; /* never a partition */
    /* Set by upsert_merge; rows is the sum of the others. */
    int64_t rows;     /* in the file */
    int64_t repeated; /* another row of the file has the key */
    int64_t inserted, updated;
    int64_t kept;      /* the table's row is newer */
    int64_t unchanged; /* the table has the row already */
    /* private */
    struct upsert_rows sql;
    const struct model_column **columns; /* behind sql.rows */
    bool *staged;
    char *ordinal;
};

struct upsert {
    struct conn *conn;
    const struct model *model; /* of the target */
    struct archive *archive;   /* gets what is overwritten, reason "import" */
    const char *change_column;
    struct upsert_table *tables; /* in the order in which they were first staged */
    size_t count, cap;
};

/* Everything is borrowed and must outlive the upsert. */
void upsert_init(struct upsert *upsert, struct conn *conn, const struct model *model,
                 struct archive *archive, const char *change_column);
/*
 * Makes the staging table, one round trip, unless an earlier block of the same rows did. columns
 * with count 0: all that can be written, in the table's order. *relation gets what COPY and INSERT
 * INTO name: the staging table and the columns, in the order given. A partition's rows count as
 * those of the table that it belongs to.
 *
 * ERR_REFUSED, and nothing done, for a table that does not exist or has no key, an unknown,
 * repeated or generated column, a key column that is missing, and for a second block that holds
 * other columns than the first.
 */
bool upsert_stage(struct upsert *upsert, const char *table, const struct strlist *columns,
                  struct buf *relation, struct err *err);
/*
 * Merges, in two round trips. What it overwrites is on disk when it returns. The tables are locked
 * against other writers until the transaction ends. After a failure the transaction is to be rolled
 * back.
 */
bool upsert_merge(struct upsert *upsert, struct err *err);
void upsert_release(struct upsert *upsert);

#endif
