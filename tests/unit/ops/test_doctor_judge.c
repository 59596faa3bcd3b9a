/* What the doctor makes of what servers say: what bites on CockroachDB, what on both engines, and
 * nothing where a server does not say. */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "db/engine.h"
#include "ops/doctor_server.h"
#include "unit.h"

/* The facts own what they point to; here they point to literals, which nobody changes or frees. */
#define T(text) ((char *)(uintptr_t)(text))

static struct config config;
static struct findings findings;

static int load(void **state)
{
    struct err err = ERR_INIT;

    (void)state;
    (void)unsetenv("DBR_ENV_FILE");
    return unit_enter(state) == 0 && config_load(&config, NULL, unit_dir, true, &err) ? 0 : -1;
}

static int unload(void **state)
{
    config_release(&config);
    findings_release(&findings);
    return unit_leave(state);
}

static struct doctor_facts sound(enum engine_kind engine)
{
    return (struct doctor_facts){.engine = engine,
                                 .version = engine == ENGINE_POSTGRES ? 150018 : 250201,
                                 .version_text = "CockroachDB v25.2.1",
                                 .database = T("app"),
                                 .user = T("dbr"),
                                 .tls = {.encrypted = true, .mode = "verify-full"},
                                 .schema_exists = true,
                                 .may_use_schema = true,
                                 .may_create_in_schema = true,
                                 .tables = 15,
                                 .knows_database = true,
                                 .may_create_schema = true,
                                 .owns_database = true,
                                 .settings = {[SETTING_TIME_ZONE] = T("UTC"),
                                              [SETTING_SERIAL] = T("sql_sequence_cached"),
                                              [SETTING_INT_SIZE] = T("4"),
                                              [SETTING_DDL] = T("on"),
                                              [SETTING_FULL_SCAN] = T("off"),
                                              [SETTING_ROWS_READ] = T("0"),
                                              [SETTING_ROWS_WRITTEN] = T("0")},
                                 .connections = 3,
                                 .connection_limit = -1,
                                 .knows_grants = true,
                                 .may_see_sessions = true,
                                 .may_cancel_sessions = true,
                                 .gc_seconds = 14400};
}

static void judge(const struct doctor_facts *facts)
{
    findings_release(&findings);
    doctor_judge(facts, &config, ROLE_SECONDARY, "secondary", &findings);
}

static const struct finding *find(const char *part)
{
    for (size_t i = 0; i < findings.count; i++)
        if (strstr(findings.items[i].text, part))
            return &findings.items[i];
    return NULL;
}

static void found(enum finding_level level, const char *part, const char *next)
{
    const struct finding *finding = find(part);

    if (!finding)
        fail_msg("not found: %s", part);
    assert_int_equal(finding->level, level);
    if (!next)
        assert_null(finding->next);
    else if (!finding->next || !strstr(finding->next, next))
        fail_msg("'%s' is not in: %s", next, finding->next ? finding->next : "(nothing)");
}

static void well(void)
{
    for (size_t i = 0; i < findings.count; i++)
        if (findings.items[i].level != FINDING_WELL)
            fail_msg("found: %s", findings.items[i].text);
}

TEST(all_is_well)
{
    struct doctor_facts facts = sound(ENGINE_COCKROACH);

    judge(&facts);
    well();
    found(FINDING_WELL, "encrypted, the server is verified (sslmode=verify-full)", NULL);
    found(FINDING_WELL, "sessions seen: 3, older versions of rows are kept for 14400 s, DDL in a",
          NULL);
    facts = sound(ENGINE_POSTGRES);
    judge(&facts);
    well();
    assert_null(find("sessions seen"));
}

TEST(what_is_not_said_is_not_judged)
{
    struct doctor_facts facts = {.engine = ENGINE_COCKROACH,
                                 .version = 250201,
                                 .tls = {.local = true},
                                 .schema_exists = true,
                                 .may_use_schema = true,
                                 .may_create_in_schema = true,
                                 .tables = -1,
                                 .connections = -1,
                                 .connection_limit = -1,
                                 .gc_seconds = -1};

    judge(&facts);
    assert_int_equal(findings.count, 0);
    facts.trouble = T("they do not let us");
    judge(&facts);
    found(FINDING_WARNING, "cannot ask for rights: they do not let us", NULL);
}

TEST(versions)
{
    struct doctor_facts facts = sound(ENGINE_COCKROACH);

    facts.version = 220219;
    judge(&facts);
    found(FINDING_DATABASE, "is older than CockroachDB v23.1", "upgrade");
    facts.version = 230100;
    judge(&facts);
    well();
    facts = sound(ENGINE_POSTGRES);
    facts.version = 130010;
    judge(&facts);
    found(FINDING_DATABASE, "is older than PostgreSQL 14", "upgrade");
}

TEST(encryption)
{
    struct doctor_facts facts = sound(ENGINE_COCKROACH);

    facts.tls = (struct conn_tls){.mode = "prefer"};
    judge(&facts);
    found(FINDING_WARNING, "the connection is not encrypted", "sslmode=verify-full");
    facts.tls.local = true;
    judge(&facts);
    well();
    facts.tls = (struct conn_tls){.encrypted = true,
                                  .mode = "require",
                                  .protocol = "TLSv1.3",
                                  .certificate = "/root/.postgresql/postgresql.crt"};
    judge(&facts);
    found(FINDING_WARNING,
          "encrypted with TLSv1.3, the server is not verified (sslmode=require), the client's "
          "certificate is /root/.postgresql/postgresql.crt: whoever is on the way",
          "sslmode=verify-full");
    strcpy(facts.tls.mode, "verify-ca");
    judge(&facts);
    found(FINDING_WELL, "the server's authority is verified, not its name", NULL);
    strcpy(facts.tls.mode, "verify-full");
    judge(&facts);
    found(FINDING_WELL, "encrypted with TLSv1.3, the server is verified (sslmode=verify-full)",
          NULL);
}

TEST(connections_near_their_end)
{
    struct doctor_facts facts = sound(ENGINE_POSTGRES);

    facts.connections = 79;
    facts.connection_limit = 100;
    judge(&facts);
    well();
    facts.connections = 80;
    judge(&facts);
    found(FINDING_WARNING, "80 of 100 connections are in use", "raise the limit");
    facts.engine = ENGINE_COCKROACH;
    judge(&facts);
    found(FINDING_WARNING, "80 of 100 connections are in use", "raise the limit");
}

TEST(tables_to_come)
{
    struct doctor_facts facts = sound(ENGINE_COCKROACH);

    facts.settings[SETTING_SERIAL] = T("rowid");
    judge(&facts);
    found(FINDING_WARNING, "SERIAL makes ids by unique_rowid()",
          "ALTER DATABASE \"app\" SET serial_normalization = 'sql_sequence'");
    assert_null(find("INTEGER is 8 bytes"));
    facts.settings[SETTING_INT_SIZE] = T("8");
    judge(&facts);
    found(FINDING_WARNING, "unique_rowid(), beyond 2^53, and INTEGER is 8 bytes wide",
          "sql_sequence'; ALTER DATABASE \"app\" SET default_int_size = 4");
    facts.settings[SETTING_SERIAL] = T("sql_sequence");
    judge(&facts);
    found(FINDING_WARNING, "INTEGER is 8 bytes wide",
          "ALTER DATABASE \"app\" SET default_int_size");
    assert_null(find("SERIAL"));
    facts.settings[SETTING_SERIAL] = T("virtual_sequence");
    judge(&facts);
    found(FINDING_WARNING, "SERIAL makes", "sql_sequence");
    facts.engine = ENGINE_POSTGRES;
    judge(&facts);
    well();
}

TEST(wide_ids)
{
    struct doctor_column columns[] = {
        {.table = T("a"),
         .name = T("id"),
         .is_key = true,
         .has_largest = true,
         .largest = 1LL << 53},
        {.table = T("b"), .name = T("id"), .is_key = true, .has_largest = true, .largest = -5},
        {.table = T("c"), .name = T("id"), .is_key = true},
        {.table = T("d"), .name = T("id"), .is_key = true, .has_largest = true, .largest = 1},
        {.table = T("e"), .name = T("id"), .is_key = true, .has_largest = true, .largest = 1}};
    struct doctor_facts facts = sound(ENGINE_COCKROACH);

    facts.columns = columns;
    facts.column_count = 5;
    judge(&facts);
    well();
    columns[0].largest++;
    columns[4].largest = 645994218934534145;
    judge(&facts);
    found(FINDING_WARNING, "2 key columns hold ids beyond 2^53 (e.id: 645994218934534145)",
          "as text");
    columns[0].by_rowid = true;
    judge(&facts);
    found(FINDING_WARNING, "new values of a.id come from unique_rowid()", "CREATE SEQUENCE");
    for (size_t i = 0; i < 5; i++)
        columns[i].by_rowid = true;
    judge(&facts);
    found(FINDING_WARNING, "new values of a.id, b.id, c.id and 2 more come", "CREATE SEQUENCE");
}

TEST(the_question_for_the_largest)
{
    struct doctor_column columns[] = {
        {.table = T("plain"), .name = T("x")},
        {.table = T("Order \"items\""), .name = T("order id"), .is_key = true},
        {.table = T("users"), .name = T("id"), .is_key = true, .by_rowid = true}};
    struct doctor_facts facts = {.columns = columns, .column_count = 3};
    struct buf sql = BUF_INIT;

    assert_true(doctor_largest_sql(&facts, "public", &sql));
    assert_string_equal(sql.data,
                        "SELECT 1, max(\"order id\") FROM \"public\".\"Order \"\"items\"\"\" UNION "
                        "ALL SELECT 2, max(\"id\") FROM \"public\".\"users\"");
    buf_reset(&sql);
    facts.column_count = 1;
    assert_false(doctor_largest_sql(&facts, "public", &sql));
    buf_release(&sql);
}

TEST(rights_for_a_switch)
{
    struct doctor_facts facts = sound(ENGINE_COCKROACH);

    facts.may_cancel_sessions = false;
    judge(&facts);
    found(FINDING_WARNING, "VIEWACTIVITY and CANCELQUERY", "TO \"dbr\"");
    facts.knows_grants = false;
    judge(&facts);
    well();
    facts.owns_database = facts.may_create_schema = false;
    judge(&facts);
    found(FINDING_WARNING, "does not own the database", "owner");
    found(FINDING_DATABASE, "may not create schemas", "GRANT CREATE ON DATABASE");
    config.fence_role = T("shop_app");
    judge(&facts);
    found(FINDING_WARNING, "cannot bar shop_app", "ALTER ROLE \"dbr\" CREATEROLE");
    facts.admin = true;
    judge(&facts);
    well();
    config.fence_role = NULL;
}

TEST(whom_no_fence_holds)
{
    struct doctor_facts facts = sound(ENGINE_COCKROACH);

    facts.admin = true;
    judge(&facts);
    found(FINDING_WARNING, "the role of the URL is an admin", "DB_FENCE_ROLE");
    config.fence = false;
    judge(&facts);
    well();
    config.fence = true;
    config.fence_role = T("shop_app");
    judge(&facts);
    well();
    facts.fence_role_admin = true;
    judge(&facts);
    found(FINDING_WARNING, "shop_app (DB_FENCE_ROLE) is an admin",
          "REVOKE admin FROM \"shop_app\"");
    config.fence_role = NULL;
    facts.user = T("root");
    judge(&facts);
    found(FINDING_WARNING, "the role is root", "another role");
}

TEST(guardrails_and_history)
{
    struct doctor_facts facts = sound(ENGINE_COCKROACH);

    facts.settings[SETTING_FULL_SCAN] = T("on");
    facts.settings[SETTING_ROWS_READ] = T("100000");
    facts.settings[SETTING_ROWS_WRITTEN] = T("1000");
    facts.settings[SETTING_DDL] = T("off");
    facts.gc_seconds = 600;
    facts.keys_off = T("team.led");
    judge(&facts);
    found(FINDING_WARNING, "disallow_full_table_scans is on",
          "ALTER ROLE \"dbr\" SET disallow_full_table_scans = off");
    found(FINDING_WARNING, "transaction_rows_read_err is 100000", "SET transaction_rows_read_err");
    found(FINDING_WARNING, "transaction_rows_written_err is 1000", "rows_written_err = 0");
    found(FINDING_WARNING, "kept for 600 s only (gc.ttlseconds)",
          "ALTER DATABASE \"app\" CONFIGURE ZONE USING gc.ttlseconds = 14400");
    found(FINDING_WARNING, "off since a sync was broken off: team.led", "run dbr-sync");
    assert_null(find("DDL in a transaction"));
}

TEST(storage)
{
    static const char cloud[] = "postgresql://app@shop-1234.aws.cockroachlabs.cloud:26257/app";
    struct doctor_facts primary = sound(ENGINE_POSTGRES);
    struct doctor_facts secondary = sound(ENGINE_COCKROACH);

    findings_release(&findings);
    primary.octets = ((int64_t)10 << 30) / 10 * 7;
    doctor_judge_storage(&primary, &secondary, cloud, &findings);
    primary.octets = (int64_t)9 << 30;
    doctor_judge_storage(&primary, &secondary, "postgresql://app@db.example.com/app", &findings);
    assert_int_equal(findings.count, 0);
    doctor_judge_storage(&primary, &secondary, cloud, &findings);
    found(FINDING_WARNING, "the tables take 9.7 GB on the primary", "DB_SYNC_EXCLUDE_TABLES");
}

TEST(time_zones)
{
    struct doctor_facts primary = sound(ENGINE_POSTGRES);
    struct doctor_facts secondary = sound(ENGINE_COCKROACH);

    findings_release(&findings);
    doctor_judge_zones(&primary, &secondary, &findings);
    secondary.settings[SETTING_TIME_ZONE] = T("Etc/UTC");
    doctor_judge_zones(&primary, &secondary, &findings);
    secondary.settings[SETTING_TIME_ZONE] = NULL;
    doctor_judge_zones(&primary, &secondary, &findings);
    assert_int_equal(findings.count, 0);
    secondary.settings[SETTING_TIME_ZONE] = T("UTC");
    primary.settings[SETTING_TIME_ZONE] = T("Europe/Berlin");
    doctor_judge_zones(&primary, &secondary, &findings);
    found(FINDING_WARNING, "time zone Europe/Berlin on the primary and UTC on the secondary",
          "ALTER DATABASE \"app\" SET TimeZone = 'Europe/Berlin'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(all_is_well, load, unload),
        cmocka_unit_test_setup_teardown(what_is_not_said_is_not_judged, load, unload),
        cmocka_unit_test_setup_teardown(versions, load, unload),
        cmocka_unit_test_setup_teardown(encryption, load, unload),
        cmocka_unit_test_setup_teardown(connections_near_their_end, load, unload),
        cmocka_unit_test_setup_teardown(tables_to_come, load, unload),
        cmocka_unit_test_setup_teardown(wide_ids, load, unload),
        cmocka_unit_test_setup_teardown(the_question_for_the_largest, load, unload),
        cmocka_unit_test_setup_teardown(rights_for_a_switch, load, unload),
        cmocka_unit_test_setup_teardown(whom_no_fence_holds, load, unload),
        cmocka_unit_test_setup_teardown(guardrails_and_history, load, unload),
        cmocka_unit_test_setup_teardown(time_zones, load, unload),
        cmocka_unit_test_setup_teardown(storage, load, unload),
    };
    return cmocka_run_group_tests_name("doctor_judge", tests, NULL, NULL);
}
