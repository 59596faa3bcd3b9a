/*
 * Changing one variable of an env file. The result reads the same for `node --env-file` and for a
 * POSIX shell that sources it, as far as this variable goes.
 */
#ifndef DBR_STATE_ENVFILE_EDIT_H
#define DBR_STATE_ENVFILE_EDIT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

/*
 * Appends value in quotes that Node and a shell undo alike: single ones, else double ones; in a URL
 * a single quote that stands in the way is written as %27. False, and nothing appended, for text
 * that no quotes can hold (a keyword=value string with single quotes and one of " $ ` \, or a
 * carriage return).
 */
bool envfile_quote(struct buf *out, const char *value);

/*
 * Appends text with `name` set to value to out: each assignment of that name is rewritten where it
 * stands, with its indentation, `export ` and line end (a comment behind the value goes); without
 * one a line is added at the end. All other bytes stay. path is for errors. ERR_USAGE when value
 * cannot be quoted or what else stands in the text hides the assignment (a quote that is never
 * closed). The error never quotes value.
 */
bool envfile_set(const char *path, const char *text, size_t len, const char *name,
                 const char *value, struct buf *out, struct err *err);

#endif
