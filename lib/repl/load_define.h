/* Statements of a file that are not rows: definitions and settings. For lib/repl/load*.c. */
#ifndef DBR_REPL_LOAD_DEFINE_H
#define DBR_REPL_LOAD_DEFINE_H

#include "repl/load.h"

/* The file's current statement: it is queued, kept for the end, or skipped. */
bool load_define(struct load *load, struct err *err);
/* The same for a setting. */
bool load_set(struct load *load, struct err *err);
/* True for a table or other object that an earlier statement of the file has made. */
bool load_has_created(const struct load *load, const char *object, const char *schema,
                      const char *name);

#endif
