/*
 * The doctor on what runs by itself. Tables say what is meant to run, the record what does: only
 * both together tell a schedule that works from one that cron, say, does not even read.
 */
#include <dirent.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/child.h"
#include "base/clock.h"
#include "base/fsio.h"
#include "base/machine.h"
#include "base/mem.h"
#include "cli/report.h"
#include "ops/doctor_checks.h"
#include "ops/env_config.h"
#include "ops/schedule.h"
#include "state/events.h"
#include "state/history.h"

static const char area[] = "schedule";

#define INTERVALS 4     /* that far back the record is looked at */
#define RUNS_ENOUGH 3   /* of them show that something starts the program by itself */
#define EVENTS_READ 400 /* the last of all kinds */
#define CRONTAB_LIMIT_MS 5000
#define CRONTAB_MAX ((size_t)1 << 18)
#define DURATION_SIZE 32

/* What the record shows of one program. */
struct runs {
    int64_t interval_ms;
    int64_t last_us; /* the last one; 0: none */
    int64_t count;   /* within the last INTERVALS intervals */
};

/* --- the record -------------------------------------------------------------------- */

static void take_check(void *context, const struct history_sample *sample)
{
    struct runs *runs = context;
    runs->count++;
    if (sample->time_us > runs->last_us)
        runs->last_us = sample->time_us;
}

static struct runs checks_made(const struct config *config, const struct state *state)
{
    struct runs runs = {config->health_interval_ms, 0, 0};
    int64_t now = clock_now_us();
    int64_t damaged = 0;
    struct err ignored = ERR_INIT;
    (void)history_read(config->state_dir, now - INTERVALS * runs.interval_ms * 1000, now,
                       take_check, &runs, &damaged, &ignored);
    int64_t checked = 0;
    const struct json *entry =
        json_get(json_get(state->root, "health"), role_name(state_active(state)));
    if (clock_parse(json_str(entry, "lastCheck", NULL), &checked) && checked > runs.last_us)
        runs.last_us = checked;
    return runs;
}

/* A sync that failed ran all the same. */
static bool is_sync(const struct json *event)
{
    return strcmp(json_str(event, "event", ""), "sync") == 0 ||
           (strcmp(json_str(event, "event", ""), "error") == 0 &&
            strcmp(json_str(event, "reason", ""), "sync") == 0);
}

static struct runs syncs_made(const struct config *config, const struct state *state)
{
    struct runs runs = {config->sync_interval_ms, 0, 0};
    struct err ignored = ERR_INIT;
    struct json *events = events_last(state, EVENTS_READ, &ignored);
    int64_t from = clock_now_us() - INTERVALS * runs.interval_ms * 1000;
    int64_t time = 0;
    if (clock_parse(json_str(json_get(state->root, "sync"), "lastSync", NULL), &time))
        runs.last_us = time;
    for (const struct json *event = json_first(events); event; event = json_next(event)) {
        if (!is_sync(event) || !clock_parse(json_str(event, "time", NULL), &time))
            continue;
        runs.count += time >= from;
        if (time > runs.last_us)
            runs.last_us = time;
    }
    json_free(events);
    return runs;
}

/* Too long ago, or not yet although there was time enough since init. */
static bool is_overdue(const struct runs *runs, const struct state *state)
{
    int64_t since = runs->last_us;
    if (since == 0 && !clock_parse(json_str(json_get(state->root, "init"), "time", NULL), &since))
        return false;
    return (clock_now_us() - since) / 1000 > 2 * runs->interval_ms;
}

/* "3 min ago" */
static char *last_run(const struct runs *runs)
{
    char age[DURATION_SIZE];
    int64_t ms = (clock_now_us() - runs->last_us) / 1000;
    return runs->last_us == 0
               ? mem_strdup("it has not run yet")
               : mem_printf("it last ran %s ago", report_duration(ms > 0 ? ms : 0, age));
}

/* --- this machine -------------------------------------------------------------------- */

/* What "crontab -l" prints; NULL where there is none. */
static char *own_crontab(void)
{
    static const char *const argv[] = {"crontab", "-l", NULL};
    const struct child_spec spec = {
        .argv = argv, .limit_ms = CRONTAB_LIMIT_MS, .output_max = CRONTAB_MAX};
    struct child child = CHILD_INIT;
    struct err ignored = ERR_INIT;
    char *text = NULL;
    if (child_start(&child, &spec, &ignored) && child_wait(&child, 1, -1) &&
        child_judge(&child, "crontab", NULL, &ignored))
        text = mem_strdup(child.output.data ? child.output.data : "");
    child_release(&child);
    return text;
}

/* cron, crond, fcron, anacron, supercronic, ...; that of BusyBox may have its name. */
static bool is_cron(const char *pid)
{
    char *path = mem_printf("/proc/%s/comm", pid);
    struct buf name = BUF_INIT;
    struct err ignored = ERR_INIT;
    bool found = false;
    if (fsio_read(path, PATH_MAX, &name, &ignored))
        found = strcmp(name.data, "busybox\n") == 0 ||
                (strstr(name.data, "cron") && !strstr(name.data, "crontab"));
    buf_release(&name);
    free(path);
    return found;
}

/* True as well where that cannot be seen: processes of others may be hidden, and systemd may read
 * crontabs by itself. */
static bool cron_runs(void)
{
    if (access("/proc/1/comm", R_OK) != 0 ||
        access("/usr/lib/systemd/system/cron.target", F_OK) == 0)
        return true;
    DIR *dir = opendir("/proc");
    bool found = !dir;
    for (const struct dirent *entry; dir && !found && (entry = readdir(dir));)
        found = entry->d_name[0] >= '1' && entry->d_name[0] <= '9' && is_cron(entry->d_name);
    if (dir)
        (void)closedir(dir);
    return found;
}

/* Whoever may ask: nobody needs rights for that. Unknown counts as active. */
static bool unit_stopped(const char *unit, bool user)
{
    const char *runtime = getenv("XDG_RUNTIME_DIR");
    char *manager =
        user ? mem_printf("%s/systemd", runtime ? runtime : "") : mem_strdup("/run/systemd/system");
    const char *const argv[] = {"systemctl", user ? "--user" : "--system", "is-active", unit, NULL};
    const struct child_spec spec = {
        .argv = argv, .limit_ms = CRONTAB_LIMIT_MS, .output_max = PATH_MAX};
    struct child child = CHILD_INIT;
    struct err ignored = ERR_INIT;
    bool stopped = false;
    if (access(manager, F_OK) == 0 && child_start(&child, &spec, &ignored) &&
        child_wait(&child, 1, -1) && child.output.data)
        stopped = strcmp(child.output.data, "inactive\n") == 0 ||
                  strcmp(child.output.data, "failed\n") == 0;
    child_release(&child);
    free(manager);
    return stopped;
}

/* --- what to do ---------------------------------------------------------------------- */

/* The greatest step that is no more than that and divides the whole: any other would be short where
 * the hour or the day begins. */
static int step_of(int64_t most, int whole)
{
    int step = most < whole ? (int)most : whole;
    while (step > 1 && whole % step != 0)
        step--;
    return step > 1 ? step : 1;
}

/* The fields of a crontab for that interval, or one a little shorter. */
static char *crontab_times(int64_t interval_ms)
{
    int64_t minutes = interval_ms / 60000;
    if (minutes >= 1440)
        return mem_strdup("17 3 * * *");
    if (minutes >= 120)
        return mem_printf("17 */%d * * *", step_of(minutes / 60, 24));
    if (minutes >= 60)
        return mem_strdup("17 * * * *");
    return minutes > 1 ? mem_printf("*/%d * * * *", step_of(minutes, 60)) : mem_strdup("* * * * *");
}

/* As the shell of cron takes it for one word: cron itself makes a line end of each "%". */
static void add_word(struct buf *line, const char *option, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "/._-+,:@=";
    struct buf quoted = BUF_INIT;
    buf_adds(line, option);
    if (word[strspn(word, plain)] == '\0')
        buf_adds(&quoted, word);
    else
        env_add_shell_quoted(&quoted, word);
    for (const char *p = quoted.data; p && *p; p++)
        buf_addf(line, "%s%c", *p == '%' ? "\\" : "", *p);
    buf_release(&quoted);
}

/* A command that adds the line; the environment of cron has neither our PATH nor our directory. */
static char *add_to_crontab(const struct config *config, enum schedule_job job, int64_t interval_ms)
{
    char *own = machine_own_directory();
    char *env_file = config->env_file ? realpath(config->env_file, NULL) : NULL;
    char *times = crontab_times(interval_ms);
    char *program = mem_printf("%s%s%s", own ? own : "", own ? "/" : "", schedule_program(job));
    struct buf line = BUF_INIT;
    struct buf command = BUF_INIT;
    buf_adds(&line, times);
    add_word(&line, " ", program);
    buf_addf(&line, " --quiet%s", job == SCHEDULE_HEALTH ? " --auto" : "");
    if (env_file)
        add_word(&line, " --env-file=", env_file);
    buf_adds(&command, "(crontab -l 2>/dev/null; printf '%s\\n' ");
    env_add_shell_quoted(&command, line.data);
    buf_adds(&command, ") | crontab -");
    buf_release(&line);
    free(program);
    free(own);
    free(times);
    free(env_file);
    return buf_detach(&command);
}

static char *see_why(const struct schedule_entry *entry)
{
    const char *own = entry->user ? " --user" : "";
    if (entry->systemd)
        return mem_printf("systemctl%s status %s; systemctl%s list-timers", own, entry->where, own);
    if (!cron_runs())
        return mem_strdup("start cron, which does not run: systemctl enable --now cron (crond on "
                          "some systems)");
    return mem_strdup("see the mail of the user whose crontab it is and the log of cron "
                      "(journalctl -t CRON)");
}

/* --- one program ----------------------------------------------------------------------- */

static void judge_entry(const struct schedule_entry *entry, const char *program,
                        const struct runs *runs, bool overdue, struct findings *findings)
{
    char *last = last_run(runs);
    char *next = NULL;
    /* What runs regularly has somebody who starts it, seen or not. */
    bool no_cron = !entry->systemd && (overdue || runs->count < RUNS_ENOUGH) && !cron_runs();
    if (!entry->enabled)
        next =
            mem_printf("systemctl%s enable --now %s", entry->user ? " --user" : "", entry->where);
    else if (entry->stopped)
        next = mem_printf("systemctl%s start %s", entry->user ? " --user" : "", entry->where);
    else if (overdue || no_cron)
        next = see_why(entry);
    findings_add(
        findings, next ? FINDING_WARNING : FINDING_WELL, area, next, "%s %s %s, %s%s", program,
        entry->enabled && !entry->stopped && !no_cron ? "is started by" : "would be started by",
        entry->where,
        !entry->enabled  ? "which is not enabled, "
        : entry->stopped ? "which is enabled, but stopped, "
        : no_cron        ? "but no cron runs here, "
                         : "",
        last);
    free(next);
    free(last);
}

static void judge_job(const struct config *config, const struct state *state,
                      const struct schedule_entry *entry, enum schedule_job job,
                      const struct runs *runs, struct findings *findings)
{
    const char *program = schedule_program(job);
    bool overdue = is_overdue(runs, state);
    bool runs_anyway = runs->count >= RUNS_ENOUGH && !overdue;
    if (entry->where && (entry->enabled || !runs_anyway)) {
        judge_entry(entry, program, runs, overdue, findings);
        return;
    }
    char *last = last_run(runs);
    if (runs_anyway) {
        findings_add(findings, FINDING_WELL, area, NULL,
                     "%s is started by neither cron nor systemd of this machine, but it runs: %s",
                     program, last);
    } else {
        char *next = add_to_crontab(config, job, runs->interval_ms);
        findings_add(findings, FINDING_WARNING, area, next, "nothing starts %s by itself: %s",
                     program, last);
        free(next);
    }
    free(last);
}

void doctor_check_schedule(const struct config *config, const struct state *state,
                           struct findings *findings)
{
    struct schedule schedule;
    if (!config->urls[ROLE_SECONDARY] || state_init_status(state) != INIT_DONE)
        return;
    char *crontab = own_crontab();
    const struct runs syncs = syncs_made(config, state);
    const struct runs checks = checks_made(config, state);
    schedule_find(&schedule, "", getenv("HOME"), crontab, config->env_file, unit_stopped);
    judge_job(config, state, &schedule.jobs[SCHEDULE_HEALTH], SCHEDULE_HEALTH, &checks, findings);
    judge_job(config, state, &schedule.jobs[SCHEDULE_SYNC], SCHEDULE_SYNC, &syncs, findings);
    schedule_release(&schedule);
    free(crontab);
}
