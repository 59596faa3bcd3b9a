/* What stands in the way of a merge: trouble that no rule decides is refused, never guessed. */
#include <inttypes.h>
#include <string.h>

#include "repl/merge_internal.h"

#define GUARD_ROWS 100

bool merge_check_base(const struct merge *merge, struct err *err)
{
    if (!merge->base.found) {
        err_set(err, ERR_REFUSED,
                "the base of the merge is missing: schema _dbr on the secondary does not hold it");
        return err_hint(
            err, "stranded writes of the primary cannot be told from old rows; "
                 "dbr-sync --force lets the secondary's rows win and salvages the primary's");
    }
    if (strcmp(merge->base.run, merge->run) != 0) {
        err_set(err, ERR_REFUSED, "the base on the secondary is of another failover (%s, not %s)",
                merge->base.run, merge->run);
        return err_hint(
            err, "dbr-sync --force lets the secondary's rows win and salvages the primary's");
    }
    return true;
}

/* Leaving it out is the way where the table has no way back. */
static bool hint_table(const struct base *base, const char *name, struct err *err)
{
    const char *first = "";

    if (!base->found)
        first = "make the tables of both databases alike, or ";
    else if (base_table(base, name))
        first = "bring it back to what it was at the failover, on both databases (\"A migration "
                "before the merge\" in dbr(7) keeps what is in it), or ";
    return err_hint(err,
                    "%sleave it out with DB_SYNC_EXCLUDE_TABLES: what the primary holds of it is "
                    "then not merged, and stays there until dbr-sync --force; dbr-export "
                    "--source=primary --tables=%s copies it; nothing was written",
                    first, name);
}

/* In PostgreSQL nothing was written; into CockroachDB other rows may have been brought over. */
static bool hint_row(const struct pairing *pair, struct err *err)
{
    return err_hint(err,
                    "%s, then run this again; what was brought over before stays. The primary is "
                    "fenced: a session of yours writes to it behind SET "
                    "default_transaction_read_only = off",
                    pair->orphans
                        ? "rows that refer to each other in a circle cannot come one by one: leave "
                          "one reference empty on the primary until they are there"
                        : "change one of the two rows so that both have room");
}

bool merge_check_holds(const struct base *base, const struct pairings *pairs, struct err *err)
{
    size_t i;

    for (i = 0; i < pairs->count; i++) {
        const struct pairing *pair = &pairs->items[i];

        if (!pair->selected || pair->hold == HOLD_NONE)
            continue;
        err_set(err, ERR_REFUSED, "table %s cannot be merged: %s", pair->name, pair->why);
        if (pair->hold == HOLD_FAILED)
            return hint_row(pair, err);
        return hint_table(base, pair->name, err);
    }
    return true;
}

static bool same_names(const struct strlist *names, const struct model_column *const *columns,
                       size_t count, const struct strlist *types)
{
    size_t i;
    size_t j;

    if (names->count != count)
        return false;
    for (i = 0; i < count; i++) {
        for (j = 0; j < names->count && strcmp(names->items[j], columns[i]->name) != 0; j++)
            ;
        if (j == names->count || (types && strcmp(types->items[j], columns[i]->type) != 0))
            return false;
    }
    return true;
}

/* The hashes of the base say nothing of a table that has changed its columns. */
bool merge_check_table(const struct merging *m, size_t pair, struct err *err)
{
    const struct pairing *p = &m->pairs->items[pair];
    const struct base_table *table = base_table(&m->merge->base, p->name);
    const char *why = NULL;

    if (!table)
        why = "it did not exist at the failover";
    else if (!same_names(&table->columns, p->rows[TARGET].columns, p->rows[TARGET].column_count,
                         &table->types))
        why = "its columns have changed since the failover";
    else if (!same_names(&table->keys, p->rows[TARGET].keys, p->rows[TARGET].key_count, NULL))
        why = "its key has changed since the failover";
    if (!why)
        return true;
    err_set(err, ERR_REFUSED, "table %s cannot be merged: %s", p->name, why);
    return hint_table(&m->merge->base, p->name, err);
}

/* What a crash has emptied stays on the other side, where the sync that follows the merge holds
 * that table alone. */
static bool guard_side(const struct merging *m, size_t pair, enum role role, struct err *err)
{
    enum side side = role == ROLE_PRIMARY ? SOURCE : TARGET;
    enum side other = side == SOURCE ? TARGET : SOURCE;
    const struct comparison *c = &m->all->items[pair];
    const struct pairing *p = &m->pairs->items[pair];
    const char *name = p->name;
    int64_t deleted = m->merge->counts[pair].deleted[role];

    if (deleted == 0 || model_table_volatile(m->pairs->models[other], p->rows[other].table))
        return true;
    bool emptied = c->rows[other] == 0;

    if (!emptied &&
        !(deleted > GUARD_ROWS && deleted * 100 > c->rows[side] * m->merge->max_delete_percent))
        return true;
    if (emptied)
        err_set(err, ERR_REFUSED, "table %s is empty on the %s but has %" PRId64 " rows on the %s",
                name, role_name(role_other(role)), c->rows[side], role_name(role));
    else
        err_set(err, ERR_REFUSED,
                "table %s: %" PRId64 " of %" PRId64
                " rows would be deleted on the %s, more than DB_MAX_DELETE_PERCENT (%d)",
                name, deleted, c->rows[side], role_name(role), m->merge->max_delete_percent);
    return err_hint(err, "if these deletes are meant, run dbr-sync --force; nothing was written");
}

bool merge_guard(const struct merging *m, struct err *err)
{
    const struct merge *merge = m->merge;
    size_t i;

    if (merge->force)
        return true;
    for (i = 0; i < m->pairs->count; i++)
        if (!guard_side(m, i, ROLE_PRIMARY, err) || !guard_side(m, i, ROLE_SECONDARY, err))
            return false;
    if (merge->by_clock == 0 || (merge->skew_ms >= 0 && merge->skew_ms <= merge->max_skew_ms))
        return true;
    if (merge->skew_ms < 0)
        err_set(err, ERR_REFUSED,
                "%" PRId64 " rows must be decided by time, but how far the clocks of the two "
                "servers differ is not known",
                merge->by_clock);
    else
        err_set(err, ERR_REFUSED,
                "%" PRId64 " rows must be decided by time, but the clocks of the two servers "
                "differ by %" PRId64 " ms, more than DB_MAX_CLOCK_SKEW_MS (%" PRId64 ")",
                merge->by_clock, merge->skew_ms, merge->max_skew_ms);
    return err_hint(err,
                    "set the clocks right, or decide by them as they are with dbr-sync --force; "
                    "nothing was written");
}
