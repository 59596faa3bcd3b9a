/*
 * history.jsonl: one line per health check: {"time", "active", "primary": {"connected", "latency"},
 * "secondary": {...}}. Rotated by size (history.jsonl.1).
 */
#ifndef DBR_STATE_HISTORY_H
#define DBR_STATE_HISTORY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/json.h"
#include "state/state.h"

bool history_write(const struct state *state, struct json *line, struct err *err); /* frees line */

/* One check as it was recorded. */
struct history_sample {
    int64_t time_us;
    enum role active;
    struct {
        bool checked; /* false: there was no such database */
        bool connected;
        int64_t latency_ms; /* -1 while not connected */
    } side[2];              /* by role */
};

typedef void history_take(void *context, const struct history_sample *sample);

/*
 * Hands every check from from_us to to_us (both included) to take, in the order they were recorded.
 * *damaged: lines that could not be read and were skipped, of the whole record. dir: the state
 * directory; a record that does not exist is an empty one.
 */
bool history_read(const char *dir, int64_t from_us, int64_t to_us, history_take *take,
                  void *context, int64_t *damaged, struct err *err);

/* The same for one line; false when it is damaged. */
bool history_parse(const char *line, size_t len, struct history_sample *sample);

#endif
