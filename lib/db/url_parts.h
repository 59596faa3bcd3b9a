/* A database URL (or keyword=value string) taken apart, for what cannot be given a URL. */
#ifndef DBR_DB_URL_PARTS_H
#define DBR_DB_URL_PARTS_H

#include <stdbool.h>

/* Decoded, malloced; NULL where the URL says nothing of it. */
struct url_parts {
    char *host; /* or hostaddr; may be a list */
    char *port, *dbname, *user, *password, *sslmode, *options;
};
#define URL_PARTS_INIT                                                                             \
    {                                                                                              \
        NULL, NULL, NULL, NULL, NULL, NULL, NULL                                                   \
    }

/* False when it cannot be parsed; conn_check_url says why. */
bool url_parts_read(struct url_parts *parts, const char *url);
void url_parts_release(struct url_parts *parts);

#endif
