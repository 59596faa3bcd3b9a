/*
 * What stands between a request and an answer: host, token, origin, content type, length and body,
 * in that order. Each says no with a status of its own.
 */
#ifndef DBR_OPS_API_GUARD_H
#define DBR_OPS_API_GUARD_H

#include <stdbool.h>

#include "ops/api_request.h"
#include "ops/api_response.h"
#include "ops/api_token.h"

#define API_WHO_SIZE 100
#define API_REASON_SIZE 240

/* What a client may say in the body of a POST. */
struct api_wish {
    char who[API_WHO_SIZE];       /* recorded, believed in nothing; "" when not told */
    char reason[API_REASON_SIZE]; /* "" when not told */
    bool dry_run;
};

/* 403 unless the request was sent to one of these names, separated by commas; NULL: any. Where no
 * web server looks at it, a page of another site may have its own name lead here (DNS rebinding).
 */
bool api_guard_host(const struct api_request *request, const char *hosts,
                    struct api_response *response);
/* 401 when none was sent, 403 when it is wrong or none is configured. */
bool api_guard_token(const struct api_request *request, const struct api_token *token,
                     struct api_response *response);
/* A browser tells where the page came from that asks: 403 unless that was here. */
bool api_guard_origin(const struct api_request *request, struct api_response *response);
/* Content type and length; then the body from standard input into wish. */
bool api_guard_body(struct api_request *request, struct api_wish *wish,
                    struct api_response *response);
/* A POST has none: a "?dryRun=true" that is not looked at would run for real. */
bool api_guard_query(const struct api_request *request, struct api_response *response);

#endif
