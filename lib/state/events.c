/* The record of what happened to the pair, for people and for hooks. */
#include "state/events.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
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

/* --- reading -------------------------------------------------------------------- */

/* The newest lines so far, round and round. */
struct ring {
    char **lines;
    size_t size;
    size_t seen; /* of all */
};

static bool remember(void *context, const char *line, size_t len)
{
    struct ring *ring = context;
    char **place = &ring->lines[ring->seen++ % ring->size];
    free(*place);
    *place = mem_strndup(line, len);
    return true;
}

static void add_parsed(struct json *array, const char *line)
{
    struct err ignored = ERR_INIT;
    struct json *event = json_parse(line, strlen(line), &ignored);
    if (json_is_object(event))
        json_add(array, event);
    else
        json_free(event);
}

struct json *events_last(const struct state *state, size_t limit, struct err *err)
{
    struct ring ring = {mem_array(NULL, limit, sizeof *ring.lines), limit, 0};
    struct json *array = json_array();
    int64_t damaged;
    memset(ring.lines, 0, limit * sizeof *ring.lines);
    char *path = state_path(state, "events.jsonl");
    bool ok = jsonl_each(path, remember, &ring, &damaged, err);
    free(path);
    for (size_t i = 0; ok && i < limit && i < ring.seen; i++)
        add_parsed(array, ring.lines[(ring.seen - 1 - i) % limit]);
    for (size_t i = 0; i < limit; i++)
        free(ring.lines[i]);
    free(ring.lines);
    if (ok)
        return array;
    json_free(array);
    return NULL;
}
