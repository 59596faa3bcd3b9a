/* The table of types between the engines, and taking the text of a type apart. */
#include "db/cockroach_types.h"

#include <string.h>

/*
 * CockroachDB prints a decimal below 1e-6 as 1E-7, and one that was written so as 1E+3; adding 1 or
 * 0, which is exact there, brings it to digits with the scale kept.
 */
#define DECIMAL_DIGITS                                                                             \
    "CASE WHEN $ = 'NaN'::DECIMAL THEN 'NaN' WHEN abs($) < 0.1 THEN CASE WHEN $ < 0 THEN '-' "     \
    "ELSE '' END || '0' || substr((abs($) + 1)::text, 2) ELSE ($ + 0)::text END"
/* It prints an exponent from 1e+06 on, PostgreSQL from 1e+15 on; as a decimal it has the same
 * digits. */
#define FLOAT_DIGITS                                                                               \
    "CASE WHEN abs($) >= 1e6 AND abs($) < 1e15 AND strpos($::text, 'e') > 0 THEN ($::DECIMAL + "   \
    "0)::text ELSE $::text END"
/* The prefix is always written. PostgreSQL alone writes ::102:304 as ::1.2.3.4. */
#define ADDRESS "host($) || '/' || masklen($)::text"
#define ADDRESS_GROUP(a, b)                                                                        \
    "to_hex(split_part(substr(host($), 3), '.', " a                                                \
    ")::int4 * 256 + split_part(substr(host($), 3), '.', " b ")::int4)"
#define ADDRESS_POSTGRES                                                                           \
    "CASE WHEN host($) ~ '^::[0-9]+[.]' THEN '::' || " ADDRESS_GROUP(                              \
        "1", "2") " || ':' || " ADDRESS_GROUP("3", "4") " ELSE host($) END || '/' || "             \
                                                        "masklen($)::text"
#define BYTES "'\\x' || encode($, 'hex')"
/* PostgreSQL doubles a backslash in a lexeme, CockroachDB does not. */
#define VECTOR_OF_WORDS "replace($::text, '\\\\', '\\')"
#define TO_HSTORE                                                                                  \
    "CASE WHEN $ IS NOT NULL THEN coalesce((SELECT #hstore(array_agg(e.key), "                     \
    "array_agg(e.value)) FROM jsonb_each_text($::jsonb) AS e), ''::@) END"

static const struct type_rule rules[] = {
    {.from = "smallint", .to = "INT2"},
    {.from = "integer", .to = "INT4"},
    {.from = "bigint", .to = "INT8"},
    {.from = "numeric",
     .to = "DECIMAL",
     .precision = true,
     .kind = CANONICAL_DECIMAL,
     .text_cockroach = DECIMAL_DIGITS},
    /* As text it has there the digits of a float8. */
    {.from = "real", .to = "FLOAT4", .kind = CANONICAL_FLOAT4, .compared = EXCHANGE_CLIENT},
    {.from = "double precision",
     .to = "FLOAT8",
     .kind = CANONICAL_FLOAT8,
     .text_cockroach = FLOAT_DIGITS},
    {.from = "boolean", .to = "BOOL"},
    {.from = "text", .to = "STRING"},
    {.from = "character varying", .to = "VARCHAR", .precision = true},
    {.from = "character",
     .to = "CHAR",
     .precision = true,
     .why = "character(n) is kept without the blanks at its end, which LIKE and octet_length() "
            "count here",
     .kind = CANONICAL_PADDED},
    {.from = "bpchar", .to = "STRING", .as = "text"},
    {.from = "\"char\"", .to = "\"char\""},
    {.from = "name", .to = "NAME"},
    {.from = "bytea", .to = "BYTES", .text_postgres = BYTES, .text_cockroach = BYTES},
    {.from = "date", .to = "DATE"},
    {.from = "time without time zone", .to = "TIME", .precision = true},
    {.from = "time with time zone", .to = "TIMETZ", .precision = true},
    {.from = "timestamp without time zone", .to = "TIMESTAMP", .precision = true},
    {.from = "timestamp with time zone", .to = "TIMESTAMPTZ", .precision = true},
    {.from = "interval", .to = "INTERVAL", .precision = true},
    {.from = "uuid", .to = "UUID"},
    {.from = "jsonb", .to = "JSONB", .kind = CANONICAL_JSON, .compared = EXCHANGE_CLIENT},
    {.from = "json",
     .to = "JSONB",
     .why = "json becomes JSONB: formatting and order of keys are lost",
     .kind = CANONICAL_JSON,
     .compared = EXCHANGE_CLIENT},
    {.from = "hstore",
     .to = "JSONB",
     .alone = true,
     .why = "hstore becomes JSONB",
     .kind = CANONICAL_JSON,
     .compared = EXCHANGE_CLIENT,
     .as = "jsonb",
     .write = TO_HSTORE},
    {.from = "bit", .to = "BIT", .precision = true},
    {.from = "bit varying", .to = "VARBIT", .precision = true},
    {.from = "inet",
     .to = "INET",
     .kind = CANONICAL_ADDRESS,
     .text_postgres = ADDRESS_POSTGRES,
     .text_cockroach = ADDRESS},
    {.from = "cidr",
     .to = "INET",
     .why = "cidr becomes INET, which takes bits behind the prefix",
     .kind = CANONICAL_ADDRESS,
     .text_postgres = ADDRESS_POSTGRES,
     .text_cockroach = ADDRESS},
    {.from = "tsvector", .to = "TSVECTOR", .alone = true, .text_postgres = VECTOR_OF_WORDS},
    {.from = "tsquery", .to = "TSQUERY", .alone = true, .compared = EXCHANGE_NAMED},
    {.from = "oid", .to = "OID"},
    {.from = "money",
     .to = "DECIMAL(19,2)",
     .why = "money becomes DECIMAL(19,2)",
     .kind = CANONICAL_DECIMAL,
     .as = "numeric"},
    {.from = "xid", .to = "INT8", .why = "xid becomes INT8"},
    {.from = "geometry", .to = "GEOMETRY", .precision = true},
    {.from = "geography", .to = "GEOGRAPHY", .precision = true},
    {.from = "box2d", .to = "BOX2D", .compared = EXCHANGE_NAMED},
    {.from = "pg_lsn",
     .to = "PG_LSN",
     .since = 230200,
     .why = "pg_lsn needs CockroachDB v23.2: becomes STRING"},
    {.from = "vector",
     .to = "VECTOR",
     .precision = true,
     .since = 240200,
     .alone = true,
     .why = "vector needs CockroachDB v24.2: becomes STRING",
     .kind = CANONICAL_VECTOR,
     .compared = EXCHANGE_CLIENT},
    {.from = "citext",
     .to = "CITEXT",
     .since = 250300,
     .why = "citext needs CockroachDB v25.3: becomes STRING, which compares upper and lower case "
            "apart"},
    {.from = "ltree",
     .to = "LTREE",
     .since = 250400,
     .why = "ltree needs CockroachDB v25.4: becomes STRING"},
};

const struct type_rule *cockroach_rule(const char *name)
{
    /* "interval day to second" */
    const char *wanted = strncmp(name, "interval ", 9) == 0 ? "interval" : name;

    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (strcmp(rules[i].from, wanted) == 0)
            return &rules[i];
    return NULL;
}

/* Appends a possibly quoted and qualified name: the last part, unquoted. Returns where it ends. */
static const char *last_part(struct type_text *t, const char *p)
{
    const char *start = p;

    for (;;) {
        const char *part = p;

        buf_reset(&t->name);
        if (*p == '"') {
            for (p++; *p && (*p != '"' || p[1] == '"'); p++) {
                if (*p == '"')
                    p++;
                buf_addch(&t->name, *p);
            }
            p += *p == '"';
        } else {
            while (*p && *p != '.' && *p != '(' && *p != '[')
                buf_addch(&t->name, *p++);
        }
        if (*p != '.') {
            buf_add(&t->qualifier, start, (size_t)(part - start));
            return p;
        }
        p++;
    }
}

struct type_text cockroach_take_apart(const char *type)
{
    struct type_text t = {.qualifier = BUF_INIT, .name = BUF_INIT, .precision = BUF_INIT};

    if (strncmp(type, "\"char\"", 6) == 0) {
        buf_adds(&t.name, "\"char\"");
        type += 6;
    } else {
        type = last_part(&t, type);
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
    t.nested = t.array && strchr(type + 1, '[');
    return t;
}

void cockroach_type_text_release(struct type_text *t)
{
    buf_release(&t->qualifier);
    buf_release(&t->name);
    buf_release(&t->precision);
}
