/* Which errors are weather, and how long it is waited for. */
#include "repl/weather.h"

#include <stddef.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"

#define ATTEMPTS_MAX 8
#define BACKOFF_MS 200
#define BACKOFF_MAX_MS 3000

static bool is_retryable(const struct err *err)
{
    static const char *const states[] = {"40001", "40P01", "40003", "57P01", "57P03"};
    size_t i;

    for (i = 0; i < sizeof(states) / sizeof(states[0]); i++)
        if (!strcmp(err->sqlstate, states[i]))
            return true;
    return false;
}

/* A server that starts, or whose connections are all taken, is away too; one that does not know us
 * any more is not. */
static bool is_away(const struct err *err)
{
    return err->code == ERR_UNREACHABLE &&
           (!*err->sqlstate || !strncmp(err->sqlstate, "57P", 3) ||
            !strncmp(err->sqlstate, "08", 2) || !strcmp(err->sqlstate, "53300"));
}

/* Seen and away: its return is waited for by the clock, however often it refuses us. */
static bool may_try(struct weather *w, bool connected, const struct err *err)
{
    if (connected) {
        w->seen = true;
        w->last_seen_ms = clock_mono_ms();
    }
    if (!connected && w->seen && w->away_ms && is_away(err))
        return clock_mono_ms() - w->last_seen_ms < w->away_ms;
    if (!is_retryable(err) && !(connected && err->code == ERR_UNREACHABLE))
        return false;
    return w->attempts + 1 < ATTEMPTS_MAX;
}

bool weather_wait(struct weather *w, bool connected, const struct err *err)
{
    int64_t pause = BACKOFF_MAX_MS;

    if (!may_try(w, connected, err))
        return false;
    if (((int64_t)BACKOFF_MS << w->attempts) < pause)
        pause = (int64_t)BACKOFF_MS << w->attempts;
    /* What only refuses costs no attempt; the pauses end at the longest anyway. */
    if (w->attempts + 2 < ATTEMPTS_MAX || connected)
        w->attempts++;
    log_debug("trying again: %s", err->message);
    clock_sleep_ms(pause / 2 + clock_mono_us() % (pause / 2));
    return true;
}
