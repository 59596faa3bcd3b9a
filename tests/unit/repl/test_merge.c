/* The table of outcomes of a merge, row by row. */
#include "repl/merge.h"
#include "unit.h"

#define EARLY "2026-01-24 20:00:00+00"
#define LATE "2026-01-24 20:00:00.000001+00"
#define FAILOVER "2026-01-24 21:00:00+00"
#define AFTER "2026-01-24 21:00:01+00"

enum { GONE = 0 }; /* a hash that stands for no row */

/* base, primary, secondary: hashes, GONE for no row; times NULL: the table has no change column. */
static struct merge_decision decide(int64_t base, int64_t primary, const char *primary_time,
                                    int64_t secondary, const char *secondary_time)
{
    const struct merge_row row = {
        .in_base = base != GONE,
        .on_primary = primary != GONE,
        .on_secondary = secondary != GONE,
        .base_hash = base,
        .primary_hash = primary,
        .secondary_hash = secondary,
        .primary_time = primary_time,
        .secondary_time = secondary_time,
        .has_time = primary_time || secondary_time,
        .failover_time = FAILOVER,
    };

    return merge_decide(&row);
}

static void expect(struct merge_decision decision, enum merge_winner winner, bool conflict)
{
    assert_int_equal(decision.winner, winner);
    assert_int_equal(decision.conflict, conflict);
}

TEST(what_only_one_side_touched_wins)
{
    expect(decide(1, 1, NULL, 2, NULL), WINNER_SECONDARY, false);
    expect(decide(1, 2, NULL, 1, NULL), WINNER_PRIMARY, false);
    expect(decide(1, 1, NULL, GONE, NULL), WINNER_SECONDARY, false);
    expect(decide(1, GONE, NULL, 1, NULL), WINNER_PRIMARY, false);
    expect(decide(GONE, 2, NULL, GONE, NULL), WINNER_PRIMARY, false);
    expect(decide(GONE, GONE, NULL, 2, NULL), WINNER_SECONDARY, false);
}

TEST(alike_is_nothing_to_do)
{
    expect(decide(1, 1, NULL, 1, NULL), WINNER_NONE, false);
    expect(decide(1, 2, EARLY, 2, LATE), WINNER_NONE, false);
    expect(decide(1, GONE, NULL, GONE, NULL), WINNER_NONE, false);
    expect(decide(GONE, 2, NULL, 2, NULL), WINNER_NONE, false);
}

TEST(of_two_changes_the_later_wins)
{
    expect(decide(1, 2, LATE, 3, EARLY), WINNER_PRIMARY, true);
    expect(decide(1, 2, EARLY, 3, LATE), WINNER_SECONDARY, true);
    assert_true(decide(1, 2, EARLY, 3, LATE).clocks);
    /* a date in the future counts as later */
    expect(decide(1, 2, "9999-12-31 00:00:00+00", 3, LATE), WINNER_PRIMARY, true);
    expect(decide(1, 2, "infinity", 3, LATE), WINNER_PRIMARY, true);
}

TEST(a_tie_or_no_time_is_the_active_databases)
{
    expect(decide(1, 2, EARLY, 3, EARLY), WINNER_SECONDARY, true);
    expect(decide(1, 2, NULL, 3, NULL), WINNER_SECONDARY, true);
    assert_false(decide(1, 2, NULL, 3, NULL).clocks);
    expect(decide(1, 2, NULL, 3, EARLY), WINNER_SECONDARY, true);
    expect(decide(1, 2, EARLY, 3, NULL), WINNER_PRIMARY, true);
}

TEST(a_change_of_a_deleted_row_must_be_later_than_the_failover)
{
    expect(decide(1, 2, EARLY, GONE, NULL), WINNER_SECONDARY, true);
    expect(decide(1, 2, FAILOVER, GONE, NULL), WINNER_SECONDARY, true);
    expect(decide(1, 2, AFTER, GONE, NULL), WINNER_PRIMARY, true);
    assert_true(decide(1, 2, AFTER, GONE, NULL).clocks);
    expect(decide(1, 2, NULL, GONE, NULL), WINNER_SECONDARY, true);
}

TEST(a_change_outlives_a_delete_on_the_primary)
{
    expect(decide(1, GONE, NULL, 2, EARLY), WINNER_SECONDARY, true);
}

TEST(of_two_new_rows_the_active_databases_keeps_the_key)
{
    expect(decide(GONE, 2, LATE, 3, EARLY), WINNER_SECONDARY, true);
    assert_false(decide(GONE, 2, LATE, 3, EARLY).clocks);
}

static struct merge_decision decide_apart(int64_t primary, const char *primary_time,
                                          int64_t secondary, const char *secondary_time)
{
    const struct merge_row row = {
        .in_base = true,
        .on_primary = primary != GONE,
        .on_secondary = true,
        .base_hash = 1,
        .primary_hash = primary,
        .secondary_hash = secondary,
        .primary_time = primary_time,
        .secondary_time = secondary_time,
        .has_time = primary_time || secondary_time,
        .failover_time = FAILOVER,
        .unmerged = true,
    };

    return merge_decide(&row);
}

TEST(a_base_of_two_that_had_gone_apart_decides_nothing_against_the_secondary)
{
    expect(decide_apart(GONE, NULL, 1, EARLY), WINNER_SECONDARY, true);
    expect(decide_apart(2, EARLY, 1, LATE), WINNER_SECONDARY, true);
    expect(decide_apart(2, LATE, 1, EARLY), WINNER_PRIMARY, true);
    expect(decide_apart(2, NULL, 1, NULL), WINNER_SECONDARY, true);
    expect(decide_apart(1, NULL, 1, NULL), WINNER_NONE, false);
    expect(decide_apart(1, EARLY, 2, LATE), WINNER_SECONDARY, false);
}

/* Hashes are numbers of equal rows here. */
static struct merge_decision count(int64_t base, int64_t primary, int64_t secondary)
{
    const struct merge_row row = {
        .in_base = base != 0,
        .on_primary = primary != 0,
        .on_secondary = secondary != 0,
        .base_hash = base,
        .primary_hash = primary,
        .secondary_hash = secondary,
    };

    return merge_decide_multiset(&row);
}

TEST(rows_without_key_are_numbers)
{
    expect(count(2, 2, 2), WINNER_NONE, false);
    expect(count(0, 3, 0), WINNER_PRIMARY, false);
    expect(count(2, 3, 2), WINNER_PRIMARY, false);
    expect(count(2, 0, 2), WINNER_PRIMARY, false);
    expect(count(2, 2, 5), WINNER_SECONDARY, false);
    expect(count(2, 2, 0), WINNER_SECONDARY, false);
    /* changed on both: none is lost */
    expect(count(2, 4, 3), WINNER_PRIMARY, true);
    expect(count(2, 1, 3), WINNER_SECONDARY, true);
    expect(count(2, 4, 4), WINNER_NONE, false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_only_one_side_touched_wins),
        cmocka_unit_test(alike_is_nothing_to_do),
        cmocka_unit_test(of_two_changes_the_later_wins),
        cmocka_unit_test(a_tie_or_no_time_is_the_active_databases),
        cmocka_unit_test(a_change_of_a_deleted_row_must_be_later_than_the_failover),
        cmocka_unit_test(a_change_outlives_a_delete_on_the_primary),
        cmocka_unit_test(of_two_new_rows_the_active_databases_keeps_the_key),
        cmocka_unit_test(a_base_of_two_that_had_gone_apart_decides_nothing_against_the_secondary),
        cmocka_unit_test(rows_without_key_are_numbers),
    };
    return cmocka_run_group_tests_name("merge", tests, NULL, NULL);
}
