/* Batches of many small tables, gathered until they are a transaction. */
#include <stdlib.h>

#include "base/mem.h"
#include "db/row_sql.h"
#include "repl/bulk_internal.h"
#include "repl/ledger.h"
#include "repl/piece.h"

/* Of one transaction. */
#define GROUP_BYTES ((size_t)2 * 1024 * 1024)
#define GROUP_ROWS 10000

struct part {
    size_t pair;
    struct arrays rows;
};

struct group {
    struct piece_writer writer;
    const struct pairings *pairs;
    struct part *parts;
    struct piece *pieces; /* parallel to the parts */
    size_t count, cap;
    size_t bytes, rows;
    size_t pair;    /* of the last part, */
    int64_t number; /* and its number */
};

struct group *group_new(struct conn *target, const struct pairings *pairs)
{
    struct group *group = mem_alloc(sizeof(*group));

    group->writer.conn = target;
    group->writer.ledger = LEDGER;
    group->pairs = pairs;
    group->pair = pairs->count;
    return group;
}

static void forget(struct group *group)
{
    size_t i;

    for (i = 0; i < group->count; i++)
        arrays_release(&group->parts[i].rows);
    group->count = group->bytes = group->rows = 0;
}

void group_free(struct group *group)
{
    if (!group)
        return;
    forget(group);
    free(group->parts);
    free(group->pieces);
    free(group);
}

static bool queue(void *context, size_t i, struct conn *conn, struct err *err)
{
    const struct group *group = context;
    struct part *part = &group->parts[i];
    struct buf sql = BUF_INIT;
    bool ok;

    row_sql_insert(&sql, &group->pairs->items[part->pair].rows[TARGET], false);
    ok = arrays_queue(&part->rows, conn, sql.data, err);
    buf_release(&sql);
    return ok;
}

bool group_put(struct group *group, struct err *err)
{
    bool ok = piece_insert(&group->writer, group->pieces, group->count, queue, group, err);

    forget(group);
    return ok;
}

bool group_add(struct group *group, size_t pair, struct arrays *rows, bool last, int64_t total,
               struct err *err)
{
    size_t bytes = arrays_bytes(rows);
    size_t width = rows->width;
    bool is_record = last && rows->rows == 0; /* of the end alone */

    if (group->count > 0 &&
        (group->bytes + bytes > GROUP_BYTES || group->rows + rows->rows > GROUP_ROWS) &&
        !group_put(group, err))
        return false;
    if (group->count == group->cap) {
        group->cap = group->cap ? 2 * group->cap : 32;
        group->parts = mem_array(group->parts, group->cap, sizeof(*group->parts));
        group->pieces = mem_array(group->pieces, group->cap, sizeof(*group->pieces));
    }
    if (group->pair != pair)
        group->number = 0;
    group->pair = pair;
    group->pieces[group->count] =
        (struct piece){.table = group->pairs->items[pair].name,
                       .number = is_record ? LEDGER_WHOLE : ++group->number,
                       .rows = is_record ? total : (int64_t)rows->rows,
                       .last = last && !is_record,
                       .total = total};
    group->parts[group->count++] = (struct part){pair, *rows};
    group->bytes += bytes;
    group->rows += rows->rows;
    arrays_init(rows, width);
    return true;
}
