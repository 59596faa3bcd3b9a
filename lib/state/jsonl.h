/* Files of one JSON object per line that only grow, up to a size; then the file is renamed to
 * NAME.1 and begun anew. */
#ifndef DBR_STATE_JSONL_H
#define DBR_STATE_JSONL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/json.h"

/* Appends line (freed in any case) to path, created 0600. max_size in bytes; several programs may
 * append at once. */
bool jsonl_append(const char *path, struct json *line, size_t max_size, struct err *err);

#endif
