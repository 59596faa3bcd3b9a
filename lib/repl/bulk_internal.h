/* What the files of a bulk copy share. For lib/repl/bulk*.c only. */
#ifndef DBR_REPL_BULK_INTERNAL_H
#define DBR_REPL_BULK_INTERNAL_H

#include "repl/batch.h"
#include "repl/bulk.h"
#include "repl/pairing.h"

/* A COPY of one table. */
struct relay {
    struct conn *source, *target;
    const struct pairing *pair;
    const volatile bool *cancelled;
    struct bulk_result *result;
    const char *copy_out, *copy_in;
    int64_t told, told_bytes; /* at the last progress update */
};

/* Counts a row; false once the copy is to be given up. */
bool bulk_count_row(struct relay *relay, size_t len, struct err *err);

/* bulk_pieces.c: the rows of a COPY into CockroachDB. */
bool bulk_relay_pieces(struct relay *relay, struct err *err);

/*
 * bulk_group.c: batches of rows of small tables that go to CockroachDB in one transaction. They
 * stay in memory until it is certain.
 */
struct group;
struct group *group_new(struct conn *target, const struct pairings *pairs);
/* Takes the rows of a batch, which is empty afterwards; last: the table is complete with it, and
 * has that many rows. What was there before is put first when it would become too much. */
bool group_add(struct group *group, size_t pair, struct arrays *rows, bool last, int64_t total,
               struct err *err);
bool group_put(struct group *group, struct err *err);
void group_free(struct group *group);

#endif
