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
#include "db/cockroach_types.h"
#include "db/quote.h"

#define AS_TEXT "CockroachDB has no such type: becomes STRING holding the text form"

const struct model_type *cockroach_named_type(const struct model *model, const char *type)
{
    struct type_text t = cockroach_take_apart(type);
    const struct model_type *found = model_type(model, t.name.data);
    cockroach_type_text_release(&t);
    return found;
}

/* One of types that CockroachDB has in every version, read as they are: it takes no composite type
 * with an enum or another composite type in it. */
bool cockroach_composite(const struct model_type *type)
{
    bool fits = type->attribute_count > 0;
    for (size_t i = 0; fits && i < type->attribute_count; i++) {
        struct type_text t = cockroach_take_apart(type->attributes[i].type);
        const struct type_rule *rule = cockroach_rule(t.name.data);
        fits = rule && !t.array && !rule->as && !rule->since;
        cockroach_type_text_release(&t);
    }
    return fits;
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
            *why = array
                       ? "the domain becomes its type, without the domain's checks on the elements"
                       : "the domain becomes its type, with the domain's checks on the column";
    } else if (type->kind == TYPE_COMPOSITE && !array &&
               (cockroach_composite(type) || model->engine == ENGINE_COCKROACH)) {
        ddl_name(sql, model, type->name);
    } else if (type->kind == TYPE_COMPOSITE) {
        string_for(sql, why, "the composite type becomes STRING holding the text form");
    } else {
        string_for(sql, why, AS_TEXT);
    }
}

/* Where CockroachDB's catalog does not print what stood in parentheses as PostgreSQL does, it is no
 * reason to call two types different. */
static bool keeps_precision(const struct type_rule *rule, int version)
{
    return rule->precision && (version > 0 || strncmp(rule->to, "GEO", 3) != 0);
}

static bool built_in(struct buf *sql, const struct type_text *t, int version, const char **why)
{
    const struct type_rule *rule = cockroach_rule(t->name.data);
    if (!rule)
        return false;
    if (rule->since > version) {
        string_for(sql, why, rule->why);
        return true;
    }
    buf_adds(sql, rule->to);
    if (rule->since == 0)
        *why = rule->why;
    if (!precision_fits(rule->from, t->precision.data))
        *why = "its scale lies outside its precision: becomes DECIMAL without limits";
    else if (keeps_precision(rule, version))
        buf_adds(sql, t->precision.data);
    return true;
}

/* "interval day to second(3)" keeps its fields, which CockroachDB's catalog does not tell. */
static bool interval_fields(struct buf *sql, const struct type_text *t, int version)
{
    const char *name = t->name.data;
    if (strncmp(name, "interval ", 9) != 0 || version == 0)
        return false;
    for (; *name; name++)
        buf_addch(sql, (char)toupper((unsigned char)*name));
    buf_adds(sql, t->precision.data);
    return true;
}

void cockroach_type(struct buf *sql, const struct model *model, const char *type, int version,
                    const char **why)
{
    struct type_text t = cockroach_take_apart(type);
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
    } else if (!interval_fields(sql, &t, version) && !built_in(sql, &t, version, why)) {
        string_for(sql, why, AS_TEXT);
        t.array = false;
    }
    if (t.array && !named && cockroach_rule(t.name.data) && cockroach_rule(t.name.data)->alone) {
        buf_truncate(sql, start);
        string_for(sql, why, "an array of it becomes STRING holding the text form");
        t.array = false;
    }
    if (t.nested) {
        buf_truncate(sql, start);
        string_for(sql, why, "an array of arrays becomes STRING holding the text form");
    } else if (t.array) {
        buf_adds(sql, "[]");
    }
    cockroach_type_text_release(&t);
}

void cockroach_column_type(struct buf *sql, const struct model *model,
                           const struct model_column *column, int version, const char **why)
{
    if (column->dimensions <= 1) {
        cockroach_type(sql, model, column->type, version, why);
        return;
    }
    buf_adds(sql, "JSONB");
    *why = "an array of arrays becomes JSONB";
}

bool cockroach_indexable(const struct model *model, const struct model_column *column)
{
    static const char *const never[] = {"JSONB",    "TSVECTOR",  "TSQUERY", "VECTOR",
                                        "GEOMETRY", "GEOGRAPHY", "BOX2D"};
    struct buf type = BUF_INIT;
    const char *why;
    cockroach_column_type(&type, model, column, COCKROACH_NEWEST, &why);
    const struct model_type *named = cockroach_named_type(model, column->type);
    bool fits = !(named && named->kind == TYPE_COMPOSITE && type.data[0] == '"');
    for (size_t i = 0; i < sizeof never / sizeof *never; i++)
        fits = fits && strncmp(type.data, never[i], strlen(never[i])) != 0;
    buf_release(&type);
    return fits;
}
