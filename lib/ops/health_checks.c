/* Running the further checks, and what comes of them. A thread serves them while the databases are
 * probed, so that each is measured by itself. */
#include "ops/health_checks.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/child.h"
#include "base/clock.h"
#include "base/mem.h"
#include "state/secrets.h"

#define OUTPUT_MAX 4096
#define MESSAGE_MAX 200
#define GRACE_MS 500

/* --- one result ------------------------------------------------------------------------- */

/* The first line of what it printed, without secrets. */
static char *first_line(const struct child *child, const struct strlist *secrets)
{
    const struct buf *from = child->output.len > 0 ? &child->output : &child->errors;
    char *raw = mem_strndup(from->data, strcspn(from->data, "\n"));
    struct buf masked = BUF_INIT;
    struct buf clean = BUF_INIT;
    secrets_mask(secrets, raw, &masked);
    buf_add_clean(&clean, masked.data);
    if (clean.len > MESSAGE_MAX)
        buf_truncate(&clean, MESSAGE_MAX);
    free(raw);
    buf_release(&masked);
    return buf_detach(&clean);
}

static bool is_number(const char *line, double *value)
{
    char *end;
    *value = strtod(line, &end);
    return end != line && end[strspn(end, " \t\r")] == '\0' && isfinite(*value);
}

static void set_limit(struct json *result, const char *name, const struct check_limit *limit)
{
    if (limit->given)
        json_set_double(result, name, limit->at);
}

/* What a number is by the thresholds; "warning", "critical" or NULL. */
static const char *severity_of(const struct check_spec *spec, double value,
                               const struct check_limit **limit)
{
    *limit = &spec->crit;
    if (check_limit_exceeded(&spec->crit, value))
        return "critical";
    *limit = &spec->warn;
    return check_limit_exceeded(&spec->warn, value) ? "warning" : NULL;
}

static void judge_number(const struct check_spec *spec, double value, struct json *result,
                         struct buf *message)
{
    const struct check_limit *limit;
    const char *severity = severity_of(spec, value, &limit);
    json_set_double(result, "value", value);
    if (severity)
        buf_addf(message, "%.15g is %s than %.15g", value, limit->below ? "less" : "more",
                 limit->at);
    else
        buf_addf(message, "%.15g", value);
    json_set_str(result, "severity", severity);
}

static void add_result(const struct health_checks *checks, const struct check_spec *spec,
                       const struct child *child, const struct err *not_started)
{
    struct json *result = json_add(checks->results, json_object());
    struct err err = *not_started;
    struct buf message = BUF_INIT;
    char *line = first_line(child, &checks->secrets);
    double value;
    bool limited = spec->warn.given || spec->crit.given;
    json_set_str(result, "name", spec->name);
    json_set_null(result, "ok"); /* holds its place */
    if (err.code != ERR_NONE || !child_judge(child, "it", line, &err)) {
        buf_adds(&message, err.message);
        json_set_str(result, "severity", "warning");
    } else if (is_number(line, &value)) {
        judge_number(spec, value, result, &message);
    } else {
        buf_adds(&message, limited ? "it printed no number" : line);
        json_set_str(result, "severity", limited ? "warning" : NULL);
    }
    json_set_bool(result, "ok", json_is_null(json_get(result, "severity")));
    json_set_str(result, "message", message.data);
    set_limit(result, "warn", &spec->warn);
    set_limit(result, "crit", &spec->crit);
    json_set_int(result, "durationMs", child->duration_ms);
    buf_release(&message);
    free(line);
}

/* --- all of them -------------------------------------------------------------------------- */

static void *run_all(void *argument)
{
    struct health_checks *checks = argument;
    size_t count = checks->list.count;
    struct child *children = mem_array(NULL, count, sizeof *children);
    struct err *errs = mem_array(NULL, count, sizeof *errs);
    for (size_t i = 0; i < count; i++) {
        const char *const argv[] = {"/bin/sh", "-c", checks->list.items[i].command, NULL};
        const struct child_spec spec = {.argv = argv,
                                        .limit_ms = checks->timeout_ms,
                                        .grace_ms = GRACE_MS,
                                        .output_max = OUTPUT_MAX,
                                        .ends_group = true};
        children[i] = (struct child)CHILD_INIT;
        errs[i] = (struct err)ERR_INIT;
        (void)child_start(&children[i], &spec, &errs[i]);
    }
    (void)child_wait(children, count, -1);
    for (size_t i = 0; i < count; i++) {
        add_result(checks, &checks->list.items[i], &children[i], &errs[i]);
        child_release(&children[i]);
    }
    free(children);
    free(errs);
    return NULL;
}

void health_checks_start(struct health_checks *checks, const struct config *config)
{
    const char *text = config_value(config, "DB_CHECKS")->value;
    struct err ignored = ERR_INIT; /* the configuration was checked when it was read */
    memset(checks, 0, sizeof *checks);
    checks->timeout_ms = config->health_timeout_ms;
    if (!text || !checks_parse(text, &checks->list, &ignored) || checks->list.count == 0)
        return;
    secrets_collect(config, &checks->secrets);
    checks->results = json_array();
    checks->threaded = pthread_create(&checks->thread, NULL, run_all, checks) == 0;
    if (!checks->threaded)
        (void)run_all(checks);
}

void health_checks_wait(struct health_checks *checks)
{
    if (checks->threaded)
        (void)pthread_join(checks->thread, NULL);
    checks->threaded = false;
}

void health_checks_remember(const struct health_checks *checks, struct state *state)
{
    if (checks->results)
        json_set(state->root, HEALTH_CHECKS_PART, json_copy(checks->results));
    else
        json_remove(state->root, HEALTH_CHECKS_PART);
}

void health_checks_release(struct health_checks *checks)
{
    health_checks_wait(checks);
    json_free(checks->results);
    checks_release(&checks->list);
    strlist_release(&checks->secrets);
    checks->results = NULL;
}
