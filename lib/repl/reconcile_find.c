/* Finding what differs: which tables are compared, how, and in which transactions. */
#include <string.h>

#include "base/clock.h"
#include "db/pipeline.h"
#include "db/quote.h"
#include "repl/moment.h"
#include "repl/reconcile_internal.h"
#include "state/journal.h"

#define FINGERPRINT_EVERY_US ((int64_t)24 * 3600 * 1000000)

/* The fingerprint of a large table is due once a day, and when nothing is known of it yet. */
static bool fingerprint_due(const struct json *known, const char *source)
{
    const char *last = json_str(known, "lastFingerprint", NULL);
    int64_t at;

    if (!last || !clock_parse(last, &at) || strcmp(json_str(known, "source", ""), source) != 0)
        return true;
    return clock_now_us() - at >= FINGERPRINT_EVERY_US;
}

/* Whether that table must be compared completely, however large it is. */
static bool needs_whole(const struct reconciliation *r, const struct pairing *pair,
                        const struct state *state, const struct reconcile_options *options)
{
    return options->every_table || r->full || strlist_has(&r->complete, pair->name) ||
           journal_left_out(state, pair->name) || journal_unmerged(state, pair->name) ||
           position_is_behind(&r->session.looks[r->session.roles[TARGET]]);
}

static void choose_method(const struct reconciliation *r, struct comparison *c,
                          const struct pairing *pair, const struct config *config,
                          const struct state *state, const struct reconcile_options *options)
{
    const struct json *known = json_get(json_get(state->root, "tables"), pair->name);
    const char *watermark = json_str(known, "watermark", NULL);

    if (!pairing_active(pair))
        return;
    c->method = compare_by_size(pair);
    if (needs_whole(r, pair, state, options) ||
        compare_row_estimate(pair) <= config->fingerprint_rows)
        return;
    if (fingerprint_due(known, role_name(options->source)) || !watermark)
        return;
    c->method = COMPARE_SKIP;
    if (pair->rows[SOURCE].change && pair->rows[SOURCE].key_count > 0) {
        c->method = COMPARE_WINDOW;
        c->since = watermark;
    }
}

/* Before the snapshot, so that what these tables hold then is what they hold at the end. */
static bool queue_locks(const struct reconciliation *r, const struct reconcile_options *options,
                        bool *queued, struct err *err)
{
    const struct strlist *tables =
        options->merge && r->session.unchecked ? &options->merge->locked : NULL;
    struct buf sql = BUF_INIT;
    size_t i;
    bool ok;

    *queued = options->write && tables && tables->count > 0;
    if (!*queued)
        return true;
    buf_adds(&sql, "LOCK TABLE ");
    for (i = 0; i < tables->count; i++) {
        buf_adds(&sql, i ? ", " : "");
        quote_name(&sql, r->session.models[TARGET].schema, tables->items[i]);
    }
    buf_adds(&sql, " IN SHARE ROW EXCLUSIVE MODE");
    ok = pipeline_add(r->session.conns[TARGET], sql.data, 0, NULL, err);
    buf_release(&sql);
    return ok;
}

/* The active database is read as of a moment, where that is to be had. */
static bool queue_begin(const struct reconciliation *r, bool write, struct err *err)
{
    struct conn *target = r->session.conns[TARGET];

    return r->moment ? moment_queue_begin(target, r->moment, err)
                     : apply_queue_begin(target, write, r->session.unchecked, err);
}

static bool receive_begin(const struct reconciliation *r, bool write, struct err *err)
{
    struct conn *target = r->session.conns[TARGET];

    return r->moment ? pipeline_next(target, NULL, err)
                     : apply_receive_begin(target, write, r->session.unchecked, err);
}

/* Behind the moment nothing is committed that an earlier attempt, or run, has left under way. */
static bool choose_moment(struct reconciliation *r, const struct reconcile_options *options,
                          struct err *err)
{
    struct conn *target = r->session.conns[TARGET];

    if (!options->merge || !r->piecemeal)
        return true;
    return (!options->write || (pipeline_end(target, err) && turn_take(&r->turn, target, err))) &&
           moment_queue(target, err) && pipeline_send(&target, 1, err) &&
           moment_receive(target, &r->moment, err);
}

bool reconcile_find(struct reconciliation *r, const struct config *config,
                    const struct state *state, const struct reconcile_options *options,
                    struct err *err)
{
    const struct conn *conns[2] = {r->session.conns[SOURCE], r->session.conns[TARGET]};
    /* A merge writes temporary tables; what is applied piecemeal has transactions of its own. */
    bool write = (options->write || options->merge) && !r->piecemeal;
    bool locks;
    size_t i;

    if (!choose_moment(r, options, err))
        return false;
    pairings_build(&r->pairs, &r->session.models[SOURCE], &r->session.models[TARGET], conns,
                   config->change_column, false);
    if (options->merge)
        pairings_hash_rows_alike(&r->pairs, conns);
    comparisons_init(&r->all, &r->pairs, state->dir);
    r->all.distrust = options->compare_only;
    r->all.remember = options->write || options->compare_only;
    r->conflicts = mem_alloc((r->pairs.count + 1) * sizeof(*r->conflicts));
    if (!pairings_select(&r->pairs, options->tables, options->compare_only ? NULL : &r->added, err))
        return false;
    reconcile_hold_failures(r);
    pairings_spread_holds(&r->pairs);
    for (i = 0; i < r->pairs.count; i++)
        choose_method(r, &r->all.items[i], &r->pairs.items[i], config, state, options);
    if (!queue_begin(r, write, err) || !queue_locks(r, options, &locks, err) ||
        !compare_queue_sums(r->session.conns, &r->pairs, &r->all, err) ||
        !pipeline_send(r->session.conns, 2, err) || !receive_begin(r, write, err) ||
        (locks && !pipeline_next(r->session.conns[TARGET], NULL, err)))
        return false;
    return compare_receive_sums(r->session.conns, &r->pairs, &r->all, err) &&
           compare_keys(r->session.conns, &r->pairs, &r->all, err);
}

static void want(struct reconciliation *r, const struct pairing *pair, const struct comparison *c)
{
    if (pairing_active(pair) && (c->method == COMPARE_SKIP || c->method == COMPARE_WINDOW) &&
        !strlist_has(&r->complete, pair->name))
        strlist_add(&r->complete, pair->name);
}

/*
 * Deleting a row takes the rows that refer to it along (or leaves them without it), and a new row
 * may refer to one that a window has not seen. Such neighbours are compared completely, however
 * large they are.
 */
static void want_complete(struct pairings *pairs, size_t child, size_t parent, void *context)
{
    struct reconciliation *r = context;

    if (r->all.items[parent].deletes > 0)
        want(r, &pairs->items[child], &r->all.items[child]);
    if (r->all.items[child].inserts + r->all.items[child].updates > 0)
        want(r, &pairs->items[parent], &r->all.items[parent]);
}

bool reconcile_needs_more(struct reconciliation *r)
{
    size_t before = r->complete.count;

    pairings_each_reference(&r->pairs, want_complete, r);
    return r->complete.count > before;
}
