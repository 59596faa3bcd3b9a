/* The table of outcomes: who wins a row that both sides may have changed since the base. */
#include "repl/instant.h"
#include "repl/merge.h"

enum rule {
    SAME,           /* the two are alike */
    PRIMARY,        /* the primary's version, or its absence */
    SECONDARY,      /* the secondary's, likewise */
    SECONDARY_OVER, /* the secondary's, and a version or a delete of the primary is lost */
    LATER,          /* the later by the change column; a tie or no column: the secondary's */
    LATER_FAILOVER  /* the primary's when it is later than the failover; no column: it is deleted */
};

/* Rows: on the primary; columns: on the secondary, as base, changed, missing, new, absent. What
 * cannot be is SAME. */
static const enum rule outcomes[5][5] = {
    [ROW_AS_BASE] = {SAME, SECONDARY, SECONDARY, SAME, SAME},
    [ROW_CHANGED] = {PRIMARY, LATER, LATER_FAILOVER, SAME, SAME},
    [ROW_MISSING] = {PRIMARY, SECONDARY_OVER, SAME, SAME, SAME},
    [ROW_NEW] = {SAME, SAME, SAME, SECONDARY_OVER, PRIMARY},
    [ROW_ABSENT] = {SAME, SAME, SAME, SECONDARY, SAME},
};

/* What the secondary has as it was is no proof that the primary had it so. */
static enum rule rule_of(const struct merge_row *row, enum merge_state primary,
                         enum merge_state secondary)
{
    if (!row->unmerged || secondary != ROW_AS_BASE)
        return outcomes[primary][secondary];
    return primary == ROW_MISSING ? SECONDARY_OVER : LATER;
}

static enum merge_state state_of(bool in_base, int64_t base, bool present, int64_t hash)
{
    if (!in_base)
        return present ? ROW_NEW : ROW_ABSENT;
    if (!present)
        return ROW_MISSING;
    return hash == base ? ROW_AS_BASE : ROW_CHANGED;
}

static struct merge_decision by_time(bool has_time, const char *primary, const char *other)
{
    struct merge_decision decision = {WINNER_SECONDARY, true, has_time};

    if (has_time && instant_compare(primary, other) > 0)
        decision.winner = WINNER_PRIMARY;
    return decision;
}

struct merge_decision merge_decide(const struct merge_row *row)
{
    enum merge_state primary =
        state_of(row->in_base, row->base_hash, row->on_primary, row->primary_hash);
    enum merge_state secondary =
        state_of(row->in_base, row->base_hash, row->on_secondary, row->secondary_hash);

    if (row->on_primary && row->on_secondary && row->primary_hash == row->secondary_hash)
        return (struct merge_decision){WINNER_NONE, false, false};
    switch (rule_of(row, primary, secondary)) {
    case SAME:
        break;
    case PRIMARY:
        return (struct merge_decision){WINNER_PRIMARY, false, false};
    case SECONDARY:
        return (struct merge_decision){WINNER_SECONDARY, false, false};
    case SECONDARY_OVER:
        return (struct merge_decision){WINNER_SECONDARY, true, false};
    case LATER:
        return by_time(row->has_time, row->primary_time, row->secondary_time);
    case LATER_FAILOVER:
        return by_time(row->has_time, row->primary_time, row->failover_time);
    }
    return (struct merge_decision){WINNER_NONE, false, false};
}

/* A number that changed on both sides: the greater one stays, so that no row is lost. */
struct merge_decision merge_decide_multiset(const struct merge_row *row)
{
    int64_t base = row->in_base ? row->base_hash : 0;
    int64_t primary = row->on_primary ? row->primary_hash : 0;
    int64_t secondary = row->on_secondary ? row->secondary_hash : 0;

    if (primary == secondary && !row->unlike)
        return (struct merge_decision){WINNER_NONE, false, false};
    if (secondary == base && !row->secondary_differs && !(row->unmerged && row->in_base))
        return (struct merge_decision){WINNER_PRIMARY, false, false};
    if (primary == base)
        return (struct merge_decision){WINNER_SECONDARY, false, false};
    return (struct merge_decision){primary > secondary ? WINNER_PRIMARY : WINNER_SECONDARY, true,
                                   false};
}

const char *merge_losers(int64_t conflicts, int64_t equal)
{
    if (equal == 0)
        return "what was overwritten is in salvage/ of the state directory";
    if (equal >= conflicts)
        return "of equal rows of a table without a key the greater number stays, and none of them "
               "is in salvage/; give such a table a key";
    return "what was overwritten is in salvage/ of the state directory, but of equal rows of a "
           "table without a key the greater number stays, and none of them is there";
}
