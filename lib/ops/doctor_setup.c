/* The doctor on this machine: keys, files and their modes, the state and what it tells. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/lock.h"
#include "base/mem.h"
#include "cli/report.h"
#include "db/url_parts.h"
#include "ops/api_token.h"
#include "ops/doctor_checks.h"
#include "ops/health_judge.h"
#include "state/journal.h"

static const char config_area[] = "configuration";
static const char state_area[] = "state";

static void check_token(const struct config *config, struct findings *findings)
{
    struct api_token token;
    struct err err = ERR_INIT;
    if (!api_token_load(&token, config, &err))
        findings_add(findings, FINDING_SETUP, config_area, err.hint, "the HTTP API: %s",
                     err.message);
}

/* Sessions of a pooler are lent for a transaction each: settings, prepared statements and locks of
 * the one before are lost, or somebody else's. */
static void check_pooler(const struct config *config, enum role role, struct findings *findings)
{
    struct url_parts parts = URL_PARTS_INIT;
    if (!config->urls[role] || !url_parts_read(&parts, config->urls[role]))
        return;
    const char *port = parts.port ? parts.port : "";
    bool named = parts.host && (strstr(parts.host, "-pooler.") || strstr(parts.host, ".pooler."));
    if (named || strcmp(port, "6432") == 0 || strcmp(port, "6543") == 0)
        findings_add(
            findings, FINDING_WARNING, config_area,
            role == ROLE_PRIMARY
                ? "set DATABASE_URL_DIRECT to the server's own address, beside DATABASE_URL "
                  "for the application"
                : "write the server's own address into DATABASE_URL_SECONDARY",
            "the URL of the %s looks like that of a connection pooler (%s): what dbr sets "
            "for its sessions may not hold there, and no switch is safe through it",
            role_name(role), config->shown[role]);
    url_parts_release(&parts);
}

void doctor_check_config(const struct config *config, struct findings *findings)
{
    if (config->env_file_error)
        findings_add(findings, FINDING_SETUP, config_area,
                     "make the env file readable, or name "
                     "another with --env-file",
                     "%s", config->env_file_error);
    else if (config->env_file)
        findings_add(findings, FINDING_WELL, config_area, NULL, "env file %s", config->env_file);
    else
        findings_add(findings, FINDING_WELL, config_area, NULL,
                     "no env file: ./.env.production, ./.env and /etc/dbr/dbr.env do not exist");
    for (size_t i = 0; i < config->value_count; i++) {
        const struct config_value *value = &config->values[i];
        if (!value->problem[0])
            continue;
        char *complaint = config_value_complaint(value);
        char *next = config_value_remedy(config, value);
        findings_add(findings, FINDING_SETUP, config_area, next, "%s", complaint);
        free(complaint);
        free(next);
    }
    check_token(config, findings);
    check_pooler(config, ROLE_PRIMARY, findings);
    check_pooler(config, ROLE_SECONDARY, findings);
    for (size_t i = 0; i < config->warnings.count; i++)
        findings_add(findings, FINDING_WARNING, config_area, config->warnings.items[i], "%s",
                     config->warnings.items[i]);
    for (size_t i = 0; i < config->mistyped.count; i++)
        findings_add(findings, FINDING_WARNING, config_area,
                     "correct the name; where it is a key of the application, leave it", "%s",
                     config->mistyped.items[i]);
    if (!config->urls[ROLE_SECONDARY] && !*config_value(config, "DATABASE_URL_SECONDARY")->problem)
        findings_add(findings, FINDING_WARNING, config_area,
                     "set DATABASE_URL_SECONDARY to an empty database at another provider",
                     "redundancy is disabled: DATABASE_URL_SECONDARY is not set");
}

/* The directory and the files in it belong to nobody else. */
static void check_modes(const struct config *config, struct findings *findings)
{
    static const char *const names[] = {"", "/state.json", "/events.jsonl", "/history.jsonl"};
    struct stat st;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char *path = mem_printf("%s%s", config->state_dir, names[i]);
        if (stat(path, &st) == 0 && (st.st_mode & 077)) {
            char *next = mem_printf("chmod %s %s", i ? "600" : "700", path);
            findings_add(findings, FINDING_WARNING, state_area, next,
                         "%s is open to others (mode %03o)", path, (unsigned)(st.st_mode & 0777));
            free(next);
        }
        free(path);
    }
    if (stat(config->state_dir, &st) == 0 && access(config->state_dir, W_OK | X_OK) != 0) {
        char *next =
            mem_printf("run dbr as the owner of %s, or set DB_STATE_DIR", config->state_dir);
        findings_add(findings, FINDING_SETUP, state_area, next, "%s cannot be written: %s",
                     config->state_dir, strerror(errno));
        free(next);
    }
}

/* A state that is lost must be replaced by what a person knows: which database the application uses
 * now. */
static void add_way_out(const struct config *config, const struct err *err,
                        struct findings *findings)
{
    if (strcmp(err->hint, STATE_ASK_DOCTOR) != 0) { /* it is not broken */
        findings_add(findings, FINDING_SETUP, state_area, err->hint, "%s", err->message);
        return;
    }
    char *path = mem_printf("%s/state.json", config->state_dir);
    char *next = mem_printf(
        "find out which database the application uses now (see below which one is read-only: that "
        "is the standby). Then: mv %s %s.broken && (umask 077; echo '{\"version\": 1, "
        "\"activeDatabase\": \"primary\", \"init\": {\"status\": \"done\"}}' >%s); if it is the "
        "secondary, write \"secondary\" and beside it \"lastSwitch\": {\"op\": \"failover\"}. "
        "Then: dbr-sync --verify",
        path, path, path);
    findings_add(findings, FINDING_SETUP, state_area, next, "%s", err->message);
    free(next);
    free(path);
}

bool doctor_check_state(const struct config *config, struct state *state, struct findings *findings)
{
    struct err err = ERR_INIT;
    if (!config->state_dir)
        return false; /* reported as a problem of its key */
    check_modes(config, findings);
    if (!state_peek(state, config->state_dir, &err)) {
        add_way_out(config, &err, findings);
        return false;
    }
    if (state->fresh)
        findings_add(findings, FINDING_WELL, state_area, NULL,
                     "%s holds no state yet: the primary is active", config->state_dir);
    else
        findings_add(findings, FINDING_WELL, state_area, NULL,
                     "%s/state.json can be read: the %s is active", config->state_dir,
                     role_name(state_active(state)));
    if (journal_merge_unknown(state))
        findings_add(findings, FINDING_WARNING, state_area,
                     "run dbr-sync, which finds it out, and merges it",
                     "it was written by hand: whether the primary holds what is still to be merged "
                     "is not known");
    return true;
}

static void check_operation(const struct state *state, struct findings *findings)
{
    char *path = state_path(state, "op.lock");
    long pid = lock_holder(path);
    if (pid > 0)
        findings_add(findings, FINDING_WELL, state_area, NULL, "pid %ld is at work", pid);
    free(path);
}

static void check_init(const struct state *state, struct findings *findings)
{
    static const char area[] = "init";
    const struct json *init = json_get(state->root, "init");
    char *path = state_path(state, "op.lock");
    bool held = lock_holder(path) != 0;
    free(path);
    switch (state_init_status(state)) {
    case INIT_NONE:
        findings_add(findings, FINDING_WARNING, area, "run dbr-init-secondary",
                     "the secondary is not initialised");
        break;
    case INIT_FAILED:
        findings_add(findings, FINDING_WARNING, area, "run dbr-init-secondary --resume",
                     "the initialisation of %s failed: %s", json_str(init, "time", "?"),
                     json_str(init, "reason", "no reason recorded"));
        break;
    case INIT_RUNNING:
        findings_add(findings, FINDING_WARNING, area,
                     held ? "wait for the initialisation to end"
                          : "run dbr-init-secondary --resume",
                     "the initialisation begun %s %s", json_str(init, "time", "?"),
                     held ? "is running" : "was broken off");
        break;
    case INIT_DONE:
        findings_add(findings, FINDING_WELL, area, NULL, "the secondary was initialised %s",
                     json_str(init, "time", "at an unknown time"));
        if (state_update_failure(state))
            findings_add(findings, FINDING_WARNING, area,
                         "run dbr-init-secondary --update and read what it says",
                         "the last dbr-init-secondary --update did not follow the schema: %s",
                         state_update_failure(state));
        break;
    }
}

static void check_sync(const struct config *config, const struct state *state,
                       struct findings *findings)
{
    static const char area[] = "sync";
    const struct json *sync = json_get(state->root, "sync");
    const char *status = json_str(sync, "status", "healthy");
    const char *last = json_str(sync, "lastSync", NULL);
    int64_t when = 0;
    if (strcmp(status, "failed") == 0 || strcmp(status, "refused") == 0)
        findings_add(findings, FINDING_WARNING, area, "run dbr-sync and read what it says",
                     "the last sync %s: %s",
                     strcmp(status, "failed") == 0 ? "failed" : "was refused",
                     json_str(sync, "error", "no reason recorded"));
    if (!last || !clock_parse(last, &when)) {
        findings_add(findings, FINDING_WARNING, area, "run dbr-sync", "there was no sync yet");
        return;
    }
    char age[32];
    int64_t age_ms = (clock_now_us() - when) / 1000;
    bool late = age_ms > 2 * config->sync_interval_ms;
    findings_add(findings, late ? FINDING_WARNING : FINDING_WELL, area,
                 late ? "run dbr-sync, and see that cron or a timer runs it" : NULL,
                 "the last sync was %s ago", report_duration(age_ms > 0 ? age_ms : 0, age));
}

/* Before what the sync is refused for: running it again would not help. */
static void check_unmerged(const struct state *state, struct findings *findings)
{
    struct buf text = BUF_INIT, remedy = BUF_INIT;
    if (health_unmerged(state, &text, &remedy))
        findings_add(findings, FINDING_WARNING, state_area, remedy.data, "%s", text.data);
    buf_release(&text);
    buf_release(&remedy);
}

void doctor_check_record(const struct config *config, const struct state *state,
                         struct findings *findings)
{
    check_operation(state, findings);
    if (!config->urls[ROLE_SECONDARY]) {
        if (state_active(state) == ROLE_SECONDARY)
            findings_add(findings, FINDING_SETUP, state_area, "set DATABASE_URL_SECONDARY again",
                         "the secondary is active, but DATABASE_URL_SECONDARY is not set");
        return;
    }
    check_unmerged(state, findings);
    check_init(state, findings);
    if (state_init_status(state) == INIT_DONE)
        check_sync(config, state, findings);
}
