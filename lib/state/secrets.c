/* Finds the secrets of a configuration and blots them out. */
#include "state/secrets.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "db/url_parts.h"

static void add(struct strlist *list, const char *secret)
{
    if (secret && *secret && !strlist_has(list, secret))
        strlist_add(list, secret);
}

/* The password with its %xx, which is how somebody who prints the URL shows it. */
static void add_as_written(struct strlist *list, const char *url)
{
    const char *login = strstr(url, "://");
    if (!login)
        return;
    login += 3;
    const char *at = memchr(login, '@', strcspn(login, "/?"));
    const char *colon = at ? memchr(login, ':', (size_t)(at - login)) : NULL;
    if (!colon)
        return;
    char *password = mem_strndup(colon + 1, (size_t)(at - colon) - 1);
    add(list, password);
    free(password);
}

static int by_length(const void *a, const void *b)
{
    size_t la = strlen(*(const char *const *)a);
    size_t lb = strlen(*(const char *const *)b);
    return la < lb ? 1 : la > lb ? -1 : 0;
}

void secrets_collect(const struct config *config, struct strlist *list)
{
    for (size_t i = 0; i < config->value_count; i++) {
        const struct config_value *value = &config->values[i];
        struct url_parts parts;
        /* Commands may hold secrets, and are none. */
        if (!value->value || !value->secret || strcmp(value->key, "DB_ON_EVENT") == 0 ||
            strcmp(value->key, "DB_CHECKS") == 0)
            continue;
        if (url_parts_read(&parts, value->value)) {
            add(list, parts.password);
            add_as_written(list, value->value);
        } else {
            add(list, value->value);
        }
        url_parts_release(&parts);
    }
    if (list->count > 1)
        qsort(list->items, list->count, sizeof *list->items, by_length);
}

void secrets_mask(const struct strlist *list, const char *text, struct buf *out)
{
    while (*text) {
        size_t len = 0;
        for (size_t i = 0; i < list->count && len == 0; i++) {
            size_t n = strlen(list->items[i]);
            if (strncmp(text, list->items[i], n) == 0)
                len = n;
        }
        if (len > 0)
            buf_adds(out, "***");
        else
            buf_addch(out, *text);
        text += len > 0 ? len : 1;
    }
}
