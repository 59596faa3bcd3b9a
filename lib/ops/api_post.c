/* What is done on request: the same programs that a person would run, with the consent that the
 * token gives. */
#include <string.h>

#include "base/log.h"
#include "ops/api_answers.h"
#include "ops/api_child.h"
#include "ops/api_run.h"
#include "state/events.h"

/* The kind of the events that a program writes: "dbr-sync" writes "sync". */
static const char *event_of(const char *program)
{
    return strcmp(program, "dbr-health") == 0 ? "health" : program + sizeof "dbr-" - 1;
}

/* Who asked, for the records: what a client says of itself, and where it was. */
static void describe(const struct api *api, struct buf *by)
{
    buf_addf(by, "%s (%s, HTTP API)", api->wish.who[0] ? api->wish.who : "unnamed",
             api->request.address);
    if (api->wish.reason[0])
        buf_addf(by, ": %s", api->wish.reason);
}

/* Before the run, so that it is known also of one that was cut short. */
static void record_request(const struct api *api, const char *program, const char *by,
                           const char *message)
{
    struct state state = STATE_INIT;
    struct err err = ERR_INIT;
    struct json *extra = json_object();
    json_set_str(extra, "via", "api");
    json_set_str(extra, "address", api->request.address);
    if (state_peek(&state, api->config->state_dir, &err)) {
        events_write(&state, event_of(program), by, message, extra);
        state_release(&state);
    } else {
        json_free(extra);
        log_warn("dbr-api: the request is not recorded: %s", err.message);
    }
}

static void run(struct api *api, const char *program, const struct strlist *argv, const char *by)
{
    struct api_run job = {.program = program,
                          .event = event_of(program),
                          .by = by,
                          .address = api->request.address,
                          .argv = argv};
    api_run(api->config, &job, api->response);
}

void api_answer_operation(struct api *api, const char *program)
{
    struct strlist argv = STRLIST_INIT;
    struct buf by = BUF_INIT;
    struct err err = ERR_INIT;
    describe(api, &by);
    if (api_child_command(&argv, program, &err)) {
        strlist_add(&argv, "--yes");
        if (api->wish.dry_run)
            strlist_add(&argv, "--dry-run");
        if (strcmp(program, "dbr-sync") != 0)
            strlist_addf(&argv, "--reason=%s", by.data);
        record_request(api, program, by.data,
                       api->wish.dry_run ? "a dry run was asked for" : "asked for");
        run(api, program, &argv, by.data);
    } else {
        api_child_failed(program, err.message, api->response);
    }
    buf_release(&by);
    strlist_release(&argv);
}

void api_answer_reset(struct api *api, const char *breaker)
{
    struct strlist argv = STRLIST_INIT;
    struct buf by = BUF_INIT;
    struct err err = ERR_INIT;
    describe(api, &by);
    if (api_child_command(&argv, "dbr-health", &err)) {
        strlist_addf(&argv, "--reset-breaker=%s", breaker);
        record_request(api, "dbr-health", by.data,
                       strcmp(breaker, "all") == 0       ? "both circuit breakers are reset"
                       : strcmp(breaker, "primary") == 0 ? "the primary's circuit breaker is reset"
                                                         : "the secondary's circuit breaker is "
                                                           "reset");
        run(api, "dbr-health", &argv, by.data);
    } else {
        api_child_failed("dbr-health", err.message, api->response);
    }
    buf_release(&by);
    strlist_release(&argv);
}
