/* From the environment of CGI to a request with bounds. */
#include "ops/api_request.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

#define DRAIN_MAX ((size_t)64 << 10)
#define DRAIN_MS 1000

static enum api_method read_method(const char *name)
{
    static const char *const names[] = {"GET", "HEAD", "POST", "OPTIONS"};
    for (size_t i = 0; name && i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(name, names[i]) == 0)
            return (enum api_method)i;
    }
    return API_OTHER;
}

static const char *variable(const char *name)
{
    const char *text = getenv(name);
    return text && *text ? text : NULL;
}

/* Two parts put together; "" when that does not fit. */
static void join(char path[API_PATH_SIZE], const char *a, const char *b)
{
    path[0] = '\0';
    if (strnlen(a, API_PATH_SIZE) + strnlen(b, API_PATH_SIZE) < API_PATH_SIZE)
        (void)snprintf(path, API_PATH_SIZE, "%s%s", a, b);
}

static void read_path(struct api_request *request)
{
    const char *script = variable("SCRIPT_NAME");
    const char *info = variable("PATH_INFO");
    const char *uri = variable("REQUEST_URI");
    request->path[0] = request->below[0] = '\0';
    if (script || info) {
        join(request->path, script ? script : "", info ? info : "");
        if (script && info)
            join(request->below, info, "");
    } else if (uri) {
        join(request->path, uri, "");
        request->path[strcspn(request->path, "?")] = '\0';
    }
}

/* An address has no other characters; a server that sends a name or a socket's path is not quoted.
 */
static void read_address(char address[API_ADDRESS_SIZE])
{
    const char *text = variable("REMOTE_ADDR");
    bool plain = text && strlen(text) < API_ADDRESS_SIZE &&
                 text[strspn(text, "0123456789abcdefABCDEF.:%[]")] == '\0';
    (void)snprintf(address, API_ADDRESS_SIZE, "%s", plain ? text : "unknown");
}

void api_request_read(struct api_request *request)
{
    request->method = read_method(variable("REQUEST_METHOD"));
    read_path(request);
    read_address(request->address);
    request->query = variable("QUERY_STRING");
    request->host = variable("HTTP_HOST");
    /* Sent, but empty, is not the same as not sent. */
    request->origin = getenv("HTTP_ORIGIN");
    request->fetch_site = variable("HTTP_SEC_FETCH_SITE");
    request->content_type = variable("CONTENT_TYPE");
    request->content_encoding = variable("HTTP_CONTENT_ENCODING");
    request->content_length = variable("CONTENT_LENGTH");
    request->authorization = variable("HTTP_AUTHORIZATION");
    request->token = variable("HTTP_X_DBR_TOKEN");
    request->taken = 0;
}

/* --- the query ------------------------------------------------------------------- */

static bool is_plain(const char *text, size_t len)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._";
    for (size_t i = 0; i < len; i++)
        if (!memchr(plain, text[i], sizeof plain - 1))
            return false;
    return true;
}

bool api_request_query(const struct api_request *request, const char *name, char *value,
                       size_t size)
{
    size_t name_len = strlen(name);
    for (const char *p = request->query; p && *p;) {
        size_t len = strcspn(p, "&");
        if (len > name_len && p[name_len] == '=' && strncmp(p, name, name_len) == 0) {
            const char *text = p + name_len + 1;
            size_t text_len = len - name_len - 1;
            bool usable = text_len < size && is_plain(text, text_len);
            (void)snprintf(value, size, "%.*s", usable ? (int)text_len : 1, usable ? text : "?");
            return true;
        }
        p += len + (p[len] == '&');
    }
    return false;
}

/* --- the body -------------------------------------------------------------------- */

enum api_body api_request_length(const struct api_request *request, size_t *len)
{
    const char *text = request->content_length;
    *len = 0;
    if (!text)
        return API_BODY_READ;
    size_t digits = strspn(text, "0123456789");
    if (text[digits] != '\0')
        return API_BODY_BAD_LENGTH;
    for (size_t i = 0; i < digits; i++) {
        *len = *len * 10 + (size_t)(text[i] - '0');
        if (*len > API_BODY_MAX)
            return API_BODY_TOO_LONG;
    }
    return API_BODY_READ;
}

/* One piece of at most max bytes, which must not be 0. */
static enum api_body read_piece(struct api_request *request, size_t max, int64_t deadline,
                                char *piece, size_t *len)
{
    for (;;) {
        struct pollfd fd = {STDIN_FILENO, POLLIN, 0};
        int64_t left = deadline - clock_mono_ms();
        if (left <= 0)
            return API_BODY_SLOW;
        if (poll(&fd, 1, (int)left) <= 0)
            continue;
        ssize_t n = read(STDIN_FILENO, piece, max);
        if (n < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (n <= 0)
            return API_BODY_CUT;
        *len = (size_t)n;
        request->taken += *len;
        return API_BODY_READ;
    }
}

enum api_body api_request_body(struct api_request *request, size_t len, int64_t limit_ms,
                               struct buf *body)
{
    int64_t deadline = clock_mono_ms() + limit_ms;
    enum api_body result = API_BODY_READ;
    char piece[API_BODY_MAX];
    while (body->len < len && result == API_BODY_READ) {
        size_t want = len - body->len < sizeof piece ? len - body->len : sizeof piece;
        size_t got = 0;
        result = read_piece(request, want, deadline, piece, &got);
        buf_add(body, piece, got);
    }
    return result;
}

void api_request_drain(struct api_request *request)
{
    const char *text = request->content_length;
    char piece[API_BODY_MAX];
    unsigned long long announced =
        text && *text >= '0' && *text <= '9' ? strtoull(text, NULL, 10) : 0;
    size_t len = announced < DRAIN_MAX ? (size_t)announced : DRAIN_MAX;
    int64_t deadline = clock_mono_ms() + DRAIN_MS;
    enum api_body result = API_BODY_READ;
    while (request->taken < len && result == API_BODY_READ) {
        size_t want = len - request->taken < sizeof piece ? len - request->taken : sizeof piece;
        size_t got = 0;
        result = read_piece(request, want, deadline, piece, &got);
    }
}
