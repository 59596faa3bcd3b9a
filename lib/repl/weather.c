/* Which errors are weather, and how long it is waited for. */
#include "repl/weather.h"

#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "db/pipeline.h"
#include "db/query.h"

#define CONFLICT_TRIES 20
#define CONFLICT_MS 600000
#define LOST_TRIES 8
#define CONFLICT_PAUSE_MS 20
#define LOST_PAUSE_MS 200
#define PAUSE_MAX_MS 3000
/* CockroachDB before version 25.1 says so as an error. */
#define NO_TRANSACTION "25P01"
/* A database that answered a moment ago may restart. */
#define AWAY_MS 30000

static atomic_int_fast64_t retries;

static bool is_among(const char *state, const char *const *states, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++)
        if (!strcmp(state, states[i]))
            return true;
    return false;
}

/* It stops, starts, or has crashed. */
static bool is_going(const struct err *err)
{
    static const char *const states[] = {"57P01", "57P02", "57P03"};

    return is_among(err->sqlstate, states, sizeof(states) / sizeof(states[0]));
}

enum weather_kind weather_kind(const struct err *err)
{
    static const char *const conflicts[] = {"40001", "40P01", "55C01", "58C00", "58C01"};

    if (err->code == ERR_STOPPED)
        return WEATHER_NONE;
    if (is_among(err->sqlstate, conflicts, sizeof(conflicts) / sizeof(conflicts[0])))
        return WEATHER_CONFLICT;
    if (!strcmp(err->sqlstate, "40003"))
        return WEATHER_UNSURE;
    if (err->code == ERR_UNREACHABLE || !strncmp(err->sqlstate, "08", 2) || is_going(err))
        return WEATHER_LOST;
    return WEATHER_NONE;
}

bool weather_is_doubt(const struct err *err)
{
    static const char *const classes[] = {"08", "57", "58", "XX"};
    size_t i;

    if (weather_kind(err) == WEATHER_CONFLICT)
        return false;
    for (i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
        if (!strncmp(err->sqlstate, classes[i], 2))
            return true;
    return !*err->sqlstate || !strcmp(err->sqlstate, "40003");
}

bool weather_is_size(const struct err *err)
{
    static const char *const states[] = {"53200", "53400", "54000"};

    return is_among(err->sqlstate, states, sizeof(states) / sizeof(states[0])) ||
           (!strcmp(err->sqlstate, "40001") &&
            strstr(err->message, "RETRY_COMMIT_DEADLINE_EXCEEDED"));
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
    enum weather_kind kind = weather_kind(err);
    int64_t now = clock_mono_ms();

    if (w->attempts == 0)
        w->began_ms = now;
    if (connected) {
        w->seen = true;
        w->last_seen_ms = now;
    }
    if (!connected && w->seen && w->away_ms && is_away(err))
        return now - w->last_seen_ms < w->away_ms;
    if (kind == WEATHER_LOST)
        return (connected || is_going(err)) && w->attempts + 1 < LOST_TRIES;
    if (kind == WEATHER_NONE)
        return false;
    return w->attempts + 1 < CONFLICT_TRIES && now - w->began_ms < CONFLICT_MS;
}

/* Full jitter: those who met in one moment do not meet again in the next. */
static int64_t pause_ms(const struct weather *w, const struct err *err)
{
    int64_t longest = weather_kind(err) == WEATHER_LOST ? LOST_PAUSE_MS : CONFLICT_PAUSE_MS;
    int i;

    for (i = 0; i < w->attempts && longest < PAUSE_MAX_MS; i++)
        longest *= 2;
    if (longest > PAUSE_MAX_MS)
        longest = PAUSE_MAX_MS;
    return clock_mono_us() % (longest + 1);
}

bool weather_wait(struct weather *w, bool connected, const struct err *err)
{
    int64_t pause;

    if (!may_try(w, connected, err))
        return false;
    pause = pause_ms(w, err);
    /* What only refuses costs no attempt; the pauses end at the longest anyway. */
    if (w->attempts + 2 < LOST_TRIES || connected)
        w->attempts++;
    weather_count();
    log_debug("trying again: %s", err->message);
    clock_sleep_ms(pause);
    return true;
}

bool weather_settle(struct conn *conn, struct err *err)
{
    struct err ignored = ERR_INIT;

    err_clear(err);
    if (!conn_alive(conn))
        return conn_reopen(conn, err);
    (void)pipeline_end(conn, &ignored);
    if (query_script(conn, "ROLLBACK", err) || strcmp(err->sqlstate, NO_TRANSACTION) != 0)
        return err->code == ERR_NONE;
    err_clear(err);
    return true;
}

void weather_give_up(const struct weather *w, struct err *err)
{
    if (w->attempts > 1 && weather_kind(err) == WEATHER_CONFLICT)
        err_hint(err,
                 "given up after %d attempts: others write the same rows, or the database is "
                 "overloaded; run the program again",
                 w->attempts + 1);
}

bool weather_recover(struct weather *w, struct conn *conn, struct err *err)
{
    bool connected = true;

    if (!w->away_ms)
        w->away_ms = AWAY_MS;
    for (; weather_wait(w, connected, err); connected = conn_alive(conn))
        if (weather_settle(conn, err))
            return true;
    weather_give_up(w, err);
    return false;
}

bool weather_pass(struct conn *conn, weather_step step, void *context, struct err *err)
{
    struct weather weather = {0};

    while (!step(context, err))
        if (conn_kind(conn) != ENGINE_COCKROACH || !weather_recover(&weather, conn, err))
            return false;
    return true;
}

void weather_clear(struct weather *w)
{
    w->attempts = 0;
}

void weather_count(void)
{
    atomic_fetch_add(&retries, 1);
}

int64_t weather_retries(void)
{
    return atomic_load(&retries);
}
