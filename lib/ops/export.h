/* dbr-export: writes one database as an SQL script. */
#ifndef DBR_OPS_EXPORT_H
#define DBR_OPS_EXPORT_H

#include <stdbool.h>

#include "base/err.h"
#include "base/strlist.h"
#include "cli/main.h"

#define EXPORT_LEVEL 6 /* as gzip itself */

struct export_options {
    const char *source;  /* "primary", "secondary", "active"; NULL: active */
    const char *output;  /* a file, "-"; NULL: standard output where that is no terminal */
    const char *dialect; /* "postgres", "cockroach"; NULL: the source's own */
    struct strlist tables;
    bool schema_only, data_only, inserts, gzip;
    long level; /* 1 to 9; 0: not given */
};

/* ERR_REFUSED: the database is not the one that the state knows. */
bool ops_export(struct cli *cli, const struct export_options *options, struct err *err);

#endif
