/* The loop of --watch: check, draw, tell the service manager, sleep, and serve the commands that
 * run meanwhile. */
#include "ops/health_watch.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/notify.h"
#include "base/stop.h"
#include "cli/terminal.h"
#include "ops/health_aside.h"
#include "ops/health_check.h"
#include "ops/health_judge.h"
#include "state/config_follow.h"

#define RESIZE_MS 300 /* how soon a view follows the width of its terminal */
#define SERVE_MS 100  /* how soon it is noted that a command has ended */
#define VIEW_SIZE 65536
/* A view that is longer than the terminal must not pile up in what can be scrolled back to. */
#define SCREEN_OF_ITS_OWN "\033[?1049h"
#define SCREEN_BEFORE "\033[?1049l"

struct watch {
    struct cli *cli;
    struct config_follow follow;
    const struct health_options *options;
    struct health_aside aside;
    bool draws;     /* on a terminal */
    size_t columns; /* of the terminal when its view was drawn */
    int64_t due;    /* when the next check is, in clock_mono_ms */
};

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

/* The end of what is drawn on a terminal. */
static void end_view(const struct watch *watch)
{
    char time[CLOCK_TEXT_SIZE];
    int64_t at_us = clock_now_us() + (watch->due - clock_mono_ms()) * 1000;
    printf("\nnext check: %s (Ctrl-C ends)\n", clock_format(at_us, time));
}

/* What stands on a terminal that has another width now is drawn anew; what cannot be read stays. */
static void draw_again(struct watch *watch)
{
    struct health_options again = *watch->options;
    struct err ignored = ERR_INIT;
    again.prometheus = NULL;
    watch->columns = terminal_columns(STDOUT_FILENO);
    if (!again.peek && health_check_cached(watch->cli, watch->follow.config, &again, &ignored))
        end_view(watch);
    (void)fflush(stdout);
}

static int64_t at_most(int64_t ms, int64_t most)
{
    return ms < most ? ms : most;
}

/* Sleeps until the next check, and tells the watchdog meanwhile that this is no hang. */
static void sleep_until_due(struct watch *watch)
{
    int64_t watchdog = notify_watchdog_ms();
    for (int64_t left = watch->due - clock_mono_ms(); left > 0 && !stop_signal();
         left = watch->due - clock_mono_ms()) {
        int64_t slice = watchdog > 0 ? at_most(left, watchdog) : left;
        slice = watch->draws ? at_most(slice, RESIZE_MS) : slice;
        slice = health_aside_serve(&watch->aside, watch->follow.config) ? at_most(slice, SERVE_MS)
                                                                        : slice;
        clock_sleep_ms(slice);
        notify_alive();
        if (watch->draws && terminal_columns(STDOUT_FILENO) != watch->columns)
            draw_again(watch);
    }
}

/* A configuration that is wrong is said at once to whoever starts the watch. A disk that is full,
 * or a state that cannot be read, is told of as at any later check: a service that gave up over it
 * would stay away when it is well again. */
static bool is_misconfigured(const struct config *config, const struct err *err)
{
    struct state state = STATE_INIT;
    struct err ignored = ERR_INIT;
    if (err->code == ERR_REFUSED)
        return true;
    bool readable = err->code == ERR_USAGE && state_peek(&state, config->state_dir, &ignored);
    state_release(&state);
    return readable;
}

static bool watch_on(struct watch *watch, struct err *err)
{
    bool first = true;
    for (;;) {
        watch->due = clock_mono_ms() + watch->follow.config->health_interval_ms;
        watch->columns = terminal_columns(STDOUT_FILENO);
        err_clear(err);
        if (config_follow(&watch->follow))
            watch->due = clock_mono_ms() + watch->follow.config->health_interval_ms;
        (void)health_aside_serve(&watch->aside, watch->follow.config);
        bool ok =
            health_check_once(watch->cli, watch->follow.config, watch->options, &watch->aside, err);
        if (!ok &&
            (err->code == ERR_STOPPED || (first && is_misconfigured(watch->follow.config, err))))
            return false;
        /* A state that was locked or a disk that was full may be well again at the next check. */
        if (!ok)
            log_error("%s", err->message);
        else if (watch->draws)
            end_view(watch);
        if (!flushed(err))
            return false;
        notify(watch->cli, ok, first);
        first = false;
        sleep_until_due(watch);
        if (!stop_check(err))
            return false;
    }
}

bool health_watch(struct cli *cli, const struct config *config,
                  const struct health_options *options, struct err *err)
{
    struct watch watch = {
        .cli = cli, .options = options, .draws = health_check_draws(cli, options)};
    config_follow_start(&watch.follow, config, cli->common.env_file, cli->common.state_dir);
    /* A view goes out at once, so that nothing flickers. */
    if (watch.draws) {
        (void)setvbuf(stdout, NULL, _IOFBF, VIEW_SIZE);
        fputs(SCREEN_OF_ITS_OWN, stdout);
    }
    bool ok = watch_on(&watch, err);
    if (watch.draws) {
        fputs(SCREEN_BEFORE, stdout);
        (void)fflush(stdout);
    }
    health_aside_end(&watch.aside, watch.follow.config);
    config_follow_end(&watch.follow);
    notify_send("STOPPING=1");
    return ok;
}
