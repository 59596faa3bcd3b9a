/*
 * Puts the configuration together: finds the env file, looks each key up by precedence, has it
 * checked, and fills the fields that programs use. The keys themselves stand in config_keys.c.
 */
#include "state/config.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fsio.h"
#include "base/mem.h"
#include "state/config_mistyped.h"
#include "state/config_urls.h"
#include "state/envfile.h"

/* Looked for in this order when neither --env-file nor DBR_ENV_FILE names one. */
static const char *const env_file_places[] = {"./.env.production", "./.env", "/etc/dbr/dbr.env"};
#define ENV_FILE_PLACES (sizeof env_file_places / sizeof env_file_places[0])

const char *role_name(enum role role)
{
    return role == ROLE_PRIMARY ? "primary" : "secondary";
}

const struct config_value *config_value(const struct config *config, const char *key)
{
    for (size_t i = 0; i < config->value_count; i++) {
        if (strcmp(config->values[i].key, key) == 0)
            return &config->values[i];
    }
    abort();
}

static struct config_value *value_of(struct config *config, const char *key)
{
    return &config->values[config_value(config, key) - config->values];
}

static const char *text_of(const struct config *config, const char *key)
{
    return config_value(config, key)->value;
}

static int64_t number_of(const struct config *config, const char *key)
{
    return config_value(config, key)->number;
}

/* --- where a value comes from ------------------------------------------------- */

static char *trimmed(const char *text)
{
    while (isspace((unsigned char)*text))
        text++;
    size_t len = strlen(text);
    while (len > 0 && isspace((unsigned char)text[len - 1]))
        len--;
    return mem_strndup(text, len);
}

/* Sets value from one name; false when the name is set nowhere, or empty where it counts. */
static bool look_up(const struct envfile *file, const char *name, struct config_value *value)
{
    const char *text = getenv(name);
    const struct envfile_entry *entry = text ? NULL : envfile_find(file, name);
    if (entry)
        text = entry->value;
    if (!text)
        return false;
    char *clean = trimmed(text);
    if (!*clean) {
        free(clean);
        return false;
    }
    value->used_name = name;
    value->value = clean;
    value->source = entry ? SOURCE_ENV_FILE : SOURCE_ENVIRONMENT;
    value->line = entry ? entry->line : 0;
    value->cut = entry && entry->cut;
    return true;
}

static bool is_url_or_secret(const struct config_key *key)
{
    return key->kind == CONFIG_URL || key->kind == CONFIG_SECRET || key->kind == CONFIG_CHECKS;
}

/* Warns when a key and its alias are both set and mean different things. */
static void compare_alias(struct config *config, const struct envfile *file,
                          const struct config_key *key, const struct config_value *value)
{
    struct config_value other = {.key = key->name};
    if (!look_up(file, key->alias, &other))
        return;
    bool same = strcmp(value->value, other.value) == 0 && key->alias_scale == 0;
    if (key->kind == CONFIG_NUMBER || key->kind == CONFIG_BOOL)
        same = config_key_check(key, &other) && other.number == value->number;
    free(other.value);
    if (!same)
        strlist_addf(&config->warnings, "%s differs from %s, which is used", key->alias, key->name);
}

static void set_default(const struct config_key *key, struct config_value *value)
{
    free(value->value);
    value->value = mem_strdup(key->fallback);
    value->used_name = key->name;
    value->source = SOURCE_DEFAULT;
    value->line = 0;
    value->cut = false;
    if (value->value)
        (void)config_key_check(key, value);
}

char *config_value_complaint(const struct config_value *value)
{
    bool sentence = strncmp(value->problem, "is ", 3) == 0;
    return mem_printf("%s%s %s", value->used_name, sentence ? "" : ":", value->problem);
}

char *config_value_remedy(const struct config *config, const struct config_value *value)
{
    if (value->source == SOURCE_ENV_FILE && value->cut)
        return mem_printf("line %zu of %s is cut short by '#': put the value in quotes",
                          value->line, config->env_file);
    if (value->source == SOURCE_ENV_FILE)
        return mem_printf("correct line %zu of %s", value->line, config->env_file);
    if (value->source == SOURCE_OPTION)
        return mem_strdup("correct the option");
    if (value->source == SOURCE_ENVIRONMENT)
        return mem_strdup("correct the environment variable, or unset it");
    return mem_printf("set %s in %s", value->used_name,
                      config->env_file ? config->env_file : "the env file");
}

bool config_value_error(const struct config_value *value, const struct config *config,
                        struct err *err)
{
    char *complaint = config_value_complaint(value);
    char *remedy = config_value_remedy(config, value);
    err_set(err, ERR_USAGE, "%s", complaint);
    err_hint(err, "%s", remedy);
    free(complaint);
    free(remedy);
    return false;
}

static bool read_value(struct config *config, const struct envfile *file,
                       const struct config_key *key, bool lenient, config_url_check *check_url,
                       struct config_value *value, struct err *err)
{
    *value = (struct config_value){
        .key = key->name, .used_name = key->name, .secret = is_url_or_secret(key)};
    bool found = look_up(file, key->name, value);
    bool by_key = found;
    if (!found && key->alias)
        found = look_up(file, key->alias, value);
    if (!found) {
        set_default(key, value);
        return true;
    }
    if (!config_key_check(key, value) ||
        (key->kind == CONFIG_URL && check_url && !check_url(value))) {
        if (!lenient)
            return config_value_error(value, config, err);
        enum config_source source = value->source;
        size_t line = value->line;
        bool cut = value->cut;
        const char *used_name = value->used_name;
        char problem[sizeof value->problem];
        memcpy(problem, value->problem, sizeof problem);
        set_default(key, value);
        memcpy(value->problem, problem, sizeof problem);
        value->source = source;
        value->line = line;
        value->cut = cut;
        value->used_name = used_name;
        return true;
    }
    if (by_key && key->alias)
        compare_alias(config, file, key, value);
    return true;
}

/* --- the env file --------------------------------------------------------------- */

static const char *choose_env_file(const char *option)
{
    if (option)
        return option;
    const char *named = getenv("DBR_ENV_FILE");
    if (named && *named)
        return named;
    for (size_t i = 0; i < ENV_FILE_PLACES; i++) {
        if (fsio_exists(env_file_places[i]))
            return env_file_places[i];
    }
    return NULL;
}

static bool read_env_file(struct config *config, struct envfile *file, const char *option,
                          bool lenient, struct err *err)
{
    const char *path = choose_env_file(option);
    if (!path)
        return true;
    config->env_file = mem_strdup(path);
    struct err failure = ERR_INIT;
    if (!envfile_read(file, path, &failure)) {
        if (!lenient) {
            *err = failure;
            return false;
        }
        config->env_file_error = mem_strdup(failure.message);
    }
    for (size_t i = 0; i < file->warnings.count; i++)
        strlist_add(&config->warnings, file->warnings.items[i]);
    config_note_mistyped(config, file);
    return true;
}

/* The path with its directory resolved, so that a file that does not exist yet can be compared;
 * malloced. */
static char *resolved(const char *path)
{
    char *real = realpath(path, NULL);
    if (real)
        return real;
    const char *slash = strrchr(path, '/');
    char *directory = slash ? mem_strndup(path, (size_t)(slash - path) + 1) : mem_strdup("./");
    char *real_directory = realpath(directory, NULL);
    char *whole = real_directory ? mem_printf("%s/%s", real_directory, slash ? slash + 1 : path)
                                 : mem_strdup(path);
    free(directory);
    free(real_directory);
    return whole;
}

/* By name, or two names of one file. */
static bool same_file(const char *a, const char *b)
{
    struct stat sa;
    struct stat sb;
    if (stat(a, &sa) == 0 && stat(b, &sb) == 0)
        return sa.st_dev == sb.st_dev && sa.st_ino == sb.st_ino;
    char *ra = resolved(a);
    char *rb = resolved(b);
    bool same = strcmp(ra, rb) == 0;
    free(ra);
    free(rb);
    return same;
}

/*
 * The target of a switch must not be what dbr reads: it would read the active database as its
 * primary. That also goes for files that are looked for before the one in use, for they take its
 * place once they exist.
 */
static bool check_active_env_file(struct config *config, bool searched)
{
    struct config_value *value = value_of(config, "DB_ACTIVE_ENV_FILE");
    if (!value->value)
        return true;
    bool own = config->env_file && same_file(value->value, config->env_file);
    for (size_t i = 0; searched && !own && i < ENV_FILE_PLACES; i++) {
        own = same_file(value->value, env_file_places[i]);
        if (config->env_file && strcmp(config->env_file, env_file_places[i]) == 0)
            break;
    }
    if (own)
        (void)snprintf(value->problem, sizeof value->problem,
                       "is a file that dbr reads its own configuration from");
    return !own;
}

/* --- the state directory ---------------------------------------------------------- */

static bool default_state_dir(struct config_value *value)
{
    const char *xdg = getenv("XDG_STATE_HOME");
    const char *home = getenv("HOME");
    if (geteuid() == 0) {
        value->value = mem_strdup("/var/lib/dbr");
        return true;
    }
    if (xdg && *xdg == '/') {
        value->value = mem_printf("%s/dbr", xdg);
        return true;
    }
    if (!home || *home != '/') {
        const struct passwd *user = getpwuid(geteuid());
        home = user ? user->pw_dir : NULL;
    }
    if (!home || *home != '/') {
        (void)snprintf(value->problem, sizeof value->problem,
                       "is not set, and there is no home directory to put it in");
        return false;
    }
    value->value = mem_printf("%s/.local/state/dbr", home);
    return true;
}

static bool find_state_dir(struct config *config, const char *option)
{
    struct config_value *value = value_of(config, "DB_STATE_DIR");
    if (option) {
        free(value->value);
        value->value = mem_strdup(option);
        value->used_name = value->key;
        value->source = SOURCE_OPTION;
        value->line = 0;
    } else if (!value->value && !default_state_dir(value)) {
        return false;
    } else if (value->source != SOURCE_DEFAULT && value->value[0] != '/') {
        strlist_addf(&config->warnings,
                     "DB_STATE_DIR is not an absolute path: it depends on where dbr is started");
    }
    config->state_dir = mem_strdup(value->value);
    struct stat st;
    if (stat(config->state_dir, &st) == 0 && st.st_mode & 077)
        strlist_addf(&config->warnings, "%s is open to others (mode %03o): chmod 700 %s",
                     config->state_dir, (unsigned)(st.st_mode & 0777), config->state_dir);
    return true;
}

/* --- all together ------------------------------------------------------------------ */

/* As they stand; what else is to be known of them is the matter of config_urls.c. */
static void set_urls(struct config *config)
{
    const char *secondary = text_of(config, "DATABASE_URL_SECONDARY");
    const char *direct = text_of(config, "DATABASE_URL_DIRECT");
    const char *primary = text_of(config, "DATABASE_URL");
    config->app_urls[ROLE_PRIMARY] = mem_strdup(primary);
    config->app_urls[ROLE_SECONDARY] = mem_strdup(secondary);
    config->urls[ROLE_PRIMARY] = mem_strdup(primary && direct ? direct : primary);
    config->urls[ROLE_SECONDARY] = mem_strdup(secondary);
}

static void set_fields(struct config *config)
{
    config->schema = mem_strdup(text_of(config, "DB_SCHEMA"));
    config->change_column = mem_strdup(text_of(config, "DB_UPDATED_AT_COLUMN"));
    config->on_event = mem_strdup(text_of(config, "DB_ON_EVENT"));
    config->fence_role = mem_strdup(text_of(config, "DB_FENCE_ROLE"));
    const char *tables = text_of(config, "DB_SYNC_TABLES");
    const char *exclude = text_of(config, "DB_SYNC_EXCLUDE_TABLES");
    if (tables)
        strlist_split(&config->tables, tables, ',');
    if (exclude)
        strlist_split(&config->exclude, exclude, ',');
    config->sync_interval_ms = number_of(config, "DB_SYNC_INTERVAL_MS");
    config->health_interval_ms = number_of(config, "DB_HEALTH_CHECK_INTERVAL_MS");
    config->health_timeout_ms = (int)number_of(config, "HEALTH_CHECK_TIMEOUT") * 1000;
    config->failover_threshold = (int)number_of(config, "DB_FAILOVER_THRESHOLD");
    config->failback_threshold = (int)number_of(config, "DB_FAILBACK_THRESHOLD");
    config->auto_failover = number_of(config, "AUTO_FAILOVER_ENABLED") != 0;
    config->auto_failback = number_of(config, "AUTO_FAILBACK_ENABLED") != 0;
    config->batch_size = (long)number_of(config, "DB_SYNC_BATCH_SIZE");
    config->id_gap = number_of(config, "DB_ID_GAP");
    config->overlap_ms = number_of(config, "DB_SYNC_OVERLAP_MS");
    config->fence = number_of(config, "DB_FENCE") != 0;
    config->max_clock_skew_ms = number_of(config, "DB_MAX_CLOCK_SKEW_MS");
    config->fingerprint_rows = number_of(config, "DB_FINGERPRINT_ROWS");
    config->max_delete_percent = (int)number_of(config, "DB_MAX_DELETE_PERCENT");
    config_set_alerts(config);
}

/* What can only be judged once all values are known. */
static bool finish(struct config *config, bool searched, const char *state_dir, bool lenient,
                   struct err *err)
{
    struct config_value *primary = value_of(config, "DATABASE_URL");
    if (!find_state_dir(config, state_dir) && !lenient)
        return config_value_error(value_of(config, "DB_STATE_DIR"), config, err);
    if (!check_active_env_file(config, searched) && !lenient)
        return config_value_error(value_of(config, "DB_ACTIVE_ENV_FILE"), config, err);
    if (!primary->value && !*primary->problem) {
        (void)snprintf(primary->problem, sizeof primary->problem, "is not set");
        if (!lenient) {
            err_set(err, ERR_USAGE, "DATABASE_URL is not set");
            if (config->env_file)
                return err_hint(err, "set it in %s", config->env_file);
            return err_hint(err, "set it in .env, or name the file with --env-file");
        }
    }
    return true;
}

bool config_load_with(struct config *config, const char *env_file, const char *state_dir,
                      bool lenient, config_url_check *check_url, struct err *err)
{
    struct envfile file = ENVFILE_INIT;
    const char *named = getenv("DBR_ENV_FILE");
    bool searched = !env_file && !(named && *named);
    size_t count;
    const struct config_key *keys = config_keys(&count);

    memset(config, 0, sizeof *config);
    config->values = mem_array(NULL, count, sizeof *config->values);
    bool ok = read_env_file(config, &file, env_file, lenient, err);
    for (size_t i = 0; ok && i < count; i++) {
        config->value_count++;
        ok = read_value(config, &file, &keys[i], lenient, check_url, &config->values[i], err);
    }
    envfile_release(&file);
    if (!ok || !finish(config, searched, state_dir, lenient, err))
        return false;
    set_urls(config);
    set_fields(config);
    return true;
}

bool config_load_plain(struct config *config, const char *env_file, const char *state_dir,
                       struct err *err)
{
    return config_load_with(config, env_file, state_dir, false, NULL, err);
}

bool config_need_secondary(const struct config *config, struct err *err)
{
    if (config->urls[ROLE_SECONDARY])
        return true;
    err_set(err, ERR_USAGE, "redundancy is disabled: DATABASE_URL_SECONDARY is not set");
    if (config->env_file)
        return err_hint(err, "set it in %s", config->env_file);
    return err_hint(err, "set it in the env file or the environment");
}

char *config_value_origin(const struct config_value *value)
{
    switch (value->source) {
    case SOURCE_ENV_FILE:
        return mem_printf("env file line %zu", value->line);
    case SOURCE_ENVIRONMENT:
        return mem_strdup("environment");
    case SOURCE_OPTION:
        return mem_strdup("option");
    case SOURCE_DEFAULT:
        break;
    }
    return mem_strdup("default");
}

void config_release(struct config *config)
{
    free(config->env_file);
    free(config->env_file_error);
    for (size_t i = 0; i < 2; i++) {
        free(config->urls[i]);
        free(config->app_urls[i]);
        free(config->shown[i]);
    }
    free(config->schema);
    strlist_release(&config->tables);
    strlist_release(&config->exclude);
    free(config->change_column);
    free(config->state_dir);
    free(config->on_event);
    free(config->fence_role);
    for (size_t i = 0; i < config->value_count; i++)
        free(config->values[i].value);
    free(config->values);
    strlist_release(&config->mistyped);
    strlist_release(&config->warnings);
    memset(config, 0, sizeof *config);
}
