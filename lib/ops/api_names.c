/* Finds the names in URLs, and blots them out of words that were written for the server's log. */
#include "ops/api_names.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* --- the names of a configuration ------------------------------------------------------------ */

static void add(struct strlist *list, const char *text, size_t len)
{
    char *item = mem_strndup(text, len);
    if (len > 0 && !strlist_has(list, item))
        strlist_add(list, item);
    free(item);
}

static void add_text(struct strlist *list, const char *text)
{
    if (text)
        add(list, text, strlen(text));
}

/* Providers put the instance before the first dot ("ep-cool-name-123", "shop-1234"), and name it
 * alone at times; dbr connects to Neon without "-pooler". */
static void add_host(struct api_names *names, const char *host, size_t len)
{
    static const char pooler[] = "-pooler";
    if (len == 0 || *host == '/')
        return;
    add(&names->hosts, host, len);
    const char *dot = memchr(host, '.', len);
    size_t first = dot ? (size_t)(dot - host) : len;
    if (dot && memchr(host, '-', first))
        add(&names->hosts, host, first);
    size_t tail = sizeof pooler - 1;
    if (first > tail && strncmp(host + first - tail, pooler, tail) == 0) {
        char *direct =
            mem_printf("%.*s%.*s", (int)(first - tail), host, (int)(len - first), host + first);
        add_host(names, direct, strlen(direct));
        free(direct);
    }
}

/* "host", "host:port", "[v6]:port", several with commas. */
static void add_hosts(struct api_names *names, const char *text)
{
    while (*text) {
        size_t len = strcspn(text, ",");
        const char *end = *text == '[' ? memchr(text, ']', len) : NULL;
        if (end)
            add_host(names, text + 1, (size_t)(end - text) - 1);
        else
            add_host(names, text, strcspn(text, ":,"));
        /* A bare IPv6 address has colons of its own, and is found as an address. */
        text += len + (text[len] == ',');
    }
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)tolower((unsigned char)c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* With %xx decoded; malloced. */
static char *decode(const char *text, size_t len)
{
    char *decoded = mem_strndup(text, len);
    char *to = decoded;
    for (const char *from = decoded; *from; from++) {
        int high = *from == '%' ? hex_digit(from[1]) : -1;
        int low = high >= 0 ? hex_digit(from[2]) : -1;
        if (low >= 0) {
            *to++ = (char)(high * 16 + low);
            from += 2;
        } else {
            *to++ = *from;
        }
    }
    *to = '\0';
    return decoded;
}

static void add_keyword(struct api_names *names, const char *keyword, const char *value)
{
    const char *cluster = strcmp(keyword, "options") == 0 ? strstr(value, "cluster=") : NULL;
    if (strcmp(keyword, "host") == 0 || strcmp(keyword, "hostaddr") == 0)
        add_hosts(names, value);
    else if (strcmp(keyword, "user") == 0 || strcmp(keyword, "dbname") == 0)
        add_text(&names->names, value);
    else if (cluster)
        add(&names->hosts, cluster + 8, strcspn(cluster + 8, " "));
}

/* A part of a URL, as it is written there and decoded. */
static void add_part(struct api_names *names, const char *keyword, const char *text, size_t len)
{
    char *written = mem_strndup(text, len);
    char *decoded = decode(text, len);
    add_keyword(names, keyword, written);
    add_keyword(names, keyword, decoded);
    free(written);
    free(decoded);
}

static void add_query(struct api_names *names, const char *query)
{
    while (*query) {
        size_t len = strcspn(query, "&");
        size_t name = strcspn(query, "=&");
        char *keyword = mem_strndup(query, name);
        if (name < len)
            add_part(names, keyword, query + name + 1, len - name - 1);
        free(keyword);
        query += len + (query[len] == '&');
    }
}

/* What follows "://". */
static void add_parts(struct api_names *names, const char *text)
{
    size_t len = strcspn(text, "/?");
    const char *at = memrchr(text, '@', len);
    if (at) {
        add_part(names, "user", text, strcspn(text, ":@"));
        len -= (size_t)(at + 1 - text);
        text = at + 1;
    }
    add_part(names, "host", text, len);
    text += len;
    if (*text == '/') {
        len = strcspn(++text, "?");
        add_part(names, "dbname", text, len);
        text += len;
    }
    if (*text == '?')
        add_query(names, text + 1);
}

/* keyword = value, keyword = 'it\'s' */
static void add_conninfo(struct api_names *names, const char *text)
{
    struct buf value = BUF_INIT;
    while (*(text += strspn(text, " \t\r\n"))) {
        size_t len = strcspn(text, "= \t\r\n");
        char *keyword = mem_strndup(text, len);
        text += len;
        text += strspn(text, " \t\r\n");
        text += *text == '=';
        text += strspn(text, " \t\r\n");
        bool quoted = *text == '\'';
        buf_reset(&value);
        for (text += quoted; *text && (quoted ? *text != '\'' : !isspace((unsigned char)*text));
             text++) {
            text += *text == '\\' && text[1];
            buf_addch(&value, *text);
        }
        text += quoted && *text;
        add_keyword(names, keyword, value.data);
        free(keyword);
    }
    buf_release(&value);
}

void api_names_add_url(struct api_names *names, const char *url)
{
    const char *parts = strstr(url, "://");
    if (strncmp(url, "postgres", 8) == 0 && parts)
        add_parts(names, parts + 3);
    else
        add_conninfo(names, url);
}

static int by_length(const void *a, const void *b)
{
    size_t la = strlen(*(const char *const *)a);
    size_t lb = strlen(*(const char *const *)b);
    return la < lb ? 1 : la > lb ? -1 : 0;
}

static void sort(struct strlist *list)
{
    if (list->count > 1)
        qsort(list->items, list->count, sizeof *list->items, by_length);
}

void api_names_collect(struct api_names *names, const struct config *config)
{
    size_t count;
    const struct config_key *keys = config_keys(&count);
    for (size_t i = 0; i < count; i++) {
        const char *value = config_value(config, keys[i].name)->value;
        if (value && keys[i].kind == CONFIG_URL)
            api_names_add_url(names, value);
        else if (value && keys[i].kind == CONFIG_HOSTS)
            add_hosts(names, value);
    }
    add_text(&names->names, config_value(config, "DB_FENCE_ROLE")->value);
    add_text(&names->names, config_value(config, "DB_PGBOUNCER_DBNAME")->value);
    static const char *const keywords[] = {"PGHOST", "PGHOSTADDR", "PGUSER", "PGDATABASE"};
    static const char *const meanings[] = {"host", "hostaddr", "user", "dbname"};
    for (size_t i = 0; i < sizeof keywords / sizeof keywords[0]; i++) {
        const char *value = getenv(keywords[i]);
        if (value)
            add_keyword(names, meanings[i], value);
    }
    sort(&names->hosts);
    sort(&names->names);
}

void api_names_release(struct api_names *names)
{
    strlist_release(&names->hosts);
    strlist_release(&names->names);
}
