/* Rounds of statements, each round with those that are not done yet. */
#include "repl/rounds.h"

#include <string.h>

#include "db/pipeline.h"
#include "repl/weather.h"

static bool alters(const char *sql, const char *how)
{
    return !strncmp(sql, "ALTER ", 6) && strstr(sql, how);
}

static bool drops(const char *sql)
{
    return !strncmp(sql, "DROP ", 5) || alters(sql, " DROP ");
}

/* What an earlier attempt has done makes the next one fail. */
static bool was_done(const struct round_statement *s, const struct err *err)
{
    return s->unsure &&
           (query_is_there_already(err) || (query_names_nothing(err) && drops(s->sql)));
}

static bool lose(struct rounds *r)
{
    size_t i;

    for (i = 0; i < r->count; i++)
        r->statements[i].unsure = true;
    return false;
}

static bool send(const struct rounds *r, struct err *err)
{
    size_t i;

    for (i = 0; i < r->count; i++)
        if (!r->statements[i].done && (!pipeline_add(r->conn, r->statements[i].sql, 0, NULL, err) ||
                                       !pipeline_sync(r->conn, err)))
            return false;
    return pipeline_send(&r->conn, 1, err);
}

/* One result; false, with err, when the statement failed. A statement that comes again gives its
 * result then. */
static bool receive(struct rounds *r, size_t i, bool again, bool *ended, struct err *err)
{
    struct result *result = NULL;
    bool ok = pipeline_next(r->conn, &result, err);

    *ended = ok && !again && r->took && !r->took(r->context, i, result, err);
    result_free(result);
    return ok && !*ended;
}

/* What makes something, or changes what was made. What is dropped, and a name that is given away,
 * is gone. */
static bool may_come_again(const char *sql)
{
    return (!drops(sql) || alters(sql, " ADD ")) && !alters(sql, " RENAME ");
}

/* Behind a statement that the weather hit others may fail because of that: they are not judged in
 * this round. What was made behind a DROP that comes again would go with it: it comes again, too.
 */
static bool run_round(struct rounds *r, struct err *err)
{
    bool hit = false;
    bool again = false;
    size_t i;

    if (!send(r, err))
        return lose(r);
    for (i = 0; i < r->count; i++) {
        struct round_statement *s = &r->statements[i];
        struct err why = ERR_INIT;
        bool ended;
        bool twice;

        if (s->done)
            continue;
        twice = again && may_come_again(s->sql);
        s->done = receive(r, i, twice, &ended, &why) || was_done(s, &why);
        if (s->done && twice) {
            s->done = false;
            s->unsure = true;
            continue;
        }
        if (s->done)
            continue;
        if (!ended && conn_alive(r->conn) && conn_kind(r->conn) == ENGINE_COCKROACH &&
            weather_kind(&why) != WEATHER_NONE) {
            s->unsure = s->unsure || weather_kind(&why) != WEATHER_CONFLICT;
            if (!hit)
                *err = why;
            hit = true;
            again = again || drops(s->sql);
        } else if (!conn_alive(r->conn) || why.code == ERR_STOPPED) {
            *err = why;
            return lose(r);
        } else if (ended || !hit) {
            s->done = !ended && r->failed(r->context, i, &why);
            if (!s->done) {
                *err = why;
                return false;
            }
        }
    }
    return !hit && pipeline_end(r->conn, err);
}

static size_t count_done(const struct rounds *r)
{
    size_t done = 0;
    size_t i;

    for (i = 0; i < r->count; i++)
        done += r->statements[i].done;
    return done;
}

bool rounds_run(struct rounds *r, struct err *err)
{
    struct weather weather = {0};
    size_t before = 0;

    while (!run_round(r, err)) {
        if (conn_kind(r->conn) != ENGINE_COCKROACH)
            return false;
        if (count_done(r) > before)
            weather_clear(&weather);
        before = count_done(r);
        if (!weather_recover(&weather, r->conn, err))
            return false;
    }
    return true;
}
