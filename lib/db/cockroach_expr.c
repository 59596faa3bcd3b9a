/*
 * PostgreSQL expressions on CockroachDB, token by token. Casts get its names of types, LIKE is
 * written as a word (its parser takes ~~ for two operators and gives it another meaning),
 * collations go. What uses a function or an operator that it lacks is refused as a whole: a check
 * or a default that means something else would be worse than none.
 */
#include "db/cockroach_ddl.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "db/quote.h"

/* Functions that mean the same on both, and words that a parenthesis may follow; sorted. */
/* clang-format off */
static const char *const functions[] = {
    "abs", "acos", "age", "all", "and", "any", "array", "array_append", "array_cat",
    "array_length", "array_lower", "array_position", "array_positions", "array_prepend",
    "array_remove", "array_replace", "array_to_string", "array_upper", "as", "ascii", "asin",
    "atan", "atan2", "between", "bit_length", "btrim", "cardinality", "case", "cast", "cbrt",
    "ceil", "ceiling", "char_length", "character_length", "chr", "clock_timestamp", "coalesce",
    "concat", "concat_ws", "convert_from", "convert_to", "cos", "cot", "currval", "date_part",
    "date_trunc", "decode", "degrees", "difference", "digest", "distinct", "div", "else",
    "encode", "exp", "extract", "floor", "from", "gen_random_bytes", "gen_random_uuid",
    "greatest", "hmac", "host", "in", "initcap", "is", "isfinite", "json_array_length",
    "json_build_array", "json_build_object", "json_extract_path", "json_extract_path_text",
    "json_typeof", "jsonb_array_length", "jsonb_build_array", "jsonb_build_object",
    "jsonb_exists_any", "jsonb_extract_path", "jsonb_extract_path_text", "jsonb_insert",
    "jsonb_set", "jsonb_strip_nulls", "jsonb_typeof", "lastval", "least", "left", "length",
    "ln", "log", "lower", "lpad", "ltrim", "make_date", "make_timestamp", "make_timestamptz",
    "masklen", "md5", "mod", "nextval", "not", "now", "nullif", "num_nonnulls", "num_nulls",
    "octet_length", "or", "overlay", "phraseto_tsquery", "pi", "plainto_tsquery", "position",
    "pow", "power", "quote_ident", "quote_literal", "quote_nullable", "radians", "random",
    "regexp_replace", "repeat", "replace", "reverse", "right", "round", "row", "rpad", "rtrim",
    "sign", "similarity", "sin", "some", "soundex", "split_part", "sqrt", "starts_with",
    "statement_timestamp", "string_to_array", "strpos", "substr", "substring", "tan", "then",
    "timezone", "to_hex", "to_json", "to_jsonb", "to_timestamp", "to_tsquery",
    "to_tsvector", "transaction_timestamp", "translate", "trim", "trunc", "upper",
    "uuid_generate_v1", "uuid_generate_v4", "uuid_nil", "when", "width_bucket",
};
/* clang-format on */

static const struct {
    const char *from, *to;
} operators[] = {
    {"~~", "LIKE"}, {"!~~", "NOT LIKE"}, {"~~*", "ILIKE"}, {"!~~*", "NOT ILIKE"},
    {"+", "+"},     {"-", "-"},          {"*", "*"},       {"/", "/"},
    {"%", "%"},     {"^", "^"},          {"<", "<"},       {">", ">"},
    {"<=", "<="},   {">=", ">="},        {"=", "="},       {"<>", "<>"},
    {"||", "||"},   {"->", "->"},        {"->>", "->>"},   {"#>", "#>"},
    {"#>>", "#>>"}, {"@>", "@>"},        {"<@", "<@"},     {"?", "?"},
    {"?|", "?|"},   {"?&", "?&"},        {"&&", "&&"},     {"~", "~"},
    {"~*", "~*"},   {"!~", "!~"},        {"!~*", "!~*"},   {"&", "&"},
    {"|", "|"},     {"#", "#"},          {"<<", "<<"},     {">>", ">>"},
    {"@@", "@@"},   {"#-", "#-"},
};

/* The scanner's place, and where the result goes. */
struct scan {
    struct cockroach_expr *context;
    const char *p;
    struct buf *sql;
    bool failed;
    bool division, integers, exact; /* for integer division, which gives a fraction there */
};

static void refuse(struct scan *scan, const char *what, const char *text, size_t len)
{
    if (!scan->failed)
        buf_addf(&scan->context->why, "CockroachDB has no %s%s%.*s", what, len ? " " : "", (int)len,
                 text);
    scan->failed = true;
}

static void refuse_type(struct scan *scan, const char *type)
{
    if (!scan->failed)
        buf_addf(&scan->context->why, "an expression over %s means something else there", type);
    scan->failed = true;
}

static int compare_words(const void *key, const void *word)
{
    return strcmp(key, *(const char *const *)word);
}

static bool known_function(const char *name)
{
    return strncmp(name, "st_", 3) == 0 ||
           bsearch(name, functions, sizeof functions / sizeof *functions, sizeof *functions,
                   compare_words);
}

static size_t quoted_length(const char *p)
{
    size_t len = 1;
    while (p[len] && (p[len] != *p || p[len + 1] == *p))
        len += p[len] == *p ? 2 : 1;
    return p[len] ? len + 1 : len;
}

static bool word_char(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '$' || (unsigned char)c >= 0x80;
}

static size_t word_length(const char *p)
{
    size_t len = 0;
    while (word_char(p[len]))
        len++;
    return len;
}

static bool at_word(const char *p, const char *word)
{
    size_t len = strlen(word);
    return strncasecmp(p, word, len) == 0 && !word_char(p[len]);
}

/* The end of the name of a type that follows "::". Names of more than one word are PostgreSQL's
 * own. */
static const char *type_end(const char *p)
{
    static const char *const more[] = {"precision", "varying", "without time zone",
                                       "with time zone"};
    for (;;) {
        p += *p == '"' ? quoted_length(p) : word_length(p);
        if (*p != '.')
            break;
        p++;
    }
    for (bool again = true; again;) {
        again = false;
        if (*p == '(' && isdigit((unsigned char)p[1])) {
            const char *close = strchr(p, ')');
            p = close ? close + 1 : p + 1;
            again = true;
        }
        for (size_t i = 0; i < sizeof more / sizeof *more; i++)
            if (*p == ' ' && at_word(p + 1, more[i])) {
                p += 1 + strlen(more[i]);
                again = true;
            }
    }
    while (*p == '[' && p[1] == ']')
        p += 2;
    return p;
}

static void scan_cast(struct scan *scan)
{
    const char *start = scan->p + 2, *end = type_end(start);
    struct buf type = BUF_INIT;
    const char *why;
    buf_add(&type, start, (size_t)(end - start));
    buf_adds(scan->sql, "::");
    if (strcmp(type.data, "\"bit\"") == 0)
        buf_adds(scan->sql, "VARBIT"); /* of any length; BIT is one bit */
    else
        cockroach_type(scan->sql, scan->context->model, type.data, scan->context->version, &why);
    /* What works on it there is not what works here; a literal is fine. */
    if (scan->context->table && strstr(type.data, "citext"))
        refuse_type(scan, "citext");
    scan->exact |= strstr(type.data, "numeric") || strstr(type.data, "double precision") ||
                   strstr(type.data, "real");
    buf_release(&type);
    scan->p = end;
}

static void scan_operator(struct scan *scan)
{
    static const char symbols[] = "+-*/<>=~!@#%^&|?";
    size_t len = strspn(scan->p, symbols);
    for (size_t i = 0; i < sizeof operators / sizeof *operators; i++) {
        if (strlen(operators[i].from) != len || strncmp(operators[i].from, scan->p, len) != 0)
            continue;
        buf_adds(scan->sql, operators[i].to);
        scan->division |= len == 1 && *scan->p == '/';
        scan->p += len;
        return;
    }
    refuse(scan, "operator", scan->p, len);
    scan->p += len;
}

static void scan_collation(struct scan *scan)
{
    /* The blank before the word goes too. */
    if (scan->sql->len > 0 && scan->sql->data[scan->sql->len - 1] == ' ')
        buf_truncate(scan->sql, scan->sql->len - 1);
    scan->p += strlen("COLLATE");
    while (*scan->p == ' ' || *scan->p == '.' || *scan->p == '"' || word_char(*scan->p)) {
        bool blank = *scan->p == ' ';
        scan->p += *scan->p == '"' ? quoted_length(scan->p) : 1;
        if (!blank && (*scan->p == ' ' || *scan->p == ')'))
            break;
    }
}

static void scan_function(struct scan *scan, const char *name, size_t len)
{
    if (strcmp(name, "uuidv7") == 0 || strcmp(name, "uuidv4") == 0) {
        buf_adds(scan->sql, "gen_random_uuid");
    } else if (known_function(name)) {
        buf_add(scan->sql, scan->p, len);
    } else {
        refuse(scan, "function", name, strlen(name));
    }
    scan->p += len;
}

/*
 * A column in an expression. One whose type is another there takes no part: lower() of a range is
 * not lower() of a string.
 */
static void check_column(struct scan *scan, const struct model_column *column)
{
    struct buf type = BUF_INIT;
    const char *why;
    cockroach_column_type(&type, scan->context->model, column, scan->context->version, &why);
    if ((why && strcmp(type.data, "STRING") == 0) || strstr(type.data, "CITEXT"))
        refuse_type(scan, column->type);
    if (column->generated && scan->context->no_generated)
        refuse(scan, "index or generated column over the generated column", column->name,
               strlen(column->name));
    scan->integers |= strncmp(type.data, "INT", 3) == 0 && strncmp(type.data, "INTERVAL", 8) != 0;
    buf_release(&type);
}

/* A name, perhaps quoted, perhaps qualified; a function when a parenthesis follows. */
static void scan_name(struct scan *scan)
{
    const struct model_table *table = scan->context->table;
    size_t len = *scan->p == '"' ? quoted_length(scan->p) : word_length(scan->p);
    const char *after = scan->p + len;
    struct buf name = BUF_INIT;
    if (*scan->p == '"') {
        for (const char *p = scan->p + 1; p < after - 1; p++) {
            buf_addch(&name, *p);
            p += *p == '"';
        }
    } else {
        buf_add(&name, scan->p, len);
        for (size_t i = 0; i < len; i++)
            name.data[i] = (char)tolower((unsigned char)name.data[i]);
    }
    const struct model_column *column = table ? model_column(table, name.data) : NULL;
    if (at_word(scan->p, "OPERATOR") && *after == '(') {
        refuse(scan, "operator", after + 1, strcspn(after + 1, ")"));
        scan->p = after;
    } else if (at_word(scan->p, "COLLATE")) {
        scan_collation(scan);
    } else if (at_word(scan->p, "VALUE") && scan->context->value) {
        const struct model_column *of = table ? model_column(table, scan->context->value) : NULL;
        if (of)
            check_column(scan, of);
        quote_ident(scan->sql, scan->context->value);
        scan->p = after;
    } else if (*after == '(' || (*after == ' ' && after[1] == '(' && *scan->p == '"')) {
        scan_function(scan, name.data, len);
    } else if (*after == '.' && after[1] != '*') {
        /* The qualifier of a function goes: what is known is known without it. */
        const char *next = after + 1;
        size_t next_len = *next == '"' ? quoted_length(next) : word_length(next);
        if (next[next_len] != '(')
            buf_add(scan->sql, scan->p, len + 1);
        scan->p = next;
    } else {
        if (column)
            check_column(scan, column);
        buf_add(scan->sql, scan->p, len);
        scan->p = after;
    }
    buf_release(&name);
}

bool cockroach_expression(struct buf *sql, struct cockroach_expr *context, const char *expr)
{
    const size_t start = sql->len;
    struct scan scan = {.context = context, .p = expr, .sql = sql};
    buf_reset(&context->why);
    if (context->model->engine == ENGINE_COCKROACH) {
        buf_adds(sql, expr);
        return true;
    }
    while (*scan.p && !scan.failed) {
        const char *p = scan.p;
        if (*p == '\'') {
            size_t len = quoted_length(p);
            buf_add(sql, p, len);
            scan.p += len;
        } else if (strncmp(p, "::", 2) == 0) {
            scan_cast(&scan);
        } else if (*p == '"' || (word_char(*p) && !isdigit((unsigned char)*p))) {
            /* E'...' and B'...' are one token with their letter. */
            if (p[1] == '\'' && strchr("EBXebx", *p)) {
                buf_addch(sql, *p);
                scan.p++;
            } else {
                scan_name(&scan);
            }
        } else if (word_char(*p)) {
            size_t len = strspn(p, "0123456789.eE");
            buf_add(sql, p, len);
            scan.p += len;
        } else if (strchr("+-*/<>=~!@#%^&|?", *p)) {
            scan_operator(&scan);
        } else {
            buf_addch(sql, *scan.p++);
        }
    }
    if (scan.division && scan.integers && !scan.exact)
        refuse(&scan, "division of integers that leaves out the fraction", "", 0);
    if (scan.failed)
        buf_truncate(sql, start);
    return !scan.failed;
}
