/*
 * What the HTTP API passes on of the programs' words. They were written for whoever is on the
 * server; a client is told neither addresses, nor names of users and databases, nor paths, nor
 * statements.
 */
#ifndef DBR_OPS_API_SCRUB_H
#define DBR_OPS_API_SCRUB_H

#include "base/buf.h"
#include "base/json.h"
#include "ops/api_names.h"

/* Appends text with each name, URL, connection string and absolute path replaced, cut before SQL
 * and what a server adds to an error (DETAIL, CONTEXT, ...). */
void api_scrub_text(const struct api_names *names, const char *text, struct buf *out);
/* Each text that tells who asked the HTTP API, and why, becomes API_ASKED. */
#define API_ASKED "asked for by the HTTP API"
void api_scrub_requests(struct json *document);
/* What a program of DB_CHECKS printed holds whatever it likes: each text ends where it begins, and
 * of a check are left its name, whether it is well, and its value. */
#define API_CHECK_FAILED "it failed"
void api_scrub_checks(struct json *document);
/* Every text in the document, at any depth. */
void api_scrub(const struct api_names *names, struct json *document);

#endif
