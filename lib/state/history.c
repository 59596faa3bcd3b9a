/* The record of all health checks; reading it is for those who report on it. */
#include "state/history.h"

#include <stdlib.h>

#include "state/jsonl.h"

/* About a year of checks every five minutes in the two files together. */
#define HISTORY_MAX ((size_t)8 << 20)

bool history_write(const struct state *state, struct json *line, struct err *err)
{
    char *path = state_path(state, "history.jsonl");
    bool ok = jsonl_append(path, line, HISTORY_MAX, err);
    free(path);
    return ok;
}
