/* Walks the tokens of a statement, and takes names and constants out of their quotes. */
#include "db/statement_reader.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void reader_init(struct reader *reader, const char *text)
{
    reader->end = text + strlen(text);
    reader->token = (struct sql_token){SQL_SPACE, text, 0};
    reader_next(reader);
    reader->gap = false;
}

static bool is_left_out(const struct sql_token *token)
{
    return token->kind == SQL_SPACE || token->kind == SQL_LINE_COMMENT ||
           token->kind == SQL_COMMENT;
}

void reader_next(struct reader *reader)
{
    reader->gap = false;
    for (;;) {
        const char *p = reader->token.text + reader->token.len;
        sql_token_read(&reader->token, p, reader->end, true);
        if (!is_left_out(&reader->token))
            return;
        reader->gap = true;
    }
}

bool reader_at_end(const struct reader *reader)
{
    return reader->token.kind == SQL_END;
}

bool reader_is(const struct reader *reader, const char *keyword)
{
    return sql_token_is(&reader->token, keyword);
}

bool reader_take(struct reader *reader, const char *keywords)
{
    struct reader walk = *reader;
    while (*keywords) {
        char word[32];
        size_t len = strcspn(keywords, " ");
        if (len >= sizeof word)
            return false;
        memcpy(word, keywords, len);
        word[len] = '\0';
        if (!reader_is(&walk, word))
            return false;
        reader_next(&walk);
        keywords += len + (keywords[len] == ' ');
    }
    *reader = walk;
    return true;
}

bool reader_is_symbol(const struct reader *reader, char symbol)
{
    return reader->token.kind == SQL_SYMBOL && *reader->token.text == symbol;
}

bool reader_take_symbol(struct reader *reader, char symbol)
{
    if (!reader_is_symbol(reader, symbol))
        return false;
    reader_next(reader);
    return true;
}

/* Between quotes that stand doubled for themselves. */
static char *undouble(const char *p, const char *end, char quote)
{
    struct buf out = BUF_INIT;
    for (; p < end; p++) {
        buf_addch(&out, *p);
        p += *p == quote;
    }
    return buf_detach(&out);
}

char *reader_take_name(struct reader *reader)
{
    const struct sql_token *token = &reader->token;
    char *name = NULL;
    if (token->kind == SQL_WORD) {
        name = mem_strndup(token->text, token->len);
        for (char *p = name; *p; p++)
            if (*p >= 'A' && *p <= 'Z')
                *p = (char)(*p - 'A' + 'a');
    } else if (token->kind == SQL_NAME && *token->text == '"') {
        /* U&"..", which no dump has, is no name here. */
        name = undouble(token->text + 1, token->text + token->len - 1, '"');
    }
    if (name)
        reader_next(reader);
    return name;
}

bool reader_take_qualified(struct reader *reader, char **schema, char **name)
{
    *schema = NULL;
    *name = reader_take_name(reader);
    if (!*name || !reader_take_symbol(reader, '.'))
        return *name != NULL;
    *schema = *name;
    *name = reader_take_name(reader);
    if (*name && !reader_is_symbol(reader, '.'))
        return true;
    free(*schema);
    free(*name);
    *schema = *name = NULL;
    return false;
}

bool reader_take_operator(struct reader *reader, char **schema, char **name)
{
    struct buf symbols = BUF_INIT;
    *name = NULL;
    *schema = reader_take_name(reader);
    bool ok = !*schema || reader_take_symbol(reader, '.');
    while (ok && reader->token.kind == SQL_SYMBOL &&
           strchr("+-*/<>=~!@#%^&|`?", *reader->token.text)) {
        buf_addch(&symbols, *reader->token.text);
        reader_next(reader);
    }
    if (symbols.len > 0) {
        *name = buf_detach(&symbols);
        return true;
    }
    free(*schema);
    *schema = NULL;
    return false;
}

bool reader_take_names(struct reader *reader, struct strlist *names)
{
    if (!reader_take_symbol(reader, '('))
        return false;
    do {
        char *name = reader_take_name(reader);
        if (!name)
            return false;
        strlist_add(names, name);
        free(name);
    } while (reader_take_symbol(reader, ','));
    return reader_take_symbol(reader, ')');
}

/* Between E' and ', where a backslash changes what follows; NULL for an escape by number. */
static char *unescape(const char *p, const char *end)
{
    static const char letters[] = "bfnrt\\'\"", meant[] = "\b\f\n\r\t\\'\"";
    struct buf out = BUF_INIT;
    for (; p < end; p++) {
        const char *letter = letters;
        if (*p == '\\') {
            letter = strchr(letters, *++p);
            if (letter)
                buf_addch(&out, meant[letter - letters]);
        } else if (*p == '\'' && p[1] != '\'') {
            letter = NULL; /* it goes on in another line */
        } else {
            buf_addch(&out, *p);
            p += *p == '\'';
        }
        if (!letter) {
            buf_release(&out);
            return NULL;
        }
    }
    return buf_detach(&out);
}

char *reader_take_string(struct reader *reader)
{
    const struct sql_token *token = &reader->token;
    const char *end = token->text + token->len - 1;
    char *text = NULL;
    if (token->kind != SQL_STRING)
        return NULL;
    if (*token->text == '\'')
        text = undouble(token->text + 1, end, '\'');
    else if (*token->text == 'E' || *token->text == 'e')
        text = unescape(token->text + 2, end);
    if (text)
        reader_next(reader);
    return text;
}

bool reader_take_number(struct reader *reader)
{
    struct reader walk = *reader;
    if (!reader_take_symbol(&walk, '-'))
        reader_take_symbol(&walk, '+');
    if (walk.token.kind != SQL_NUMBER || *walk.token.text == '$')
        return false;
    reader_next(&walk);
    *reader = walk;
    return true;
}

void reader_copy(const struct reader *reader, struct buf *text)
{
    if (reader->gap && text->len > 0 && text->data[text->len - 1] != '(' &&
        !reader_is_symbol(reader, ')') && !reader_is_symbol(reader, ','))
        buf_addch(text, ' ');
    buf_add(text, reader->token.text, reader->token.len);
}

bool reader_take_parens(struct reader *reader, struct buf *text)
{
    size_t depth = 0;
    if (!reader_is_symbol(reader, '('))
        return false;
    while (!reader_at_end(reader) && reader->token.kind != SQL_UNENDED) {
        depth += reader_is_symbol(reader, '(');
        depth -= reader_is_symbol(reader, ')');
        if (text)
            reader_copy(reader, text);
        reader_next(reader);
        if (depth == 0)
            return true;
    }
    return false;
}

bool reader_find(struct reader *reader, const char *keyword)
{
    while (!reader_at_end(reader) && !reader_is(reader, keyword))
        if (!reader_is_symbol(reader, '('))
            reader_next(reader);
        else if (!reader_take_parens(reader, NULL))
            return false;
    return reader_is(reader, keyword);
}
