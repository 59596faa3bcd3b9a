/* Measuring and judging how much is in use. */
#include "ops/samples.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/machine.h"

#define SAMPLES_PART "samples"
#define CPU_LEAST_S 10
#define CPU_MOST_S 3600
#define DRIFT_S 60                   /* between uptime and wall clock: else one of them was set */
#define FRESH_US INT64_C(10000000)   /* CPU is measured no oftener */
#define LOST_US INT64_C(86400000000) /* after that a value says nothing any more */

enum sample { CPU, MEMORY, DISK, CONNECTIONS_PRIMARY, CONNECTIONS_SECONDARY, SAMPLES };

static const struct {
    const char *name, *what;
} kinds[SAMPLES] = {
    [CPU] = {"cpu", "CPU"},
    [MEMORY] = {"memory", "memory"},
    [DISK] = {"disk", "disk of the state directory"},
    [CONNECTIONS_PRIMARY] = {"connections-primary", "connections of the primary"},
    [CONNECTIONS_SECONDARY] = {"connections-secondary", "connections of the secondary"},
};

static int64_t time_of(const struct json *object)
{
    int64_t time;
    return clock_parse(json_str(object, "time", NULL), &time) ? time : 0;
}

/* --- measuring ------------------------------------------------------------------------ */

/* percent below 0: not known now. */
static void note(struct json *measured, enum sample kind, double percent, const char *now)
{
    if (percent < 0)
        return;
    struct json *entry = json_set_object(measured, kinds[kind].name);
    json_set_str(entry, "time", now);
    json_set_double(entry, "percent", percent);
}

/* Seconds since the sample was taken; -1: not known, since the machine or the clock was set anew,
 * or there is none. */
static int64_t age_of_cpu(const struct json *base, int64_t uptime_s, int64_t now_us)
{
    int64_t age = uptime_s - json_int(base, "uptime", -1);
    int64_t by_clock = (now_us - time_of(base)) / 1000000;
    if (!json_is_object(base) || uptime_s < 0 || age < 0 || llabs(by_clock - age) > DRIFT_S)
        return -1;
    return age;
}

static void keep_cpu(struct json *samples, const struct machine_cpu *cpu, int64_t uptime_s,
                     const char *now)
{
    struct json *base = json_set_object(samples, "cpu");
    json_set_str(base, "time", now);
    json_set_int(base, "uptime", uptime_s);
    json_set_int(base, "busy", cpu->busy);
    json_set_int(base, "total", cpu->total);
    json_set_bool(base, "limited", cpu->limited);
}

static void measure_cpu(const struct json *base, struct json *samples, int64_t now_us,
                        const char *now)
{
    struct machine_cpu cpu;
    int64_t uptime_s = machine_uptime_s();
    int64_t age_s = age_of_cpu(base, uptime_s, now_us);
    if (age_s >= 0 && age_s < CPU_LEAST_S) {
        json_set(samples, "cpu", json_copy(base));
        return;
    }
    if (!machine_cpu(&cpu))
        return;
    const struct machine_cpu before = {json_int(base, "busy", 0), json_int(base, "total", 0),
                                       json_bool(base, "limited", false)};
    if (age_s >= 0 && age_s <= CPU_MOST_S)
        note(json_get(samples, "measured"), CPU, machine_cpu_percent(&before, &cpu), now);
    keep_cpu(samples, &cpu, uptime_s, now);
}

static double connections_percent(const struct probe *probe)
{
    return probe->connected && probe->connection_limit > 0
               ? 100 * (double)probe->connections / (double)probe->connection_limit
               : -1;
}

void samples_remember(const struct config *config, const struct probe *probes, size_t count,
                      struct state *state)
{
    char now[CLOCK_TEXT_SIZE];
    struct machine_memory memory;
    struct machine_disk disk;
    int64_t now_us = clock_now_us();
    struct json *before = json_copy(json_get(state->root, SAMPLES_PART));
    const struct json *known = json_get(before, "measured");
    struct json *samples = json_set_object(state->root, SAMPLES_PART);
    json_set_str(samples, "time", clock_format(now_us, now));
    struct json *measured =
        json_set(samples, "measured", json_is_object(known) ? json_copy(known) : json_object());
    measure_cpu(json_get(before, "cpu"), samples, now_us, now);
    (void)machine_memory(&memory);
    note(measured, MEMORY, machine_memory_percent(&memory), now);
    (void)machine_disk(config->state_dir, &disk);
    note(measured, DISK, machine_disk_percent(&disk), now);
    note(measured, CONNECTIONS_PRIMARY, connections_percent(&probes[ROLE_PRIMARY]), now);
    if (count > 1)
        note(measured, CONNECTIONS_SECONDARY, connections_percent(&probes[ROLE_SECONDARY]), now);
    else
        json_remove(measured, kinds[CONNECTIONS_SECONDARY].name);
    json_free(before);
}

/* --- judging -------------------------------------------------------------------------- */

static void judge_one(const struct json *samples, enum sample kind, int limit,
                      struct health_judgement *judgement)
{
    char time[CLOCK_TEXT_SIZE];
    const struct json *entry = json_get(json_get(samples, "measured"), kinds[kind].name);
    double percent = json_double(entry, "percent", -1);
    /* Of the future where the clock was set back: how old it is nobody knows, but not of now. */
    int64_t age = llabs(time_of(samples) - time_of(entry));
    bool stale = age > FRESH_US;
    if (percent < 0 || age > LOST_US) {
        strlist_add(&judgement->alerts.lost, kinds[kind].name);
        return;
    }
    if (percent <= limit)
        return;
    clock_format(time_of(entry), time);
    struct alert *alert = health_judge_alert(
        judgement, kinds[kind].name, HEALTH_DEGRADED, "%s: %.0f %% in use%s%s", kinds[kind].what,
        percent, stale ? ", not measured since " : "", stale ? time : "");
    alert->measured = true;
    alert->value = percent;
    alert->threshold = limit;
    if (stale)
        memcpy(alert->stale, time, sizeof alert->stale);
}

void samples_judge(const struct config *config, const struct state *state,
                   struct health_judgement *judgement)
{
    const struct json *samples = json_get(state->root, SAMPLES_PART);
    const struct alert_limits *limits = &config->alerts;
    const int most[SAMPLES] = {limits->cpu_percent, limits->memory_percent, limits->disk_percent,
                               limits->connections_percent, limits->connections_percent};
    for (int kind = 0; kind < SAMPLES; kind++)
        judge_one(samples, (enum sample)kind, most[kind], judgement);
}
