/* The line of --nagios. */
#include "ops/health_plugin.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "state/checks.h"

static const enum role roles[2] = {ROLE_PRIMARY, ROLE_SECONDARY};
static const char *const words[] = {"OK", "WARNING", "CRITICAL"}; /* by status */

/* In such a line '|' begins the performance data. */
static void add_text(struct buf *line, const char *text)
{
    size_t from = line->len;
    buf_add_clean(line, text);
    for (char *bar; (bar = strchr(line->data + from, '|')) != NULL;)
        *bar = '/';
}

static void add_summary(const struct config *config, const struct state *state,
                        const struct health_judgement *judgement, struct buf *line)
{
    const char *active = role_name(state_active(state));
    for (size_t i = 0; i < judgement->warnings.count; i++) {
        buf_adds(line, i ? "; " : " - ");
        add_text(line, judgement->warnings.items[i]);
    }
    if (judgement->warnings.count > 0)
        return;
    if (config->urls[ROLE_SECONDARY])
        buf_addf(line, " - both databases are connected, %s is active", active);
    else
        buf_adds(line, " - the primary is connected");
}

/* The probe's whole time is the most that there can be; "slow" begins at four fifths of it. */
static void add_database(const struct config *config, const struct state *state, enum role role,
                         struct buf *line)
{
    const struct json *entry = health_entry(state, role);
    const char *name = role_name(role);
    long long most = config->health_timeout_ms;
    if (json_bool(entry, "connected", false))
        buf_addf(line, " '%s_latency'=%lldms;%lld;;0;%lld", name,
                 (long long)json_int(entry, "latency", 0), most * 4 / 5, most);
    else
        buf_addf(line, " '%s_latency'=U;%lld;;0;%lld", name, most * 4 / 5, most);
    buf_addf(line, " '%s_failures'=%lld;;%d;0", name,
             (long long)json_int(entry, "consecutiveFailures", 0), config->failover_threshold);
}

/* As plugins may write numbers: digits and a point, no exponent. */
static void add_number(struct buf *line, double value)
{
    char text[400];
    (void)snprintf(text, sizeof text, "%.15g", value);
    if (strpbrk(text, "eE")) {
        (void)snprintf(text, sizeof text, "%.*f", fabs(value) < 1 ? 20 : 0, value);
        for (size_t len = strlen(text); strchr(text, '.') && strchr("0.", text[len - 1]); len--) {
            bool point = text[len - 1] == '.';
            text[len - 1] = '\0';
            if (point)
                break;
        }
    }
    buf_adds(line, text);
}

/* A range that alerts as the limit does: beyond 100 is "~:100", below 10 is "10:". */
static void add_limit(struct buf *line, const struct check_limit *limit)
{
    buf_addch(line, ';');
    if (!limit->given)
        return;
    if (!limit->below)
        buf_adds(line, "~:");
    add_number(line, limit->at);
    if (limit->below)
        buf_addch(line, ':');
}

static const struct check_spec *find_check(const struct check_list *list, const char *name)
{
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->items[i].name, name) == 0)
            return &list->items[i];
    }
    return NULL;
}

static void add_checks(const struct config *config, const struct state *state, struct buf *line)
{
    const char *text = config_value(config, "DB_CHECKS")->value;
    struct check_list list = {NULL, 0};
    struct err ignored = ERR_INIT;
    if (text)
        (void)checks_parse(text, &list, &ignored);
    const struct json *checks = json_get(state->root, "checks");
    for (const struct json *check = json_first(checks); check; check = json_next(check)) {
        const struct json *value = json_get(check, "value");
        if (!value || json_is_null(value))
            continue;
        buf_addf(line, " 'check_%s'=", json_str(check, "name", ""));
        add_number(line, json_double(check, "value", 0));
        const struct check_spec *spec = find_check(&list, json_str(check, "name", ""));
        if (!spec || (!spec->warn.given && !spec->crit.given))
            continue;
        add_limit(line, &spec->warn);
        add_limit(line, &spec->crit);
    }
    checks_release(&list);
}

void health_plugin_line(const struct config *config, const struct state *state,
                        const struct health_judgement *judgement, struct buf *line)
{
    bool pair = config->urls[ROLE_SECONDARY] != NULL;
    buf_addf(line, "DBR %s", words[judgement->status]);
    add_summary(config, state, judgement, line);
    buf_adds(line, " |");
    for (size_t i = 0; i < (pair ? 2U : 1U); i++)
        add_database(config, state, roles[i], line);
    if (pair && judgement->sync_age_ms < 0)
        buf_addf(line, " 'sync_age'=U;%lld;;0", (long long)config->sync_interval_ms * 2 / 1000);
    else if (pair)
        buf_addf(line, " 'sync_age'=%llds;%lld;;0", (long long)judgement->sync_age_ms / 1000,
                 (long long)config->sync_interval_ms * 2 / 1000);
    buf_addf(line, " 'alerts'=%zu;0;;0", judgement->alerts.count);
    add_checks(config, state, line);
}

void health_plugin_words(enum health_status status, const char *text, struct buf *line)
{
    buf_addf(line, "DBR %s - ", words[status]);
    add_text(line, text);
}

void health_plugin_failure(const struct err *err, struct buf *line)
{
    buf_adds(line, "DBR UNKNOWN - ");
    add_text(line, err->message);
    if (err->hint[0]) {
        buf_adds(line, "; ");
        add_text(line, err->hint);
    }
}

void health_plugin_trouble(const struct err *err, bool critical, struct buf *line)
{
    struct buf whole = BUF_INIT;
    /* The first '|' begins the performance data: texts have none. */
    char *bar = strstr(line->data, " |");
    const char *figures = bar ? bar : "";
    size_t said = bar ? (size_t)(bar - line->data) : line->len;
    if (critical) {
        buf_addf(&whole, "%.*s; ", (int)said, line->data);
        add_text(&whole, err->message);
        buf_adds(&whole, figures);
    } else {
        health_plugin_failure(err, &whole);
        buf_addf(&whole, "%s\n%.*s", figures, (int)said, line->data);
    }
    buf_reset(line);
    buf_adds(line, whole.data);
    buf_release(&whole);
}
