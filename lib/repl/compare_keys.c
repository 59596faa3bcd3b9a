/*
 * The second round: the keys of what differs. The source's list goes into a keyset (on disk when
 * long), the target's is merged with it as it arrives; both come ordered by key hash and key. The
 * texts of client columns become a digest on the way.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "db/pipeline.h"
#include "db/quote.h"
#include "db/row_sql.h"
#include "repl/compare.h"
#include "repl/key_lines.h"
#include "repl/proof.h"

/* Keys of a change window are asked of the target in parts of this many, and of this many bytes: a
 * message of 16 MiB is too long for CockroachDB. */
#define WINDOW_PART 20000
#define WINDOW_BYTES ((size_t)1 << 20)

static bool add_to_list(void *context, const struct key_item *item, struct err *err)
{
    return keyset_add(context, item, err);
}

static bool receive_list(struct conn *conn, const struct row_table *table, struct keyset *list,
                         struct err *err)
{
    struct key_lines lines;

    key_lines_init(&lines, table, add_to_list, list);
    return key_lines_receive(&lines, conn, err);
}

struct merge {
    struct comparison *c;
    struct keyset *source;
    struct key_item at; /* the source's next item */
    bool source_end;
    bool multiset; /* KEY_ROW: row_hash counts equal rows */
    bool window;   /* what the source does not list was not asked for */
    size_t width;
};

static bool advance(struct merge *m, struct err *err)
{
    if (m->source_end)
        return true;
    if (keyset_next(m->source, &m->at, &m->source_end, err))
        return true;
    return m->source_end;
}

/* Counts are of rows: for a multiset a change of 3 to 5 equal rows is two inserts. */
static bool note(struct merge *m, const struct key_item *item, char kind, int64_t others,
                 struct err *err)
{
    struct comparison *c = m->c;
    struct key_item change = *item;
    int64_t n = m->multiset ? item->row_hash : 1;

    change.kind = kind;
    if (kind == 'i')
        c->inserts += n;
    else if (kind == 'd')
        c->deletes += n;
    else if (!m->multiset)
        c->updates++;
    else if (n > others)
        c->inserts += n - others;
    else if (n < others)
        c->deletes += others - n;
    else
        c->updates += n;
    return keyset_add(&c->changes, &change, err);
}

/* Everything of the source before `limit` (all when NULL) is missing on the target. */
static bool note_missing(struct merge *m, const struct key_item *limit, struct err *err)
{
    while (!m->source_end && (!limit || key_item_compare(&m->at, limit, m->width) < 0))
        if (!note(m, &m->at, 'i', 0, err) || !advance(m, err))
            return false;
    return true;
}

static bool merge_target_key(void *context, const struct key_item *item, struct err *err)
{
    struct merge *m = context;

    if (!note_missing(m, item, err))
        return false;
    if (m->source_end || key_item_compare(&m->at, item, m->width) != 0)
        return m->window || note(m, item, 'd', 0, err);
    if (m->at.row_hash != item->row_hash || m->at.digest != item->digest) {
        if (item->octets > m->at.octets)
            m->at.octets = item->octets;
        if (!note(m, &m->at, 'u', item->row_hash, err))
            return false;
    }
    return advance(m, err);
}

static bool merge_target(struct merge *m, struct conn *conn, const struct row_table *table,
                         struct err *err)
{
    struct key_lines lines;

    key_lines_init(&lines, table, merge_target_key, m);
    return key_lines_receive(&lines, conn, err);
}

static void merge_begin(struct merge *m, struct comparison *c, const struct pairing *pair,
                        struct keyset *source)
{
    memset(m, 0, sizeof(*m));
    m->c = c;
    m->source = source;
    m->multiset = pair->rows[SOURCE].key_count == 0;
    m->width = row_sql_key_width(&pair->rows[SOURCE]);
    keyset_rewind(source);
}

static bool compare_listed(struct conn *const conns[2], const struct pairing *pair,
                           struct comparison *c, struct err *err)
{
    struct keyset source;
    struct merge m;
    bool ok;

    keyset_init(&source, c->changes.dir);
    ok = receive_list(conns[SOURCE], &pair->rows[SOURCE], &source, err);
    merge_begin(&m, c, pair, &source);
    ok = ok && advance(&m, err) && merge_target(&m, conns[TARGET], &pair->rows[TARGET], err) &&
         note_missing(&m, NULL, err);
    keyset_release(&source);
    return ok ? true : err_prefix(err, "table %s", pair->name);
}

static bool is_full(const struct buf *arrays, size_t width)
{
    size_t bytes = 0;
    size_t i;

    for (i = 0; i < width; i++)
        bytes += arrays[i].len;
    return bytes >= WINDOW_BYTES;
}

/* Parameter arrays for the keys of one part; returns how many were taken. */
static size_t take_keys(struct keyset *list, size_t width, struct buf *arrays, struct err *err)
{
    struct key_item item;
    size_t n = 0;
    size_t i;
    bool end = false;

    for (i = 0; i < width; i++) {
        buf_reset(&arrays[i]);
        quote_array_open(&arrays[i]);
    }
    while (n < WINDOW_PART && !is_full(arrays, width) && keyset_next(list, &item, &end, err)) {
        for (i = 0; i < width; i++) {
            const char *text = key_item_text(&item, i);

            quote_array_item(&arrays[i], text, strlen(text));
        }
        n++;
    }
    for (i = 0; i < width; i++)
        quote_array_close(&arrays[i]);
    return n;
}

/* The source's list asks first; the target is asked for exactly these keys, in *parts answers. */
static bool queue_window(struct conn *target, const struct pairing *pair, struct keyset *list,
                         size_t *parts, struct err *err)
{
    size_t width = row_sql_key_width(&pair->rows[TARGET]);
    struct buf *arrays = mem_alloc(width * sizeof(*arrays));
    const char **values = mem_alloc(width * sizeof(*values));
    struct buf sql = BUF_INIT;
    size_t i;
    bool ok = true;

    for (i = 0; i < width; i++)
        arrays[i] = (struct buf)BUF_INIT;
    row_sql_keys_of(&sql, &pair->rows[TARGET]);
    keyset_rewind(list);
    *parts = 0;
    while (ok && take_keys(list, width, arrays, err) > 0) {
        for (i = 0; i < width; i++)
            values[i] = arrays[i].data;
        ok = pipeline_add(target, sql.data, width, values, err);
        ++*parts;
    }
    ok = ok && err->code == ERR_NONE; /* a keyset that cannot be read ends the loop too */
    for (i = 0; i < width; i++)
        buf_release(&arrays[i]);
    free(arrays);
    free(values);
    buf_release(&sql);
    return ok;
}

static bool compare_window(struct conn *const conns[2], const struct pairing *pair,
                           struct comparison *c, struct keyset *list, size_t parts, struct err *err)
{
    struct merge m;
    bool ok = true;

    merge_begin(&m, c, pair, list);
    m.window = true;
    ok = advance(&m, err);
    while (ok && parts-- > 0)
        ok = merge_target(&m, conns[TARGET], &pair->rows[TARGET], err);
    ok = ok && note_missing(&m, NULL, err);
    return ok ? true : err_prefix(err, "table %s", pair->name);
}

/* Reads one window list and asks the target about it in the same breath. */
static bool window_table(struct conn *const conns[2], const struct pairing *pair,
                         struct comparison *c, struct err *err)
{
    struct keyset list;
    size_t parts = 0;
    bool ok;

    keyset_init(&list, c->changes.dir);
    ok = receive_list(conns[SOURCE], &pair->rows[SOURCE], &list, err) &&
         queue_window(conns[TARGET], pair, &list, &parts, err) &&
         pipeline_sync(conns[TARGET], err) && pipeline_send(&conns[TARGET], 1, err) &&
         compare_window(conns, pair, c, &list, parts, err);
    keyset_release(&list);
    c->equal = ok && c->inserts + c->updates == 0;
    return ok;
}

static bool needs_keys(const struct comparison *c)
{
    if (c->method == COMPARE_WHOLE || c->method == COMPARE_BUCKETS)
        return !c->equal || c->unproven;
    return c->method == COMPARE_WINDOW || c->method == COMPARE_COPY;
}

/* A list of most buckets is longer than reading all of them is. */
static bool most_are_dirty(const struct comparison *c)
{
    return c->dirty_count > ((size_t)c->mask + 1) / 2;
}

static bool queue_keys(struct conn *const conns[2], const struct pairing *pair,
                       const struct comparison *c, struct err *err)
{
    struct row_choice choice = {.dirty = c->dirty,
                                .count = c->dirty_count,
                                .since = c->since,
                                .keys_alone = c->method == COMPARE_COPY};
    struct buf sql = BUF_INIT;
    bool ok;

    if (c->method == COMPARE_BUCKETS && !most_are_dirty(c))
        choice.mask = c->mask;
    row_sql_keys(&sql, &pair->rows[SOURCE], &choice);
    ok = pipeline_add(conns[SOURCE], sql.data, 0, NULL, err);
    if (ok && (c->method == COMPARE_WHOLE || c->method == COMPARE_BUCKETS)) {
        buf_reset(&sql);
        choice.since = NULL;
        row_sql_keys(&sql, &pair->rows[TARGET], &choice);
        ok = pipeline_add(conns[TARGET], sql.data, 0, NULL, err);
    }
    buf_release(&sql);
    return ok;
}

/* --- what was found --------------------------------------------------------------------------- */

/* A bit for each bucket with a difference. */
static bool mark_unequal(struct comparison *c, unsigned char *unequal, struct err *err)
{
    struct key_item item;
    bool end = false;

    keyset_rewind(&c->changes);
    while (keyset_next(&c->changes, &item, &end, err)) {
        int64_t bucket = item.key_hash & c->mask;

        unequal[bucket / 8] |= (unsigned char)(1U << (bucket % 8));
    }
    return end;
}

static bool conclude(struct proof *proof, struct comparison *c, const unsigned char *unequal,
                     struct err *err)
{
    struct key_item item;
    bool end = false;

    keyset_rewind(&c->asked);
    while (keyset_next(&c->asked, &item, &end, err)) {
        const uint64_t own[2] = {(uint64_t)item.row_hash, item.digest};
        int64_t bucket = item.key_hash;

        if (unequal[bucket / 8] & 1U << (bucket % 8))
            proof_drop(proof, bucket);
        else
            proof_set(proof, bucket, own);
    }
    return end;
}

/* Buckets that were read and have no difference are proven equal from now on. */
static bool remember(const struct pairings *pairs, const struct comparisons *all, size_t pair,
                     struct err *err)
{
    struct comparison *c = &all->items[pair];
    unsigned char *unequal = mem_alloc((size_t)c->mask / 8 + 1);
    struct proof proof;
    bool ok;

    proof_read(&proof, all->dir, pairs, pair, c->mask);
    ok = mark_unequal(c, unequal, err) && conclude(&proof, c, unequal, err) &&
         proof_write(&proof, all->dir, pairs, pair, err);
    proof_release(&proof);
    free(unequal);
    return ok;
}

static bool copy_table(struct conn *const conns[2], const struct pairing *pair,
                       struct comparison *c, struct err *err)
{
    struct keyset source;
    struct merge m;
    bool ok;

    keyset_init(&source, c->changes.dir);
    ok = receive_list(conns[SOURCE], &pair->rows[SOURCE], &source, err);
    merge_begin(&m, c, pair, &source);
    ok = ok && advance(&m, err) && note_missing(&m, NULL, err);
    keyset_release(&source);
    c->equal = c->inserts == 0;
    return ok ? true : err_prefix(err, "table %s", pair->name);
}

/* Windows last: asking the target about them must not stand between its lists for the other tables.
 */
bool compare_keys(struct conn *const conns[2], const struct pairings *pairs,
                  struct comparisons *all, struct err *err)
{
    size_t i;
    bool any = false;
    int windows;

    for (windows = 0; windows <= 1; windows++)
        for (i = 0; i < pairs->count; i++) {
            const struct comparison *c = &all->items[i];

            if (!needs_keys(c) || (c->method == COMPARE_WINDOW) != (windows == 1))
                continue;
            any = true;
            if (!queue_keys(conns, &pairs->items[i], c, err))
                return false;
        }
    if (!any)
        return true;
    if (!pipeline_sync(conns[SOURCE], err) || !pipeline_sync(conns[TARGET], err) ||
        !pipeline_send(conns, 2, err))
        return false;
    for (windows = 0; windows <= 1; windows++)
        for (i = 0; i < pairs->count; i++) {
            struct comparison *c = &all->items[i];
            const struct pairing *pair = &pairs->items[i];
            bool ok;

            if (!needs_keys(c) || (c->method == COMPARE_WINDOW) != (windows == 1))
                continue;
            if (c->method == COMPARE_WINDOW)
                ok = window_table(conns, pair, c, err);
            else if (c->method == COMPARE_COPY)
                ok = copy_table(conns, pair, c, err);
            else
                ok = compare_listed(conns, pair, c, err);
            c->equal = c->unproven ? c->changes.count == 0 : c->equal;
            if (!ok || (all->remember && c->asked.count && !remember(pairs, all, i, err)))
                return false;
        }
    return true;
}
