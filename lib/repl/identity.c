/*
 * Asks a server which database it is, and judges the answers of both against each other and against
 * the state. Does not decide what follows: the caller refuses, or reports.
 */
#include "repl/identity.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "db/pipeline.h"
#include "db/query.h"

/* crdb_internal is closed from v26.1 on unless a variable that is known from v25.4 on opens it. */
#define COCKROACH_UNSAFE_INTERNALS 250400

/* One statement of the question; those that only switch something have no answer to read. */
struct identity_query {
    const char *sql;
    bool answers;
};

#define POSTGRES_STRONG                                                                            \
    "SELECT system_identifier::text, pg_catalog.current_database()::text"                          \
    " FROM pg_catalog.pg_control_system()"
/*
 * The start time is the same through every pooler and address that leads to this server, and it
 * tells apart two servers that both call their first database 16384.
 */
#define POSTGRES_WEAK                                                                              \
    "SELECT '~' || d.oid::text || '@' ||"                                                          \
    " (extract(epoch FROM pg_catalog.pg_postmaster_start_time()) * 1000000)::bigint::text,"        \
    " d.datname::text"                                                                             \
    " FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()"
#define COCKROACH_STRONG "SELECT crdb_internal.cluster_id()::STRING, current_database()::STRING"
#define COCKROACH_WEAK                                                                             \
    "SELECT '~' || d.oid::STRING || '@', d.datname::STRING"                                        \
    " FROM pg_catalog.pg_database d WHERE d.datname = current_database()"

/* In order of preference: the first answer counts. A NULL text ends the list. */
static const struct identity_query postgres_queries[] = {
    {POSTGRES_STRONG, true}, {POSTGRES_WEAK, true}, {NULL, false}};
static const struct identity_query cockroach_queries[] = {
    {COCKROACH_STRONG, true}, {COCKROACH_WEAK, true}, {NULL, false}};
static const struct identity_query cockroach_guarded_queries[] = {
    {"SET allow_unsafe_internals = on", false},
    {COCKROACH_STRONG, true},
    {"SET allow_unsafe_internals = off", false},
    {COCKROACH_WEAK, true},
    {NULL, false}};

static const struct identity_query *queries_for(const struct conn *conn)
{
    if (conn_kind(conn) == ENGINE_POSTGRES)
        return postgres_queries;
    return conn_version(conn) >= COCKROACH_UNSAFE_INTERNALS ? cockroach_guarded_queries
                                                            : cockroach_queries;
}

bool identity_queue(struct conn *conn, struct err *err)
{
    for (const struct identity_query *q = queries_for(conn); q->sql; q++) {
        if (!pipeline_add(conn, q->sql, 0, NULL, err) || !pipeline_sync(conn, err))
            return err_prefix(err, "asking the %s for its identity", conn_role(conn));
    }
    return true;
}

/* Not to be had there, by this role or at all: another question may be answered. Whatever else went
 * wrong is no answer: a weaker identity would take a stranger for the database that is known. */
static bool is_refused(const struct err *err)
{
    static const char *const states[] = {"42501", "42883", "42704", "42P01", "0A000"};
    for (size_t i = 0; i < sizeof states / sizeof *states; i++)
        if (strcmp(err->sqlstate, states[i]) == 0)
            return true;
    return false;
}

bool identity_receive(struct conn *conn, char **identity, struct err *err)
{
    const char *engine = conn_kind(conn) == ENGINE_POSTGRES ? "postgres" : "cockroach";
    struct err last = ERR_INIT;
    bool unsure = false;
    *identity = NULL;
    for (const struct identity_query *q = queries_for(conn); q->sql; q++) {
        struct result *result = NULL;
        struct err failure = ERR_INIT;
        if (!pipeline_next(conn, &result, &failure)) {
            if (!conn_alive(conn) || failure.code == ERR_STOPPED) {
                *err = failure;
                free(*identity);
                *identity = NULL;
                return false;
            }
            if (last.code == ERR_NONE || !is_refused(&failure))
                last = failure;
            unsure = unsure || (!*identity && !is_refused(&failure));
            continue;
        }
        if (q->answers && !*identity && result_rows(result) == 1 && result_text(result, 0, 0) &&
            result_text(result, 0, 1))
            *identity = mem_printf("%s:%s/%s", engine, result_text(result, 0, 0),
                                   result_text(result, 0, 1));
        result_free(result);
    }
    if (*identity && !unsure)
        return true;
    free(*identity);
    *identity = NULL;
    if (last.code == ERR_NONE)
        err_set_hint(&last, ERR_FAILED,
                     "ask the provider what its role may read: pg_control_system(), or "
                     "crdb_internal.cluster_id()",
                     "no answer");
    *err = last;
    return err_prefix(err, "the %s does not say which database it is", conn_role(conn));
}

/* The parts of an identity, as spans of the text. */
struct identity_parts {
    const char *engine, *server, *instance, *database;
    size_t engine_len, server_len, instance_len;
    bool weak;
};

/* False for a text that is no identity (a state written by hand, say). */
static bool identity_split(const char *text, struct identity_parts *parts)
{
    const char *colon = strchr(text, ':');
    const char *slash = colon ? strchr(colon, '/') : NULL;
    if (!slash)
        return false;
    parts->engine = text;
    parts->engine_len = (size_t)(colon - text);
    parts->server = colon + 1;
    parts->server_len = (size_t)(slash - parts->server);
    parts->database = slash + 1;
    parts->instance = slash;
    parts->instance_len = 0;
    parts->weak = *parts->server == '~';
    if (parts->weak) {
        const char *at = memchr(parts->server, '@', parts->server_len);
        if (at) {
            parts->instance = at + 1;
            parts->instance_len = (size_t)(slash - parts->instance);
            parts->server_len = (size_t)(at - parts->server);
        }
    }
    return true;
}

static bool span_equal(const char *a, size_t a_len, const char *b, size_t b_len)
{
    return a_len == b_len && memcmp(a, b, a_len) == 0;
}

bool identity_same(const char *a, const char *b)
{
    struct identity_parts pa, pb;
    if (!identity_split(a, &pa) || !identity_split(b, &pb))
        return strcmp(a, b) == 0;
    if (strcmp(a, b) != 0)
        return false;
    /* Two weak texts without an instance are equal by chance too easily to refuse for it. */
    return !pa.weak || pa.instance_len > 0;
}

/* True when a database known as `known` cannot be the one that now answers `now`. */
static bool identity_changed(const char *known, const char *now)
{
    struct identity_parts pk, pn;
    if (!identity_split(known, &pk) || !identity_split(now, &pn))
        return strcmp(known, now) != 0;
    if (!span_equal(pk.engine, pk.engine_len, pn.engine, pn.engine_len) ||
        strcmp(pk.database, pn.database) != 0)
        return true;
    /* A right granted or revoked in between changes the kind of identity, not the database. */
    if (pk.weak != pn.weak)
        return false;
    return !span_equal(pk.server, pk.server_len, pn.server, pn.server_len);
}

bool identity_check(const struct state *state, char *const identities[2], struct err *err)
{
    static const enum role roles[2] = {ROLE_PRIMARY, ROLE_SECONDARY};
    const char *primary = identities[ROLE_PRIMARY];
    const char *secondary = identities[ROLE_SECONDARY];
    if (primary && secondary && identity_same(primary, secondary)) {
        err_set(err, ERR_REFUSED, "primary and secondary are the same database (%s)", primary);
        return err_hint(
            err, "point DATABASE_URL_SECONDARY to an independent database; a physical copy or "
                 "branch of the primary is none");
    }
    for (size_t i = 0; i < 2; i++) {
        const char *now = identities[roles[i]];
        const char *known = state_identity(state, roles[i]);
        if (!now || !known || !identity_changed(known, now))
            continue;
        const char *other = state_identity(state, role_other(roles[i]));
        bool swapped = other && !identity_changed(other, now);
        err_set(err, ERR_REFUSED, "the %s is not the database it was: now %s, in the state %s",
                role_name(roles[i]), now, known);
        if (swapped)
            return err_hint(err,
                            "the URLs of primary and secondary look exchanged: roles never change, "
                            "dbr-failover changes which one is active");
        if (roles[i] == ROLE_SECONDARY)
            return err_hint(
                err, "correct DATABASE_URL_SECONDARY, or make this database the new secondary "
                     "with dbr-init-secondary --recreate");
        return err_hint(err,
                        "correct DATABASE_URL; for a new pair use another DB_STATE_DIR (now %s)",
                        state->dir);
    }
    return true;
}

/* Of the same database, by a role that may ask for less. */
static bool is_weaker(const char *now, const char *known)
{
    struct identity_parts pk, pn;
    return identity_split(known, &pk) && identity_split(now, &pn) && pn.weak && !pk.weak &&
           !identity_changed(known, now);
}

void identity_remember(struct state *state, char *const identities[2])
{
    static const enum role roles[2] = {ROLE_PRIMARY, ROLE_SECONDARY};
    for (size_t i = 0; i < 2; i++) {
        const char *known = state_identity(state, roles[i]);
        if (identities[roles[i]] && !(known && is_weaker(identities[roles[i]], known)))
            state_set_identity(state, roles[i], identities[roles[i]]);
    }
}
