/* state/journal: a switch is found again as it was written down, and what cannot be read is no
 * switch. */
#include "state/journal.h"
#include "unit.h"

static struct state fresh(void)
{
    struct state kept = STATE_INIT;

    kept.root = json_object();
    json_set_int(kept.root, "version", STATE_VERSION);
    json_set_str(kept.root, "activeDatabase", "primary");
    return kept;
}

TEST(is_found_again)
{
    struct state kept = fresh();
    struct journal put;
    struct journal got;

    assert_false(journal_read(&kept, &got));
    journal_begin(&put, &kept, SWITCH_FAILOVER, true, true, "the primary \"burns\"");
    put.step = STEP_OPEN;
    put.undoing = put.from_fenced = true;
    journal_put(&kept, &put);
    assert_true(journal_read(&kept, &got));
    assert_string_equal(got.id, put.id);
    assert_string_equal(got.reason, put.reason);
    assert_string_equal(got.started, put.started);
    assert_int_equal(got.op, SWITCH_FAILOVER);
    assert_int_equal(got.step, STEP_OPEN);
    assert_int_equal(got.epoch, 1);
    assert_true(got.forced && got.automatic && got.undoing && got.from_fenced);
    journal_remove(&kept);
    assert_false(journal_read(&kept, &got));
    json_free(kept.root);
}

TEST(takes_effect)
{
    struct state kept = fresh();
    struct journal journal;
    struct journal last;

    journal_begin(&journal, &kept, SWITCH_FAILOVER, false, false, NULL);
    journal_take_effect(&kept, &journal);
    assert_int_equal(state_active(&kept), ROLE_SECONDARY);
    assert_true(journal_last(&kept, &last));
    assert_int_equal(last.op, SWITCH_FAILOVER);
    assert_int_equal(journal_epoch(&kept), 1);
    assert_int_equal(journal_recent_failbacks(&kept), 0);
    journal_begin(&journal, &kept, SWITCH_FAILBACK, false, true, NULL);
    assert_int_equal(journal.epoch, 2);
    journal_take_effect(&kept, &journal);
    assert_int_equal(state_active(&kept), ROLE_PRIMARY);
    assert_int_equal(journal_recent_failbacks(&kept), 1);
    /* A failback that somebody asked for damps nothing. */
    journal.automatic = false;
    journal_take_effect(&kept, &journal);
    assert_int_equal(journal_recent_failbacks(&kept), 1);
    json_free(kept.root);
}

TEST(epoch_never_goes_back)
{
    struct state kept = fresh();

    journal_learn_epoch(&kept, 7);
    assert_int_equal(journal_epoch(&kept), 7);
    journal_learn_epoch(&kept, 3);
    assert_int_equal(journal_epoch(&kept), 7);
    json_free(kept.root);
}

TEST(debts_and_merge)
{
    struct state kept = fresh();

    assert_null(journal_debt(&kept, ROLE_PRIMARY));
    journal_set_debt(&kept, ROLE_PRIMARY, true);
    assert_non_null(journal_debt(&kept, ROLE_PRIMARY));
    assert_null(journal_debt(&kept, ROLE_SECONDARY));
    journal_set_debt(&kept, ROLE_PRIMARY, false);
    assert_null(journal_debt(&kept, ROLE_PRIMARY));
    journal_set_merge(&kept, "run-1");
    assert_string_equal(journal_merge(&kept), "run-1");
    journal_set_merge(&kept, NULL);
    assert_null(journal_merge(&kept));
    json_free(kept.root);
}

TEST(old_failbacks_do_not_count)
{
    struct state kept = fresh();
    struct json *list = json_set_array(kept.root, "failbacks");

    json_add_str(list, "2020-01-01T00:00:00.000Z");
    json_add_str(list, "nonsense");
    assert_int_equal(journal_recent_failbacks(&kept), 0);
    json_free(kept.root);
}

static void assert_bad(const char *text)
{
    struct err err = ERR_INIT;
    struct json *root = json_parse(text, strlen(text), &err);

    assert_non_null(root);
    assert_false(journal_check(root, &err));
    assert_int_equal(err.code, ERR_USAGE);
    json_free(root);
}

TEST(damage_is_no_switch)
{
    assert_bad("{\"switch\": 1}");
    assert_bad("{\"switch\": {\"id\": \"a\", \"op\": \"sideways\"}}");
    assert_bad("{\"switch\": {\"id\": \"a\", \"op\": \"failover\", \"kind\": \"planned\"}}");
    assert_bad("{\"switch\": {\"id\": \"a\", \"op\": \"failover\", \"kind\": \"odd\", \"step\": "
               "\"open\"}}");
    assert_bad("{\"lastSwitch\": {\"op\": 3}}");
    assert_bad("{\"merge\": {}}");
    assert_bad("{\"fenceDebt\": []}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_found_again),
        cmocka_unit_test(takes_effect),
        cmocka_unit_test(epoch_never_goes_back),
        cmocka_unit_test(debts_and_merge),
        cmocka_unit_test(old_failbacks_do_not_count),
        cmocka_unit_test(damage_is_no_switch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
