/* Alerts and their memory. */
#include "ops/alerts.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

#define PENDING_US INT64_C(120000000) /* who was to tell of it must have ended since */
#define RETRY_US INT64_C(300000000)   /* the longest that retryAt is ahead */
#define OVER_US INT64_C(86400000000)  /* after that, the end is no news any more */

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
    strlist_release(&alerts->covered);
    strlist_release(&alerts->lost);
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
    memcpy(item->stale, alert->stale, sizeof item->stale);
    item->change = change;
    item->again = alert->again;
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

/* Nobody was told, or it is time to tell again; repeat_ms 0: that time never comes. */
static bool is_due(const struct json *entry, int64_t now_us, int64_t repeat_ms)
{
    int64_t notified = time_of(entry, "notified", now_us, 0);
    int64_t retry;
    if (clock_parse(json_str(entry, "retryAt", NULL), &retry) && retry > now_us &&
        retry - now_us <= RETRY_US)
        return false;
    if (notified == 0)
        return true;
    if (json_bool(entry, "pending", false))
        return now_us - notified >= PENDING_US;
    return repeat_ms > 0 && now_us - notified >= repeat_ms * 1000;
}

/* Another run is at it: what comes after must not arrive before. */
static bool is_being_told(const struct json *entry, int64_t now_us)
{
    return json_bool(entry, "pending", false) &&
           now_us - time_of(entry, "notified", now_us, 0) < PENDING_US;
}

/* Somebody is about to be told. */
static void set_pending(struct json *entry, int64_t now_us)
{
    char time[CLOCK_TEXT_SIZE];
    json_set_str(entry, "notified", clock_format(now_us, time));
    json_set_bool(entry, "pending", true);
    json_remove(entry, "retryAt");
}

/* before: its entry, NULL when it is new. */
static void apply_one(struct alert *alert, const struct json *before, struct json *part,
                      int64_t now_us, int64_t repeat_ms)
{
    bool worse =
        alert->critical && strcmp(json_str(before, "severity", ""), alert_severity(true)) != 0;
    clock_format(time_of(before, "since", now_us, now_us), alert->since);
    if (!before || worse)
        alert->change = ALERT_RAISED;
    else if (is_due(before, now_us, repeat_ms))
        alert->change = ALERT_REPEATED;
    struct json *entry = json_set(part, alert->name, before ? json_copy(before) : json_object());
    /* One that is back before anybody was told of its end goes on. */
    json_remove(entry, "over");
    json_remove(entry, "held");
    json_set_str(entry, "severity", alert_severity(alert->critical));
    json_set_str(entry, "message", alert->message);
    json_set_str(entry, "since", alert->since);
    if (alert->change != ALERT_LASTS)
        set_pending(entry, now_us);
}

static void add_ended(const struct json *entry, bool again, struct alerts *news)
{
    struct alert gone = {.name = mem_strdup(json_key(entry)),
                         .critical =
                             strcmp(json_str(entry, "severity", ""), alert_severity(true)) == 0,
                         .message = mem_strdup(json_str(entry, "message", "")),
                         .again = again};
    clock_format(time_of(entry, "since", INT64_MAX, 0), gone.since);
    add_news(news, &gone, ALERT_OVER);
    free(gone.name);
    free(gone.message);
}

/* One that was there and is no more, or whose end is still to be told. */
static void apply_ended(const struct json *before, struct json *part, int64_t now_us,
                        struct alerts *news)
{
    char time[CLOCK_TEXT_SIZE];
    bool ended = json_get(before, "over") != NULL;
    bool again = ended && !json_bool(before, "held", false);
    if (ended && now_us - time_of(before, "over", now_us, now_us) > OVER_US)
        return;
    struct json *entry = json_set(part, json_key(before), json_copy(before));
    if (!ended)
        json_set_str(entry, "over", clock_format(now_us, time));
    if (!again && is_being_told(before, now_us)) {
        json_set_bool(entry, "held", true);
        return;
    }
    if (again && !is_due(before, now_us, 0))
        return;
    json_remove(entry, "held");
    set_pending(entry, now_us);
    add_ended(entry, again, news);
}

static void note_lost(struct json *entry)
{
    char *text = mem_printf("no longer measured: %s", json_str(entry, "message", ""));
    json_set_str(entry, "message", text);
    free(text);
}

void alerts_apply(struct alerts *alerts, struct state *state, int64_t now_us, int64_t repeat_ms,
                  struct alerts *news)
{
    struct json *before = json_copy(json_get(state->root, ALERTS_PART));
    struct json *part = json_set_object(state->root, ALERTS_PART);
    for (size_t i = 0; i < alerts->count; i++) {
        struct alert *alert = &alerts->items[i];
        const struct json *entry = json_get(before, alert->name);
        if (!json_is_object(entry) || (json_get(entry, "over") && !json_bool(entry, "held", false)))
            entry = NULL;
        apply_one(alert, entry, part, now_us, repeat_ms);
        if (alert->change != ALERT_LASTS)
            add_news(news, alert, alert->change);
    }
    for (struct json *entry = json_first(before); entry; entry = json_next(entry)) {
        if (!json_is_object(entry) || find(alerts, json_key(entry)))
            continue;
        bool ended = json_get(entry, "over") != NULL;
        if (strlist_has(&alerts->covered, json_key(entry)) && !ended) {
            json_set(part, json_key(entry), json_copy(entry));
            continue;
        }
        if (strlist_has(&alerts->lost, json_key(entry)) && !ended)
            note_lost(entry);
        apply_ended(entry, part, now_us, news);
    }
    json_free(before);
}

void alerts_recall(struct alerts *alerts, const struct state *state)
{
    for (size_t i = 0; i < alerts->count; i++) {
        struct alert *alert = &alerts->items[i];
        const struct json *entry = json_get(json_get(state->root, ALERTS_PART), alert->name);
        int64_t since;
        if (json_is_object(entry) && !json_get(entry, "over") &&
            clock_parse(json_str(entry, "since", NULL), &since))
            clock_format(since, alert->since);
    }
}

/* --- documents ------------------------------------------------------------------------- */

void alert_figures(const struct alert *alert, struct json *object)
{
    if (!alert->measured)
        return;
    json_set_double(object, "value", alert->value);
    json_set_double(object, "threshold", alert->threshold);
    if (alert->stale[0])
        json_set_str(object, "notMeasuredSince", alert->stale);
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
