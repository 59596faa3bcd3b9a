/* Files of one JSON object per line that only grow, up to a size; then the file is renamed to
 * NAME.1 and begun anew. Reading goes through both. */
#ifndef DBR_STATE_JSONL_H
#define DBR_STATE_JSONL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/json.h"

/* Appends line (freed in any case) to path, created 0600. max_size in bytes; several programs may
 * append at once. */
bool jsonl_append(const char *path, struct json *line, size_t max_size, struct err *err);

/* Gets one line, NUL-terminated and without its end; false when it is damaged. */
typedef bool jsonl_take(void *context, const char *line, size_t len);

/*
 * Hands every line of NAME.1 and then of NAME to take, the oldest first. *damaged: how many it did
 * not understand, or were longer than 256 KiB. A file that does not exist has no lines; ERR_USAGE
 * for one that cannot be read. Empty lines are passed over.
 */
bool jsonl_each(const char *path, jsonl_take *take, void *context, int64_t *damaged,
                struct err *err);

#endif
