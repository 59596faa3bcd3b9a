/*
 * The names that the configuration and the servers' words give away: hosts, users, databases. What
 * a client of the HTTP API is told holds none of them.
 */
#ifndef DBR_OPS_API_NAMES_H
#define DBR_OPS_API_NAMES_H

#include "base/buf.h"
#include "base/strlist.h"
#include "state/config.h"

struct api_names {
    struct strlist hosts; /* also the part before the first dot where it names an instance */
    struct strlist names; /* of users and databases */
};
#define API_NAMES_INIT                                                                             \
    {                                                                                              \
        STRLIST_INIT, STRLIST_INIT                                                                 \
    }

/* Adds those of every URL, host and role in the configuration, and of libpq's environment. URLs are
 * read without libpq, which this program does not load. */
void api_names_collect(struct api_names *names, const struct config *config);
/* Adds those of one URL or keyword=value string. */
void api_names_add_url(struct api_names *names, const char *url);
void api_names_release(struct api_names *names);

/*
 * Appends text with "[address]" in the place of those hosts and of every IP address, and "[name]"
 * in the place of those names and of whatever a server quotes as a user, role, database, ... A text
 * of one word is a value rather than a sentence ("activeDatabase": "primary"): names are left in
 * it.
 */
void api_names_hide(const struct api_names *names, const char *text, struct buf *out);

#endif
