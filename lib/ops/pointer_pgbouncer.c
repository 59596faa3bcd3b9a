/*
 * The target PgBouncer: the line of one database in its file, which the admin console has it read
 * again. PgBouncer keeps the connections of clients through that; server connections to the old
 * host end with their transaction.
 */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "db/pgbouncer.h"
#include "db/url_parts.h"
#include "ops/pointer_file.h"
#include "ops/pointer_target.h"
#include "state/pgbouncer_ini.h"

#define COMMAND_LIMIT_MS 5000
/* How long running transactions get to end. */
#define PAUSE_LIMIT_MS 5000
#define CLOSE_LIMIT_MS 3000

struct settings {
    const char *ini, *admin_url, *name;
};

static struct settings settings_of(const struct config *config)
{
    return (struct settings){config_value(config, "DB_PGBOUNCER_INI")->value,
                             config_value(config, "DB_PGBOUNCER_ADMIN_URL")->value,
                             config_value(config, "DB_PGBOUNCER_DBNAME")->value};
}

static bool configured(const struct config *config)
{
    struct settings s = settings_of(config);
    return s.ini || s.admin_url || s.name;
}

/* All three, and a name that the file and the console can hold. */
static bool complete(const struct settings *s, struct err *err)
{
    const char *missing = !s->ini         ? "DB_PGBOUNCER_INI"
                          : !s->admin_url ? "DB_PGBOUNCER_ADMIN_URL"
                          : !s->name      ? "DB_PGBOUNCER_DBNAME"
                                          : NULL;
    if (missing) {
        err_set(err, ERR_USAGE, "%s is not set", missing);
        return err_hint(err, "DB_PGBOUNCER_INI, DB_PGBOUNCER_ADMIN_URL and DB_PGBOUNCER_DBNAME "
                             "belong together");
    }
    for (const char *p = s->name; *p; p++) {
        if (!((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') ||
              strchr("_.-", *p)))
            return err_set_hint(
                err, ERR_USAGE,
                "give the database such a name below [databases], and set DB_PGBOUNCER_DBNAME to "
                "it",
                "DB_PGBOUNCER_DBNAME may hold letters, digits, '_', '.' and '-' only");
    }
    return true;
}

/* --- what the line shall say ------------------------------------------------------- */

static bool same_text(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") == 0;
}

/* The application's URL of a role in PgBouncer's words: one host, and nothing left to defaults that
 * are PgBouncer's own. */
static bool wanted_parts(const struct config *config, enum role role, struct url_parts *parts,
                         struct err *err)
{
    (void)url_parts_read(parts, config->app_urls[role]);
    if (!parts->host)
        return err_set_hint(err, ERR_USAGE, "add the host to the URL",
                            "the URL of the %s names no host for PgBouncer", role_name(role));
    if (strchr(parts->host, ',') || (parts->port && strchr(parts->port, ',')))
        return err_set_hint(
            err, ERR_USAGE, "leave one host in the URL",
            "the URL of the %s names several hosts, of which PgBouncer cannot choose the "
            "right one",
            role_name(role));
    if (!parts->port)
        parts->port = mem_strdup("5432");
    if (!parts->dbname)
        parts->dbname = mem_strdup(parts->user);
    return parts->dbname || err_set_hint(err, ERR_USAGE, "add the database to the end of the URL",
                                         "the URL of the %s names no database", role_name(role));
}

/* Without user= in the line PgBouncer logs in as its client did, which only does where both
 * databases know the same login. */
static bool needs_login(const struct config *config)
{
    struct url_parts parts[2] = {URL_PARTS_INIT, URL_PARTS_INIT};
    bool same = true;
    for (size_t i = 0; i < 2; i++) {
        if (config->app_urls[i])
            (void)url_parts_read(&parts[i], config->app_urls[i]);
    }
    if (config->app_urls[ROLE_SECONDARY])
        same = same_text(parts[0].user, parts[1].user) &&
               same_text(parts[0].password, parts[1].password);
    url_parts_release(&parts[0]);
    url_parts_release(&parts[1]);
    return !same;
}

/* Whether the line says that already, in whatever order and with whatever it leaves to defaults. */
static bool says(const struct url_parts *line, const struct url_parts *wanted, const char *name)
{
    return same_text(line->host, wanted->host) &&
           same_text(line->port ? line->port : "5432", wanted->port) &&
           same_text(line->dbname ? line->dbname : name, wanted->dbname) &&
           same_text(line->user, wanted->user) && same_text(line->password, wanted->password);
}

/* old_text with the line set for role; the same text where nothing is to be changed. */
static bool compose(const struct config *config, enum role role, const struct buf *old_text,
                    struct buf *new_text, struct err *err)
{
    struct settings s = settings_of(config);
    struct url_parts now = URL_PARTS_INIT;
    struct url_parts parts = URL_PARTS_INIT;
    bool ok = wanted_parts(config, role, &parts, err);
    if (ok) {
        bool known = pgbouncer_ini_get(old_text->data, old_text->len, s.name, &now);
        if (!now.user && !needs_login(config)) {
            free(parts.user);
            free(parts.password);
            parts.user = parts.password = NULL;
        }
        if (known && says(&now, &parts, s.name))
            buf_add(new_text, old_text->data, old_text->len);
        else
            ok = pgbouncer_ini_set(s.ini, old_text->data, old_text->len, s.name, &parts, new_text,
                                   err);
    }
    url_parts_release(&now);
    url_parts_release(&parts);
    return ok;
}

/* Reads the file, which must be there. */
static bool read_ini(const char *path, struct buf *text, mode_t *mode, struct err *err)
{
    if (!pointer_file_read(path, text, mode, err))
        return false;
    return *mode ||
           err_set_hint(err, ERR_USAGE,
                        "correct DB_PGBOUNCER_INI: the file that PgBouncer is started with",
                        "%s does not exist", path);
}

/* --- what PgBouncer has -------------------------------------------------------------- */

/* A database without host= is reached by a socket, and shown as PgBouncer likes. */
static bool serves(const struct pgbouncer_database *database, const struct url_parts *parts)
{
    return (!parts->host || strcmp(database->host, parts->host) == 0) &&
           (!parts->port || strcmp(database->port, parts->port) == 0) &&
           (!parts->dbname || strcmp(database->dbname, parts->dbname) == 0) &&
           (!parts->user || !*database->user || strcmp(database->user, parts->user) == 0);
}

static bool open_console(const struct settings *s, struct pgbouncer **console,
                         struct pgbouncer_database *database, struct err *err)
{
    *console = NULL;
    if (!pgbouncer_open(s->admin_url, console, err))
        return false;
    if (pgbouncer_show(*console, s->name, database, err))
        return true;
    pgbouncer_close(*console);
    *console = NULL;
    return false;
}

/* Whether PgBouncer serves what the URL of role says; reads *paused, too. */
static bool serves_role(const struct config *config, enum role role, bool *yes, bool *paused,
                        struct err *err)
{
    struct settings s = settings_of(config);
    struct pgbouncer *console;
    struct pgbouncer_database database = {NULL, NULL, NULL, NULL, false};
    struct url_parts parts = URL_PARTS_INIT;
    bool ok = wanted_parts(config, role, &parts, err) && open_console(&s, &console, &database, err);
    if (ok) {
        *yes = serves(&database, &parts);
        *paused = database.paused;
        pgbouncer_close(console);
    }
    pgbouncer_database_release(&database);
    url_parts_release(&parts);
    return ok;
}

/* --- before a switch ------------------------------------------------------------------ */

/* PgBouncer has one TLS mode for all servers; it must not be weaker than what a URL asks for. */
static bool check_tls(const struct config *config, struct pgbouncer *console, struct err *err)
{
    static const char *const modes[] = {"disable", "allow",     "prefer",
                                        "require", "verify-ca", "verify-full"};
    char *mode = NULL;
    size_t have = 0;
    bool ok = pgbouncer_setting(console, "server_tls_sslmode", &mode, err);
    for (size_t i = 0; ok && mode && i < 6; i++) {
        if (strcmp(mode, modes[i]) == 0)
            have = i;
    }
    for (size_t role = 0; ok && role < 2; role++) {
        struct url_parts parts = URL_PARTS_INIT;
        if (config->app_urls[role])
            (void)url_parts_read(&parts, config->app_urls[role]);
        for (size_t i = 3; parts.sslmode && i < 6; i++) {
            if (i > have && strcmp(parts.sslmode, modes[i]) == 0) {
                err_set(err, ERR_USAGE,
                        "the URL of the %s asks for sslmode=%s, but PgBouncer connects with "
                        "server_tls_sslmode=%s",
                        role_name((enum role)role), modes[i], modes[have]);
                ok = err_hint(err, "set server_tls_sslmode = %s in its file and restart it",
                              modes[i]);
            }
        }
        if (parts.options)
            log_warn("the URL of the %s has options, which PgBouncer does not send",
                     role_name((enum role)role));
        url_parts_release(&parts);
    }
    free(mode);
    return ok;
}

/* That the file is the one PgBouncer reads shows only by what it says. */
static bool check_console(const struct config *config, const struct url_parts *line,
                          struct err *err)
{
    struct settings s = settings_of(config);
    struct pgbouncer *console;
    struct pgbouncer_database database = {NULL, NULL, NULL, NULL, false};
    bool ok = open_console(&s, &console, &database, err);
    if (ok && !serves(&database, line)) {
        err_set(err, ERR_USAGE, "PgBouncer serves %s from another place than %s says", s.name,
                s.ini);
        ok = err_hint(err, "let it RELOAD, or set DB_PGBOUNCER_INI to the file that it reads");
    }
    ok = ok && check_tls(config, console, err);
    if (console)
        pgbouncer_close(console);
    pgbouncer_database_release(&database);
    return ok;
}

static bool check(const struct config *config, struct err *err)
{
    struct settings s = settings_of(config);
    struct url_parts line = URL_PARTS_INIT;
    struct buf old_text = BUF_INIT;
    struct buf new_text = BUF_INIT;
    mode_t mode = 0;
    bool ok = complete(&s, err) && read_ini(s.ini, &old_text, &mode, err) &&
              pointer_file_check(s.ini, mode, err);
    for (size_t role = 0; ok && role < 2; role++) {
        if (config->app_urls[role])
            ok = compose(config, (enum role)role, &old_text, &new_text, err);
    }
    if (ok && !pgbouncer_ini_get(old_text.data, old_text.len, s.name, &line))
        ok = err_set_hint(err, ERR_USAGE,
                          "write it as NAME = host=... port=... dbname=..., with values in '...' "
                          "where they hold blanks",
                          "the line for %s in %s cannot be understood", s.name, s.ini);
    if (ok && !line.user && needs_login(config)) {
        err_set(err, ERR_USAGE,
                "the two databases have different logins, but the line for %s in %s has no user=",
                s.name, s.ini);
        ok = err_hint(err, "add user= and password= of DATABASE_URL to it and let PgBouncer "
                           "RELOAD: connected clients would keep their own login");
    }
    ok = ok && check_console(config, &line, err);
    url_parts_release(&line);
    buf_release(&old_text);
    buf_release(&new_text);
    return ok || err_prefix(err, "PgBouncer");
}

/* --- holding clients ------------------------------------------------------------------- */

static bool resume(const struct config *config, struct err *err)
{
    struct settings s = settings_of(config);
    struct pgbouncer *console;
    struct pgbouncer_database database = {NULL, NULL, NULL, NULL, false};
    bool ok = complete(&s, err) && open_console(&s, &console, &database, err);
    if (ok) {
        ok = !database.paused ||
             pgbouncer_command(console, "RESUME", s.name, COMMAND_LIMIT_MS, false, NULL, err);
        pgbouncer_close(console);
    }
    pgbouncer_database_release(&database);
    return ok;
}

/*
 * A PAUSE that did not end in time stays in force when its console goes: what runs goes on until
 * the fence ends it, everybody else waits.
 */
static bool pause_clients(const struct config *config, struct err *err)
{
    struct settings s = settings_of(config);
    struct pgbouncer *console;
    struct pgbouncer_database database = {NULL, NULL, NULL, NULL, false};
    bool in_time = false;
    if (!complete(&s, err) || !open_console(&s, &console, &database, err))
        return false;
    pgbouncer_database_release(&database);
    bool ok = pgbouncer_command(console, "PAUSE", s.name, PAUSE_LIMIT_MS, true, &in_time, err);
    pgbouncer_close(console);
    if (ok && in_time)
        return true;
    if (ok && open_console(&s, &console, &database, err)) {
        pgbouncer_close(console);
        bool held = database.paused;
        pgbouncer_database_release(&database);
        if (held) {
            log_warn("some clients of PgBouncer are within a transaction for longer than %d s; the "
                     "fence will end it",
                     PAUSE_LIMIT_MS / 1000);
            return true;
        }
        err_set_hint(
            err, ERR_FAILED,
            "see PgBouncer's log; PAUSE takes pool_mode transaction or session, and an admin",
            "PgBouncer did not pause %s", s.name);
    }
    struct err ignored = ERR_INIT;
    (void)resume(config, &ignored);
    return false;
}

/* --- the switch -------------------------------------------------------------------------- */

static bool rewrite(const struct config *config, enum role active, struct err *err)
{
    const char *path = settings_of(config).ini;
    struct buf old_text = BUF_INIT;
    struct buf new_text = BUF_INIT;
    mode_t mode = 0;
    bool ok = read_ini(path, &old_text, &mode, err) &&
              compose(config, active, &old_text, &new_text, err) &&
              pointer_file_write(path, mode, &old_text, &new_text, err);
    buf_release(&old_text);
    buf_release(&new_text);
    return ok;
}

/*
 * Waits until nobody is connected to the old host any more. Connections that hang there, or that
 * session pooling ties to their clients, would keep them there for long: those clients are dropped
 * and connect again.
 */
static bool close_old(const struct settings *s, struct err *err)
{
    struct pgbouncer *console = NULL;
    bool in_time = false;
    bool ok =
        pgbouncer_open(s->admin_url, &console, err) &&
        pgbouncer_command(console, "WAIT_CLOSE", s->name, CLOSE_LIMIT_MS, false, &in_time, err);
    pgbouncer_close(console);
    if (!ok || in_time)
        return ok;
    log_warn("PgBouncer still has connections to the old host: dropping the clients of %s",
             s->name);
    console = NULL;
    ok = pgbouncer_open(s->admin_url, &console, err) &&
         pgbouncer_command(console, "KILL", s->name, COMMAND_LIMIT_MS, false, NULL, err) &&
         pgbouncer_command(console, "RESUME", s->name, COMMAND_LIMIT_MS, false, NULL, err);
    pgbouncer_close(console);
    return ok;
}

static bool reload(const struct settings *s, struct err *err)
{
    struct pgbouncer *console = NULL;
    bool ok = pgbouncer_open(s->admin_url, &console, err) &&
              pgbouncer_command(console, "RELOAD", NULL, COMMAND_LIMIT_MS, false, NULL, err);
    pgbouncer_close(console);
    return ok;
}

static bool move(const struct config *config, enum role active, struct err *err)
{
    struct settings s = settings_of(config);
    bool yes = false;
    bool paused = false;
    if (!complete(&s, err) || !rewrite(config, active, err) || !reload(&s, err) ||
        !serves_role(config, active, &yes, &paused, err))
        return false;
    if (!yes) {
        err_set(err, ERR_FAILED, "PgBouncer did not take the new line for %s", s.name);
        return err_hint(err, "see its log, and that DB_PGBOUNCER_INI is the file that it reads");
    }
    return close_old(&s, err) && resume(config, err);
}

static bool agrees(const struct config *config, enum role active, struct err *err)
{
    struct settings s = settings_of(config);
    struct buf old_text = BUF_INIT;
    struct buf new_text = BUF_INIT;
    mode_t mode = 0;
    bool yes = false;
    bool paused = false;
    bool ok = complete(&s, err) && read_ini(s.ini, &old_text, &mode, err) &&
              compose(config, active, &old_text, &new_text, err);
    if (ok &&
        (old_text.len != new_text.len || memcmp(old_text.data, new_text.data, new_text.len) != 0))
        ok = err_set(err, ERR_DIFFERENT, "the line for %s in %s is not for the %s", s.name, s.ini,
                     role_name(active));
    ok = ok && serves_role(config, active, &yes, &paused, err);
    if (ok && !yes)
        ok = err_set(err, ERR_DIFFERENT, "PgBouncer does not serve %s from the %s", s.name,
                     role_name(active));
    else if (ok && paused)
        ok = err_set(err, ERR_DIFFERENT, "the clients of %s are paused", s.name);
    buf_release(&old_text);
    buf_release(&new_text);
    return ok;
}

const struct pointer_target pointer_pgbouncer = {
    "PgBouncer", configured, check, pause_clients, resume, move, agrees,
};
