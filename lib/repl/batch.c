/* Text arrays as statement parameters. */
#include "repl/batch.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "db/pipeline.h"
#include "db/quote.h"

void arrays_init(struct arrays *arrays, size_t width)
{
    size_t i;

    arrays->columns = mem_alloc((width + 1) * sizeof(*arrays->columns));
    arrays->width = width;
    arrays->rows = 0;
    arrays->closed = false;
    for (i = 0; i < width; i++)
        arrays->columns[i] = (struct buf)BUF_INIT;
}

void arrays_release(struct arrays *arrays)
{
    size_t i;

    for (i = 0; i < arrays->width; i++)
        buf_release(&arrays->columns[i]);
    free(arrays->columns);
    arrays->columns = NULL;
    arrays->width = arrays->rows = 0;
}

void arrays_reset(struct arrays *arrays)
{
    size_t i;

    for (i = 0; i < arrays->width; i++)
        buf_reset(&arrays->columns[i]);
    arrays->rows = 0;
    arrays->closed = false;
}

static void add(struct arrays *arrays, size_t column, const char *text, size_t len)
{
    struct buf *array = &arrays->columns[column];

    if (arrays->rows == 0)
        quote_array_open(array);
    quote_array_item(array, text, len);
}

void arrays_add_text(struct arrays *arrays, size_t column, const char *text)
{
    add(arrays, column, text, text ? strlen(text) : 0);
}

void arrays_end_row(struct arrays *arrays)
{
    arrays->rows++;
}

void arrays_add_key(struct arrays *arrays, const struct key_item *item)
{
    const char *text = item->key;
    size_t i;

    for (i = 0; i < arrays->width; i++) {
        size_t len = strlen(text);

        add(arrays, i, text, len);
        text += len + 1;
    }
    arrays->rows++;
}

void arrays_add_row(struct arrays *arrays, const struct result *result, size_t row, size_t first)
{
    size_t i;

    for (i = 0; i < arrays->width; i++)
        add(arrays, i, result_text(result, row, first + i), result_length(result, row, first + i));
    arrays->rows++;
}

size_t arrays_bytes(const struct arrays *arrays)
{
    size_t bytes = 0;
    size_t i;

    for (i = 0; i < arrays->width; i++)
        bytes += arrays->columns[i].len;
    return bytes;
}

/* Completes the arrays; the parameters, to be freed. */
static const char **close_arrays(struct arrays *arrays)
{
    const char **values = mem_alloc((arrays->width + 1) * sizeof(*values));
    size_t i;

    for (i = 0; i < arrays->width; i++) {
        if (!arrays->closed && arrays->rows == 0)
            quote_array_open(&arrays->columns[i]);
        if (!arrays->closed)
            quote_array_close(&arrays->columns[i]);
        values[i] = arrays->columns[i].data;
    }
    arrays->closed = true;
    return values;
}

bool arrays_queue(struct arrays *arrays, struct conn *conn, const char *sql, struct err *err)
{
    const char **values = close_arrays(arrays);
    bool ok = pipeline_add(conn, sql, arrays->width, values, err);

    free(values);
    return ok;
}

bool arrays_queue_bytes(struct arrays *arrays, struct conn *conn, const char *sql, struct err *err)
{
    const char **values = close_arrays(arrays);
    bool ok = pipeline_ask_bytes(conn, sql, arrays->width, values, err);

    free(values);
    return ok;
}
