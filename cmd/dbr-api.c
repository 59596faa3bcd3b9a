/* dbr-api: option table and exit status; the work is in lib/ops/api.c. */
#include <stdlib.h>

#include "cli/main.h"
#include "ops/api.h"

static const struct option options[] = {OPTION_END};

static const struct program program = {
    .name = "dbr-api",
    .purpose = "the HTTP API, as a CGI program for any web server",
    .usage = "[options]",
    .options = options,
    .description = "On a command line it explains itself. Under a web server (GATEWAY_INTERFACE is "
                   "set) it answers one request and takes no arguments.",
};

int main(int argc, char **argv)
{
    /* A query without "=" reaches a CGI program as arguments: they are a stranger's. */
    return cli_main(&program, getenv("GATEWAY_INTERFACE") ? 1 : argc, argv, ops_api);
}
