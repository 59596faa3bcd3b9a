/* The doctor's round: configuration, state, what the state tells, targets, commands, witnesses,
 * databases, schedule, machine; then one table, one list, one next step. */
#include "ops/doctor.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/stop.h"
#include "cli/report.h"
#include "ops/doctor_checks.h"
#include "state/config.h"

static void print_keys(const struct cli *cli, const struct config *config)
{
    static const char *const headings[] = {"KEY", "VALUE", "FROM"};
    struct report *report = report_new(headings, 3);
    for (size_t i = 0; i < config->value_count; i++) {
        const struct config_value *value = &config->values[i];
        char *shown = config_value_shown(value);
        char *origin = config_value_origin(value);
        const char *const cells[] = {value->used_name, value->value ? shown : NULL, origin};
        report_row(report, cells);
        free(shown);
        free(origin);
    }
    report_print(report, stdout, cli->color_out);
    report_free(report);
    putchar('\n');
}

static void keys_document(const struct config *config, struct json *document)
{
    struct json *list = json_set_array(document, "configuration");
    for (size_t i = 0; i < config->value_count; i++) {
        const struct config_value *value = &config->values[i];
        char *shown = config_value_shown(value);
        char *origin = config_value_origin(value);
        struct json *item = json_add(list, json_object());
        json_set_str(item, "key", value->key);
        json_set_str(item, "name", value->used_name);
        json_set_str(item, "value", value->value ? shown : NULL);
        json_set_str(item, "from", origin);
        json_set_str(item, "problem", value->problem[0] ? value->problem : NULL);
        free(shown);
        free(origin);
    }
}

bool ops_doctor(struct cli *cli, struct err *err)
{
    struct config config;
    struct state state = STATE_INIT;
    struct findings findings = FINDINGS_INIT;
    bool ok = config_load(&config, cli->common.env_file, cli->common.state_dir, true, err);
    if (ok) {
        doctor_check_config(&config, &findings);
        bool readable = doctor_check_state(&config, &state, &findings);
        if (readable)
            doctor_check_record(&config, &state, &findings);
        doctor_check_targets(&config, readable ? &state : NULL, &findings);
        doctor_check_commands(&config, &findings);
        doctor_check_witnesses(&config, &findings);
        doctor_check_databases(&config, readable ? &state : NULL, &findings);
        /* The step that is named first is one for the pair, where there is any. */
        if (readable)
            doctor_check_schedule(&config, &state, &findings);
        doctor_check_machine(&config, &findings);
        ok = stop_check(err);
    }
    if (ok && cli->common.json) {
        keys_document(&config, cli->document);
        findings_document(&findings, cli->document);
    } else if (ok && !(cli->common.quiet && findings_worst(&findings) == FINDING_WELL)) {
        print_keys(cli, &config);
        findings_print(&findings, cli);
    }
    cli->status = (int)findings_worst(&findings);
    findings_release(&findings);
    state_release(&state);
    config_release(&config);
    return ok;
}
