/*
 * What is answered: a status, headers, and one JSON document. Errors are {"success": false,
 * "error": {"code", "message", "hint"}}; their words are fixed texts of ours, and nothing that a
 * client sent is repeated.
 */
#ifndef DBR_OPS_API_RESPONSE_H
#define DBR_OPS_API_RESPONSE_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/strlist.h"

struct api_response {
    int status;
    struct json *document;  /* NULL: no body */
    struct strlist headers; /* "Name: value", beside those that every answer has */
};
#define API_RESPONSE_INIT                                                                          \
    {                                                                                              \
        500, NULL, STRLIST_INIT                                                                    \
    }

/* Replaces what was to be answered. hint may be NULL. Always returns false. */
bool api_fail(struct api_response *response, int status, const char *code, const char *message,
              const char *hint);
/* Status 200 with that document, which becomes the response's. */
void api_give(struct api_response *response, struct json *document);
/* The same with no more of it than these members of what is there to be answered; NULL ends them.
 */
void api_give_members(struct api_response *response, const char *const *members);
/* As CGI wants it; body: false for HEAD. */
void api_response_print(const struct api_response *response, bool body, struct buf *out);
void api_response_release(struct api_response *response);

#endif
