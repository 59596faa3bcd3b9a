/*
 * Statements told apart by their first words. The forms are those of pg_dump 14 to 18 with any of
 * its options, and of dbr-export; each is read to its end where more could be hidden behind it.
 */
#include "db/statement.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "db/statement_internal.h"

#define TITLE_MAX 80

void statement_set_object(struct statement *statement, const char *object)
{
    free(statement->object);
    statement->object = mem_strdup(object);
}

/* --- data ---------------------------------------------------------------------- */

/* What follows FROM stdin: words, strings and one level of parentheses, but no WHERE. */
static bool read_copy_options(struct reader *reader, struct statement *statement)
{
    struct buf options = BUF_INIT;
    bool format = false;
    bool ok = true;
    for (; ok && !reader_at_end(reader); reader_next(reader)) {
        if (reader_is(reader, "CSV"))
            statement->csv = true;
        if (format && reader->token.kind != SQL_WORD)
            ok = false; /* FORMAT 'csv': the server takes it, no dump has it */
        format = reader_is(reader, "FORMAT");
        if (reader_is(reader, "WHERE") || reader->token.kind == SQL_UNENDED)
            ok = false;
        reader_copy(reader, &options);
    }
    statement->options = buf_detach(&options);
    return ok;
}

static enum statement_kind read_copy(struct reader *reader, struct statement *statement)
{
    if (!reader_take_qualified(reader, &statement->schema, &statement->name))
        return STATEMENT_OTHER;
    if (reader_is_symbol(reader, '(') && !reader_take_names(reader, &statement->columns))
        return STATEMENT_OTHER;
    if (!reader_take(reader, "FROM STDIN") || !read_copy_options(reader, statement))
        return STATEMENT_OTHER;
    return STATEMENT_COPY;
}

/* A constant as dumps write it. Anything else might be a call or a query. */
static bool take_constant(struct reader *reader)
{
    if (reader->token.kind == SQL_STRING) {
        reader_next(reader);
        return true;
    }
    return reader_take_number(reader) || reader_take(reader, "NULL") ||
           reader_take(reader, "DEFAULT") || reader_take(reader, "TRUE") ||
           reader_take(reader, "FALSE");
}

/* (constant, ...) */
static bool take_row(struct reader *reader)
{
    if (!reader_take_symbol(reader, '('))
        return false;
    if (reader_take_symbol(reader, ')'))
        return true;
    do {
        if (!take_constant(reader))
            return false;
    } while (reader_take_symbol(reader, ','));
    return reader_take_symbol(reader, ')');
}

static enum statement_kind read_insert(struct reader *reader, const char *start,
                                       struct statement *statement)
{
    if (!reader_take(reader, "INTO") ||
        !reader_take_qualified(reader, &statement->schema, &statement->name))
        return STATEMENT_OTHER;
    if (reader_is_symbol(reader, '(') && !reader_take_names(reader, &statement->columns))
        return STATEMENT_OTHER;
    statement->rest = (size_t)(reader->token.text - start);
    if (!reader_take(reader, "OVERRIDING SYSTEM VALUE"))
        reader_take(reader, "OVERRIDING USER VALUE");
    if (reader_take(reader, "DEFAULT VALUES")) {
        statement->rows = 1;
    } else {
        if (!reader_take(reader, "VALUES"))
            return STATEMENT_OTHER;
        do {
            if (!take_row(reader))
                return STATEMENT_OTHER;
            statement->rows++;
        } while (reader_take_symbol(reader, ','));
    }
    reader_take(reader, "ON CONFLICT DO NOTHING");
    return reader_at_end(reader) ? STATEMENT_INSERT : STATEMENT_OTHER;
}

/* --- SELECT of a function ------------------------------------------------------ */

/* The text that regclass would read. */
static bool read_sequence_name(const char *text, struct statement *statement)
{
    struct reader reader;
    reader_init(&reader, text);
    return reader_take_qualified(&reader, &statement->schema, &statement->name) &&
           reader_at_end(&reader);
}

/* setval('name'[::regclass], number[, true]) */
static enum statement_kind read_setval(struct reader *reader, struct statement *statement)
{
    char *sequence = reader_take_symbol(reader, '(') ? reader_take_string(reader) : NULL;
    bool ok = sequence && read_sequence_name(sequence, statement);
    free(sequence);
    if (ok && reader_take_symbol(reader, ':'))
        ok = reader_take_symbol(reader, ':') &&
             (!reader_take(reader, "PG_CATALOG") || reader_take_symbol(reader, '.')) &&
             reader_take(reader, "REGCLASS");
    ok = ok && reader_take_symbol(reader, ',') && reader_take_number(reader);
    if (ok && reader_take_symbol(reader, ','))
        ok = reader_take(reader, "TRUE") || reader_take(reader, "FALSE");
    ok = ok && reader_take_symbol(reader, ')') && reader_at_end(reader);
    return ok ? STATEMENT_SETVAL : STATEMENT_OTHER;
}

/* set_config('name', 'value', false) */
static enum statement_kind read_set_config(struct reader *reader, struct statement *statement)
{
    bool ok = reader_take_symbol(reader, '(') && (statement->name = reader_take_string(reader)) &&
              reader_take_symbol(reader, ',') && (statement->value = reader_take_string(reader)) &&
              reader_take_symbol(reader, ',') &&
              (reader_take(reader, "FALSE") || reader_take(reader, "TRUE")) &&
              reader_take_symbol(reader, ')') && reader_at_end(reader);
    return ok ? STATEMENT_SET : STATEMENT_OTHER;
}

/* Functions that dumps call for what is not carried over; a name that ends in _ begins one. */
static const struct {
    const char *name, *object;
} server_functions[] = {
    {"lo_create", "LARGE OBJECT"},
    {"lo_open", "LARGE OBJECT"},
    {"lowrite", "LARGE OBJECT"},
    {"lo_close", "LARGE OBJECT"},
    {"lo_unlink", "LARGE OBJECT"},
    {"pg_restore_relation_stats", "STATISTICS DATA"},
    {"pg_restore_attribute_stats", "STATISTICS DATA"},
    {"pg_restore_extended_stats", "STATISTICS DATA"},
    {"binary_upgrade_", "BINARY UPGRADE"},
};

static enum statement_kind read_server_call(struct reader *reader, const char *name,
                                            struct statement *statement)
{
    for (size_t i = 0; i < sizeof server_functions / sizeof *server_functions; i++) {
        const char *known = server_functions[i].name;
        size_t len = strlen(known);
        if (strncmp(name, known, len) != 0 || (known[len - 1] != '_' && name[len]))
            continue;
        statement_set_object(statement, server_functions[i].object);
        if (!reader_take_parens(reader, NULL))
            return STATEMENT_OTHER;
        /* lo_unlink(oid) FROM pg_catalog.pg_largeobject_metadata WHERE oid = '1' */
        if (reader_take(reader, "FROM PG_CATALOG") &&
            !(reader_take_symbol(reader, '.') &&
              reader_take(reader, "PG_LARGEOBJECT_METADATA WHERE OID") &&
              reader_take_symbol(reader, '=') && take_constant(reader)))
            return STATEMENT_OTHER;
        return reader_at_end(reader) ? STATEMENT_SERVER : STATEMENT_OTHER;
    }
    return STATEMENT_OTHER;
}

static enum statement_kind read_select(struct reader *reader, struct statement *statement)
{
    char *schema, *name;
    bool row = reader_take_symbol(reader, '*') && reader_take(reader, "FROM");
    enum statement_kind kind = STATEMENT_OTHER;
    if (!reader_take_qualified(reader, &schema, &name))
        return STATEMENT_OTHER;
    if (schema && strcmp(schema, "pg_catalog") != 0)
        kind = STATEMENT_OTHER;
    else if (!row && strcmp(name, "setval") == 0)
        kind = read_setval(reader, statement);
    else if (!row && strcmp(name, "set_config") == 0)
        kind = read_set_config(reader, statement);
    else
        kind = read_server_call(reader, name, statement);
    free(schema);
    free(name);
    return kind;
}

/* --- settings ------------------------------------------------------------------ */

/* One word, string or number; NULL for anything else, DEFAULT too. */
static char *take_value(struct reader *reader)
{
    struct reader number = *reader;
    bool minus = reader_take_symbol(&number, '-');
    if (reader_is(reader, "DEFAULT"))
        return NULL;
    if (!minus)
        reader_take_symbol(&number, '+');
    if (reader_take_number(reader))
        return mem_printf("%s%.*s", minus ? "-" : "", (int)number.token.len, number.token.text);
    char *text = reader_take_string(reader);
    return text ? text : reader_take_name(reader);
}

/* name or name.name */
static char *take_setting(struct reader *reader)
{
    char *schema, *name;
    if (!reader_take_qualified(reader, &schema, &name))
        return NULL;
    if (!schema)
        return name;
    char *whole = mem_printf("%s.%s", schema, name);
    free(schema);
    free(name);
    return whole;
}

static enum statement_kind read_set(struct reader *reader, struct statement *statement)
{
    if (!reader_take(reader, "LOCAL"))
        reader_take(reader, "SESSION");
    if (reader_is(reader, "AUTHORIZATION") || reader_is(reader, "ROLE"))
        return STATEMENT_OWNER;
    if (reader_take(reader, "TIME ZONE"))
        statement->name = mem_strdup("timezone");
    else if (!(statement->name = take_setting(reader)) ||
             !(reader_take_symbol(reader, '=') || reader_take(reader, "TO")))
        return STATEMENT_OTHER;
    statement->value = take_value(reader);
    if (!reader_at_end(reader)) {
        free(statement->value);
        statement->value = NULL;
    }
    return STATEMENT_SET;
}

/* BEGIN and its relatives have nothing but words behind them, and no name. */
static enum statement_kind read_transaction(struct reader *reader)
{
    for (; !reader_at_end(reader); reader_next(reader))
        if (reader->token.kind != SQL_WORD && !reader_is_symbol(reader, ','))
            return STATEMENT_OTHER;
    return STATEMENT_TRANSACTION;
}

static enum statement_kind read_refresh(struct reader *reader, struct statement *statement)
{
    if (!reader_take(reader, "MATERIALIZED VIEW"))
        return STATEMENT_OTHER;
    statement_set_object(statement, "MATERIALIZED VIEW");
    reader_take(reader, "CONCURRENTLY");
    if (!reader_take_qualified(reader, &statement->schema, &statement->name))
        return STATEMENT_OTHER;
    reader_take(reader, "WITH NO DATA");
    return reader_at_end(reader) ? STATEMENT_REFRESH : STATEMENT_OTHER;
}

/* --- all ----------------------------------------------------------------------- */

static enum statement_kind read_any(struct reader *reader, const char *text,
                                    struct statement *statement)
{
    if (reader_take(reader, "INSERT"))
        return read_insert(reader, text, statement);
    if (reader_take(reader, "CREATE"))
        return statement_create(reader, statement);
    if (reader_take(reader, "ALTER"))
        return statement_alter(reader, statement);
    if (reader_take(reader, "DROP"))
        return statement_drop(reader, statement);
    if (reader_take(reader, "COMMENT ON"))
        return statement_comment(reader, statement);
    if (reader_take(reader, "COPY"))
        return read_copy(reader, statement);
    if (reader_take(reader, "SELECT"))
        return read_select(reader, statement);
    if (reader_take(reader, "SET"))
        return read_set(reader, statement);
    if (reader_take(reader, "REFRESH"))
        return read_refresh(reader, statement);
    if (reader_take(reader, "BEGIN") || reader_take(reader, "START TRANSACTION") ||
        reader_take(reader, "COMMIT") || reader_take(reader, "END"))
        return read_transaction(reader);
    if (reader_is(reader, "GRANT") || reader_is(reader, "REVOKE") ||
        reader_take(reader, "SECURITY LABEL") || reader_take(reader, "RESET SESSION AUTHORIZATION"))
        return STATEMENT_OWNER;
    return STATEMENT_OTHER;
}

void statement_read(const char *text, struct statement *statement)
{
    struct reader reader;
    *statement = (struct statement){.object = mem_strdup(""), .columns = STRLIST_INIT};
    reader_init(&reader, text);
    statement->kind = read_any(&reader, text, statement);
}

void statement_release(struct statement *statement)
{
    free(statement->object);
    free(statement->schema);
    free(statement->name);
    free(statement->arguments);
    free(statement->of_schema);
    free(statement->of_name);
    free(statement->value);
    free(statement->options);
    strlist_release(&statement->columns);
    *statement = (struct statement){.kind = STATEMENT_OTHER};
}

/* At most that many bytes of text, without half a character at the end. */
static void cut(struct buf *text, size_t most)
{
    if (text->len <= most)
        return;
    while (most > 0 && ((unsigned char)text->data[most] & 0xC0) == 0x80)
        most--;
    buf_truncate(text, most);
}

/* Names and keywords, what joins the parts of a name, and an operator as a part of one. */
static bool is_for_title(const struct reader *reader, bool *in_name)
{
    bool word = reader->token.kind == SQL_WORD || reader->token.kind == SQL_NAME;
    bool point = reader_is_symbol(reader, '.');
    bool symbol =
        *in_name && reader->token.kind == SQL_SYMBOL && !strchr("(),;", *reader->token.text);
    *in_name = point || symbol;
    return word || point || symbol;
}

char *statement_title(const char *text)
{
    struct reader reader;
    struct buf words = BUF_INIT, title = BUF_INIT;
    bool in_name = false;
    reader_init(&reader, text);
    while (words.len <= TITLE_MAX && is_for_title(&reader, &in_name)) {
        if (words.len > 0 && (reader_is(&reader, "AS") || reader_is(&reader, "IS")))
            break;
        reader_copy(&reader, &words);
        reader_next(&reader);
    }
    buf_add_clean(&title, words.len > 0 ? words.data : "a statement");
    buf_release(&words);
    cut(&title, TITLE_MAX);
    return buf_detach(&title);
}
