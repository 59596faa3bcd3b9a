/* Telling of a check that could not be recorded. */
#include "ops/unrecorded.h"

#include "base/clock.h"
#include "base/log.h"
#include "ops/alerts.h"
#include "ops/hook.h"
#include "ops/unrecorded_mark.h"

#define LIMIT_MS 20000

static bool run_command(const struct config *config, enum role active, const char *severity,
                        const char *message, size_t alerts)
{
    struct err err = ERR_INIT;
    struct hook_event event = {.event = "alert",
                               .active = active,
                               .reason = UNRECORDED_ALERT,
                               .message = message,
                               .limit_ms = LIMIT_MS,
                               .severity = severity,
                               .alerts = alerts};
    if (hook_run(config, &event, &err))
        return true;
    log_warn("%s: %s", UNRECORDED_ALERT, err.message);
    return false;
}

static bool is_due(const struct config *config, bool critical)
{
    int64_t told_us;
    if (!unrecorded_mark_find(config, critical, &told_us))
        return true;
    int64_t age_ms = (clock_now_us() - told_us) / 1000;
    int64_t repeat_ms = config->alerts.repeat_ms;
    return age_ms < 0 || (repeat_ms > 0 && age_ms >= repeat_ms);
}

void unrecorded_tell(const struct config *config, enum role active, bool critical,
                     const char *message, size_t alerts)
{
    if (!is_due(config, critical))
        return;
    /* It is put anew, so that its time is that of now; the other severity is no more. */
    unrecorded_mark_drop(config, critical);
    unrecorded_mark_drop(config, !critical);
    unrecorded_mark_put(config, critical);
    if (!run_command(config, active, alert_severity(critical), message, alerts + 1))
        unrecorded_mark_drop(config, critical);
}

void unrecorded_over(const struct config *config, enum role active, size_t alerts)
{
    bool critical;
    int64_t told_us;
    if (!unrecorded_lasts(config, &critical, &told_us) ||
        !run_command(config, active, "ok", "over: checks are recorded again", alerts))
        return;
    unrecorded_mark_drop(config, true);
    unrecorded_mark_drop(config, false);
}
