/* What the files of canonical.h share; not for other files. Each function takes a whole text and
 * returns false when it is not of that kind. */
#ifndef DBR_DB_CANONICAL_INTERNAL_H
#define DBR_DB_CANONICAL_INTERNAL_H

#include "base/siphash.h"
#include "db/canonical.h"

/* Adds an exact decimal: "-1.50", "1E+5", "2e-7". */
bool canonical_add_decimal(struct siphash *hash, const char *text, size_t len);
bool canonical_json(const char *text, size_t len, uint64_t *digest);
bool canonical_array(const struct canonical *form, const char *text, size_t len, uint64_t *digest);
bool canonical_record(const struct canonical *form, const char *text, size_t len, uint64_t *digest);

/* Starts a digest of one sort of thing, so that things of different sorts differ. */
void canonical_begin(struct siphash *hash, char sort);

#endif
