/*
 * The configuration: built-in default, env file, process environment, option, in rising precedence
 * (dbr.env(5)). One table (config_keys.c) lists every key with its alias, default, kind and
 * meaning; dbr-health --doctor and the man page test read it.
 *
 * An empty value counts as unset, but hides that of a lower precedence. Where a key and its alias
 * are both set, the key wins wherever it stands.
 */
#ifndef DBR_STATE_CONFIG_H
#define DBR_STATE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/strlist.h"

/* Which of the two configured databases. */
enum role { ROLE_PRIMARY, ROLE_SECONDARY };
const char *role_name(enum role role); /* "primary", "secondary" */
static inline enum role role_other(enum role role)
{
    return role == ROLE_PRIMARY ? ROLE_SECONDARY : ROLE_PRIMARY;
}

enum config_kind {
    CONFIG_URL,    /* libpq URL or conninfo; shown without password */
    CONFIG_SECRET, /* shown as "set" only */
    CONFIG_TEXT,
    CONFIG_NUMBER, /* whole, min..max in `unit` */
    CONFIG_BOOL,   /* true/false, 1/0, yes/no, on/off in any case */
    CONFIG_CHOICE, /* one of choices, "a|b|c" */
    CONFIG_HOSTS,  /* host:port, comma separated */
    CONFIG_CHECKS  /* state/checks.h; shown as "set" only */
};

struct config_key {
    const char *name, *alias, *fallback, *meaning;
    enum config_kind kind;
    int64_t min, max;    /* CONFIG_NUMBER, in the key's own unit */
    const char *unit;    /* "milliseconds", or NULL */
    int64_t alias_scale; /* the alias times this is the key's unit; 0: the same */
    const char *choices; /* CONFIG_CHOICE */
};

/* The table of keys, for the doctor and the tests. */
const struct config_key *config_keys(size_t *count);

enum config_source { SOURCE_DEFAULT, SOURCE_ENV_FILE, SOURCE_ENVIRONMENT, SOURCE_OPTION };

/* Where one key's value came from, for the doctor. */
struct config_value {
    const char *key;       /* the key's own name */
    const char *used_name; /* key, or the alias where that was used */
    char *value;           /* raw text without blanks around; NULL when unset and without default */
    enum config_source source;
    size_t line;       /* in the env file; 0 elsewhere */
    bool cut;          /* a '#' cuts that line short */
    bool secret;       /* a URL or token: never shown raw */
    int64_t number;    /* CONFIG_NUMBER in the key's unit, CONFIG_BOOL as 0 or 1 */
    char problem[256]; /* what is wrong with it, or "" */
};

/* DB_ALERT_*: beyond these there is an alert. A time of 0: never. */
struct alert_limits {
    int cpu_percent, memory_percent, disk_percent, connections_percent;
    int64_t conflicts;
    int64_t verification_ms, backup_ms, certificate_ms;
    int64_t repeat_ms;
};

struct config {
    char *env_file;       /* the file that was read, or NULL */
    char *env_file_error; /* lenient: why it could not be read, or NULL */
    char *urls[2]; /* what dbr connects to, by role; [ROLE_SECONDARY] NULL: redundancy disabled */
    char *app_urls[2]; /* what the application connects to */
    char *shown[2];    /* of urls: postgresql://user@host:port/db */
    char *schema;
    struct strlist tables;  /* DB_SYNC_TABLES; empty: all */
    struct strlist exclude; /* DB_SYNC_EXCLUDE_TABLES */
    int64_t sync_interval_ms;
    int64_t health_interval_ms;
    int health_timeout_ms;
    int failover_threshold, failback_threshold;
    bool auto_failover, auto_failback;
    int64_t id_gap;
    long batch_size;
    int64_t overlap_ms;
    char *change_column;
    char *state_dir;
    bool fence;
    char *fence_role; /* DB_FENCE_ROLE, or NULL */
    char *on_event;
    int64_t max_clock_skew_ms;
    int64_t fingerprint_rows;
    int max_delete_percent;
    struct alert_limits alerts;
    const char *backup_dir;      /* DB_BACKUP_DIR where it is set, else NULL */
    struct config_value *values; /* every key of the table, in its order */
    size_t value_count;
    struct strlist mistyped; /* keys of the env file that look like one of the table, as texts */
    struct strlist warnings; /* file readable by others, line without '=', value cut by '#', ... */
};

/*
 * Reads the configuration. env_file and state_dir are the options' values or NULL. ERR_USAGE with
 * the key's name when a value cannot be used. A missing DATABASE_URL is an error. lenient (the
 * doctor) turns all of that into `problem` texts, with the default in place of the value, and
 * succeeds. Release the configuration in either case.
 */
bool config_load(struct config *config, const char *env_file, const char *state_dir, bool lenient,
                 struct err *err);
/* The same, not lenient, for a program that connects to no database: URLs are taken as they stand,
 * neither checked nor shown (`shown` is NULL), and libpq is not needed. */
bool config_load_plain(struct config *config, const char *env_file, const char *state_dir,
                       struct err *err);
/* ERR_USAGE when there is no secondary ("redundancy is disabled"). */
bool config_need_secondary(const struct config *config, struct err *err);
void config_release(struct config *config);

/* The value of a key by its own name; a key that the table does not hold is a programming error. */
const struct config_value *config_value(const struct config *config, const char *key);
/* What may be shown of a value: a URL without password, "set" for a secret, "not set". malloced. */
char *config_value_shown(const struct config_value *value);
/* NAME and what is wrong with its value, as one text; what to do about it. malloced. */
char *config_value_complaint(const struct config_value *value);
char *config_value_remedy(const struct config *config, const struct config_value *value);
/* Both of them as an error; always false. */
bool config_value_error(const struct config_value *value, const struct config *config,
                        struct err *err);
/* "default", "env file line 3", "environment", "option". malloced. */
char *config_value_origin(const struct config_value *value);

/* config_keys.c: checks value->value and fills value->number; what is wrong goes to value->problem.
 * URLs are not looked at: config_urls.c. */
bool config_key_check(const struct config_key *key, struct config_value *value);

/* config_alerts.c: fills alerts and backup_dir from the values. */
void config_set_alerts(struct config *config);

#endif
