/*
 * Dropping with CASCADE, which settles the order, after the server has told that it reaches nothing
 * but the objects and their parts.
 */
#include "repl/drop_objects.h"

#include <inttypes.h>
#include <string.h>

#include "base/buf.h"
#include "base/strlist.h"
#include "db/pipeline.h"
#include "db/quote.h"
#include "repl/drop_find.h"

#define NAMED_MAX 5

bool objects_find(struct conn *conn, const struct drop_object *objects, size_t count, bool *found,
                  struct err *err)
{
    struct result *result;
    size_t i;

    memset(found, 0, count * sizeof(*found));
    if (count == 0)
        return true;
    if (!drop_find(conn, objects, count, &result, err))
        return false;
    for (i = 0; i < result_rows(result); i++)
        found[result_int(result, i, DROP_PLACE) - 1] = true;
    result_free(result);
    return true;
}

/* --- what must not be dropped ----------------------------------------------------- */

/* Up to five of them, and how many more there are. */
static void add_named(struct buf *text, const struct strlist *names, size_t count)
{
    size_t i;

    for (i = 0; i < names->count && i < NAMED_MAX; i++)
        buf_addf(text, "%s%s", i ? ", " : "", names->items[i]);
    if (count > i)
        buf_addf(text, " and %zu more", count - i);
}

static bool refuse(const struct strlist *names, size_t count, const char *what, const char *hint,
                   struct err *err)
{
    struct buf text = BUF_INIT;

    add_named(&text, names, count);
    err_set(err, ERR_REFUSED, "%s: %s", what, text.data);
    buf_release(&text);
    return err_hint(err, "%s", hint);
}

/* "table public.a" */
static void name_object(struct strlist *names, const struct drop_object *object,
                        const struct result *found, size_t row)
{
    const char *identity = result_text(found, row, DROP_IDENTITY);
    struct buf text = BUF_INIT;
    const char *p;

    for (p = result_text(found, row, DROP_ACTUAL); *p; p++)
        buf_addch(&text, *p >= 'A' && *p <= 'Z' ? (char)(*p - 'A' + 'a') : *p);
    buf_addf(&text, " %s", identity ? identity : object->name);
    strlist_add(names, text.data);
    buf_release(&text);
}

static bool check_kinds(const struct drop_object *objects, const struct result *found,
                        struct err *err)
{
    struct strlist others = STRLIST_INIT;
    struct strlist owned = STRLIST_INIT;
    bool ok = true;
    size_t i;

    for (i = 0; i < result_rows(found); i++) {
        const struct drop_object *object = &objects[result_int(found, i, DROP_PLACE) - 1];

        if (result_text(found, i, DROP_EXTENSION))
            name_object(&owned, object, found, i);
        else if (strcmp(result_text(found, i, DROP_ACTUAL), object->object) != 0)
            name_object(&others, object, found, i);
    }
    if (owned.count > 0)
        ok = refuse(&owned, owned.count,
                    "the file defines objects that belong to an extension there",
                    "drop the extension first, or leave the objects out of the file", err);
    else if (others.count > 0)
        ok = refuse(&others, others.count,
                    "the file defines objects of another kind in the place of",
                    "drop or rename them first", err);
    strlist_release(&others);
    strlist_release(&owned);
    return ok;
}

/*
 * listed: the objects; part: with what is dropped along with them because it belongs to them, by
 * nature (a view's rule, a table's index, type, sequence) and not by need. A partition depends on
 * its table as an index does, and holds rows of its own. outsider: what needs a part, or what a
 * listed object belongs to.
 */
static const char outsiders_sql[] =
    "WITH RECURSIVE listed AS (SELECT class, object FROM unnest($1::oid[], $2::oid[]) AS l(class,"
    " object)), part AS (SELECT class, object FROM listed UNION SELECT d.classid, d.objid FROM "
    "part p JOIN pg_depend d ON d.refclassid = p.class AND d.refobjid = p.object WHERE d.deptype "
    "IN ('a', 'i', 'P', 'S') AND NOT (d.deptype = 'a' AND d.classid = 'pg_class'::regclass AND "
    "EXISTS (SELECT FROM pg_class c WHERE c.oid = d.objid AND c.relkind IN ('r', 'p', 'f')))), "
    "edge AS (SELECT d.classid AS class, d.objid AS object, d.objsubid AS sub FROM part p JOIN "
    "pg_depend d ON d.refclassid = p.class AND d.refobjid = p.object UNION SELECT d.refclassid, "
    "d.refobjid, d.refobjsubid FROM listed l JOIN pg_depend d ON d.classid = l.class AND d.objid "
    "= l.object WHERE d.deptype = 'i'), outsider AS (SELECT DISTINCT coalesce(CASE WHEN "
    "w.rulename = '_RETURN' THEN pg_describe_object('pg_class'::regclass, w.ev_class, 0) END, "
    "pg_describe_object(e.class, e.object, CASE WHEN c.relkind IN ('v', 'm') THEN 0 ELSE e.sub "
    "END)) AS name FROM edge e LEFT JOIN pg_rewrite w ON e.class = 'pg_rewrite'::regclass AND "
    "w.oid = e.object LEFT JOIN pg_class c ON e.class = 'pg_class'::regclass AND c.oid = e.object"
    " WHERE NOT EXISTS (SELECT FROM part p WHERE p.class = e.class AND p.object = e.object)) "
    "SELECT name, count(*) OVER () FROM outsider ORDER BY name LIMIT 5";

static void add_oid(struct buf *array, const struct result *found, size_t row, size_t column)
{
    quote_array_item(array, result_text(found, row, column), result_length(found, row, column));
}

static bool queue_outsiders(struct conn *conn, const struct result *found, struct err *err)
{
    struct buf classes = BUF_INIT;
    struct buf oids = BUF_INIT;
    const char *values[2];
    size_t i;
    bool ok;

    quote_array_open(&classes);
    quote_array_open(&oids);
    for (i = 0; i < result_rows(found); i++) {
        add_oid(&classes, found, i, DROP_CLASS);
        add_oid(&oids, found, i, DROP_OID);
    }
    quote_array_close(&classes);
    quote_array_close(&oids);
    values[0] = classes.data;
    values[1] = oids.data;
    ok = pipeline_add(conn, outsiders_sql, 2, values, err);
    buf_release(&classes);
    buf_release(&oids);
    return ok;
}

/* Nobody makes a view or a foreign key for these tables once they were looked at. */
static bool queue_lock(struct conn *conn, const struct result *found, size_t *statements,
                       struct err *err)
{
    struct buf sql = BUF_INIT;
    size_t i;
    bool ok = true;

    for (i = 0; i < result_rows(found); i++)
        if (result_bool(found, i, DROP_PLAIN))
            buf_addf(&sql, "%sONLY %s", sql.len ? ", " : "LOCK TABLE ",
                     result_text(found, i, DROP_IDENTITY));
    *statements = sql.len > 0;
    if (sql.len > 0) {
        buf_adds(&sql, " IN ACCESS EXCLUSIVE MODE");
        ok = pipeline_add(conn, sql.data, 0, NULL, err);
    }
    buf_release(&sql);
    return ok;
}

static bool judge(const struct result *outsiders, struct err *err)
{
    struct strlist names = STRLIST_INIT;
    size_t i;
    bool ok = true;

    for (i = 0; i < result_rows(outsiders); i++)
        strlist_add(&names, result_text(outsiders, i, 0));
    if (names.count > 0)
        ok = refuse(&names, (size_t)result_int(outsiders, 0, 1),
                    "objects that the file does not define need what it would replace",
                    "drop them first, or import into a database without them", err);
    strlist_release(&names);
    return ok;
}

static bool check_outsiders(struct conn *conn, const struct result *found, struct err *err)
{
    struct result *outsiders = NULL;
    struct err ending = ERR_INIT;
    size_t locks = 0;
    bool ok = queue_lock(conn, found, &locks, err) && queue_outsiders(conn, found, err) &&
              pipeline_sync(conn, err) && pipeline_send(&conn, 1, err) &&
              (locks == 0 || pipeline_next(conn, NULL, err)) &&
              pipeline_next(conn, &outsiders, err);

    ok = ok && judge(outsiders, err);
    result_free(outsiders);
    (void)pipeline_end(conn, &ending);
    return ok;
}

/* --- dropping ---------------------------------------------------------------------- */

/* In this order: what goes along with another is gone by then, but could not go by itself. */
static const char *const words[] = {"VIEW",
                                    "MATERIALIZED VIEW",
                                    "TABLE",
                                    "FOREIGN TABLE",
                                    "SEQUENCE",
                                    "INDEX",
                                    "ROUTINE",
                                    "FUNCTION",
                                    "PROCEDURE",
                                    "OPERATOR CLASS",
                                    "OPERATOR FAMILY",
                                    "OPERATOR",
                                    "STATISTICS",
                                    "TEXT SEARCH CONFIGURATION",
                                    "TEXT SEARCH DICTIONARY",
                                    "CONVERSION",
                                    "TYPE",
                                    "COLLATION"};
#define WORDS (sizeof(words) / sizeof(words[0]))

/* The grammar takes only one of these at a time. */
static bool is_single(const char *word)
{
    return !strcmp(word, "OPERATOR CLASS") || !strcmp(word, "OPERATOR FAMILY");
}

static void add_name(struct buf *sql, const struct conn *conn, const struct drop_object *objects,
                     const struct result *found, size_t row)
{
    const char *identity = result_text(found, row, DROP_IDENTITY);
    const struct drop_object *object = &objects[result_int(found, row, DROP_PLACE) - 1];

    if (identity)
        buf_adds(sql, identity);
    else
        quote_name(sql, object->schema ? object->schema : conn_schema(conn), object->name);
}

/* Queues and empties the statement. */
static bool queue_drop(struct conn *conn, struct buf *sql, size_t *statements, struct err *err)
{
    bool ok;

    if (sql->len == 0)
        return true;
    buf_adds(sql, conn_kind(conn) == ENGINE_COCKROACH ? " RESTRICT" : " CASCADE");
    ok = pipeline_add(conn, sql->data, 0, NULL, err);
    ++*statements;
    buf_reset(sql);
    return ok;
}

static bool queue_word(struct conn *conn, const char *word, const struct drop_object *objects,
                       const struct result *found, size_t *statements, struct err *err)
{
    struct buf sql = BUF_INIT;
    size_t i;
    bool ok = true;

    for (i = 0; i < result_rows(found) && ok; i++) {
        if (strcmp(result_text(found, i, DROP_WORD), word) != 0)
            continue;
        if (sql.len)
            buf_adds(&sql, ", ");
        else
            buf_addf(&sql, "DROP %s IF EXISTS ", word);
        add_name(&sql, conn, objects, found, i);
        if (is_single(word))
            ok = queue_drop(conn, &sql, statements, err);
    }
    ok = ok && queue_drop(conn, &sql, statements, err);
    buf_release(&sql);
    return ok;
}

static bool drop(struct conn *conn, const struct drop_object *objects, const struct result *found,
                 struct err *err)
{
    struct err ending = ERR_INIT;
    size_t statements = 0;
    size_t i;
    bool ok = true;

    for (i = 0; i < WORDS && ok; i++)
        ok = queue_word(conn, words[i], objects, found, &statements, err);
    ok = ok && pipeline_sync(conn, err) && pipeline_send(&conn, 1, err);
    while (ok && statements-- > 0)
        ok = pipeline_next(conn, NULL, err);
    (void)pipeline_end(conn, &ending);
    return ok || err_prefix(err, "dropping the file's objects");
}

bool objects_drop(struct conn *conn, const struct drop_object *objects, size_t count,
                  struct err *err)
{
    struct result *found;
    bool ok;

    if (count == 0)
        return true;
    if (!drop_find(conn, objects, count, &found, err))
        return false;
    ok = result_rows(found) == 0 ||
         (check_kinds(objects, found, err) &&
          (conn_kind(conn) == ENGINE_COCKROACH || check_outsiders(conn, found, err)) &&
          drop(conn, objects, found, err));
    result_free(found);
    return ok;
}
