/* The doctor on what follows a switch: whether it could, and whether it did. */
#include "ops/doctor_checks.h"
#include "ops/pointer.h"

static const char area[] = "switching";

void doctor_check_targets(const struct config *config, const struct state *state,
                          struct findings *findings)
{
    struct err err = ERR_INIT;
    if (!pointer_configured(config))
        return;
    if (!pointer_check(config, &err)) {
        findings_add(findings, err.code == ERR_USAGE ? FINDING_SETUP : FINDING_WARNING, area,
                     err.hint[0] ? err.hint : "mend it, or no switch will be made", "%s",
                     err.message);
        return;
    }
    if (!state || !config->app_urls[state_active(state)])
        return;
    if (pointer_agrees(config, state, NULL, &err)) {
        findings_add(findings, FINDING_WELL, area, NULL, "all targets of a switch point at the %s",
                     role_name(state_active(state)));
        return;
    }
    findings_add(findings, FINDING_WARNING, area, err.hint[0] ? err.hint : "mend it", "%s",
                 err.message);
}
