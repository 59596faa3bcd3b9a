/* Results of a run: totals, the table for people, the document, and silence. */
#include "base/json.h"
#include "base/mem.h"
#include "ops/outcome.h"
#include "repl/weather.h"
#include "unit.h"

static const struct program program = {"dbr-test", "a test", "[options]", NULL, NULL, false, NULL};

static void fill(struct outcome *outcome)
{
    struct table_outcome *table;

    outcome_init(outcome);
    table = outcome_table(outcome, "users");
    table->rows = 1234;
    table->inserted = 3;
    table->updated = 20;
    table->deleted = 100;
    table->conflicts = 7;
    table->verified = VERDICT_EQUAL;
    outcome_table(outcome, "leads")->error = mem_strdup("column x is missing");
    outcome_table(outcome, "big");
    outcome_table(outcome, "odd")->verified = VERDICT_DIFFERENT;
    strlist_add(&outcome->warnings, "look here");
    outcome->duration_ms = 42;
}

TEST(a_table_has_one_entry)
{
    struct outcome outcome;

    fill(&outcome);
    assert_int_equal(outcome.count, 4);
    assert_int_equal(outcome_table(&outcome, "users")->rows, 1234);
    assert_int_equal(outcome.count, 4);
    assert_int_equal(outcome_table(&outcome, "new")->rows, -1);
    assert_int_equal(outcome_table(&outcome, "new")->duration_ms, -1);
    outcome_release(&outcome);
    assert_int_equal(outcome.count, 0);
}

TEST(records_are_what_was_written)
{
    struct outcome outcome;
    struct totals sum;

    fill(&outcome);
    outcome_table(&outcome, "big")->inserted = 1000;
    sum = outcome_totals(&outcome);
    assert_int_equal(sum.inserted, 1003);
    assert_int_equal(sum.conflicts, 7);
    assert_int_equal(sum.records, 1123); /* conflicts are among the updates */
    outcome_release(&outcome);
}

TEST(the_document)
{
    struct cli cli = {.program = &program, .common.json = true, .document = json_object()};
    struct outcome outcome;
    const struct json *tables;

    fill(&outcome);
    outcome_table(&outcome, "odd")->duration_ms = 9;
    outcome_report(&outcome, &cli, OUTCOME_SYNC);
    assert_string_equal(json_str(cli.document, "program", ""), "dbr-test");
    assert_int_equal(json_int(cli.document, "recordsSynced", 0), 123);
    assert_int_equal(json_int(cli.document, "durationMs", 0), 42);
    assert_string_equal(json_at_str(json_get(cli.document, "warnings"), 0), "look here");
    tables = json_get(cli.document, "tables");
    assert_int_equal(json_count(tables), 4);
    assert_true(json_bool(json_at(tables, 0), "verified", false));
    assert_int_equal(json_int(json_at(tables, 0), "rows", 0), 1234);
    assert_null(json_get(json_at(tables, 0), "durationMs"));
    assert_string_equal(json_str(json_at(tables, 1), "error", ""), "column x is missing");
    assert_true(json_is_null(json_get(json_at(tables, 2), "verified")));
    assert_true(json_is_null(json_get(json_at(tables, 2), "rows")));
    assert_false(json_bool(json_at(tables, 3), "verified", true));
    assert_int_equal(json_int(json_at(tables, 3), "durationMs", 0), 9);
    json_free(cli.document);
    outcome_release(&outcome);
}

struct wish {
    enum outcome_style style;
    bool quiet, json, retry;
};

static void try_again(void)
{
    struct weather weather = {0};
    struct err err = ERR_INIT;

    err_set(&err, ERR_FAILED, "restart transaction");
    memcpy(err.sqlstate, "40001", sizeof("40001"));
    assert_true(weather_wait(&weather, true, &err));
}

TEST(retries_are_those_of_the_run)
{
    struct cli cli = {.program = &program, .common.json = true, .document = json_object()};
    struct outcome outcome;

    try_again();
    fill(&outcome);
    outcome_report(&outcome, &cli, OUTCOME_SYNC);
    assert_int_equal(json_int(cli.document, "retries", -1), 0);
    try_again();
    try_again();
    outcome_report(&outcome, &cli, OUTCOME_SYNC);
    assert_int_equal(json_int(cli.document, "retries", -1), 2);
    json_free(cli.document);
    outcome_release(&outcome);
}

static int print(void *context)
{
    const struct wish *wish = context;
    struct cli cli = {.program = &program,
                      .common.quiet = wish->quiet,
                      .common.json = wish->json,
                      .document = json_object()};
    struct outcome outcome;

    fill(&outcome);
    if (wish->retry)
        try_again();
    outcome_report(&outcome, &cli, wish->style);
    json_free(cli.document);
    outcome_release(&outcome);
    return 0;
}

static char out[4000], errors[4000];

static void run(struct wish wish)
{
    assert_int_equal(unit_child(print, &wish), 0);
    (void)unit_read("out", out, sizeof out);
    (void)unit_read("err", errors, sizeof errors);
}

TEST(the_table_for_people)
{
    run((struct wish){.style = OUTCOME_SYNC});
    assert_string_equal(out,
                        "Table   Rows  Inserted  Updated  Deleted  Conflicts  State\n"
                        "users  1,234         3       20      100          7  equal\n"
                        "leads      -         0        0        0          0  column x is missing\n"
                        "big        -         0        0        0          0  not compared\n"
                        "odd        -         0        0        0          0  DIFFERENT\n");
    assert_non_null(strstr(errors, "look here"));
    run((struct wish){.style = OUTCOME_COPY});
    assert_int_equal(strncmp(out, "Table   Rows  Bytes  Time  Verified\n", 36), 0);
    assert_non_null(strstr(out, "yes\n"));
    assert_null(strstr(out, "Retries"));
    run((struct wish){.style = OUTCOME_SYNC, .retry = true});
    assert_non_null(strstr(out, "\nRetries: 1 "));
}

TEST(quiet_still_warns)
{
    run((struct wish){.style = OUTCOME_SYNC, .quiet = true});
    assert_string_equal(out, "");
    assert_non_null(strstr(errors, "look here"));
    run((struct wish){.style = OUTCOME_SYNC, .json = true});
    assert_string_equal(out, "");
    assert_string_equal(errors, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_table_has_one_entry),
        cmocka_unit_test(records_are_what_was_written),
        cmocka_unit_test(the_document),
        cmocka_unit_test(retries_are_those_of_the_run),
        IN_DIR(the_table_for_people),
        IN_DIR(quiet_still_warns),
    };
    return cmocka_run_group_tests_name("outcome", tests, NULL, NULL);
}
