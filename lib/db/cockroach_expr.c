/*
 * PostgreSQL expressions on CockroachDB, token by token. Casts get its names of types, LIKE is
 * written as a word (its parser takes ~~ for two operators and gives it another meaning),
 * collations go, integers are divided by //. What it lacks, or what means something else there, is
 * refused as a whole: a check or a default that means something else would be worse than none.
 */
#include "db/cockroach_expr.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "db/quote.h"

#define DEPTH 200

/* What a bracket opened. */
struct group {
    const char *begin;    /* just behind it */
    const char *start;    /* of the operand that is being read */
    const char *branches; /* the outermost CASE that has not ended in it */
    size_t cases;
    const char *inside; /* what goes before the bracket that closes it, or NULL */
    const char *behind; /* and behind it */
    bool array;
};

/* The scanner's place, and where the result goes. */
struct scan {
    struct cockroach_expr *context;
    const char *p, *end;
    struct buf *sql;
    bool failed;
    struct group groups[DEPTH];
    size_t depth;
    const char *closed;       /* just behind the last bracket that closed */
    const char *closed_start; /* and where that began */
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

static void refuse_meaning(struct scan *scan, const char *why)
{
    if (!scan->failed)
        buf_adds(&scan->context->why, why);
    scan->failed = true;
}

static void open_group(struct scan *scan, bool array, const char *inside, const char *behind)
{
    if (scan->depth + 1 == DEPTH) {
        refuse_meaning(scan, "it is nested too deeply");
        return;
    }
    buf_addch(scan->sql, *scan->p++);
    scan->groups[++scan->depth] = (struct group){
        .begin = scan->p, .start = scan->p, .inside = inside, .behind = behind, .array = array};
}

static void close_group(struct scan *scan)
{
    struct group *group = &scan->groups[scan->depth];
    if (scan->depth > 0) {
        buf_adds(scan->sql, group->inside ? group->inside : "");
        scan->closed_start = group->begin;
        scan->depth--;
    }
    buf_addch(scan->sql, *scan->p++);
    scan->closed = scan->p;
    if (group->behind)
        buf_adds(scan->sql, group->behind);
}

/* --- literals and casts ------------------------------------------------------- */

/* '$1,234.50' in digits; false when it is written otherwise. */
static bool money_digits(struct scan *scan, const char *text, size_t len)
{
    struct buf digits = BUF_INIT;
    bool good = len > 2;
    for (size_t i = 1; i + 1 < len && good; i++) {
        good = isdigit((unsigned char)text[i]) || strchr("-$,.", text[i]);
        if (text[i] != '$' && text[i] != ',')
            buf_addch(&digits, text[i]);
    }
    if (good)
        buf_addf(scan->sql, "'%s'", digits.data);
    buf_release(&digits);
    return good;
}

/*
 * 'seq', '"Seq"', 'public.seq': one of the model's, written with its schema. False for what is not
 * carried.
 */
static bool write_sequence(struct buf *sql, const struct model *model, const char *text, size_t len)
{
    struct buf name = BUF_INIT;
    const char *p = text + 1, *end = text + len - 1;
    size_t schema = strlen(model->schema);
    if ((size_t)(end - p) > schema && strncmp(p, model->schema, schema) == 0 && p[schema] == '.')
        p += schema + 1;
    bool quoted = p < end && *p == '"';
    for (p += quoted; p < end - quoted; p++) {
        p += (*p == '\'' || (quoted && *p == '"')) && p + 1 < end;
        buf_addch(&name, *p);
    }
    const struct model_sequence *sequence = model_sequence(model, name.data);
    if (sequence) {
        buf_reset(&name);
        ddl_name(&name, model, sequence->name);
        quote_literal(sql, name.data);
    }
    buf_release(&name);
    return sequence != NULL;
}

/* A literal whose type decides how it is written. Returns true when it was written. */
static bool typed_literal(struct scan *scan, const char *text, size_t len, const char *type)
{
    const struct model *model = scan->context->model;
    bool array = strchr(type, '[') != NULL;
    if (strcmp(type, "money") == 0) {
        if (!money_digits(scan, text, len))
            refuse_type(scan, type);
        return true;
    }
    if (strstr(type, "hstore"))
        refuse_type(scan, type);
    if (array && len > 2 && (text[1] == '[' || strncmp(text + 1, "{{", 2) == 0))
        refuse_meaning(scan, "an array of arrays, or with other bounds, does not exist there");
    if (strcmp(type, "regclass") == 0) {
        if (!write_sequence(scan->sql, model, text, len))
            refuse_meaning(scan, "what it names is not carried to CockroachDB");
        return true;
    }
    if (strcmp(type, "bpchar") == 0 || strncmp(type, "character(", 10) == 0) {
        /* Blanks at the end count for nothing here. */
        size_t kept = len - 1;
        while (kept > 1 && text[kept - 1] == ' ')
            kept--;
        buf_add(scan->sql, text, kept);
        buf_addch(scan->sql, '\'');
        return true;
    }
    return false;
}

/* One in quotes, with the type that follows it. */
static void scan_literal(struct scan *scan)
{
    const char *text = scan->p;
    size_t len = expr_quoted(text, scan->end);
    struct buf type = BUF_INIT;
    scan->p += len;
    if (scan->end - scan->p > 2 && strncmp(scan->p, "::", 2) == 0)
        buf_add(&type, scan->p + 2, (size_t)(expr_type_end(scan->p + 2, scan->end) - scan->p) - 2);
    if (!typed_literal(scan, text, len, type.data))
        buf_add(scan->sql, text, len);
    buf_release(&type);
}

static void scan_cast(struct scan *scan)
{
    const char *start = scan->p + 2, *end = expr_type_end(start, scan->end);
    bool value = scan->closed == scan->p;
    struct cockroach_expr *context = scan->context;
    struct buf type = BUF_INIT;
    const char *why;
    buf_add(&type, start, (size_t)(end - start));
    enum expr_class to = class_of_type(context->model, type.data);
    buf_adds(scan->sql, "::");
    if (strcmp(type.data, "\"bit\"") == 0)
        buf_adds(scan->sql, "VARBIT"); /* of any length; BIT is one bit */
    else if (strcmp(type.data, "regclass") == 0)
        buf_adds(scan->sql, "REGCLASS");
    else
        cockroach_type(scan->sql, context->model, type.data, context->version, &why);
    /* What works on it there is not what works here; a literal is fine. */
    if (context->table && to == CLASS_OTHER)
        refuse_type(scan, type.data);
    if (value && scan->closed_start) {
        enum expr_class from = class_of_piece(context, scan->closed_start,
                                              (size_t)(scan->closed - scan->closed_start) - 1);
        bool now = strncmp(scan->closed_start, "'now'", 5) == 0 && !context->check;
        bool literal =
            now || isdigit((unsigned char)*scan->closed_start) || *scan->closed_start == '-';
        const char *trouble = literal ? NULL : cast_trouble(context, from, to);
        if (!trouble && strcmp(type.data, "bpchar") == 0 && from != CLASS_PADDED)
            trouble = "blanks at the end of it count there";
        if (trouble)
            refuse_meaning(scan, trouble);
    }
    buf_release(&type);
    scan->p = end;
}

/* --- operators ---------------------------------------------------------------- */

/* A pattern must be a literal, to be looked at. */
static void scan_pattern(struct scan *scan)
{
    while (*scan->p == ' ')
        buf_addch(scan->sql, *scan->p++);
    if (scan->p >= scan->end || *scan->p != '\'') {
        refuse_meaning(scan, "a regular expression that is not fixed may be read otherwise there");
        return;
    }
    size_t len = expr_quoted(scan->p, scan->end);
    buf_addch(scan->sql, '\'');
    const char *why = cockroach_pattern(scan->sql, scan->p + 1, len - 2);
    buf_addch(scan->sql, '\'');
    if (why)
        refuse_meaning(scan, why);
    scan->p += len;
}

static void scan_operator(struct scan *scan)
{
    size_t len = strspn(scan->p, "+-*/<>=~!@#%^&|?");
    const char *left = scan->groups[scan->depth].start, *right = scan->p + len, *why;
    /* "- 1" after an operator is the sign of what follows. */
    if (scan->p + len > scan->end)
        len = (size_t)(scan->end - scan->p);
    const char *word =
        operator_for(scan->context, scan->p, len, left, (size_t)(scan->p - left), right,
                     (size_t)(expr_piece_end(right, scan->end) - right), &why);
    if (!word && why)
        refuse_meaning(scan, why);
    else if (!word)
        refuse(scan, "operator", scan->p, len);
    bool matches = word && (*word == '~' || strncmp(word, "!~", 2) == 0);
    bool prefix = strspn(left, " ") >= (size_t)(scan->p - left);
    buf_adds(scan->sql, word ? word : "");
    scan->p += len;
    if (matches && !prefix)
        scan_pattern(scan);
}

/* --- names -------------------------------------------------------------------- */

static void scan_collation(struct scan *scan)
{
    /* The blank before the word goes too. */
    if (scan->sql->len > 0 && scan->sql->data[scan->sql->len - 1] == ' ')
        buf_truncate(scan->sql, scan->sql->len - 1);
    scan->p += strlen("COLLATE");
    while (*scan->p == ' ' || *scan->p == '.' || *scan->p == '"' || expr_word_char(*scan->p)) {
        bool blank = *scan->p == ' ';
        scan->p += *scan->p == '"' ? expr_quoted(scan->p, scan->end) : 1;
        if (!blank && (*scan->p == ' ' || *scan->p == ')'))
            break;
    }
}

/* EXTRACT gives numeric here and double precision there. */
static const char *extract_behind(struct scan *scan, const char *arguments)
{
    static const char *const fields[] = {"year", "month",  "day", "hour", "minute",  "second",
                                         "dow",  "isodow", "doy", "week", "quarter", "epoch"};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (expr_at_word(arguments, scan->end, fields[i])) {
            buf_add(scan->sql, arguments, strlen(fields[i]));
            scan->p = arguments + strlen(fields[i]);
            return "::DECIMAL";
        }
    refuse_meaning(scan, "EXTRACT of such a field may mean something else there");
    return NULL;
}

static void scan_function(struct scan *scan, const char *name, size_t len)
{
    const struct function_rule *rule = function_rule(name);
    bool moment = false;
    bool keyword = !rule && *scan->p != '"' && expr_keyword(name, &moment);
    const char *open = scan->p + len + strspn(scan->p + len, " "), *arguments = open + 1;
    const char *close = expr_close(arguments, scan->end);
    if (strcmp(name, "uuidv7") == 0 || strcmp(name, "uuidv4") == 0) {
        buf_adds(scan->sql, "gen_random_uuid");
    } else if (rule || keyword) {
        buf_add(scan->sql, scan->p, len);
    } else {
        refuse(scan, "function", name, strlen(name));
    }
    scan->p += len;
    if (!rule || scan->failed)
        return;
    const char *why = function_trouble(scan->context, rule, arguments, (size_t)(close - arguments));
    if (why) {
        refuse_meaning(scan, why);
        return;
    }
    const char *first = expr_piece_end(arguments, scan->end);
    bool blanks = rule->care == CARE_TRIM && first == close;
    scan->p = open;
    open_group(scan, false, blanks ? ", ' '" : NULL, NULL);
    if (strcmp(name, "extract") == 0)
        scan->groups[scan->depth].behind = extract_behind(scan, arguments);
}

/*
 * A column in an expression. One whose type is another there takes no part: lower() of a range is
 * not lower() of a string.
 */
static void check_column(struct scan *scan, const struct model_column *column, const char *after)
{
    enum expr_class class = class_of_column(scan->context->model, column);
    bool null = strncmp(after, " IS NULL", 8) == 0 || strncmp(after, " IS NOT NULL", 12) == 0;
    if (class == CLASS_OTHER && !null)
        refuse_type(scan, column->type);
    if (column->generated && scan->context->no_generated)
        refuse(scan, "index or generated column over the generated column", column->name,
               strlen(column->name));
}

/* Where the operand begins after a keyword that has been written; CASE ... END is one operand. */
static void move_start(struct scan *scan, const char *name, size_t len)
{
    static const char *const within[] = {"null", "true", "false", "array", "row",
                                         "any",  "all",  "some",  "zone",  NULL};
    struct group *group = &scan->groups[scan->depth];
    if (strcmp(name, "case") == 0 && group->cases++ == 0)
        group->branches = scan->p - len;
    for (size_t i = 0; within[i]; i++)
        if (strcmp(within[i], name) == 0)
            return;
    bool ends = strcmp(name, "end") == 0 && group->cases > 0;
    group->start = ends && --group->cases == 0 ? group->branches : scan->p;
}

/* A name such as 'utc', without a sign and digits. */
static bool fixed_zone(const char *p, const char *end)
{
    size_t len = (size_t)(end - p);
    if (len < 3 || p[0] != ' ' || p[1] != '\'')
        return false;
    for (p += 2; p < end && *p != '\''; p++)
        if (!isalpha((unsigned char)*p) && *p != '/' && *p != '_')
            return false;
    return true;
}

/* A word that is neither a column nor a function. */
static void scan_word(struct scan *scan, const char *name, size_t len, bool quoted)
{
    bool moment = false;
    bool keyword = !quoted && expr_keyword(name, &moment);
    if (keyword && moment && scan->context->check)
        refuse_meaning(scan, "it depends on the moment: rows that are right today would be refused "
                             "when they are copied later");
    else if (!keyword && !quoted)
        refuse(scan, "word", name, strlen(name));
    buf_add(scan->sql, scan->p, len);
    scan->p += len;
    bool side =
        strcmp(name, "both") == 0 || strcmp(name, "leading") == 0 || strcmp(name, "trailing") == 0;
    if (keyword && side && expr_at_word(scan->p + 1, scan->end, "FROM"))
        buf_adds(scan->sql, " ' '"); /* else any white space goes */
    if (keyword && strcmp(name, "zone") == 0 && !fixed_zone(scan->p, scan->end))
        refuse_meaning(scan, "the time zone may be read otherwise there");
    if (keyword && !moment)
        move_start(scan, name, len);
}

static void unquote(struct buf *name, const char *p, const char *after)
{
    bool quoted = *p == '"';
    for (p += quoted; p < after - quoted; p++) {
        buf_addch(name, quoted ? *p : (char)tolower((unsigned char)*p));
        p += quoted && *p == '"';
    }
}

/* A name, perhaps quoted, perhaps qualified; a function when a parenthesis follows. */
static void scan_name(struct scan *scan)
{
    const struct model_table *table = scan->context->table;
    bool quoted = *scan->p == '"';
    size_t len = quoted ? expr_quoted(scan->p, scan->end) : expr_word(scan->p, scan->end);
    const char *after = scan->p + len;
    struct buf name = BUF_INIT;
    unquote(&name, scan->p, after);
    const struct model_column *column = table ? model_column(table, name.data) : NULL;
    if (expr_at_word(scan->p, scan->end, "OPERATOR") && *after == '(') {
        refuse(scan, "operator", after + 1, strcspn(after + 1, ")"));
        scan->p = after;
    } else if (expr_at_word(scan->p, scan->end, "COLLATE")) {
        scan_collation(scan);
    } else if (expr_at_word(scan->p, scan->end, "VALUE") && scan->context->value) {
        const struct model_column *of = table ? model_column(table, scan->context->value) : NULL;
        if (of)
            check_column(scan, of, after);
        quote_ident(scan->sql, scan->context->value);
        scan->p = after;
    } else if (*after == '(' || (*after == ' ' && after[1] == '(' && quoted)) {
        scan_function(scan, name.data, len);
    } else if (*after == '.' && after[1] != '*') {
        /* The qualifier of a function goes: what is known is known without it. */
        const char *next = after + 1;
        size_t next_len = *next == '"' ? expr_quoted(next, scan->end) : expr_word(next, scan->end);
        if (next[next_len] != '(')
            buf_add(scan->sql, scan->p, len + 1);
        scan->p = next;
    } else if (column && !(*after == '.')) {
        check_column(scan, column, after);
        buf_add(scan->sql, scan->p, len);
        scan->p = after;
        if (*after == '[' && class_of_column(scan->context->model, column) != CLASS_ARRAY)
            refuse_meaning(scan, "the subscript means something else there");
    } else {
        scan_word(scan, name.data, len, quoted);
    }
    buf_release(&name);
}

/* A field of a composite value. */
static void scan_field(struct scan *scan)
{
    buf_addch(scan->sql, *scan->p++);
    size_t len = *scan->p == '"' ? expr_quoted(scan->p, scan->end) : expr_word(scan->p, scan->end);
    buf_add(scan->sql, scan->p, len);
    scan->p += len;
}

static void scan_one(struct scan *scan)
{
    const char *p = scan->p;
    if (*p == '\'') {
        scan_literal(scan);
    } else if (strncmp(p, "::", 2) == 0) {
        scan_cast(scan);
    } else if (*p == '"' || (expr_word_char(*p) && !isdigit((unsigned char)*p))) {
        /* E'...' and B'...' are one token with their letter. */
        if (p[1] == '\'' && strchr("EBXebx", *p)) {
            size_t len = 1 + expr_quoted(p + 1, scan->end);
            buf_add(scan->sql, p, len);
            scan->p += len;
        } else {
            scan_name(scan);
        }
    } else if (expr_word_char(*p)) {
        size_t len = strspn(p, "0123456789.eE");
        buf_add(scan->sql, p, len);
        scan->p += len;
    } else if (strchr("+-*/<>=~!@#%^&|?", *p)) {
        scan_operator(scan);
    } else if (*p == '(' || *p == '[') {
        if (*p == '[' && scan->groups[scan->depth].array && scan->depth > 0 &&
            strncmp(scan->groups[scan->depth].start, "ARRAY[", 6) == 0)
            refuse_meaning(scan, "an array of arrays does not exist there");
        open_group(scan, *p == '[', NULL, NULL);
    } else if (*p == ')' || *p == ']') {
        close_group(scan);
    } else if (*p == '.' && scan->closed == p) {
        scan_field(scan);
    } else if (*p == ':') {
        refuse_meaning(scan, "CockroachDB has no slices of arrays");
    } else {
        buf_addch(scan->sql, *scan->p++);
        if (*p == ',')
            scan->groups[scan->depth].start = scan->p;
    }
}

bool cockroach_expression(struct buf *sql, struct cockroach_expr *context, const char *expr)
{
    const size_t start = sql->len;
    struct scan scan = {
        .context = context, .p = expr, .end = expr + strlen(expr), .sql = sql, .depth = 0};
    scan.groups[0].start = expr;
    buf_reset(&context->why);
    if (context->model->engine == ENGINE_COCKROACH) {
        buf_adds(sql, expr);
        return true;
    }
    while (*scan.p && !scan.failed)
        scan_one(&scan);
    if (scan.failed)
        buf_truncate(sql, start);
    return !scan.failed;
}
