/* The fixed table of what can be asked: method, path, and who answers. */
#ifndef DBR_OPS_API_ROUTES_H
#define DBR_OPS_API_ROUTES_H

#include <stddef.h>

#include "ops/api.h"

#define API_PREFIX "/api/system"

struct api_route {
    const char *path;     /* below API_PREFIX */
    bool post;            /* POST; else GET and HEAD */
    const char *argument; /* for the function: a program or a breaker */
    void (*answer)(struct api *api, const char *argument);
    const char *does; /* one line for people */
};

const struct api_route *api_routes(size_t *count);
/* NULL when nothing is there. */
const struct api_route *api_route_find(const struct api_request *request);

#endif
