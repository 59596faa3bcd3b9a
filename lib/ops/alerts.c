/* Alerts and their memory. */
#include "ops/alerts.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

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

const char *alert_severity(bool critical)
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
    json_set_str(entry, "severity", alert_severity(alert->critical));
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
                                 strcmp(json_str(entry, "severity", ""), alert_severity(true)) == 0,
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
    struct json *before = json_copy(json_get(state->root, ALERTS_PART));
    struct json *part = json_set_object(state->root, ALERTS_PART);
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

/* --- documents ------------------------------------------------------------------------- */

void alert_figures(const struct alert *alert, struct json *object)
{
    if (!alert->measured)
        return;
    json_set_double(object, "value", alert->value);
    json_set_double(object, "threshold", alert->threshold);
}

void alerts_document(const struct alerts *alerts, struct json *document)
{
    struct json *list = json_set_array(document, "alerts");
    for (size_t i = 0; i < alerts->count; i++) {
        const struct alert *alert = &alerts->items[i];
        struct json *item = json_add(list, json_object());
        json_set_str(item, "name", alert->name);
        json_set_str(item, "severity", alert_severity(alert->critical));
        json_set_str(item, "message", alert->message);
        json_set_str(item, "since", alert->since[0] ? alert->since : NULL);
        alert_figures(alert, item);
    }
}
