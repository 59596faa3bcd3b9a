/* What of the schema a script holds: everything, or some tables with what belongs to them. */
#ifndef DBR_REPL_DUMP_CHOICE_H
#define DBR_REPL_DUMP_CHOICE_H

#include <stdbool.h>

#include "repl/dump.h"

/* Only some tables were asked for. */
bool dump_selects(const struct dump *dump);
/* The name is that of a table, for partitions that of their root. */
bool dump_table_chosen(const struct dump *dump, const char *table);
/* A sequence that feeds a column goes with its table. */
bool dump_sequence_chosen(const struct dump *dump, const struct model_sequence *sequence);
bool dump_statement_chosen(const struct dump *dump, const struct plan_statement *statement);
/* Whether a statement of that name is in the script. */
bool dump_writes(const struct dump *dump, const char *object);

#endif
