/*
 * CockroachDB's expressions in PostgreSQL's spelling: types that only it knows, and words of the
 * SQL standard that it prints as functions.
 */
#include "db/postgres_ddl.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* CockroachDB's names of types that PostgreSQL does not know. */
static const struct {
    const char *from, *to;
} type_words[] = {
    {"STRING", "text"},     {"BYTES", "bytea"},
    {"FLOAT8", "float8"},   {"INT", "bigint"},
    {"DECIMAL", "numeric"}, {"FLOAT", "double precision"},
    {"INT8", "bigint"},     {"TIMESTAMPTZ", "timestamptz"},
};

static const char *const keywords[] = {"current_timestamp", "current_date", "current_time",
                                       "localtimestamp",    "localtime",    "current_user",
                                       "session_user",      "current_role"};

static size_t word_length(const char *p)
{
    size_t len = 0;
    while (isalnum((unsigned char)p[len]) || p[len] == '_')
        len++;
    return len;
}

static bool is_word(const char *p, size_t len, const char *word)
{
    return strlen(word) == len && strncasecmp(word, p, len) == 0;
}

static size_t quoted_length(const char *p, bool escapes)
{
    size_t len = 1;
    while (p[len] && (p[len] != *p || p[len + 1] == *p))
        len += (p[len] == *p || (escapes && p[len] == '\\')) && p[len + 1] ? 2 : 1;
    return p[len] ? len + 1 : len;
}

static void add_type(struct buf *sql, const char *p, size_t len)
{
    const char *known = NULL;
    for (size_t i = 0; !known && i < sizeof type_words / sizeof *type_words; i++)
        if (is_word(p, len, type_words[i].from))
            known = type_words[i].to;
    if (known && p[len] == '(' && strcmp(known, "text") == 0)
        known = "varchar";
    if (known)
        buf_adds(sql, known);
    else
        buf_add(sql, p, len);
}

/* The length of "()" that must not follow the word. */
static size_t empty_call(const char *p, size_t len)
{
    for (size_t i = 0; i < sizeof keywords / sizeof *keywords; i++)
        if (is_word(p, len, keywords[i]) && strncmp(p + len, "()", 2) == 0)
            return 2;
    return 0;
}

void postgres_expr(struct buf *sql, const struct model *model, const char *expr)
{
    if (model->engine == ENGINE_POSTGRES) {
        buf_adds(sql, expr);
        return;
    }
    for (const char *p = expr; *p;) {
        size_t len = word_length(p), skipped = 0;
        if (*p == '\'' || *p == '"') {
            len = quoted_length(p, false);
        } else if (len == 1 && (*p == 'e' || *p == 'E') && p[1] == '\'') {
            len += quoted_length(p + 1, true);
        } else if (strncmp(p, "::", 2) == 0) {
            buf_adds(sql, "::");
            p += 2;
            len = word_length(p);
            add_type(sql, p, len);
            p += len;
            continue;
        } else if (len == 0) {
            len = 1;
        } else {
            skipped = empty_call(p, len);
        }
        buf_add(sql, p, len);
        p += len + skipped;
    }
}
