/* Answers from the state directory. The last check is as good as a new one while it is younger than
 * the interval of checks; else dbr-health makes one, which is recorded, so that however often
 * somebody asks the databases are asked once an interval. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/lock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/version.h"
#include "ops/api_answers.h"
#include "ops/api_relay.h"
#include "ops/api_run.h"
#include "ops/health_judge.h"
#include "ops/health_report.h"
#include "state/events.h"

#define EVENTS_DEFAULT 50
#define EVENTS_MAX 500

static void state_unusable(struct api *api, const struct err *err)
{
    log_error("dbr-api: %s%s%s", err->message, err->hint[0] ? ": " : "", err->hint);
    api_fail(api->response, 500, "usage", "dbr's state on the server cannot be read",
             "dbr-health --doctor on the server says what to do");
}

/* --- health ---------------------------------------------------------------------- */

/* A state that needs the secondary while none is configured is for dbr-health to refuse. */
static bool is_fresh(const struct api *api, const struct state *state)
{
    enum role active = state_active(state);
    const char *text = json_str(health_entry(state, active), "lastCheck", NULL);
    int64_t when;
    if (!text || !clock_parse(text, &when) || !api->config->urls[active])
        return false;
    int64_t age_ms = (clock_now_us() - when) / 1000;
    return age_ms >= 0 && age_ms < api->config->health_interval_ms;
}

/* False when there is no record that is fresh enough, or the state cannot be read. */
static bool give_record(struct api *api, bool *readable)
{
    struct state state = STATE_INIT;
    struct health_judgement judgement;
    struct err err = ERR_INIT;
    *readable = state_peek(&state, api->config->state_dir, &err);
    if (!*readable) {
        state_unusable(api, &err);
        return false;
    }
    bool fresh = is_fresh(api, &state);
    if (fresh) {
        struct json *document = json_object();
        health_judge(api->config, &state, &judgement);
        health_document(api->config, &state, &judgement, document);
        health_judgement_release(&judgement);
        api_give(api->response, document);
    }
    state_release(&state);
    return fresh;
}

/* A check that saw something is an answer, also where it could not be recorded. */
static void keep_seen(struct api_response *response)
{
    struct json *document = response->document;
    const char *why = json_str(json_get(document, "error"), "message", NULL);
    if (response->status == 200 || !json_get(document, "status"))
        return;
    if (!json_is_array(json_get(document, "warnings")))
        (void)json_set_array(document, "warnings");
    if (why)
        json_add_str(json_get(document, "warnings"), why);
    json_remove(document, "error");
    json_set_bool(document, "success", true);
    response->status = 200;
}

/* Of several that come at once, one asks the databases. */
static void check_anew(struct api *api)
{
    static const char *const options[] = {NULL};
    struct lock lock = LOCK_INIT;
    bool readable;
    (void)api_relay_queue(api, "api-health.lock",
                          2 * (int64_t)api->config->health_timeout_ms + 5000, &lock);
    if (!give_record(api, &readable) && readable) {
        api_relay_health(api, options);
        /* One that was too slow may have recorded what it saw. */
        if (api->response->status == 503)
            (void)give_record(api, &readable);
        keep_seen(api->response);
    }
    lock_release(&lock);
}

/* The health document; false when the response is an error. */
static bool give_health(struct api *api)
{
    bool readable;
    if (!give_record(api, &readable) && readable)
        check_anew(api);
    return api->response->status == 200;
}

void api_answer_db_health(struct api *api, const char *argument)
{
    (void)argument;
    if (give_health(api))
        api_run_report(api->config->state_dir, api->response->document);
}

/* For load balancers and uptime checks: few words, and a status that says it all. */
void api_answer_health(struct api *api, const char *argument)
{
    (void)argument;
    if (!give_health(api))
        return;
    const struct json *whole = api->response->document;
    const char *active = json_str(whole, "activeDatabase", "primary");
    const char *status = json_str(whole, "status", "critical");
    const char *checked = json_str(json_get(whole, active), "lastCheck", NULL);
    bool critical = strcmp(status, "critical") == 0;
    struct json *document = json_object();
    json_set_bool(document, "success", true);
    json_set_str(document, "status", status);
    json_set_str(document, "activeDatabase", active);
    json_set_str(document, "lastCheck", checked);
    api_give(api->response, document);
    api->response->status = critical ? 503 : 200;
}

void api_answer_alerts(struct api *api, const char *argument)
{
    static const char *const kept[] = {"success", "status", "alerts", "warnings", NULL};
    (void)argument;
    if (give_health(api))
        api_give_members(api->response, kept);
}

/* --- the rest -------------------------------------------------------------------- */

void api_answer_version(struct api *api, const char *argument)
{
    struct json *document = json_object();
    (void)argument;
    json_set_bool(document, "success", true);
    json_set_str(document, "name", "dbr");
    json_set_str(document, "version", DBR_VERSION);
    api_give(api->response, document);
}

/* False after an answer that says what a limit may be. */
static bool read_limit(struct api *api, size_t *limit)
{
    char text[8];
    *limit = EVENTS_DEFAULT;
    if (!api_request_query(&api->request, "limit", text, sizeof text))
        return true;
    char *end;
    long number = strtol(text, &end, 10);
    if (*end || text[strspn(text, "0123456789")] || number < 1 || number > EVENTS_MAX)
        return api_fail(api->response, 400, "bad_request", "that is no limit",
                        "limit is a number from 1 to 500");
    *limit = (size_t)number;
    return true;
}

void api_answer_events(struct api *api, const char *argument)
{
    struct state state = STATE_INIT;
    struct err err = ERR_INIT;
    size_t limit;
    (void)argument;
    if (!read_limit(api, &limit))
        return;
    struct json *events = NULL;
    if (state_peek(&state, api->config->state_dir, &err))
        events = events_last(&state, limit, &err);
    state_release(&state);
    if (!events) {
        state_unusable(api, &err);
        return;
    }
    struct json *document = json_object();
    json_set_bool(document, "success", true);
    json_set(document, "events", events);
    api_give(api->response, document);
}
