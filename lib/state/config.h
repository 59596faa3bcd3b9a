/*
 * The configuration: built-in default, env file, process environment, option, in rising precedence (dbr.env(5)).
 * One table (config.c) lists every key with its alias, default, kind and meaning; dbr-health --doctor and the man page test
 * read it.
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

enum config_source { SOURCE_DEFAULT, SOURCE_ENV_FILE, SOURCE_ENVIRONMENT, SOURCE_OPTION };

/* Where one key's value came from, for the doctor. */
struct config_value {
    const char *key;          /* the key's own name */
    const char *used_name;    /* the alias, where that was set */
    const char *value;        /* raw text; NULL when unset and without default */
    enum config_source source;
    bool secret;              /* a URL or token: shown scrubbed or as "set" */
    char problem[256];        /* what is wrong with it, or "" */
};

struct config {
    char *env_file;           /* the file that was read, or NULL */
    char *urls[2];            /* what dbr connects to, by role; [ROLE_SECONDARY] NULL: redundancy disabled */
    char *app_urls[2];        /* what the application connects to */
    char *shown[2];           /* postgresql://user@host:port/db */
    char *schema;
    struct strlist tables;    /* DB_SYNC_TABLES; empty: all */
    struct strlist exclude;   /* DB_SYNC_EXCLUDE_TABLES */
    int64_t sync_interval_ms;
    int64_t health_interval_ms;
    int health_timeout_ms;
    int failover_threshold, failback_threshold;
    bool auto_failover, auto_failback;
    long batch_size;
    int64_t overlap_ms;
    char *change_column;
    char *state_dir;
    bool fence;
    char *on_event;
    int64_t max_clock_skew_ms;
    int64_t fingerprint_rows;
    int max_delete_percent;
    struct config_value *values; /* every key of the table, in its order */
    size_t value_count;
    struct strlist warnings;  /* file readable by others, line without '=', value cut by '#', ... */
};

/*
 * Reads the configuration. env_file and state_dir are the options' values or NULL. ERR_USAGE with the key's name when a
 * value cannot be used. A missing DATABASE_URL is an error unless lenient (the doctor, --help).
 */
bool config_load(struct config *config, const char *env_file, const char *state_dir, bool lenient,
                 struct err *err);
/* ERR_USAGE when there is no secondary ("redundancy is disabled"). */
bool config_need_secondary(const struct config *config, struct err *err);
void config_release(struct config *config);

/* The table of keys, for the doctor and the tests. */
struct config_key {
    const char *name, *alias, *fallback, *meaning;
};
const struct config_key *config_keys(size_t *count);

#endif
