/*
 * The tokens of one statement, white space and comments left out, with the questions that
 * statement*.c ask of them. Private to those. `take` functions move on only when they answer yes.
 */
#ifndef DBR_DB_STATEMENT_READER_H
#define DBR_DB_STATEMENT_READER_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/strlist.h"
#include "db/sql_token.h"

/* A copy of the struct is a place to come back to. */
struct reader {
    struct sql_token token; /* the current one */
    const char *end;
    bool gap; /* something was left out before it */
};

void reader_init(struct reader *reader, const char *text);
void reader_next(struct reader *reader);
bool reader_at_end(const struct reader *reader);

bool reader_is(const struct reader *reader, const char *keyword);
bool reader_take(struct reader *reader, const char *keywords); /* one or several, "IF EXISTS" */
bool reader_is_symbol(const struct reader *reader, char symbol);
bool reader_take_symbol(struct reader *reader, char symbol);

/* A name, unquoted, or folded to lower case; NULL where there is none. malloced. */
char *reader_take_name(struct reader *reader);
/* name or schema.name; *schema NULL for the first. Both are NULL when the answer is no. */
bool reader_take_qualified(struct reader *reader, char **schema, char **name);
/* The same for an operator: schema.=== */
bool reader_take_operator(struct reader *reader, char **schema, char **name);
/* (name, ...) */
bool reader_take_names(struct reader *reader, struct strlist *names);
/* What a constant string says; NULL where there is none or it has escapes that no dump has. */
char *reader_take_string(struct reader *reader);
bool reader_take_number(struct reader *reader); /* with or without a sign */

/* Appends the current token as it is written, with a blank before it where it had a gap. */
void reader_copy(const struct reader *reader, struct buf *text);
/* From "(" to behind the ")" that belongs to it; copied when text is not NULL. */
bool reader_take_parens(struct reader *reader, struct buf *text);
/* Moves to this keyword outside of parentheses, if it comes at all. */
bool reader_find(struct reader *reader, const char *keyword);

#endif
