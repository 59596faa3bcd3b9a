/*
 * PostgreSQL types on CockroachDB. Types that it lacks become strings of the same text, so that
 * values travel both ways unchanged; integers keep their width by name, since INT and INTEGER mean
 * 64 bits there.
 */
#include "db/cockroach_ddl.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "db/quote.h"

#define AS_TEXT "CockroachDB has no such type: becomes STRING holding the text form"

/* Names as format_type() prints them, without precision and array brackets. */
static const struct {
    const char *from;
    const char *to;
    bool precision;  /* what stood in parentheses is kept */
    int since;       /* before this version, and for comparing, it is STRING */
    const char *why; /* what to say of it */
} known[] = {
    {"smallint", "INT2", false, 0, NULL},
    {"integer", "INT4", false, 0, NULL},
    {"bigint", "INT8", false, 0, NULL},
    {"numeric", "DECIMAL", true, 0, NULL},
    {"real", "FLOAT4", false, 0, NULL},
    {"double precision", "FLOAT8", false, 0, NULL},
    {"boolean", "BOOL", false, 0, NULL},
    {"text", "STRING", false, 0, NULL},
    {"character varying", "VARCHAR", true, 0, NULL},
    {"character", "CHAR", true, 0, NULL},
    {"bpchar", "STRING", false, 0, NULL},
    {"\"char\"", "\"char\"", false, 0, NULL},
    {"name", "NAME", false, 0, NULL},
    {"bytea", "BYTES", false, 0, NULL},
    {"date", "DATE", false, 0, NULL},
    {"time without time zone", "TIME", true, 0, NULL},
    {"time with time zone", "TIMETZ", true, 0, NULL},
    {"timestamp without time zone", "TIMESTAMP", true, 0, NULL},
    {"timestamp with time zone", "TIMESTAMPTZ", true, 0, NULL},
    {"interval", "INTERVAL", true, 0, NULL},
    {"uuid", "UUID", false, 0, NULL},
    {"jsonb", "JSONB", false, 0, NULL},
    {"json", "JSONB", false, 0, "json becomes JSONB: formatting and order of keys are lost"},
    {"bit", "BIT", true, 0, NULL},
    {"bit varying", "VARBIT", true, 0, NULL},
    {"inet", "INET", false, 0, NULL},
    {"tsvector", "TSVECTOR", false, 0, NULL},
    {"tsquery", "TSQUERY", false, 0, NULL},
    {"oid", "OID", false, 0, NULL},
    {"regclass", "REGCLASS", false, 0, NULL},
    {"regtype", "REGTYPE", false, 0, NULL},
    {"regproc", "REGPROC", false, 0, NULL},
    {"regnamespace", "REGNAMESPACE", false, 0, NULL},
    {"regrole", "REGROLE", false, 0, NULL},
    {"money", "DECIMAL(19,2)", false, 0, "money becomes DECIMAL(19,2)"},
    {"xid", "INT8", false, 0, "xid becomes INT8"},
    {"geometry", "GEOMETRY", true, 0, NULL},
    {"geography", "GEOGRAPHY", true, 0, NULL},
    {"box2d", "BOX2D", false, 0, NULL},
    {"pg_lsn", "PG_LSN", false, 230200, "pg_lsn needs CockroachDB v23.2: becomes STRING"},
    {"vector", "VECTOR", true, 240200, "vector needs CockroachDB v24.2: becomes STRING"},
    {"citext", "CITEXT", false, 250300,
     "citext needs CockroachDB v25.3: becomes STRING, which compares upper and lower case apart"},
    {"ltree", "LTREE", false, 250400, "ltree needs CockroachDB v25.4: becomes STRING"},
};

/* A type's text taken apart: "numeric(12,6)[]", "time(3) without time zone", "public.\"Mixed
 * Case\"[]". */
struct type_text {
    struct buf name;      /* without qualifier and quotes */
    struct buf precision; /* "(12,6)" or "" */
    bool array, nested;
};

/* Appends a possibly quoted and qualified name: the last part, unquoted. Returns where it ends. */
static const char *last_part(struct buf *name, const char *p)
{
    for (;;) {
        buf_reset(name);
        if (*p == '"') {
            for (p++; *p && (*p != '"' || p[1] == '"'); p++) {
                if (*p == '"')
                    p++;
                buf_addch(name, *p);
            }
            p += *p == '"';
        } else {
            while (*p && *p != '.' && *p != '(' && *p != '[')
                buf_addch(name, *p++);
        }
        if (*p != '.')
            return p;
        p++;
    }
}

static struct type_text take_apart(const char *type)
{
    struct type_text t = {.name = BUF_INIT, .precision = BUF_INIT};
    if (strncmp(type, "\"char\"", 6) == 0) {
        buf_adds(&t.name, "\"char\"");
        type += 6;
    } else {
        type = last_part(&t.name, type);
    }
    if (*type == '(') {
        while (*type && *type != ')')
            buf_addch(&t.precision, *type++);
        buf_addch(&t.precision, ')');
        type += *type == ')';
        /* "timestamp(3) without time zone" */
        while (*type && *type != '[')
            buf_addch(&t.name, *type++);
    }
    t.array = *type == '[';
    const char *second = t.array ? strchr(type + 1, '[') : NULL;
    t.nested = second != NULL;
    return t;
}

static void release(struct type_text *t)
{
    buf_release(&t->name);
    buf_release(&t->precision);
}

const struct model_type *cockroach_named_type(const struct model *model, const char *type)
{
    struct type_text t = take_apart(type);
    const struct model_type *found = model_type(model, t.name.data);
    release(&t);
    return found;
}

bool cockroach_composite(const struct model_type *type)
{
    for (size_t i = 0; i < type->attribute_count; i++)
        if (type->attributes[i].element_name || type->attributes[i].type_category == 'A' ||
            strchr("dcr", type->attributes[i].type_kind ? type->attributes[i].type_kind : 'b'))
            return false;
    return type->attribute_count > 0;
}

/* DECIMAL(p,s) wants 0 <= s <= p. */
static bool precision_fits(const char *name, const char *precision)
{
    if (strcmp(name, "numeric") != 0 || !*precision)
        return true;
    char *end;
    long digits = strtol(precision + 1, &end, 10);
    long scale = *end == ',' ? strtol(end + 1, NULL, 10) : 0;
    return scale >= 0 && scale <= digits;
}

static void string_for(struct buf *sql, const char **why, const char *reason)
{
    buf_adds(sql, "STRING");
    *why = reason;
}

/* A type of the schema. */
static void named_type(struct buf *sql, const struct model *model, const struct model_type *type,
                       bool array, int version, const char **why)
{
    if (type->kind == TYPE_ENUM) {
        ddl_name(sql, model, type->name);
    } else if (type->kind == TYPE_DOMAIN) {
        const char *end = strchr(type->base, '[');
        if (array && end) {
            string_for(sql, why, "an array of arrays becomes STRING holding the text form");
            return;
        }
        cockroach_type(sql, model, type->base, version, why);
        if (!*why && version > 0)
            *why = "the domain becomes its type, with the domain's checks on the column";
    } else if (type->kind == TYPE_COMPOSITE && !array &&
               (cockroach_composite(type) || model->engine == ENGINE_COCKROACH)) {
        ddl_name(sql, model, type->name);
    } else if (type->kind == TYPE_COMPOSITE) {
        string_for(sql, why, "the composite type becomes STRING holding the text form");
    } else {
        string_for(sql, why, AS_TEXT);
    }
}

static bool built_in(struct buf *sql, const struct type_text *t, int version, const char **why)
{
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strcmp(known[i].from, t->name.data) != 0)
            continue;
        if (known[i].since > version) {
            string_for(sql, why, known[i].why);
            return true;
        }
        buf_adds(sql, known[i].to);
        if (known[i].since == 0)
            *why = known[i].why;
        if (!precision_fits(known[i].from, t->precision.data))
            *why = "its scale lies outside its precision: becomes DECIMAL without limits";
        else if (known[i].precision)
            buf_adds(sql, t->precision.data);
        return true;
    }
    return false;
}

/* "interval day to second(3)" keeps its fields. */
static bool interval_fields(struct buf *sql, const char *name, const char *precision)
{
    if (strncmp(name, "interval ", 9) != 0)
        return false;
    for (; *name; name++)
        buf_addch(sql, (char)toupper((unsigned char)*name));
    buf_adds(sql, precision);
    return true;
}

void cockroach_type(struct buf *sql, const struct model *model, const char *type, int version,
                    const char **why)
{
    struct type_text t = take_apart(type);
    const struct model_type *named = model_type(model, t.name.data);
    const size_t start = sql->len;
    *why = NULL;
    if (named) {
        named_type(sql, model, named, t.array, version, why);
        /* STRING stands for the whole array then. */
        if (t.array && *why && named->kind != TYPE_ENUM && named->kind != TYPE_DOMAIN)
            t.array = false;
        if (t.array && named->kind == TYPE_DOMAIN && strchr(named->base, '['))
            t.array = false;
    } else if (!built_in(sql, &t, version, why) &&
               !interval_fields(sql, t.name.data, t.precision.data)) {
        string_for(sql, why, AS_TEXT);
        t.array = false;
    }
    if (t.nested) {
        buf_truncate(sql, start);
        string_for(sql, why, "an array of arrays becomes STRING holding the text form");
    } else if (t.array) {
        buf_adds(sql, "[]");
    }
    release(&t);
}

bool cockroach_indexable(const struct model *model, const struct model_column *column)
{
    static const char *const never[] = {"JSONB",    "TSVECTOR",  "TSQUERY", "VECTOR",
                                        "GEOMETRY", "GEOGRAPHY", "BOX2D"};
    struct buf type = BUF_INIT;
    const char *why;
    cockroach_type(&type, model, column->type, 999999, &why);
    const struct model_type *named = cockroach_named_type(model, column->type);
    bool fits = !(named && named->kind == TYPE_COMPOSITE && type.data[0] == '"');
    for (size_t i = 0; i < sizeof never / sizeof *never; i++)
        fits = fits && strncmp(type.data, never[i], strlen(never[i])) != 0;
    buf_release(&type);
    return fits;
}
