/*
 * Speaks to the admin console of PgBouncer. It understands neither start-up options nor parameters,
 * so that the connections of conn.h are not for it.
 */
#include "db/pgbouncer.h"

#include <errno.h>
#include <libpq-fe.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/stop.h"
#include "db/conn_internal.h"
#include "db/conn_url.h"
#include "db/quote.h"

#define SHOW_LIMIT_MS 5000
#define SLICE_MS 100
#define KEYWORDS_MAX 64

struct pgbouncer {
    PGconn *pg;
};

/* libpq sends what PGOPTIONS says, which the console refuses, whatever the keywords are. */
static PGconn *connect_without_options(const char *const *keywords, const char *const *values)
{
    char *options = mem_strdup(getenv("PGOPTIONS"));
    if (options)
        (void)unsetenv("PGOPTIONS");
    PGconn *pg = PQconnectdbParams(keywords, values, 0);
    if (options)
        (void)setenv("PGOPTIONS", options, 1);
    free(options);
    return pg;
}

bool pgbouncer_open(const char *url, struct pgbouncer **console, struct err *err)
{
    const char *keywords[KEYWORDS_MAX] = {"dbname", "connect_timeout", "gssencmode"};
    const char *values[KEYWORDS_MAX] = {"pgbouncer", "5", "disable"};
    size_t n = 3;
    PQconninfoOption *options = PQconninfoParse(url, NULL);
    if (!options)
        return err_set_hint(
            err, ERR_USAGE,
            "correct DB_PGBOUNCER_ADMIN_URL: postgresql://user:password@host:6432/pgbouncer",
            "the URL of PgBouncer's admin console cannot be parsed");
    for (const PQconninfoOption *option = options; option->keyword; option++) {
        if (!option->val || n + 2 > KEYWORDS_MAX - 1 || strcmp(option->keyword, "options") == 0)
            continue;
        keywords[n] = option->keyword;
        values[n++] = option->val;
    }
    keywords[n] = "application_name";
    values[n++] = "dbr";
    PGconn *pg = connect_without_options(keywords, values);
    bool ok = pg && PQstatus(pg) == CONNECTION_OK;
    if (ok) {
        *console = mem_alloc(sizeof **console);
        (*console)->pg = pg;
    } else {
        char *shown = conn_url_shown(options);
        (void)connect_failure(pg, "admin console of PgBouncer", shown, err);
        err->code = ERR_FAILED;
        free(shown);
        PQfinish(pg);
    }
    PQconninfoFree(options);
    return ok;
}

void pgbouncer_close(struct pgbouncer *console)
{
    if (console)
        PQfinish(console->pg);
    free(console);
}

/* What PgBouncer said, in one line. */
static bool command_error(struct pgbouncer *console, const PGresult *result, const char *command,
                          struct err *err)
{
    const char *said = result ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) : NULL;
    struct buf text = BUF_INIT;
    buf_add_clean(&text, said ? said : PQerrorMessage(console->pg));
    while (text.len > 0 && text.data[text.len - 1] == ' ')
        buf_truncate(&text, text.len - 1);
    err_set_hint(err, ERR_FAILED,
                 "see PgBouncer's log, and that the user of DB_PGBOUNCER_ADMIN_URL is one of its "
                 "admin_users",
                 "PgBouncer: %s failed: %s", command, text.data);
    buf_release(&text);
    return false;
}

/* Waits until a result can be had. */
static bool wait_for_result(struct pgbouncer *console, const char *command, int64_t limit_ms,
                            bool until_stop, bool *in_time, struct err *err)
{
    int64_t deadline = clock_mono_ms() + limit_ms;
    *in_time = true;
    while (PQisBusy(console->pg)) {
        struct pollfd fd = {PQsocket(console->pg), POLLIN, 0};
        if (until_stop && !stop_check(err))
            return false;
        if (clock_mono_ms() >= deadline) {
            *in_time = false;
            return true;
        }
        if (poll(&fd, 1, SLICE_MS) > 0 && !PQconsumeInput(console->pg))
            return command_error(console, NULL, command, err);
    }
    return true;
}

static bool run(struct pgbouncer *console, const char *command, int64_t limit_ms, bool until_stop,
                bool *in_time, PGresult **out, struct err *err)
{
    PGresult *last = NULL;
    *out = NULL;
    if (!PQsendQuery(console->pg, command))
        return command_error(console, NULL, command, err);
    for (;;) {
        if (!wait_for_result(console, command, limit_ms, until_stop, in_time, err) || !*in_time) {
            PQclear(last);
            return err->code == ERR_NONE;
        }
        PGresult *result = PQgetResult(console->pg);
        if (!result)
            break;
        PQclear(last);
        last = result;
    }
    ExecStatusType status = PQresultStatus(last);
    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) {
        *out = last;
        return true;
    }
    command_error(console, last, command, err);
    PQclear(last);
    return false;
}

bool pgbouncer_command(struct pgbouncer *console, const char *verb, const char *database,
                       int64_t limit_ms, bool until_stop, bool *in_time, struct err *err)
{
    struct buf command = BUF_INIT;
    PGresult *result = NULL;
    bool done = false;
    buf_adds(&command, verb);
    if (database) {
        buf_addch(&command, ' ');
        quote_ident(&command, database);
    }
    bool ok = run(console, command.data, limit_ms, until_stop, &done, &result, err);
    if (ok && !done && !in_time)
        ok = err_set_hint(
            err, ERR_FAILED, "see PgBouncer's log and SHOW CLIENTS on its admin console",
            "PgBouncer: %s did not end within %.3g s", command.data, (double)limit_ms / 1000);
    if (in_time)
        *in_time = done;
    PQclear(result);
    buf_release(&command);
    return ok;
}

static bool show(struct pgbouncer *console, const char *command, PGresult **result, struct err *err)
{
    bool in_time = false;
    if (!run(console, command, SHOW_LIMIT_MS, false, &in_time, result, err))
        return false;
    return in_time || err_set_hint(err, ERR_FAILED, "see that PgBouncer runs, and its log",
                                   "PgBouncer: %s was not answered", command);
}

/* Columns have come and gone between versions: they are found by name. */
static const char *cell(const PGresult *result, int row, const char *column)
{
    int at = PQfnumber(result, column);
    return at < 0 || PQgetisnull(result, row, at) ? "" : PQgetvalue(result, row, at);
}

bool pgbouncer_show(struct pgbouncer *console, const char *name,
                    struct pgbouncer_database *database, struct err *err)
{
    PGresult *result = NULL;
    bool found = false;
    *database = (struct pgbouncer_database){NULL, NULL, NULL, NULL, false};
    if (!show(console, "SHOW DATABASES", &result, err))
        return false;
    for (int row = 0; row < PQntuples(result) && !found; row++) {
        if (strcmp(cell(result, row, "name"), name) != 0)
            continue;
        found = true;
        database->host = mem_strdup(cell(result, row, "host"));
        database->port = mem_strdup(cell(result, row, "port"));
        database->dbname = mem_strdup(cell(result, row, "database"));
        database->user = mem_strdup(cell(result, row, "force_user"));
        database->paused = strcmp(cell(result, row, "paused"), "0") != 0;
    }
    PQclear(result);
    if (found)
        return true;
    err_set(err, ERR_USAGE, "PgBouncer has no database %s", name);
    return err_hint(err, "set DB_PGBOUNCER_DBNAME to a name below [databases] of DB_PGBOUNCER_INI");
}

void pgbouncer_database_release(struct pgbouncer_database *database)
{
    free(database->host);
    free(database->port);
    free(database->dbname);
    free(database->user);
}

bool pgbouncer_setting(struct pgbouncer *console, const char *name, char **value, struct err *err)
{
    PGresult *result = NULL;
    *value = NULL;
    if (!show(console, "SHOW CONFIG", &result, err))
        return false;
    for (int row = 0; row < PQntuples(result) && !*value; row++) {
        if (strcmp(cell(result, row, "key"), name) == 0)
            *value = mem_strdup(cell(result, row, "value"));
    }
    PQclear(result);
    return true;
}
