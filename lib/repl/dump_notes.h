/*
 * What a script says of itself beyond its statements: what is substituted or not carried over,
 * whose rows are not written, and what must be there where some tables alone are restored.
 */
#ifndef DBR_REPL_DUMP_NOTES_H
#define DBR_REPL_DUMP_NOTES_H

#include "base/buf.h"
#include "repl/dump.h"

/* Leaves those notes of the plan that concern the script, and adds its own. */
void dump_gather_notes(struct dump *dump);
/* Appends the notes that stand beside that statement as comments; NULL: those without one. */
void dump_add_notes(const struct dump *dump, struct buf *out, const char *beside);

#endif
