/*
 * The first round: which tables and buckets differ. Sums are kept modulo 2^64: a sum of hashes that
 * differs does so in its low bits as well.
 */
#include "repl/compare.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/progress.h"
#include "db/pipeline.h"
#include "db/row_sql.h"
#include "repl/proof.h"

/* Below this many rows all keys are listed at once when the fingerprint differs. */
#define WHOLE_ROWS 20000
#define ROWS_PER_BUCKET 32
#define BUCKETS_MIN 256
#define BUCKETS_MAX 65536
/* Of a table that was never analysed; rather too few rows than too many, so that it is compared and
 * not put off. */
#define GUESSED_ROW_BYTES 2000

static void begin(struct comparison *c, const char *dir)
{
    memset(c, 0, sizeof(*c));
    keyset_init(&c->changes, dir);
    keyset_init(&c->asked, dir);
    c->rows[SOURCE] = c->rows[TARGET] = -1;
    c->equal = true;
}

static void end(struct comparison *c)
{
    keyset_release(&c->changes);
    keyset_release(&c->asked);
    free(c->buckets[SOURCE]);
    free(c->buckets[TARGET]);
    free(c->dirty);
}

void comparisons_init(struct comparisons *all, const struct pairings *pairs, const char *spill_dir)
{
    size_t i;

    memset(all, 0, sizeof(*all));
    all->count = pairs->count;
    all->dir = spill_dir;
    all->items = mem_alloc((pairs->count + 1) * sizeof(*all->items));
    for (i = 0; i < all->count; i++)
        begin(&all->items[i], spill_dir);
}

void comparisons_release(struct comparisons *all)
{
    size_t i;

    for (i = 0; i < all->count; i++)
        end(&all->items[i]);
    free(all->items);
    memset(all, 0, sizeof(*all));
}

void comparison_restart(struct comparisons *all, size_t item, enum compare_method method)
{
    end(&all->items[item]);
    begin(&all->items[item], all->dir);
    all->items[item].method = method;
}

static int64_t side_estimate(const struct model_table *table)
{
    if (table->row_estimate >= 0)
        return table->row_estimate;
    return table->bytes / GUESSED_ROW_BYTES;
}

int64_t compare_row_estimate(const struct pairing *pair)
{
    int64_t source = side_estimate(pair->rows[SOURCE].table);
    int64_t target = pair->rows[TARGET].table ? side_estimate(pair->rows[TARGET].table) : 0;

    return source > target ? source : target;
}

enum compare_method compare_by_size(const struct pairing *pair)
{
    return compare_row_estimate(pair) > WHOLE_ROWS ? COMPARE_BUCKETS : COMPARE_WHOLE;
}

static int64_t choose_mask(int64_t rows)
{
    int64_t buckets = BUCKETS_MIN;

    while (buckets < BUCKETS_MAX && buckets * ROWS_PER_BUCKET < rows)
        buckets *= 2;
    return buckets - 1;
}

static bool has_clients(const struct pairing *pair)
{
    return row_sql_client_columns(&pair->rows[SOURCE]) > 0;
}

/* A proof counts only for buckets that are cut as they were; a little more or less of them does no
 * harm. */
void compare_cut(const struct pairings *pairs, struct comparisons *all, size_t pair)
{
    struct comparison *c = &all->items[pair];
    int64_t known = has_clients(&pairs->items[pair]) ? proof_mask(all->dir, pairs, pair) : -1;

    if (c->method != COMPARE_BUCKETS || c->mask)
        return;
    c->mask = choose_mask(compare_row_estimate(&pairs->items[pair]));
    if (known > 0 && known / 4 <= c->mask && c->mask / 4 <= known)
        c->mask = known;
}

static bool queue_one(struct conn *const conns[2], const struct pairing *pair, struct comparison *c,
                      struct err *err)
{
    struct buf sql = BUF_INIT;
    enum side side;
    bool ok = true;

    for (side = SOURCE; side <= TARGET && ok; side++) {
        buf_reset(&sql);
        if (c->method == COMPARE_WHOLE)
            row_sql_fingerprint(&sql, &pair->rows[side]);
        else
            row_sql_buckets(&sql, &pair->rows[side], c->mask);
        ok = pipeline_add(conns[side], sql.data, 0, NULL, err);
    }
    buf_release(&sql);
    return ok;
}

static bool has_sums(const struct comparison *c)
{
    return c->method == COMPARE_WHOLE || c->method == COMPARE_BUCKETS;
}

bool compare_queue_sums(struct conn *const conns[2], const struct pairings *pairs,
                        struct comparisons *all, struct err *err)
{
    size_t i;

    for (i = 0; i < pairs->count; i++) {
        struct comparison *c = &all->items[i];

        compare_cut(pairs, all, i);
        if (has_sums(c) && !queue_one(conns, &pairs->items[i], c, err))
            return false;
    }
    return pipeline_sync(conns[SOURCE], err) && pipeline_sync(conns[TARGET], err);
}

uint64_t compare_parse_sum(const char *text)
{
    bool negative = text && *text == '-';
    uint64_t value = 0;

    for (text = text ? text + negative : ""; *text >= '0' && *text <= '9'; text++)
        value = value * 10 + (uint64_t)(*text - '0');
    return negative ? 0 - value : value;
}

struct bucket_reader {
    struct comparison *c;
    enum side side;
    size_t cap;
};

static bool read_bucket(void *context, const struct result *row, struct err *err)
{
    struct bucket_reader *reader = context;
    struct comparison *c = reader->c;
    struct bucket *bucket;

    (void)err;
    if (c->bucket_count[reader->side] == reader->cap) {
        reader->cap = reader->cap ? reader->cap * 2 : 1024;
        c->buckets[reader->side] =
            mem_array(c->buckets[reader->side], reader->cap, sizeof(struct bucket));
    }
    bucket = &c->buckets[reader->side][c->bucket_count[reader->side]++];
    bucket->id = result_int(row, 0, 0);
    bucket->rows = result_int(row, 0, 1);
    bucket->sum = compare_parse_sum(result_text(row, 0, 2));
    bucket->own = result_columns(row) > 3 ? compare_parse_sum(result_text(row, 0, 3)) : 0;
    c->rows[reader->side] += bucket->rows;
    c->sum[reader->side] += bucket->sum;
    return true;
}

void compare_take_sum(struct comparison *c, enum side side, const struct result *result)
{
    c->rows[side] = result_int(result, 0, 0);
    c->sum[side] = compare_parse_sum(result_text(result, 0, 1));
    c->own[side] = result_columns(result) > 2 ? compare_parse_sum(result_text(result, 0, 2)) : 0;
}

static bool receive_side(struct conn *conn, struct comparison *c, enum side side, struct err *err)
{
    struct bucket_reader reader = {c, side, 0};
    struct result *result;

    c->rows[side] = 0;
    c->sum[side] = 0;
    if (c->method == COMPARE_BUCKETS)
        return pipeline_rows(conn, read_bucket, &reader, err);
    if (!pipeline_next(conn, &result, err))
        return false;
    compare_take_sum(c, side, result);
    result_free(result);
    return true;
}

static void add_dirty(struct comparison *c, int64_t id)
{
    if ((c->dirty_count & (c->dirty_count - 1)) == 0)
        c->dirty = mem_array(c->dirty, c->dirty_count ? c->dirty_count * 2 : 1, sizeof(*c->dirty));
    c->dirty[c->dirty_count++] = id;
}

/* What the second round will be asked about a bucket; `equal` as far as the servers tell. */
struct judging {
    struct comparison *c;
    const struct proof *proof; /* NULL: no client columns */
    bool distrust;
};

/* True when there is nothing to ask. Client columns of a bucket that only one side has need no
 * reading: all of it differs. */
static bool judge(const struct judging *j, int64_t id, bool both, bool equal, const uint64_t own[2],
                  bool *ok, struct err *err)
{
    const struct key_item asked = {
        .key_hash = id, .row_hash = (int64_t)own[SOURCE], .digest = own[TARGET], .key = ""};

    if (!both || !j->proof)
        return equal;
    if (equal && !j->distrust && proof_holds(j->proof, id, own))
        return true;
    j->c->unproven |= equal;
    *ok = *ok && keyset_add(&j->c->asked, &asked, err);
    return false;
}

/* Both lists are ordered by id. */
static bool find_dirty(const struct judging *judging, struct err *err)
{
    struct comparison *c = judging->c;
    size_t i = 0;
    size_t j = 0;
    bool ok = true;

    c->equal = true;
    while (ok) {
        const struct bucket *a = i < c->bucket_count[SOURCE] ? &c->buckets[SOURCE][i] : NULL;
        const struct bucket *b = j < c->bucket_count[TARGET] ? &c->buckets[TARGET][j] : NULL;

        if (!a && !b)
            break;
        bool both = a && b && a->id == b->id;
        bool first = !b || (a && a->id <= b->id);
        bool equal = both && a->rows == b->rows && a->sum == b->sum;
        const uint64_t own[2] = {both ? a->own : 0, both ? b->own : 0};
        int64_t id = first ? a->id : b->id;

        if (!judge(judging, id, both, equal, own, &ok, err))
            add_dirty(c, id);
        c->equal = c->equal && equal;
        i += first;
        j += both || !first;
    }
    return ok;
}

static bool judge_sums(struct comparison *c, const struct pairings *pairs,
                       const struct comparisons *all, size_t pair, struct err *err)
{
    struct proof proof = {.mask = 0};
    struct judging judging = {.c = c, .distrust = all->distrust};
    bool ok = true;

    if (has_clients(&pairs->items[pair])) {
        proof_read(&proof, all->dir, pairs, pair, c->mask);
        judging.proof = &proof;
    }
    if (c->method == COMPARE_BUCKETS) {
        ok = find_dirty(&judging, err);
    } else {
        c->equal = c->rows[SOURCE] == c->rows[TARGET] && c->sum[SOURCE] == c->sum[TARGET];
        (void)judge(&judging, 0, c->rows[SOURCE] > 0 && c->rows[TARGET] > 0, c->equal, c->own, &ok,
                    err);
    }
    proof_release(&proof);
    return ok;
}

static int64_t rows_to_sum(const struct pairings *pairs, const struct comparisons *all)
{
    int64_t rows = 0;
    size_t i;

    for (i = 0; i < pairs->count; i++)
        rows += has_sums(&all->items[i]) ? compare_row_estimate(&pairs->items[i]) : 0;
    return rows;
}

bool compare_receive_sums(struct conn *const conns[2], const struct pairings *pairs,
                          struct comparisons *all, struct err *err)
{
    size_t i;
    bool ok = true;

    progress_begin("comparing", rows_to_sum(pairs, all));
    for (i = 0; i < pairs->count && ok; i++) {
        struct comparison *c = &all->items[i];

        if (!has_sums(c))
            continue;
        progress_part(pairs->items[i].name, 0, 0);
        ok = receive_side(conns[SOURCE], c, SOURCE, err) &&
             receive_side(conns[TARGET], c, TARGET, err) && judge_sums(c, pairs, all, i, err);
        free(c->buckets[SOURCE]);
        free(c->buckets[TARGET]);
        c->buckets[SOURCE] = c->buckets[TARGET] = NULL;
        if (!ok)
            return err_prefix(err, "table %s", pairs->items[i].name);
        progress_part(pairs->items[i].name, compare_row_estimate(&pairs->items[i]), 0);
    }
    return true;
}
