/* Configuration: where values come from and which wins, what is refused, and that no secret is
 * repeated. */
#include <sys/stat.h>

#include "state/config.h"
#include "unit.h"

#define PRIMARY "postgresql://app:hunter2@one.example:5433/app"
#define SECONDARY "postgresql://app:hunter3@two.example/app"

/* Only what a test sets is in the environment, and what the runner needs; each has a directory of
 * its own. */
static int clean(void **state)
{
    static const char *const kept[] = {"PATH", "CMOCKA_MESSAGE_OUTPUT", "ASAN_OPTIONS",
                                       "UBSAN_OPTIONS"};
    char *values[4];
    int failed = 0;
    for (size_t i = 0; i < 4; i++) {
        const char *value = getenv(kept[i]);
        values[i] = value ? strdup(value) : NULL;
    }
    failed = clearenv();
    for (size_t i = 0; i < 4; i++) {
        if (values[i])
            failed |= setenv(kept[i], values[i], 1);
        free(values[i]);
    }
    return failed ? -1 : unit_enter(state);
}

#define CLEAN(name) cmocka_unit_test_setup_teardown(name, clean, unit_leave)

static void env_file(const char *path, const char *text)
{
    unit_write(path, text);
    assert_int_equal(chmod(path, 0600), 0);
}

static void load(struct config *config, const char *text)
{
    struct err err = ERR_INIT;
    env_file("f.env", text);
    if (!config_load(config, "f.env", NULL, false, &err))
        fail_msg("%s", err.message);
}

static void assert_refused(const char *text, const char *part)
{
    struct config config;
    struct err err = ERR_INIT;
    env_file("f.env", text);
    assert_false(config_load(&config, "f.env", "state", false, &err));
    assert_int_equal(err.code, ERR_USAGE);
    if (!strstr(err.message, part))
        fail_msg("'%s' is not in: %s", part, err.message);
    assert_null(strstr(err.message, "hunter"));
    assert_null(strstr(err.hint, "hunter"));
    config_release(&config);
}

TEST(defaults)
{
    struct config config;
    load(&config, "DATABASE_URL=" PRIMARY "\n");
    assert_string_equal(config.urls[ROLE_PRIMARY], PRIMARY);
    assert_string_equal(config.shown[ROLE_PRIMARY], "postgresql://app@one.example:5433/app");
    assert_null(config.urls[ROLE_SECONDARY]);
    assert_string_equal(config.schema, "public");
    assert_string_equal(config.change_column, "updated_at");
    assert_int_equal(config.sync_interval_ms, 3600000);
    assert_int_equal(config.health_interval_ms, 300000);
    assert_int_equal(config.health_timeout_ms, 5000);
    assert_int_equal(config.failover_threshold, 3);
    assert_int_equal(config.failback_threshold, 5);
    assert_true(config.auto_failover && config.auto_failback && config.fence);
    assert_int_equal(config.batch_size, 1000);
    assert_int_equal(config.overlap_ms, 300000);
    assert_int_equal(config.max_clock_skew_ms, 5000);
    assert_int_equal(config.fingerprint_rows, 1000000);
    assert_int_equal(config.max_delete_percent, 10);
    assert_int_equal(config.tables.count, 0);
    assert_null(config.on_event);
    assert_int_equal(config.warnings.count, 0);
    config_release(&config);
}

TEST(environment_wins_over_file_and_option_over_both)
{
    struct config config;
    struct err err = ERR_INIT;
    env_file("f.env", "DATABASE_URL=" PRIMARY "\nDB_SCHEMA=one\nDB_STATE_DIR=/a\n"
                      "DB_SYNC_TABLES=users\n");
    setenv("DB_SCHEMA", "two", 1);
    setenv("DB_STATE_DIR", "/b", 1);
    setenv("DB_SYNC_TABLES", "", 1); /* hides the file's */
    assert_true(config_load(&config, "f.env", "/c", false, &err));
    assert_string_equal(config.schema, "two");
    assert_string_equal(config.state_dir, "/c");
    assert_int_equal(config.tables.count, 0);
    assert_int_equal(config_value(&config, "DB_SCHEMA")->source, SOURCE_ENVIRONMENT);
    assert_int_equal(config_value(&config, "DB_STATE_DIR")->source, SOURCE_OPTION);
    assert_int_equal(config_value(&config, "DATABASE_URL")->source, SOURCE_ENV_FILE);
    assert_int_equal(config_value(&config, "DATABASE_URL")->line, 1);
    assert_int_equal(config_value(&config, "DB_FENCE")->source, SOURCE_DEFAULT);
    config_release(&config);
}

TEST(the_env_file_is_looked_for_in_order)
{
    struct config config;
    struct err err = ERR_INIT;
    env_file(".env", "DATABASE_URL=" PRIMARY "\nDB_SCHEMA=dot_env\n");
    assert_true(config_load(&config, NULL, NULL, false, &err));
    assert_string_equal(config.schema, "dot_env");
    config_release(&config);
    env_file(".env.production", "DATABASE_URL=" PRIMARY "\nDB_SCHEMA=production\n");
    assert_true(config_load(&config, NULL, NULL, false, &err));
    assert_string_equal(config.schema, "production");
    assert_string_equal(config.env_file, "./.env.production");
    config_release(&config);
    env_file("named", "DATABASE_URL=" PRIMARY "\nDB_SCHEMA=named\n");
    setenv("DBR_ENV_FILE", "named", 1);
    assert_true(config_load(&config, NULL, NULL, false, &err));
    assert_string_equal(config.schema, "named");
    config_release(&config);
    assert_true(config_load(&config, ".env", NULL, false, &err));
    assert_string_equal(config.schema, "dot_env");
    config_release(&config);
    setenv("DBR_ENV_FILE", "missing", 1);
    assert_false(config_load(&config, NULL, NULL, false, &err));
    assert_int_equal(err.code, ERR_USAGE);
    config_release(&config);
}

TEST(aliases)
{
    struct config config;
    load(&config, "DATABASE_URL=" PRIMARY "\nMIRROR_DATABASE_URL=" SECONDARY
                  "\nHEALTH_CHECK_INTERVAL=60\nHEALTH_CHECK_MAX_RETRIES=7\nDATABASE_FAILOVER=no\n");
    assert_string_equal(config.urls[ROLE_SECONDARY], SECONDARY);
    assert_int_equal(config.health_interval_ms, 60000);
    assert_int_equal(config.failover_threshold, 7);
    assert_false(config.auto_failover);
    assert_string_equal(config_value(&config, "DB_FAILOVER_THRESHOLD")->used_name,
                        "HEALTH_CHECK_MAX_RETRIES");
    assert_int_equal(config.warnings.count, 0);
    config_release(&config);
}

TEST(mistyped_keys)
{
    struct config config;
    load(&config, "DATABASE_URL=" PRIMARY "\nDB_SYNC_TABELS=acks\nAUTO_FAILOVR_ENABLED=no\n"
                  "DBR_API_TOKN=x\nDATABASE_FAILOVER=yes\nDB_SCHEMA=public\n"
                  /* The application's, and what is no business of dbr's at all. */
                  "DB_HOST=h\nDB_PORT=1\nDB_NAME=n\nDB_USER=u\nDB_PASSWORD=p\nDB_POOL_MAX=3\n"
                  "AUTO_MIGRATE=1\nATABASE_URL=x\n");
    assert_int_equal(config.mistyped.count, 3);
    assert_non_null(strstr(config.mistyped.items[0],
                           " line 2: DB_SYNC_TABELS is no key of dbr: did you mean "
                           "DB_SYNC_TABLES?"));
    assert_non_null(strstr(config.mistyped.items[1], "AUTO_FAILOVER_ENABLED?"));
    assert_non_null(strstr(config.mistyped.items[2], "DBR_API_TOKEN?"));
    /* Not among what every program says. */
    assert_int_equal(config.warnings.count, 0);
    config_release(&config);
}

TEST(the_key_wins_over_its_alias)
{
    struct config config;
    /* Equal in meaning: no word about it. */
    load(&config,
         "DATABASE_URL=" PRIMARY "\nHEALTH_CHECK_INTERVAL=60\nDB_HEALTH_CHECK_INTERVAL_MS=60000\n"
         "AUTO_FAILOVER_ENABLED=on\nDATABASE_FAILOVER=1\n");
    assert_int_equal(config.warnings.count, 0);
    config_release(&config);
    setenv("MIRROR_DATABASE_URL", "postgresql://app:hunter9@three.example/app", 1);
    load(&config, "DATABASE_URL=" PRIMARY "\nDATABASE_URL_SECONDARY=" SECONDARY "\n");
    assert_string_equal(config.urls[ROLE_SECONDARY], SECONDARY);
    assert_int_equal(config.warnings.count, 1);
    assert_string_equal(config.warnings.items[0],
                        "MIRROR_DATABASE_URL differs from DATABASE_URL_SECONDARY, which is used");
    config_release(&config);
    unsetenv("MIRROR_DATABASE_URL");
    /* An empty key leaves the alias in its place. */
    load(&config,
         "DATABASE_URL=" PRIMARY "\nDATABASE_URL_SECONDARY=\nMIRROR_DATABASE_URL=" SECONDARY "\n");
    assert_string_equal(config.urls[ROLE_SECONDARY], SECONDARY);
    config_release(&config);
}

TEST(urls_are_trimmed_and_made_direct)
{
    struct config config;
    load(&config, "DATABASE_URL='  "
                  "postgresql://u:hunter2@ep-cool-1-pooler.eu-central-1.aws.neon.tech/"
                  "db?sslmode=require \n'\n"
                  "DATABASE_URL_SECONDARY=" SECONDARY "\n");
    assert_string_equal(
        config.app_urls[0],
        "postgresql://u:hunter2@ep-cool-1-pooler.eu-central-1.aws.neon.tech/db?sslmode=require");
    assert_string_equal(
        config.urls[0],
        "postgresql://u:hunter2@ep-cool-1.eu-central-1.aws.neon.tech/db?sslmode=require");
    config_release(&config);
    load(&config, "DATABASE_URL=" PRIMARY "\nDATABASE_URL_DIRECT=" SECONDARY "\n");
    assert_string_equal(config.urls[0], SECONDARY);
    assert_string_equal(config.app_urls[0], PRIMARY);
    assert_string_equal(config.shown[0], "postgresql://app@two.example/app");
    config_release(&config);
}

TEST(numbers_have_bounds)
{
    static const char *const bad[] = {
        "", "x", "1.5", "5s", "0x10", "1e3", "--1", "+", "99999999999999999999", "-1", "0"};
    char text[256];
    for (size_t i = 1; i < sizeof bad / sizeof bad[0]; i++) {
        (void)snprintf(text, sizeof text, "DATABASE_URL=" PRIMARY "\nDB_SYNC_BATCH_SIZE=%s\n",
                       bad[i]);
        assert_refused(text, "DB_SYNC_BATCH_SIZE: \"");
    }
    assert_refused("DATABASE_URL=" PRIMARY "\nHEALTH_CHECK_TIMEOUT=5000\n",
                   "HEALTH_CHECK_TIMEOUT: \"5000\" is no whole number from 1 to 300 (seconds)");
    assert_refused("DATABASE_URL=" PRIMARY "\nHEALTH_CHECK_INTERVAL=0\n",
                   "HEALTH_CHECK_INTERVAL: \"0\" is no whole number from 1 to 2592000 (seconds)");
    assert_refused("DATABASE_URL=" PRIMARY "\nDB_ALERT_DISK_PERCENT=101\n",
                   "from 1 to 100 (percent)");
    assert_refused("DATABASE_URL=" PRIMARY "\nDB_BACKUP_KEEP_DAILY=-1\n", "DB_BACKUP_KEEP_DAILY");
}

TEST(booleans)
{
    static const char *const no[] = {"false", "0", "no", "off", "OFF", "False"};
    static const char *const yes[] = {"true", "1", "yes", "on", "ON", "True"};
    char text[256];
    struct config config;
    for (size_t i = 0; i < 6; i++) {
        (void)snprintf(text, sizeof text,
                       "DATABASE_URL=" PRIMARY "\nDB_FENCE=%s\nAUTO_FAILBACK_ENABLED='%s'\n", no[i],
                       yes[i]);
        load(&config, text);
        assert_false(config.fence);
        assert_true(config.auto_failback);
        config_release(&config);
    }
    assert_refused("DATABASE_URL=" PRIMARY "\nDB_FENCE=maybe\n",
                   "DB_FENCE: \"maybe\" is neither true nor false");
}

TEST(other_kinds)
{
    struct config config;
    load(&config,
         "DATABASE_URL=" PRIMARY "\nDB_WITNESS=one.one.one.one:443, [2606:4700::1]:53\n"
         "DB_REPLICATION=logical\nDB_SYNC_TABLES= users , ,orders\nDB_SYNC_EXCLUDE_TABLES=logs\n");
    assert_int_equal(config.tables.count, 2);
    assert_string_equal(config.tables.items[1], "orders");
    assert_int_equal(config.exclude.count, 1);
    config_release(&config);
    assert_refused("DATABASE_URL=" PRIMARY "\nDB_WITNESS=one.one.one.one\n", "DB_WITNESS");
    assert_refused("DATABASE_URL=" PRIMARY "\nDB_WITNESS=h:0\n", "DB_WITNESS");
    assert_refused("DATABASE_URL=" PRIMARY "\nDB_WITNESS=2606:4700::1:53\n", "DB_WITNESS");
    assert_refused("DATABASE_URL=" PRIMARY "\nDB_REPLICATION=Table\n",
                   "is none of table|logical|streaming");
    assert_refused("DATABASE_URL=" PRIMARY "\nDB_SCHEMA=pg_catalog\n", "DB_SCHEMA");
    assert_refused("DATABASE_URL=" PRIMARY "\nDB_SCHEMA=\"a\\nb\"\n", "control character");
    assert_refused("DATABASE_URL=" PRIMARY "\nDB_ACTIVE_ENV_VAR=A-B\n", "DB_ACTIVE_ENV_VAR");
}

TEST(a_url_cut_short_says_so)
{
    struct config config;
    struct err err = ERR_INIT;
    env_file("f.env", "DATABASE_URL=postgresql://app:hunter2#more@h/x\n");
    assert_false(config_load(&config, "f.env", NULL, false, &err));
    assert_non_null(strstr(err.message, "DATABASE_URL is not a usable database URL"));
    assert_string_equal(err.hint, "line 1 of f.env is cut short by '#': put the value in quotes");
    config_release(&config);
}

TEST(secrets_are_never_repeated)
{
    assert_refused("DATABASE_URL=postgresql://app:hunter2@[::1/x\n", "DATABASE_URL");
    assert_refused("DATABASE_URL=postgresql://app:hunter2%zz@h/x\n", "DATABASE_URL");
    assert_refused("DATABASE_URL=hunter2\n", "DATABASE_URL");
    assert_refused("DATABASE_URL=" PRIMARY "\nDATABASE_URL_SECONDARY=mysql://app:hunter2@h/x\n",
                   "DATABASE_URL_SECONDARY");
    assert_refused("DATABASE_URL=" PRIMARY "\nDB_PGBOUNCER_ADMIN_URL=http://hunter2\n",
                   "DB_PGBOUNCER_ADMIN_URL");
    /* A URL that went to the wrong key. */
    assert_refused("DATABASE_URL=" PRIMARY "\nDB_SYNC_BATCH_SIZE=" SECONDARY "\n",
                   "DB_SYNC_BATCH_SIZE");
    struct config config;
    load(&config, "DATABASE_URL=" PRIMARY
                  "\nDBR_API_TOKEN=hunter4\nDB_ON_EVENT='curl https://hook/hunter5'\n");
    for (size_t i = 0; i < config.value_count; i++) {
        char *shown = config_value_shown(&config.values[i]);
        assert_null(strstr(shown, "hunter"));
        free(shown);
    }
    char *shown = config_value_shown(config_value(&config, "DBR_API_TOKEN"));
    assert_string_equal(shown, "set");
    free(shown);
    config_release(&config);
}

TEST(what_is_missing)
{
    struct config config;
    struct err err = ERR_INIT;
    assert_refused("DB_SCHEMA=x\n", "DATABASE_URL is not set");
    assert_refused("DATABASE_URL=\n", "DATABASE_URL is not set");
    load(&config, "DATABASE_URL=" PRIMARY "\n");
    assert_false(config_need_secondary(&config, &err));
    assert_int_equal(err.code, ERR_USAGE);
    assert_non_null(strstr(err.message, "redundancy is disabled"));
    config_release(&config);
    load(&config, "DATABASE_URL=" PRIMARY "\nDATABASE_URL_SECONDARY=" SECONDARY "\n");
    assert_true(config_need_secondary(&config, &err));
    config_release(&config);
}

TEST(the_active_env_file_is_none_of_dbrs_own)
{
    struct config config;
    struct err err = ERR_INIT;
    assert_refused("DATABASE_URL=" PRIMARY "\nDB_ACTIVE_ENV_FILE=f.env\n", "DB_ACTIVE_ENV_FILE");
    assert_refused("DATABASE_URL=" PRIMARY "\nDB_ACTIVE_ENV_FILE=./././f.env\n",
                   "DB_ACTIVE_ENV_FILE");
    assert_int_equal(symlink("f.env", "link.env"), 0);
    assert_refused("DATABASE_URL=" PRIMARY "\nDB_ACTIVE_ENV_FILE=link.env\n",
                   "reads its own configuration");
    load(&config, "DATABASE_URL=" PRIMARY "\nDB_ACTIVE_ENV_FILE=app.env\n");
    config_release(&config);
    /* Named on the command line, ./.env is not read; looked for, .env.production would hide it. */
    load(&config, "DATABASE_URL=" PRIMARY "\nDB_ACTIVE_ENV_FILE=.env\n");
    config_release(&config);
    env_file(".env", "DATABASE_URL=" PRIMARY "\nDB_ACTIVE_ENV_FILE=.env.production\n");
    assert_false(config_load(&config, NULL, NULL, false, &err));
    assert_non_null(strstr(err.message, "DB_ACTIVE_ENV_FILE"));
    config_release(&config);
}

TEST(the_state_directory)
{
    struct config config;
    load(&config, "DATABASE_URL=" PRIMARY "\nDB_STATE_DIR=relative\n");
    assert_string_equal(config.state_dir, "relative");
    assert_int_equal(config.warnings.count, 1);
    config_release(&config);
    setenv("XDG_STATE_HOME", "/xdg", 1);
    setenv("HOME", "/home/someone", 1);
    load(&config, "DATABASE_URL=" PRIMARY "\n");
    assert_string_equal(config.state_dir, geteuid() == 0 ? "/var/lib/dbr" : "/xdg/dbr");
    config_release(&config);
    unsetenv("XDG_STATE_HOME");
    load(&config, "DATABASE_URL=" PRIMARY "\n");
    assert_string_equal(config.state_dir,
                        geteuid() == 0 ? "/var/lib/dbr" : "/home/someone/.local/state/dbr");
    config_release(&config);
}

TEST(lenient_loading_collects_what_is_wrong)
{
    struct config config;
    struct err err = ERR_INIT;
    env_file(
        "f.env",
        "DB_SYNC_BATCH_SIZE=x\nDB_FENCE=x\nDATABASE_URL_SECONDARY=postgresql://a:hunter2@[/\n");
    assert_true(config_load(&config, "f.env", NULL, true, &err));
    assert_string_equal(config_value(&config, "DATABASE_URL")->problem, "is not set");
    assert_non_null(strstr(config_value(&config, "DB_SYNC_BATCH_SIZE")->problem, "\"x\""));
    assert_non_null(strstr(config_value(&config, "DB_FENCE")->problem, "\"x\""));
    assert_true(config_value(&config, "DATABASE_URL_SECONDARY")->problem[0]);
    assert_null(strstr(config_value(&config, "DATABASE_URL_SECONDARY")->problem, "hunter"));
    assert_int_equal(config.batch_size, 1000);
    assert_true(config.fence);
    assert_null(config.urls[0]);
    assert_null(config.urls[1]);
    config_release(&config);
    assert_true(config_load(&config, "missing", NULL, true, &err));
    assert_non_null(config.env_file_error);
    config_release(&config);
}

TEST(plain_takes_urls_as_they_stand)
{
    struct config config;
    struct err err = ERR_INIT;
    env_file("f.env", "DATABASE_URL=" PRIMARY "\nMIRROR_DATABASE_URL=" SECONDARY
                      "\nDB_STATE_DIR=/s\nHEALTH_CHECK_INTERVAL=60\n");
    assert_true(config_load_plain(&config, "f.env", NULL, &err));
    assert_string_equal(config.urls[ROLE_PRIMARY], PRIMARY);
    assert_string_equal(config.urls[ROLE_SECONDARY], SECONDARY);
    assert_string_equal(config.state_dir, "/s");
    assert_int_equal(config.health_interval_ms, 60000);
    assert_null(config.shown[ROLE_PRIMARY]);
    config_release(&config);
    env_file("f.env", "DATABASE_URL=" PRIMARY "\nHEALTH_CHECK_TIMEOUT=x\n");
    assert_false(config_load_plain(&config, "f.env", NULL, &err));
    config_release(&config);
    env_file("f.env", "DB_STATE_DIR=/s\n");
    assert_false(config_load_plain(&config, "f.env", NULL, &err));
    config_release(&config);
}

TEST(the_table_is_sound)
{
    size_t count;
    const struct config_key *keys = config_keys(&count);
    for (size_t i = 0; i < count; i++) {
        assert_non_null(keys[i].meaning);
        struct config_value value = {.key = keys[i].name,
                                     .used_name = keys[i].name,
                                     .value = (char *)(uintptr_t)keys[i].fallback};
        if (value.value && !config_key_check(&keys[i], &value))
            fail_msg("default of %s: %s", keys[i].name, value.problem);
        for (size_t j = 0; j < i; j++) {
            assert_string_not_equal(keys[i].name, keys[j].name);
            if (keys[i].alias && keys[j].alias)
                assert_string_not_equal(keys[i].alias, keys[j].alias);
        }
    }
    assert_true(count >= 46);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLEAN(defaults),
        CLEAN(environment_wins_over_file_and_option_over_both),
        CLEAN(the_env_file_is_looked_for_in_order),
        CLEAN(aliases),
        CLEAN(mistyped_keys),
        CLEAN(the_key_wins_over_its_alias),
        CLEAN(urls_are_trimmed_and_made_direct),
        CLEAN(numbers_have_bounds),
        CLEAN(booleans),
        CLEAN(other_kinds),
        CLEAN(a_url_cut_short_says_so),
        CLEAN(secrets_are_never_repeated),
        CLEAN(what_is_missing),
        CLEAN(the_active_env_file_is_none_of_dbrs_own),
        CLEAN(the_state_directory),
        CLEAN(lenient_loading_collects_what_is_wrong),
        CLEAN(plain_takes_urls_as_they_stand),
        cmocka_unit_test(the_table_is_sound),
    };
    return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
