/* Each taker has a range of numbers of its own, in which a transaction counts one and a look two:
 * what is odd is a transaction. */
#include "repl/turn.h"

#include <string.h>

#include "base/buf.h"
#include "db/pipeline.h"
#include "db/query.h"
#include "db/row_sql.h"
#include "repl/weather.h"

#define RANGE_BITS 20
/* A transaction of a link that is half open keeps its turn until the server gives it up. */
#define BOUND "SET lock_timeout = '30s'"
#define LOCK_TIMED_OUT "55P03"

static const char *const make[] = {
    BOUND,
    "CREATE SCHEMA IF NOT EXISTS _dbr",
    "CREATE TABLE IF NOT EXISTS _dbr.turn (id int8 PRIMARY KEY, number int8 NOT NULL)",
};

static const char take_sql[] = "INSERT INTO _dbr.turn AS t (id, number) VALUES (1, 0) ON CONFLICT "
                               "(id) DO UPDATE SET number = ((t.number >> 20) + 1) << 20 RETURNING "
                               "number";

struct asking {
    struct conn *conn;
    int64_t number;
};

static bool ask(struct asking *a, const char *sql, struct err *err)
{
    struct result *result;

    if (!query_run(a->conn, sql, 0, NULL, &result, err))
        return false;
    a->number = result_rows(result) == 1 ? result_int(result, 0, 0) : -1;
    result_free(result);
    return true;
}

static bool take(void *context, struct err *err)
{
    struct asking *a = context;
    size_t i;

    for (i = 0; i < sizeof(make) / sizeof(make[0]); i++)
        if (!query_run(a->conn, make[i], 0, NULL, NULL, err))
            return false;
    return ask(a, take_sql, err);
}

static bool look(void *context, struct err *err)
{
    struct asking *a = context;

    return query_run(a->conn, BOUND, 0, NULL, NULL, err) &&
           ask(a, "UPDATE _dbr.turn SET number = number + 2 WHERE id = 1 RETURNING number", err);
}

static bool refuse(struct err *err)
{
    err_set(err, ERR_FAILED, "another run writes into the same database at the same time");
    return err_hint(err, "let one machine run dbr at a time, then run this again; what was brought "
                         "over before stays");
}

/* Another machine has come between, or has finished the merge, with which the table goes. */
void turn_explain(struct err *err)
{
    size_t missing;
    size_t rows;

    if (row_sql_read_shortfall(err->message, &missing, &rows) ||
        (!strcmp(err->sqlstate, "42P01") && strstr(err->message, "_dbr.turn")))
        refuse(err);
}

static bool explain_wait(struct err *err)
{
    turn_explain(err);
    if (strcmp(err->sqlstate, LOCK_TIMED_OUT) != 0)
        return false;
    err_set(err, ERR_FAILED,
            "a transaction of another run is still under way in the same database");
    return err_hint(err, "run this again when it has ended; one whose connection is broken is "
                         "ended by the server after a while");
}

bool turn_take(struct turn *turn, struct conn *conn, struct err *err)
{
    struct asking asking = {conn, 0};

    if (!weather_pass(conn, take, &asking, err))
        return explain_wait(err);
    turn->number = asking.number;
    return true;
}

bool turn_queue(const struct turn *turn, struct conn *conn, struct err *err)
{
    struct buf sql = BUF_INIT;
    bool ok;

    row_sql_counted_open(&sql);
    buf_addf(&sql, "UPDATE _dbr.turn SET number = number + 1 WHERE id = 1 AND number = %lld",
             (long long)turn->number);
    row_sql_counted_close(&sql, 1);
    ok = pipeline_add(conn, sql.data, 0, NULL, err);
    buf_release(&sql);
    return ok;
}

void turn_passed(struct turn *turn)
{
    turn->number++;
}

bool turn_settle(struct turn *turn, struct conn *conn, bool *committed, struct err *err)
{
    struct asking asking = {conn, 0};

    if (!weather_pass(conn, look, &asking, err))
        return explain_wait(err);
    if (asking.number >> RANGE_BITS != turn->number >> RANGE_BITS)
        return refuse(err);
    *committed = (asking.number - turn->number) % 2 != 0;
    turn->number = asking.number;
    return true;
}
