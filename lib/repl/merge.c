/* The step of a merge between compare and apply, in the order in which it happens. */
#include "repl/merge.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "repl/merge_internal.h"
#include "repl/zone.h"

static bool needs_zones(const struct merging *m)
{
    size_t i;
    enum side side;

    for (i = 0; i < m->pairs->count; i++)
        for (side = SOURCE; side <= TARGET; side++) {
            const struct model_column *change = m->pairs->items[i].rows[side].change;

            if (m->all->items[i].changes.count && change &&
                strcmp(change->type_name, "timestamp") == 0)
                return true;
        }
    return false;
}

static bool find_zones(struct merging *m, struct err *err)
{
    char *by_role[2] = {NULL, NULL};

    if (!needs_zones(m)) {
        m->zones[SOURCE] = mem_strdup("UTC");
        m->zones[TARGET] = mem_strdup("UTC");
        return true;
    }
    if (!zone_read(m->merge->config, by_role, err))
        return false;
    m->zones[SOURCE] = by_role[ROLE_PRIMARY];
    m->zones[TARGET] = by_role[ROLE_SECONDARY];
    return true;
}

static bool prepare_tables(struct merging *m, struct err *err)
{
    size_t i;
    enum side side;

    for (i = 0; i < m->pairs->count; i++) {
        const struct pairing *pair = &m->pairs->items[i];

        if (!pairing_active(pair))
            continue;
        if (!merge_check_table(m, i, err))
            return false;
        for (side = SOURCE; side <= TARGET; side++) {
            if (!base_rows(&m->rows[i][side], &m->merge->base,
                           base_table(&m->merge->base, pair->name), m->conns[side],
                           m->pairs->models[side],
                           m->pairs->models[side == SOURCE ? TARGET : SOURCE]))
                return err_set_hint(
                    err, ERR_REFUSED,
                    "bring the columns of both databases in step (dbr-init-secondary --update, or "
                    "a migration), then run the program again",
                    "table %s cannot be merged: its columns have changed", pair->name);
            m->rows[i][side].change = pair->rows[side].change;
        }
    }
    return find_zones(m, err);
}

/* What is applied is what was decided. */
static void hand_over(struct merging *m)
{
    size_t i;

    for (i = 0; i < m->pairs->count; i++) {
        struct comparison *c = &m->all->items[i];
        struct keyset changes = c->changes;

        c->changes = m->decided[i];
        m->decided[i] = changes;
        c->inserts = m->merge->counts[i].inserted[ROLE_SECONDARY];
        c->updates = m->merge->counts[i].updated[ROLE_SECONDARY];
        c->deletes = m->merge->counts[i].deleted[ROLE_SECONDARY];
    }
}

static bool decide(struct merging *m, struct err *err)
{
    const struct base *base = &m->merge->base;

    /* Without a base (--force) nothing of the primary wins. */
    if (!base->found || base->merged_at || strcmp(base->run, m->merge->run) != 0)
        return true;
    return prepare_tables(m, err) && merge_decide_all(m, err) && merge_keep_parents(m, err) &&
           merge_guard(m, err);
}

static void release_states(struct merge *merge)
{
    size_t i;

    for (i = 0; merge->states && i < merge->count; i++)
        base_rows_release(&merge->states[i]);
    free(merge->states);
    merge->states = NULL;
}

/* The counts of the attempt before are the caller's to free. */
static struct merge_counts *reset(struct merge *merge, size_t count)
{
    struct merge_counts *before = merge->counts;

    release_states(merge);
    base_release(&merge->base);
    merge->states = mem_alloc((count + 1) * sizeof(*merge->states));
    merge->counts = mem_alloc((count + 1) * sizeof(*merge->counts));
    merge->count = count;
    merge->by_clock = 0;
    return before;
}

/* Nobody else merges: when the base was not merged an attempt ago, it was that one's COMMIT. */
static void take_committed(struct merge *merge, struct merge_counts *before, size_t count)
{
    if (!before || count != merge->count || !merge->base.merged_at)
        return;
    memcpy(merge->counts, before, count * sizeof(*before));
    merge->committed = true;
}

bool merge_step(struct merge *merge, struct conn *const conns[2], struct pairings *pairs,
                struct comparisons *all, struct err *err)
{
    struct merging m = {.merge = merge, .pairs = pairs, .all = all};
    size_t count = merge->count;
    struct merge_counts *before = reset(merge, pairs->count);
    size_t i;
    bool ok;

    m.conns[SOURCE] = conns[SOURCE];
    m.conns[TARGET] = conns[TARGET];
    m.rows = mem_alloc((pairs->count + 1) * sizeof(*m.rows));
    m.decided = mem_alloc((pairs->count + 1) * sizeof(*m.decided));
    m.tallies = mem_alloc((pairs->count + 1) * sizeof(*m.tallies));
    for (i = 0; i < pairs->count; i++)
        keyset_init(&m.decided[i], all->items[i].changes.dir);
    ok = base_read(conns[TARGET], &merge->base, err) &&
         merge_check_holds(&merge->base, pairs, err) &&
         (merge->force || merge_check_base(merge, err)) && decide(&m, err);
    take_committed(merge, before, count);
    if (ok)
        hand_over(&m);
    else if (before && count == merge->count)
        memcpy(merge->counts, before, count * sizeof(*before));
    free(before);
    for (i = 0; i < pairs->count; i++) {
        keyset_release(&m.decided[i]);
        base_rows_release(&m.rows[i][SOURCE]);
        merge->states[i] = m.rows[i][TARGET];
    }
    free(m.rows);
    free(m.decided);
    free(m.tallies);
    free(m.zones[SOURCE]);
    free(m.zones[TARGET]);
    return ok;
}

struct merge_counts merge_totals(const struct merge *merge)
{
    struct merge_counts sum;
    size_t i;
    enum role role;

    memset(&sum, 0, sizeof(sum));
    for (i = 0; i < merge->count; i++) {
        for (role = ROLE_PRIMARY; role <= ROLE_SECONDARY; role++) {
            sum.inserted[role] += merge->counts[i].inserted[role];
            sum.updated[role] += merge->counts[i].updated[role];
            sum.deleted[role] += merge->counts[i].deleted[role];
        }
        sum.conflicts += merge->counts[i].conflicts;
        sum.kept += merge->counts[i].kept;
        sum.equal += merge->counts[i].equal;
    }
    return sum;
}

void merge_release(struct merge *merge)
{
    release_states(merge);
    base_release(&merge->base);
    free(merge->counts);
    strlist_release(&merge->locked);
    memset(merge, 0, sizeof(*merge));
}
