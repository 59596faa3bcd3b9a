/* dbr-init-secondary: option table and exit status; the work is in lib/ops/init.c. */
#include "cli/main.h"
#include "ops/init.h"

static struct init_options init_options = {.jobs = 2};

static const struct option options[] = {
    {'n', "dry-run", NULL, "print the DDL, write nothing", OPTION_FLAG, &init_options.dry_run, 0, 0,
     NULL, false},
    {0, "dialect", "ENGINE",
     "with --dry-run: DDL for that engine, without connecting to a secondary", OPTION_CHOICE,
     &init_options.dialect, 0, 0, "postgres|cockroach", false},
    {0, "schema-only", NULL, "create everything but copy no rows", OPTION_FLAG,
     &init_options.schema_only, 0, 0, NULL, false},
    {0, "recreate", NULL, "drop what the secondary's schema holds first", OPTION_FLAG,
     &init_options.recreate, 0, 0, NULL, true},
    {0, "resume", NULL, "continue an interrupted run", OPTION_FLAG, &init_options.resume, 0, 0,
     NULL, false},
    {0, "update", NULL, "follow schema changes of the active database", OPTION_FLAG,
     &init_options.update, 0, 0, NULL, false},
    {0, "force", NULL,
     "with --update: also drop and retype; with --recreate: even what nobody merged", OPTION_FLAG,
     &init_options.force, 0, 0, NULL, true},
    {'j', "jobs", "N", "tables and indexes worked on at the same time", OPTION_NUMBER,
     &init_options.jobs, 1, 32, NULL, false},
    {0, "no-verify", NULL, "do not compare every table afterwards", OPTION_FLAG,
     &init_options.no_verify, 0, 0, NULL, false},
    {0, "wait", "SECONDS", "wait for another run to finish", OPTION_NUMBER, &init_options.wait_s, 0,
     86400, NULL, false},
    OPTION_END,
};

static const struct program program = {
    .name = "dbr-init-secondary",
    .purpose = "create the secondary database and fill it from the primary",
    .usage = "[options]",
    .options = options,
};

static bool run(struct cli *cli, struct err *err)
{
    return ops_init(cli, &init_options, err);
}

int main(int argc, char **argv)
{
    return cli_main(&program, argc, argv, run);
}
