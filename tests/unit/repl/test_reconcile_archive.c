/* Which lines of the salvage file stay after an attempt that failed. */
#include <string.h>

#include "db/engine_dml.h"
#include "repl/reconcile_internal.h"
#include "unit.h"

static struct model_column column = {.name = "i", .type_name = "int4", .type_schema = "pg_catalog"};
static const struct model_column *all[] = {&column};
static struct model_table table = {.name = "t", .kind = 'r'};
static const struct row_table rows = {.schema = "public",
                                      .table = &table,
                                      .dml = &postgres_dml,
                                      .columns = all,
                                      .column_count = 1,
                                      .keys = all,
                                      .key_count = 1};

static void add_line(struct archive *archive, const char *value, bool whole)
{
    struct err err = ERR_INIT;

    assert_true(archive_begin(archive, &rows, &err));
    assert_true(archive_object(archive, "key", &err));
    assert_true(archive_value(archive, &column, value, strlen(value), &err));
    assert_true(archive_object(archive, "lost", &err));
    assert_true(archive_value(archive, &column, value, strlen(value), &err));
    if (whole)
        assert_true(archive_end(archive, "merge", false, &err));
}

/* What an attempt has written that ended so, after another one whose lines are marked; "" for
 * nothing. */
static const char *left(bool marked, bool whole, enum err_code code, const char *sqlstate)
{
    static char text[64];
    struct reconciliation r = {.committing = true};
    struct err err = ERR_INIT;
    struct err why = ERR_INIT;

    archive_init(&r.archive, ".", "failback");
    if (marked) {
        add_line(&r.archive, "1", true);
        assert_true(archive_mark(&r.archive, &err));
    }
    add_line(&r.archive, "2", whole);
    err_set(&err, code, "x");
    (void)snprintf(err.sqlstate, sizeof(err.sqlstate), "%s", sqlstate);
    assert_true(reconcile_end_archive(&r, &err, &why));
    assert_true(archive_close(&r.archive, &why));
    assert_int_equal(
        system("(gzip -dc salvage/*.gz 2>/dev/null | grep -o '\"i\":[0-9]' | cut -c5 | "
               "uniq | tr -d '\\n'; rm -rf salvage; echo) >left"),
        0);
    unit_read("left", text, sizeof(text));
    text[strcspn(text, "\n")] = '\0';
    return text;
}

TEST(what_was_rolled_back_was_not_lost)
{
    assert_string_equal(left(false, true, ERR_FAILED, "40001"), "");
    assert_string_equal(left(false, true, ERR_FAILED, "23505"), "");
    assert_string_equal(left(true, true, ERR_FAILED, "40001"), "1");
}

TEST(what_may_have_been_committed_stays)
{
    assert_string_equal(left(false, true, ERR_FAILED, "40003"), "2");
    assert_string_equal(left(true, true, ERR_FAILED, "40003"), "12");
    assert_string_equal(left(false, true, ERR_UNREACHABLE, ""), "2");
    assert_string_equal(left(true, true, ERR_UNREACHABLE, ""), "12");
    assert_string_equal(left(true, true, ERR_UNREACHABLE, "57P01"), "12");
    assert_string_equal(left(false, true, ERR_STOPPED, ""), "2");
    assert_string_equal(left(false, true, ERR_FAILED, "57014"), "2");
}

TEST(what_was_broken_off_within_a_line_was_not_committed)
{
    assert_string_equal(left(false, false, ERR_UNREACHABLE, ""), "");
    assert_string_equal(left(true, false, ERR_UNREACHABLE, ""), "1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_DIR(what_was_rolled_back_was_not_lost),
        IN_DIR(what_may_have_been_committed_stays),
        IN_DIR(what_was_broken_off_within_a_line_was_not_committed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
