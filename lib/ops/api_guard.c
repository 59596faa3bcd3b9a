/* Who may, from where, and saying what. */
#include "ops/api_guard.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/json.h"
#include "base/strlist.h"

#define BODY_LIMIT_MS 10000
#define TOKEN_MAX 1024

/* --- the host -------------------------------------------------------------------- */

/* The length without a port: behind the name, or behind the bracket of an address of IPv6. */
static size_t without_any_port(const char *host)
{
    const char *bracket = strrchr(host, ']');
    const char *colon = strchr(bracket ? bracket : host, ':');
    return colon ? (size_t)(colon - host) : strlen(host);
}

bool api_guard_host(const struct api_request *request, const char *hosts,
                    struct api_response *response)
{
    struct strlist names = STRLIST_INIT;
    const char *host = request->host ? request->host : "";
    size_t len = without_any_port(host);
    bool known = !hosts;
    if (hosts)
        strlist_split(&names, hosts, ',');
    for (size_t i = 0; i < names.count && !known; i++)
        known = strlen(names.items[i]) == len && strncasecmp(names.items[i], host, len) == 0;
    strlist_release(&names);
    return known || api_fail(response, 403, "host", "the API does not answer under that name",
                             "DBR_API_HOSTS on the server lists those that it has");
}

/* --- the token ------------------------------------------------------------------- */

/* "Bearer TOKEN", else X-DBR-Token; another scheme may be meant for the web server. */
static const char *sent_token(const struct api_request *request)
{
    static const char scheme[] = "bearer ";
    const char *text = request->authorization;
    if (text && strncasecmp(text, scheme, sizeof scheme - 1) == 0) {
        text += sizeof scheme - 1;
        return text + strspn(text, " ");
    }
    return request->token;
}

bool api_guard_token(const struct api_request *request, const struct api_token *token,
                     struct api_response *response)
{
    const char *sent = sent_token(request);
    if (!token->configured)
        return api_fail(response, 403, "token_not_configured",
                        "no token is configured on the server: requests that need one are refused",
                        "set DBR_API_TOKEN_FILE in dbr's env file; dbr-health --doctor says what "
                        "is wrong with one that is set");
    if (!sent) {
        strlist_add(&response->headers, "WWW-Authenticate: Bearer realm=\"dbr\"");
        return api_fail(response, 401, "token_required", "this needs the token of the API",
                        "send it as Authorization: Bearer TOKEN, or as X-DBR-Token");
    }
    if (strnlen(sent, TOKEN_MAX + 1) > TOKEN_MAX || !api_token_matches(token, sent))
        return api_fail(response, 403, "token_wrong", "that is not the token of the API",
                        "ask whoever runs the server");
    return true;
}

/* --- the origin ------------------------------------------------------------------ */

/* The length without a port that the scheme implies. */
static size_t without_port(const char *host, const char *port)
{
    size_t len = strlen(host);
    size_t port_len = strlen(port);
    bool ends = len > port_len && strcmp(host + len - port_len, port) == 0;
    return ends ? len - port_len : len;
}

static bool is_same_host(const char *origin, const char *host)
{
    bool tls = strncasecmp(origin, "https://", 8) == 0;
    if (!tls && strncasecmp(origin, "http://", 7) != 0)
        return false;
    const char *theirs = origin + (tls ? 8 : 7);
    const char *port = tls ? ":443" : ":80";
    size_t len = without_port(theirs, port);
    return len > 0 && len == without_port(host, port) && strncasecmp(theirs, host, len) == 0;
}

bool api_guard_origin(const struct api_request *request, struct api_response *response)
{
    const char *site = request->fetch_site;
    const char *origin = request->origin;
    bool same_site = !site || strcmp(site, "same-origin") == 0 || strcmp(site, "none") == 0;
    if (same_site && (!origin || (request->host && is_same_host(origin, request->host))))
        return true;
    return api_fail(response, 403, "origin", "the request comes from a page of another origin",
                    "open the page on the host that serves the API; programs send no Origin");
}

/* --- the body -------------------------------------------------------------------- */

/* "application/json", with or without "charset=utf-8". */
static bool is_json_type(const char *type)
{
    static const char name[] = "application/json";
    if (!type || strncasecmp(type, name, sizeof name - 1) != 0)
        return false;
    type += sizeof name - 1;
    type += strspn(type, " \t");
    if (*type == '\0')
        return true;
    if (*type != ';')
        return false;
    type++;
    type += strspn(type, " \t");
    return *type == '\0' || strcasecmp(type, "charset=utf-8") == 0 ||
           strcasecmp(type, "charset=\"utf-8\"") == 0;
}

static bool bad_body(struct api_response *response, const char *message)
{
    return api_fail(response, 400, "bad_request", message,
                    "the body is one JSON object in UTF-8; {} is enough");
}

/* Cuts at the end of a character. */
static void take_text(const char *text, char *out, size_t size)
{
    struct buf clean = BUF_INIT;
    buf_add_clean(&clean, text);
    size_t len = clean.len < size ? clean.len : size - 1;
    while (len > 0 && len < clean.len && ((unsigned char)clean.data[len] & 0xC0) == 0x80)
        len--;
    memcpy(out, clean.data, len);
    out[len] = '\0';
    buf_release(&clean);
}

/* Each spelling of "dry run": one that is not understood would run for real. */
static bool means_dry_run(const char *name)
{
    static const char letters[] = "dryrun";
    size_t n = 0;
    for (; *name; name++) {
        if (*name == '-' || *name == '_' || *name == ' ')
            continue;
        if (n >= sizeof letters - 1 || tolower((unsigned char)*name) != letters[n])
            return false;
        n++;
    }
    return n == sizeof letters - 1;
}

static bool means_who(const char *name)
{
    static const char *const names[] = {"walletAddress", "requestedBy", "user", "username",
                                        "admin",         "actor",       "who"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

static bool read_member(const struct json *item, struct api_wish *wish,
                        struct api_response *response)
{
    const char *name = json_key(item);
    const char *text = json_text(item);
    bool who = means_who(name);
    if (means_dry_run(name)) {
        if (!json_is_bool(item))
            return bad_body(response, "dryRun is neither true nor false");
        /* Named twice, it counts once it is wanted. */
        wish->dry_run = wish->dry_run || json_is_true(item);
        return true;
    }
    if (!who && strcmp(name, "reason") != 0)
        return true;
    if (!text && !json_is_null(item))
        return bad_body(response, who ? "who asks is no text" : "reason is no text");
    if (text && who && !wish->who[0])
        take_text(text, wish->who, sizeof wish->who);
    if (text && !who && !wish->reason[0])
        take_text(text, wish->reason, sizeof wish->reason);
    return true;
}

static bool read_wish(const struct buf *body, struct api_wish *wish, struct api_response *response)
{
    struct err ignored = ERR_INIT;
    if (strlen(body->data) != body->len || !json_is_utf8(body->data))
        return bad_body(response, "the body is not UTF-8 text");
    struct json *json = json_parse(body->data, body->len, &ignored);
    bool ok = json_is_object(json) || bad_body(response, "the body is no JSON object");
    for (const struct json *item = json_first(json); ok && item; item = json_next(item))
        ok = read_member(item, wish, response);
    json_free(json);
    return ok;
}

static bool read_body(struct api_request *request, size_t len, struct buf *body,
                      struct api_response *response)
{
    switch (api_request_body(request, len, BODY_LIMIT_MS, body)) {
    case API_BODY_READ:
        return true;
    case API_BODY_SLOW:
        return api_fail(response, 408, "timeout", "the body did not come in time", NULL);
    default:
        return bad_body(response, "the body is shorter than announced");
    }
}

bool api_guard_body(struct api_request *request, struct api_wish *wish,
                    struct api_response *response)
{
    struct buf body = BUF_INIT;
    size_t len;
    *wish = (struct api_wish){0};
    if (!is_json_type(request->content_type) || request->content_encoding)
        return api_fail(response, 415, "content_type", "the body is not plain application/json",
                        "send Content-Type: application/json, and no Content-Encoding");
    enum api_body announced = api_request_length(request, &len);
    if (announced == API_BODY_TOO_LONG)
        return api_fail(response, 413, "too_large", "the body is longer than 4096 bytes",
                        "{} is enough");
    if (announced != API_BODY_READ)
        return bad_body(response, "the length of the body is no number");
    bool ok = read_body(request, len, &body, response) && read_wish(&body, wish, response);
    buf_release(&body);
    return ok;
}

bool api_guard_query(const struct api_request *request, struct api_response *response)
{
    return !request->query || !*request->query ||
           api_fail(response, 400, "bad_request", "a POST takes no parameters in its address",
                    "put them into the body: {\"dryRun\": true}");
}
