/* Cutting a list of arguments at its commas, with an eye on quotes and parentheses. */
#include "repl/routine_arguments.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

static bool in_word(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '$' || (c & 0x80);
}

/* The end of what is quoted from p on: "...", '...', E'...' or $tag$...$tag$; p when nothing is. */
static const char *skip_quoted(const char *p, const char *start)
{
    char quote = *p;
    bool escapes = quote == '\'' && p > start && (p[-1] == 'E' || p[-1] == 'e');

    if (quote == '$' && !(p > start && in_word(p[-1]))) {
        size_t tag = 1;
        const char *q;

        while (isalnum((unsigned char)p[tag]) || p[tag] == '_' || (p[tag] & 0x80))
            tag++;
        if (p[tag++] != '$')
            return p;
        for (q = p + tag; *q && strncmp(q, p, tag) != 0; q++)
            ;
        return *q ? q + tag : q;
    }
    if (quote != '"' && quote != '\'')
        return p;
    for (p++; *p; p++) {
        if (escapes && *p == '\\' && p[1])
            p++;
        else if (*p == quote && p[1] == quote)
            p++;
        else if (*p == quote)
            return p + 1;
    }
    return p;
}

/* The length of the word at p when it is this one, else 0. */
static size_t word_at(const char *p, const char *start, const char *word)
{
    size_t len = strlen(word);

    if (strncasecmp(p, word, len) != 0 || in_word(p[len]) || (p > start && in_word(p[-1])))
        return 0;
    return len;
}

/* ORDER BY at p: its length. */
static size_t order_at(const char *p, const char *start)
{
    size_t len = word_at(p, start, "ORDER");

    if (!len)
        return 0;
    len += strspn(p + len, " \t\r\n");
    return word_at(p + len, start, "BY") ? len + 2 : 0;
}

/* What ends an argument at p, outside of quotes and parentheses; 0 when it goes on. */
static size_t end_at(const char *p, const char *start, bool *order)
{
    *order = false;
    if (*p == ',')
        return 1;
    *order = order_at(p, start) > 0;
    return order_at(p, start);
}

/* A default begins at p: "=", ":=" or the word. */
static bool default_at(const char *p, const char *start)
{
    return *p == '=' || !strncmp(p, ":=", 2) || word_at(p, start, "DEFAULT");
}

/* Copies the argument before `end`, without what stands in parentheses, up to its default. */
static void copy(struct buf *out, const char *text, const char *end)
{
    const char *p = text;
    size_t first = out->len;
    int depth = 0;

    while (p < end && !(depth == 0 && default_at(p, text))) {
        const char *next = skip_quoted(p, text);

        if (next > p) {
            if (depth == 0)
                buf_add(out, p, (size_t)(next - p));
            p = next;
            continue;
        }
        depth += *p == '(';
        if (depth == 0 && isspace((unsigned char)*p) && out->len > first &&
            out->data[out->len - 1] != ' ')
            buf_addch(out, ' ');
        else if (depth == 0 && !isspace((unsigned char)*p))
            buf_addch(out, *p >= 'A' && *p <= 'Z' ? (char)(*p + 'a' - 'A') : *p);
        depth -= *p == ')';
        p++;
    }
    while (out->len > first && out->data[out->len - 1] == ' ')
        buf_truncate(out, out->len - 1);
}

static bool starts_with(const char *text, const char *word, size_t *len)
{
    *len = strlen(word);
    return !strncmp(text, word, *len) && text[*len] == ' ' && ++*len;
}

/* Takes the mode away; false for an argument that is no input, or none at all. */
static bool take_mode(struct buf *argument, bool *variadic)
{
    size_t len;

    *variadic = starts_with(argument->data, "variadic", &len);
    if (argument->len == 0 || !strcmp(argument->data, "*") ||
        starts_with(argument->data, "out", &len))
        return false;
    if (starts_with(argument->data, "in out", &len) || starts_with(argument->data, "inout", &len) ||
        starts_with(argument->data, "in", &len) || starts_with(argument->data, "variadic", &len)) {
        memmove(argument->data, argument->data + len, argument->len - len + 1);
        argument->len -= len;
    }
    return true;
}

/* Where the argument at p ends: at a comma, ORDER BY, the closing parenthesis or the end. */
static const char *end_of(const char *p, const char *start, bool *order, size_t *separator)
{
    int depth = 0;

    while (*p) {
        const char *next = skip_quoted(p, start);

        if (next > p) {
            p = next;
            continue;
        }
        *separator = depth == 0 ? end_at(p, start, order) : 0;
        if (*separator || (*p == ')' && depth == 0))
            return p;
        depth += (*p == '(' || *p == '[') - (*p == ')' || *p == ']');
        p++;
    }
    *separator = 0;
    return p;
}

void routine_arguments(struct buf *out, const char *text)
{
    struct buf argument = BUF_INIT;
    bool first = true;
    bool ordered = false;
    bool before_order = false; /* the last argument before ORDER BY is variadic */
    bool variadic;
    size_t separator;

    text += strspn(text, " \t\r\n");
    text += *text == '(';
    do {
        bool order = false;
        const char *end = end_of(text, text, &order, &separator);

        buf_reset(&argument);
        copy(&argument, text, end);
        if (take_mode(&argument, &variadic) && !(variadic && ordered && before_order)) {
            if (!first)
                buf_addch(out, ROUTINE_SEPARATOR);
            buf_add(out, argument.data, argument.len);
            first = false;
        }
        if (order) {
            ordered = true;
            before_order = variadic;
        }
        text = end + separator;
    } while (separator);
    buf_release(&argument);
}
