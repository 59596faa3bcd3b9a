/*
 * What the HTTP API passes on of the programs' words. They were written for whoever is on the
 * server; a client is told neither addresses, nor paths, nor statements.
 */
#ifndef DBR_OPS_API_SCRUB_H
#define DBR_OPS_API_SCRUB_H

#include "base/buf.h"
#include "base/json.h"

/* Appends text with each URL, connection string and absolute path replaced, cut before SQL and what
 * a server adds to an error (DETAIL, CONTEXT, ...). */
void api_scrub_text(const char *text, struct buf *out);
/* Every text in the document, at any depth. */
void api_scrub(struct json *document);

#endif
