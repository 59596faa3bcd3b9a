/* dbr-failover: option table and exit status; the work is in lib/ops/switchover.c. */
#include "cli/main.h"
#include "ops/switchover.h"

static struct switch_options switch_options;

static const struct option options[] = {
    {0, "reason", "TEXT", "why, for the events and the hook", OPTION_TEXT, &switch_options.reason,
     0, 0, NULL, false},
    {0, "force", NULL, "neither wait for the primary nor sync from it", OPTION_FLAG,
     &switch_options.force, 0, 0, NULL, true},
    {'n', "dry-run", NULL, "say what would be done, write nothing", OPTION_FLAG,
     &switch_options.dry_run, 0, 0, NULL, false},
    {0, "wait", "SECONDS", "wait for another run to finish", OPTION_NUMBER, &switch_options.wait_s,
     0, 86400, NULL, false},
    OPTION_END,
};

static const struct program program = {
    .name = "dbr-failover",
    .purpose = "make the secondary the active database",
    .usage = "[options]",
    .options = options,
};

static bool run(struct cli *cli, struct err *err)
{
    return ops_switch(cli, SWITCH_FAILOVER, &switch_options, err);
}

int main(int argc, char **argv)
{
    return cli_main(&program, argc, argv, run);
}
