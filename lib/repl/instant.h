/* Instants as the servers print them (ISO, UTC): order of two, without a round trip. */
#ifndef DBR_REPL_INSTANT_H
#define DBR_REPL_INSTANT_H

#include <stdbool.h>

/* Below, at or above 0 as strcmp. Understands infinity, BC and years of any length; NULL is before
 * everything. */
int instant_compare(const char *a, const char *b);
/* True when a is after b. NULL on either side decides nothing. */
bool instant_is_later(const char *a, const char *b);

#endif
