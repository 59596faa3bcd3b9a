/* Positions of sequences, carried from the source to the target. */
#ifndef DBR_REPL_SEQUENCES_H
#define DBR_REPL_SEQUENCES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "db/conn.h"
#include "db/model.h"

/* The value that nextval would yield next. */
int64_t sequence_next(const struct model_sequence *sequence);

/* How many sequences of the target stand elsewhere than the source's; those that the target lacks
 * are not counted. */
size_t sequences_differ(const struct model *source, const struct model *target);

/* "pg_catalog.setval(...)": moves a sequence of that schema to where `from` stands. stored: source
 * and target are PostgreSQL, and the position is carried as it is stored. */
void sequence_add_setval(struct buf *sql, const char *schema, const struct model_sequence *from,
                         bool stored);

enum sequences_move {
    SEQUENCES_DIFFERING, /* those that stand elsewhere on the target */
    SEQUENCES_ALL,
    SEQUENCES_FORWARD /* those that the source has moved further: the target's never go back */
};

/* Queues statements that move sequences of the target to where the source's stand; *statements
 * tells how many results to read. */
bool sequences_queue(struct conn *target_conn, const struct model *source,
                     const struct model *target, enum sequences_move move, size_t *statements,
                     struct err *err);

/*
 * Queues statements that move every sequence of one database beyond every id in use in the column
 * that it feeds, and `gap` values further (of a narrow one no more than 10,000 or an eighth of what
 * is left): rows that were lost with the other database hold ids that were never seen. A sequence
 * that stands right (gap 0) is left as it is. Never back, never beyond what the sequence or its
 * column can hold (a sequence that cycles wraps instead), in the direction of its increment. A
 * sequence that feeds no column moves by the gap alone.
 */
bool sequences_queue_advance(struct conn *conn, const struct model *model, int64_t gap,
                             size_t *statements, struct err *err);

#endif
