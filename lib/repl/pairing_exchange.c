/* How the values of a pair of tables pass between unlike engines. */
#include "repl/pairing_exchange.h"

#include <stdlib.h>

#include "base/mem.h"

/*
 * Rows are asked for by the text of their key, which must be the same on both. Where it cannot be,
 * they are told by what they hold, like those of a table without key.
 */
static void leave_unlike_key(struct pairing *pair)
{
    const struct row_table *rows = &pair->rows[SOURCE];
    bool alike = true;
    size_t i;

    for (i = 0; i < rows->key_count; i++)
        alike = alike && rows->exchange[rows->column_count + i].compared == EXCHANGE_HASHED;
    if (!alike)
        pair->rows[SOURCE].key_count = pair->rows[TARGET].key_count = 0;
}

void pairing_exchange_make(struct pairing *pair, const struct model *const models[2])
{
    size_t width = pair->rows[SOURCE].column_count + pair->rows[SOURCE].key_count;
    size_t i;
    enum side side;

    pairing_exchange_release(pair);
    pair->exchange_count = 2 * width;
    pair->exchanges = mem_alloc((pair->exchange_count + 1) * sizeof(*pair->exchanges));
    for (side = SOURCE; side <= TARGET; side++) {
        enum side far = side == SOURCE ? TARGET : SOURCE;
        struct exchange *exchange = pair->exchanges + (side == SOURCE ? 0 : width);

        /* Keys follow the columns. */
        for (i = 0; i < width; i++)
            exchange_make(&exchange[i], models[side], pair->rows[side].columns[i], models[far],
                          pair->rows[far].columns[i]);
        pair->rows[side].exchange = exchange;
    }
    leave_unlike_key(pair);
    for (i = 0; i < pair->rows[SOURCE].column_count; i++)
        if (pair->rows[SOURCE].exchange[i].compared == EXCHANGE_NAMED)
            strlist_add(&pair->uncompared, pair->rows[SOURCE].columns[i]->name);
}

void pairing_exchange_release(struct pairing *pair)
{
    size_t i;

    for (i = 0; i < pair->exchange_count; i++)
        exchange_release(&pair->exchanges[i]);
    free(pair->exchanges);
    pair->exchanges = NULL;
    pair->exchange_count = 0;
    pair->rows[SOURCE].exchange = pair->rows[TARGET].exchange = NULL;
    strlist_release(&pair->uncompared);
}
