/* For whoever sets the API up. */
#include "ops/api_explain.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "cli/report.h"
#include "ops/api_routes.h"
#include "ops/api_token.h"

static void add_endpoints(struct json *document)
{
    size_t count;
    const struct api_route *routes = api_routes(&count);
    struct json *list = json_set_array(document, "endpoints");
    for (size_t i = 0; i < count; i++) {
        struct json *item = json_add(list, json_object());
        struct buf path = BUF_INIT;
        buf_addf(&path, API_PREFIX "%s", routes[i].path);
        json_set_str(item, "method", routes[i].post ? "POST" : "GET");
        json_set_str(item, "path", path.data);
        json_set_str(item, "does", routes[i].does);
        buf_release(&path);
    }
}

static void print_endpoints(const struct cli *cli)
{
    static const char *const headings[] = {"METHOD", "PATH", "ANSWERS"};
    size_t count;
    const struct api_route *routes = api_routes(&count);
    struct report *report = report_new(headings, 3);
    for (size_t i = 0; i < count; i++) {
        struct buf path = BUF_INIT;
        buf_addf(&path, API_PREFIX "%s", routes[i].path);
        const char *const cells[] = {routes[i].post ? "POST" : "GET", path.data, routes[i].does};
        report_row(report, cells);
        buf_release(&path);
    }
    report_print(report, stdout, cli->color_out);
    report_free(report);
}

static const char *token_word(const struct config *config, struct err *why)
{
    struct api_token token;
    if (!api_token_load(&token, config, why))
        return "unusable";
    return token.configured ? "configured" : "none";
}

static void explain(const struct cli *cli, const struct config *config, const char *token,
                    const struct err *why)
{
    bool protect = config_value(config, "DBR_API_PROTECT_READS")->number != 0;
    puts("This is a CGI program: a web server runs it for each request. Configurations for nginx,\n"
         "Apache and BusyBox httpd are in scripts/web of the source, or share/dbr/web.\n");
    print_endpoints(cli);
    printf("\nenv file: %s\nstate directory: %s\n", config->env_file ? config->env_file : "none",
           config->state_dir);
    if (strcmp(token, "unusable") == 0)
        printf("token: unusable, every POST is refused: %s\n", why->message);
    else if (strcmp(token, "none") == 0)
        puts("token: none, every POST is refused: set DBR_API_TOKEN_FILE");
    else
        puts("token: configured");
    printf("reads: %s\n", protect ? "with the token only" : "for everybody");
    puts("\nTry it: GATEWAY_INTERFACE=CGI/1.1 REQUEST_METHOD=GET PATH_INFO=" API_PREFIX
         "/health dbr-api");
}

bool api_explain(struct cli *cli, struct err *err)
{
    struct config config;
    struct err why = ERR_INIT;
    if (!config_load_plain(&config, cli->common.env_file, cli->common.state_dir, err)) {
        config_release(&config);
        return false;
    }
    const char *token = token_word(&config, &why);
    json_set_str(cli->document, "program", cli->program->name);
    json_set_str(cli->document, "token", token);
    json_set_bool(cli->document, "protectReads",
                  config_value(&config, "DBR_API_PROTECT_READS")->number != 0);
    add_endpoints(cli->document);
    if (!cli->common.json && !cli->common.quiet)
        explain(cli, &config, token, &why);
    config_release(&config);
    return true;
}
