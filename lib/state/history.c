/*
 * The record of all health checks. A month of checks every 30 seconds is 86,400 lines: lines as dbr
 * writes them are read directly, and only others (edited by hand, or with members of a later
 * release) by way of a JSON document.
 */
#include "state/history.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "state/jsonl.h"

/* A month of checks every 30 seconds fits into one of the two files. */
#define HISTORY_MAX ((size_t)16 << 20)
#define TIME_SIZE ((size_t)24) /* as clock_format writes it */

bool history_write(const struct state *state, struct json *line, struct err *err)
{
    char *path = state_path(state, "history.jsonl");
    bool ok = jsonl_append(path, line, HISTORY_MAX, err);
    free(path);
    return ok;
}

/* --- lines as dbr writes them ------------------------------------------------------ */

static bool skip(const char **p, const char *word)
{
    size_t len = strlen(word);
    if (strncmp(*p, word, len) != 0)
        return false;
    *p += len;
    return true;
}

static bool quick_number(const char **p, int64_t *value)
{
    const char *start = *p;
    for (*value = 0; **p >= '0' && **p <= '9' && *p - start < 12; (*p)++)
        *value = *value * 10 + (**p - '0');
    return *p > start;
}

static bool quick_side(const char **p, struct history_sample *sample, enum role role)
{
    sample->side[role].latency_ms = -1;
    sample->side[role].checked = true;
    if (skip(p, "null")) {
        sample->side[role].checked = false;
        return true;
    }
    sample->side[role].connected = skip(p, "{\"connected\":true");
    return (sample->side[role].connected || skip(p, "{\"connected\":false")) &&
           skip(p, ",\"latency\":") &&
           (skip(p, "null") || quick_number(p, &sample->side[role].latency_ms)) && skip(p, "}");
}

/* The day is the same for most lines in a row: only its time of day is computed anew. */
static bool quick_time(const char **p, int64_t *us)
{
    static const char seconds_of[] = "T00:00:00.000Z";
    static _Thread_local char day[11];
    static _Thread_local int64_t day_us;
    const char *text = *p;
    if (strnlen(text, TIME_SIZE) < TIME_SIZE)
        return false;
    if (memcmp(text, day, 10) != 0) {
        char whole[TIME_SIZE + 1];
        memcpy(whole, text, 10);
        memcpy(whole + 10, seconds_of, sizeof seconds_of);
        if (!clock_parse(whole, &day_us))
            return false;
        memcpy(day, text, 10);
    }
    int64_t part[4] = {0, 0, 0, 0}; /* hours, minutes, seconds, milliseconds */
    int at = 0;
    for (size_t i = 11; i < TIME_SIZE - 1; i++) {
        if (seconds_of[i - 10] != '0') {
            if (text[i] != seconds_of[i - 10])
                return false;
            at++;
            continue;
        }
        if (text[i] < '0' || text[i] > '9')
            return false;
        part[at] = part[at] * 10 + (text[i] - '0');
    }
    *p += TIME_SIZE;
    *us = day_us + (((part[0] * 60 + part[1]) * 60 + part[2]) * 1000 + part[3]) * 1000;
    return text[10] == 'T' && text[TIME_SIZE - 1] == 'Z' && part[0] < 24 && part[1] < 60 &&
           part[2] < 60;
}

static bool quick_line(const char *p, struct history_sample *sample)
{
    if (!skip(&p, "{\"time\":\"") || !quick_time(&p, &sample->time_us) ||
        !skip(&p, "\",\"active\":\""))
        return false;
    sample->active = skip(&p, "secondary") ? ROLE_SECONDARY : ROLE_PRIMARY;
    return (sample->active == ROLE_SECONDARY || skip(&p, "primary")) &&
           skip(&p, "\",\"primary\":") && quick_side(&p, sample, ROLE_PRIMARY) &&
           skip(&p, ",\"secondary\":") && quick_side(&p, sample, ROLE_SECONDARY) && skip(&p, "}") &&
           *p == '\0';
}

/* --- any other line ------------------------------------------------------------------ */

static void slow_side(const struct json *line, struct history_sample *sample, enum role role)
{
    const struct json *side = json_get(line, role_name(role));
    sample->side[role].checked = json_is_object(side);
    sample->side[role].connected = json_bool(side, "connected", false);
    sample->side[role].latency_ms = json_int(side, "latency", -1);
}

static bool slow_line(const char *text, size_t len, struct history_sample *sample)
{
    struct err ignored = ERR_INIT;
    struct json *line = json_parse(text, len, &ignored);
    bool ok = json_is_object(line) && clock_parse(json_str(line, "time", NULL), &sample->time_us);
    if (ok) {
        bool secondary = strcmp(json_str(line, "active", ""), role_name(ROLE_SECONDARY)) == 0;
        sample->active = secondary ? ROLE_SECONDARY : ROLE_PRIMARY;
        slow_side(line, sample, ROLE_PRIMARY);
        slow_side(line, sample, ROLE_SECONDARY);
    }
    json_free(line);
    return ok;
}

bool history_parse(const char *line, size_t len, struct history_sample *sample)
{
    memset(sample, 0, sizeof *sample);
    if (quick_line(line, sample))
        return true;
    memset(sample, 0, sizeof *sample);
    return slow_line(line, len, sample);
}

/* --- the file ------------------------------------------------------------------------ */

struct reading {
    int64_t from_us, to_us;
    history_take *take;
    void *context;
};

static bool take_line(void *context, const char *line, size_t len)
{
    const struct reading *reading = context;
    struct history_sample sample;
    if (!history_parse(line, len, &sample))
        return false;
    if (sample.time_us >= reading->from_us && sample.time_us <= reading->to_us)
        reading->take(reading->context, &sample);
    return true;
}

bool history_read(const char *dir, int64_t from_us, int64_t to_us, history_take *take,
                  void *context, int64_t *damaged, struct err *err)
{
    struct reading reading = {from_us, to_us, take, context};
    char *path = mem_printf("%s/history.jsonl", dir);
    bool ok = jsonl_each(path, take_line, &reading, damaged, err);
    free(path);
    return ok;
}
