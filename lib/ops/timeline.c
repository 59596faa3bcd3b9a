/*
 * One pass over the record. Latencies are counted by millisecond, so that percentiles are exact and
 * memory does not grow with the number of checks.
 */
#include "ops/timeline.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "cli/terminal.h"
#include "state/history.h"
#include "state/jsonl.h"

#define POINTS_MAX 500
#define SPAN_DEFAULT "24h"
#define LATENCY_MAX 300000 /* the longest HEALTH_CHECK_TIMEOUT; what is above counts as this */

static const enum role roles[2] = {ROLE_PRIMARY, ROLE_SECONDARY};

/* The smallest round length that cuts the span into no more than POINTS_MAX. */
static int64_t bucket_seconds(int64_t span_s)
{
    static const int64_t round[] = {1,   5,    10,   30,   60,    120,   300,   600,
                                    900, 1800, 3600, 7200, 10800, 21600, 43200, 86400};
    for (size_t i = 0; i < sizeof round / sizeof round[0]; i++) {
        if (span_s <= round[i] * POINTS_MAX)
            return round[i];
    }
    int64_t day = 86400;
    return (span_s + POINTS_MAX * day - 1) / (POINTS_MAX * day) * day;
}

static void lay_out(struct timeline *timeline, int64_t to_us, int64_t span_ms)
{
    timeline->to_us = to_us;
    timeline->from_us = to_us - span_ms * 1000;
    timeline->bucket_us = bucket_seconds(span_ms / 1000) * 1000000;
    timeline->first_us = timeline->from_us - timeline->from_us % timeline->bucket_us;
    timeline->count = (size_t)((to_us - timeline->first_us) / timeline->bucket_us) + 1;
    timeline->points = mem_alloc(timeline->count * sizeof *timeline->points);
    for (size_t i = 0; i < 2; i++)
        timeline->by_ms[i] = mem_alloc((LATENCY_MAX + 1) * sizeof *timeline->by_ms[i]);
}

/* --- the checks -------------------------------------------------------------------- */

static void count_one(struct timeline_count *count, bool connected, int64_t latency)
{
    count->checks++;
    if (!connected) {
        count->failures++;
        return;
    }
    bool first = count->checks - count->failures == 1;
    count->min = first || latency < count->min ? latency : count->min;
    count->max = first || latency > count->max ? latency : count->max;
    count->sum += latency;
}

static void take_sample(void *context, const struct history_sample *sample)
{
    struct timeline *timeline = context;
    struct timeline_point *point =
        &timeline->points[(sample->time_us - timeline->first_us) / timeline->bucket_us];
    point->used = true;
    point->active = sample->active;
    for (size_t i = 0; i < 2; i++) {
        int64_t latency = sample->side[i].latency_ms;
        if (!sample->side[i].checked)
            continue;
        if (latency < 0)
            latency = 0;
        if (latency > LATENCY_MAX)
            latency = LATENCY_MAX;
        count_one(&point->side[i], sample->side[i].connected, latency);
        count_one(&timeline->side[i], sample->side[i].connected, latency);
        if (sample->side[i].connected)
            timeline->by_ms[i][latency]++;
    }
}

int64_t timeline_percentile(const struct timeline *timeline, enum role role, double percent)
{
    const struct timeline_count *count = &timeline->side[role];
    int64_t answered = count->checks - count->failures;
    int64_t rank = (int64_t)ceil(percent / 100 * (double)answered);
    int64_t seen = 0;
    for (int64_t ms = 0; ms <= LATENCY_MAX && answered > 0; ms++) {
        seen += timeline->by_ms[role][ms];
        if (seen >= rank && seen > 0)
            return ms;
    }
    return -1;
}

double timeline_availability(const struct timeline_count *count)
{
    if (count->checks == 0)
        return -1;
    return (double)(count->checks - count->failures) / (double)count->checks;
}

/* --- the switches ------------------------------------------------------------------- */

static void add_switch(struct timeline *timeline, const struct json *event, int64_t time_us)
{
    char time[CLOCK_TEXT_SIZE];
    timeline->switches =
        mem_array(timeline->switches, timeline->switch_count + 1, sizeof *timeline->switches);
    timeline->switches[timeline->switch_count++] = (struct timeline_switch){
        .time_us = time_us,
        .time = mem_strdup(clock_format(time_us, time)),
        .event = mem_strdup(json_str(event, "event", "")),
        .active = mem_strdup(json_str(event, "active", "")),
        .reason = mem_strdup(json_str(event, "reason", NULL)),
    };
}

static bool take_event(void *context, const char *line, size_t len)
{
    struct timeline *timeline = context;
    struct err ignored = ERR_INIT;
    int64_t time_us = 0;
    /* Most events are none of these; only those that may be are read. */
    if (!strstr(line, "\"failover\"") && !strstr(line, "\"failback\""))
        return true;
    struct json *event = json_parse(line, len, &ignored);
    const char *name = json_str(event, "event", "");
    bool ok = json_is_object(event) && clock_parse(json_str(event, "time", NULL), &time_us);
    /* With "via" it tells that somebody asked for one; the switch itself tells that it was made. */
    if (ok && !json_get(event, "via") &&
        (strcmp(name, "failover") == 0 || strcmp(name, "failback") == 0) &&
        time_us >= timeline->from_us && time_us <= timeline->to_us)
        add_switch(timeline, event, time_us);
    json_free(event);
    return ok;
}

static bool read_switches(struct timeline *timeline, const char *state_dir, struct err *err)
{
    int64_t damaged = 0;
    char *path = mem_printf("%s/events.jsonl", state_dir);
    bool ok = jsonl_each(path, take_event, timeline, &damaged, err);
    timeline->damaged += damaged;
    free(path);
    return ok;
}

bool timeline_read(struct timeline *timeline, const char *state_dir, int64_t to_us, int64_t span_ms,
                   struct err *err)
{
    memset(timeline, 0, sizeof *timeline);
    lay_out(timeline, to_us, span_ms);
    return history_read(state_dir, timeline->from_us, to_us, take_sample, timeline,
                        &timeline->damaged, err) &&
           read_switches(timeline, state_dir, err);
}

void timeline_release(struct timeline *timeline)
{
    for (size_t i = 0; i < timeline->switch_count; i++) {
        free(timeline->switches[i].time);
        free(timeline->switches[i].event);
        free(timeline->switches[i].active);
        free(timeline->switches[i].reason);
    }
    free(timeline->switches);
    free(timeline->points);
    for (size_t i = 0; i < 2; i++)
        free(timeline->by_ms[roles[i]]);
    memset(timeline, 0, sizeof *timeline);
}

bool timeline_run(struct cli *cli, const struct config *config, const char *span, struct err *err)
{
    struct timeline timeline;
    int64_t span_ms;
    if (!clock_parse_span(*span ? span : SPAN_DEFAULT, &span_ms)) {
        err_set(err, ERR_USAGE, "--history: \"%s\" is no span of time", span);
        return err_hint(err, "write a whole number and its unit: 90m, 24h, 7d, 4w");
    }
    bool ok = timeline_read(&timeline, config->state_dir, clock_now_us(), span_ms, err);
    if (ok && timeline.damaged > 0)
        log_warn("lines of the record that are damaged and were skipped: %lld",
                 (long long)timeline.damaged);
    if (ok && cli->common.json)
        timeline_document(&timeline, cli->document);
    else if (ok && !cli->common.quiet)
        timeline_print(&timeline, cli->color_out, terminal_utf8());
    timeline_release(&timeline);
    return ok;
}
