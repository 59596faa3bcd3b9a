/*
 * dbr-api: the HTTP API as a CGI program. One request, one answer, nothing that stays. What it
 * knows it reads from the state directory; what takes a database is done by dbr's other programs,
 * run as children. It never runs a shell, and does not link libpq: loading that would take longer
 * than the answer.
 */
#ifndef DBR_OPS_API_H
#define DBR_OPS_API_H

#include "cli/main.h"
#include "ops/api_guard.h"
#include "ops/api_request.h"
#include "ops/api_response.h"
#include "state/config.h"

/* What the answer to one request is made from. */
struct api {
    struct api_request request;
    const struct config *config;
    struct api_wish wish; /* of a POST */
    bool trusted;         /* the token came with it */
    struct api_response *response;
};

/* Serves the request of the environment under CGI; on a command line explains itself. */
bool ops_api(struct cli *cli, struct err *err);

/* The whole of one request: read from the environment, judged, answered. For ops_api and tests. */
void api_serve(struct api_response *response, bool *with_body);

#endif
