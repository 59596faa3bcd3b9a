/*
 * The arguments of a function as a CREATE statement names them, brought to a form in which the
 * server can find their types. Knows nothing of which types there are.
 */
#ifndef DBR_REPL_ROUTINE_ARGUMENTS_H
#define DBR_REPL_ROUTINE_ARGUMENTS_H

#include "base/buf.h"

/* Between two arguments; in no name. */
#define ROUTINE_SEPARATOR '\x1f'

/*
 * Appends the input arguments of "(a integer DEFAULT 1, OUT b text, VARIADIC \"C\"
 * numeric(9,2)[])", here "a integer", "\"C\" numeric[]": without mode, default and modifiers of the
 * type, in lower case outside of quotes, with single blanks. The name, if there is one, stays
 * before the type, since only types that exist tell where it ends. "(*)" has none; of "(a ORDER BY
 * b)" both count, of "(VARIADIC a ORDER BY VARIADIC a)" one. The parentheses may be missing.
 */
void routine_arguments(struct buf *out, const char *text);

#endif
