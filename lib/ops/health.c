/*
 * dbr-health: which of its runs is asked for, and the loop of --watch. A check is made in
 * health_check.c.
 */
#include "ops/health.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/notify.h"
#include "base/stop.h"
#include "cli/terminal.h"
#include "ops/breakers.h"
#include "ops/doctor.h"
#include "ops/health_check.h"
#include "ops/health_judge.h"
#include "ops/metrics.h"
#include "ops/timeline.h"

#define RESIZE_MS 300 /* how soon a view follows the width of its terminal */
#define VIEW_SIZE 65536

int health_exit_status(enum err_code code)
{
    return code == ERR_NONE ? 0 : 3;
}

/* What the terminal or pipe does not take any more is no reason to go on for ever. */
static bool flushed(struct err *err)
{
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout))
        return true;
    return err_set_errno(err, ERR_FAILED, errno, "cannot write to standard output");
}

/* Tells the service manager of each check; ready: of the first. */
static void notify(const struct cli *cli, bool ok, bool ready)
{
    struct buf text = BUF_INIT;
    const char *status = health_status_name((enum health_status)cli->status);
    buf_addf(&text, "%sSTATUS=%s\nWATCHDOG=1", ready ? "READY=1\n" : "",
             ok ? status : "the last check could not be made");
    notify_send(text.data);
    buf_release(&text);
}

/* The end of what is drawn on a terminal; due in clock_mono_ms. */
static void end_view(int64_t due)
{
    char time[CLOCK_TEXT_SIZE];
    int64_t at_us = clock_now_us() + (due - clock_mono_ms()) * 1000;
    printf("\nnext check: %s (Ctrl-C ends)\n", clock_format(at_us, time));
}

/* What stands on a terminal that has another width now is drawn anew; what cannot be read stays. */
static void draw_again(struct cli *cli, const struct config *config,
                       const struct health_options *options, int64_t due)
{
    struct health_options again = *options;
    struct err ignored = ERR_INIT;
    again.prometheus = NULL;
    if (!options->peek && health_check_cached(cli, config, &again, &ignored))
        end_view(due);
    (void)fflush(stdout);
}

/* Sleeps until a time of clock_mono_ms, and tells the watchdog meanwhile that this is no hang.
 * columns: of the terminal when its view was drawn. */
static void sleep_until(struct cli *cli, const struct config *config,
                        const struct health_options *options, int64_t until, size_t columns)
{
    int64_t watchdog = notify_watchdog_ms();
    bool view = health_check_draws(cli, options);
    for (int64_t left = until - clock_mono_ms(); left > 0 && !stop_signal();
         left = until - clock_mono_ms()) {
        int64_t slice = watchdog > 0 && watchdog < left ? watchdog : left;
        clock_sleep_ms(view && slice > RESIZE_MS ? RESIZE_MS : slice);
        if (watchdog > 0)
            notify_send("WATCHDOG=1");
        if (view && terminal_columns(STDOUT_FILENO) != columns) {
            columns = terminal_columns(STDOUT_FILENO);
            draw_again(cli, config, options, until);
        }
    }
}

/* What does not end by itself is said at once to whoever starts the watch. A disk that is full
 * does: a service that gave up over it would stay away when there is room again. */
static bool is_for_a_person(const struct err *err)
{
    return err->code == ERR_USAGE || err->code == ERR_REFUSED;
}

static bool watch_on(struct cli *cli, const struct config *config,
                     const struct health_options *options, struct err *err)
{
    bool first = true;
    for (;;) {
        int64_t started = clock_mono_ms();
        size_t columns = terminal_columns(STDOUT_FILENO);
        err_clear(err);
        bool ok = health_check_once(cli, config, options, err);
        if (!ok && (err->code == ERR_STOPPED || (first && is_for_a_person(err))))
            return false;
        /* A state that was locked or a disk that was full may be well again at the next check. */
        if (!ok)
            log_error("%s", err->message);
        else if (health_check_draws(cli, options))
            end_view(started + config->health_interval_ms);
        if (!flushed(err))
            return false;
        notify(cli, ok, first);
        first = false;
        sleep_until(cli, config, options, started + config->health_interval_ms, columns);
        if (!stop_check(err))
            return false;
    }
}

static bool watch(struct cli *cli, const struct config *config,
                  const struct health_options *options, struct err *err)
{
    /* A view goes out at once, so that nothing flickers. */
    if (health_check_draws(cli, options))
        (void)setvbuf(stdout, NULL, _IOFBF, VIEW_SIZE);
    bool ok = watch_on(cli, config, options, err);
    notify_send("STOPPING=1");
    return ok;
}

/* What cannot be said of a check: a line for a monitoring system, or a file for one. */
static bool check_outputs(const struct cli *cli, const struct health_options *options,
                          const char *other, struct err *err)
{
    if (options->nagios && (other || options->watch))
        return options_exclude("--nagios", other ? other : "--watch", err);
    if (options->nagios && cli->common.json)
        return options_exclude("--nagios", "--json", err);
    if (options->prometheus && other)
        return options_exclude("--prometheus", other, err);
    if (options->peek && options->automatic)
        return options_exclude("--peek", "--auto", err);
    return true;
}

/* Each of the first is a run of its own kind; --peek and --auto may go with --watch. */
static bool check_options(const struct cli *cli, const struct health_options *options,
                          struct err *err)
{
    const struct {
        const char *name;
        bool given, alone;
    } kinds[] = {
        {"--doctor", options->doctor, true},
        {"--breakers", options->breakers, true},
        {"--reset-breaker", options->reset_breaker, true},
        {"--history", options->history, true},
        {"--metrics", options->metrics, true},
        {"--cached", options->cached, true},
        {"--peek", options->peek, false},
        {"--watch", options->watch, false},
        {"--auto", options->automatic, false},
    };
    const size_t count = sizeof kinds / sizeof kinds[0];
    const char *other = NULL; /* a run that makes or reports no check */
    for (size_t i = 0; i < count; i++) {
        for (size_t j = i + 1; j < count && kinds[i].given && kinds[i].alone; j++)
            if (kinds[j].given)
                return options_exclude(kinds[i].name, kinds[j].name, err);
        if (kinds[i].given && kinds[i].alone && !options->cached)
            other = kinds[i].name;
    }
    return check_outputs(cli, options, other, err);
}

static bool run_mode(struct cli *cli, const struct config *config,
                     const struct health_options *options, struct err *err)
{
    if (options->reset_breaker)
        return breakers_reset(cli, config, options->reset_breaker, err);
    if (options->breakers)
        return breakers_print(cli, config, err);
    if (options->metrics)
        return metrics_run(cli, config, err);
    if (options->history)
        return timeline_run(cli, config, options->history, err);
    if (options->cached)
        return health_check_cached(cli, config, options, err);
    if (options->watch)
        return watch(cli, config, options, err);
    return health_check_once(cli, config, options, err);
}

bool ops_health(struct cli *cli, const struct health_options *options, struct err *err)
{
    struct config config;
    if (!check_options(cli, options, err))
        return false;
    if (options->doctor)
        return ops_doctor(cli, err);
    bool ok = config_load(&config, cli->common.env_file, cli->common.state_dir, false, err);
    for (size_t i = 0; ok && i < config.warnings.count; i++)
        log_warn("%s", config.warnings.items[i]);
    ok = ok && run_mode(cli, &config, options, err);
    config_release(&config);
    return ok;
}
