/*
 * The first round: which tables and buckets differ. Sums are kept modulo 2^64: a sum of hashes that
 * differs does so in its low bits as well.
 */
#include "repl/compare.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "db/pipeline.h"
#include "db/row_sql.h"

/* Below this many rows all keys are listed at once when the fingerprint differs. */
#define WHOLE_ROWS 20000
#define ROWS_PER_BUCKET 32
#define BUCKETS_MIN 256
#define BUCKETS_MAX 65536
/* Of a table that was never analysed; rather too few rows than too many, so that it is compared and
 * not put off. */
#define GUESSED_ROW_BYTES 2000

void comparisons_init(struct comparisons *all, const struct pairings *pairs, const char *spill_dir)
{
    size_t i;

    all->count = pairs->count;
    all->items = mem_alloc((pairs->count + 1) * sizeof(*all->items));
    for (i = 0; i < all->count; i++) {
        keyset_init(&all->items[i].changes, spill_dir);
        all->items[i].rows[SOURCE] = all->items[i].rows[TARGET] = -1;
        all->items[i].equal = true;
    }
}

void comparisons_release(struct comparisons *all)
{
    size_t i;

    for (i = 0; i < all->count; i++) {
        keyset_release(&all->items[i].changes);
        free(all->items[i].buckets[SOURCE]);
        free(all->items[i].buckets[TARGET]);
        free(all->items[i].dirty);
    }
    free(all->items);
    memset(all, 0, sizeof(*all));
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

static bool queue_one(struct conn *const conns[2], const struct pairing *pair, struct comparison *c,
                      struct err *err)
{
    struct buf sql = BUF_INIT;
    enum side side;
    bool ok = true;

    if (c->method == COMPARE_BUCKETS && !c->mask)
        c->mask = choose_mask(compare_row_estimate(pair));
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

bool compare_queue_sums(struct conn *const conns[2], const struct pairings *pairs,
                        struct comparisons *all, struct err *err)
{
    size_t i;

    for (i = 0; i < pairs->count; i++) {
        struct comparison *c = &all->items[i];

        if ((c->method == COMPARE_WHOLE || c->method == COMPARE_BUCKETS) &&
            !queue_one(conns, &pairs->items[i], c, err))
            return false;
    }
    return pipeline_sync(conns[SOURCE], err) && pipeline_sync(conns[TARGET], err);
}

/* Decimal text of any length, modulo 2^64. */
static uint64_t parse_sum(const char *text)
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
    bucket->sum = parse_sum(result_text(row, 0, 2));
    c->rows[reader->side] += bucket->rows;
    c->sum[reader->side] += bucket->sum;
    return true;
}

void compare_take_sum(struct comparison *c, enum side side, const struct result *result)
{
    c->rows[side] = result_int(result, 0, 0);
    c->sum[side] = parse_sum(result_text(result, 0, 1));
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

/* Both lists are ordered by id. */
static void find_dirty(struct comparison *c)
{
    size_t i = 0;
    size_t j = 0;

    while (i < c->bucket_count[SOURCE] || j < c->bucket_count[TARGET]) {
        const struct bucket *a = i < c->bucket_count[SOURCE] ? &c->buckets[SOURCE][i] : NULL;
        const struct bucket *b = j < c->bucket_count[TARGET] ? &c->buckets[TARGET][j] : NULL;

        if (a && b && a->id == b->id) {
            if (a->rows != b->rows || a->sum != b->sum)
                add_dirty(c, a->id);
            i++;
            j++;
        } else if (a && (!b || a->id < b->id)) {
            add_dirty(c, a->id);
            i++;
        } else if (b) {
            add_dirty(c, b->id);
            j++;
        }
    }
}

bool compare_receive_sums(struct conn *const conns[2], const struct pairings *pairs,
                          struct comparisons *all, struct err *err)
{
    size_t i;

    for (i = 0; i < pairs->count; i++) {
        struct comparison *c = &all->items[i];

        if (c->method != COMPARE_WHOLE && c->method != COMPARE_BUCKETS)
            continue;
        if (!receive_side(conns[SOURCE], c, SOURCE, err) ||
            !receive_side(conns[TARGET], c, TARGET, err))
            return err_prefix(err, "table %s", pairs->items[i].name);
        c->equal = c->rows[SOURCE] == c->rows[TARGET] && c->sum[SOURCE] == c->sum[TARGET];
        if (c->method == COMPARE_BUCKETS) {
            find_dirty(c);
            c->equal = c->dirty_count == 0;
            free(c->buckets[SOURCE]);
            free(c->buckets[TARGET]);
            c->buckets[SOURCE] = c->buckets[TARGET] = NULL;
        }
    }
    return true;
}
