/*
 * One request as CGI (RFC 3875) hands it over: environment variables and a body on standard input.
 * Nothing in it can be trusted; what is longer than its bound counts as something else, never as
 * its beginning.
 */
#ifndef DBR_OPS_API_REQUEST_H
#define DBR_OPS_API_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#define API_BODY_MAX 4096
#define API_PATH_SIZE 256
#define API_ADDRESS_SIZE 64

enum api_method { API_GET, API_HEAD, API_POST, API_OPTIONS, API_OTHER };

struct api_request {
    enum api_method method;
    char path[API_PATH_SIZE];       /* SCRIPT_NAME and PATH_INFO, else REQUEST_URI without query */
    char below[API_PATH_SIZE];      /* PATH_INFO alone, where there is a SCRIPT_NAME; else "" */
    char address[API_ADDRESS_SIZE]; /* of the client, for records; "unknown" */
    /* As sent, NULL when missing. They point into the environment. */
    const char *query, *host, *origin, *fetch_site, *content_type, *content_encoding,
        *content_length, *authorization, *token;
    size_t taken; /* bytes of the body that were read */
};

/* From the environment. */
void api_request_read(struct api_request *request);

/* Value of a query parameter into value; false when it is missing. One that does not fit, or has a
 * character that would need decoding, is "?". */
bool api_request_query(const struct api_request *request, const char *name, char *value,
                       size_t size);

enum api_body {
    API_BODY_READ,
    API_BODY_BAD_LENGTH, /* CONTENT_LENGTH is no number */
    API_BODY_TOO_LONG,
    API_BODY_CUT, /* fewer bytes came than were announced */
    API_BODY_SLOW /* they did not come in time */
};
/* What CONTENT_LENGTH announces. API_BODY_READ with *len, also without one (0). */
enum api_body api_request_length(const struct api_request *request, size_t *len);
/* Reads len bytes from standard input. */
enum api_body api_request_body(struct api_request *request, size_t len, int64_t limit_ms,
                               struct buf *body);
/* Reads what is left of the body, within bounds: some servers take an answer for a failure while
 * their side of it is not done. */
void api_request_drain(struct api_request *request);

#endif
