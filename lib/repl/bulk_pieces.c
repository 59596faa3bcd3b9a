/* A table on its way into CockroachDB. */
#include "db/copy.h"
#include "repl/bulk_internal.h"
#include "repl/ledger.h"
#include "repl/pour.h"
#include "repl/row_limit.h"

static bool refuse_row(void *context, const char *row, size_t len, int64_t place, struct err *err)
{
    const struct relay *r = context;
    struct buf name = BUF_INIT;

    row_limit_name_csv(&name, &r->pair->rows[SOURCE], row, len, (long long)place);
    row_limit_refuse(err, r->target, name.data, len);
    buf_release(&name);
    return false;
}

static bool relay_rows(struct relay *r, struct pour *pour, struct err *err)
{
    char *data;
    size_t len;

    if (!copy_out_begin(r->source, r->copy_out, err))
        return false;
    for (;;) {
        if (!copy_out_read(r->source, &data, &len, err))
            return false;
        if (len == 0)
            return pour_end(pour, true, err);
        if (!pour_row(pour, data, len, err) || !bulk_count_row(r, len, err))
            return false;
    }
}

bool bulk_relay_pieces(struct relay *r, struct err *err)
{
    const struct pour_to to = {.conn = r->target,
                               .ledger = LEDGER,
                               .table = r->pair->name,
                               .first_piece = 1,
                               .copy = r->copy_in,
                               .cancelled = r->cancelled,
                               .refuse = refuse_row,
                               .context = r};
    struct pour *pour = pour_new(&to);
    bool ok = relay_rows(r, pour, err);

    pour_free(pour);
    return ok;
}
