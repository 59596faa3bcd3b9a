/* Takes URLs apart by libpq's own parser. */
#include "db/url_parts.h"

#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static void take(char **part, const PQconninfoOption *option, const char *keyword)
{
    if (!*part && option->val && *option->val && strcmp(option->keyword, keyword) == 0)
        *part = mem_strdup(option->val);
}

bool url_parts_read(struct url_parts *parts, const char *url)
{
    PQconninfoOption *options = PQconninfoParse(url, NULL);
    *parts = (struct url_parts)URL_PARTS_INIT;
    for (const PQconninfoOption *option = options; option && option->keyword; option++) {
        take(&parts->host, option, "host");
        take(&parts->port, option, "port");
        take(&parts->dbname, option, "dbname");
        take(&parts->user, option, "user");
        take(&parts->password, option, "password");
        take(&parts->sslmode, option, "sslmode");
        take(&parts->options, option, "options");
    }
    for (const PQconninfoOption *option = options; option && option->keyword; option++)
        take(&parts->host, option, "hostaddr");
    PQconninfoFree(options);
    return options != NULL;
}

void url_parts_release(struct url_parts *parts)
{
    free(parts->host);
    free(parts->port);
    free(parts->dbname);
    free(parts->user);
    free(parts->password);
    free(parts->sslmode);
    free(parts->options);
    *parts = (struct url_parts)URL_PARTS_INIT;
}
