/*
 * Statements under way. One that may fail stands in a savepoint that is made anew behind it: going
 * back to the savepoint afterwards undoes the failure, or nothing, without asking which it was.
 */
#include "repl/load_queue.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "db/pipeline.h"
#include "db/query.h"

#define QUEUE_STATEMENTS 1000
#define QUEUE_BYTES ((size_t)1024 * 1024)
#define SAVEPOINT "SAVEPOINT dbr_import"
const char load_cannot[] = "the target cannot run it";

size_t load_table(const struct load *load)
{
    return (size_t)(load->file->table - load->file->tables);
}

void load_count(struct load *load, size_t table, int64_t rows)
{
    if (table >= load->taken_count) {
        load->taken = mem_array(load->taken, table + 1, sizeof *load->taken);
        while (load->taken_count <= table)
            load->taken[load->taken_count++] = 0;
    }
    load->taken[table] += rows;
}

void load_skip(struct load *load, int64_t line, const char *title, const char *why,
               const char *detail)
{
    size_t i = 0;
    while (i + 1 < LOAD_SKIP_KINDS && load->skips[i].why && load->skips[i].why != why)
        i++;
    load->skips[i].why = why;
    if (++load->skips[i].count <= LOAD_SKIP_NAMED)
        strlist_addf(&load->skipped, "line %" PRId64 ": %s: %s", line, title,
                     detail ? detail : why);
}

bool load_blame(struct err *err, int64_t line, const char *title)
{
    if (err->code == ERR_STOPPED)
        return false;
    err_prefix(err, "line %" PRId64 ": %s", line, title);
    if (query_is_there_already(err)) {
        err->code = ERR_REFUSED;
        err_hint(err, "--clean drops what the file defines first, --upsert merges its rows");
    } else if (query_names_nothing(err)) {
        err_hint(err,
                 "the file counts on something that is neither in it nor on the target: create "
                 "it there, then import again");
    }
    return false;
}

/* CockroachDB: a statement that fails spoils no other, since each is a transaction of its own. */
static bool is_apart(const struct load *load)
{
    return conn_kind(load->conn) != ENGINE_POSTGRES;
}

static void push(struct load *load, enum load_entry_kind kind, const char *sql)
{
    if (load->entry_count == load->entry_cap) {
        load->entry_cap = load->entry_cap ? 2 * load->entry_cap : 64;
        load->entries = mem_array(load->entries, load->entry_cap, sizeof *load->entries);
    }
    load->entries[load->entry_count++] = (struct load_entry){
        .kind = kind,
        .line = load->line,
        .title = kind == LOAD_AFTER ? NULL : statement_title(load->text),
        .table = load->file->table ? load_table(load) : 0,
        .sql = is_apart(load) ? mem_strdup(sql) : NULL,
        .rows = load->rows,
    };
    load->queued_bytes += strlen(sql);
}

static bool add(struct load *load, enum load_entry_kind kind, const char *sql, struct err *err)
{
    if (!pipeline_add(load->conn, sql, 0, NULL, err))
        return false;
    push(load, kind, sql);
    return true;
}

static bool may_fail(enum load_entry_kind kind)
{
    return kind == LOAD_TRY || kind == LOAD_SETTING;
}

static bool add_try(struct load *load, enum load_entry_kind kind, const char *sql, struct err *err)
{
    return add(load, LOAD_RUN, SAVEPOINT, err) && add(load, kind, sql, err) &&
           add(load, LOAD_AFTER, "RELEASE " SAVEPOINT, err) &&
           add(load, LOAD_AFTER, SAVEPOINT, err) && pipeline_sync(load->conn, err) &&
           add(load, LOAD_RUN, "ROLLBACK TO " SAVEPOINT, err) &&
           add(load, LOAD_RUN, "RELEASE " SAVEPOINT, err);
}

/* Nothing is sent before the flush. Statements wait until the settings before them are made. */
static bool queue_apart(struct load *load, enum load_entry_kind kind, const char *sql,
                        struct err *err)
{
    const struct load_entry *last =
        load->entry_count ? &load->entries[load->entry_count - 1] : NULL;

    if (last && last->kind == LOAD_SETTING && kind != LOAD_SETTING && !load_flush(load, err))
        return false;
    push(load, kind, sql);
    return true;
}

bool load_queue(struct load *load, enum load_entry_kind kind, const char *sql, struct err *err)
{
    bool ok;

    if (load->queued_bytes + strlen(sql) > QUEUE_BYTES && load->entry_count > 0 &&
        !load_flush(load, err))
        return false;
    if (is_apart(load))
        ok = queue_apart(load, kind, sql, err);
    else
        ok = may_fail(kind) ? add_try(load, kind, sql, err) : add(load, kind, sql, err);
    return ok && (load->entry_count < QUEUE_STATEMENTS || load_flush(load, err));
}

bool load_take(struct load *load, const struct load_entry *entry, const struct result *result,
               struct err *err)
{
    if (entry->kind == LOAD_NO_ROWS && result_bool(result, 0, 0)) {
        err_set(err, ERR_REFUSED, "the table %s of the target has rows",
                load->file->tables[entry->table].name);
        return err_hint(err, "--upsert merges the rows of the file into it");
    }
    if (entry->kind == LOAD_NO_ROWS)
        strlist_add(&load->filled, load->file->tables[entry->table].name);
    if (entry->kind != LOAD_ROWS)
        return true;
    load_count(load, entry->table, result_affected(result));
    return true;
}

static bool read_entry(struct load *load, const struct load_entry *entry, struct err *err)
{
    struct result *result = NULL;
    bool ok = pipeline_next(load->conn, &result, err);

    if (!ok && conn_alive(load->conn) && err->code != ERR_STOPPED && may_fail(entry->kind)) {
        load_skip(load, entry->line, entry->title, load_cannot, err->message);
        err_clear(err);
        return true;
    }
    if (!ok && conn_alive(load->conn) && entry->kind == LOAD_AFTER) {
        err_clear(err);
        return true;
    }
    ok = ok ? load_take(load, entry, result, err) : load_blame(err, entry->line, entry->title);
    result_free(result);
    return ok;
}

static void forget(struct load *load)
{
    for (size_t i = 0; i < load->entry_count; i++) {
        free(load->entries[i].title);
        free(load->entries[i].sql);
    }
    load->entry_count = 0;
    load->queued_bytes = 0;
}

bool load_flush(struct load *load, struct err *err)
{
    struct err ending = ERR_INIT;

    if (is_apart(load)) {
        bool done = load_apart_flush(load, err);
        forget(load);
        return done;
    }
    bool ok = pipeline_sync(load->conn, err) && pipeline_send(&load->conn, 1, err);

    for (size_t i = 0; ok && i < load->entry_count; i++)
        ok = read_entry(load, &load->entries[i], err);
    forget(load);
    /* What stands behind the first failure was skipped by the server. */
    if (!pipeline_end(load->conn, ok ? err : &ending))
        ok = false;
    return ok;
}

void load_release(struct load *load)
{
    forget(load);
    free(load->entries);
    free(load->taken);
    strlist_release(&load->skipped);
    strlist_release(&load->created);
    strlist_release(&load->filled);
    for (size_t i = 0; i < load->position_count; i++)
        free(load->positions[i].sql);
    free(load->positions);
    buf_release(&load->block);
}
