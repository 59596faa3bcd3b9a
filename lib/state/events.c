/* The record of what happened to the pair, for people and for hooks. */
#include "state/events.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "state/jsonl.h"

#define EVENTS_MAX ((size_t)8 << 20)

void events_write(const struct state *state, const char *event, const char *reason,
                  const char *message, struct json *extra)
{
    char now[CLOCK_TEXT_SIZE];
    struct err err = ERR_INIT;
    struct json *line = json_object();
    json_set_str(line, "time", clock_format(clock_now_us(), now));
    json_set_str(line, "event", event);
    json_set_str(line, "active", role_name(state_active(state)));
    json_set_str(line, "reason", reason);
    json_set_str(line, "message", message);
    for (const struct json *item = json_first(extra); item; item = json_next(item))
        json_set(line, json_key(item), json_copy(item));
    json_free(extra);
    char *path = state_path(state, "events.jsonl");
    if (!jsonl_append(path, line, EVENTS_MAX, &err))
        log_warn("event %s is not recorded: %s", event, err.message);
    free(path);
}
