/* What the files of dbr-import share: one run from the options to the report. For lib/ops/import*.c
 * only. */
#ifndef DBR_OPS_IMPORT_RUN_H
#define DBR_OPS_IMPORT_RUN_H

#include "base/infile.h"
#include "base/lock.h"
#include "ops/import.h"
#include "ops/outcome.h"
#include "repl/archive.h"
#include "repl/existing.h"
#include "repl/load.h"
#include "repl/outline.h"
#include "repl/upsert.h"
#include "state/config.h"
#include "state/state.h"

struct import_run {
    struct cli *cli;
    const struct import_options *options;
    struct config config;
    struct state state;
    struct lock lock;
    enum role role;
    struct infile *in;
    bool outlined; /* the file could be read twice, and was read once */
    struct outline outline;
    struct conn *conn;
    struct model model; /* of the target as it was; after --clean without what was dropped */
    struct strlist schemas;
    struct strlist tables; /* whose rows the file holds; of a file that was read */
    struct sql_file file;
    struct load load;
    struct existing existing;
    struct upsert upsert;
    struct archive archive;
    size_t dropped;    /* objects, by --clean */
    bool asked;        /* for consent, which was given */
    bool unknown;      /* whether the COMMIT went through */
    char *transaction; /* its id, for asking what became of it */
    bool begun;        /* there was room, and statements of the file have been run */
    struct outcome outcome;
    int64_t started;
};

/* The target: connected, known to the state, its catalog read, in a transaction. */
bool import_open_target(struct import_run *run, struct err *err);
/* ERR_REFUSED when it holds something of the file; with --clean that is dropped. */
bool import_make_room(struct import_run *run, struct err *err);

/* --check: prints what the file holds. */
void import_describe(struct import_run *run);
/* The result: fills run->outcome, prints, writes the event. */
void import_summarise(struct import_run *run);

#endif
