/* Collecting, remembering, and the run of --metrics. */
#include "ops/metrics.h"

#include <string.h>

#include "base/clock.h"
#include "ops/health_judge.h"

/* Shorter than this a percentage of CPU is chance. */
#define SAMPLE_MS 500

static const enum role roles[2] = {ROLE_PRIMARY, ROLE_SECONDARY};

static double percent(int64_t part, int64_t whole)
{
    return part >= 0 && whole > 0 ? 100 * (double)part / (double)whole : -1;
}

double metrics_memory_percent(const struct metrics *metrics)
{
    return percent(metrics->memory.used, metrics->memory.total);
}

/* Of what those who are not root may use, as df has it. */
double metrics_disk_percent(const struct metrics *metrics)
{
    return percent(metrics->disk.used, metrics->disk.used + metrics->disk.available);
}

double metrics_connections_percent(const struct measures *database)
{
    return database->connected ? percent(database->connections, database->connection_limit) : -1;
}

/* Asks those that are wanted; the others are as if they had not answered. */
static bool ask(const struct config *config, const bool wanted[2], bool only_connections,
                struct metrics *metrics, struct err *err)
{
    struct conn_params params[2];
    struct measures measures[2] = {0};
    size_t asked = 0;
    metrics->count = config->urls[ROLE_SECONDARY] ? 2 : 1;
    for (size_t i = 0; i < metrics->count && i < 2; i++) {
        if (wanted[i])
            params[asked++] =
                (struct conn_params){role_name(roles[i]), config->urls[roles[i]], config->schema,
                                     config->health_timeout_ms, false};
    }
    bool ok = measures_ask(params, asked, only_connections, measures, err);
    for (size_t i = metrics->count; i-- > 0;) {
        if (wanted[i])
            metrics->databases[i] = measures[--asked];
    }
    return ok;
}

static void read_machine(const struct config *config, struct metrics *metrics)
{
    metrics->time_us = clock_now_us();
    metrics->cpu_percent = -1;
    (void)machine_cpu(&metrics->cpu);
    (void)machine_memory(&metrics->memory);
    (void)machine_disk(config->state_dir, &metrics->disk);
    metrics->uptime_s = machine_uptime_s();
}

bool metrics_sample(const struct config *config, const bool wanted[2], struct machine_cpu *before,
                    struct metrics *metrics, struct err *err)
{
    memset(metrics, 0, sizeof *metrics);
    read_machine(config, metrics);
    if (before->total > 0)
        metrics->cpu_percent = machine_cpu_percent(before, &metrics->cpu);
    *before = metrics->cpu;
    return ask(config, wanted, true, metrics, err);
}

void metrics_release(struct metrics *metrics)
{
    for (size_t i = 0; i < metrics->count && i < 2; i++)
        measures_release(&metrics->databases[i]);
}

static void set_percent(struct json *object, const char *name, double value)
{
    if (value >= 0)
        json_set_double(object, name, value);
}

void metrics_remember(const struct metrics *metrics, struct state *state)
{
    char time[CLOCK_TEXT_SIZE];
    struct json *samples = json_set_object(state->root, "samples");
    json_set_str(samples, "time", clock_format(metrics->time_us, time));
    set_percent(samples, "cpuPercent", metrics->cpu_percent);
    set_percent(samples, "memoryPercent", metrics_memory_percent(metrics));
    set_percent(samples, "diskPercent", metrics_disk_percent(metrics));
    struct json *connections = json_set_object(samples, "connectionsPercent");
    for (size_t i = 0; i < metrics->count && i < 2; i++)
        set_percent(connections, role_name(roles[i]),
                    metrics_connections_percent(&metrics->databases[i]));
}

/* Everything; the second samples of CPU are taken when the first are old enough. */
static bool collect(const struct config *config, struct metrics *metrics, struct err *err)
{
    struct machine_cpu before;
    struct metrics_app app;
    static const bool both[2] = {true, true};
    int64_t started = clock_mono_us();
    memset(metrics, 0, sizeof *metrics);
    bool known = machine_cpu(&before);
    metrics_app_read(config, false, &app);
    if (!ask(config, both, false, metrics, err))
        return false;
    clock_sleep_ms(SAMPLE_MS - (clock_mono_us() - started) / 1000);
    read_machine(config, metrics);
    double spent_ms = (double)(clock_mono_us() - started) / 1000;
    if (known)
        metrics->cpu_percent = machine_cpu_percent(&before, &metrics->cpu);
    metrics_app_read(config, true, &metrics->app);
    if (app.processes > 0 && app.processes == metrics->app.processes && app.pid == metrics->app.pid)
        metrics->app.cpu_percent = 100 * (double)(metrics->app.cpu_ms - app.cpu_ms) / spent_ms;
    return true;
}

/* Judges the state with the new measurements in it, and tells of what is new. */
static bool judge(const struct config *config, const struct metrics *metrics, struct json *document,
                  struct err *err)
{
    struct state state = STATE_INIT;
    struct health_judgement judgement;
    struct alerts news = ALERTS_INIT;
    if (!state_load(&state, config->state_dir, err) || !state_begin(&state, err)) {
        state_release(&state);
        return false;
    }
    metrics_remember(metrics, &state);
    health_judge(config, &state, &judgement);
    alerts_apply(&judgement.alerts, &state, clock_now_us(), config->alerts.repeat_ms, &news);
    bool ok = state_commit(&state, err);
    if (ok) {
        alerts_document(&judgement.alerts, document);
        alerts_tell(&news, config, &state);
    }
    alerts_release(&news);
    health_judgement_release(&judgement);
    state_release(&state);
    return ok;
}

bool metrics_run(struct cli *cli, const struct config *config, struct err *err)
{
    struct metrics metrics;
    bool ok = collect(config, &metrics, err);
    if (ok) {
        json_set_bool(cli->document, "success", true);
        metrics_document(config, &metrics, cli->document);
        ok = judge(config, &metrics, cli->document, err);
    }
    if (ok && !cli->common.json && !cli->common.quiet)
        metrics_print(config, &metrics, cli->color_out);
    metrics_release(&metrics);
    return ok;
}
