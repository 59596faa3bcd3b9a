/* The circuit breakers as a table and as JSON. */
#include "ops/breakers.h"

#include <stdio.h>
#include <string.h>

#include "cli/report.h"
#include "state/breaker.h"
#include "state/state.h"

#define TEXT_SIZE 32

static const enum role roles[] = {ROLE_PRIMARY, ROLE_SECONDARY};

static void fill_counts(struct json *object, const struct breaker *breaker)
{
    double mean = breaker_avg_duration(breaker);
    json_set_int(object, "totalRequests", breaker->requests);
    json_set_int(object, "totalFailures", breaker->failures);
    json_set_double(object, "successRate", breaker_success_rate(breaker));
    if (mean < 0)
        json_set_null(object, "avgDuration");
    else
        json_set_double(object, "avgDuration", mean);
}

static void fill(struct json *object, const struct breaker *breaker)
{
    json_set_str(object, "state", breaker_status_name(breaker->status));
    json_set_int(object, "consecutiveFailures", breaker->failures_in_a_row);
    fill_counts(object, breaker);
    json_set_str(object, "retryAt", breaker->retry_at[0] ? breaker->retry_at : NULL);
}

/* Of both together. */
static void fill_global(struct json *object, const struct breaker *all, int64_t open)
{
    json_set_int(object, "openBreakers", open);
    fill_counts(object, all);
}

static void add_row(struct report *report, enum role role, const struct breaker *breaker)
{
    char requests[TEXT_SIZE];
    char failures[TEXT_SIZE];
    char rate[TEXT_SIZE];
    char mean[TEXT_SIZE];
    static const enum report_mark marks[] = {[BREAKER_CLOSED] = REPORT_GOOD,
                                             [BREAKER_OPEN] = REPORT_BAD,
                                             [BREAKER_HALF_OPEN] = REPORT_WARNING};
    double ms = breaker_avg_duration(breaker);
    (void)snprintf(rate, sizeof rate, "%.1f %%", 100 * breaker_success_rate(breaker));
    (void)snprintf(mean, sizeof mean, "%.0f ms", ms);
    const char *const cells[] = {
        role_name(role),
        breaker_status_name(breaker->status),
        report_count(breaker->requests, requests),
        report_count(breaker->failures, failures),
        breaker->requests > 0 ? rate : NULL,
        ms < 0 ? NULL : mean,
        breaker->retry_at[0] ? breaker->retry_at : NULL,
    };
    report_row(report, cells);
    report_mark(report, 1, marks[breaker->status]);
}

static void print(struct cli *cli, const struct config *config, const struct state *state)
{
    static const char *const headings[] = {"BREAKER",         "STATE",         ">REQUESTS",
                                           ">FAILURES",       ">SUCCESS RATE", ">MEAN DURATION",
                                           "TRIED AGAIN FROM"};
    struct report *report = report_new(headings, sizeof headings / sizeof headings[0]);
    struct json *object = cli->common.json ? json_set_object(cli->document, "breakers") : NULL;
    struct breaker all = {.status = BREAKER_CLOSED};
    int64_t open = 0;
    for (size_t i = 0; i < (config->urls[ROLE_SECONDARY] ? 2U : 1U); i++) {
        struct breaker breaker;
        breaker_read(&breaker, state, roles[i]);
        add_row(report, roles[i], &breaker);
        if (object)
            fill(json_set_object(object, role_name(roles[i])), &breaker);
        all.requests += breaker.requests;
        all.failures += breaker.failures;
        all.duration_ms += breaker.duration_ms;
        open += breaker.status != BREAKER_CLOSED;
    }
    if (object)
        fill_global(json_set_object(cli->document, "global"), &all, open);
    if (!object && !cli->common.quiet)
        report_print(report, stdout, cli->color_out);
    report_free(report);
}

bool breakers_print(struct cli *cli, const struct config *config, struct err *err)
{
    struct state state = STATE_INIT;
    if (!state_peek(&state, config->state_dir, err))
        return false;
    print(cli, config, &state);
    state_release(&state);
    return true;
}

bool breakers_reset(struct cli *cli, const struct config *config, const char *which,
                    struct err *err)
{
    struct state state = STATE_INIT;
    bool ok = state_load(&state, config->state_dir, err) && state_begin(&state, err);
    for (size_t i = 0; ok && i < 2; i++) {
        if (strcmp(which, "all") == 0 || strcmp(which, role_name(roles[i])) == 0)
            breaker_reset(&state, roles[i]);
    }
    ok = ok && state_commit(&state, err);
    if (ok)
        print(cli, config, &state);
    state_release(&state);
    return ok;
}
