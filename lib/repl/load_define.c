/* Which definitions of a file are run, and which are not. */
#include "repl/load_define.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "repl/load_queue.h"

static void skip(struct load *load, const char *why)
{
    char *title = statement_title(load->text);
    load_skip(load, load->line, title, why, NULL);
    free(title);
}

static bool run(struct load *load, enum load_entry_kind kind, struct err *err)
{
    return load_queue(load, kind, load->text, err);
}

/* --- settings ----------------------------------------------------------------- */

static bool is_among(const char *name, const char *const *names)
{
    for (; name && *names; names++)
        if (strcasecmp(name, *names) == 0)
            return true;
    return false;
}

bool load_set(struct load *load, struct err *err)
{
    /* How the file is to be read, and what its tables are like. */
    static const char *const known[] = {"check_function_bodies",
                                        "client_encoding",
                                        "client_min_messages",
                                        "datestyle",
                                        "default_int_size",
                                        "default_table_access_method",
                                        "default_tablespace",
                                        "default_toast_compression",
                                        "default_with_oids",
                                        "escape_string_warning",
                                        "intervalstyle",
                                        "lc_monetary",
                                        "row_security",
                                        "search_path",
                                        "standard_conforming_strings",
                                        "xmloption",
                                        NULL};
    /* How long anything may wait is not the file's to say. */
    static const char *const ours[] = {
        "statement_timeout",    "lock_timeout",
        "transaction_timeout",  "idle_in_transaction_session_timeout",
        "idle_session_timeout", NULL};
    const char *name = load->file->statement.name;

    if (is_among(name, ours))
        return true;
    if (is_among(name, known)) {
        conn_keep_setting(load->conn, load->text);
        return run(load, LOAD_SETTING, err);
    }
    skip(load, "an import does not change this setting");
    return true;
}

/* --- what the file has made --------------------------------------------------- */

static char *key_of(const char *object, const char *schema, const char *name)
{
    return mem_printf("%s\t%s\t%s", object, schema ? schema : "", name);
}

bool load_has_created(const struct load *load, const char *object, const char *schema,
                      const char *name)
{
    char *key = key_of(object, schema, name);
    bool has = strlist_has(&load->created, key);
    free(key);
    return has;
}

static void note_created(struct load *load)
{
    const struct statement *s = &load->file->statement;
    char *key = key_of(s->object, s->schema, s->name);
    if (!strlist_has(&load->created, key))
        strlist_add(&load->created, key);
    free(key);
}

/* Where the word begins that stands behind `at`, and is `word`; else NULL. */
static const char *behind(const char *at, const char *word)
{
    at += strspn(at, " \t\r\n");
    size_t len = strlen(word);
    return strncasecmp(at, word, len) == 0 && strchr(" \t\r\n", at[len]) ? at + len : NULL;
}

/*
 * "CREATE OR REPLACE" is written for what is not there yet, and must not replace what is: it goes
 * without, so that the server notices. A view that the file itself has made may be replaced: that
 * is how dumps write views that need each other.
 */
static bool create_plainly(struct load *load, struct err *err)
{
    const char *rest = behind(load->text, "CREATE");
    rest = rest ? behind(rest, "OR") : NULL;
    rest = rest ? behind(rest, "REPLACE") : NULL;
    const struct statement *s = &load->file->statement;
    bool own_view = s->name && strcmp(s->object, "VIEW") == 0 &&
                    load_has_created(load, s->object, s->schema, s->name);
    if (!rest || own_view)
        return run(load, LOAD_RUN, err);
    char *sql = mem_printf("CREATE%s", rest);
    bool ok = load_queue(load, LOAD_RUN, sql, err);
    free(sql);
    return ok;
}

/* Rows of a table that the file has made need not be asked whether there are others. */
static bool create(struct load *load, struct err *err)
{
    const struct statement *s = &load->file->statement;
    bool ok = create_plainly(load, err);
    if (ok && s->name && !s->if_not_exists)
        note_created(load);
    return ok;
}

/* --- everything else ---------------------------------------------------------- */

static bool create_schema(struct load *load, struct err *err)
{
    const char *name = load->file->statement.name;
    return (name && strlist_has(load->schemas, name)) || run(load, LOAD_RUN, err);
}

/* What a comment is on belongs to whoever imports, but for extensions, and perhaps the schema. */
static bool comment(struct load *load, struct err *err)
{
    const char *on = load->file->statement.object;
    return strcmp(on, "EXTENSION") == 0 ||
           run(load, strcmp(on, "SCHEMA") == 0 ? LOAD_TRY : LOAD_RUN, err);
}

/* pg_dump --disable-triggers: needs a superuser, and the import sees to triggers and foreign keys
 * by itself. */
static bool is_about_all_triggers(const char *text)
{
    static const char end[] = "TRIGGER ALL";
    size_t len = strlen(text);
    return len > sizeof end && strcasecmp(text + len - (sizeof end - 1), end) == 0;
}

/* A child that has no default, unlike its parent; else what pg_dump --clean writes at the start. */
static bool take_away(struct load *load, struct err *err)
{
    const struct statement *s = &load->file->statement;
    if (strncasecmp(load->text, "ALTER", 5) == 0 && s->name &&
        load_has_created(load, s->object, s->schema, s->name))
        return run(load, LOAD_RUN, err);
    if (!load->cleaned)
        skip(load, "only --clean drops");
    return true;
}

static void keep_position(struct load *load)
{
    size_t n = load->position_count++;
    if ((n & (n - 1)) == 0)
        load->positions = mem_array(load->positions, n ? 2 * n : 1, sizeof *load->positions);
    load->positions[n] = (struct load_position){load->line, mem_strdup(load->text)};
}

bool load_define(struct load *load, struct err *err)
{
    switch (load->file->statement.kind) {
    case STATEMENT_CREATE:
        return create(load, err);
    case STATEMENT_CREATE_PART:
        return create_plainly(load, err);
    case STATEMENT_CREATE_SCHEMA:
        return create_schema(load, err);
    case STATEMENT_CREATE_EXTENSION:
        return run(load, LOAD_TRY, err);
    case STATEMENT_COMMENT:
        return comment(load, err);
    case STATEMENT_ALTER:
        return is_about_all_triggers(load->text) ||
               run(load, load->file->statement.storage ? LOAD_TRY : LOAD_RUN, err);
    case STATEMENT_DROP:
        return take_away(load, err);
    case STATEMENT_SETVAL:
        keep_position(load);
        return true;
    case STATEMENT_SERVER:
        skip(load, "it belongs to the server, not to the data");
        return true;
    default:
        return run(load, LOAD_RUN, err);
    }
}
