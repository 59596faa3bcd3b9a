/* Statements of a wave on the target, and what came of them. */
#include <string.h>

#include "base/mem.h"
#include "db/conn_traffic.h"
#include "db/merge_sql.h"
#include "db/park_sql.h"
#include "db/pipeline.h"
#include "db/row_sql.h"
#include "repl/base.h"
#include "repl/wave.h"

bool wave_queue_for_keys(struct conn *conn, const struct row_table *table,
                         void (*write)(struct buf *, const struct row_table *), struct arrays *keys,
                         struct err *err)
{
    struct buf sql = BUF_INIT;
    bool ok;

    write(&sql, table);
    ok = arrays_queue(keys, conn, sql.data, err);
    buf_release(&sql);
    return ok;
}

void wave_note_pending(struct wave *wave, size_t pair)
{
    if (wave->pending_count == wave->pending_cap) {
        wave->pending_cap = wave->pending_cap ? wave->pending_cap * 2 : 64;
        wave->pending = mem_array(wave->pending, wave->pending_cap, sizeof(*wave->pending));
    }
    wave->pending[wave->pending_count++] = pair;
}

/* A statement that must take that many rows. */
static bool queue_counted(struct wave *wave, struct applier *a, size_t pair, const char *statement,
                          struct arrays *arrays, size_t rows, struct err *err)
{
    struct buf sql = BUF_INIT;
    bool ok;

    row_sql_counted_open(&sql);
    buf_adds(&sql, statement);
    row_sql_counted_close(&sql, rows);
    wave_note_pending(wave, pair);
    conn_traffic_wrote(a->conns[TARGET], (int64_t)rows);
    ok = arrays_queue(arrays, a->conns[TARGET], sql.data, err);
    buf_release(&sql);
    return ok;
}

bool wave_queue_insert(struct wave *wave, struct applier *a, size_t pair, const char *sql,
                       struct arrays *rows, struct err *err)
{
    return queue_counted(wave, a, pair, sql, rows, rows->rows, err);
}

static bool queue_base(struct wave *wave, struct applier *a, size_t pair,
                       void (*write)(struct buf *, const struct row_table *, const char *),
                       struct arrays *keys, struct err *err)
{
    const struct base_table *table = base_table(a->base, a->pairs->items[pair].name);
    struct buf sql = BUF_INIT;
    bool ok;

    write(&sql, &a->states[pair], table->relation);
    wave_note_pending(wave, pair);
    ok = arrays_queue(keys, a->conns[TARGET], sql.data, err);
    buf_release(&sql);
    return ok;
}

/* Rows with a key may be gone already: with their parent, or because an upsert changed how their
 * key is written. What counts is that none is left. */
bool wave_queue_delete(struct wave *wave, struct applier *a, size_t pair, struct arrays *keys,
                       size_t rows, struct err *err)
{
    const struct row_table *table = &a->pairs->items[pair].rows[TARGET];
    struct buf sql = BUF_INIT;
    bool ok;

    if (!keys->rows)
        return true;
    if (table->key_count == 0) {
        row_sql_delete(&sql, table);
        ok = queue_counted(wave, a, pair, sql.data, keys, rows, err);
        buf_release(&sql);
        return ok;
    }
    wave_note_pending(wave, pair);
    wave_note_pending(wave, pair);
    return wave_queue_for_keys(a->conns[TARGET], table, row_sql_delete, keys, err) &&
           wave_queue_for_keys(a->conns[TARGET], table, row_sql_left_over, keys, err) &&
           (!a->states || queue_base(wave, a, pair, merge_sql_forget, keys, err));
}

bool wave_parks(const struct applier *a, size_t pair)
{
    return a->states && model_is_referred_to(a->pairs->models[TARGET], a->pairs->items[pair].name);
}

bool wave_queue_park(struct wave *wave, struct applier *a, size_t pair, struct arrays *keys,
                     bool going, struct err *err)
{
    struct buf sql = BUF_INIT;
    bool ok = true;

    if (keys->rows && park_sql(&sql, &a->pairs->items[pair].rows[TARGET], a->pairs->models[TARGET],
                               going, wave->parked)) {
        wave->parked += (int64_t)keys->rows;
        wave_note_pending(wave, pair);
        ok = arrays_queue(keys, a->conns[TARGET], sql.data, err);
    }
    buf_release(&sql);
    return ok;
}

bool wave_queue_parent_locks(struct wave *wave, struct applier *a, struct wave_batch *b,
                             struct err *err)
{
    const struct row_table *rows = &a->pairs->items[b->pair].rows[TARGET];
    struct buf sql = BUF_INIT;
    size_t i;
    bool ok = true;

    for (i = 0; i < rows->table->constraint_count && ok && a->merge && a->unchecked; i++) {
        const struct model_constraint *c = &rows->table->constraints[i];

        if (c->type != 'f' || c->ref_outside || c->inherited)
            continue;
        buf_reset(&sql);
        merge_sql_lock_parents(&sql, rows, c);
        wave_note_pending(wave, b->pair);
        ok = arrays_queue(&b->keys, a->conns[TARGET], sql.data, err);
    }
    buf_release(&sql);
    return ok;
}

bool wave_queue_base(struct wave *wave, struct applier *a, struct wave_batch *b, struct err *err)
{
    return !a->states || (queue_base(wave, a, b->pair, merge_sql_forget, &b->keys, err) &&
                          queue_base(wave, a, b->pair, merge_sql_learn, &b->keys, err));
}

/* Says in words that rows were not taken. */
static void explain(const struct applier *a, size_t pair, struct err *err)
{
    size_t missing;
    size_t rows;
    char state[sizeof(err->sqlstate)];

    if (!row_sql_read_shortfall(err->message, &missing, &rows))
        return;
    memcpy(state, err->sqlstate, sizeof(state));
    err_set(err, ERR_FAILED, "the %s did not take %zu of %zu rows of %s: a trigger or rule there?",
            conn_role(a->conns[TARGET]), missing, rows, a->pairs->items[pair].name);
    memcpy(err->sqlstate, state, sizeof(state));
    err_hint(err, "disable or drop there what keeps the rows out");
}

bool wave_finish(struct wave *wave, struct applier *a, struct err *err)
{
    size_t i;

    for (i = 0; i < wave->pending_count; i++)
        if (!pipeline_next(a->conns[TARGET], NULL, err)) {
            a->failed = wave->pending[i];
            explain(a, a->failed, err);
            return false;
        }
    wave->pending_count = 0;
    return true;
}
