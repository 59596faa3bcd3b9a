/* Hiding names in a text. A name counts where it stands alone: neither "shop" in "workshop" nor
 * "dbr" in "dbr-sync". */
#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "ops/api_names.h"

#define ADDRESS "[address]"
#define NAME "[name]"
#define NAME_MIN 3 /* a shorter one is hidden only where it is quoted */

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '-' || (unsigned char)c >= 0x80;
}

/* Nothing of a word follows; a '.' may be the end of the sentence. */
static bool ends_at(const char *text)
{
    return !is_word(*text) && (*text != '.' || !is_word(text[1]));
}

static bool begins_at(const char *text, size_t at)
{
    if (at == 0)
        return true;
    return !is_word(text[at - 1]) && (text[at - 1] != '.' || at == 1 || !is_word(text[at - 2]));
}

/* The length of the host that stands there, or 0. A value of one word is only hidden where it
 * cannot be another word. */
static size_t host_at(const struct strlist *hosts, const char *text, bool sentence)
{
    for (size_t i = 0; i < hosts->count; i++) {
        size_t len = strlen(hosts->items[i]);
        if (strncasecmp(text, hosts->items[i], len) == 0 && ends_at(text + len) &&
            (sentence || strpbrk(hosts->items[i], ".:-")))
            return len;
    }
    return 0;
}

static bool is_address(int family, const char *text, size_t len)
{
    unsigned char binary[sizeof(struct in6_addr)];
    char copy[INET6_ADDRSTRLEN];
    if (len >= sizeof copy)
        return false;
    memcpy(copy, text, len);
    copy[len] = '\0';
    return inet_pton(family, copy, binary) == 1;
}

/* The length of the IP address that stands there, or 0. */
static size_t ip_at(const char *text, char before)
{
    size_t len = strspn(text, "0123456789abcdefABCDEF:.");
    while (len > 0 && text[len - 1] == '.')
        len--;
    size_t colon = len > 1 && text[len - 1] == ':' && text[len - 2] != ':' ? len - 1 : len;
    if (before != ':' && strspn(text, ":") < colon && ends_at(text + colon) &&
        is_address(AF_INET6, text, colon))
        return colon;
    len = strspn(text, "0123456789.");
    while (len > 0 && text[len - 1] == '.')
        len--;
    return ends_at(text + len) && is_address(AF_INET, text, len) ? len : 0;
}

/* Words of dbr that a database may be called as well. */
static bool is_own_word(const char *name)
{
    static const char *const words[] = {"primary",  "secondary", "active",  "standby",
                                        "database", "failover",  "failback"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcmp(name, words[i]) == 0)
            return true;
    return false;
}

static size_t name_at(const struct strlist *names, const char *text)
{
    for (size_t i = 0; i < names->count; i++) {
        size_t len = strlen(names->items[i]);
        if (len >= NAME_MIN && strncmp(text, names->items[i], len) == 0 && ends_at(text + len) &&
            !is_own_word(names->items[i]))
            return len;
    }
    return 0;
}

/* The quotation mark at `at` begins the name of something that nobody is told. */
static bool is_introduced(const char *text, size_t at)
{
    static const char *const words[] = {"host",     "name",     "server",  "at",
                                        "user",     "role",     "for",     "database",
                                        "endpoint", "cluster",  "project", "tenant",
                                        "account",  "username", "login",   "authorization"};
    size_t end = at;
    while (end > 0 && (text[end - 1] == ' ' || text[end - 1] == '='))
        end--;
    size_t start = end;
    while (start > 0 && is_word(text[start - 1]))
        start--;
    for (size_t i = 0; end < at && i < sizeof words / sizeof words[0]; i++)
        if (strlen(words[i]) == end - start &&
            strncasecmp(text + start, words[i], end - start) == 0)
            return true;
    return false;
}

/* The length up to and with the closing quotation mark; "" inside is one. 0: it is not closed. */
static size_t quoted_at(const char *text)
{
    char mark = *text;
    for (size_t i = 1; text[i]; i++) {
        if (text[i] == mark && text[i + 1] == mark)
            i++;
        else if (text[i] == mark)
            return i + 1;
    }
    return 0;
}

static bool is_quoted_name(const struct strlist *names, const char *text, size_t len)
{
    for (size_t i = 0; i < names->count; i++)
        if (strlen(names->items[i]) == len && strncmp(text, names->items[i], len) == 0)
            return true;
    return false;
}

static size_t hide_at(const struct api_names *names, const char *text, size_t at, bool sentence,
                      struct buf *out)
{
    const char *here = text + at;
    size_t len = 0;
    if (sentence && (*here == '"' || *here == '\''))
        len = quoted_at(here);
    if (len > 2 && (is_introduced(text, at) || is_quoted_name(&names->names, here + 1, len - 2))) {
        buf_addf(out, "%c" NAME "%c", *here, *here);
        return len;
    }
    if (!begins_at(text, at))
        return 0;
    len = host_at(&names->hosts, here, sentence);
    if (len == 0)
        len = ip_at(here, at > 0 ? text[at - 1] : ' ');
    if (len > 0) {
        buf_adds(out, ADDRESS);
        return len;
    }
    len = sentence ? name_at(&names->names, here) : 0;
    if (len > 0)
        buf_adds(out, NAME);
    return len;
}

void api_names_hide(const struct api_names *names, const char *text, struct buf *out)
{
    bool sentence = text[strcspn(text, " \t\r\n")] != '\0';
    for (size_t at = 0; text[at];) {
        size_t len = hide_at(names, text, at, sentence, out);
        if (len == 0)
            buf_addch(out, text[at++]);
        at += len;
    }
}
