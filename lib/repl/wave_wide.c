/*
 * The wide batches of a wave: one row each, which passes through in pieces. What it overwrites goes
 * from the target into the archive before the source's row goes, piece by piece, into a temporary
 * table of the target (and into the archive beside what it overwrites): a server is listened to
 * before it is spoken to, so that it need not wait with a row in its hands.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db/pipeline.h"
#include "db/row_pieces.h"
#include "repl/instant.h"
#include "repl/wave.h"

/* One version of the row as it arrives. */
struct version {
    struct wave *wave;
    struct applier *applier;
    struct wave_batch *batch;
    const struct row_table *table;
    enum side side; /* whose it is */
    bool lost;      /* as what it goes into the archive: the version that is lost, or that stays */
    bool opens;     /* the key stands in the archive with this one */
    bool archived;  /* it goes into the archive */
    bool staged;    /* it goes to the target */
    size_t fields;  /* that have begun; 0: there is no such row */
    size_t place;   /* of the next piece of the last one */
    struct buf change; /* text of the change column */
    bool has_change;   /* it is not NULL */
};

/* Statements could not ask for this order without having the server sort all pieces. */
static bool is_in_order(struct version *v, size_t field, size_t place, size_t len)
{
    if (field == v->fields && place == 0)
        v->fields++;
    else if (field + 1 != v->fields || place != v->place)
        return false;
    v->place = place + len;
    return v->fields <= v->table->key_count + v->table->column_count;
}

/* The key stands in the archive once. */
static bool archive_field(struct version *v, size_t field, bool first, const char *data, size_t len,
                          struct err *err)
{
    struct archive *archive = v->applier->archive;
    size_t keys = v->table->key_count;

    if (field < keys) {
        if (!v->opens)
            return true;
        if (!archive->open &&
            !(archive_begin(archive, v->table, err) && archive_object(archive, "key", err)))
            return false;
        return archive_piece(archive, v->table->keys[field], first, data, len, err);
    }
    if (field == keys && first && !archive_object(archive, v->lost ? "lost" : "kept", err))
        return false;
    return archive_piece(archive, v->table->columns[field - keys], first, data, len, err);
}

static bool queue_plain(struct wave *wave, struct applier *a, size_t pair, const char *sql,
                        struct err *err)
{
    wave_note_pending(wave, pair);
    return pipeline_add(a->conns[TARGET], sql, 0, NULL, err);
}

static bool begin_staging(struct version *v, struct err *err)
{
    struct applier *a = v->applier;

    if (a->staging)
        return true;
    a->staging = true;
    return queue_plain(v->wave, a, v->batch->pair, ROW_PIECES_BEGIN, err) &&
           queue_plain(v->wave, a, v->batch->pair, ROW_PIECES_STORAGE, err);
}

static bool stage(struct version *v, size_t field, size_t place, const char *data, size_t len,
                  struct err *err)
{
    struct conn *target = v->applier->conns[TARGET];
    char field_text[24];
    char place_text[24];
    const char *const values[] = {field_text, place_text};

    if (!begin_staging(v, err))
        return false;
    (void)snprintf(field_text, sizeof(field_text), "%zu", field);
    (void)snprintf(place_text, sizeof(place_text), "%zu", place);
    wave_note_pending(v->wave, v->batch->pair);
    return pipeline_add_bytes(target, ROW_PIECES_ADD, 2, values, data, len, err) &&
           pipeline_send(&target, 1, err);
}

static bool take_piece(void *context, const struct result *row, struct err *err)
{
    struct version *v = context;
    size_t field = (size_t)result_int(row, 0, 0);
    size_t place = (size_t)result_int(row, 0, 1);
    const char *data = result_text(row, 0, 2);
    size_t len = data ? result_length(row, 0, 2) : 0;
    size_t keys = v->table->key_count;

    if (!is_in_order(v, field, place, len))
        return err_internal(err, "the pieces of a row of %s arrived out of order",
                            v->table->table->name);
    if (field >= keys && data && v->table->columns[field - keys] == v->table->change) {
        buf_add(&v->change, data, len);
        v->has_change = true;
    }
    if (v->archived && !archive_field(v, field, place == 0, data, len, err))
        return false;
    return field < keys || !v->staged || !data || stage(v, field, place, data, len, err);
}

static bool receive(struct version *v, struct err *err)
{
    struct conn *conn = v->applier->conns[v->side];

    if (!pipeline_rows(conn, take_piece, v, err))
        return false;
    if (v->fields && v->fields < v->table->key_count + v->table->column_count)
        return err_internal(err, "the pieces of a row of %s did not all arrive",
                            v->table->table->name);
    return true;
}

static const char *text_of(const struct version *v)
{
    return v->has_change ? v->change.data : NULL;
}

/* Why the target's version, or that of the source (BATCH_LOSE), is lost; counts conflicts. */
static const char *reason(const struct version *old, const struct version *new)
{
    struct applier *a = old->applier;
    bool conflict;

    if (old->batch->kind == BATCH_LOSE)
        return "conflict";
    if (a->merge)
        return "merge";
    if (!new->fields)
        return "delete";
    conflict = new->table->change &&instant_is_later(text_of(old), text_of(new));
    old->batch->conflicts += conflict;
    return conflict ? "conflict" : "update";
}

/* The end of the line in the archive. */
static bool end_archived(const struct version *old, const struct version *new, struct err *err)
{
    const struct version *lost = old->lost ? old : new;
    const struct version *kept = old->lost ? new : old;

    if (!lost->archived || !lost->fields)
        return true;
    return archive_end(lost->applier->archive, reason(old, new), kept->fields > 0, err);
}

static bool queue_write(struct wave *wave, struct applier *a, struct wave_batch *b, bool has_row,
                        struct err *err)
{
    const struct row_table *table = &a->pairs->items[b->pair].rows[TARGET];
    bool upsert = row_sql_can_upsert(table);
    struct buf sql = BUF_INIT;
    bool ok;

    if (!upsert && a->way == APPLY_UPSERT &&
        !wave_queue_delete(wave, a, b->pair, &b->changed, 1, err))
        return false;
    if (!has_row)
        return true;
    row_sql_counted_open(&sql);
    row_pieces_insert(&sql, table, upsert);
    row_sql_counted_close(&sql, 1);
    ok = queue_plain(wave, a, b->pair, sql.data, err) &&
         queue_plain(wave, a, b->pair, ROW_PIECES_CLEAR, err) &&
         wave_queue_parent_locks(wave, a, b, err);
    buf_release(&sql);
    return ok;
}

/* True when the source has the row again, whose deletion was found. */
static bool ask_again(struct applier *a, const struct wave_batch *b, bool *there, struct err *err)
{
    struct result *again;

    *there = false;
    if (!b->gone.rows)
        return true;
    if (!pipeline_next(wave_asked_again(a), &again, err))
        return false;
    *there = result_rows(again) > 0;
    result_free(again);
    return true;
}

static bool queue_pieces(struct conn *conn, const struct row_table *table, struct arrays *keys,
                         struct err *err)
{
    struct buf sql = BUF_INIT;
    bool ok;

    row_pieces_read(&sql, table);
    ok = arrays_queue_bytes(keys, conn, sql.data, err);
    buf_release(&sql);
    return ok;
}

bool wave_wide_queue(struct applier *a, struct wave_batch *b, struct err *err)
{
    const struct pairing *pair = &a->pairs->items[b->pair];

    if (b->changed.rows && !queue_pieces(a->conns[TARGET], &pair->rows[TARGET], &b->changed, err))
        return false;
    return b->kind == BATCH_DELETE ||
           queue_pieces(a->conns[SOURCE], &pair->rows[SOURCE], &b->keys, err);
}

bool wave_wide_run(struct wave *wave, struct applier *a, struct wave_batch *b, struct err *err)
{
    const struct pairing *pair = &a->pairs->items[b->pair];
    bool loses = b->kind == BATCH_LOSE;
    struct version old = {wave, a, b, &pair->rows[TARGET], .side = TARGET, .change = BUF_INIT};
    struct version new = {wave, a, b, &pair->rows[SOURCE], .side = SOURCE, .change = BUF_INIT};
    bool there;
    bool ok = ask_again(a, b, &there, err);

    old.lost = !loses;
    old.opens = true;
    old.archived = !there;
    if (ok && b->changed.rows)
        ok = receive(&old, err);
    new.lost = loses;
    new.opens = old.fields == 0;
    new.archived = loses || (old.archived && old.fields > 0);
    new.staged = b->kind == BATCH_UPSERT;
    if (ok && b->kind != BATCH_DELETE)
        ok = receive(&new, err);
    ok = ok && end_archived(&old, &new, err);
    if (ok && there)
        wave->kept += old.fields > 0;
    else if (ok && b->kind == BATCH_UPSERT)
        ok = queue_write(wave, a, b, new.fields > 0, err);
    else if (ok && !loses && old.fields)
        ok = wave_queue_delete(wave, a, b->pair, &b->changed, 1, err);
    buf_release(&old.change);
    buf_release(&new.change);
    return ok;
}
