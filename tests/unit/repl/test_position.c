/* Which database is older than it was, and what follows. */
#include <stdlib.h>

#include "repl/position.h"
#include "state/journal.h"
#include "unit.h"

static struct state state_of(const char *text)
{
    struct state known = STATE_INIT;
    struct err err = ERR_INIT;

    known.root = json_parse(text, strlen(text), &err);
    assert_non_null(known.root);
    return known;
}

#define PRIMARY_ACTIVE                                                                             \
    "{\"activeDatabase\": \"primary\", \"positions\": {\"primary\": 100, \"secondary\": 100},"     \
    " \"tables\": {\"a\": {}, \"b\": {}}}"

TEST(behind_matters_for_the_active_one)
{
    struct state known = state_of(PRIMARY_ACTIVE);

    assert_true(position_went_back(&known, ROLE_PRIMARY, 99));
    assert_false(position_went_back(&known, ROLE_PRIMARY, 100));
    assert_false(position_went_back(&known, ROLE_PRIMARY, 101));
    assert_false(position_went_back(&known, ROLE_PRIMARY, 0));
    assert_false(position_went_back(&known, ROLE_SECONDARY, 99));
    state_release(&known);
}

TEST(behind_matters_for_a_primary_that_is_to_be_merged)
{
    struct state known =
        state_of("{\"activeDatabase\": \"secondary\", \"positions\": {\"primary\": 100}}");

    assert_false(position_went_back(&known, ROLE_PRIMARY, 99));
    journal_set_merge(&known, "20261128T000000000-1");
    assert_true(position_went_back(&known, ROLE_PRIMARY, 99));
    state_release(&known);
}

TEST(what_is_not_known_is_not_judged)
{
    struct state known = state_of("{\"activeDatabase\": \"primary\"}");
    struct state strange = state_of("{\"activeDatabase\": \"primary\", \"positions\": \"x\"}");

    assert_false(position_went_back(&known, ROLE_PRIMARY, 1));
    assert_false(position_went_back(&strange, ROLE_PRIMARY, 1));
    assert_false(position_note(&strange, ROLE_PRIMARY, 7));
    assert_true(position_went_back(&strange, ROLE_PRIMARY, 6));
    state_release(&known);
    state_release(&strange);
}

TEST(it_is_noted_once_and_refused_until_then)
{
    struct state known = state_of(PRIMARY_ACTIVE);
    const int64_t positions[2] = {99, 100};
    struct err err = ERR_INIT;

    assert_false(position_check(&known, positions, &err));
    assert_int_equal(err.code, ERR_REFUSED);
    assert_true(position_note(&known, ROLE_PRIMARY, 99));
    assert_true(journal_unmerged(&known, "a"));
    assert_true(journal_unmerged(&known, "b"));
    assert_false(position_note(&known, ROLE_PRIMARY, 99));
    err_clear(&err);
    assert_true(position_check(&known, positions, &err));
    state_release(&known);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(behind_matters_for_the_active_one),
        cmocka_unit_test(behind_matters_for_a_primary_that_is_to_be_merged),
        cmocka_unit_test(what_is_not_known_is_not_judged),
        cmocka_unit_test(it_is_noted_once_and_refused_until_then),
    };
    return cmocka_run_group_tests_name("position", tests, NULL, NULL);
}
