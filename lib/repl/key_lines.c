/* Lines of a list of keys. */
#include "repl/key_lines.h"

#include <string.h>

#include "base/siphash.h"
#include "db/pipeline.h"

void key_lines_init(struct key_lines *l, const struct row_table *table, key_lines_take take,
                    void *context)
{
    memset(l, 0, sizeof(*l));
    l->table = table;
    l->width = row_sql_key_width(table);
    l->grouped = table->key_count == 0 && row_sql_client_columns(table) > 0;
    l->text = (struct buf)BUF_INIT;
    l->take = take;
    l->context = context;
}

/* Lists of keys alone have no texts. */
uint64_t key_lines_digest(const struct row_table *table, const struct result *row, size_t first,
                          int64_t *octets)
{
    struct siphash hash;
    size_t i;

    if (result_columns(row) <= first)
        return 0;
    siphash_init(&hash);
    for (i = 0; first + i < result_columns(row); i++) {
        const struct exchange *exchange = &table->exchange[row_sql_client_column(table, i)];
        const char *text = result_text(row, 0, first + i);
        size_t len = result_length(row, 0, first + i);

        siphash_add_number(&hash, canonical_digest(&exchange->form, text, len));
        *octets += (int64_t)len;
    }
    return siphash_end(&hash);
}

static void read_line(struct key_lines *l, const struct result *row, struct key_item *item)
{
    size_t i;

    buf_reset(&l->text);
    for (i = 0; i < l->width; i++) {
        const char *part = result_text(row, 0, 3 + i);

        buf_adds(&l->text, part ? part : "");
        buf_addch(&l->text, '\0');
    }
    memset(item, 0, sizeof(*item));
    item->key_hash = result_int(row, 0, 0);
    item->row_hash = result_int(row, 0, 1);
    item->octets = result_int(row, 0, 2);
    item->digest = key_lines_digest(l->table, row, 3 + l->width, &item->octets);
    item->key = l->text.data;
    item->key_len = l->text.len;
}

static bool end_group(struct key_lines *l, struct err *err)
{
    struct buf key = BUF_INIT;
    bool ok;

    if (!l->any)
        return true;
    l->any = false;
    /* The key of such a table is its hash. */
    buf_addf(&key, "%lld", (long long)l->item.key_hash);
    l->item.key = key.data;
    l->item.key_len = key.len + 1;
    ok = l->take(l->context, &l->item, err);
    buf_release(&key);
    return ok;
}

static bool take_line(void *context, const struct result *row, struct err *err)
{
    struct key_lines *l = context;
    struct key_item item;

    read_line(l, row, &item);
    if (!l->grouped)
        return l->take(l->context, &item, err);
    if (l->any && l->item.key_hash == item.key_hash) {
        l->item.row_hash += item.row_hash;
        l->item.digest += item.digest;
        if (item.octets > l->item.octets)
            l->item.octets = item.octets;
        return true;
    }
    if (!end_group(l, err))
        return false;
    l->item = item;
    l->any = true;
    return true;
}

bool key_lines_receive(struct key_lines *l, struct conn *conn, struct err *err)
{
    bool ok = pipeline_rows(conn, take_line, l, err) && end_group(l, err);

    buf_release(&l->text);
    return ok;
}
