/* Positions of sequences, carried from the source to the target. */
#ifndef DBR_REPL_SEQUENCES_H
#define DBR_REPL_SEQUENCES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "db/conn.h"
#include "db/model.h"

/* The value that nextval would yield next. */
int64_t sequence_next(const struct model_sequence *sequence);

/* How many sequences of the target stand elsewhere than the source's; those that the target lacks
 * are not counted. */
size_t sequences_differ(const struct model *source, const struct model *target);

/* Queues statements that move the differing ones (all of them when `all`); *statements tells how
 * many results to read. */
bool sequences_queue(struct conn *target_conn, const struct model *source,
                     const struct model *target, bool all, size_t *statements, struct err *err);

#endif
