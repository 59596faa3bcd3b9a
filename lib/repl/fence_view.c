/* What can be known of a fence beforehand: rights, roles, and what it could not hold. */
#include <stdio.h>

#include "db/pipeline.h"
#include "db/query.h"
#include "repl/fence.h"

#define PLACED                                                                                     \
    "EXISTS (SELECT 1 FROM pg_catalog.pg_db_role_setting s JOIN pg_catalog.pg_database d ON "      \
    "d.oid = s.setdatabase WHERE d.datname = pg_catalog.current_database() AND s.setrole = 0 AND " \
    "'default_transaction_read_only=on' = ANY (s.setconfig)) OR EXISTS (SELECT 1 FROM "            \
    "pg_catalog.pg_roles WHERE rolname = $1::text AND NOT rolcanlogin)"
#define HAS_ROLE "EXISTS (SELECT 1 FROM pg_catalog.pg_roles WHERE rolname = $1::text)"

/* A role's own setting goes before that of the database. */
const char fence_overriding[] =
    "SELECT r.rolname FROM pg_catalog.pg_db_role_setting s JOIN pg_catalog.pg_roles r ON r.oid = "
    "s.setrole CROSS JOIN pg_catalog.unnest(s.setconfig) AS c(setting) WHERE "
    "pg_catalog.lower(c.setting) IN "
    "('default_transaction_read_only=off', 'default_transaction_read_only=false', "
    "'default_transaction_read_only=no', 'default_transaction_read_only=0', "
    "'default_transaction_read_only=f', 'default_transaction_read_only=n') AND r.rolcanlogin AND "
    "s.setdatabase IN (0, (SELECT oid FROM pg_catalog.pg_database WHERE datname = "
    "pg_catalog.current_database())) LIMIT 1";

#define MAY_CREATE                                                                                 \
    "CASE WHEN EXISTS (SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = '_dbr') THEN "        \
    "pg_catalog.has_schema_privilege('_dbr', 'CREATE') ELSE "                                      \
    "pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE') END"

#define OWNS                                                                                       \
    "pg_catalog.pg_has_role((SELECT datdba FROM pg_catalog.pg_database WHERE datname = "           \
    "pg_catalog.current_database()), 'MEMBER')"

/* Nobody but a superuser alters a superuser; from version 16 on CREATEROLE is not enough for a role
 * that one has not made. */
#define MAY_BAR                                                                                    \
    "(SELECT me.rolsuper OR (me.rolcreaterole AND NOT coalesce(r.rolsuper, false) AND "            \
    "(pg_catalog.current_setting('server_version_num')::int < 160000 OR EXISTS (SELECT 1 FROM "    \
    "pg_catalog.pg_auth_members m WHERE m.roleid = r.oid AND m.admin_option AND "                  \
    "pg_catalog.pg_has_role(m.member, 'MEMBER')))) FROM pg_catalog.pg_roles me LEFT JOIN "         \
    "pg_catalog.pg_roles r ON r.rolname = $1::text WHERE me.rolname = current_user)"

static const char postgres_view[] =
    "SELECT " PLACED ", $1::text = current_user, " HAS_ROLE ", " MAY_BAR ", " OWNS ", " MAY_CREATE
    ", EXISTS "
    "(SELECT 1 FROM pg_catalog.pg_prepared_xacts WHERE database = pg_catalog.current_database())";

static const char postgres_beyond[] =
    "SELECT usename FROM pg_catalog.pg_stat_activity WHERE " FENCE_IS_OTHER " AND NOT "
    "(" FENCE_MAY_END ") AND NOT coalesce((SELECT rolsuper FROM pg_catalog.pg_roles r WHERE r.oid "
    "= usesysid), false) LIMIT 1";

/* Prepared transactions are not to be had there. Before version 25.4 only an admin may set what
 * holds for all of a database, or see and end the sessions of others without further grants. */
#define COCKROACH_OWNER_MAY 250400
#define IS_ADMIN "pg_catalog.pg_has_role('admin', 'MEMBER')"
#define COCKROACH_VIEW(may_alter)                                                                  \
    "SELECT " PLACED ", $1::text = current_user, " HAS_ROLE ", " IS_ADMIN " OR (SELECT "           \
    "rolcreaterole FROM pg_catalog.pg_roles WHERE rolname = current_user), " may_alter             \
    ", " MAY_CREATE ", false"
static const char cockroach_admin_view[] = COCKROACH_VIEW(IS_ADMIN);
static const char cockroach_view[] = COCKROACH_VIEW(IS_ADMIN " OR " OWNS);
static const char cockroach_beyond[] =
    "SELECT 'others' WHERE NOT (" IS_ADMIN " OR (pg_catalog.has_system_privilege('CANCELQUERY') "
    "AND (pg_catalog.has_system_privilege('VIEWACTIVITY') OR "
    "pg_catalog.has_system_privilege('VIEWACTIVITYREDACTED'))))";

bool fence_queue_view(struct conn *conn, const char *role, struct err *err)
{
    const char *view = postgres_view;
    const char *beyond = postgres_beyond;

    if (conn_kind(conn) == ENGINE_COCKROACH) {
        bool owner_may = conn_version(conn) >= COCKROACH_OWNER_MAY;

        view = owner_may ? cockroach_view : cockroach_admin_view;
        beyond = owner_may ? cockroach_beyond : "SELECT 'others' WHERE false";
    }
    return pipeline_add(conn, view, 1, &role, err) &&
           pipeline_add(conn, fence_overriding, 0, NULL, err) &&
           pipeline_add(conn, beyond, 0, NULL, err) && pipeline_sync(conn, err);
}

static bool receive_name(struct conn *conn, char *name, size_t size, struct err *err)
{
    struct result *result;

    if (!pipeline_next(conn, &result, err))
        return false;
    (void)snprintf(name, size, "%s", result_rows(result) ? result_text(result, 0, 0) : "");
    result_free(result);
    return true;
}

bool fence_receive_view(struct conn *conn, struct fence_view *view, struct err *err)
{
    struct result *result;

    if (!pipeline_next(conn, &result, err))
        return false;
    view->placed = result_bool(result, 0, 0);
    view->is_own_role = result_bool(result, 0, 1);
    view->has_role = result_bool(result, 0, 2);
    view->may_bar = result_bool(result, 0, 3);
    view->may_alter = result_bool(result, 0, 4);
    view->may_create = result_bool(result, 0, 5);
    view->is_prepared = result_bool(result, 0, 6);
    result_free(result);
    return receive_name(conn, view->overrides, sizeof(view->overrides), err) &&
           receive_name(conn, view->beyond, sizeof(view->beyond), err);
}

bool fence_refuse_prepared(const struct conn *conn, struct err *err)
{
    err_set(err, ERR_REFUSED,
            "a prepared transaction is waiting on the %s: it could commit behind the fence",
            conn_role(conn));
    return err_hint(err, "look at pg_prepared_xacts there; COMMIT PREPARED or ROLLBACK PREPARED "
                         "each of them, then run the program again");
}

bool fence_refuse_override(const struct conn *conn, const char *role, struct err *err)
{
    err_set(err, ERR_REFUSED,
            "the role %s on the %s has default_transaction_read_only set to off, which the fence "
            "cannot hold",
            role, conn_role(conn));
    return err_hint(err,
                    "ALTER ROLE ... RESET default_transaction_read_only for that role (with IN "
                    "DATABASE, where it is set for one database only)");
}

static bool check_role(const struct conn *conn, const char *role, const struct fence_view *view,
                       struct err *err)
{
    if (view->is_own_role) {
        err_set(err, ERR_REFUSED, "DB_FENCE_ROLE is the role that dbr itself logs in to the %s as",
                conn_role(conn));
        return err_hint(err, "give the application a role of its own, or unset DB_FENCE_ROLE");
    }
    if (!view->has_role) {
        err_set(err, ERR_REFUSED, "DB_FENCE_ROLE names %s, which the %s does not have", role,
                conn_role(conn));
        return err_hint(err, "create the role there (in a fenced database begin with SET "
                             "default_transaction_read_only = off), or unset DB_FENCE_ROLE");
    }
    if (!view->may_bar) {
        err_set(err, ERR_REFUSED, "dbr's role may not alter the role %s on the %s", role,
                conn_role(conn));
        return err_hint(err, "it needs CREATEROLE (and the ADMIN option on that role from version "
                             "16 on), or unset DB_FENCE_ROLE");
    }
    return true;
}

static bool refuse_database(const struct conn *conn, bool place, struct err *err)
{
    const char *what = place ? "place" : "lift";

    if (conn_kind(conn) == ENGINE_COCKROACH && conn_version(conn) < COCKROACH_OWNER_MAY) {
        err_set(err, ERR_REFUSED, "dbr's role is no admin on the %s: it cannot %s the fence",
                conn_role(conn), what);
        return err_hint(err, "GRANT admin TO that role: before version 25.4 of CockroachDB a "
                             "database's owner may not set what holds for its sessions");
    }
    err_set(err, ERR_REFUSED,
            "dbr's role does not own the database of the %s: it cannot %s the fence",
            conn_role(conn), what);
    return err_hint(err, "ALTER DATABASE ... OWNER TO that role, or let dbr log in as the owner");
}

static bool refuse_sessions(const struct conn *conn, const struct fence_view *view, struct err *err)
{
    if (conn_kind(conn) == ENGINE_COCKROACH) {
        err_set(err, ERR_REFUSED, "dbr's role may not see and end the sessions of others on the %s",
                conn_role(conn));
        return err_hint(err, "GRANT SYSTEM VIEWACTIVITY, CANCELQUERY TO that role, or GRANT admin");
    }
    err_set(err, ERR_REFUSED, "a session of %s on the %s is not dbr's to end", view->beyond,
            conn_role(conn));
    return err_hint(err, "GRANT that role, or pg_signal_backend, to the role that dbr logs in as");
}

bool fence_check(const struct conn *conn, const char *role, const struct fence_view *view,
                 bool place, struct err *err)
{
    if (!view->may_alter)
        return refuse_database(conn, place, err);
    if (!view->may_create) {
        err_set(err, ERR_REFUSED, "dbr's role may not keep its schema _dbr on the %s",
                conn_role(conn));
        return err_hint(err, "GRANT CREATE ON DATABASE ... TO that role; an existing schema _dbr "
                             "must belong to it");
    }
    if (role && !check_role(conn, role, view, err))
        return false;
    if (place && view->is_prepared)
        return fence_refuse_prepared(conn, err);
    if (place && view->overrides[0])
        return fence_refuse_override(conn, view->overrides, err);
    return !place || !view->beyond[0] || refuse_sessions(conn, view, err);
}
