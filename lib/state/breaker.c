/* The breakers' bookkeeping. What a breaker does to a program stands in breaker_admit. */
#include "state/breaker.h"

#include <stdio.h>
#include <string.h>

#define PAUSE_FIRST_MS INT64_C(30000)
#define PAUSE_MAX_MS INT64_C(600000)

const char *breaker_status_name(enum breaker_status status)
{
    static const char *const names[] = {"CLOSED", "OPEN", "HALF_OPEN"};
    return names[status];
}

static const struct json *entry_of(const struct state *state, enum role role)
{
    return json_get(json_get(state->root, "breakers"), role_name(role));
}

void breaker_read(struct breaker *breaker, const struct state *state, enum role role)
{
    const struct json *entry = entry_of(state, role);
    const char *retry = json_str(entry, "retryAt", NULL);
    int64_t at = 0;
    memset(breaker, 0, sizeof *breaker);
    breaker->failures_in_a_row = json_int(entry, "consecutiveFailures", 0);
    breaker->openings = json_int(entry, "openings", 0);
    breaker->requests = json_int(entry, "totalRequests", 0);
    breaker->failures = json_int(entry, "totalFailures", 0);
    breaker->duration_ms = json_int(entry, "totalDurationMs", 0);
    if (!retry || !clock_parse(retry, &at))
        return;
    int64_t left = at - clock_now_us();
    /* Further ahead than any pause: the clock was set back meanwhile. */
    breaker->status = left > 0 && left <= PAUSE_MAX_MS * 1000 ? BREAKER_OPEN : BREAKER_HALF_OPEN;
    (void)snprintf(breaker->retry_at, sizeof breaker->retry_at, "%s", retry);
}

double breaker_success_rate(const struct breaker *breaker)
{
    if (breaker->requests <= 0)
        return 1;
    return (double)(breaker->requests - breaker->failures) / (double)breaker->requests;
}

double breaker_avg_duration(const struct breaker *breaker)
{
    int64_t good = breaker->requests - breaker->failures;
    return good > 0 ? (double)breaker->duration_ms / (double)good : -1;
}

static void save(struct state *state, enum role role, const struct breaker *breaker)
{
    struct json *parts = state_part(state, "breakers");
    struct json *entry;
    if (!json_is_object(parts))
        parts = json_set_object(state->root, "breakers");
    entry = json_get(parts, role_name(role));
    if (!json_is_object(entry))
        entry = json_set_object(parts, role_name(role));
    json_set_int(entry, "consecutiveFailures", breaker->failures_in_a_row);
    json_set_int(entry, "openings", breaker->openings);
    json_set_str(entry, "retryAt", breaker->retry_at[0] ? breaker->retry_at : NULL);
    json_set_int(entry, "totalRequests", breaker->requests);
    json_set_int(entry, "totalFailures", breaker->failures);
    json_set_int(entry, "totalDurationMs", breaker->duration_ms);
}

static void open_for_a_pause(struct breaker *breaker)
{
    int64_t pause = PAUSE_FIRST_MS;
    for (int64_t i = 0; i < breaker->openings && pause < PAUSE_MAX_MS; i++)
        pause *= 2;
    if (pause > PAUSE_MAX_MS)
        pause = PAUSE_MAX_MS;
    breaker->openings++;
    (void)clock_format(clock_now_us() + pause * 1000, breaker->retry_at);
}

static void close_breaker(struct breaker *breaker)
{
    breaker->status = BREAKER_CLOSED;
    breaker->failures_in_a_row = 0;
    breaker->openings = 0;
    breaker->retry_at[0] = '\0';
}

void breaker_success(struct state *state, enum role role, int64_t duration_ms)
{
    struct breaker breaker;
    breaker_read(&breaker, state, role);
    close_breaker(&breaker);
    breaker.requests++;
    breaker.duration_ms += duration_ms;
    save(state, role, &breaker);
}

void breaker_failure(struct state *state, enum role role, bool outage, int threshold)
{
    struct breaker breaker;
    breaker_read(&breaker, state, role);
    breaker.requests++;
    breaker.failures++;
    breaker.failures_in_a_row += outage;
    /* A failure during the pause is what the pause expects: it begins anew only after a trial. */
    if (outage && breaker.failures_in_a_row >= threshold && breaker.status != BREAKER_OPEN)
        open_for_a_pause(&breaker);
    save(state, role, &breaker);
}

void breaker_reset(struct state *state, enum role role)
{
    struct breaker breaker;
    memset(&breaker, 0, sizeof breaker);
    save(state, role, &breaker);
}

void breaker_close_all(struct state *state)
{
    static const enum role roles[] = {ROLE_PRIMARY, ROLE_SECONDARY};
    for (int i = 0; i < 2; i++) {
        struct breaker breaker;
        breaker_read(&breaker, state, roles[i]);
        if (breaker.status == BREAKER_CLOSED)
            continue;
        close_breaker(&breaker);
        save(state, roles[i], &breaker);
    }
}

static bool refuse(const struct breaker *breaker, enum role role, struct err *err)
{
    const char *name = role_name(role);
    err_set(err, ERR_UNREACHABLE,
            "the circuit breaker of the %s is open: the last %lld checks found it down", name,
            (long long)breaker->failures_in_a_row);
    return err_hint(err,
                    "it is tried again from %s on; run dbr-health, which looks at once, or "
                    "dbr-health --reset-breaker=%s",
                    breaker->retry_at, name);
}

/* The trial: whoever comes next finds the breaker open again until somebody has closed it. */
static bool claim(struct state *state, enum role role, struct err *err)
{
    struct breaker breaker;
    if (!state_begin(state, err))
        return false;
    breaker_read(&breaker, state, role);
    if (breaker.status == BREAKER_OPEN) {
        state_rollback(state);
        return refuse(&breaker, role, err);
    }
    if (breaker.status == BREAKER_CLOSED) {
        state_rollback(state);
        return true;
    }
    open_for_a_pause(&breaker);
    save(state, role, &breaker);
    return state_commit(state, err);
}

bool breaker_check_one(const struct state *state, enum role role, struct err *err)
{
    struct breaker breaker;
    breaker_read(&breaker, state, role);
    return breaker.status != BREAKER_OPEN || refuse(&breaker, role, err);
}

bool breaker_check(const struct state *state, struct err *err)
{
    return breaker_check_one(state, ROLE_PRIMARY, err) &&
           breaker_check_one(state, ROLE_SECONDARY, err);
}

bool breaker_admit(struct state *state, struct err *err)
{
    static const enum role roles[] = {ROLE_PRIMARY, ROLE_SECONDARY};
    if (!breaker_check(state, err))
        return false;
    for (int i = 0; i < 2; i++) {
        struct breaker breaker;
        breaker_read(&breaker, state, roles[i]);
        if (breaker.status == BREAKER_HALF_OPEN && !claim(state, roles[i], err))
            return false;
    }
    return true;
}
