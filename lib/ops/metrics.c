/* Collecting, and the run of --metrics. */
#include "ops/metrics.h"

#include <string.h>

#include "base/clock.h"
#include "ops/health_judge.h"
#include "state/state.h"

/* Shorter than this a percentage of CPU is chance. */
#define SAMPLE_MS 500

static const enum role roles[2] = {ROLE_PRIMARY, ROLE_SECONDARY};

static void read_machine(const struct config *config, struct metrics *metrics)
{
    metrics->time_us = clock_now_us();
    metrics->cpu_percent = -1;
    (void)machine_cpu(&metrics->cpu);
    (void)machine_memory(&metrics->memory);
    (void)machine_disk(config->state_dir, &metrics->disk);
    metrics->uptime_s = machine_uptime_s();
}

/* The databases are asked while the samples of CPU grow old enough. */
static bool collect(const struct config *config, struct metrics *metrics, struct err *err)
{
    struct machine_cpu before;
    struct metrics_app app;
    struct conn_params params[2];
    int64_t started = clock_mono_us();
    memset(metrics, 0, sizeof *metrics);
    metrics->count = config->urls[ROLE_SECONDARY] ? 2 : 1;
    for (size_t i = 0; i < metrics->count && i < 2; i++)
        params[i] = (struct conn_params){role_name(roles[i]), config->urls[roles[i]],
                                         config->schema, config->health_timeout_ms, false};
    bool known = machine_cpu(&before);
    metrics_app_read(config, false, &app);
    if (!measures_ask(params, metrics->count, metrics->databases, err))
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

static void release(struct metrics *metrics)
{
    for (size_t i = 0; i < metrics->count && i < 2; i++)
        measures_release(&metrics->databases[i]);
}

/* Those of the last check. */
static void add_alerts(const struct config *config, const struct state *state,
                       struct json *document)
{
    struct health_judgement judgement;
    health_judge(config, state, &judgement);
    alerts_document(&judgement.alerts, document);
    health_judgement_release(&judgement);
}

bool metrics_run(struct cli *cli, const struct config *config, struct err *err)
{
    struct metrics metrics;
    struct state state = STATE_INIT;
    if (!state_peek(&state, config->state_dir, err))
        return false;
    bool ok = collect(config, &metrics, err);
    if (ok) {
        json_set_bool(cli->document, "success", true);
        metrics_document(config, &metrics, cli->document);
        add_alerts(config, &state, cli->document);
    }
    if (ok && !cli->common.json && !cli->common.quiet)
        metrics_print(config, &metrics, cli->color_out);
    release(&metrics);
    state_release(&state);
    return ok;
}
