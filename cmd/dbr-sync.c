/* dbr-sync: option table and exit status; the work is in lib/ops/sync.c. */
#include "cli/main.h"
#include "ops/sync.h"

static struct sync_options sync_options = {.tables = STRLIST_INIT};

static const struct option options[] = {
    {0, "full", NULL, "compare every table completely, whatever its size", OPTION_FLAG,
     &sync_options.full, 0, 0, NULL, false},
    {0, "verify", NULL, "compare only; exit 4 when the databases differ", OPTION_FLAG,
     &sync_options.verify, 0, 0, NULL, false},
    {0, "repair", NULL, "compare completely, mend the standby, compare again", OPTION_FLAG,
     &sync_options.repair, 0, 0, NULL, false},
    {0, "force", NULL, "delete even more rows than DB_MAX_DELETE_PERCENT allows", OPTION_FLAG,
     &sync_options.force, 0, 0, NULL, true},
    {0, "tables", "a,b", "only these tables and those that they refer to", OPTION_LIST,
     &sync_options.tables, 0, 0, NULL, false},
    {'n', "dry-run", NULL, "say what would be done, write nothing", OPTION_FLAG,
     &sync_options.dry_run, 0, 0, NULL, false},
    {0, "batch-size", "N", "rows in one statement", OPTION_NUMBER, &sync_options.batch_size, 1,
     1000000, NULL, false},
    {0, "wait", "SECONDS", "wait for another run to finish", OPTION_NUMBER, &sync_options.wait_s, 0,
     86400, NULL, false},
    OPTION_END,
};

static const struct program program = {
    .name = "dbr-sync",
    .purpose = "bring the standby in step with the active database",
    .usage = "[options]",
    .options = options,
};

static bool run(struct cli *cli, struct err *err)
{
    return ops_sync(cli, &sync_options, err);
}

int main(int argc, char **argv)
{
    int status = cli_main(&program, argc, argv, run);

    strlist_release(&sync_options.tables);
    return status;
}
