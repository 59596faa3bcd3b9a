/*
 * What must not appear in output of others that dbr passes on: the passwords of all configured
 * URLs, as they are and as they are written in the URL, and the tokens.
 */
#ifndef DBR_STATE_SECRETS_H
#define DBR_STATE_SECRETS_H

#include "base/buf.h"
#include "base/strlist.h"
#include "state/config.h"

/* Adds them to list, the longest first. */
void secrets_collect(const struct config *config, struct strlist *list);
/* Appends text with each of them replaced by "***". */
void secrets_mask(const struct strlist *list, const char *text, struct buf *out);

#endif
