/* The queue of a load: statements under way, and what each result means. For lib/repl/load*.c. */
#ifndef DBR_REPL_LOAD_QUEUE_H
#define DBR_REPL_LOAD_QUEUE_H

#include "db/query.h"
#include "repl/load.h"

enum load_entry_kind {
    LOAD_RUN,     /* must succeed */
    LOAD_TRY,     /* may fail, which is told */
    LOAD_SETTING, /* the same, of the session: what comes behind it depends on it */
    LOAD_AFTER,   /* belongs to a LOAD_TRY before it, and is skipped with it */
    LOAD_ROWS,    /* an INSERT: its rows are counted */
    LOAD_NO_ROWS  /* asks whether a table has rows: it must not */
};

struct load_entry {
    enum load_entry_kind kind;
    int64_t line;
    char *title;
    size_t table; /* LOAD_ROWS, LOAD_NO_ROWS */
    char *sql;    /* CockroachDB: for another attempt; else NULL */
    int64_t rows; /* LOAD_ROWS: that the statement holds */
};

/* Queues sql in the place of the statement that load->line and load->text tell of. Sends what is
 * queued when it has become much. */
bool load_queue(struct load *load, enum load_entry_kind kind, const char *sql, struct err *err);
/* Sends everything and reads every result; the connection is out of pipeline mode then. */
bool load_flush(struct load *load, struct err *err);
/* What a result says of an entry that has succeeded. */
bool load_take(struct load *load, const struct load_entry *entry, const struct result *result,
               struct err *err);

/*
 * load_apart.c, for CockroachDB: statements are transactions of their own, rows go in pieces that
 * are there exactly once (repl/piece.h).
 */
bool load_apart_flush(struct load *load, struct err *err);
/* The file's current COPY block, of which load->block has been read, into `relation`. */
bool load_apart_copy(struct load *load, const struct buf *relation, struct err *err);

/* Adds rows of the file's current table to those that were taken. */
void load_count(struct load *load, size_t table, int64_t rows);
/* The number of the file's current table. */
size_t load_table(const struct load *load);
extern const char load_cannot[]; /* why, of a statement that the target refused */
/* Notes that the current statement, or one that failed, is not run. detail: what the server says of
 * it, or NULL. */
void load_skip(struct load *load, int64_t line, const char *title, const char *why,
               const char *detail);
/* "line N: TITLE: " before the message; ERR_REFUSED where the object is there already. */
bool load_blame(struct err *err, int64_t line, const char *title);

#endif
