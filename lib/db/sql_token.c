/* Where SQL tokens end. What they mean, and whether they make sense together, is not looked at. */
#include "db/sql_token.h"

#include <string.h>
#include <strings.h>

/* The text at hand, and what to answer at its end. */
struct input {
    const char *end;
    bool final;
};

static bool is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f' || c == '\v';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool starts_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (unsigned char)c >= 0x80;
}

static bool continues_word(char c)
{
    return starts_word(c) || is_digit(c);
}

/* The token runs up to p; where p is the end of the text, more of it may come. */
static void ends_at(struct sql_token *token, enum sql_kind kind, const char *p,
                    const struct input *in)
{
    token->kind = p == in->end && !in->final ? SQL_MORE : kind;
    token->len = (size_t)(p - token->text);
}

/* As ends_at for a token whose last character is known to be its last. */
static void ends_before(struct sql_token *token, enum sql_kind kind, const char *p)
{
    token->kind = kind;
    token->len = (size_t)(p - token->text);
}

static void never_ends(struct sql_token *token, const struct input *in)
{
    token->kind = in->final ? SQL_UNENDED : SQL_MORE;
    token->len = (size_t)(in->end - token->text);
}

/* The line end behind p or the end of the text. A carriage return ends a line comment, too. */
static const char *line_end(const char *p, const char *end)
{
    while (p < end && *p != '\n' && *p != '\r')
        p++;
    return p;
}

static void read_comment(struct sql_token *token, const struct input *in)
{
    size_t depth = 1;
    for (const char *p = token->text + 2; p + 1 < in->end;) {
        if (p[0] == '/' && p[1] == '*') {
            depth++;
            p += 2;
        } else if (p[0] == '*' && p[1] == '/') {
            p += 2;
            if (--depth == 0) {
                ends_before(token, SQL_COMMENT, p);
                return;
            }
        } else {
            p++;
        }
    }
    never_ends(token, in);
}

/* Behind the quote that closes what begins at p, or NULL. Two in a row stand for one; is *open then
 * true, the last one is the end of the text and another may follow. */
static const char *quote_end(const char *p, char quote, const struct input *in, bool *open)
{
    *open = false;
    while ((p = memchr(p, quote, (size_t)(in->end - p)))) {
        p++;
        if (p == in->end) {
            *open = true;
            return p;
        }
        if (*p != quote)
            return p;
        p++;
    }
    return NULL;
}

/* The same for a string with backslash escapes. */
static const char *escaped_end(const char *p, const struct input *in, bool *open)
{
    *open = false;
    for (; p < in->end; p++) {
        if (*p == '\\') {
            p++;
        } else if (*p == '\'') {
            if (p + 1 == in->end) {
                *open = true;
                return p + 1;
            }
            if (p[1] != '\'')
                return p + 1;
            p++;
        }
    }
    return NULL;
}

static void read_quoted(struct sql_token *token, const char *first, const struct input *in)
{
    enum sql_kind kind = *first == '"' ? SQL_NAME : SQL_STRING;
    bool open;
    const char *p = quote_end(first + 1, *first, in, &open);
    if (!p)
        never_ends(token, in);
    else if (open)
        ends_at(token, kind, p, in);
    else
        ends_before(token, kind, p);
}

/*
 * Behind a closed string: the first character of its continuation, another quoted part after white
 * space with a line end in it; NULL where there is none. For most strings it does not matter, the
 * part reads like a string of its own; but in a part of E'..' a backslash escapes. *open: the text
 * ends before it is known.
 */
static const char *continuation(const char *p, const struct input *in, bool *open)
{
    bool newline = false;
    *open = false;
    for (; p < in->end; p++) {
        if (p[0] == '-' && p + 1 < in->end && p[1] == '-') {
            p = line_end(p, in->end);
            if (p == in->end)
                break;
            newline = true;
        } else if (*p == '\'') {
            return newline ? p + 1 : NULL;
        } else if (*p == '-' && p + 1 == in->end) {
            break;
        } else if (!is_space(*p)) {
            return NULL;
        }
        newline |= *p == '\n' || *p == '\r';
    }
    *open = !in->final;
    return NULL;
}

static void read_escaped(struct sql_token *token, const struct input *in)
{
    const char *p = token->text + 2; /* behind E' */
    for (;;) {
        bool open;
        const char *last = escaped_end(p, in, &open);
        if (!last) {
            never_ends(token, in);
            return;
        }
        p = open ? NULL : continuation(last, in, &open);
        if (p)
            continue;
        ends_before(token, open && !in->final ? SQL_MORE : SQL_STRING, last);
        if (token->kind == SQL_MORE)
            token->len = (size_t)(in->end - token->text);
        return;
    }
}

/* A dollar: $tag$..$tag$, $1, or a character of its own. */
static void read_dollar(struct sql_token *token, const struct input *in)
{
    const char *p = token->text + 1;
    if (p < in->end && is_digit(*p)) {
        while (p < in->end && is_digit(*p))
            p++;
        ends_at(token, SQL_NUMBER, p, in);
        return;
    }
    if (p < in->end && starts_word(*p))
        while (p < in->end && continues_word(*p))
            p++;
    if (p == in->end && !in->final) {
        never_ends(token, in);
        return;
    }
    if (p == in->end || *p != '$') {
        ends_before(token, SQL_SYMBOL, token->text + 1);
        return;
    }
    p++;
    size_t tag = (size_t)(p - token->text);
    const char *close = memmem(p, (size_t)(in->end - p), token->text, tag);
    if (close)
        ends_before(token, SQL_STRING, close + tag);
    else
        never_ends(token, in);
}

/* A word, or the letters before a quote that belong to it. */
static void read_word(struct sql_token *token, const struct input *in)
{
    const char *p = token->text;
    size_t left = (size_t)(in->end - p);
    if (left > 1 && p[1] == '\'' && (*p == 'e' || *p == 'E')) {
        read_escaped(token, in);
        return;
    }
    if (left > 1 && p[1] == '\'' && strchr("bBxXnN", *p)) {
        read_quoted(token, p + 1, in);
        return;
    }
    if ((*p == 'u' || *p == 'U') && left > 1 && p[1] == '&') {
        if (left > 2 && (p[2] == '\'' || p[2] == '"')) {
            read_quoted(token, p + 2, in);
            return;
        }
        if (left == 2 && !in->final) {
            never_ends(token, in);
            return;
        }
    }
    while (p < in->end && (continues_word(*p) || *p == '$'))
        p++;
    ends_at(token, SQL_WORD, p, in);
}

/* Digits with a point among them and an exponent that is complete; what else follows is another
 * token. */
static void read_number(struct sql_token *token, const struct input *in)
{
    const char *p = token->text;
    while (p < in->end && (is_digit(*p) || *p == '.'))
        p++;
    const char *exponent = p;
    if (p < in->end && (*p == 'e' || *p == 'E')) {
        p++;
        if (p < in->end && (*p == '+' || *p == '-'))
            p++;
        if (p < in->end && !is_digit(*p)) {
            ends_before(token, SQL_NUMBER, exponent);
            return;
        }
        if (p == in->end && in->final)
            p = exponent;
        while (p < in->end && is_digit(*p))
            p++;
    }
    ends_at(token, SQL_NUMBER, p, in);
}

static void read_symbol(struct sql_token *token, const struct input *in)
{
    const char *p = token->text + 1;
    if (*token->text != '-' && *token->text != '/') {
        ends_before(token, SQL_SYMBOL, p);
    } else if (p == in->end) {
        ends_at(token, SQL_SYMBOL, p, in);
    } else if (*token->text == '-' && *p == '-') {
        ends_at(token, SQL_LINE_COMMENT, line_end(p, in->end), in);
    } else if (*token->text == '/' && *p == '*') {
        read_comment(token, in);
    } else {
        ends_before(token, SQL_SYMBOL, p);
    }
}

void sql_token_read(struct sql_token *token, const char *text, const char *end, bool final)
{
    struct input in = {end, final};
    *token = (struct sql_token){SQL_END, text, 0};
    if (text == end) {
        token->kind = final ? SQL_END : SQL_MORE;
    } else if (is_space(*text)) {
        const char *p = text + 1;
        while (p < end && is_space(*p))
            p++;
        ends_before(token, SQL_SPACE, p);
    } else if (*text == '\'' || *text == '"') {
        read_quoted(token, text, &in);
    } else if (*text == '$') {
        read_dollar(token, &in);
    } else if (is_digit(*text)) {
        read_number(token, &in);
    } else if (starts_word(*text)) {
        read_word(token, &in);
    } else {
        read_symbol(token, &in);
    }
}

const char *sql_token_unended(const struct sql_token *token)
{
    switch (*token->text) {
    case '/':
        return "comment";
    case '$':
        return "dollar-quoted string";
    case '"':
        return "quoted name";
    case 'u':
    case 'U':
        return token->len > 2 && token->text[2] == '"' ? "quoted name" : "quoted string";
    default:
        return "quoted string";
    }
}

bool sql_token_is(const struct sql_token *token, const char *keyword)
{
    return token->kind == SQL_WORD && strlen(keyword) == token->len &&
           strncasecmp(token->text, keyword, token->len) == 0;
}
