/*
 * SQL text cut into tokens, as PostgreSQL's scanner does with standard_conforming_strings = on:
 * just enough to know where strings, quoted names and comments end. Nothing is remembered between
 * two calls, and no token is copied.
 */
#ifndef DBR_DB_SQL_TOKEN_H
#define DBR_DB_SQL_TOKEN_H

#include <stdbool.h>
#include <stddef.h>

enum sql_kind {
    SQL_END,          /* nothing is left */
    SQL_MORE,         /* the text ends before it is known where the token does */
    SQL_UNENDED,      /* and no more will come: a quote or comment that never ends */
    SQL_SPACE,        /* white space, perhaps not all of it */
    SQL_LINE_COMMENT, /* from "--" to the line end, which is not part of it */
    SQL_COMMENT,      /* one in slash and asterisk, nested ones within */
    SQL_WORD,         /* a keyword or a name without quotes */
    SQL_NAME,         /* "..", U&".." */
    SQL_STRING,       /* '..', E'..', B'..', X'..', N'..', U&'..', $tag$..$tag$ */
    SQL_NUMBER,       /* without a sign; also a parameter such as $1 */
    SQL_SYMBOL        /* any other single character, those of operators one by one */
};

struct sql_token {
    enum sql_kind kind;
    const char *text;
    size_t len;
};

/* The token at text. final: nothing follows end, so that SQL_MORE is no answer. */
void sql_token_read(struct sql_token *token, const char *text, const char *end, bool final);
/* What an SQL_UNENDED token is, for a message: "quoted string", "quoted name", ... */
const char *sql_token_unended(const struct sql_token *token);
/* Whether it is this keyword, in upper or lower case; never for a quoted name. */
bool sql_token_is(const struct sql_token *token, const char *keyword);

#endif
