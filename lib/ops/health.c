/* dbr-health: which of its runs is asked for. A check is made in health_check.c, --watch in
 * health_watch.c. */
#include "ops/health.h"

#include "base/log.h"
#include "ops/breakers.h"
#include "ops/doctor.h"
#include "ops/health_check.h"
#include "ops/health_watch.h"
#include "ops/metrics.h"
#include "ops/timeline.h"

int health_exit_status(enum err_code code)
{
    return code == ERR_NONE ? 0 : 3;
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
        return health_watch(cli, config, options, err);
    return health_check_once(cli, config, options, NULL, err);
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
