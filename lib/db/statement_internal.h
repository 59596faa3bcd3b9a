/* What statement.c and statement_ddl.c share. */
#ifndef DBR_DB_STATEMENT_INTERNAL_H
#define DBR_DB_STATEMENT_INTERNAL_H

#include "db/statement.h"
#include "db/statement_reader.h"

/* Each reads what stands behind its first word and answers with the kind; the statement is empty.
 */
enum statement_kind statement_create(struct reader *reader, struct statement *statement);
enum statement_kind statement_alter(struct reader *reader, struct statement *statement);
enum statement_kind statement_drop(struct reader *reader, struct statement *statement);
enum statement_kind statement_comment(struct reader *reader, struct statement *statement);

/* Of an ALTER, behind the name: whether all are such as dumps write, which touch no rows, names or
 * types that are there; and whether one takes away a constraint, a column or a default. */
bool statement_actions_are_known(struct reader reader, const char *object);
bool statement_actions_drop(struct reader reader);

/* A view of nothing but NULLs: what pg_dump --clean makes of one that it cannot drop yet. */
bool statement_is_hollow(struct reader reader);

void statement_set_object(struct statement *statement, const char *object);

#endif
