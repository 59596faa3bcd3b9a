/* Status lines and headers. Nothing here may be kept by anybody between, and nothing is a page. */
#include "ops/api_response.h"

#include <stddef.h>

static const char *const common[] = {
    "Content-Type: application/json; charset=utf-8",
    "Cache-Control: no-store",
    "X-Content-Type-Options: nosniff",
    "X-Frame-Options: DENY",
    "Referrer-Policy: no-referrer",
    "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'",
};

static const char *reason_phrase(int status)
{
    static const struct {
        int status;
        const char *phrase;
    } phrases[] = {
        {200, "OK"},
        {202, "Accepted"},
        {204, "No Content"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {408, "Request Timeout"},
        {409, "Conflict"},
        {413, "Content Too Large"},
        {415, "Unsupported Media Type"},
        {422, "Unprocessable Content"},
        {500, "Internal Server Error"},
        {503, "Service Unavailable"},
    };
    for (size_t i = 0; i < sizeof phrases / sizeof phrases[0]; i++) {
        if (phrases[i].status == status)
            return phrases[i].phrase;
    }
    return "Error";
}

bool api_fail(struct api_response *response, int status, const char *code, const char *message,
              const char *hint)
{
    struct json *document = json_object();
    json_set_bool(document, "success", false);
    struct json *error = json_set_object(document, "error");
    json_set_str(error, "code", code);
    json_set_str(error, "message", message);
    json_set_str(error, "hint", hint);
    api_give(response, document);
    response->status = status;
    return false;
}

void api_give(struct api_response *response, struct json *document)
{
    if (document != response->document)
        json_free(response->document);
    response->document = document;
    response->status = 200;
}

void api_give_members(struct api_response *response, const char *const *members)
{
    struct json *document = json_object();
    for (; *members; members++) {
        const struct json *member = json_get(response->document, *members);
        if (member)
            json_set(document, *members, json_copy(member));
    }
    api_give(response, document);
}

void api_response_print(const struct api_response *response, bool body, struct buf *out)
{
    struct buf text = BUF_INIT;
    if (response->document) {
        json_print(response->document, true, &text);
        buf_addch(&text, '\n');
    }
    buf_addf(out, "Status: %d %s\r\n", response->status, reason_phrase(response->status));
    for (size_t i = response->document ? 0 : 1; i < sizeof common / sizeof common[0]; i++)
        buf_addf(out, "%s\r\n", common[i]);
    for (size_t i = 0; i < response->headers.count; i++)
        buf_addf(out, "%s\r\n", response->headers.items[i]);
    if (response->document)
        buf_addf(out, "Content-Length: %zu\r\n", text.len);
    buf_adds(out, "\r\n");
    if (body)
        buf_add(out, text.data, text.len);
    buf_release(&text);
}

void api_response_release(struct api_response *response)
{
    json_free(response->document);
    strlist_release(&response->headers);
    *response = (struct api_response)API_RESPONSE_INIT;
}
