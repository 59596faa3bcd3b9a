/*
 * The table of configuration keys and the check of one value against its key. Where values come
 * from is the matter of config.c.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "state/config.h"
#include "state/checks.h"

#define DAY_MS INT64_C(86400000)

#define URL(name, alias, meaning)                                                                  \
    {                                                                                              \
        name, alias, NULL, meaning, CONFIG_URL, 0, 0, NULL, 0, NULL                                \
    }
#define SECRET(name, meaning)                                                                      \
    {                                                                                              \
        name, NULL, NULL, meaning, CONFIG_SECRET, 0, 0, NULL, 0, NULL                              \
    }
#define TEXT(name, fallback, meaning)                                                              \
    {                                                                                              \
        name, NULL, fallback, meaning, CONFIG_TEXT, 0, 0, NULL, 0, NULL                            \
    }
#define NUMBER(name, alias, scale, fallback, min, max, unit, meaning)                              \
    {                                                                                              \
        name, alias, fallback, meaning, CONFIG_NUMBER, min, max, unit, scale, NULL                 \
    }
#define BOOL(name, alias, fallback, meaning)                                                       \
    {                                                                                              \
        name, alias, fallback, meaning, CONFIG_BOOL, 0, 1, NULL, 0, NULL                           \
    }
#define CHOICE(name, fallback, choices, meaning)                                                   \
    {                                                                                              \
        name, NULL, fallback, meaning, CONFIG_CHOICE, 0, 0, NULL, 0, choices                       \
    }

static const struct config_key keys[] = {
    URL("DATABASE_URL", NULL, "primary database, any libpq URL or conninfo string"),
    URL("DATABASE_URL_SECONDARY", "MIRROR_DATABASE_URL",
        "secondary database; without it redundancy is disabled"),
    URL("DATABASE_URL_DIRECT", NULL,
        "primary as dbr itself connects to it; for a Neon host derived without -pooler"),
    TEXT("DB_SCHEMA", "public", "schema that is kept redundant"),
    TEXT("DB_SYNC_TABLES", NULL, "tables to keep redundant, comma separated; all by default"),
    TEXT("DB_SYNC_EXCLUDE_TABLES", NULL, "tables to leave out, comma separated"),
    NUMBER("DB_SYNC_INTERVAL_MS", NULL, 0, "3600000", 1000, 366 * DAY_MS, "milliseconds",
           "expected sync interval; health warns at twice this"),
    NUMBER("DB_HEALTH_CHECK_INTERVAL_MS", "HEALTH_CHECK_INTERVAL", 1000, "300000", 1000,
           30 * DAY_MS, "milliseconds", "interval of dbr-health --watch; the alias is in seconds"),
    NUMBER("HEALTH_CHECK_TIMEOUT", NULL, 0, "5", 1, 300, "seconds",
           "time one probe may take in all, cold start and one retry included"),
    NUMBER("DB_FAILOVER_THRESHOLD", "HEALTH_CHECK_MAX_RETRIES", 0, "3", 1, 1000, "checks",
           "consecutive failures before failover"),
    NUMBER("DB_FAILBACK_THRESHOLD", NULL, 0, "5", 1, 1000, "checks",
           "consecutive successes before failback"),
    BOOL("AUTO_FAILOVER_ENABLED", "DATABASE_FAILOVER", "true", "let dbr-health --auto fail over"),
    BOOL("AUTO_FAILBACK_ENABLED", NULL, "true", "let dbr-health --auto fail back"),
    NUMBER("DB_SYNC_BATCH_SIZE", NULL, 0, "1000", 1, 1000000, "rows", "rows per upsert statement"),
    NUMBER("DB_SYNC_OVERLAP_MS", NULL, 0, "300000", 0, 30 * DAY_MS, "milliseconds",
           "window read again behind the watermark where running transactions cannot be seen"),
    NUMBER("DB_ID_GAP", NULL, 0, "1000000", 0, INT64_C(1000000000000), "ids",
           "ids that a forced failover leaves to rows that nobody has seen"),
    TEXT("DB_UPDATED_AT_COLUMN", "updated_at", "the change column"),
    TEXT("DB_STATE_DIR", NULL,
         "state directory; by default $XDG_STATE_HOME/dbr or ~/.local/state/dbr, for root "
         "/var/lib/dbr"),
    BOOL("DB_FENCE", NULL, "on", "make the standby read-only for everyone but dbr"),
    TEXT("DB_ACTIVE_ENV_FILE", NULL, "file whose line DB_ACTIVE_ENV_VAR is rewritten on a switch"),
    TEXT("DB_ACTIVE_ENV_VAR", "DATABASE_URL", "name of that line"),
    TEXT("DB_PGBOUNCER_INI", NULL, "configuration file of the PgBouncer to repoint on a switch"),
    URL("DB_PGBOUNCER_ADMIN_URL", NULL, "its admin console"),
    TEXT("DB_PGBOUNCER_DBNAME", NULL, "the database in it that is repointed"),
    /* A command often holds the address of a webhook, which is a secret. */
    SECRET("DB_ON_EVENT", "command run on events with /bin/sh -c"),
    {"DB_WITNESS", NULL, NULL, "host:port, ... that must be reachable before a forced failover",
     CONFIG_HOSTS, 0, 0, NULL, 0, NULL},
    CHOICE("DB_REPLICATION", "table", "table|logical|streaming", "how rows get to the standby"),
    SECRET("DBR_API_TOKEN", "bearer token of the HTTP API; without one it only reads"),
    TEXT("DBR_API_TOKEN_FILE", NULL, "file that holds the token, or sha256: and its digest"),
    BOOL("DBR_API_PROTECT_READS", NULL, "false", "the HTTP API asks for the token on reads too"),
    TEXT("DBR_API_HOSTS", NULL, "names that the HTTP API answers under; without, under any"),
    TEXT("DB_FENCE_ROLE", NULL, "application role that a hard fence bars"),
    NUMBER("DB_MAX_CLOCK_SKEW_MS", NULL, 0, "5000", 0, DAY_MS, "milliseconds",
           "clock difference of the two servers beyond which a merge by time is refused"),
    NUMBER("DB_FINGERPRINT_ROWS", NULL, 0, "1000000", 0, INT64_C(1000000000000), "rows",
           "table size above which a plain sync leaves the fingerprint to the daily run"),
    NUMBER("DB_ALERT_CPU_PERCENT", NULL, 0, "80", 1, 100, "percent", "alert threshold"),
    NUMBER("DB_ALERT_MEMORY_PERCENT", NULL, 0, "85", 1, 100, "percent", "alert threshold"),
    NUMBER("DB_ALERT_DISK_PERCENT", NULL, 0, "90", 1, 100, "percent", "alert threshold"),
    NUMBER("DB_ALERT_CONNECTIONS_PERCENT", NULL, 0, "80", 1, 100, "percent", "alert threshold"),
    NUMBER("DB_ALERT_CONFLICTS", NULL, 0, "0", 0, INT64_C(1000000000000), "rows",
           "conflicts of the last sync beyond which there is an alert"),
    NUMBER("DB_ALERT_VERIFICATION_MS", NULL, 0, "604800000", 0, 3660 * DAY_MS, "milliseconds",
           "age of the last comparison of every table that is an alert; 0: none is"),
    NUMBER("DB_ALERT_BACKUP_MS", NULL, 0, "129600000", 0, 3660 * DAY_MS, "milliseconds",
           "age of the newest backup in DB_BACKUP_DIR that is an alert; 0: none is"),
    NUMBER("DB_ALERT_CERTIFICATE_MS", NULL, 0, "1209600000", 0, 3660 * DAY_MS, "milliseconds",
           "time before a server's certificate expires that is an alert; 0: none is"),
    NUMBER("DB_ALERT_REPEAT_MS", NULL, 0, "14400000", 0, 3660 * DAY_MS, "milliseconds",
           "after that long DB_ON_EVENT is told again of an alert that lasts; 0: never"),
    /* A command may hold a password. */
    {"DB_CHECKS", NULL, NULL, "further checks of dbr-health, NAME=COMMAND; ...", CONFIG_CHECKS, 0,
     0, NULL, 0, NULL},
    TEXT("DB_APP_PID_FILE", NULL, "pid file of the application to measure"),
    TEXT("DB_APP_PM2_NAME", NULL, "PM2 name of the application to measure"),
    TEXT("DB_BACKUP_DIR", "./backups", "where dbr-backup writes"),
    TEXT("DB_BACKUP_CONFIG_PATHS", NULL, "configuration files to back up, separated by ':'"),
    TEXT("DB_BACKUP_SECURITY_PATHS", NULL, "keys and certificates to back up, separated by ':'"),
    NUMBER("DB_BACKUP_KEEP_DAILY", NULL, 0, "7", 0, 10000, "backups", "daily backups to keep"),
    NUMBER("DB_BACKUP_KEEP_WEEKLY", NULL, 0, "4", 0, 10000, "backups", "weekly backups to keep"),
    NUMBER("DB_BACKUP_KEEP_MONTHLY", NULL, 0, "12", 0, 10000, "backups", "monthly backups to keep"),
    NUMBER("DB_MAX_DELETE_PERCENT", NULL, 0, "10", 0, 100, "percent",
           "a sync that would delete more of a table than this is refused without --force"),
};

const struct config_key *config_keys(size_t *count)
{
    *count = sizeof keys / sizeof keys[0];
    return keys;
}

/* Puts the value before the complaint, unless it looks as if a URL went to the wrong key. */
static bool complain(struct config_value *value, const char *complaint)
{
    const char *text = value->value;
    bool quotable = strlen(text) <= 40 && !strstr(text, "://") && !strchr(text, '@');
    for (const char *p = text; *p && quotable; p++)
        quotable = isprint((unsigned char)*p) != 0;
    (void)snprintf(value->problem, sizeof value->problem, "%s%s%s%s", quotable ? "\"" : "",
                   quotable ? text : "the value", quotable ? "\" " : " ", complaint);
    return false;
}

static bool check_number(const struct config_key *key, struct config_value *value)
{
    bool scaled = key->alias_scale > 0 && value->used_name != key->name;
    int64_t scale = scaled ? key->alias_scale : 1;
    const char *unit = scaled ? "seconds" : key->unit;
    char *end;
    errno = 0;
    long long number = strtoll(value->value, &end, 10);
    bool digits = isdigit((unsigned char)value->value[strspn(value->value, "+-")]) != 0;
    /* No units, no fractions, no blanks: what is read must be what the application reads, too. */
    if (!digits || *end || errno == ERANGE || number > key->max / scale ||
        number < (key->min + scale - 1) / scale) {
        char complaint[128];
        (void)snprintf(complaint, sizeof complaint, "is no whole number from %lld to %lld (%s)",
                       (long long)((key->min + scale - 1) / scale), (long long)(key->max / scale),
                       unit);
        return complain(value, complaint);
    }
    value->number = number * scale;
    return true;
}

static bool check_bool(struct config_value *value)
{
    static const char *const words[2][4] = {{"false", "0", "no", "off"},
                                            {"true", "1", "yes", "on"}};
    for (int truth = 0; truth < 2; truth++) {
        for (size_t i = 0; i < 4; i++) {
            if (strcasecmp(value->value, words[truth][i]) == 0) {
                value->number = truth;
                return true;
            }
        }
    }
    return complain(value, "is neither true nor false (or 1, 0, yes, no, on, off)");
}

static bool check_choice(const struct config_key *key, struct config_value *value)
{
    size_t len = strlen(value->value);
    for (const char *word = key->choices; *word;) {
        size_t n = strcspn(word, "|");
        if (n == len && strncmp(word, value->value, n) == 0)
            return true;
        word += n + (word[n] == '|');
    }
    char complaint[128];
    (void)snprintf(complaint, sizeof complaint, "is none of %s", key->choices);
    return complain(value, complaint);
}

/* "host:port" or "[v6]:port". */
static bool is_host_port(const char *text)
{
    const char *colon = strrchr(text, ':');
    if (!colon || colon == text || strpbrk(text, " \t/@"))
        return false;
    if (text[0] == '[' ? colon[-1] != ']' : memchr(text, ':', (size_t)(colon - text)) != NULL)
        return false;
    char *end;
    long port = strtol(colon + 1, &end, 10);
    return isdigit((unsigned char)colon[1]) && !*end && port >= 1 && port <= 65535;
}

static bool check_hosts(struct config_value *value)
{
    struct strlist hosts = STRLIST_INIT;
    strlist_split(&hosts, value->value, ',');
    bool ok = hosts.count > 0;
    for (size_t i = 0; i < hosts.count; i++)
        ok = ok && is_host_port(hosts.items[i]);
    strlist_release(&hosts);
    return ok || complain(value, "is no list of host:port, separated by commas");
}

static bool check_checks(struct config_value *value)
{
    struct check_list list;
    struct err err = ERR_INIT;
    bool ok = checks_parse(value->value, &list, &err);
    checks_release(&list);
    if (!ok)
        (void)snprintf(value->problem, sizeof value->problem, "%.*s",
                       (int)sizeof value->problem - 1, err.message);
    return ok;
}

/* Names that go into SQL, files and the environment cannot hold control characters. */
static bool check_text(const struct config_key *key, struct config_value *value)
{
    for (const char *p = value->value; *p; p++) {
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            return complain(value, "holds a control character");
    }
    if (strcmp(key->name, "DB_SCHEMA") == 0 &&
        (strncmp(value->value, "pg_", 3) == 0 || strcmp(value->value, "information_schema") == 0 ||
         strcmp(value->value, "_dbr") == 0))
        return complain(value, "is a schema of the server or of dbr");
    if (strcmp(key->name, "DB_ACTIVE_ENV_VAR") == 0 &&
        (isdigit((unsigned char)value->value[0]) ||
         value->value[strspn(value->value, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                           "0123456789_")]))
        return complain(value, "is no name of an environment variable");
    return true;
}

bool config_key_check(const struct config_key *key, struct config_value *value)
{
    switch (key->kind) {
    case CONFIG_NUMBER:
        return check_number(key, value);
    case CONFIG_BOOL:
        return check_bool(value);
    case CONFIG_CHOICE:
        return check_choice(key, value);
    case CONFIG_HOSTS:
        return check_hosts(value);
    case CONFIG_CHECKS:
        return check_checks(value);
    case CONFIG_TEXT:
        return check_text(key, value);
    case CONFIG_URL: /* config_urls.c */
    case CONFIG_SECRET:
        break;
    }
    return true;
}
