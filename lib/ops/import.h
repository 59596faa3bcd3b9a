/* dbr-import: restores a file of dbr-export or pg_dump into one database. */
#ifndef DBR_OPS_IMPORT_H
#define DBR_OPS_IMPORT_H

#include <stdbool.h>

#include "base/err.h"
#include "cli/main.h"

struct import_options {
    const char *target; /* "primary", "secondary"; NULL with check */
    const char *input;  /* a file, or "-" */
    bool check;         /* read the file, touch no database */
    bool clean;         /* drop what the file defines first */
    bool upsert;        /* merge its rows into tables that are there */
};

/*
 * ERR_REFUSED: the file is damaged or foreign, the target holds something of it, is not the
 * database that the state knows, or is the active one and nobody has consented.
 */
bool ops_import(struct cli *cli, const struct import_options *options, struct err *err);

#endif
