/* What is made of the results of the further checks: alerts, and a table. Apart from what runs
 * them, since dbr-api shows them and runs none. */
#include <stdio.h>
#include <string.h>

#include "cli/report.h"
#include "ops/health_checks.h"

#define NAME_SIZE 64

void health_checks_judge(const struct state *state, struct health_judgement *judgement)
{
    const struct json *checks = json_get(state->root, HEALTH_CHECKS_PART);
    for (const struct json *check = json_first(checks); check; check = json_next(check)) {
        const char *severity = json_str(check, "severity", NULL);
        const char *name = json_str(check, "name", "");
        char alert_name[NAME_SIZE];
        if (!severity)
            continue;
        (void)snprintf(alert_name, sizeof alert_name, "check-%s", name);
        struct alert *alert =
            health_judge_alert(judgement, alert_name, HEALTH_DEGRADED, "check %s: %s", name,
                               json_str(check, "message", ""));
        const struct json *value = json_get(check, "value");
        alert->critical = strcmp(severity, "critical") == 0;
        if (!value || json_is_null(value))
            continue;
        alert->measured = true;
        alert->value = json_double(check, "value", 0);
        alert->threshold = json_double(check, alert->critical ? "crit" : "warn", 0);
    }
}

void health_checks_print(const struct state *state, bool color)
{
    static const char *const headings[] = {"CHECK", "OK", ">TIME", "MESSAGE"};
    const struct json *checks = json_get(state->root, HEALTH_CHECKS_PART);
    char time[32];
    if (!json_first(checks))
        return;
    struct report *report = report_new(headings, sizeof headings / sizeof headings[0]);
    for (const struct json *check = json_first(checks); check; check = json_next(check)) {
        const char *const cells[] = {json_str(check, "name", NULL),
                                     json_bool(check, "ok", false) ? "yes" : "NO",
                                     report_duration(json_int(check, "durationMs", 0), time),
                                     json_str(check, "message", NULL)};
        report_row(report, cells);
        report_mark(report, 1, json_bool(check, "ok", false) ? REPORT_GOOD : REPORT_BAD);
    }
    putchar('\n');
    report_print(report, stdout, color);
    report_free(report);
}
