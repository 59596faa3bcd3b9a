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
    "{\"activeDatabase\": \"primary\", \"positions\": {\"primary\": {\"log\": 100, "               \
    "\"transactions\": 50}, \"secondary\": {\"log\": 100, \"transactions\": 50}},"                 \
    " \"tables\": {\"a\": {}, \"b\": {}}}"

/* A look that was asked for with what the state knows now. */
static struct position_look look(const struct state *state, enum role role, int64_t log,
                                 int64_t next)
{
    return (struct position_look){position_known(state, role), {log, next, next}};
}

static bool went_back(const struct state *state, enum role role, int64_t log, int64_t next)
{
    struct position_look seen = look(state, role, log, next);

    return position_went_back(state, role, &seen);
}

TEST(behind_matters_for_the_active_one)
{
    struct state known = state_of(PRIMARY_ACTIVE);

    assert_true(went_back(&known, ROLE_PRIMARY, 99, 50));
    assert_false(went_back(&known, ROLE_PRIMARY, 100, 50));
    assert_false(went_back(&known, ROLE_PRIMARY, 101, 60));
    assert_false(went_back(&known, ROLE_PRIMARY, 0, 0));
    assert_false(went_back(&known, ROLE_SECONDARY, 99, 49));
    state_release(&known);
}

TEST(a_longer_log_does_not_hide_fewer_transactions)
{
    struct state known = state_of(PRIMARY_ACTIVE);

    assert_true(went_back(&known, ROLE_PRIMARY, 9000, 49));
    state_release(&known);
}

TEST(behind_matters_for_a_primary_that_is_to_be_merged)
{
    struct state known = state_of(
        "{\"activeDatabase\": \"secondary\", \"positions\": {\"primary\": {\"log\": 100}}}");

    assert_false(went_back(&known, ROLE_PRIMARY, 99, 0));
    journal_set_merge(&known, "20261128T000000000-1");
    assert_true(went_back(&known, ROLE_PRIMARY, 99, 0));
    state_release(&known);
}

TEST(what_is_not_known_is_not_judged)
{
    struct state known = state_of("{\"activeDatabase\": \"primary\"}");
    struct state strange =
        state_of("{\"activeDatabase\": \"primary\", \"positions\": {\"primary\": \"x\"}}");
    struct position_look seen = look(&strange, ROLE_PRIMARY, 7, 7);

    assert_false(went_back(&known, ROLE_PRIMARY, 1, 1));
    assert_false(went_back(&strange, ROLE_PRIMARY, 1, 1));
    assert_false(position_note(&strange, ROLE_PRIMARY, &seen));
    assert_true(went_back(&strange, ROLE_PRIMARY, 6, 7));
    assert_true(went_back(&strange, ROLE_PRIMARY, 7, 6));
    state_release(&known);
    state_release(&strange);
}

/* On a busy server not all of the log is flushed when one looks. */
TEST(what_is_not_seen_leaves_what_is_known)
{
    struct state known = state_of(PRIMARY_ACTIVE);
    struct position_look seen = {position_known(&known, ROLE_PRIMARY), {120, 0, 70}};

    position_remember(&known, ROLE_PRIMARY, &seen);
    assert_int_equal(position_known(&known, ROLE_PRIMARY).log, 120);
    assert_int_equal(position_known(&known, ROLE_PRIMARY).ended, 50);
    state_release(&known);
}

/* The one that asked first may be done last. */
TEST(a_look_is_held_against_what_was_known_when_it_was_asked_for)
{
    struct state known = state_of(PRIMARY_ACTIVE);
    struct position_look first = look(&known, ROLE_PRIMARY, 110, 51);
    struct position_look second = look(&known, ROLE_PRIMARY, 120, 60);

    assert_false(position_note(&known, ROLE_PRIMARY, &second));
    assert_false(position_note(&known, ROLE_PRIMARY, &first));
    assert_int_equal(position_known(&known, ROLE_PRIMARY).log, 120);
    assert_int_equal(position_known(&known, ROLE_PRIMARY).ended, 60);
    state_release(&known);
}

TEST(it_is_noted_once_and_refused_until_then)
{
    struct state known = state_of(PRIMARY_ACTIVE);
    struct position_look looks[2] = {look(&known, ROLE_PRIMARY, 99, 40),
                                     look(&known, ROLE_SECONDARY, 100, 50)};
    struct err err = ERR_INIT;

    assert_false(position_check(&known, looks, &err));
    assert_int_equal(err.code, ERR_REFUSED);
    assert_true(position_note(&known, ROLE_PRIMARY, &looks[ROLE_PRIMARY]));
    assert_true(journal_unmerged(&known, "a"));
    assert_true(journal_unmerged(&known, "b"));
    looks[ROLE_PRIMARY] = look(&known, ROLE_PRIMARY, 99, 40);
    assert_false(position_note(&known, ROLE_PRIMARY, &looks[ROLE_PRIMARY]));
    err_clear(&err);
    assert_true(position_check(&known, looks, &err));
    state_release(&known);
}

/* A standby is brought in step whatever it lacks; what it is then is what counts. */
TEST(a_standby_that_went_back_is_known_as_it_is)
{
    struct state known = state_of(PRIMARY_ACTIVE);
    struct position_look seen = look(&known, ROLE_SECONDARY, 80, 30);

    assert_false(position_note(&known, ROLE_SECONDARY, &seen));
    assert_int_equal(position_known(&known, ROLE_SECONDARY).log, 80);
    assert_int_equal(position_known(&known, ROLE_SECONDARY).ended, 30);
    state_release(&known);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(behind_matters_for_the_active_one),
        cmocka_unit_test(behind_matters_for_a_primary_that_is_to_be_merged),
        cmocka_unit_test(what_is_not_known_is_not_judged),
        cmocka_unit_test(it_is_noted_once_and_refused_until_then),
        cmocka_unit_test(a_longer_log_does_not_hide_fewer_transactions),
        cmocka_unit_test(what_is_not_seen_leaves_what_is_known),
        cmocka_unit_test(a_look_is_held_against_what_was_known_when_it_was_asked_for),
        cmocka_unit_test(a_standby_that_went_back_is_known_as_it_is),
    };
    return cmocka_run_group_tests_name("position", tests, NULL, NULL);
}
