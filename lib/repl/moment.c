/* Moments are decimals: nanoseconds, and behind the point what orders events within one. */
#include "repl/moment.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "db/pipeline.h"
#include "db/query.h"

/* The time is refused under weaker isolation, which may be the server's default. */
static const char *const questions[] = {
    "BEGIN ISOLATION LEVEL SERIALIZABLE",
    "SELECT cluster_logical_timestamp()::text",
    "COMMIT",
};
#define QUESTIONS (sizeof(questions) / sizeof(questions[0]))
#define ANSWER 1

bool moment_queue(struct conn *conn, struct err *err)
{
    size_t i;

    for (i = 0; i < QUESTIONS; i++)
        if (!pipeline_add(conn, questions[i], 0, NULL, err))
            return false;
    return pipeline_sync(conn, err);
}

/* It goes into statements, which take no parameter there. */
static bool is_moment(const char *text)
{
    return text && *text && strspn(text, "0123456789.") == strlen(text);
}

bool moment_receive(struct conn *conn, char **moment, struct err *err)
{
    struct result *result;
    size_t i;

    *moment = NULL;
    for (i = 0; i < QUESTIONS; i++) {
        if (!pipeline_next(conn, &result, err)) {
            free(*moment);
            *moment = NULL;
            return false;
        }
        if (i == ANSWER && is_moment(result_text(result, 0, 0)))
            *moment = mem_strdup(result_text(result, 0, 0));
        result_free(result);
    }
    return *moment || err_internal(err, "the %s does not tell its time", conn_role(conn));
}

bool moment_queue_begin(struct conn *conn, const char *moment, struct err *err)
{
    struct buf sql = BUF_INIT;
    bool ok;

    if (moment)
        buf_addf(&sql, "BEGIN AS OF SYSTEM TIME %s", moment);
    else
        buf_addf(&sql, "BEGIN ISOLATION LEVEL %s READ ONLY",
                 conn_kind(conn) == ENGINE_POSTGRES ? "REPEATABLE READ" : "SERIALIZABLE");
    ok = pipeline_add(conn, sql.data, 0, NULL, err);
    buf_release(&sql);
    return ok;
}

int64_t moment_us(const char *moment)
{
    return strtoll(moment, NULL, 10) / 1000;
}
