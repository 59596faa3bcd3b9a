/*
 * Deciding the differences of a merge. The differing keys are asked about in waves: what they are
 * on both sides and what they were in the base, one round trip for each wave whatever the number of
 * tables.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/siphash.h"
#include "db/merge_sql.h"
#include "db/pipeline.h"
#include "db/quote.h"
#include "repl/key_lines.h"
#include "repl/merge_internal.h"
#include "state/journal.h"

#define WAVE_KEYS 8192
#define WAVE_TEXT ((size_t)512 * 1024)
#define INSTANT_SIZE 40

/* --- asking ----------------------------------------------------------------------------------- */

struct candidate {
    struct key_item item; /* its key stands in wave.texts at key_at */
    size_t key_at;
    struct merge_row row;
    char times[2][INSTANT_SIZE]; /* by side; "" for none */
    uint64_t digests[2];         /* by side; of the columns that the client compares */
    uint64_t own, base_own;      /* own hashes of the secondary, now and then (repl/base.h) */
};

/* The part of a wave that is of one table. */
struct question {
    size_t pair, first, count;
    struct arrays keys;
};

struct wave_of_keys {
    struct candidate *candidates;
    size_t count;
    struct buf texts;
    struct question *questions;
    size_t question_count, question_cap;
};

static void wave_empty(struct wave_of_keys *wave)
{
    size_t i;

    for (i = 0; i < wave->question_count; i++)
        arrays_release(&wave->questions[i].keys);
    wave->question_count = wave->count = 0;
    buf_reset(&wave->texts);
}

static struct question *question_about(struct wave_of_keys *wave, const struct merging *m,
                                       size_t pair)
{
    struct question *q;

    if (wave->question_count && wave->questions[wave->question_count - 1].pair == pair)
        return &wave->questions[wave->question_count - 1];
    if (wave->question_count == wave->question_cap) {
        wave->question_cap = wave->question_cap ? wave->question_cap * 2 : 16;
        wave->questions = mem_array(wave->questions, wave->question_cap, sizeof(*wave->questions));
    }
    q = &wave->questions[wave->question_count++];
    *q = (struct question){.pair = pair, .first = wave->count};
    arrays_init(&q->keys, row_sql_key_width(&m->rows[pair][SOURCE]));
    return q;
}

static void wave_take(struct wave_of_keys *wave, const struct merging *m, size_t pair,
                      const struct key_item *item)
{
    struct question *q = question_about(wave, m, pair);
    struct candidate *c = &wave->candidates[wave->count++];

    memset(c, 0, sizeof(*c));
    c->item = *item;
    c->key_at = wave->texts.len;
    buf_add(&wave->texts, item->key, item->key_len);
    arrays_add_key(&q->keys, item);
    q->count++;
}

static bool queue_question(struct merging *m, struct question *q, struct err *err)
{
    const struct base_table *table = base_table(&m->merge->base, m->pairs->items[q->pair].name);
    struct buf sql = BUF_INIT;
    enum side side;
    bool ok = true;

    for (side = SOURCE; side <= TARGET && ok; side++) {
        buf_reset(&sql);
        merge_sql_states(&sql, &m->rows[q->pair][side], m->zones[side]);
        ok = arrays_queue(&q->keys, m->conns[side], sql.data, err);
    }
    buf_reset(&sql);
    merge_sql_base(&sql, &m->rows[q->pair][TARGET], table->relation);
    ok = ok && arrays_queue(&q->keys, m->conns[TARGET], sql.data, err);
    buf_release(&sql);
    return ok;
}

struct answer_reader {
    struct candidate *first;
    size_t count;
    enum side side;
    const struct row_table *rows[2];
};

static struct candidate *candidate_of(const struct answer_reader *reader, const struct result *row)
{
    int64_t place = result_int(row, 0, 0);

    return place >= 1 && (size_t)place <= reader->count ? &reader->first[place - 1] : NULL;
}

/* Place, hash, time, own hash, text... Equal rows of a multiset come one by one: their numbers,
 * hashes and digests are added. */
static void read_clients(struct candidate *c, const struct answer_reader *reader,
                         const struct result *row)
{
    int64_t octets = 0;

    c->digests[reader->side] += key_lines_digest(reader->rows[reader->side], row, 4, &octets);
    if (reader->side == TARGET && result_columns(row) > 3)
        c->own += compare_parse_sum(result_text(row, 0, 3));
}

static bool read_state(void *context, const struct result *row, struct err *err)
{
    const struct answer_reader *reader = context;
    struct candidate *c = candidate_of(reader, row);
    const char *time = result_text(row, 0, 2);

    (void)err;
    if (!c)
        return true;
    read_clients(c, reader, row);
    if (time)
        (void)snprintf(c->times[reader->side], INSTANT_SIZE, "%s", time);
    if (reader->side == SOURCE) {
        c->row.on_primary = true;
        c->row.primary_hash += result_int(row, 0, 1);
        c->row.primary_time = time ? c->times[SOURCE] : NULL;
    } else {
        c->row.on_secondary = true;
        c->row.secondary_hash += result_int(row, 0, 1);
        c->row.secondary_time = time ? c->times[TARGET] : NULL;
    }
    return true;
}

static bool read_base(void *context, const struct result *row, struct err *err)
{
    struct candidate *c = candidate_of(context, row);

    (void)err;
    if (!c)
        return true;
    c->row.in_base = true;
    c->row.base_hash = result_int(row, 0, 1);
    if (result_columns(row) > 2)
        c->base_own = compare_parse_sum(result_text(row, 0, 2));
    return true;
}

static bool read_answers(struct merging *m, struct wave_of_keys *wave, const struct question *q,
                         struct err *err)
{
    struct answer_reader reader = {&wave->candidates[q->first],
                                   q->count,
                                   SOURCE,
                                   {&m->rows[q->pair][SOURCE], &m->rows[q->pair][TARGET]}};

    if (!pipeline_rows(m->conns[SOURCE], read_state, &reader, err))
        return false;
    reader.side = TARGET;
    return pipeline_rows(m->conns[TARGET], read_state, &reader, err) &&
           pipeline_rows(m->conns[TARGET], read_base, &reader, err);
}

static int64_t fold(int64_t hash, uint64_t digest)
{
    struct siphash both;

    siphash_init(&both);
    siphash_add_number(&both, (uint64_t)hash);
    siphash_add_number(&both, digest);
    return (int64_t)siphash_end(&both);
}

uint64_t merge_state_sum(int64_t hash, uint64_t own)
{
    return (uint64_t)fold(hash, own);
}

/* --- deciding --------------------------------------------------------------------------------- */

/*
 * Columns that the client compares become part of the hashes, and the base's hash that of the
 * version which is as it was (repl/base.h says which).
 */
static void fold_clients(struct candidate *c)
{
    struct merge_row *row = &c->row;
    bool secondary_same = row->in_base && row->on_secondary &&
                          row->secondary_hash == row->base_hash && c->own == c->base_own;
    bool primary_same = row->in_base && row->on_primary && row->primary_hash == row->base_hash;

    row->primary_hash = fold(row->primary_hash, c->digests[SOURCE]);
    row->secondary_hash = fold(row->secondary_hash, c->digests[TARGET]);
    if (secondary_same)
        row->base_hash = row->secondary_hash;
    else if (primary_same)
        row->base_hash = row->primary_hash;
    else
        row->base_hash = fold(row->base_hash, c->base_own);
}

static void judge_clients(struct candidate *c, bool multiset)
{
    if (!multiset) {
        fold_clients(c);
        return;
    }
    c->row.unlike = c->digests[SOURCE] != c->digests[TARGET];
    c->row.secondary_differs = c->own != c->base_own;
}

/* Counts what happens to rows on one side: kind as it is done there. */
static void count(struct merge_counts *counts, enum role role, char kind, int64_t rows)
{
    int64_t *where = kind == 'i'   ? counts->inserted
                     : kind == 'u' ? counts->updated
                                   : counts->deleted;

    where[role] += rows;
}

static char reversed(char kind)
{
    return kind == 'i' ? 'd' : kind == 'd' ? 'i' : kind;
}

/* Equal rows without a key: an update of 3 to 5 is two inserts. */
static char what_is_done(const struct merge_row *row, bool multiset, char kind, int64_t *rows)
{
    int64_t more = row->primary_hash - row->secondary_hash;

    *rows = 1;
    if (!multiset)
        return kind;
    *rows = more < 0 ? -more : more > 0 ? more : row->primary_hash;
    return more < 0 ? 'd' : more > 0 ? 'i' : 'u';
}

/* The primary has it no more, or fewer of it: a crash takes rows, and changes none. */
static bool is_missing(const struct merge_row *row, bool multiset)
{
    return !row->on_primary || (multiset && row->in_base && row->primary_hash < row->base_hash);
}

static bool settle(struct merging *m, size_t pair, struct candidate *c, const char *key,
                   struct err *err)
{
    const struct pairing *p = &m->pairs->items[pair];
    struct merge_counts *counts = &m->merge->counts[pair];
    struct tally *tally = &m->tallies[pair];
    bool multiset = p->rows[SOURCE].key_count == 0;
    struct merge_decision decision;
    struct key_item item = c->item;
    int64_t rows;
    char kind = what_is_done(&c->row, multiset, item.kind, &rows);

    item.digest = merge_state_sum(c->row.secondary_hash, c->own);
    if (row_sql_client_columns(&m->rows[pair][TARGET]))
        judge_clients(c, multiset);
    c->row.has_time = p->rows[SOURCE].change && p->rows[TARGET].change;
    c->row.failover_time = m->merge->base.frozen_at;
    c->row.unmerged = journal_unmerged(m->merge->state, p->name) ||
                      journal_left_out(m->merge->state, p->name) ||
                      (is_missing(&c->row, multiset) &&
                       model_table_volatile(m->pairs->models[SOURCE], p->rows[SOURCE].table));
    decision = multiset ? merge_decide_multiset(&c->row) : merge_decide(&c->row);
    if (decision.winner == WINNER_NONE)
        return true;
    item.key = key;
    item.row_hash = rows;
    item.counts_as = kind;
    item.conflict = decision.conflict;
    m->merge->by_clock += decision.clocks;
    counts->equal += multiset && decision.conflict ? rows : 0;
    /* A table that is not compared may still refer to the row. */
    if (decision.winner == WINNER_PRIMARY && item.kind == 'd' && p->hold_deletes) {
        decision = (struct merge_decision){WINNER_SECONDARY, true, false};
        counts->kept += rows;
    }
    counts->conflicts += decision.conflict ? rows : 0;
    tally->updates += item.kind == 'u';
    if (decision.winner == WINNER_PRIMARY) {
        count(counts, ROLE_SECONDARY, kind, rows);
        tally->taken += item.kind != 'd';
        tally->dropped += item.kind == 'd';
        return keyset_add(&m->decided[pair], &item, err);
    }
    count(counts, ROLE_PRIMARY, reversed(kind), rows);
    /* Of equal rows the greater number stays: none is lost. */
    if (multiset || item.kind == 'd' || (item.kind == 'u' && !decision.conflict))
        return true;
    tally->buried += item.kind == 'i';
    item.kind = item.kind == 'u' ? 'l' : decision.conflict ? 'L' : 'b';
    return keyset_add(&m->decided[pair], &item, err);
}

static bool run_wave(struct merging *m, struct wave_of_keys *wave, struct err *err)
{
    size_t i;
    size_t j;

    if (wave->count == 0)
        return true;
    for (i = 0; i < wave->question_count; i++)
        if (!queue_question(m, &wave->questions[i], err))
            return false;
    if (!pipeline_sync(m->conns[SOURCE], err) || !pipeline_sync(m->conns[TARGET], err) ||
        !pipeline_send(m->conns, 2, err))
        return false;
    for (i = 0; i < wave->question_count; i++) {
        const struct question *q = &wave->questions[i];

        if (!read_answers(m, wave, q, err))
            return err_prefix(err, "table %s", m->pairs->items[q->pair].name);
        for (j = q->first; j < q->first + q->count; j++)
            if (!settle(m, q->pair, &wave->candidates[j],
                        wave->texts.data + wave->candidates[j].key_at, err))
                return false;
    }
    wave_empty(wave);
    return true;
}

static bool decide_table(struct merging *m, struct wave_of_keys *wave, size_t pair, struct err *err)
{
    struct keyset *changes = &m->all->items[pair].changes;
    struct key_item item;
    bool end = false;

    if (!pairing_active(&m->pairs->items[pair]))
        return true;
    keyset_rewind(changes);
    while (keyset_next(changes, &item, &end, err)) {
        if ((wave->count == WAVE_KEYS || wave->texts.len + item.key_len > WAVE_TEXT) &&
            !run_wave(m, wave, err))
            return false;
        wave_take(wave, m, pair, &item);
    }
    return end;
}

/*
 * A few keys are found by reading the base once. For many waves of them it gets an index (and
 * statistics, which a table that was just made does not have), in the same transaction.
 */
static bool index_base(struct merging *m, size_t pair, struct err *err)
{
    struct conn *secondary = m->conns[TARGET];
    const struct base_table *table = base_table(&m->merge->base, m->pairs->items[pair].name);
    struct buf sql = BUF_INIT;
    bool ok;

    if (conn_kind(secondary) != ENGINE_POSTGRES || !pairing_active(&m->pairs->items[pair]) ||
        m->all->items[pair].changes.count <= WAVE_KEYS)
        return true;
    merge_sql_index_base(&sql, &m->rows[pair][TARGET], table->relation);
    ok = pipeline_add(secondary, sql.data, 0, NULL, err);
    buf_reset(&sql);
    buf_adds(&sql, "ANALYZE ");
    quote_name(&sql, "_dbr", table->relation);
    ok = ok && pipeline_add(secondary, sql.data, 0, NULL, err) && pipeline_sync(secondary, err) &&
         pipeline_send(&secondary, 1, err) && pipeline_next(secondary, NULL, err) &&
         pipeline_next(secondary, NULL, err);
    buf_release(&sql);
    return ok;
}

bool merge_decide_all(struct merging *m, struct err *err)
{
    struct wave_of_keys wave = {.texts = BUF_INIT};
    size_t i;
    bool ok = true;

    wave.candidates = mem_array(NULL, WAVE_KEYS, sizeof(*wave.candidates));
    for (i = 0; i < m->pairs->count && ok; i++)
        ok = index_base(m, i, err);
    for (i = 0; i < m->pairs->count && ok; i++)
        ok = decide_table(m, &wave, i, err);
    ok = ok && run_wave(m, &wave, err);
    wave_empty(&wave);
    free(wave.candidates);
    free(wave.questions);
    buf_release(&wave.texts);
    return ok;
}
