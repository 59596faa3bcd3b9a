/*
 * Recording a check. Two counters run: consecutiveFailures counts every check without an answer,
 * for people; consecutiveDown only those that may lead to a failover, since a wrong password is no
 * outage.
 */
#include "ops/health_record.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"
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

static void apply_one(struct json *entry, const struct probe *probe)
{
    char time[CLOCK_TEXT_SIZE];
    json_set_bool(entry, "connected", probe->connected);
    if (probe->connected)
        json_set_int(entry, "latency", probe->latency_ms);
    else
        json_set_null(entry, "latency");
    json_set_str(entry, "lastCheck", clock_format(probe->checked_us, time));
    count(entry, "consecutiveFailures", !probe->connected);
    count(entry, "consecutiveSuccesses", probe->connected);
    count(entry, "consecutiveDown", probe->failure == CONN_DOWN);
    json_set_str(entry, "failure", failure_name(probe->failure));
    json_set_str(entry, "error", probe->connected ? NULL : probe->err.message);
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
}

static bool was_connected(const struct json *entry)
{
    /* One that was never checked counts as well: the first failure is news, the first success is
     * not. */
    return json_bool(entry, "connected", true);
}

void health_apply(struct state *state, const struct probe *probes, size_t count,
                  struct strlist *changes)
{
    static const enum role roles[PROBE_MAX] = {ROLE_PRIMARY, ROLE_SECONDARY};
    struct json *health = state_part(state, "health");
    bool changed = false;
    size_t down = 0;
    for (size_t i = 0; i < count && i < PROBE_MAX; i++) {
        const char *name = role_name(roles[i]);
        struct json *entry = json_get(health, name);
        if (!json_is_object(entry))
            entry = json_set_object(health, name);
        bool was = was_connected(entry);
        apply_one(entry, &probes[i]);
        down += !probes[i].connected;
        changed = changed || was != probes[i].connected;
        if (!changes || was == probes[i].connected)
            continue;
        if (probes[i].connected)
            strlist_addf(changes, "%s answers again", name);
        else
            strlist_addf(changes, "%s does not answer: %s", name, probes[i].err.message);
    }
    if (count == 1)
        json_remove(health, role_name(ROLE_SECONDARY));
    if (changes && changed && count == 2 && down == 2)
        strlist_add(changes, "both databases offline");
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

void health_append(const struct state *state, const struct strlist *changes)
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
    const char *status = json_str(json_get(state->root, "health"), "status", NULL);
    for (size_t i = 0; i < changes->count; i++)
        events_write(state, "health", status, changes->items[i], NULL);
}
