/*
 * Expressions of unlike engines, which print the same thing otherwise. Only what both print is
 * compared: words, numbers, text and operators; not casts, parentheses, nor the inside of values
 * that are printed in a form of the engine's own. What cannot be told apart this way counts as
 * equal, since a difference leads to something being made anew.
 */
#ifndef DBR_REPL_SCHEMA_MEANING_H
#define DBR_REPL_SCHEMA_MEANING_H

#include <stdbool.h>

/* Both in CockroachDB's words; NULL for an expression that it does not have there. */
bool meaning_same(const char *a, const char *b);

/* A default that gives NULL, which CockroachDB does not keep: NULL::character varying. */
bool meaning_null(const char *expr);

#endif
