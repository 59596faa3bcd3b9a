/* What is not in this table does not exist. */
#include "ops/api_routes.h"

#include <string.h>

#include "ops/api_answers.h"

static const struct api_route routes[] = {
    {"/health", false, NULL, api_answer_health, "one word; 503 while the active database is down"},
    {"/db-health", false, NULL, api_answer_db_health, "both databases, sync, what is under way"},
    {"/version", false, NULL, api_answer_version, "the version of dbr"},
    {"/metrics", false, NULL, api_answer_metrics, "system, application, databases, backups"},
    {"/alerts", false, NULL, api_answer_alerts, "what needs attention"},
    {"/circuit-breakers", false, NULL, api_answer_breakers, "the circuit breakers"},
    {"/database", false, NULL, api_answer_database, "size, connections and tables of each"},
    {"/history", false, NULL, api_answer_history, "past checks; ?period=1h, 24h, 7d or 30d"},
    {"/events", false, NULL, api_answer_events, "what happened, newest first; ?limit=1 to 500"},
    {"/db-sync", true, "dbr-sync", api_answer_operation, "brings the standby in step"},
    {"/db-failover", true, "dbr-failover", api_answer_operation, "makes the secondary active"},
    {"/db-failback", true, "dbr-failback", api_answer_operation, "makes the primary active again"},
    {"/circuit-breakers/primary/reset", true, "primary", api_answer_reset, "closes that breaker"},
    {"/circuit-breakers/secondary/reset", true, "secondary", api_answer_reset,
     "closes that breaker"},
    {"/circuit-breakers/reset-all", true, "all", api_answer_reset, "closes both breakers"},
};

const struct api_route *api_routes(size_t *count)
{
    *count = sizeof routes / sizeof routes[0];
    return routes;
}

static const struct api_route *find(const char *path)
{
    size_t prefix = sizeof API_PREFIX - 1;
    if (strncmp(path, API_PREFIX, prefix) != 0)
        return NULL;
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++)
        if (strcmp(path + prefix, routes[i].path) == 0)
            return &routes[i];
    return NULL;
}

const struct api_route *api_route_find(const struct api_request *request)
{
    const struct api_route *route = find(request->path);
    return route ? route : find(request->below);
}
