/* Where rows and fields of CSV end. */
#include "db/copy_csv.h"

#include <string.h>

size_t copy_csv_row(const char *data, size_t len, bool *quoted)
{
    size_t i;

    for (i = 0; i < len; i++) {
        if (data[i] == '"')
            *quoted = !*quoted;
        else if (data[i] == '\n' && !*quoted)
            return i + 1;
    }
    return 0;
}

/* Where the field that begins at `at` ends: at a comma, the line end, or the end of the data. */
static size_t field_end(const char *row, size_t len, size_t at)
{
    bool quoted = false;

    for (; at < len; at++) {
        if (row[at] == '"')
            quoted = !quoted;
        else if (!quoted && (row[at] == ',' || row[at] == '\n' || row[at] == '\r'))
            break;
    }
    return at;
}

static void add_unquoted(struct buf *text, const char *data, size_t len)
{
    size_t i;

    for (i = 1; i + 1 < len; i++) {
        buf_addch(text, data[i]);
        if (data[i] == '"')
            i++;
    }
}

bool copy_csv_split(const char *row, size_t len, copy_csv_take field, void *context,
                    struct err *err)
{
    struct buf text = BUF_INIT;
    size_t column = 0;
    size_t at = 0;
    bool more = true;
    bool ok = true;

    for (; ok && more; column++) {
        size_t end = field_end(row, len, at);

        buf_reset(&text);
        if (end > at && row[at] == '"')
            add_unquoted(&text, row + at, end - at);
        else
            buf_add(&text, row + at, end - at);
        ok = field(context, column, end - at == 2 && !memcmp(row + at, "\\N", 2) ? NULL : text.data,
                   text.len, err);
        more = end < len && row[end] == ',';
        at = end + 1;
    }
    buf_release(&text);
    return ok;
}

struct wanted {
    size_t column;
    struct buf *text;
    bool found;
};

static bool take_wanted(void *context, size_t column, const char *data, size_t len, struct err *err)
{
    struct wanted *w = context;

    (void)err;
    if (column == w->column && data) {
        buf_add(w->text, data, len);
        w->found = true;
    }
    return true;
}

bool copy_csv_field(const char *row, size_t len, size_t column, struct buf *text)
{
    struct wanted wanted = {column, text, false};
    struct err ignored = ERR_INIT;

    (void)copy_csv_split(row, len, take_wanted, &wanted, &ignored);
    return wanted.found;
}
