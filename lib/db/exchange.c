/* From the rules of types (cockroach_rules.c) to the expressions for one pair of columns. */
#include "db/exchange.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "db/cockroach_ddl.h"
#include "db/cockroach_types.h"

/* A column's type with its domains looked through. */
struct plain_type {
    struct type_text text;
    const struct type_rule *rule; /* NULL: a type of the schema, or one that CockroachDB lacks */
    const struct model_type *composite;
    char *spelled; /* as the model spells it: "numeric(12,6)[]" */
};

static const struct type_rule unknown = {.from = ""};

static struct plain_type look_through(const struct model *model, const char *type)
{
    struct plain_type plain = {.spelled = mem_strdup(type)};
    size_t level;

    /* A hand-made model might have a domain over itself. */
    for (level = 0; level <= model->type_count; level++) {
        const struct model_type *named;
        char *base;

        plain.text = cockroach_take_apart(plain.spelled);
        named = model_type(model, plain.text.name.data);
        plain.composite = named && named->kind == TYPE_COMPOSITE ? named : NULL;
        plain.rule = named ? NULL : cockroach_rule(plain.text.name.data);
        if (!named || named->kind != TYPE_DOMAIN)
            break;
        base = mem_printf("%s%s", named->base, plain.text.array ? "[]" : "");
        cockroach_type_text_release(&plain.text);
        free(plain.spelled);
        plain.spelled = base;
    }
    if (!plain.rule)
        plain.rule = &unknown;
    return plain;
}

static void plain_release(struct plain_type *plain)
{
    cockroach_type_text_release(&plain->text);
    free(plain->spelled);
}

/* --- templates -------------------------------------------------------------------------------- */

/* Replaces one letter of a template. */
static char *fill(const char *template, char letter, const char *text)
{
    struct buf filled = BUF_INIT;

    for (; *template; template ++)
        if (*template == letter)
            buf_adds(&filled, text);
        else
            buf_addch(&filled, *template);
    return buf_detach(&filled);
}

void exchange_expression(struct buf *sql, const char *template, const char *name)
{
    char *filled = fill(template, '$', name);

    buf_adds(sql, filled);
    free(filled);
}

static char *fill_type(const char *template, const struct plain_type *type)
{
    char *half = fill(template, '#', type->text.qualifier.data ? type->text.qualifier.data : "");
    char *whole = fill(half, '@', type->spelled);

    free(half);
    return whole;
}

/* --- what the columns are ----------------------------------------------------------------------
 */

static bool is_string(const struct type_rule *rule)
{
    static const char *const strings[] = {"STRING", "VARCHAR", "CHAR", "NAME", "\"char\""};
    size_t i;

    for (i = 0; i < sizeof(strings) / sizeof(strings[0]); i++)
        if (rule->to && !strcmp(rule->to, strings[i]))
            return true;
    return false;
}

/* Both columns, each as far as it is known. */
struct pair {
    struct plain_type postgres, cockroach;
    bool as_text;  /* STRING holds the text form of another type */
    bool as_jsonb; /* JSONB holds an array of arrays */
};

/* What dbr would make of a column of PostgreSQL, in PostgreSQL's words. */
static const char *in_words(const struct model *model, const struct model_column *column)
{
    struct buf made = BUF_INIT;
    const char *why;
    const char *words = column->type;

    cockroach_column_type(&made, model, column, COCKROACH_NEWEST, &why);
    if (!strcmp(made.data, "STRING"))
        words = "text";
    else if (!strcmp(made.data, "JSONB"))
        words = "jsonb";
    buf_release(&made);
    return words;
}

static void look_at(struct pair *pair, const struct model *model, const struct model_column *column,
                    const struct model *other, const struct model_column *counterpart)
{
    const struct plain_type own = look_through(model, column->type);

    if (model->engine == ENGINE_POSTGRES) {
        pair->postgres = own;
        pair->cockroach = counterpart ? look_through(other, counterpart->type)
                                      : look_through(model, in_words(model, column));
    } else {
        pair->cockroach = own;
        pair->postgres = counterpart ? look_through(other, counterpart->type)
                                     : look_through(model, column->type);
    }
    pair->as_jsonb = pair->postgres.text.array && !pair->cockroach.text.array &&
                     pair->cockroach.rule->kind == CANONICAL_JSON;
    pair->as_text = is_string(pair->cockroach.rule) && !pair->cockroach.text.array &&
                    (!is_string(pair->postgres.rule) || pair->postgres.text.array);
}

static void describe_composite(struct exchange *x, const struct model *model,
                               const struct model_type *type)
{
    size_t i;

    x->compared = EXCHANGE_CLIENT;
    x->form.kind = CANONICAL_RECORD;
    x->parts = mem_alloc((type->attribute_count + 1) * sizeof(*x->parts));
    for (i = 0; i < type->attribute_count; i++) {
        struct plain_type part = look_through(model, type->attributes[i].type);

        x->parts[i].kind = part.rule->kind;
        x->parts[i].array = part.text.array;
        plain_release(&part);
    }
    x->form.parts = x->parts;
    x->form.part_count = type->attribute_count;
}

static void describe(struct exchange *x, const struct pair *pair, const struct model *model)
{
    const struct type_rule *rule = pair->cockroach.rule;

    x->compared = rule->compared;
    x->form.kind = rule->kind;
    x->form.array = pair->cockroach.text.array;
    if (x->form.array)
        x->compared = rule->kind == CANONICAL_TEXT ? EXCHANGE_HASHED : EXCHANGE_CLIENT;
    if (pair->cockroach.composite && !x->form.array)
        describe_composite(x, model, pair->cockroach.composite);
    x->ended = x->compared == EXCHANGE_HASHED && rule->kind != CANONICAL_TEXT &&
               rule->kind != CANONICAL_PADDED;
}

/* --- each side ---------------------------------------------------------------------------------
 */

static char *postgres_read(const struct pair *pair)
{
    const char *as = pair->postgres.rule->as;
    bool array = pair->postgres.text.array;

    if (pair->as_jsonb)
        return mem_strdup("to_jsonb($)");
    if (pair->as_text)
        return mem_strdup("$::text");
    if (as && array)
        return mem_printf("($::%s[])[:]", as);
    if (as)
        return mem_printf("$::%s", as);
    /* CockroachDB's arrays all begin at 1. */
    return mem_strdup(array ? "($)[:]" : "$");
}

static char *postgres_write(const struct pair *pair, const char *type)
{
    const char *write = pair->postgres.rule->write;

    if (pair->as_jsonb)
        return fill_type("(SELECT r.v FROM jsonb_to_record(jsonb_build_object('v', $::jsonb)) AS "
                         "r(v @))",
                         &pair->postgres);
    if (write && !pair->as_text && !pair->postgres.text.array)
        return fill_type(write, &pair->postgres);
    return mem_printf("$::%s", type);
}

static void write_postgres(struct exchange *x, const struct pair *pair, const char *type)
{
    const char *text = pair->postgres.rule->text_postgres;

    x->read = postgres_read(pair);
    if (text && !pair->as_text && !pair->postgres.text.array)
        x->text = mem_strdup(text);
    else
        x->text = mem_printf("%s%s", x->read, pair->as_text ? "" : "::text");
    x->write = postgres_write(pair, type);
    x->cast = mem_strdup(type);
}

/*
 * A cast to a type with a length would cut a value that is too long; assigning it is an error, as
 * it should be. Names of types are unquoted in its catalog.
 */
static char *cockroach_cast(const struct model *model, const struct plain_type *type)
{
    struct buf sql = BUF_INIT;
    const char *why;

    if (is_string(type->rule) && strcmp(type->rule->to, "\"char\"") != 0)
        return mem_strdup(type->text.array ? "STRING[]" : "STRING");
    if (type->rule->to && !strncmp(type->rule->from, "bit", 3))
        return mem_strdup(type->text.array ? "VARBIT[]" : "VARBIT");
    cockroach_type(&sql, model, type->spelled, COCKROACH_NEWEST, &why);
    return buf_detach(&sql);
}

static void write_cockroach(struct exchange *x, const struct pair *pair, const struct model *model)
{
    const char *text = pair->cockroach.rule->text_cockroach;

    x->read = mem_strdup("$");
    x->text = mem_strdup(text && !pair->cockroach.text.array ? text : "$::text");
    x->cast = cockroach_cast(model, &pair->cockroach);
    x->write = mem_printf("$::%s", x->cast);
}

void exchange_make(struct exchange *x, const struct model *model, const struct model_column *column,
                   const struct model *other, const struct model_column *counterpart)
{
    struct pair pair;

    memset(x, 0, sizeof(*x));
    look_at(&pair, model, column, other, counterpart);
    describe(x, &pair, model);
    if (model->engine == ENGINE_POSTGRES)
        write_postgres(x, &pair, column->type);
    else
        write_cockroach(x, &pair, model);
    plain_release(&pair.postgres);
    plain_release(&pair.cockroach);
}

void exchange_release(struct exchange *x)
{
    free(x->text);
    free(x->read);
    free(x->write);
    free(x->cast);
    free(x->parts);
    memset(x, 0, sizeof(*x));
}
