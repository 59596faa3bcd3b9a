/* Takes an event from a script: one line in events.jsonl, one run of DB_ON_EVENT. */
#include "ops/event.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/clock.h"
#include "ops/hook.h"
#include "state/config.h"
#include "state/events.h"
#include "state/state.h"

static bool check_options(const struct event_options *o, struct err *err)
{
    const char *missing = !o->event ? "--event" : !o->message ? "--message" : NULL;
    return !missing || err_set(err, ERR_USAGE, "%s is required", missing);
}

static void record(const struct state *state, const struct event_options *options,
                   const char *message)
{
    struct json *extra = json_object();
    if (options->file)
        json_set_str(extra, "file", options->file);
    events_write(state, options->event, options->reason, message, extra);
}

bool ops_event(struct cli *cli, const struct event_options *options, struct err *err)
{
    const struct options_common *common = &cli->common;
    struct state state = STATE_INIT;
    struct buf message = BUF_INIT;
    struct config config;
    if (!check_options(options, err))
        return false;
    json_set_str(cli->document, "program", cli->program->name);
    buf_add_clean(&message, options->message);
    bool ok = config_load(&config, common->env_file, common->state_dir, false, err) &&
              state_load(&state, config.state_dir, err);
    if (ok) {
        struct hook_event event = {.event = options->event,
                                   .active = state_active(&state),
                                   .reason = options->reason,
                                   .message = message.data,
                                   .time_us = clock_now_us(),
                                   .file = options->file};
        record(&state, options, message.data);
        ok = hook_run(&config, &event, err);
    }
    state_release(&state);
    config_release(&config);
    buf_release(&message);
    return ok;
}
