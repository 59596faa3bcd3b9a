/*
 * Recording a check. Two counters of failures run: consecutiveFailures counts every check without
 * an answer, for people; consecutiveDown only outages, and a failover is decided by it.
 */
#include "ops/health_record.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "repl/position.h"
#include "state/breaker.h"
#include "state/events.h"
#include "state/history.h"

static const char *failure_name(enum conn_failure failure)
{
    switch (failure) {
    case CONN_DOWN:
        return "down";
    case CONN_CONFIG:
        return "config";
    case CONN_DEGRADED:
        return "degraded";
    case CONN_OK:
        break;
    }
    return NULL;
}

static void count(struct json *entry, const char *name, bool more)
{
    json_set_int(entry, name, more ? json_int(entry, name, 0) + 1 : 0);
}

/*
 * A database that lets nobody in for lack of connections runs: an outage that was being counted is
 * over. A wrong password or certificate tells nothing about that: the count stays as it is.
 */
static void count_down(struct json *entry, enum conn_failure failure)
{
    if (failure == CONN_CONFIG)
        json_set_int(entry, "consecutiveDown", json_int(entry, "consecutiveDown", 0));
    else
        count(entry, "consecutiveDown", failure == CONN_DOWN);
}

static void count_one(const struct config *config, struct state *state, enum role role,
                      struct json *entry, const struct probe *probe)
{
    count(entry, "consecutiveFailures", !probe->connected);
    count(entry, "consecutiveSuccesses", probe->connected);
    count_down(entry, probe->failure);
    if (probe->connected)
        breaker_success(state, role, probe->latency_ms);
    else
        breaker_failure(state, role, probe->failure == CONN_DOWN, config->failover_threshold);
}

static void apply_facts(struct json *entry, const struct probe *probe)
{
    char time[CLOCK_TEXT_SIZE];
    json_set_bool(entry, "connected", probe->connected);
    if (probe->connected)
        json_set_int(entry, "latency", probe->latency_ms);
    else
        json_set_null(entry, "latency");
    json_set_str(entry, "lastCheck", clock_format(probe->checked_us, time));
    json_set_str(entry, "failure", failure_name(probe->failure));
    json_set_str(entry, "error", probe->connected ? NULL : probe->err.message);
    json_set_str(entry, "hint", probe->connected || !probe->err.hint[0] ? NULL : probe->err.hint);
    if (!probe->connected) {
        json_set_null(entry, "clockSkewMs");
        return;
    }
    /* Engine and version of a database that is away are still what they were. */
    const char *number = strchr(probe->version, ' ');
    json_set_str(entry, "engine", probe->engine);
    json_set_str(entry, "version", number ? number + 1 : probe->version);
    json_set_bool(entry, "readOnly", probe->read_only);
    json_set_bool(entry, "inRecovery", probe->in_recovery);
    json_set_int(entry, "clockSkewMs", probe->clock_skew_ms);
    if (probe->certificate_expires_us > 0)
        json_set_str(entry, "certificateExpires",
                     clock_format(probe->certificate_expires_us, time));
    else
        json_remove(entry, "certificateExpires");
}

static bool was_connected(const struct json *entry)
{
    /* One that was never checked counts as well: the first failure is news, the first success is
     * not. */
    return json_bool(entry, "connected", true);
}

static void apply_one(const struct config *config, struct state *state, enum role role,
                      const struct probe *probe, bool counts, struct strlist *changes)
{
    const char *name = role_name(role);
    struct json *health = state_part(state, "health");
    struct json *entry = json_get(health, name);
    if (!json_is_object(entry))
        entry = json_set_object(health, name);
    bool was = was_connected(entry);
    apply_facts(entry, probe);
    if (counts)
        count_one(config, state, role, entry, probe);
    if (!changes || was == probe->connected)
        return;
    if (probe->connected)
        strlist_addf(changes, "%s answers again", name);
    else
        strlist_addf(changes, "%s does not answer: %s", name, probe->err.message);
}

/* What one that is older has lost must not be taken for deleted. */
static void apply_position(struct state *state, enum role role, const struct checked *checked,
                           struct strlist *changes)
{
    const struct position_look look = {checked->known[role], checked->probes[role].position};
    struct buf text = BUF_INIT;
    if (!checked->probes[role].connected || !position_note(state, role, &look) || !changes)
        return;
    position_tell(&text, role);
    strlist_add(changes, text.data);
    buf_release(&text);
}

void health_apply(const struct config *config, struct state *state, const struct checked *checked,
                  bool counts, struct strlist *changes)
{
    static const enum role roles[PROBE_MAX] = {ROLE_PRIMARY, ROLE_SECONDARY};
    struct json *health = state_part(state, "health");
    size_t down = 0;
    for (size_t i = 0; i < checked->count && i < PROBE_MAX; i++) {
        const struct probe *probe = &checked->probes[i];
        /* What a machine that is cut off sees says nothing about the databases. */
        apply_one(config, state, roles[i], probe, counts && !checked->isolated, changes);
        apply_position(state, roles[i], checked, changes);
        down += probe->failure == CONN_DOWN;
    }
    if (checked->count == 1)
        json_remove(health, role_name(ROLE_SECONDARY));
    json_set_bool(health, "isolated", checked->isolated);
    json_set_bool(health, "bothDown", !checked->isolated && checked->count == 2 && down == 2);
}

void health_apply_status(struct state *state, const struct health_judgement *judgement,
                         struct strlist *changes)
{
    struct json *health = state_part(state, "health");
    const char *before = json_str(health, "status", NULL);
    const char *now = health_status_name(judgement->status);
    if (changes && changes->count == 0 && before && strcmp(before, now) != 0)
        strlist_addf(changes, "%s, was %s%s%s", now, before, judgement->warnings.count ? ": " : "",
                     judgement->warnings.count ? judgement->warnings.items[0] : "");
    json_set_str(health, "status", now);
}

static void add_history(struct json *line, const struct state *state, enum role role)
{
    const struct json *entry = health_entry(state, role);
    if (!entry) {
        json_set_null(line, role_name(role));
        return;
    }
    struct json *part = json_set_object(line, role_name(role));
    json_set_bool(part, "connected", json_bool(entry, "connected", false));
    json_set(part, "latency", json_copy(json_get(entry, "latency")));
}

void health_append_events(const struct state *state, const struct strlist *changes)
{
    const char *status = json_str(json_get(state->root, "health"), "status", NULL);
    for (size_t i = 0; i < changes->count; i++)
        events_write(state, "health", status, changes->items[i], NULL);
}

void health_append_history(const struct state *state)
{
    char time[CLOCK_TEXT_SIZE];
    struct err err = ERR_INIT;
    struct json *line = json_object();
    json_set_str(line, "time", clock_format(clock_now_us(), time));
    json_set_str(line, "active", role_name(state_active(state)));
    add_history(line, state, ROLE_PRIMARY);
    add_history(line, state, ROLE_SECONDARY);
    if (!history_write(state, line, &err))
        log_warn("the check is not in the history: %s", err.message);
}
