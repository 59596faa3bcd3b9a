/* Staging: keys and decisions from here, values from the primary, a wave of each at a time. */
#include "repl/merge_stage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db/pipeline.h"

/* A message of 16 MiB is too long for CockroachDB. */
#define WAVE_ROWS 8192
#define WAVE_BYTES ((size_t)1 << 20)

static bool queue(struct following *f, const char *sql, struct err *err)
{
    f->queued++;
    return pipeline_add(f->m->conns[TARGET], sql, 0, NULL, err);
}

/* Ends the segment, sends it and reads the results that nobody waits for. */
static bool settle(struct following *f, struct err *err)
{
    struct conn *conn = f->m->conns[TARGET];

    if (!pipeline_sync(conn, err) || !pipeline_send(&conn, 1, err))
        return false;
    for (; f->queued > 0; f->queued--)
        if (!pipeline_next(conn, NULL, err))
            return false;
    return true;
}

struct staging {
    struct following *f;
    size_t pair;
    struct arrays keys;  /* asked of the primary */
    struct keyset asked; /* the items of the keys, by place */
    struct arrays rows;  /* for the INSERT */
    int64_t staged;      /* rows that were inserted */
    struct key_item at;
    int64_t place; /* of `at` */
};

static void add_staged(struct staging *s, const struct key_item *item, const struct result *values)
{
    size_t width = row_sql_key_width(s->f->stages[s->pair].rows);
    char octets[24];
    char state[24];
    char kind[2] = {item->kind, '\0'};
    char note[32];
    size_t i;

    (void)snprintf(octets, sizeof(octets), "%lld", (long long)item->octets);
    (void)snprintf(state, sizeof(state), "%lld", (long long)item->digest);
    arrays_add_text(&s->rows, 0, kind);
    arrays_add_text(&s->rows, 1, octets);
    arrays_add_text(&s->rows, 2, state);
    for (i = 0; i < width; i++)
        arrays_add_text(&s->rows, 3 + i, key_item_text(item, i));
    for (i = 0; i < s->f->stages[s->pair].value_count; i++)
        arrays_add_text(&s->rows, 3 + width + i, values ? result_text(values, 0, 1 + i) : NULL);
    (void)snprintf(note, sizeof(note), "%c%c%lld", item->counts_as, item->conflict ? 'c' : ' ',
                   (long long)item->row_hash);
    arrays_add_text(&s->rows, 3 + width + i, note);
    arrays_end_row(&s->rows);
}

static bool insert_staged(struct staging *s, struct err *err)
{
    struct following *f = s->f;
    struct buf sql = BUF_INIT;
    bool ok;

    if (s->rows.rows == 0)
        return true;
    stage_sql_add(&sql, &f->stages[s->pair], f->engine, s->staged);
    s->staged += (int64_t)s->rows.rows;
    ok = arrays_queue(&s->rows, f->m->conns[TARGET], sql.data, err);
    f->queued++;
    arrays_reset(&s->rows);
    buf_release(&sql);
    return ok && settle(f, err);
}

static bool take_values(void *context, const struct result *row, struct err *err)
{
    struct staging *s = context;
    bool end;

    for (; s->place < result_int(row, 0, 0); s->place++)
        if (!keyset_next(&s->asked, &s->at, &end, err))
            return end ? err_internal(err, "a row of the merge has no key") : false;
    add_staged(s, &s->at, row);
    return arrays_bytes(&s->rows) < WAVE_BYTES || insert_staged(s, err);
}

static bool ask_values(struct staging *s, struct err *err)
{
    struct merging *m = s->f->m;
    struct conn *primary = m->conns[SOURCE];
    struct buf sql = BUF_INIT;
    bool ok = true;

    if (s->keys.rows > 0) {
        stage_sql_values(&sql, &m->rows[s->pair][SOURCE], &s->f->stages[s->pair]);
        buf_adds(&sql, " ORDER BY 1");
        keyset_rewind(&s->asked);
        s->place = 0;
        ok = arrays_queue(&s->keys, primary, sql.data, err) && pipeline_sync(primary, err) &&
             pipeline_send(&primary, 1, err) && pipeline_rows(primary, take_values, s, err);
        arrays_reset(&s->keys);
        keyset_release(&s->asked);
        keyset_init(&s->asked, m->decided[s->pair].dir);
        buf_release(&sql);
    }
    return ok && insert_staged(s, err);
}

/* Deletes are staged by their key alone, what the primary has with its values. */
static bool stage_item(struct staging *s, const struct key_item *item, struct err *err)
{
    if (item->kind == 'd') {
        add_staged(s, item, NULL);
    } else {
        arrays_add_key(&s->keys, item);
        if (!keyset_add(&s->asked, item, err))
            return false;
    }
    return (s->keys.rows + s->rows.rows < WAVE_ROWS &&
            arrays_bytes(&s->keys) + arrays_bytes(&s->rows) < WAVE_BYTES) ||
           ask_values(s, err);
}

bool merge_stage_fill(struct following *f, size_t pair, struct err *err)
{
    const struct stage *stage = &f->stages[pair];
    struct keyset *decided = &f->m->decided[pair];
    struct staging s = {.f = f, .pair = pair};
    size_t width = row_sql_key_width(stage->rows);
    struct buf sql = BUF_INIT;
    struct key_item item;
    bool end = false;
    bool ok;

    arrays_init(&s.keys, width);
    arrays_init(&s.rows, 3 + width + stage->value_count + 1);
    keyset_init(&s.asked, decided->dir);
    stage_sql_create(&sql, stage);
    ok = f->engine == ENGINE_COCKROACH || (queue(f, sql.data, err) && settle(f, err));
    keyset_rewind(decided);
    while (ok && keyset_next(decided, &item, &end, err))
        ok = stage_item(&s, &item, err);
    ok = ok && end && ask_values(&s, err);
    keyset_release(&s.asked);
    arrays_release(&s.keys);
    arrays_release(&s.rows);
    buf_release(&sql);
    return ok;
}

/* --- reading back ----------------------------------------------------------------------------- */

struct reading {
    struct merging *m;
    size_t pair, width;
    struct buf key;
};

/* What became of a decision, in the counts and for the item; false when nothing is applied. */
static bool account(struct merging *m, size_t pair, char kind, struct key_item *item)
{
    struct merge_counts *counts = &m->merge->counts[pair];

    item->kind = kind;
    switch (kind) {
    case 'k': /* stays on the secondary, and comes back to the primary */
        counts->deleted[ROLE_SECONDARY]--;
        counts->inserted[ROLE_PRIMARY]++;
        break;
    case 'm':
        counts->updated[ROLE_SECONDARY]--;
        counts->updated[ROLE_PRIMARY]++;
        counts->conflicts += !item->conflict;
        item->kind = 'l';
        return true;
    case 'I':
    case 'J':
        counts->deleted[ROLE_PRIMARY]--;
        counts->inserted[ROLE_SECONDARY]++;
        item->kind = item->counts_as = 'i';
        item->kept = true;
        break;
    default:
        return kind != 'b';
    }
    counts->kept++;
    counts->conflicts += !item->conflict;
    item->conflict = true;
    return kind != 'k';
}

/* As add_staged has it. */
static void read_note(struct key_item *item, const char *note)
{
    item->counts_as = note[0];
    item->conflict = note[1] == 'c';
    item->row_hash = strtoll(note + 2, NULL, 10);
}

static bool read_decision(void *context, const struct result *row, struct err *err)
{
    struct reading *r = context;
    struct key_item item;
    size_t i;

    memset(&item, 0, sizeof(item));
    read_note(&item, result_text(row, 0, 3));
    if (!account(r->m, r->pair, *result_text(row, 0, 0), &item))
        return true;
    item.octets = result_int(row, 0, 1);
    item.digest = (uint64_t)result_int(row, 0, 2);
    buf_reset(&r->key);
    for (i = 0; i < r->width; i++) {
        buf_adds(&r->key, result_text(row, 0, 4 + i));
        buf_addch(&r->key, '\0');
    }
    item.key = r->key.data;
    item.key_len = r->key.len;
    return keyset_add(&r->m->decided[r->pair], &item, err);
}

bool merge_stage_read(struct following *f, size_t pair, struct err *err)
{
    struct conn *conn = f->m->conns[TARGET];
    struct reading r = {f->m, pair, row_sql_key_width(f->stages[pair].rows), BUF_INIT};
    const char *dir = f->m->decided[pair].dir;
    struct buf sql = BUF_INIT;
    bool ok;

    keyset_release(&f->m->decided[pair]);
    keyset_init(&f->m->decided[pair], dir);
    stage_sql_read(&sql, &f->stages[pair], f->engine);
    ok = pipeline_add(conn, sql.data, 0, NULL, err);
    if (ok && f->engine == ENGINE_COCKROACH) {
        buf_reset(&sql);
        stage_sql_clear(&sql, &f->stages[pair]);
        ok = queue(f, sql.data, err);
    }
    ok = ok && pipeline_sync(conn, err) && pipeline_send(&conn, 1, err) &&
         pipeline_rows(conn, read_decision, &r, err) && settle(f, err);
    buf_release(&r.key);
    buf_release(&sql);
    return ok;
}
