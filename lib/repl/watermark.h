/*
 * The safe start of the next change window. Taken on the source before the snapshot is opened: the
 * least of the server's clock, the start of the oldest running transaction and the oldest prepared
 * one, since a transaction that commits later carries the time of its start; less a margin. Never
 * the greatest value seen.
 */
#ifndef DBR_REPL_WATERMARK_H
#define DBR_REPL_WATERMARK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "db/conn.h"

/* Queues the question; the caller queues BEGIN after it. overlap_ms: the margin where others'
 * transactions cannot be seen. */
bool watermark_queue(struct conn *conn, int64_t overlap_ms, struct err *err);
/* *text is malloced: an instant with zone, as PostgreSQL prints it in UTC. */
bool watermark_receive(struct conn *conn, char **text, struct err *err);

#endif
