/* Header, trailer and kinds of statements: what makes a file one that can be imported. */
#include "repl/sql_file.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/json.h"
#include "base/mem.h"

#define FORMAT_NEWEST 1
/* A pg_dump file tells who wrote it within its first lines. */
#define HEADER_LINES 12

const char *sql_origin_name(enum sql_origin origin)
{
    return origin == SQL_ORIGIN_DBR ? "dbr-export" : "pg_dump";
}

bool sql_dialect_fits(const struct engine *dialect, const char *file, const struct conn *conn,
                      struct err *err)
{
    if (dialect == conn_engine(conn))
        return true;
    err_set(err, ERR_REFUSED, "%s is written for %s, and the %s is %s", file, dialect->name,
            conn_role(conn), conn_version_text(conn));
    return err_hint(err, "make it with dbr-export --dialect=%s", conn_engine(conn)->name);
}

static bool read_in(void *context, char *data, size_t size, size_t *len, struct err *err)
{
    return infile_read(context, data, size, len, err);
}

void sql_file_open(struct sql_file *file, struct infile *in)
{
    memset(file, 0, sizeof *file);
    file->in = in;
    file->in_header = true;
    file->script = script_new(read_in, in);
}

void sql_file_release(struct sql_file *file)
{
    script_free(file->script);
    statement_release(&file->statement);
    for (size_t i = 0; i < file->table_count; i++) {
        free(file->tables[i].schema);
        free(file->tables[i].name);
    }
    free(file->tables);
    free(file->schema);
    free(file->source);
    free(file->snapshot);
    memset(file, 0, sizeof *file);
}

static bool refuse(const struct sql_file *file, struct err *err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* "FILE: line N: why"; what helps is another file, unless the caller says otherwise. */
static bool refuse(const struct sql_file *file, struct err *err, const char *format, ...)
{
    struct buf why = BUF_INIT;
    va_list args;
    va_start(args, format);
    buf_vaddf(&why, format, args);
    va_end(args);
    err_set(err, ERR_REFUSED, "%s: line %" PRId64 ": %s", infile_name(file->in), file->item.line,
            why.data);
    buf_release(&why);
    return err_hint(err, "%s", HINT_DAMAGED_FILE);
}

/* --- who wrote it ------------------------------------------------------------- */

static bool refuse_foreign(const struct sql_file *file, struct err *err)
{
    err_set(err, ERR_REFUSED, "%s is no file that dbr-export or pg_dump wrote",
            infile_name(file->in));
    return err_hint(err, "dbr-import reads files of dbr-export and plain-format files of pg_dump; "
                         "run other SQL with psql");
}

/* What follows `key` in a comment "-- key: value", or NULL. */
static const char *value_of(const char *comment, const char *key)
{
    size_t len = strlen(key);
    if (strncmp(comment, "-- ", 3) != 0 || strncmp(comment + 3, key, len) != 0 ||
        strncmp(comment + 3 + len, ": ", 2) != 0)
        return NULL;
    return comment + 3 + len + 2;
}

static void keep(char **text, const char *value)
{
    free(*text);
    *text = mem_strdup(value);
}

static bool read_schema(struct sql_file *file, const char *value, struct err *err)
{
    /* json_parse takes objects and strings alike; the name is wanted without its quotes. */
    char *wrapped = mem_printf("{\"s\": %s}", value);
    struct json *json = json_parse(wrapped, strlen(wrapped), err);
    bool ok = json && json_str(json, "s", NULL) != NULL;
    if (ok)
        keep(&file->schema, json_str(json, "s", ""));
    json_free(json);
    free(wrapped);
    return ok || refuse(file, err, "the header names no schema");
}

static bool read_dbr_header(struct sql_file *file, const char *comment, struct err *err)
{
    const char *value;

    if ((value = value_of(comment, "format")) != NULL) {
        if (strtol(value, NULL, 10) <= FORMAT_NEWEST)
            return true;
        refuse(file, err, "the file has format %.20s, and this dbr reads %d", value, FORMAT_NEWEST);
        return err_hint(err, "use the version of dbr that wrote it, or a newer one");
    }
    if ((value = value_of(comment, "dialect")) != NULL) {
        file->dialect = engine_by_name(value);
        return file->dialect || refuse(file, err, "unknown dialect %.40s", value);
    }
    if ((value = value_of(comment, "source")) != NULL)
        keep(&file->source, value);
    if ((value = value_of(comment, "snapshot")) != NULL)
        keep(&file->snapshot, value);
    if ((value = value_of(comment, "schema")) != NULL)
        return read_schema(file, value, err);
    return true;
}

static void read_pg_dump_header(struct sql_file *file, const char *comment)
{
    static const char from[] = "-- Dumped from database version ";
    if (strncmp(comment, from, sizeof from - 1) != 0)
        return;
    free(file->source);
    file->source = mem_printf("PostgreSQL %s", comment + sizeof from - 1);
}

static bool find_origin(struct sql_file *file, const char *comment, struct err *err)
{
    if (file->comments == 1 && strcmp(comment, "-- dbr export") == 0) {
        file->origin = SQL_ORIGIN_DBR;
        return true;
    }
    if (strcmp(comment, "-- PostgreSQL database dump") == 0) {
        file->origin = SQL_ORIGIN_PG_DUMP;
        file->dialect = &engine_postgres;
        return true;
    }
    if (strcmp(comment, "-- PostgreSQL database cluster dump") == 0) {
        refuse(file, err, "this is the dump of a whole cluster (pg_dumpall)");
        return err_hint(err, "dump the one database: pg_dump --no-owner DATABASE");
    }
    return file->comments < HEADER_LINES || refuse_foreign(file, err);
}

/* --- the end ------------------------------------------------------------------ */

static struct sql_file_table *find_table(struct sql_file *file, const char *schema,
                                         const char *name)
{
    for (size_t i = 0; i < file->table_count; i++) {
        struct sql_file_table *table = &file->tables[i];
        bool same =
            schema && table->schema ? strcmp(schema, table->schema) == 0 : schema == table->schema;
        if (same && strcmp(table->name, name) == 0)
            return table;
    }
    if ((file->table_count & (file->table_count - 1)) == 0)
        file->tables = mem_array(file->tables, file->table_count ? 2 * file->table_count : 1,
                                 sizeof *file->tables);
    file->tables[file->table_count] = (struct sql_file_table){
        .schema = mem_strdup(schema), .name = mem_strdup(name), .rows = 0, .told = -1};
    return &file->tables[file->table_count++];
}

/* "-- rows: 12 "users"" */
static bool read_rows(struct sql_file *file, const char *value, struct err *err)
{
    char *end;
    int64_t rows = strtoll(value, &end, 10);
    char *wrapped = mem_printf("{\"s\": %s}", end);
    struct json *json = json_parse(wrapped, strlen(wrapped), err);
    const char *name = json ? json_str(json, "s", NULL) : NULL;
    bool ok = end > value && rows >= 0 && name;
    if (ok)
        find_table(file, file->schema, name)->told = rows;
    json_free(json);
    free(wrapped);
    return ok || refuse(file, err, "the end of the file is cut off or damaged");
}

static bool check_sum(struct sql_file *file, const char *value, struct err *err)
{
    uint32_t crc = script_crc(file->script);
    char *end;
    unsigned long told = strtoul(value, &end, 16);

    if (end != value + 8 || *end)
        return refuse(file, err, "the end of the file is cut off or damaged");
    if (told != crc) {
        refuse(file, err,
               "the file is damaged: its CRC-32 is %08" PRIx32 ", and its end says %08lx", crc,
               told);
        return err_hint(err, "take another copy of it; nothing of this one can be trusted");
    }
    file->summed = true;
    return true;
}

static bool read_dbr_trailer(struct sql_file *file, const char *comment, struct err *err)
{
    const char *value;

    if (file->summed)
        return refuse(file, err, "something follows the end of the file: are these two in one?");
    if ((value = value_of(comment, "rows")) != NULL)
        return read_rows(file, value, err);
    if ((value = value_of(comment, "crc32")) != NULL)
        return check_sum(file, value, err);
    return refuse(file, err, "the end of the file is cut off or damaged");
}

static bool read_comment(struct sql_file *file, struct err *err)
{
    const char *comment = file->item.text;

    file->comments++;
    if (file->origin == SQL_ORIGIN_UNKNOWN)
        return find_origin(file, comment, err);
    if (file->origin == SQL_ORIGIN_PG_DUMP) {
        if (strcmp(comment, "-- PostgreSQL database dump complete") == 0) {
            if (file->complete)
                return refuse(file, err, "the file ends twice: are these two in one?");
            file->complete = true;
        } else if (file->complete && strcmp(comment, "--") != 0) {
            return refuse(file, err,
                          "something follows the end of the file: are these two in one?");
        }
        if (file->in_header)
            read_pg_dump_header(file, comment);
        return true;
    }
    if (file->complete)
        return read_dbr_trailer(file, comment, err);
    if (strcmp(comment, "-- dbr export complete") == 0) {
        file->complete = true;
        return true;
    }
    return !file->in_header || read_dbr_header(file, comment, err);
}

static bool check_rows(const struct sql_file *file, struct err *err)
{
    for (size_t i = 0; i < file->table_count; i++) {
        const struct sql_file_table *table = &file->tables[i];
        if (file->origin == SQL_ORIGIN_DBR && table->told != table->rows)
            return err_set_hint(err, ERR_REFUSED, HINT_DAMAGED_FILE,
                                "%s is damaged: it holds %" PRId64
                                " rows of table %s, and its end says "
                                "%" PRId64,
                                infile_name(file->in), table->rows, table->name, table->told);
    }
    return true;
}

static bool check_end(struct sql_file *file, struct err *err)
{
    bool whole = file->complete && (file->origin != SQL_ORIGIN_DBR || file->summed);

    if (file->origin == SQL_ORIGIN_UNKNOWN)
        return refuse_foreign(file, err);
    if (!whole) {
        refuse(file, err, "the file is cut off: the closing comment of %s is missing",
               sql_origin_name(file->origin));
        return false;
    }
    file->end = true;
    return check_rows(file, err);
}

/* --- statements --------------------------------------------------------------- */

/* Commands to psql. Those that pg_dump and dbr-export write change nothing for an import. */
static bool read_meta(struct sql_file *file, struct err *err)
{
    static const char *const harmless[] = {"\\restrict ", "\\unrestrict ", "\\set ON_ERROR_STOP "};
    const char *text = file->item.text;

    if (file->origin == SQL_ORIGIN_UNKNOWN)
        return refuse_foreign(file, err);
    for (size_t i = 0; i < sizeof harmless / sizeof *harmless; i++)
        if (strncmp(text, harmless[i], strlen(harmless[i])) == 0)
            return true;
    size_t len = strcspn(text, " \t");
    refuse(file, err, "the psql command %.*s is not for an import", (int)(len < 40 ? len : 40),
           text);
    if (strncmp(text, "\\connect", 8) == 0 || strncmp(text, "\\c ", 3) == 0)
        return err_hint(err, "it was made with --create: make the dump without it");
    return err_hint(err, "take the line out of the file; psql reads files that hold such commands");
}

/* A name of an encoding as the server reads it: letters and digits alone, in lower case. */
static bool is_encoding(const char *value, const char *name)
{
    for (; *value; value++) {
        if (!isalnum((unsigned char)*value))
            continue;
        if (tolower((unsigned char)*value) != *name++)
            return false;
    }
    return *name == '\0';
}

static bool is_on(const char *value)
{
    static const char *const words[] = {"on", "true", "yes", "1"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcasecmp(value, words[i]) == 0)
            return true;
    return false;
}

/*
 * Strings and rows are read byte by byte, and names that dbr itself writes are in UTF-8: in other
 * encodings a character may hold a byte that looks like a quote, or is another one.
 */
static bool check_setting(struct sql_file *file, struct err *err)
{
    const struct statement *s = &file->statement;
    const char *value = s->value ? s->value : "";

    if (s->name && strcasecmp(s->name, "client_encoding") == 0 && !is_encoding(value, "utf8") &&
        !is_encoding(value, "unicode") && !is_encoding(value, "sqlascii")) {
        refuse(file, err, "the file is not in UTF-8 (client_encoding %s)", value);
        return err_hint(err, "make the dump with pg_dump --encoding=UTF8");
    }
    if (s->name && strcasecmp(s->name, "standard_conforming_strings") == 0 && !is_on(value)) {
        refuse(file, err, "standard_conforming_strings is off: such strings cannot be read");
        return err_hint(err, "make the dump with standard_conforming_strings on");
    }
    return true;
}

static bool check_kind(struct sql_file *file, struct err *err)
{
    char *title;

    switch (file->statement.kind) {
    case STATEMENT_DATABASE:
        refuse(file, err, "the file makes a database of its own");
        return err_hint(err, "it was made with --create: make the dump without it");
    case STATEMENT_OTHER:
        title = statement_title(file->item.text);
        refuse(file, err, "an import does not run such a statement: %s", title);
        free(title);
        return err_hint(err, "dbr-export and pg_dump write no such statements: look at the file");
    case STATEMENT_SET:
        return check_setting(file, err);
    default:
        return true;
    }
}

/* dbr's own notes in a database that pg_dump has read: those of another one mean nothing. */
static bool is_own(const struct statement *s)
{
    static const char own[] = "_dbr";
    return (s->schema && strcmp(s->schema, own) == 0) ||
           (s->of_schema && strcmp(s->of_schema, own) == 0) ||
           (s->kind == STATEMENT_CREATE_SCHEMA && s->name && strcmp(s->name, own) == 0);
}

/* *own: it is not for the caller. */
static bool read_statement(struct sql_file *file, bool *own, struct err *err)
{
    *own = false;
    if (file->origin == SQL_ORIGIN_UNKNOWN || !file->dialect)
        return refuse_foreign(file, err);
    if (file->complete)
        return refuse(file, err, "something follows the end of the file: are these two in one?");
    file->in_header = false;
    statement_release(&file->statement);
    statement_read(file->item.text, &file->statement);
    file->statements++;
    if (!check_kind(file, err))
        return false;
    *own = is_own(&file->statement);
    if (*own)
        return true;
    bool rows = file->statement.kind == STATEMENT_COPY || file->statement.kind == STATEMENT_INSERT;
    if ((file->statement.kind == STATEMENT_COPY) != (file->item.kind == SCRIPT_COPY))
        return refuse(file, err, "these rows cannot be read");
    file->table = NULL;
    file->csv_quoted = false;
    if (rows) {
        file->table = find_table(file, file->statement.schema, file->statement.name);
        file->table->rows += file->statement.rows;
        file->rows += file->statement.rows;
    }
    return true;
}

/* What cannot be read before anything has said who wrote it is most likely no SQL at all. */
static bool blame_script(const struct sql_file *file, struct err *err)
{
    bool text = err->code == ERR_REFUSED && strncmp(err->message, "line ", 5) == 0;
    if (text && file->origin == SQL_ORIGIN_UNKNOWN)
        return refuse_foreign(file, err);
    return text ? err_prefix(err, "%s", infile_name(file->in)) : false;
}

bool sql_file_next(struct sql_file *file, struct err *err)
{
    bool own;

    for (;;) {
        if (!script_next(file->script, &file->item, err))
            return blame_script(file, err);
        switch (file->item.kind) {
        case SCRIPT_END:
            return check_end(file, err);
        case SCRIPT_COMMENT:
            if (!read_comment(file, err))
                return false;
            break;
        case SCRIPT_META:
            if (!read_meta(file, err))
                return false;
            break;
        default:
            if (!read_statement(file, &own, err))
                return false;
            if (!own)
                return true;
        }
    }
}

/* Line ends within quotes belong to a value. */
static int64_t count_csv(struct sql_file *file, const char *data, size_t len)
{
    int64_t rows = 0;
    for (size_t i = 0; i < len; i++) {
        if (data[i] == '"')
            file->csv_quoted = !file->csv_quoted;
        else if (data[i] == '\n' && !file->csv_quoted)
            rows++;
    }
    return rows;
}

bool sql_file_rows(struct sql_file *file, const char **data, size_t *len, struct err *err)
{
    int64_t before = script_copy_rows(file->script);
    bool line_end;

    if (!script_copy_read(file->script, data, len, &line_end, err))
        return blame_script(file, err);
    int64_t rows = file->statement.csv ? count_csv(file, *data, *len)
                                       : script_copy_rows(file->script) - before;
    file->table->rows += rows;
    file->rows += rows;
    return true;
}
