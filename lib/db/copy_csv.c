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

bool copy_csv_field(const char *row, size_t len, size_t column, struct buf *text)
{
    size_t at = 0;
    size_t end = field_end(row, len, at);

    for (; column > 0 && end < len && row[end] == ','; column--) {
        at = end + 1;
        end = field_end(row, len, at);
    }
    if (column > 0 || (end - at == 2 && !memcmp(row + at, "\\N", 2)))
        return false;
    if (end > at && row[at] == '"')
        add_unquoted(text, row + at, end - at);
    else
        buf_add(text, row + at, end - at);
    return true;
}
