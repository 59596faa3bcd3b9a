/* Which errors are tried again, and how often. */
#include <signal.h>

#include "base/stop.h"
#include "repl/weather.h"
#include "unit.h"

static struct err failure(enum err_code code, const char *state, const char *message)
{
    struct err err = ERR_INIT;

    err_set(&err, code, "%s", message);
    (void)snprintf(err.sqlstate, sizeof(err.sqlstate), "%s", state);
    return err;
}

static enum weather_kind kind_of(enum err_code code, const char *state)
{
    struct err err = failure(code, state, "x");

    return weather_kind(&err);
}

TEST(kinds)
{
    assert_int_equal(kind_of(ERR_FAILED, "40001"), WEATHER_CONFLICT);
    assert_int_equal(kind_of(ERR_FAILED, "40P01"), WEATHER_CONFLICT);
    assert_int_equal(kind_of(ERR_FAILED, "55C01"), WEATHER_CONFLICT);
    assert_int_equal(kind_of(ERR_FAILED, "58C00"), WEATHER_CONFLICT);
    assert_int_equal(kind_of(ERR_FAILED, "58C01"), WEATHER_CONFLICT);
    assert_int_equal(kind_of(ERR_FAILED, "40003"), WEATHER_UNSURE);
    assert_int_equal(kind_of(ERR_UNREACHABLE, ""), WEATHER_LOST);
    assert_int_equal(kind_of(ERR_UNREACHABLE, "57P01"), WEATHER_LOST);
    assert_int_equal(kind_of(ERR_FAILED, "08006"), WEATHER_LOST);
    assert_int_equal(kind_of(ERR_FAILED, "23505"), WEATHER_NONE);
    assert_int_equal(kind_of(ERR_FAILED, ""), WEATHER_NONE);
    assert_int_equal(kind_of(ERR_REFUSED, ""), WEATHER_NONE);
    assert_int_equal(kind_of(ERR_STOPPED, "57014"), WEATHER_NONE);
}

static bool is_doubt(enum err_code code, const char *state)
{
    struct err err = failure(code, state, "x");

    return weather_is_doubt(&err);
}

TEST(what_became_of_a_commit_is_known_only_by_the_servers_word)
{
    assert_true(is_doubt(ERR_STOPPED, ""));
    assert_true(is_doubt(ERR_UNREACHABLE, ""));
    assert_true(is_doubt(ERR_UNREACHABLE, "57P01"));
    assert_true(is_doubt(ERR_FAILED, "57014"));
    assert_true(is_doubt(ERR_FAILED, "08006"));
    assert_true(is_doubt(ERR_FAILED, "40003"));
    assert_true(is_doubt(ERR_FAILED, "58030"));
    assert_true(is_doubt(ERR_FAILED, "XX000"));
    assert_false(is_doubt(ERR_FAILED, "58C00"));
    assert_false(is_doubt(ERR_FAILED, "40001"));
    assert_false(is_doubt(ERR_FAILED, "23505"));
    assert_false(is_doubt(ERR_FAILED, "53200"));
}

TEST(what_less_at_once_gets_past)
{
    struct err long_one = failure(ERR_FAILED, "40001",
                                  "restart transaction: TransactionRetryWithProtoRefreshError: "
                                  "TransactionRetryError: retry txn "
                                  "(RETRY_COMMIT_DEADLINE_EXCEEDED - ...)");
    struct err short_one = failure(ERR_FAILED, "40001", "restart transaction: RETRY_SERIALIZABLE");
    struct err memory = failure(ERR_FAILED, "53200", "memory budget exceeded");
    struct err message = failure(ERR_FAILED, "54000", "message size 17 MiB bigger than maximum");
    struct err disk = failure(ERR_FAILED, "53100", "disk full");

    assert_true(weather_is_size(&long_one));
    assert_true(weather_is_size(&memory));
    assert_true(weather_is_size(&message));
    assert_false(weather_is_size(&short_one));
    assert_false(weather_is_size(&disk));
}

/* How often an attempt may be made again; waits end at once after a stop. */
static int count(bool connected, const struct err *err, struct weather weather)
{
    int n = 0;

    while (n < 100 && weather_wait(&weather, connected, err))
        n++;
    return n;
}

TEST(attempts_are_bounded)
{
    struct err conflict = failure(ERR_FAILED, "40001", "restart transaction");
    struct err unsure = failure(ERR_FAILED, "40003", "result is ambiguous");
    struct err lost = failure(ERR_UNREACHABLE, "", "lost");
    struct err going = failure(ERR_UNREACHABLE, "57P01", "draining");
    struct err password = failure(ERR_UNREACHABLE, "28P01", "wrong password");
    struct err rows = failure(ERR_FAILED, "23505", "duplicate key");
    struct weather fresh = {0};
    struct weather seen = {.away_ms = 50000, .seen = true, .last_seen_ms = 0};
    int64_t before;

    stop_install();
    raise(SIGTERM);
    before = weather_retries();
    assert_int_equal(count(true, &conflict, fresh), 19);
    assert_int_equal(weather_retries() - before, 19);
    assert_int_equal(count(true, &unsure, fresh), 19);
    assert_int_equal(count(true, &lost, fresh), 7);
    assert_int_equal(count(true, &rows, fresh), 0);
    /* A database that was never there is not waited for, */
    assert_int_equal(count(false, &lost, fresh), 0);
    assert_true(count(false, &going, fresh) > 0);
    /* nor one that does not know us any more. */
    assert_int_equal(count(false, &password, seen), 0);
}

TEST(success_gives_the_attempts_back)
{
    struct err conflict = failure(ERR_FAILED, "40001", "restart transaction");
    struct weather weather = {0};
    int i;

    for (i = 0; i < 15; i++)
        assert_true(weather_wait(&weather, true, &conflict));
    weather_clear(&weather);
    for (i = 0; i < 15; i++)
        assert_true(weather_wait(&weather, true, &conflict));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kinds),
        cmocka_unit_test(what_became_of_a_commit_is_known_only_by_the_servers_word),
        cmocka_unit_test(what_less_at_once_gets_past),
        cmocka_unit_test(attempts_are_bounded),
        cmocka_unit_test(success_gives_the_attempts_back),
    };
    return cmocka_run_group_tests_name("weather", tests, NULL, NULL);
}
