/*
 * URLs: checking one without echoing it (libpq's own parse errors quote the whole text, password
 * included), showing one without its password, and the address that dbr itself connects to.
 */
#include "db/conn_url.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/mem.h"
#include "db/conn.h"
#include "db/connect_hint.h"

static const char *option_value(const PQconninfoOption *options, const char *keyword)
{
    for (; options->keyword; options++)
        if (!strcmp(options->keyword, keyword))
            return options->val && *options->val ? options->val : NULL;
    return NULL;
}

/* Names only: control characters would let a URL forge log lines. */
static void add_clean(struct buf *out, const char *text)
{
    for (; *text; text++)
        buf_addch(out, (unsigned char)*text < 0x20 || *text == 0x7f ? '?' : *text);
}

char *conn_url_shown(const PQconninfoOption *options)
{
    struct buf out = BUF_INIT;
    const char *user = option_value(options, "user");
    const char *host = option_value(options, "host");
    const char *port = option_value(options, "port");
    const char *name = option_value(options, "dbname");
    const char *service = option_value(options, "service");

    if (!host)
        host = option_value(options, "hostaddr");
    buf_adds(&out, "postgresql://");
    if (user) {
        add_clean(&out, user);
        buf_addch(&out, '@');
    }
    if (host)
        add_clean(&out, host);
    else if (service) {
        buf_adds(&out, "service=");
        add_clean(&out, service);
    }
    if (port) {
        buf_addch(&out, ':');
        add_clean(&out, port);
    }
    buf_addch(&out, '/');
    if (name)
        add_clean(&out, name);
    return buf_detach(&out);
}

/* In our own words what is wrong with text that libpq cannot parse; nothing of the text is
 * repeated. */
static const char *list_problem(const char *url)
{
    const char *equals = strchr(url, '=');
    const char *scheme = strstr(url, "://");

    if (!equals && !scheme)
        return "it is neither a postgresql:// URL nor a list of keyword=value";
    if (scheme && (!equals || scheme < equals))
        return "it starts with neither postgresql:// nor postgres://";
    return "in the list of keyword=value a keyword is unknown or lacks its value, or a quote is "
           "not closed (a value with blanks stands in single quotes)";
}

static const char *parse_problem(const char *url)
{
    const char *p;
    const char *at;

    if (!*url)
        return "it is empty";
    if (isspace((unsigned char)url[0]))
        return "it starts with a blank";
    if (strncmp(url, "postgres://", 11) != 0 && strncmp(url, "postgresql://", 13) != 0)
        return list_problem(url);
    for (p = url; *p; p++) {
        if ((unsigned char)*p <= 0x20)
            return "it contains a blank or control character (write %20 for a blank)";
        if (*p == '%' && !(isxdigit((unsigned char)p[1]) && isxdigit((unsigned char)p[2])))
            return "a % is not followed by two hexadecimal digits (write %25 for a % in a "
                   "password)";
    }
    at = strrchr(url, '@');
    if (strchr(at ? at : url, '[') && !strchr(at ? at : url, ']'))
        return "the [ of an IPv6 address is not closed";
    if (strchr(url, '?'))
        return "the part after the ? has an unknown parameter or one without a value";
    return "check the characters of the password: / ? # @ : must be written as %2F %3F %23 %40 %3A";
}

/*
 * A second @ before the parameters, or one in the path, is a password that was not encoded: libpq
 * would take a part of it for a host or database name, and dbr would show that part.
 */
static bool has_raw_at(const char *url)
{
    const char *start = strstr(url, "://");
    const char *path;
    const char *first;

    if (!start)
        return false;
    first = strchr(start, '@');
    path = strchr(start + 3, '/');
    if (path && memchr(path, '@', strcspn(path, "?")))
        return true;
    return first && memchr(first + 1, '@', strcspn(first + 1, "?"));
}

/* "5432" or "5432,5433": libpq itself looks at ports only when it connects. */
static bool ports_are_numbers(const char *ports)
{
    while (ports && *ports) {
        size_t len = strcspn(ports, ",");
        long port = strtol(ports, NULL, 10);

        if (strspn(ports, "0123456789") < len || (len > 0 && (port < 1 || port > 65535)))
            return false;
        ports += len + (ports[len] == ',');
    }
    return true;
}

static const char *value_problem(const char *url, const PQconninfoOption *options)
{
    if (has_raw_at(url))
        return "it has an @ too many: in a password, @ must be written as %40 and / as %2F";
    if (!ports_are_numbers(option_value(options, "port")))
        return "the port is not a number from 1 to 65535";
    return NULL;
}

bool conn_check_url(const char *key, const char *url, char **shown, struct err *err)
{
    PQconninfoOption *options;
    const char *problem;

    if (shown)
        *shown = NULL;
    options = url && *url && !isspace((unsigned char)*url) ? PQconninfoParse(url, NULL) : NULL;
    problem = options ? value_problem(url, options) : parse_problem(url ? url : "");
    if (problem) {
        PQconninfoFree(options);
        err_set(err, ERR_USAGE, "%s is not a usable database URL: %s", key, problem);
        return err_hint(err,
                        "the form is postgresql://user:password@host.example.com:5432/database");
    }
    if (shown)
        *shown = conn_url_shown(options);
    PQconninfoFree(options);
    return true;
}

static bool verifies(const char *mode, const char *root)
{
    if (root && strcmp(root, "system") == 0 && PQlibVersion() >= LIBPQ_KNOWS_SYSTEM)
        return true; /* anything else is refused by libpq itself */
    return mode && strcmp(mode, "verify-full") == 0;
}

static char *verify_warning(const PQconninfoOption *options)
{
    struct buf out = BUF_INIT;
    const char *mode = option_value(options, "sslmode");
    const char *root = option_value(options, "sslrootcert");

    if (!mode && option_value(options, "service"))
        return NULL; /* said in a file that only libpq reads */
    if (!mode)
        mode = getenv("PGSSLMODE");
    if (!root)
        root = getenv("PGSSLROOTCERT");
    if (!cloud_host(option_value(options, "host")) || verifies(mode, root))
        return NULL;
    if (mode)
        buf_addf(&out, "sslmode=%s", mode);
    else
        buf_adds(&out, "a URL without sslmode");
    buf_adds(&out, " does not make sure that it is the cluster that answers: write "
                   "sslmode=verify-full");
    if (!root) {
        buf_addch(&out, '&');
        hint_system_cas(&out, PQlibVersion());
    }
    return buf_detach(&out);
}

char *conn_url_warning(const char *url)
{
    PQconninfoOption *options = PQconninfoParse(url, NULL);
    char *warning = options ? verify_warning(options) : NULL;

    PQconninfoFree(options);
    return warning;
}

void conn_no_answer(const char *role, const char *url, int64_t waited_ms, struct err *err)
{
    PQconninfoOption *options = PQconninfoParse(url, NULL);
    struct connect_target target = {.host = options ? option_value(options, "host") : NULL};
    char *shown = options ? conn_url_shown(options) : NULL;
    struct buf hint = BUF_INIT;

    hint_no_answer(&hint, &target);
    err_set(err, ERR_UNREACHABLE, "the %s (%s) did not answer within %.3g s", role,
            shown ? shown : "?", (double)waited_ms / 1000);
    err_hint(err, "%s", hint.data);
    buf_release(&hint);
    free(shown);
    PQconninfoFree(options);
}

/* Where the host stands in a URL: after the last @ before the path, else after the scheme. */
static const char *host_start(const char *url)
{
    const char *scheme = strstr(url, "://");
    const char *end;
    const char *p;
    const char *start;

    if (!scheme)
        return NULL;
    start = scheme + 3;
    end = start + strcspn(start, "/?");
    for (p = start; p < end; p++)
        if (*p == '@')
            start = p + 1;
    return start;
}

char *conn_direct_url(const char *url)
{
    struct buf out = BUF_INIT;
    const char *host = host_start(url);
    const char *label_end;
    size_t len;
    size_t label;

    if (!host) {
        host = strstr(url, "host=");
        if (!host)
            return mem_strdup(url);
        host += 5;
        if (*host == '\'')
            host++;
    }
    len = strcspn(host, ":/?,' ");
    label = strcspn(host, ".");
    if (!neon_host(host, len) || label < 8 || label > len ||
        strncmp(host + label - 7, "-pooler", 7) != 0)
        return mem_strdup(url);
    label_end = host + label - 7;
    buf_add(&out, url, (size_t)(label_end - url));
    buf_adds(&out, host + label);
    return buf_detach(&out);
}
