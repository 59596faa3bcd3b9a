/* The rules of automatic switching, and its memory between runs. */
#include "ops/auto.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "ops/health_judge.h"

#define DAMPING_MAX 8
#define RETRY_FIRST_MS INT64_C(60000)
#define RETRY_MAX_MS INT64_C(3600000)

/* --- the decision -------------------------------------------------------------------------------
 */

static bool is_down(const struct auto_view *view, enum role role)
{
    return view->sides[role].failure == CONN_DOWN;
}

static bool is_fit(const struct auto_view *view, enum role role)
{
    return view->sides[role].failure == CONN_OK && !view->sides[role].in_recovery;
}

static enum auto_decision decide_failover(const struct auto_view *view)
{
    const struct auto_side *primary = &view->sides[ROLE_PRIMARY];
    /* The count alone is not enough: a failure of another kind may have come after the outage. */
    if (primary->failure != CONN_DOWN || primary->down < view->failover_threshold)
        return AUTO_NONE;
    if (!view->initialised)
        return AUTO_NOT_INITIALISED;
    if (!is_fit(view, ROLE_SECONDARY))
        return AUTO_STANDBY_UNFIT;
    return view->failover_on ? AUTO_FAILOVER : AUTO_FAILOVER_OFF;
}

static enum auto_decision decide_failback(const struct auto_view *view)
{
    if (is_down(view, ROLE_SECONDARY))
        return view->sides[ROLE_PRIMARY].failure == CONN_OK ? AUTO_ACTIVE_LOST : AUTO_NONE;
    if (!is_fit(view, ROLE_PRIMARY) || view->sides[ROLE_SECONDARY].failure != CONN_OK ||
        view->sides[ROLE_PRIMARY].successes < view->failback_threshold)
        return AUTO_NONE;
    if (!view->initialised)
        return AUTO_NOT_INITIALISED;
    if (!view->failback_on)
        return AUTO_FAILBACK_OFF;
    return view->waiting ? AUTO_FAILBACK_WAIT : AUTO_FAILBACK;
}

enum auto_decision auto_decide(const struct auto_view *view)
{
    if (view->isolated)
        return AUTO_ISOLATED;
    if (is_down(view, ROLE_PRIMARY) && is_down(view, ROLE_SECONDARY))
        return AUTO_BOTH_DOWN;
    return view->active == ROLE_PRIMARY ? decide_failover(view) : decide_failback(view);
}

bool auto_is_due(enum auto_decision decision)
{
    return decision >= AUTO_FAILOVER && decision <= AUTO_STANDBY_UNFIT;
}

const char *auto_obstacle(enum auto_decision decision)
{
    static const char *const texts[] = {
        [AUTO_FAILOVER_OFF] = "AUTO_FAILOVER_ENABLED is off: run dbr-failover",
        [AUTO_FAILBACK_OFF] = "AUTO_FAILBACK_ENABLED is off: run dbr-failback",
        [AUTO_NOT_INITIALISED] = "the secondary is not initialised completely",
        [AUTO_STANDBY_UNFIT] = "the secondary cannot take over",
        [AUTO_ACTIVE_LOST] = ("the secondary holds changes that must be merged first; "
                              "dbr-failback --force makes the primary active without them"),
        [AUTO_BOTH_DOWN] = "both databases offline",
        [AUTO_ISOLATED] = ("this machine is cut off (no witness of DB_WITNESS answers either); "
                           "nothing is counted"),
    };
    return texts[decision];
}

/* --- what it rests on ---------------------------------------------------------------------------
 */

int64_t auto_failback_threshold(const struct config *config, const struct state *state)
{
    int64_t factor = 1;
    for (int n = journal_recent_failbacks(state); n > 0 && factor < DAMPING_MAX; n--)
        factor *= 2;
    return config->failback_threshold * factor;
}

/* A failure whose kind is not known leads to nothing. */
static enum conn_failure failure_of(const struct json *entry)
{
    const char *name = json_str(entry, "failure", "");
    if (json_bool(entry, "connected", false))
        return CONN_OK;
    return strcmp(name, "down") == 0     ? CONN_DOWN
           : strcmp(name, "config") == 0 ? CONN_CONFIG
                                         : CONN_DEGRADED;
}

/* Further ahead than any pause: the clock was set back meanwhile. */
static bool is_ahead(int64_t at)
{
    int64_t left = at - clock_now_us();
    return left > 0 && left <= RETRY_MAX_MS * 1000;
}

void auto_view_read(struct auto_view *view, const struct config *config, const struct state *state)
{
    const char *retry = auto_retry_at(state);
    int64_t at;
    *view = (struct auto_view){
        .active = state_active(state),
        .initialised = state_init_status(state) == INIT_DONE,
        .isolated = json_bool(json_get(state->root, "health"), "isolated", false),
        .failover_on = config->auto_failover,
        .failback_on = config->auto_failback,
        .failover_threshold = config->failover_threshold,
        .failback_threshold = auto_failback_threshold(config, state),
        .waiting = retry && clock_parse(retry, &at) && is_ahead(at),
    };
    for (int role = ROLE_PRIMARY; role <= ROLE_SECONDARY; role++) {
        const struct json *entry = health_entry(state, (enum role)role);
        view->sides[role] = (struct auto_side){
            .failure = failure_of(entry),
            .in_recovery = json_bool(entry, "inRecovery", false),
            .down = json_int(entry, "consecutiveDown", 0),
            .successes = json_int(entry, "consecutiveSuccesses", 0),
        };
    }
}

/* --- memory -------------------------------------------------------------------------------------
 */

static const struct json *memory(const struct state *state)
{
    return json_get(state->root, "auto");
}

static int64_t pause_ms(int64_t attempts)
{
    int64_t pause = RETRY_FIRST_MS;
    while (--attempts > 0 && pause < RETRY_MAX_MS)
        pause *= 2;
    return pause < RETRY_MAX_MS ? pause : RETRY_MAX_MS;
}

void auto_set_blocked(struct state *state, enum switch_op op, const struct err *why)
{
    char time[CLOCK_TEXT_SIZE];
    struct json *part = state_part(state, "auto");
    int64_t attempts = json_int(part, "attempts", 0) + 1;
    if (attempts == 1)
        json_set_str(part, "since", clock_format(clock_now_us(), time));
    json_set_int(part, "attempts", attempts);
    json_set_str(part, "op", switch_op_name(op));
    json_set_str(part, "blockedBy", why->message);
    json_set_str(part, "hint", why->hint[0] ? why->hint : NULL);
    /* The application stands still until a failover: that is tried at each check. */
    if (op == SWITCH_FAILOVER)
        json_set_null(part, "retryAt");
    else
        json_set_str(part, "retryAt",
                     clock_format(clock_now_us() + pause_ms(attempts) * 1000, time));
}

void auto_clear_blocked(struct state *state)
{
    static const char *const names[] = {"since", "attempts", "op", "blockedBy", "hint", "retryAt"};
    struct json *part = json_get(state->root, "auto");
    for (size_t i = 0; json_is_object(part) && i < sizeof names / sizeof names[0]; i++)
        json_remove(part, names[i]);
}

char *auto_blocked(const struct state *state)
{
    const char *why = json_str(memory(state), "blockedBy", NULL);
    const char *hint = json_str(memory(state), "hint", NULL);
    if (!why)
        return NULL;
    return hint ? mem_printf("%s (%s)", why, hint) : mem_strdup(why);
}

const char *auto_retry_at(const struct state *state)
{
    return json_str(memory(state), "retryAt", NULL);
}

const char *auto_unfollowed(const struct state *state)
{
    const char *why = json_str(memory(state), "unfollowed", NULL);

    if (!why && journal_hook_failed(state))
        why = "DB_ON_EVENT failed, and is to be run again";
    return why;
}

void auto_set_unfollowed(struct state *state, const char *what)
{
    if (what || auto_unfollowed(state))
        json_set_str(state_part(state, "auto"), "unfollowed", what);
}
