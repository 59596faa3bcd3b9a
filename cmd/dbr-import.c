/* dbr-import: option table and exit status; the work is in lib/ops/import.c. */
#include "cli/main.h"
#include "ops/import.h"

static struct import_options import_options;

static const struct option options[] = {
    {0, "target", NULL, "the database to write to", OPTION_CHOICE, &import_options.target, 0, 0,
     "primary|secondary", false},
    {'i', "input", "FILE", "what to read, gzip or plain; - for standard input", OPTION_FILE,
     &import_options.input, 0, 0, NULL, false},
    {0, "check", NULL, "read and verify the file, touch no database", OPTION_FLAG,
     &import_options.check, 0, 0, NULL, false},
    {0, "clean", NULL, "drop what the file defines first, and nothing else", OPTION_FLAG,
     &import_options.clean, 0, 0, NULL, true},
    {0, "upsert", NULL, "merge the file's rows into tables that are there", OPTION_FLAG,
     &import_options.upsert, 0, 0, NULL, false},
    OPTION_END,
};

static const struct program program = {
    .name = "dbr-import",
    .purpose = "restore a file of dbr-export or pg_dump into one database",
    .usage = "[options] --target=ROLE --input=FILE",
    .options = options,
};

static bool run(struct cli *cli, struct err *err)
{
    return ops_import(cli, &import_options, err);
}

int main(int argc, char **argv)
{
    return cli_main(&program, argc, argv, run);
}
