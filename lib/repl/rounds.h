/*
 * Statements that are each a transaction of their own, sent together. On CockroachDB those that the
 * weather hit are sent again, in order, and with them what failed behind them, since that may have
 * been the reason, and all that stands behind a DROP; the connection is opened anew in its place
 * where it is lost.
 */
#ifndef DBR_REPL_ROUNDS_H
#define DBR_REPL_ROUNDS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "db/conn.h"
#include "db/query.h"

struct round_statement {
    const char *sql;
    bool done;   /* set */
    bool unsure; /* private: an earlier attempt may have succeeded */
};

struct rounds {
    struct conn *conn;
    struct round_statement *statements;
    size_t count;
    void *context;
    /* A statement has failed of something else than the weather: true where that is no reason to
     * stop. Called in order. */
    bool (*failed)(void *context, size_t i, struct err *err);
    /* What it yielded; NULL: nobody asks. False ends all. */
    bool (*took)(void *context, size_t i, const struct result *result, struct err *err);
};

/* The first failure that is a reason to stop ends it; statements behind it may have been run. */
bool rounds_run(struct rounds *rounds, struct err *err);

#endif
