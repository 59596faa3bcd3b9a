/* The exchanges (db/exchange.h) of a pair of tables between unlike engines. For lib/repl/pairing.c
 * only. */
#ifndef DBR_REPL_PAIRING_EXCHANGE_H
#define DBR_REPL_PAIRING_EXCHANGE_H

#include "repl/pairing.h"

/*
 * For the columns and keys as they stand; what was made before is made anew. A key that the engines
 * write differently is none: rows are told by what they hold then. Lists what is compared by
 * nothing.
 */
void pairing_exchange_make(struct pairing *pair, const struct model *const models[2]);
void pairing_exchange_release(struct pairing *pair);

#endif
