/* dbr-export: option table and exit status; the work is in lib/ops/export.c. */
#include "cli/main.h"
#include "ops/export.h"

static struct export_options export_options = {.tables = STRLIST_INIT};

static const struct option options[] = {
    {0, "source", NULL, "the database to read; the active one by default", OPTION_CHOICE,
     &export_options.source, 0, 0, "active|primary|secondary", false},
    {'o', "output", "FILE", "where to write, - for standard output; .gz at the end compresses",
     OPTION_FILE, &export_options.output, 0, 0, NULL, false},
    {0, "schema-only", NULL, "no rows", OPTION_FLAG, &export_options.schema_only, 0, 0, NULL,
     false},
    {0, "data-only", NULL, "rows and positions of sequences, nothing that creates", OPTION_FLAG,
     &export_options.data_only, 0, 0, NULL, false},
    {0, "tables", "a,b", "only these tables and what belongs to them", OPTION_LIST,
     &export_options.tables, 0, 0, NULL, false},
    {0, "dialect", NULL, "the engine that the file is for; the source's own by default",
     OPTION_CHOICE, &export_options.dialect, 0, 0, "postgres|cockroach", false},
    {0, "inserts", NULL, "INSERT statements instead of COPY blocks", OPTION_FLAG,
     &export_options.inserts, 0, 0, NULL, false},
    {0, "gzip", NULL, "compress, whatever the name", OPTION_FLAG, &export_options.gzip, 0, 0, NULL,
     false},
    {0, "level", "N", "from 1, the fastest, to 9, the smallest; 6 by default", OPTION_NUMBER,
     &export_options.level, 1, 9, NULL, false},
    OPTION_END,
};

static const struct program program = {
    .name = "dbr-export",
    .purpose = "write one database as an SQL file",
    .usage = "[options] --output=FILE",
    .options = options,
};

static bool run(struct cli *cli, struct err *err)
{
    return ops_export(cli, &export_options, err);
}

int main(int argc, char **argv)
{
    int status = cli_main(&program, argc, argv, run);

    strlist_release(&export_options.tables);
    return status;
}
