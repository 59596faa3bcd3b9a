/* How the values of a pair of tables pass between unlike engines. */
#include "repl/pairing_exchange.h"

#include <stdlib.h>

#include "base/mem.h"

static size_t width(const struct pairing *pair)
{
    return pair->rows[SOURCE].column_count + pair->rows[SOURCE].key_count;
}

/* Keys are asked for by their text, which must be the same on both. */
static void hold_unlike_key(struct pairing *pair)
{
    const struct row_table *rows = &pair->rows[SOURCE];
    size_t i;

    for (i = 0; i < rows->key_count; i++) {
        char *why;

        if (rows->exchange[rows->column_count + i].compared == EXCHANGE_HASHED)
            continue;
        why = mem_printf("its key column %s is %s, which the two engines write differently",
                         rows->keys[i]->name, rows->keys[i]->type);
        pairing_hold(pair, HOLD_SCHEMA, why);
        free(why);
        return;
    }
}

void pairing_exchange_make(struct pairing *pair, const struct model *const models[2])
{
    size_t i;
    enum side side;

    pairing_exchange_release(pair);
    pair->exchanges = mem_alloc((2 * width(pair) + 1) * sizeof(*pair->exchanges));
    for (side = SOURCE; side <= TARGET; side++) {
        enum side far = side == SOURCE ? TARGET : SOURCE;
        struct exchange *exchange = pair->exchanges + (side == SOURCE ? 0 : width(pair));

        /* Keys follow the columns. */
        for (i = 0; i < width(pair); i++)
            exchange_make(&exchange[i], models[side], pair->rows[side].columns[i], models[far],
                          pair->rows[far].columns[i]);
        pair->rows[side].exchange = exchange;
    }
    hold_unlike_key(pair);
    for (i = 0; i < pair->rows[SOURCE].column_count; i++)
        if (pair->rows[SOURCE].exchange[i].compared == EXCHANGE_NAMED)
            strlist_add(&pair->uncompared, pair->rows[SOURCE].columns[i]->name);
}

void pairing_exchange_release(struct pairing *pair)
{
    size_t i;

    for (i = 0; pair->exchanges && i < 2 * width(pair); i++)
        exchange_release(&pair->exchanges[i]);
    free(pair->exchanges);
    pair->exchanges = NULL;
    pair->rows[SOURCE].exchange = pair->rows[TARGET].exchange = NULL;
    strlist_release(&pair->uncompared);
}
