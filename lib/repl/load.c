/* Which statements of a file are run, which are not, and the count at the end. */
#include "repl/load.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/stop.h"
#include "repl/load_queue.h"
#include "repl/load_rows.h"

static void skip(struct load *load, const char *why)
{
    char *title = statement_title(load->file->item.text);
    strlist_addf(&load->skipped, "line %" PRId64 ": %s: %s", load->file->item.line, title, why);
    free(title);
}

static bool run(struct load *load, enum load_entry_kind kind, struct err *err)
{
    return load_queue(load, kind, load->file->item.text, err);
}

/* Settings that such files make, and that say how they are to be read. */
static bool is_known_setting(const char *name)
{
    static const char *const names[] = {
        "check_function_bodies",
        "client_encoding",
        "client_min_messages",
        "datestyle",
        "default_int_size",
        "default_table_access_method",
        "default_tablespace",
        "default_toast_compression",
        "default_with_oids",
        "escape_string_warning",
        "idle_in_transaction_session_timeout",
        "intervalstyle",
        "lc_monetary",
        "lock_timeout",
        "row_security",
        "search_path",
        "standard_conforming_strings",
        "statement_timeout",
        "transaction_timeout",
        "xmloption",
    };
    for (size_t i = 0; name && i < sizeof names / sizeof *names; i++)
        if (strcasecmp(name, names[i]) == 0)
            return true;
    return false;
}

static bool set(struct load *load, struct err *err)
{
    if (is_known_setting(load->file->statement.name))
        return run(load, LOAD_TRY, err);
    skip(load, "an import does not change this setting");
    return true;
}

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

/* Its rows need not be asked for whether the table is empty. */
static bool create(struct load *load, struct err *err)
{
    const struct statement *s = &load->file->statement;
    if (strcmp(s->object, "TABLE") == 0 && s->name) {
        char *key = load_key(s->schema, s->name);
        strlist_add(&load->created, key);
        free(key);
    }
    return run(load, LOAD_RUN, err);
}

static bool run_definition(struct load *load, struct err *err)
{
    switch (load->file->statement.kind) {
    case STATEMENT_CREATE:
        return create(load, err);
    case STATEMENT_CREATE_SCHEMA:
        return create_schema(load, err);
    case STATEMENT_CREATE_EXTENSION:
        return run(load, LOAD_TRY, err);
    case STATEMENT_COMMENT:
        return comment(load, err);
    case STATEMENT_SET:
        return set(load, err);
    case STATEMENT_DROP:
        skip(load, "only --clean drops");
        return true;
    case STATEMENT_SERVER:
        skip(load, "it belongs to the server, not to the data");
        return true;
    default:
        return run(load, LOAD_RUN, err);
    }
}

/* A merge leaves definitions alone, and moves sequences by the ids in use. */
static bool run_statement(struct load *load, struct err *err)
{
    switch (load->file->statement.kind) {
    case STATEMENT_COPY:
        return load_copy(load, err);
    case STATEMENT_INSERT:
        return load_insert(load, err);
    case STATEMENT_OWNER:
        load->owners++;
        return true;
    case STATEMENT_TRANSACTION: /* the import is one as a whole */
        return true;
    case STATEMENT_SET: /* how rows are to be read */
        return set(load, err);
    default:
        return load->upsert || run_definition(load, err);
    }
}

/* A server that takes fewer rows than it was given, without an error, has a trigger or rule that
 * swallows them. */
static bool check_taken(const struct load *load, struct err *err)
{
    const struct sql_file *file = load->file;
    for (size_t i = 0; i < file->table_count; i++) {
        int64_t taken = i < load->taken_count ? load->taken[i] : 0;
        if (taken == file->tables[i].rows)
            continue;
        err_set(err, ERR_REFUSED, "the target took %" PRId64 " of the %" PRId64 " rows of table %s",
                taken, file->tables[i].rows, file->tables[i].name);
        return err_hint(err, "a trigger or rule on the target keeps rows out: disable it");
    }
    return true;
}

bool load_run(struct load *load, struct err *err)
{
    struct sql_file *file = load->file;

    while (sql_file_next(file, err)) {
        if (file->end)
            return (load->entry_count == 0 || load_flush(load, err)) && check_taken(load, err);
        if (!stop_check(err) || !run_statement(load, err))
            return false;
    }
    return false;
}
