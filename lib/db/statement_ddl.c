/*
 * CREATE, ALTER, DROP and COMMENT ON: which object of which kind. One table names the kinds, with
 * the shape of what stands behind each.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "db/statement_internal.h"

enum verb { CREATE, ALTER, DROP, COMMENT };

enum shape {
    NAME,      /* schema.name */
    BARE,      /* name: it is in no schema */
    ROUTINE,   /* schema.name(arguments) */
    OPERATOR,  /* schema.=== (left, right) */
    METHOD,    /* schema.name USING method */
    PART,      /* name ON schema.table */
    INDEX,     /* the same where it is created, else schema.name or schema.table@name */
    COLUMN,    /* schema.table.column */
    CAST,      /* (type AS type) */
    TRANSFORM, /* FOR type LANGUAGE name */
    NUMBER,    /* of a large object */
    MAPPING    /* FOR role SERVER name */
};

enum class {
    OBJECT,
    OF_TABLE,
    OF_SERVER,
    OF_DATABASE,
    A_SCHEMA,
    AN_EXTENSION,
    ONLY_COMMENTED /* takes no other statement */
};

struct object {
    const char *words, *name; /* name: NULL where it is the words */
    enum shape shape;
    enum class class;
};

/* Longer ones first where one begins like another. */
static const struct object objects[] = {
    {"TABLE", NULL, NAME, OBJECT},
    {"FOREIGN TABLE", NULL, NAME, OBJECT},
    {"FOREIGN DATA WRAPPER", NULL, BARE, OF_SERVER},
    {"VIEW", NULL, NAME, OBJECT},
    {"MATERIALIZED VIEW", NULL, NAME, OBJECT},
    {"SEQUENCE", NULL, NAME, OBJECT},
    {"TYPE", NULL, NAME, OBJECT},
    {"DOMAIN", NULL, NAME, OBJECT},
    {"COLLATION", NULL, NAME, OBJECT},
    {"CONVERSION", NULL, NAME, OBJECT},
    {"STATISTICS", NULL, NAME, OBJECT},
    {"TEXT SEARCH CONFIGURATION", NULL, NAME, OBJECT},
    {"TEXT SEARCH DICTIONARY", NULL, NAME, OBJECT},
    {"TEXT SEARCH PARSER", NULL, NAME, OBJECT},
    {"TEXT SEARCH TEMPLATE", NULL, NAME, OBJECT},
    {"FUNCTION", NULL, ROUTINE, OBJECT},
    {"PROCEDURE", NULL, ROUTINE, OBJECT},
    {"AGGREGATE", NULL, ROUTINE, OBJECT},
    {"OPERATOR CLASS", NULL, METHOD, OBJECT},
    {"OPERATOR FAMILY", NULL, METHOD, OBJECT},
    {"OPERATOR", NULL, OPERATOR, OBJECT},
    {"CAST", NULL, CAST, OBJECT},
    {"TRANSFORM", NULL, TRANSFORM, OBJECT},
    {"INDEX", NULL, INDEX, OF_TABLE},
    {"TRIGGER", NULL, PART, OF_TABLE},
    {"RULE", NULL, PART, OF_TABLE},
    {"POLICY", NULL, PART, OF_TABLE},
    {"CONSTRAINT", NULL, PART, ONLY_COMMENTED},
    {"COLUMN", NULL, COLUMN, ONLY_COMMENTED},
    {"SCHEMA", NULL, BARE, A_SCHEMA},
    {"EXTENSION", NULL, BARE, AN_EXTENSION},
    {"DATABASE", NULL, BARE, OF_DATABASE},
    {"PUBLICATION", NULL, BARE, OF_SERVER},
    {"SUBSCRIPTION", NULL, BARE, OF_SERVER},
    {"EVENT TRIGGER", NULL, BARE, OF_SERVER},
    {"SERVER", NULL, BARE, OF_SERVER},
    {"USER MAPPING", NULL, MAPPING, OF_SERVER},
    {"LANGUAGE", NULL, BARE, OF_SERVER},
    {"PROCEDURAL LANGUAGE", "LANGUAGE", BARE, OF_SERVER},
    {"ACCESS METHOD", NULL, BARE, OF_SERVER},
    {"TABLESPACE", NULL, BARE, OF_SERVER},
    {"ROLE", NULL, BARE, OF_SERVER},
    {"USER", "ROLE", BARE, OF_SERVER},
    {"GROUP", "ROLE", BARE, OF_SERVER},
    {"LARGE OBJECT", NULL, NUMBER, OF_SERVER},
};

static const struct object *take_object(struct reader *reader, struct statement *statement)
{
    for (size_t i = 0; i < sizeof objects / sizeof *objects; i++) {
        const struct object *object = &objects[i];
        struct reader walk = *reader;
        if (!reader_take(&walk, object->words))
            continue;
        if (reader_is_symbol(&walk, '.')) /* OPERATOR class.=== is in a schema of that name */
            continue;
        *reader = walk;
        statement_set_object(statement, object->name ? object->name : object->words);
        return object;
    }
    return NULL;
}

/* --- what stands behind the kind ------------------------------------------------ */

/* (name type DEFAULT expression, ...) without the defaults. */
static char *take_arguments(struct reader *reader)
{
    struct buf text = BUF_INIT;
    size_t depth = 0;
    bool is_default = false;
    do {
        depth -= reader_is_symbol(reader, ')');
        if (depth == 0 || (depth == 1 && reader_is_symbol(reader, ',')))
            is_default = false;
        else if (depth == 1 && (reader_is(reader, "DEFAULT") || reader_is_symbol(reader, '=')))
            is_default = true;
        depth += reader_is_symbol(reader, '(');
        if (!is_default)
            reader_copy(reader, &text);
        reader_next(reader);
    } while (depth > 0 && !reader_at_end(reader));
    return buf_detach(&text);
}

/* The type behind LEFTARG or RIGHTARG in the definition of an operator. */
static void add_operand(struct buf *text, struct reader reader, const char *side)
{
    while (!reader_at_end(&reader) && !reader_is(&reader, side))
        reader_next(&reader);
    reader_next(&reader);
    if (!reader_take_symbol(&reader, '=')) {
        buf_adds(text, "NONE");
        return;
    }
    reader.gap = false;
    while (!reader_at_end(&reader) && !reader_is_symbol(&reader, ',') &&
           !reader_is_symbol(&reader, ')')) {
        if (!reader_is_symbol(&reader, '(')) {
            reader_copy(&reader, text);
            reader_next(&reader);
        } else if (!reader_take_parens(&reader, text)) {
            return;
        }
    }
}

static bool read_operator(struct reader *reader, enum verb verb, struct statement *statement)
{
    struct buf text = BUF_INIT;
    if (!reader_take_operator(reader, &statement->schema, &statement->name) ||
        !reader_is_symbol(reader, '('))
        return false;
    if (verb == CREATE) {
        buf_addch(&text, '(');
        add_operand(&text, *reader, "LEFTARG");
        buf_adds(&text, ", ");
        add_operand(&text, *reader, "RIGHTARG");
        buf_addch(&text, ')');
    } else if (!reader_take_parens(reader, &text)) {
        buf_release(&text);
        return false;
    }
    statement->arguments = buf_detach(&text);
    return true;
}

/* Those of a class have DEFAULT and FOR TYPE between the name and USING. */
static bool read_method(struct reader *reader, struct statement *statement)
{
    if (!reader_take_qualified(reader, &statement->schema, &statement->name) ||
        !reader_find(reader, "USING"))
        return false;
    struct buf text = BUF_INIT;
    reader_next(reader);
    buf_adds(&text, "USING ");
    buf_add(&text, reader->token.text, reader->token.len);
    statement->arguments = buf_detach(&text);
    reader_next(reader);
    return true;
}

/* ON [ONLY] table. COMMENT ON CONSTRAINT may also have ON DOMAIN name. */
static bool read_of(struct reader *reader, struct statement *statement)
{
    struct reader domain = *reader;
    if (reader_take(&domain, "DOMAIN") && !reader_is_symbol(&domain, '.') &&
        !reader_is(&domain, "IS"))
        *reader = domain;
    reader_take(reader, "ONLY");
    return reader_take_qualified(reader, &statement->of_schema, &statement->of_name);
}

static bool read_part(struct reader *reader, const struct object *object, enum verb verb,
                      struct statement *statement)
{
    if (!(statement->name = reader_take_name(reader)))
        return false;
    if (verb == CREATE && strcmp(object->words, "RULE") == 0) {
        /* AS ON event TO table; the event may be named like the word it is. */
        if (!reader_take(reader, "AS ON"))
            return false;
        reader_next(reader);
        return reader_take(reader, "TO") && read_of(reader, statement);
    }
    return reader_find(reader, "ON") && reader_take(reader, "ON") && read_of(reader, statement);
}

static bool read_index(struct reader *reader, enum verb verb, struct statement *statement)
{
    if (verb != CREATE) {
        if (!reader_take_qualified(reader, &statement->schema, &statement->name))
            return false;
        if (!reader_take_symbol(reader, '@'))
            return true;
        /* CockroachDB: schema.table@index */
        statement->of_schema = statement->schema;
        statement->of_name = statement->name;
        statement->schema = NULL;
        return (statement->name = reader_take_name(reader)) != NULL;
    }
    if (!reader_is(reader, "ON") && !(statement->name = reader_take_name(reader)))
        return false;
    return reader_take(reader, "ON") && read_of(reader, statement);
}

/* table.column or schema.table.column */
static bool read_column(struct reader *reader, struct statement *statement)
{
    char *names[3] = {NULL, NULL, NULL};
    size_t n = 0;
    do
        names[n] = reader_take_name(reader);
    while (names[n++] && n < 3 && reader_take_symbol(reader, '.'));
    bool ok = n > 1 && names[n - 1];
    if (ok) {
        statement->name = names[n - 1];
        statement->of_name = names[n - 2];
        statement->of_schema = n > 2 ? names[0] : NULL;
    } else {
        free(names[0]);
        free(names[1]);
    }
    return ok;
}

static bool read_cast(struct reader *reader, struct statement *statement)
{
    struct buf text = BUF_INIT;
    bool ok = reader_take_parens(reader, &text);
    statement->arguments = buf_detach(&text);
    return ok;
}

static bool read_transform(struct reader *reader, struct statement *statement)
{
    struct buf text = BUF_INIT;
    if (!reader_is(reader, "FOR"))
        return false;
    reader->gap = false;
    for (; !reader_at_end(reader) && !reader_is(reader, "LANGUAGE"); reader_next(reader))
        reader_copy(reader, &text);
    for (int n = 0; n < 2; n++, reader_next(reader))
        reader_copy(reader, &text);
    statement->arguments = buf_detach(&text);
    return true;
}

static bool read_mapping(struct reader *reader, struct statement *statement)
{
    return reader_take(reader, "FOR") && (statement->name = reader_take_name(reader)) &&
           reader_take(reader, "SERVER") && (statement->of_name = reader_take_name(reader));
}

static bool read_number(struct reader *reader, struct statement *statement)
{
    statement->name = mem_strndup(reader->token.text, reader->token.len);
    return reader_take_number(reader);
}

static bool read_subject(struct reader *reader, const struct object *object, enum verb verb,
                         struct statement *statement)
{
    switch (object->shape) {
    case NAME:
        return reader_take_qualified(reader, &statement->schema, &statement->name);
    case BARE:
        return (statement->name = reader_take_name(reader)) != NULL;
    case ROUTINE:
        if (!reader_take_qualified(reader, &statement->schema, &statement->name))
            return false;
        if (reader_is_symbol(reader, '('))
            statement->arguments = take_arguments(reader);
        return statement->arguments || verb != CREATE;
    case OPERATOR:
        return read_operator(reader, verb, statement);
    case METHOD:
        return read_method(reader, statement);
    case PART:
        return read_part(reader, object, verb, statement);
    case INDEX:
        return read_index(reader, verb, statement);
    case COLUMN:
        return read_column(reader, statement);
    case CAST:
        return read_cast(reader, statement);
    case TRANSFORM:
        return read_transform(reader, statement);
    case NUMBER:
        return read_number(reader, statement);
    case MAPPING:
        return read_mapping(reader, statement);
    }
    return false;
}

/* --- CREATE -------------------------------------------------------------------- */

static void take_modifiers(struct reader *reader)
{
    static const char *const modifiers[] = {
        "OR REPLACE", "TEMP",    "TEMPORARY", "UNLOGGED", "UNIQUE",    "INVERTED",
        "VECTOR",     "TRUSTED", "DEFAULT",   "LOCAL",    "RECURSIVE", "CONSTRAINT",
    };
    for (size_t i = 0; i < sizeof modifiers / sizeof *modifiers;)
        i = reader_take(reader, modifiers[i]) ? 0 : i + 1;
}

/* Elements of the schema may stand behind, which would be statements of their own. */
static enum statement_kind create_schema(struct reader *reader, struct statement *statement)
{
    if (reader_is(reader, "AUTHORIZATION") || !(statement->name = reader_take_name(reader)))
        return STATEMENT_OTHER;
    if (reader_take(reader, "AUTHORIZATION"))
        reader_next(reader);
    return reader_at_end(reader) ? STATEMENT_CREATE_SCHEMA : STATEMENT_OTHER;
}

static enum statement_kind create_extension(struct reader *reader, struct statement *statement)
{
    if (!(statement->name = reader_take_name(reader)))
        return STATEMENT_OTHER;
    reader_take(reader, "WITH");
    if (reader_take(reader, "SCHEMA"))
        statement->schema = reader_take_name(reader);
    return STATEMENT_CREATE_EXTENSION;
}

enum statement_kind statement_create(struct reader *reader, struct statement *statement)
{
    bool replaces = reader_is(reader, "OR");
    take_modifiers(reader);
    const struct object *object = take_object(reader, statement);
    if (!object || object->class == ONLY_COMMENTED || object->shape == NUMBER)
        return STATEMENT_OTHER;
    reader_take(reader, "CONCURRENTLY");
    statement->if_not_exists = reader_take(reader, "IF NOT EXISTS");
    if (object->class == A_SCHEMA)
        return create_schema(reader, statement);
    if (object->class == AN_EXTENSION)
        return create_extension(reader, statement);
    if (strcmp(object->words, "STATISTICS") == 0 && reader_is(reader, "ON"))
        return STATEMENT_CREATE; /* the server chooses the name */
    if (!read_subject(reader, object, CREATE, statement))
        return STATEMENT_OTHER;
    switch (object->class) {
    case OF_TABLE:
        return STATEMENT_CREATE_PART;
    case OF_SERVER:
        return STATEMENT_SERVER;
    case OF_DATABASE:
        return STATEMENT_DATABASE;
    default:
        break;
    }
    if (replaces && strcmp(object->words, "VIEW") == 0 && statement_is_hollow(*reader))
        return STATEMENT_DROP;
    /* CREATE TABLE ... AS runs a query or a prepared statement. */
    if (strcmp(object->words, "TABLE") == 0 && reader_find(reader, "AS"))
        return STATEMENT_OTHER;
    return STATEMENT_CREATE;
}

/* --- ALTER, DROP, COMMENT ------------------------------------------------------- */

/* SET ACCESS METHOD, SET COMPRESSION: nothing else depends on them. */
static bool is_storage(struct reader reader)
{
    if (reader_take(&reader, "SET ACCESS METHOD"))
        reader_next(&reader);
    else if (reader_take(&reader, "ALTER")) {
        reader_take(&reader, "COLUMN");
        reader_next(&reader); /* its name */
        if (!reader_take(&reader, "SET COMPRESSION"))
            return false;
        reader_next(&reader);
    } else
        return false;
    return reader_at_end(&reader);
}

static bool is_tabular(const struct object *object)
{
    return strcmp(object->words, "TABLE") == 0 || strcmp(object->words, "FOREIGN TABLE") == 0;
}

enum statement_kind statement_alter(struct reader *reader, struct statement *statement)
{
    if (reader_take(reader, "DEFAULT PRIVILEGES"))
        return STATEMENT_OWNER;
    const struct object *object = take_object(reader, statement);
    if (!object || object->class == ONLY_COMMENTED || reader_is(reader, "ALL"))
        return STATEMENT_OTHER;
    reader_take(reader, "IF EXISTS");
    reader_take(reader, "ONLY");
    if (!read_subject(reader, object, ALTER, statement))
        return STATEMENT_OTHER;
    if (object->class == OF_DATABASE)
        return STATEMENT_DATABASE;
    if (reader_is(reader, "OWNER"))
        return STATEMENT_OWNER;
    if (object->class == OF_SERVER || object->class == AN_EXTENSION)
        return STATEMENT_SERVER;
    if (!statement_actions_are_known(*reader, object->words))
        return STATEMENT_OTHER;
    bool loses = is_tabular(object) || strcmp(object->words, "DOMAIN") == 0;
    if (loses && statement_actions_drop(*reader))
        return STATEMENT_DROP;
    statement->storage = is_storage(*reader);
    return STATEMENT_ALTER;
}

enum statement_kind statement_drop(struct reader *reader, struct statement *statement)
{
    const struct object *object = take_object(reader, statement);
    if (!object || object->class == ONLY_COMMENTED || object->shape == NUMBER)
        return STATEMENT_OTHER;
    reader_take(reader, "CONCURRENTLY");
    reader_take(reader, "IF EXISTS");
    if (!read_subject(reader, object, DROP, statement))
        return STATEMENT_OTHER;
    if (object->class == OF_DATABASE)
        return STATEMENT_DATABASE;
    if (!reader_take(reader, "CASCADE"))
        reader_take(reader, "RESTRICT");
    return reader_at_end(reader) ? STATEMENT_DROP : STATEMENT_OTHER;
}

enum statement_kind statement_comment(struct reader *reader, struct statement *statement)
{
    const struct object *object = take_object(reader, statement);
    if (!object || !read_subject(reader, object, COMMENT, statement) || !reader_take(reader, "IS"))
        return STATEMENT_OTHER;
    if (!reader_take(reader, "NULL"))
        reader_next(reader);
    if (!reader_at_end(reader))
        return STATEMENT_OTHER;
    bool outside = object->class == OF_SERVER || object->class == OF_DATABASE;
    return outside ? STATEMENT_SERVER : STATEMENT_COMMENT;
}
