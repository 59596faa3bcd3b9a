/* Salvage files. The file is made with the first row, so that a run that loses nothing leaves none.
 */
#include "repl/archive.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/fsio.h"
#include "base/gz.h"
#include "base/json.h"
#include "base/mem.h"
#include "db/row_pieces.h"

void archive_init(struct archive *archive, const char *state_dir, const char *program)
{
    memset(archive, 0, sizeof(*archive));
    archive->state_dir = state_dir;
    archive->program = program;
}

/* "20260124T203443910Z-sync-4711": sorts by time, and two runs never share it. */
static void name_run(struct archive *archive)
{
    char now[CLOCK_TEXT_SIZE];
    struct buf name = BUF_INIT;
    const char *p;

    clock_format(clock_now_us(), now);
    for (p = now; *p; p++)
        if (!strchr("-:.", *p))
            buf_addch(&name, *p);
    buf_addf(&name, "-%s-%ld", archive->program, (long)getpid());
    archive->run = buf_detach(&name);
}

static bool open_file(struct archive *archive, struct err *err)
{
    char *dir = mem_printf("%s/salvage", archive->state_dir);
    bool ok = fsio_make_dir(dir, 0700, err);

    if (ok) {
        name_run(archive);
        archive->path = mem_printf("%s/%s.jsonl.gz", dir, archive->run);
        /* The target's transaction, and a switch, wait for the compression. */
        archive->gz = gz_create(archive->path, 0600, 1, err);
        ok = archive->gz != NULL;
    }
    free(dir);
    return ok;
}

static bool is_integer(const struct model_column *column)
{
    return !strcmp(column->type_name, "int2") || !strcmp(column->type_name, "int4") ||
           !strcmp(column->type_name, "int8");
}

static bool is_document(const struct model_column *column)
{
    return !strcmp(column->type_name, "json") || !strcmp(column->type_name, "jsonb");
}

static bool is_bare(const struct model_column *column)
{
    return is_integer(column) || is_document(column) || !strcmp(column->type_name, "bool");
}

/* A line break between the parts of a JSON document would end the line. */
static void add_document(struct buf *line, const char *text, size_t len)
{
    for (; len > 0; len--, text++)
        buf_addch(line, *text == '\n' || *text == '\r' ? ' ' : *text);
}

static void add_bare(struct buf *line, const struct model_column *column, const char *text,
                     size_t len)
{
    if (is_integer(column))
        buf_add(line, text, len);
    else if (is_document(column))
        add_document(line, text, len);
    else
        buf_adds(line, *text == 't' ? "true" : "false");
}

static void add_value(struct buf *line, const struct model_column *column, const char *text)
{
    if (text && is_bare(column))
        add_bare(line, column, text, strlen(text));
    else
        json_quote(line, text);
}

static void add_object(struct buf *line, const struct model_column *const *columns, size_t count,
                       const struct result *result, size_t row, size_t first)
{
    size_t i;

    buf_addch(line, '{');
    for (i = 0; i < count; i++) {
        if (i)
            buf_addch(line, ',');
        json_quote(line, columns[i]->name);
        buf_addch(line, ':');
        add_value(line, columns[i], result_text(result, row, first + i));
    }
    buf_addch(line, '}');
}

/* Up to the table's name. */
static void add_start(struct buf *line, const struct archive *archive,
                      const struct row_table *table)
{
    char now[CLOCK_TEXT_SIZE];

    buf_addf(line, "{\"time\":\"%s\",\"run\":", clock_format(clock_now_us(), now));
    json_quote(line, archive->run);
    buf_adds(line, ",\"table\":");
    json_quote(line, table->table->name);
}

/* Writes and releases a line, or a piece of one. */
static bool write_line(struct archive *archive, struct buf *line, struct err *err)
{
    bool ok = gz_write(archive->gz, line->data, line->len, err);

    buf_release(line);
    return ok;
}

bool archive_add(struct archive *archive, const struct row_table *table, const char *reason,
                 const struct result *kept, size_t kept_row, const struct result *lost,
                 size_t lost_row, struct err *err)
{
    size_t width = row_sql_key_width(table);
    struct buf line = BUF_INIT;

    if (!archive->gz && !open_file(archive, err))
        return false;
    add_start(&line, archive, table);
    buf_adds(&line, ",\"key\":");
    if (table->key_count)
        add_object(&line, table->keys, table->key_count, lost, lost_row, 0);
    else
        buf_adds(&line, "{}");
    buf_addf(&line, ",\"reason\":\"%s\",\"kept\":", reason);
    if (kept)
        add_object(&line, table->columns, table->column_count, kept, kept_row, width);
    else
        buf_adds(&line, "null");
    buf_adds(&line, ",\"lost\":");
    add_object(&line, table->columns, table->column_count, lost, lost_row, width);
    buf_adds(&line, "}\n");
    archive->rows++;
    return write_line(archive, &line, err);
}

bool archive_begin(struct archive *archive, const struct row_table *table, struct err *err)
{
    struct buf line = BUF_INIT;

    if (!archive->gz && !open_file(archive, err))
        return false;
    archive->open = true;
    add_start(&line, archive, table);
    return write_line(archive, &line, err);
}

static void end_value(struct archive *archive, struct buf *line)
{
    if (archive->column && !archive->null && !is_bare(archive->column))
        buf_addch(line, '"');
    archive->column = NULL;
}

static void end_object(struct archive *archive, struct buf *line)
{
    end_value(archive, line);
    if (archive->object)
        buf_addch(line, '}');
    archive->object = false;
}

bool archive_object(struct archive *archive, const char *name, struct err *err)
{
    struct buf line = BUF_INIT;

    end_object(archive, &line);
    buf_addf(&line, ",\"%s\":{", name);
    archive->object = archive->first = true;
    return write_line(archive, &line, err);
}

static void begin_member(struct archive *archive, const struct model_column *column,
                         struct buf *line)
{
    end_value(archive, line);
    if (!archive->first)
        buf_addch(line, ',');
    archive->first = false;
    json_quote(line, column->name);
    buf_addch(line, ':');
}

static void begin_value(struct archive *archive, const struct model_column *column, bool null,
                        struct buf *line)
{
    begin_member(archive, column, line);
    archive->column = column;
    archive->null = null;
    if (null)
        buf_adds(line, "null");
    else if (row_pieces_raw(column))
        buf_adds(line, "\"\\\\x");
    else if (!is_bare(column))
        buf_addch(line, '"');
}

bool archive_piece(struct archive *archive, const struct model_column *column, bool first,
                   const char *data, size_t len, struct err *err)
{
    struct buf line = BUF_INIT;

    if (first)
        begin_value(archive, column, !data, &line);
    if (data && row_pieces_raw(column))
        buf_add_hex(&line, data, len);
    else if (data && is_bare(column))
        add_bare(&line, column, data, len);
    else if (data)
        json_quote_piece(&line, data, len);
    return write_line(archive, &line, err);
}

/* A line that held a wide value once more would be twice as wide in memory. */
#define SLICE ((size_t)256 * 1024)

bool archive_value(struct archive *archive, const struct model_column *column, const char *text,
                   size_t len, struct err *err)
{
    struct buf line = BUF_INIT;
    bool bare = !text || is_bare(column);
    bool ok = true;

    begin_member(archive, column, &line);
    if (!text)
        buf_adds(&line, "null");
    else if (!bare)
        buf_addch(&line, '"');
    while (ok && text && len > 0) {
        size_t piece = len < SLICE ? len : SLICE;

        if (bare)
            add_bare(&line, column, text, piece);
        else
            json_quote_piece(&line, text, piece);
        text += piece;
        len -= piece;
        ok = len == 0 || write_line(archive, &line, err);
    }
    if (!bare)
        buf_addch(&line, '"');
    return write_line(archive, &line, err) && ok;
}

bool archive_end(struct archive *archive, const char *reason, bool kept, struct err *err)
{
    struct buf line = BUF_INIT;

    end_object(archive, &line);
    buf_addf(&line, "%s,\"reason\":\"%s\"}\n", kept ? "" : ",\"kept\":null", reason);
    archive->open = false;
    archive->rows++;
    return write_line(archive, &line, err);
}

bool archive_sync(struct archive *archive, struct err *err)
{
    return !archive->gz || gz_sync(archive->gz, err);
}

bool archive_mark(struct archive *archive, struct err *err)
{
    archive->marked = archive->rows;
    return !archive->gz || gz_mark(archive->gz, err);
}

bool archive_back(struct archive *archive, struct err *err)
{
    archive->rows = archive->marked;
    if (archive->marked == 0)
        archive_discard(archive);
    archive->open = archive->object = false;
    archive->column = NULL;
    return !archive->gz || gz_back(archive->gz, err);
}

bool archive_close(struct archive *archive, struct err *err)
{
    bool ok = gz_close(archive->gz, err);

    archive->gz = NULL;
    free(archive->run);
    free(archive->path);
    archive->run = archive->path = NULL;
    archive->marked = 0;
    archive->open = archive->object = false;
    archive->column = NULL;
    return ok;
}

void archive_discard(struct archive *archive)
{
    struct err ignored = ERR_INIT;

    if (archive->path)
        (void)unlink(archive->path);
    archive_close(archive, &ignored);
}
