/* Telling of alerts: an event in the record, and DB_ON_EVENT. */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "cli/report.h"
#include "ops/alerts.h"
#include "ops/hook.h"
#include "state/events.h"

#define TEXT_SIZE 32
#define LIMIT_MS 20000
#define RETRY_US INT64_C(300000000)

static void describe(const struct alert *alert, struct buf *text)
{
    int64_t since = 0;
    char lasted[TEXT_SIZE];
    if (clock_parse(alert->since, &since))
        since = (clock_now_us() - since) / 1000;
    report_duration(since > 0 ? since : 0, lasted);
    if (alert->change == ALERT_OVER)
        buf_addf(text, "over after %s: %s", lasted, alert->message);
    else if (alert->change == ALERT_REPEATED)
        buf_addf(text, "%s (since %s)", alert->message, lasted);
    else
        buf_adds(text, alert->message);
}

static void write_event(const struct alert *alert, const char *message, struct state *state)
{
    /* It is in the record already. */
    if (alert->change == ALERT_REPEATED || alert->again)
        return;
    struct json *extra = json_object();
    json_set_str(extra, "change", alert->change == ALERT_OVER ? "over" : "raised");
    json_set_str(extra, "severity", alert_severity(alert->critical));
    json_set_str(extra, "since", alert->since);
    alert_figures(alert, extra);
    events_write(state, "alert", alert->name, message, extra);
}

/* It was raised, or became graver, while this was still being told: what arrived last may be wrong,
 * and is told anew. */
static bool is_overtaken(const struct alert *alert, const struct json *entry)
{
    if (json_get(entry, "over"))
        return false;
    return alert->change == ALERT_OVER ||
           (!alert->critical && strcmp(json_str(entry, "severity", ""), alert_severity(true)) == 0);
}

/* What has become of it, in the entry; another run may have changed that meanwhile. */
static void settle(struct json *part, const struct alert *alert, const struct hook_result *result)
{
    char time[CLOCK_TEXT_SIZE];
    struct json *entry = json_get(part, alert->name);
    bool over = alert->change == ALERT_OVER;
    bool held = json_bool(entry, "held", false);
    if (!json_is_object(entry))
        return;
    if (is_overtaken(alert, entry))
        json_set_null(entry, "notified");
    if ((json_get(entry, "over") && !held) != over)
        return;
    if (result->err.code == ERR_NONE && over) {
        json_remove(part, alert->name);
        return;
    }
    json_remove(entry, "pending");
    if (result->err.code == ERR_NONE) {
        json_remove(entry, "failures");
        return;
    }
    int64_t failures = json_int(entry, "failures", 0) + 1;
    json_set_int(entry, "failures", failures);
    json_set_null(entry, "notified");
    /* One that fails may have told somebody all the same. */
    if (result->late || failures > 1)
        json_set_str(entry, "retryAt", clock_format(clock_now_us() + RETRY_US, time));
}

static void settle_all(const struct alerts *news, const struct hook_result *results,
                       struct state *state)
{
    struct err why = ERR_INIT;
    if (!state_begin(state, &why)) {
        log_warn("%s", why.message);
        return;
    }
    for (size_t i = 0; i < news->count; i++)
        settle(json_get(state->root, ALERTS_PART), &news->items[i], &results[i]);
    if (!state_commit(state, &why))
        log_warn("%s", why.message);
}

size_t alerts_count(const struct state *state)
{
    const struct json *entry = json_first(json_get(state->root, ALERTS_PART));
    size_t n = 0;
    for (; entry; entry = json_next(entry))
        n += json_get(entry, "over") == NULL;
    return n;
}

struct alerts_telling {
    struct alerts news;
    struct hook_runs *runs;
};

struct alerts_telling *alerts_tell_begin(struct alerts *news, const struct config *config,
                                         struct state *state)
{
    size_t count = news->count;
    struct alerts_telling *telling = mem_alloc(sizeof *telling);
    struct hook_event *events = mem_array(NULL, count, sizeof *events);
    struct buf *messages = mem_array(NULL, count, sizeof *messages);
    for (size_t i = 0; i < count; i++) {
        const struct alert *alert = &news->items[i];
        messages[i] = (struct buf)BUF_INIT;
        describe(alert, &messages[i]);
        write_event(alert, messages[i].data, state);
        events[i] = (struct hook_event){
            .event = "alert",
            .active = state_active(state),
            .reason = alert->name,
            .message = messages[i].data,
            .limit_ms = LIMIT_MS,
            .alerts = alerts_count(state),
            .severity = alert->change == ALERT_OVER ? "ok" : alert_severity(alert->critical)};
    }
    *telling = (struct alerts_telling){*news, hook_start_all(config, events, count)};
    *news = (struct alerts)ALERTS_INIT;
    for (size_t i = 0; i < count; i++)
        buf_release(&messages[i]);
    free(messages);
    free(events);
    return telling;
}

bool alerts_tell_has_ended(struct alerts_telling *telling)
{
    return hook_have_ended(telling->runs);
}

void alerts_tell_end(struct alerts_telling *telling, struct state *state)
{
    size_t count = telling->news.count;
    struct hook_result *results = mem_array(NULL, count, sizeof *results);
    hook_finish_all(telling->runs, results);
    for (size_t i = 0; i < count; i++)
        if (results[i].err.code != ERR_NONE)
            log_warn("%s: %s", telling->news.items[i].name, results[i].err.message);
    if (state)
        settle_all(&telling->news, results, state);
    free(results);
    alerts_release(&telling->news);
    free(telling);
}

void alerts_tell(struct alerts *news, const struct config *config, struct state *state)
{
    if (news->count > 0)
        alerts_tell_end(alerts_tell_begin(news, config, state), state);
}
