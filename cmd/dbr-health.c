/* dbr-health: option table and exit status; the work is in lib/ops/health.c and lib/ops/doctor.c.
 */
#include <stdio.h>
#include <string.h>

#include "cli/main.h"
#include "ops/health.h"
#include "ops/health_plugin.h"

static struct health_options health_options;

static const struct option options[] = {
    {0, "auto", NULL, "fail over or back when the thresholds say so", OPTION_FLAG,
     &health_options.automatic, 0, 0, NULL, true},
    {0, "peek", NULL, "probe, but record nothing", OPTION_FLAG, &health_options.peek, 0, 0, NULL,
     false},
    {0, "cached", NULL, "print the last record, probe nothing", OPTION_FLAG, &health_options.cached,
     0, 0, NULL, false},
    {0, "watch", NULL, "repeat at each interval until stopped", OPTION_FLAG, &health_options.watch,
     0, 0, NULL, false},
    {0, "doctor", NULL, "examine configuration, files and databases, and say what to do",
     OPTION_FLAG, &health_options.doctor, 0, 0, NULL, false},
    {0, "history", "DURATION",
     "print availability, latency and switches of that time (90m, 24h, 7d; by default 24h)",
     OPTION_OPTIONAL, &health_options.history, 0, 0, NULL, false},
    {0, "metrics", NULL, "measure machine, application, databases and backups", OPTION_FLAG,
     &health_options.metrics, 0, 0, NULL, false},
    {0, "nagios", NULL, "print one line with performance data, as monitoring plugins do",
     OPTION_FLAG, &health_options.nagios, 0, 0, NULL, false},
    {0, "prometheus", "FILE", "write the figures of the check for Prometheus' textfile collector",
     OPTION_FILE, &health_options.prometheus, 0, 0, NULL, false},
    {0, "breakers", NULL, "print the circuit breaker of each database", OPTION_FLAG,
     &health_options.breakers, 0, 0, NULL, false},
    {0, "reset-breaker", "NAME", "close a circuit breaker and forget its counts", OPTION_CHOICE,
     &health_options.reset_breaker, 0, 0, "primary|secondary|all", false},
    OPTION_END,
};

static bool line_asked; /* --nagios is there, wherever a usage error may be */

/* A plugin says what kept it from an answer where its answers are read. */
static bool failed(const struct cli *cli, const struct err *err)
{
    struct buf line = BUF_INIT;
    if (!line_asked)
        return false;
    if (cli->document_done) /* what was seen is in the line that was printed */
        return true;
    health_plugin_failure(err, &line);
    puts(line.data);
    buf_release(&line);
    return true;
}

static const struct program program = {
    .name = "dbr-health",
    .purpose = "check both databases, record and report how they are",
    .usage = "[options]",
    .options = options,
    .description = "Exit status: 0 both connected, 1 degraded, 2 the active database or both are "
                   "down, 3 unknown (usage, configuration or unreadable state).",
    .failed = failed,
};

static bool run(struct cli *cli, struct err *err)
{
    return ops_health(cli, &health_options, err);
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        line_asked = line_asked || strcmp(argv[i], "--nagios") == 0;
    return cli_main_mapped(&program, argc, argv, run, health_exit_status);
}
