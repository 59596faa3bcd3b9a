/* Telling of a check that could not be recorded. */
#include "ops/unrecorded.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "ops/alerts.h"
#include "ops/hook.h"
#include "ops/unrecorded_mark.h"

#define LIMIT_MS 20000

struct unrecorded_telling {
    struct hook_runs *run;
    bool over, critical;
};

static struct unrecorded_telling *begin(const struct config *config, enum role active,
                                        const char *severity, const char *message, size_t alerts)
{
    const struct hook_event event = {.event = "alert",
                                     .active = active,
                                     .reason = UNRECORDED_ALERT,
                                     .message = message,
                                     .limit_ms = LIMIT_MS,
                                     .severity = severity,
                                     .alerts = alerts};
    struct unrecorded_telling *telling = mem_alloc(sizeof *telling);
    *telling = (struct unrecorded_telling){.run = hook_start_all(config, &event, 1)};
    return telling;
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

struct unrecorded_telling *unrecorded_tell(const struct config *config, enum role active,
                                           bool critical, const char *message, size_t alerts)
{
    if (!is_due(config, critical))
        return NULL;
    /* It is put anew, so that its time is that of now; the other severity is no more. */
    unrecorded_mark_drop(config, critical);
    unrecorded_mark_drop(config, !critical);
    unrecorded_mark_put(config, critical);
    struct unrecorded_telling *telling =
        begin(config, active, alert_severity(critical), message, alerts + 1);
    telling->critical = critical;
    return telling;
}

struct unrecorded_telling *unrecorded_over(const struct config *config, enum role active,
                                           size_t alerts)
{
    bool critical;
    int64_t told_us;
    if (!unrecorded_lasts(config, &critical, &told_us))
        return NULL;
    struct unrecorded_telling *telling =
        begin(config, active, "ok", "over: checks are recorded again", alerts);
    telling->over = true;
    return telling;
}

bool unrecorded_has_ended(struct unrecorded_telling *telling)
{
    return hook_have_ended(telling->run);
}

void unrecorded_end(struct unrecorded_telling *telling, const struct config *config)
{
    struct hook_result result;
    if (!telling)
        return;
    hook_finish_all(telling->run, &result);
    bool told = result.err.code == ERR_NONE;
    if (!told)
        log_warn("%s: %s", UNRECORDED_ALERT, result.err.message);
    if (telling->over && told) {
        unrecorded_mark_drop(config, true);
        unrecorded_mark_drop(config, false);
    } else if (!telling->over && !told) {
        unrecorded_mark_drop(config, telling->critical);
    }
    free(telling);
}
