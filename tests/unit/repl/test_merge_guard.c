/* What a merge is refused for, by counts and clocks. */
#include "repl/merge_internal.h"
#include "unit.h"

struct fixture {
    struct merge merge;
    struct model_table table;
    struct pairing pairing;
    struct pairings pairs;
    struct comparison comparison;
    struct comparisons all;
    struct merge_counts counts;
    struct merging merging;
    struct err err;
};

/* A table of 1000 rows on both sides, clocks that agree. */
static struct fixture *fixture_open(struct fixture *f)
{
    memset(f, 0, sizeof(*f));
    f->merge.max_skew_ms = 5000;
    f->merge.max_delete_percent = 10;
    f->merge.counts = &f->counts;
    f->table = (struct model_table){.name = "t", .kind = 'r'};
    f->pairing.name = "t";
    f->pairing.rows[SOURCE].table = f->pairing.rows[TARGET].table = &f->table;
    f->pairs.items = &f->pairing;
    f->pairs.count = 1;
    f->comparison.rows[SOURCE] = f->comparison.rows[TARGET] = 1000;
    f->all.items = &f->comparison;
    f->all.count = 1;
    f->merging.merge = &f->merge;
    f->merging.pairs = &f->pairs;
    f->merging.all = &f->all;
    return f;
}

static void refused(struct fixture *f, const char *words)
{
    assert_false(merge_guard(&f->merging, &f->err));
    assert_int_equal(f->err.code, ERR_REFUSED);
    assert_non_null(strstr(f->err.message, words));
    f->merge.force = true;
    assert_true(merge_guard(&f->merging, &f->err));
}

TEST(clocks_count_when_they_decided)
{
    struct fixture f;

    fixture_open(&f)->merge.skew_ms = 5001;
    assert_true(merge_guard(&f.merging, &f.err));
    f.merge.by_clock = 3;
    refused(&f, "differ by 5001 ms");
    fixture_open(&f)->merge.skew_ms = 5000;
    f.merge.by_clock = 3;
    assert_true(merge_guard(&f.merging, &f.err));
}

TEST(clocks_that_were_not_measured_decide_nothing)
{
    struct fixture f;

    fixture_open(&f)->merge.skew_ms = -1;
    assert_true(merge_guard(&f.merging, &f.err));
    f.merge.by_clock = 1;
    refused(&f, "not known");
}

TEST(deletes_are_guarded_on_both_sides)
{
    struct fixture f;

    fixture_open(&f)->counts.deleted[ROLE_PRIMARY] = 100;
    f.counts.deleted[ROLE_SECONDARY] = 100;
    assert_true(merge_guard(&f.merging, &f.err));
    f.counts.deleted[ROLE_SECONDARY] = 101;
    refused(&f, "on the secondary");
    fixture_open(&f)->counts.deleted[ROLE_PRIMARY] = 101;
    refused(&f, "on the primary");
}

TEST(an_emptied_table_is_guarded_however_small)
{
    struct fixture f;

    fixture_open(&f)->counts.deleted[ROLE_PRIMARY] = 2;
    f.comparison.rows[SOURCE] = 2;
    f.comparison.rows[TARGET] = 0;
    refused(&f, "empty on the secondary");
}

/* The sync that follows the merge sees to it. */
TEST(what_a_crash_may_have_emptied_stops_no_merge)
{
    struct fixture f;

    fixture_open(&f)->counts.deleted[ROLE_PRIMARY] = 2;
    f.comparison.rows[TARGET] = 0;
    f.table.unlogged = true;
    assert_true(merge_guard(&f.merging, &f.err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clocks_count_when_they_decided),
        cmocka_unit_test(clocks_that_were_not_measured_decide_nothing),
        cmocka_unit_test(deletes_are_guarded_on_both_sides),
        cmocka_unit_test(an_emptied_table_is_guarded_however_small),
        cmocka_unit_test(what_a_crash_may_have_emptied_stops_no_merge),
    };
    return cmocka_run_group_tests_name("merge_guard", tests, NULL, NULL);
}
