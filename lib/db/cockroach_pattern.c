/*
 * Regular expressions: PostgreSQL's are those of Tcl, CockroachDB's those of RE2. What both read
 * alike is kept; a dot, which is no line break there, is made one; classes whose letters depend on
 * a locale here and are ASCII there, constraints and references are refused.
 */
#include "db/cockroach_expr.h"

#include <ctype.h>
#include <string.h>

struct pattern {
    const char *p, *end;
    struct buf *out;
    bool dot; /* there is one outside of brackets */
};

static bool at(const struct pattern *x, const char *text)
{
    size_t len = strlen(text);
    return (size_t)(x->end - x->p) >= len && strncmp(x->p, text, len) == 0;
}

static void keep(struct pattern *x, size_t len)
{
    buf_add(x->out, x->p, len);
    x->p += len;
}

/* A backslash and what follows it. */
static const char *escape(struct pattern *x)
{
    if (x->end - x->p < 2)
        return "its pattern ends with a backslash";
    unsigned char c = (unsigned char)x->p[1];
    if (strchr("bBmMyYAZ", c))
        return "its pattern has a constraint (\\b, \\m, \\y, ...) that is read otherwise there";
    if (isdigit(c))
        return "its pattern refers back to a part of itself, which CockroachDB cannot";
    if (strchr("wWsSxuUcea0", c))
        return "its pattern has an escape (\\w, \\s, ...) that stands for other characters there";
    if (c >= 0x80 || (isalpha(c) && !strchr("dDntrf", c)))
        return "its pattern has an escape that CockroachDB does not know";
    /* A quote is doubled in the literal. */
    keep(x, c == '\'' ? 3 : 2);
    return NULL;
}

static const char *brackets(struct pattern *x)
{
    keep(x, 1);
    if (at(x, "^"))
        keep(x, 1);
    if (at(x, "]"))
        keep(x, 1);
    while (x->p < x->end && *x->p != ']') {
        if (at(x, "[:digit:]") || at(x, "[:xdigit:]")) {
            keep(x, strcspn(x->p, "]") + 1);
        } else if (at(x, "[:") || at(x, "[.") || at(x, "[=")) {
            return "its pattern has a class of characters ([:alpha:], ...) that stands for others "
                   "there";
        } else if (*x->p == '\\') {
            const char *why = escape(x);
            if (why)
                return why;
        } else {
            keep(x, 1);
        }
    }
    if (x->p == x->end)
        return "its pattern has a bracket that does not end";
    keep(x, 1);
    return NULL;
}

/* A bound, {2,5}; what else a brace may be is not read alike. */
static const char *bound(struct pattern *x)
{
    size_t len = 1 + strspn(x->p + 1, "0123456789,");
    if (len < 2 || x->p[1] == ',' || x->p + len >= x->end || x->p[len] != '}')
        return "its pattern has a brace that is read otherwise there";
    keep(x, len + 1);
    return NULL;
}

static const char *one(struct pattern *x)
{
    if (*x->p == '\\')
        return escape(x);
    if (*x->p == '[')
        return brackets(x);
    if (*x->p == '{')
        return bound(x);
    if (at(x, "(?") && !at(x, "(?:"))
        return "its pattern looks ahead or behind, or has options, which CockroachDB reads "
               "otherwise";
    x->dot |= *x->p == '.';
    keep(x, at(x, "(?:") ? 3 : 1);
    return NULL;
}

const char *cockroach_pattern(struct buf *out, const char *pattern, size_t len)
{
    struct buf text = BUF_INIT;
    struct pattern x = {.p = pattern, .end = pattern + len, .out = &text};
    const char *why = len >= 3 && strncmp(pattern, "***", 3) == 0
                          ? "its pattern begins with ***, which CockroachDB does not know"
                          : NULL;
    while (!why && x.p < x.end)
        why = one(&x);
    if (!why)
        buf_addf(out, "%s%s", x.dot ? "(?s)" : "", text.data);
    buf_release(&text);
    return why;
}
