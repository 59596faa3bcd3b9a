/* Alerts and their memory. */
#include "ops/alerts.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "cli/report.h"
#include "ops/hook.h"
#include "state/events.h"

#define PART "alerts"
#define TEXT_SIZE 32

/* --- the list ------------------------------------------------------------------------ */

static struct alert *find(const struct alerts *alerts, const char *name)
{
    for (size_t i = 0; i < alerts->count; i++) {
        if (strcmp(alerts->items[i].name, name) == 0)
            return &alerts->items[i];
    }
    return NULL;
}

struct alert *alerts_add(struct alerts *alerts, const char *name, bool critical,
                         const char *message)
{
    struct alert *alert = find(alerts, name);
    if (alert)
        return alert;
    alerts->items = mem_array(alerts->items, alerts->count + 1, sizeof *alerts->items);
    alert = &alerts->items[alerts->count++];
    *alert = (struct alert){
        .name = mem_strdup(name), .critical = critical, .message = mem_strdup(message)};
    return alert;
}

void alerts_release(struct alerts *alerts)
{
    for (size_t i = 0; i < alerts->count; i++) {
        free(alerts->items[i].name);
        free(alerts->items[i].message);
    }
    free(alerts->items);
    *alerts = (struct alerts)ALERTS_INIT;
}

static const char *severity_name(bool critical)
{
    return critical ? "critical" : "warning";
}

static void add_news(struct alerts *news, const struct alert *alert, enum alert_change change)
{
    struct alert *item = alerts_add(news, alert->name, alert->critical, alert->message);
    item->measured = alert->measured;
    item->value = alert->value;
    item->threshold = alert->threshold;
    item->change = change;
    memcpy(item->since, alert->since, sizeof item->since);
}

/* --- memory ---------------------------------------------------------------------------- */

/* A time of the state; `fallback` where there is none, or one of the future. */
static int64_t time_of(const struct json *entry, const char *name, int64_t now_us, int64_t fallback)
{
    int64_t time;
    if (!clock_parse(json_str(entry, name, NULL), &time) || time > now_us)
        return fallback;
    return time;
}

static void store(struct json *part, const struct alert *alert, int64_t notified_us)
{
    char time[CLOCK_TEXT_SIZE];
    struct json *entry = json_set_object(part, alert->name);
    json_set_str(entry, "severity", severity_name(alert->critical));
    json_set_str(entry, "message", alert->message);
    json_set_str(entry, "since", alert->since);
    json_set_str(entry, "notified", clock_format(notified_us, time));
}

/* Those that were there and are no more. */
static void find_ended(const struct alerts *alerts, const struct json *before, struct alerts *news)
{
    for (const struct json *entry = json_first(before); entry; entry = json_next(entry)) {
        if (find(alerts, json_key(entry)))
            continue;
        struct alert gone = {.name = mem_strdup(json_key(entry)),
                             .critical =
                                 strcmp(json_str(entry, "severity", ""), severity_name(true)) == 0,
                             .message = mem_strdup(json_str(entry, "message", ""))};
        int64_t since = time_of(entry, "since", INT64_MAX, 0);
        clock_format(since, gone.since);
        add_news(news, &gone, ALERT_OVER);
        free(gone.name);
        free(gone.message);
    }
}

void alerts_apply(struct alerts *alerts, struct state *state, int64_t now_us, int64_t repeat_ms,
                  struct alerts *news)
{
    struct json *before = json_copy(json_get(state->root, PART));
    struct json *part = json_set_object(state->root, PART);
    for (size_t i = 0; i < alerts->count; i++) {
        struct alert *alert = &alerts->items[i];
        const struct json *entry = json_get(before, alert->name);
        int64_t notified = time_of(entry, "notified", now_us, 0);
        clock_format(time_of(entry, "since", now_us, now_us), alert->since);
        if (!json_is_object(entry))
            alert->change = ALERT_RAISED;
        else if (notified == 0 || (repeat_ms > 0 && now_us - notified >= repeat_ms * 1000))
            alert->change = ALERT_REPEATED;
        if (alert->change != ALERT_LASTS) {
            notified = now_us;
            add_news(news, alert, alert->change);
        }
        store(part, alert, notified);
    }
    find_ended(alerts, before, news);
    json_free(before);
}

/* --- telling --------------------------------------------------------------------------- */

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

static void set_figures(struct json *object, const struct alert *alert)
{
    if (!alert->measured)
        return;
    json_set_double(object, "value", alert->value);
    json_set_double(object, "threshold", alert->threshold);
}

static bool run_command(const struct config *config, const struct state *state,
                        const struct alert *alert, const char *message)
{
    struct err why = ERR_INIT;
    struct hook_event event = {
        .event = "alert",
        .active = state_active(state),
        .reason = alert->name,
        .message = message,
        .severity = alert->change == ALERT_OVER ? "ok" : severity_name(alert->critical)};
    if (hook_run(config, &event, &why))
        return true;
    log_warn("DB_ON_EVENT: %s", why.message);
    return false;
}

/* So that the next check tells of them again. */
static void forget_told(struct state *state, const struct strlist *names)
{
    struct err why = ERR_INIT;
    if (names->count == 0)
        return;
    if (!state_begin(state, &why)) {
        log_warn("%s", why.message);
        return;
    }
    for (size_t i = 0; i < names->count; i++) {
        struct json *entry = json_get(json_get(state->root, PART), names->items[i]);
        if (json_is_object(entry))
            json_set_null(entry, "notified");
    }
    if (!state_commit(state, &why))
        log_warn("%s", why.message);
}

void alerts_tell(const struct alerts *news, const struct config *config, struct state *state)
{
    struct strlist failed = STRLIST_INIT;
    struct buf message = BUF_INIT;
    for (size_t i = 0; i < news->count; i++) {
        const struct alert *alert = &news->items[i];
        buf_reset(&message);
        describe(alert, &message);
        if (alert->change != ALERT_REPEATED) {
            struct json *extra = json_object();
            json_set_str(extra, "change", alert->change == ALERT_OVER ? "over" : "raised");
            json_set_str(extra, "severity", severity_name(alert->critical));
            json_set_str(extra, "since", alert->since);
            set_figures(extra, alert);
            events_write(state, "alert", alert->name, message.data, extra);
        }
        if (!run_command(config, state, alert, message.data) && alert->change != ALERT_OVER)
            strlist_add(&failed, alert->name);
    }
    forget_told(state, &failed);
    strlist_release(&failed);
    buf_release(&message);
}

void alerts_document(const struct alerts *alerts, struct json *document)
{
    struct json *list = json_set_array(document, "alerts");
    for (size_t i = 0; i < alerts->count; i++) {
        const struct alert *alert = &alerts->items[i];
        struct json *item = json_add(list, json_object());
        json_set_str(item, "name", alert->name);
        json_set_str(item, "severity", severity_name(alert->critical));
        json_set_str(item, "message", alert->message);
        json_set_str(item, "since", alert->since[0] ? alert->since : NULL);
        set_figures(item, alert);
    }
}
