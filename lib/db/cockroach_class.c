/*
 * What an expression gives, found in PostgreSQL's own printing of it, which puts every operator in
 * parentheses and names every cast.
 */
#include <ctype.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "db/cockroach_expr.h"
#include "db/cockroach_types.h"

/* --- scanning ----------------------------------------------------------------- */

size_t expr_quoted(const char *p, const char *end)
{
    const char *start = p, quote = *p;
    for (p++; p < end; p++)
        if (*p == quote && !(p + 1 < end && p[1] == quote))
            return (size_t)(p - start) + 1;
        else if (*p == quote)
            p++;
    return (size_t)(end - start);
}

bool expr_word_char(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '$' || (unsigned char)c >= 0x80;
}

size_t expr_word(const char *p, const char *end)
{
    const char *start = p;
    while (p < end && expr_word_char(*p))
        p++;
    return (size_t)(p - start);
}

bool expr_at_word(const char *p, const char *end, const char *word)
{
    size_t len = strlen(word);
    return end - p >= (ptrdiff_t)len && strncasecmp(p, word, len) == 0 &&
           !(p + len < end && expr_word_char(p[len]));
}

const char *expr_piece_end(const char *p, const char *end)
{
    size_t depth = 0;
    while (p < end) {
        if (*p == '\'' || *p == '"') {
            p += expr_quoted(p, end);
            continue;
        }
        if (depth == 0 && strchr(",)]", *p))
            break;
        depth += *p == '(' || *p == '[';
        depth -= depth > 0 && (*p == ')' || *p == ']');
        p++;
    }
    return p;
}

const char *expr_close(const char *p, const char *end)
{
    p = expr_piece_end(p, end);
    while (p < end && *p == ',')
        p = expr_piece_end(p + 1, end);
    return p;
}

const char *expr_type_end(const char *p, const char *end)
{
    static const char *const more[] = {" precision", " varying", " without time zone",
                                       " with time zone"};
    for (;;) {
        p += p < end && *p == '"' ? expr_quoted(p, end) : expr_word(p, end);
        if (p == end || *p != '.')
            break;
        p++;
    }
    for (bool again = true; again;) {
        again = false;
        if (end - p > 1 && *p == '(' && (isdigit((unsigned char)p[1]) || p[1] == '-')) {
            const char *close = memchr(p, ')', (size_t)(end - p));
            p = close ? close + 1 : end;
            again = close != NULL;
        }
        for (size_t i = 0; i < sizeof more / sizeof *more; i++)
            if (expr_at_word(p, end, more[i])) {
                p += strlen(more[i]);
                again = true;
            }
    }
    while (end - p > 1 && *p == '[' && p[1] == ']')
        p += 2;
    return p;
}

/* --- types -------------------------------------------------------------------- */

const char *class_name(enum expr_class class)
{
    static const char *const names[] = {
        [CLASS_UNKNOWN] = "an unknown type",
        [CLASS_NULL] = "NULL",
        [CLASS_OTHER] = "a type that CockroachDB lacks",
        [CLASS_BOOL] = "boolean",
        [CLASS_INTEGER] = "integer",
        [CLASS_DECIMAL] = "numeric",
        [CLASS_FLOAT] = "double precision",
        [CLASS_TEXT] = "text",
        [CLASS_PADDED] = "character(n)",
        [CLASS_BYTES] = "bytea",
        [CLASS_BITS] = "bit",
        [CLASS_DATE] = "date",
        [CLASS_TIME] = "time",
        [CLASS_TIMESTAMP] = "timestamp",
        [CLASS_INTERVAL] = "interval",
        [CLASS_JSON] = "jsonb",
        [CLASS_ARRAY] = "array",
        [CLASS_ADDRESS] = "inet",
        [CLASS_UUID] = "uuid",
        [CLASS_ENUM] = "enum",
        [CLASS_WORDS] = "tsvector",
        [CLASS_QUERY] = "tsquery",
        [CLASS_CONFIG] = "regconfig",
    };
    return names[class];
}

static enum expr_class built_in(const char *name)
{
    static const struct {
        const char *name;
        enum expr_class class;
    } types[] = {
        {"smallint", CLASS_INTEGER},
        {"integer", CLASS_INTEGER},
        {"bigint", CLASS_INTEGER},
        {"oid", CLASS_INTEGER},
        {"numeric", CLASS_DECIMAL},
        {"real", CLASS_FLOAT},
        {"double precision", CLASS_FLOAT},
        {"boolean", CLASS_BOOL},
        {"text", CLASS_TEXT},
        {"character varying", CLASS_TEXT},
        {"name", CLASS_TEXT},
        {"\"char\"", CLASS_TEXT},
        {"character", CLASS_PADDED},
        {"bpchar", CLASS_PADDED},
        {"bytea", CLASS_BYTES},
        {"bit", CLASS_BITS},
        {"bit varying", CLASS_BITS},
        {"date", CLASS_DATE},
        {"time without time zone", CLASS_TIME},
        {"time with time zone", CLASS_TIME},
        {"timestamp without time zone", CLASS_TIMESTAMP},
        {"timestamp with time zone", CLASS_TIMESTAMP},
        {"interval", CLASS_INTERVAL},
        {"json", CLASS_JSON},
        {"jsonb", CLASS_JSON},
        {"inet", CLASS_ADDRESS},
        {"cidr", CLASS_ADDRESS},
        {"uuid", CLASS_UUID},
        {"tsvector", CLASS_WORDS},
        {"tsquery", CLASS_QUERY},
        {"regconfig", CLASS_CONFIG},
        {"regclass", CLASS_UNKNOWN},
        {"pg_lsn", CLASS_UNKNOWN},
        {"geometry", CLASS_UNKNOWN},
        {"geography", CLASS_UNKNOWN},
        {"box2d", CLASS_UNKNOWN},
    };
    if (strncmp(name, "interval ", 9) == 0)
        return CLASS_INTERVAL;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strcmp(types[i].name, name) == 0)
            return types[i].class;
    return CLASS_OTHER;
}

enum expr_class class_of_type(const struct model *model, const char *type)
{
    struct type_text t = cockroach_take_apart(type);
    const struct model_type *named = model_type(model, t.name.data);
    enum expr_class class = CLASS_OTHER;
    if (named && named->kind == TYPE_ENUM)
        class = CLASS_ENUM;
    else if (named && named->kind == TYPE_DOMAIN)
        class = class_of_type(model, named->base);
    else if (named)
        class = named->kind == TYPE_COMPOSITE && cockroach_composite(named) ? CLASS_UNKNOWN
                                                                            : CLASS_OTHER;
    else
        class = built_in(t.name.data);
    if (t.nested || (t.array && class == CLASS_ARRAY))
        class = CLASS_OTHER;
    else if (t.array && class != CLASS_OTHER)
        class = CLASS_ARRAY;
    cockroach_type_text_release(&t);
    return class;
}

enum expr_class class_of_column(const struct model *model, const struct model_column *column)
{
    return column->dimensions > 1 ? CLASS_OTHER : class_of_type(model, column->type);
}

/* --- pieces ------------------------------------------------------------------- */

/* Of an array's elements. */
static enum expr_class element_class(const struct cockroach_expr *context, const char *column,
                                     size_t len)
{
    struct buf name = BUF_INIT;
    buf_add(&name, column, len);
    const struct model_column *found =
        context->table ? model_column(context->table, name.data) : NULL;
    buf_reset(&name);
    if (found)
        buf_adds(&name, found->type);
    char *bracket = strchr(name.data, '[');
    enum expr_class class = CLASS_UNKNOWN;
    if (bracket) {
        buf_truncate(&name, (size_t)(bracket - name.data));
        class = class_of_type(context->model, name.data);
    }
    buf_release(&name);
    return class;
}

static enum expr_class arithmetic(enum expr_class a, enum expr_class b, char op)
{
    if (a == CLASS_UNKNOWN || b == CLASS_UNKNOWN || a == CLASS_OTHER || b == CLASS_OTHER)
        return a == CLASS_OTHER || b == CLASS_OTHER ? CLASS_OTHER : CLASS_UNKNOWN;
    if (a == CLASS_INTERVAL && b != CLASS_DATE && b != CLASS_TIME && b != CLASS_TIMESTAMP)
        return CLASS_INTERVAL;
    if (op == '*' && b == CLASS_INTERVAL)
        return CLASS_INTERVAL;
    if ((a == CLASS_DATE || a == CLASS_TIME || a == CLASS_TIMESTAMP) && a == b && op == '-')
        return a == CLASS_DATE ? CLASS_INTEGER : CLASS_INTERVAL;
    if ((a == CLASS_DATE || b == CLASS_DATE) && (a == CLASS_INTEGER || b == CLASS_INTEGER))
        return CLASS_DATE;
    if (a == CLASS_DATE || b == CLASS_DATE || a == CLASS_TIMESTAMP || b == CLASS_TIMESTAMP)
        return CLASS_TIMESTAMP;
    if (a == CLASS_FLOAT || b == CLASS_FLOAT)
        return CLASS_FLOAT;
    if (a == CLASS_DECIMAL || b == CLASS_DECIMAL)
        return CLASS_DECIMAL;
    return a;
}

/* Of "left op right"; an empty left is a prefix. */
static enum expr_class operator_class(const struct cockroach_expr *context, const char *text,
                                      const char *op, size_t len, const char *end)
{
    static const struct {
        const char *op;
        enum expr_class class;
    } fixed[] = {{"->>", CLASS_TEXT},
                 {"#>>", CLASS_TEXT},
                 {"->", CLASS_JSON},
                 {"#>", CLASS_JSON},
                 {"#-", CLASS_JSON}};
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
        if (strlen(fixed[i].op) == len && strncmp(fixed[i].op, op, len) == 0)
            return fixed[i].class;
    bool computes = (len == 1 && strchr("+-*/%^&|#~", *op)) || strncmp(op, "||", 2) == 0 ||
                    (len == 2 && (strncmp(op, "<<", 2) == 0 || strncmp(op, ">>", 2) == 0));
    enum expr_class left = class_of_piece(context, text, (size_t)(op - text));
    enum expr_class right = class_of_piece(context, op + len, (size_t)(end - op) - len);
    bool empty = strspn(text, " ") >= (size_t)(op - text);
    if (!computes || (*op == '~' && !empty))
        return CLASS_BOOL;
    if (empty)
        return right;
    if (len == 2)
        return *op == '|' ? (left == CLASS_NULL || left == CLASS_UNKNOWN ? right : left)
                          : (left == CLASS_ADDRESS ? CLASS_BOOL : left);
    return arithmetic(left, right, *op);
}

static enum expr_class case_class(const struct cockroach_expr *context, const char *p,
                                  const char *end)
{
    enum expr_class class = CLASS_UNKNOWN;
    while (p < end && (class == CLASS_UNKNOWN || class == CLASS_NULL)) {
        const char *start = NULL;
        for (; p < end && !start; p++) {
            if (*p == '\'' || *p == '"')
                p += expr_quoted(p, end) - 1;
            else if (*p == '(' || *p == '[')
                p = expr_close(p + 1, end);
            else if (expr_at_word(p, end, "THEN") || expr_at_word(p, end, "ELSE"))
                start = p + 4;
        }
        if (!start)
            break;
        for (p = start; p < end; p++) {
            if (*p == '\'' || *p == '"')
                p += expr_quoted(p, end) - 1;
            else if (*p == '(' || *p == '[')
                p = expr_close(p + 1, end);
            else if (expr_at_word(p, end, "WHEN") || expr_at_word(p, end, "ELSE") ||
                     expr_at_word(p, end, "END"))
                break;
        }
        class = class_of_piece(context, start, (size_t)(p - start));
    }
    return class;
}

/* A word, perhaps a function or a subscripted column; nothing follows what belongs to it. */
static enum expr_class word_class(const struct cockroach_expr *context, const char *text,
                                  const char *end)
{
    static const struct {
        const char *word;
        enum expr_class class;
    } words[] = {
        {"null", CLASS_NULL},
        {"true", CLASS_BOOL},
        {"false", CLASS_BOOL},
        {"current_date", CLASS_DATE},
        {"current_time", CLASS_TIME},
        {"localtime", CLASS_TIME},
        {"array", CLASS_ARRAY},
        {"current_timestamp", CLASS_TIMESTAMP},
        {"localtimestamp", CLASS_TIMESTAMP},
        {"current_user", CLASS_TEXT},
        {"session_user", CLASS_TEXT},
        {"user", CLASS_TEXT},
        {"current_role", CLASS_TEXT},
    };
    struct buf name = BUF_INIT;
    enum expr_class class = CLASS_UNKNOWN;
    size_t len = *text == '"' ? expr_quoted(text, end) : expr_word(text, end);
    const char *after = text + len;
    if (*text == '"')
        for (const char *p = text + 1; p < after - 1; p++) {
            buf_addch(&name, *p);
            p += *p == '"';
        }
    else
        for (const char *p = text; p < after; p++)
            buf_addch(&name, (char)tolower((unsigned char)*p));
    const struct model_column *column =
        context->table ? model_column(context->table, name.data) : NULL;
    if (context->value && context->table && strcmp(name.data, "value") == 0)
        column = model_column(context->table, context->value);
    const struct function_rule *rule =
        after < end && *after == '(' ? function_rule(name.data) : NULL;
    if (after < end && *after == '.') {
        class = class_of_piece(context, after + 1, (size_t)(end - after) - 1);
    } else if (rule) {
        class = rule->gives;
        const char *stop = expr_piece_end(after + 1, end);
        if (class == CLASS_UNKNOWN)
            class = class_of_piece(context, after + 1, (size_t)(stop - after) - 1);
    } else if (after < end && *after == '[' && strcmp(name.data, "array") != 0) {
        class = element_class(context, name.data, name.len);
    } else if (column) {
        class = class_of_column(context->model, column);
    } else {
        for (size_t i = 0; i < sizeof words / sizeof *words; i++)
            if (strcmp(words[i].word, name.data) == 0)
                class = words[i].class;
    }
    buf_release(&name);
    return class;
}

/* What is left when neither an operator nor a cast is on the outside. */
static enum expr_class plain_class(const struct cockroach_expr *context, const char *text,
                                   const char *end)
{
    if (expr_at_word(text, end, "CASE"))
        return case_class(context, text + 4, end);
    if (*text == '\'' || (end - text > 1 && text[1] == '\'' && strchr("Ee", *text)))
        return CLASS_TEXT;
    if (end - text > 1 && text[1] == '\'' && strchr("BbXx", *text))
        return CLASS_BITS;
    if (isdigit((unsigned char)*text)) {
        for (const char *p = text; p < end; p++)
            if (strchr(".eE", *p))
                return CLASS_DECIMAL;
        return CLASS_INTEGER;
    }
    if (*text == '(') {
        const char *close = expr_close(text + 1, end);
        return close + 1 >= end ? class_of_piece(context, text + 1, (size_t)(close - text) - 1)
                                : CLASS_UNKNOWN;
    }
    return word_class(context, text, end);
}

/* Behind the END of the CASE at p. */
static const char *case_end(const char *p, const char *end)
{
    size_t depth = 0;
    while (p < end) {
        if (*p == '\'' || *p == '"') {
            p += expr_quoted(p, end);
        } else if (expr_word_char(*p)) {
            depth += expr_at_word(p, end, "CASE");
            depth -= expr_at_word(p, end, "END");
            p += expr_word(p, end);
            if (depth == 0)
                return p;
        } else {
            p++;
        }
    }
    return end;
}

enum expr_class class_of_piece(const struct cockroach_expr *context, const char *text, size_t len)
{
    static const char *const truths[] = {"AND", "OR", "NOT", "IS", "IN", NULL};
    const char *end = text + len, *cast = NULL;
    while (text < end && *text == ' ')
        text++;
    while (end > text && end[-1] == ' ')
        end--;
    if (text == end)
        return CLASS_UNKNOWN;
    const char *p = expr_at_word(text, end, "CASE") ? case_end(text, end) : text;
    while (p < end) {
        if (*p == '\'' || *p == '"') {
            p += expr_quoted(p, end);
        } else if (*p == '(' || *p == '[') {
            p = expr_close(p + 1, end) + 1;
        } else if (end - p > 1 && strncmp(p, "::", 2) == 0) {
            cast = p + 2;
            p = expr_type_end(cast, end);
        } else if (strchr("+-*/<>=~!@#%^&|?", *p)) {
            return operator_class(context, text, p, strspn(p, "+-*/<>=~!@#%^&|?"), end);
        } else if (expr_word_char(*p)) {
            size_t word = expr_word(p, end);
            for (size_t i = 0; truths[i]; i++)
                if (expr_at_word(p, end, truths[i]))
                    return CLASS_BOOL;
            if (expr_at_word(p, end, "AT"))
                return CLASS_TIMESTAMP;
            if (expr_at_word(p, end, "COLLATE"))
                return class_of_piece(context, text, (size_t)(p - text));
            p += word;
        } else {
            p++;
        }
    }
    if (cast) {
        struct buf type = BUF_INIT;
        buf_add(&type, cast, (size_t)(end - cast));
        enum expr_class class = class_of_type(context->model, type.data);
        buf_release(&type);
        return class;
    }
    return plain_class(context, text, end);
}
