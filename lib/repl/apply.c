/*
 * The applier: changes into waves, in the order that foreign keys want, and the end of the
 * transaction. The last wave, the sequences and the COMMIT are sent together.
 */
#include "repl/apply_internal.h"

#include <string.h>

#include "cli/progress.h"
#include "db/pipeline.h"
#include "db/query.h"
#include "db/quote.h"
#include "db/row_sql.h"
#include "repl/base.h"
#include "repl/sequences.h"
#include "repl/triggers.h"

#define MAY_MAKE_TEMPORARY                                                                         \
    "pg_catalog.has_database_privilege(pg_catalog.current_database(), 'TEMPORARY')"

bool apply_queue_privileges(struct conn *target, struct err *err)
{
    const char *sql = "SELECT rolsuper, " MAY_MAKE_TEMPORARY
                      " FROM pg_catalog.pg_roles WHERE rolname = current_user";

    if (conn_kind(target) == ENGINE_COCKROACH)
        sql = "SELECT false, false";
    else if (conn_version(target) >= 150000)
        sql = "SELECT pg_catalog.has_parameter_privilege('session_replication_role', "
              "'SET'), " MAY_MAKE_TEMPORARY;
    return pipeline_add(target, sql, 0, NULL, err);
}

bool apply_receive_privileges(struct conn *target, bool *unchecked, bool *temporary,
                              struct err *err)
{
    struct result *result;

    if (!pipeline_next(target, &result, err))
        return false;
    *unchecked = result_rows(result) == 1 && result_bool(result, 0, 0);
    *temporary = result_rows(result) == 1 && result_bool(result, 0, 1);
    result_free(result);
    return true;
}

bool apply_queue_begin(struct conn *target, bool write, bool unchecked, struct err *err)
{
    bool postgres = conn_kind(target) == ENGINE_POSTGRES;
    const char *begin = postgres ? "BEGIN ISOLATION LEVEL REPEATABLE READ READ WRITE"
                                 : "BEGIN ISOLATION LEVEL SERIALIZABLE READ WRITE";

    if (!write)
        begin = postgres ? "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
                         : "BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY";
    return pipeline_add(target, begin, 0, NULL, err) &&
           pipeline_add(target, "SET LOCAL lock_timeout = '" LOCK_TIMEOUT "'", 0, NULL, err) &&
           (!write || !unchecked ||
            pipeline_add(target, "SET LOCAL session_replication_role = replica", 0, NULL, err));
}

bool apply_receive_begin(struct conn *target, bool write, bool unchecked, struct err *err)
{
    size_t statements = write && unchecked ? 3 : 2;

    while (statements-- > 0)
        if (!pipeline_next(target, NULL, err))
            return false;
    return true;
}

/* The writes of a wave are read before the next one is fetched. */
static bool run_wave(struct applying *s, bool last, struct err *err)
{
    struct applier *a = s->a;

    if (!wave_check(&s->wave, a, err))
        return false;
    if (s->wave.count == 0)
        return true;
    if (!wave_run(&s->wave, a, &s->snapshot_ended, err))
        return false;
    wave_settle(&s->wave, a);
    return last || (pipeline_sync(a->conns[TARGET], err) &&
                    pipeline_send(&a->conns[TARGET], 1, err) && wave_finish(&s->wave, a, err));
}

static void tell(const struct applying *s)
{
    size_t i;

    for (i = 0; i < s->wave.count; i++) {
        const struct wave_batch *b = &s->wave.batches[i];

        progress_part(s->a->pairs->items[b->pair].name, b->inserts + b->updates + b->deletes,
                      b->octets);
    }
}

static int64_t changes_of(const struct applier *a)
{
    int64_t rows = 0;
    size_t i;

    for (i = 0; i < a->pairs->count; i++) {
        const struct comparison *c = &a->all->items[i];

        if (pairing_active(&a->pairs->items[i]))
            rows += c->inserts + c->updates + (a->pairs->items[i].hold_deletes ? 0 : c->deletes);
    }
    return rows;
}

bool apply_flush(struct applying *s, bool last, struct err *err)
{
    bool alone = s->a->piecemeal && !s->whole;

    if (s->wave.count == 0)
        return true;
    if (!(alone ? apply_commit_wave(s, err) : run_wave(s, last, err)))
        return false;
    tell(s);
    if (!last)
        wave_reset(&s->wave);
    return true;
}

/* Whether a change belongs to the batches of a kind. What is run again after all (piecemeal) must
 * find nothing of itself in the way. */
static bool wanted(const struct applier *a, enum batch_kind kind, size_t pair, char change)
{
    switch (kind) {
    case BATCH_UPSERT:
        return change == 'i' || change == 'u';
    case BATCH_DELETE:
        return change == 'd';
    case BATCH_CLEAR:
        /* A merge in pieces checks all of them before it writes any. */
        return change == 'u' || (change == 'd' && (a->together || !wave_parks(a, pair))) ||
               (change == 'i' && a->piecemeal &&
                (a->states || !row_sql_can_upsert(&a->pairs->items[pair].rows[TARGET])));
    case BATCH_LOSE:
        return change == 'l' || change == 'L';
    }
    return false;
}

bool apply_add_table(struct applying *s, enum batch_kind kind, size_t pair, struct err *err)
{
    const struct pairing *p = &s->a->pairs->items[pair];
    struct keyset *changes = &s->a->all->items[pair].changes;
    struct key_item item;
    bool end = false;

    if (!pairing_active(p))
        return true;
    keyset_rewind(changes);
    while (keyset_next(changes, &item, &end, err)) {
        if (!wanted(s->a, kind, pair, item.kind) ||
            (item.kind == 'd' && (p->hold_deletes || s->a->applied[pair].early > 0)))
            continue;
        if (wave_full(&s->wave, s->a, item.octets) && !apply_flush(s, false, err))
            return false;
        if (!wave_add(&s->wave, s->a, kind, pair, &item, err))
            return false;
    }
    return end;
}

bool apply_add_all(struct applying *s, enum batch_kind kind, bool children_first, struct err *err)
{
    size_t n = s->a->pairs->count;
    size_t i;

    for (i = 0; i < n; i++)
        if (!apply_add_table(s, kind, children_first ? n - 1 - i : i, err))
            return false;
    return true;
}

/*
 * Foreign keys of the target around the changed tables are taken off for the time of the
 * transaction and put back (and checked by the server) at its end: the way where dbr's role may not
 * switch the checks off and the order alone does not help (cycles, rows that swap unique values).
 */
static bool has_changes(const struct applier *a, const char *table)
{
    size_t i = pairings_index_of_rows(a->pairs, table);

    return i < a->pairs->count && a->all->items[i].changes.count > 0;
}

static bool is_taken_off(const struct applier *a, const struct model_table *table,
                         const struct model_constraint *c)
{
    return c->type == 'f' && !c->inherited && !c->ref_outside &&
           (has_changes(a, table->name) || has_changes(a, c->ref_table));
}

static bool queue_foreign_key(struct applier *a, const struct model_table *table,
                              const struct model_constraint *c, bool add, size_t *queued,
                              struct err *err)
{
    const char *schema = a->pairs->models[TARGET]->schema;
    struct buf sql = BUF_INIT;
    bool ok;

    buf_adds(&sql, "ALTER TABLE ");
    quote_name(&sql, schema, table->name);
    buf_adds(&sql, add ? " ADD CONSTRAINT " : " DROP CONSTRAINT ");
    quote_ident(&sql, c->name);
    if (add)
        buf_addf(&sql, " %s", c->definition);
    ok = pipeline_add(a->conns[TARGET], sql.data, 0, NULL, err);
    ++*queued;
    if (ok && add && c->comment) {
        buf_reset(&sql);
        buf_adds(&sql, "COMMENT ON CONSTRAINT ");
        quote_ident(&sql, c->name);
        buf_adds(&sql, " ON ");
        quote_name(&sql, schema, table->name);
        buf_adds(&sql, " IS ");
        quote_literal(&sql, c->comment);
        ok = pipeline_add(a->conns[TARGET], sql.data, 0, NULL, err);
        ++*queued;
    }
    buf_release(&sql);
    return ok;
}

static bool queue_foreign_keys(struct applier *a, bool add, size_t *queued, struct err *err)
{
    const struct model *model = a->pairs->models[TARGET];
    size_t i;
    size_t j;

    *queued = 0;
    for (i = 0; i < model->table_count; i++)
        for (j = 0; j < model->tables[i].constraint_count; j++) {
            const struct model_constraint *c = &model->tables[i].constraints[j];

            if (is_taken_off(a, &model->tables[i], c) &&
                !queue_foreign_key(a, &model->tables[i], c, add, queued, err))
                return false;
        }
    return true;
}

bool apply_read_results(struct conn *conn, size_t n, struct err *err)
{
    while (n-- > 0)
        if (!pipeline_next(conn, NULL, err))
            return false;
    return true;
}

static bool drop_foreign_keys(struct applier *a, struct err *err)
{
    size_t queued;

    return queue_foreign_keys(a, false, &queued, err) && pipeline_sync(a->conns[TARGET], err) &&
           pipeline_send(&a->conns[TARGET], 1, err) &&
           apply_read_results(a->conns[TARGET], queued, err);
}

static bool run(struct applying *s, struct err *err)
{
    struct applier *a = s->a;
    struct conn *target = a->conns[TARGET];
    bool replace = a->way == APPLY_REPLACE;
    bool rebuild = replace && !a->unchecked && conn_kind(target) == ENGINE_POSTGRES;
    size_t setvals = 0;
    size_t woken = 0;
    size_t rebuilt = 0;

    if (rebuild && !drop_foreign_keys(a, err))
        return false;
    if (replace && !(apply_add_all(s, BATCH_CLEAR, true, err) && apply_flush(s, false, err)))
        return false;
    if (!apply_add_all(s, BATCH_UPSERT, false, err))
        return false;
    if (a->merge && !apply_add_all(s, BATCH_LOSE, false, err))
        return false;
    if (!replace && !apply_add_all(s, BATCH_DELETE, true, err))
        return false;
    if (!apply_flush(s, true, err))
        return false;
    if (rebuild && !queue_foreign_keys(a, true, &rebuilt, err))
        return false;
    *a->committing = true; /* what is queued may be sent at once */
    if (!sequences_queue(target, a->pairs->models[SOURCE], a->pairs->models[TARGET],
                         a->merge ? SEQUENCES_FORWARD : SEQUENCES_DIFFERING, &setvals, err) ||
        (a->merge && !pipeline_add(target, base_mark_merged, 0, NULL, err)) ||
        (a->quiet && !triggers_queue_wake(target, &woken, err)) ||
        !pipeline_add(target, "COMMIT", 0, NULL, err) || !pipeline_sync(target, err) ||
        !pipeline_send(&target, 1, err))
        return false;
    if (!wave_finish(&s->wave, a, err))
        return false;
    if (!apply_read_results(target, rebuilt, err))
        return false;
    return apply_read_results(target, setvals + a->merge + woken + 1, err);
}

bool apply_run(struct applier *applier, struct err *err)
{
    struct applying s = {.a = applier};
    struct err ignored = ERR_INIT;
    bool ok;

    wave_init(&s.wave);
    progress_begin("writing", changes_of(applier));
    applier->failed = applier->pairs->count;
    ok = applier->states      ? apply_merge_pieces(&s, err)
         : applier->piecemeal ? apply_pieces(&s, err)
                              : run(&s, err);
    wave_release(&s.wave);
    if (ok)
        return true;
    if (conn_alive(applier->conns[TARGET]) && err->code != ERR_STOPPED) {
        pipeline_end(applier->conns[TARGET], &ignored);
        if (conn_alive(applier->conns[TARGET]))
            query_script(applier->conns[TARGET], "ROLLBACK", &ignored);
    }
    return false;
}
