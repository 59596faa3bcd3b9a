/* Telling of alerts: an event in the record, and DB_ON_EVENT. */
#include "base/buf.h"
#include "base/log.h"
#include "base/strlist.h"
#include "cli/report.h"
#include "ops/alerts.h"
#include "ops/hook.h"
#include "state/events.h"

#define TEXT_SIZE 32

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

static bool run_command(const struct config *config, const struct state *state,
                        const struct alert *alert, const char *message)
{
    struct err why = ERR_INIT;
    struct hook_event event = {
        .event = "alert",
        .active = state_active(state),
        .reason = alert->name,
        .message = message,
        .severity = alert->change == ALERT_OVER ? "ok" : alert_severity(alert->critical)};
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
        struct json *entry = json_get(json_get(state->root, ALERTS_PART), names->items[i]);
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
            json_set_str(extra, "severity", alert_severity(alert->critical));
            json_set_str(extra, "since", alert->since);
            alert_figures(alert, extra);
            events_write(state, "alert", alert->name, message.data, extra);
        }
        if (!run_command(config, state, alert, message.data) && alert->change != ALERT_OVER)
            strlist_add(&failed, alert->name);
    }
    forget_told(state, &failed);
    strlist_release(&failed);
    buf_release(&message);
}
