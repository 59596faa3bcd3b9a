/*
 * A file that dbr-export or pg_dump (plain format, 14 to 18) wrote, read statement by statement.
 * Whether it is one, whether it is whole, and whether it holds nothing that an import must not run,
 * is checked on the way:
 *
 *   - its first lines say who wrote it; everything else is refused, with what it is where that can
 *     be told
 *   - a file of dbr ends with the number of rows of each table and a CRC-32 of all before it, one
 * of pg_dump with its closing comment; nothing may follow
 *   - every statement is of a kind that such files consist of
 *
 *     sql_file_open(&file, in);
 *     while (sql_file_next(&file, err) && !file.end) ... file.item, file.statement ...
 *
 * A file that fails a check is ERR_REFUSED and names the line. What was read until then has been
 * handed out already: nothing may be committed before the end was seen.
 */
#ifndef DBR_REPL_SQL_FILE_H
#define DBR_REPL_SQL_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/infile.h"
#include "db/engine.h"
#include "db/script.h"
#include "db/statement.h"

enum sql_origin { SQL_ORIGIN_UNKNOWN, SQL_ORIGIN_DBR, SQL_ORIGIN_PG_DUMP };

/* A table whose rows the file holds, in the order in which they come. */
struct sql_file_table {
    char *schema; /* NULL where the file does not say */
    char *name;
    int64_t rows; /* so far */
    int64_t told; /* by the trailer; -1: it does not tell */
};

struct sql_file {
    struct infile *in; /* borrowed */
    struct script *script;
    /* what the header says */
    enum sql_origin origin;
    const struct engine *dialect; /* that the file is for */
    char *schema;                 /* dbr: of all objects */
    char *source;                 /* "PostgreSQL 15.18", "primary, PostgreSQL 15.18"; or NULL */
    char *snapshot;               /* dbr: time of the snapshot, or NULL */
    /* the current item: a statement, or COPY with rows behind it */
    struct script_item item;
    struct statement statement;
    struct sql_file_table *table; /* of COPY and INSERT */
    bool end;                     /* the file was whole; there is no current item */
    /* so far */
    struct sql_file_table *tables;
    size_t table_count;
    int64_t rows, statements;
    /* for the checks */
    bool complete;   /* the closing comment was there */
    bool summed;     /* ... and the sum */
    bool in_header;  /* nothing but comments so far */
    bool csv_quoted; /* within a quoted field */
    int64_t comments;
};

/* The infile stands at its start. */
void sql_file_open(struct sql_file *file, struct infile *in);
/* The next statement that is no psql command or comment; file->end at the end. */
bool sql_file_next(struct sql_file *file, struct err *err);
/* The rows behind a COPY, as script_copy_read; they are counted. */
bool sql_file_rows(struct sql_file *file, const char **data, size_t *len, struct err *err);
void sql_file_release(struct sql_file *file); /* a zeroed one is fine; the infile stays open */

/* ERR_REFUSED when a file for that engine is not for the database of the connection. */
bool sql_dialect_fits(const struct engine *dialect, const char *file, const struct conn *conn,
                      struct err *err);

const char *sql_origin_name(enum sql_origin origin); /* "dbr-export", "pg_dump" */

#endif
