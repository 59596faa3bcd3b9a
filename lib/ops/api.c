/* One request in order: path, method, configuration, token, origin, body, answer. */
#include "ops/api.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "ops/api_explain.h"
#include "ops/api_routes.h"
#include "ops/api_scrub.h"
#include "ops/api_token.h"

static bool check_method(const struct api *api, const struct api_route *route)
{
    const char *allowed = route->post ? "POST, OPTIONS" : "GET, HEAD, OPTIONS";
    enum api_method method = api->request.method;
    bool reads = method == API_GET || method == API_HEAD;
    if (method == API_OPTIONS)
        api->response->status = 204;
    else if (route->post ? method != API_POST : !reads)
        api_fail(api->response, 405, "method_not_allowed", "that method is not for this path",
                 "the header Allow names those that are");
    else
        return true;
    strlist_addf(&api->response->headers, "Allow: %s", allowed);
    return false;
}

/* What is wrong with the server's own set-up is for its log, not for a client. */
static bool not_set_up(struct api *api, const struct err *err)
{
    log_error("dbr-api: %s%s%s", err->message, err->hint[0] ? ": " : "", err->hint);
    return api_fail(api->response, 500, "usage", "dbr's configuration on the server cannot be used",
                    "dbr-health --doctor on the server says what to do");
}

static void log_refusal(const struct api *api, const struct api_route *route)
{
    log_warn("dbr-api: refused %s " API_PREFIX "%s from %s: status %d",
             route->post ? "POST" : "GET", route->path, api->request.address,
             api->response->status);
}

/* What a reader with the token is told may hold who asked for what. */
static bool has_token(const struct api *api, const struct api_token *token)
{
    struct api_response ignored = API_RESPONSE_INIT;
    bool has = api_guard_token(&api->request, token, &ignored);
    api_response_release(&ignored);
    return has;
}

static bool check_token(struct api *api, const struct api_route *route)
{
    struct api_token token;
    struct err err = ERR_INIT;
    bool open = !route->post && config_value(api->config, "DBR_API_PROTECT_READS")->number == 0;
    if (!api_token_load(&token, api->config, &err))
        log_error("dbr-api: %s%s%s", err.message, err.hint[0] ? ": " : "", err.hint);
    if (err.code != ERR_NONE)
        token.configured = false;
    api->trusted = has_token(api, &token);
    if (open || api->trusted)
        return true;
    (void)api_guard_token(&api->request, &token, api->response);
    log_refusal(api, route);
    return false;
}

static void answer(struct api *api, const struct api_route *route)
{
    if (!api_guard_host(&api->request, config_value(api->config, "DBR_API_HOSTS")->value,
                        api->response) ||
        !check_token(api, route))
        return;
    if (route->post && (!api_guard_origin(&api->request, api->response) ||
                        !api_guard_body(&api->request, &api->wish, api->response) ||
                        !api_guard_query(&api->request, api->response)))
        return;
    route->answer(api, route->argument);
}

static void judge(struct api *api, struct config *config, struct api_names *names)
{
    struct err err = ERR_INIT;
    const struct api_route *route = api_route_find(&api->request);
    if (!route) {
        api_fail(api->response, 404, "not_found", "there is nothing at that path",
                 "see dbr-api(1) for what there is");
        return;
    }
    if (!check_method(api, route))
        return;
    if (config_load_plain(config, NULL, NULL, &err)) {
        api_names_collect(names, config);
        answer(api, route);
    } else {
        not_set_up(api, &err);
    }
    config_release(config);
}

void api_serve(struct api_response *response, bool *with_body)
{
    struct config config;
    struct api_names names = API_NAMES_INIT;
    struct api api = {.config = &config, .response = response};
    api_request_read(&api.request);
    *with_body = api.request.method != API_HEAD;
    judge(&api, &config, &names);
    api_request_drain(&api.request);
    if (response->document && !api.trusted) {
        api_scrub_requests(response->document);
        api_scrub_checks(response->document);
    }
    if (response->document)
        api_scrub(&names, response->document);
    api_names_release(&names);
}

static bool serve(struct cli *cli, struct err *err)
{
    struct api_response response = API_RESPONSE_INIT;
    struct buf text = BUF_INIT;
    bool with_body;
    cli->document_done = true;
    api_serve(&response, &with_body);
    api_response_print(&response, with_body, &text);
    bool ok =
        fwrite(text.data, 1, text.len, stdout) == text.len ||
        err_set_hint(
            err, ERR_FAILED,
            "see the log of the web server: it closed the connection before it had the answer",
            "the answer was not taken");
    buf_release(&text);
    api_response_release(&response);
    return ok;
}

bool ops_api(struct cli *cli, struct err *err)
{
    return getenv("GATEWAY_INTERFACE") ? serve(cli, err) : api_explain(cli, err);
}
