/* Which statements of a file are run, which are not, and the count at the end. */
#include "repl/load.h"

#include <inttypes.h>
#include "base/stop.h"
#include "repl/load_define.h"
#include "repl/load_queue.h"
#include "repl/load_rows.h"

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
        return load_set(load, err);
    default:
        return load->upsert || load_define(load, err);
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

static bool end(struct load *load, struct err *err)
{
    if (load->entry_count > 0 && !load_flush(load, err))
        return false;
    for (size_t i = 0; i < LOAD_SKIP_KINDS; i++)
        if (load->skips[i].count > LOAD_SKIP_NAMED)
            strlist_addf(&load->skipped, "and %" PRId64 " more statements: %s",
                         load->skips[i].count - LOAD_SKIP_NAMED, load->skips[i].why);
    return check_taken(load, err);
}

bool load_run(struct load *load, struct err *err)
{
    struct sql_file *file = load->file;

    while (sql_file_next(file, err)) {
        if (file->end)
            return end(load, err);
        load->line = file->item.line;
        load->text = file->item.text;
        if ((file->statements == 1 &&
             !sql_dialect_fits(file->dialect, infile_name(file->in), load->conn, err)) ||
            !stop_check(err) || !run_statement(load, err))
            return false;
    }
    return false;
}

bool load_finish(struct load *load, struct err *err)
{
    for (size_t i = 0; i < load->position_count; i++) {
        load->line = load->positions[i].line;
        load->text = load->positions[i].sql;
        if (!load_queue(load, LOAD_RUN, load->text, err))
            return false;
    }
    return load->entry_count == 0 || load_flush(load, err);
}
