/*
 * The env file, read as `node --env-file` reads it, so that the application and dbr see the same
 * values: `export ` before a name, values in single, double or back quotes (which may span lines;
 * \n is a newline in double quotes only), comments after `#`, carriage returns dropped, nothing
 * expanded, the last of equal names wins.
 *
 * Beyond Node a byte order mark is skipped, and lines that Node 20 trips over (without '=', without
 * a name, of blanks only, an indented comment) are skipped too; what a person should mend earns a
 * warning. A warning names the file, the line and at most the name, never a value.
 */
#ifndef DBR_STATE_ENVFILE_H
#define DBR_STATE_ENVFILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/strlist.h"

struct envfile_entry {
    char *name, *value;
    size_t line; /* of the name, from 1 */
    /* From the start of its first line to behind the end of its last one, counted without carriage
     * returns and byte order mark. */
    size_t start, end;
    bool cut; /* by a '#' in the middle of an unquoted word: most likely not meant */
};

struct envfile {
    struct envfile_entry *entries; /* in the file's order, equal names included */
    size_t count, cap;
    struct strlist warnings;
};
#define ENVFILE_INIT                                                                               \
    {                                                                                              \
        NULL, 0, 0, STRLIST_INIT                                                                   \
    }

/* Reads path. ERR_USAGE when it cannot be read or is not text. A file that others may read earns a
 * warning. */
bool envfile_read(struct envfile *file, const char *path, struct err *err);
/* The same from memory; path is only for the warnings. Adds to what file holds. */
void envfile_parse(struct envfile *file, const char *path, const char *text, size_t len);
/* The entry that counts for name, or NULL. */
const struct envfile_entry *envfile_find(const struct envfile *file, const char *name);
void envfile_release(struct envfile *file);

#endif
