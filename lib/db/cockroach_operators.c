/* Operators and casts: which of them do the same on CockroachDB, with values of which types. */
#include <string.h>

#include "db/cockroach_expr.h"

static bool is_text(enum expr_class class)
{
    return class == CLASS_TEXT || class == CLASS_PADDED;
}

static bool is_number(enum expr_class class)
{
    return class == CLASS_INTEGER || class == CLASS_DECIMAL || class == CLASS_FLOAT;
}

struct operation {
    struct cockroach_expr *context;
    const char *op; /* terminated */
    const char *left_text;
    size_t left_len;
    enum expr_class left, right;
    bool prefix;
    const char *why;
};

static const char *refuse(struct operation *o, const char *why)
{
    o->why = why;
    return NULL;
}

static bool either(const struct operation *o, enum expr_class class)
{
    return o->left == class || o->right == class;
}

/* Whether the text is ordered by bytes here, too. */
static bool bytewise(const struct operation *o)
{
    static const char *const words[] = {"COLLATE \"C\"", "COLLATE \"POSIX\"",
                                        "COLLATE pg_catalog.\"C\""};
    struct buf text = BUF_INIT;
    buf_add(&text, o->left_text, o->left_len);
    bool found = false;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        found |= strstr(text.data, words[i]) != NULL;
    const struct model_column *column =
        o->context->table ? model_column(o->context->table, text.data) : NULL;
    if (o->context->table && o->context->value && strcmp(text.data, "VALUE") == 0)
        column = model_column(o->context->table, o->context->value);
    found |=
        column && column->collation &&
        (strcmp(column->collation, "\"C\"") == 0 || strcmp(column->collation, "\"POSIX\"") == 0);
    buf_release(&text);
    return found;
}

static const char *compare(struct operation *o)
{
    bool order = strcmp(o->op, "=") != 0 && strcmp(o->op, "<>") != 0;
    if (order && (is_text(o->left) || is_text(o->right)) && !bytewise(o))
        return refuse(o, "texts are ordered byte by byte there");
    if (order && (either(o, CLASS_JSON) || either(o, CLASS_ARRAY) || either(o, CLASS_ADDRESS) ||
                  either(o, CLASS_BITS)))
        return refuse(o, "values of this type are ordered otherwise there");
    if (order && o->left == CLASS_UNKNOWN && o->right == CLASS_UNKNOWN)
        return refuse(o, "values of this type may be ordered otherwise there");
    return o->op;
}

static const char *add(struct operation *o)
{
    char op = *o->op;
    if (o->prefix)
        return o->op;
    if (op == '/' && (o->left == CLASS_UNKNOWN || o->right == CLASS_UNKNOWN))
        return refuse(o, "a division of an unknown type may keep the fraction there");
    if (op == '/' && o->left == CLASS_INTEGER && o->right == CLASS_INTEGER)
        return "//";
    if (op == '/' && either(o, CLASS_DECIMAL))
        o->context->loose = "CockroachDB ends a division of decimals after 20 digits";
    if (strchr("*/", op) && either(o, CLASS_INTERVAL))
        o->context->loose = "fractions of an interval may be rounded otherwise";
    if (op == '^' && !(is_number(o->left) && is_number(o->right)))
        return refuse(o, "a power of this type means something else there");
    if (op == '^' && (o->left == CLASS_INTEGER || o->right == CLASS_INTEGER))
        return refuse(o, "a power of integers is an integer there");
    if (op == '^')
        o->context->loose = "the last digits may differ";
    return o->op;
}

static const char *join(struct operation *o)
{
    static const enum expr_class alike[] = {CLASS_JSON, CLASS_BYTES, CLASS_BITS};
    if (is_text(o->left) && is_text(o->right))
        return o->op;
    if (either(o, CLASS_ARRAY) || either(o, CLASS_NULL))
        return o->op;
    for (size_t i = 0; i < sizeof alike / sizeof *alike; i++)
        if (o->left == alike[i] && o->right == alike[i])
            return o->op;
    return refuse(o, "|| of these types means something else there");
}

static const char *within_json(struct operation *o)
{
    if (o->left != CLASS_JSON)
        return refuse(o, "the operator means something else there for this type");
    if (strcmp(o->op, "->>") == 0 || strcmp(o->op, "#>>") == 0)
        o->context->loose = "objects, arrays and numbers within jsonb have another text there";
    return o->op;
}

static const char *bits(struct operation *o)
{
    if (o->prefix ? o->right == CLASS_INTEGER
                  : o->left == CLASS_INTEGER && o->right == CLASS_INTEGER)
        return *o->op == '<' || *o->op == '>' ? refuse(o, "integers are shifted with 64 bits there")
                                              : o->op;
    if (either(o, CLASS_BITS) || either(o, CLASS_ADDRESS))
        return o->op;
    return refuse(o, "the operator means something else there for this type");
}

static const char *contains(struct operation *o)
{
    bool overlap = strcmp(o->op, "&&") == 0;
    if (either(o, CLASS_ARRAY) || (overlap ? either(o, CLASS_ADDRESS) : either(o, CLASS_JSON)))
        return o->op;
    return refuse(o, "the operator means something else there for this type");
}

static const char *like(struct operation *o, const char *word)
{
    if (o->left != CLASS_TEXT)
        return refuse(o, o->left == CLASS_PADDED ? "character(n) is kept without its blanks there"
                                                 : "LIKE means something else there for this type");
    return word;
}

static const char *search(struct operation *o)
{
    if ((o->left == CLASS_WORDS && o->right == CLASS_QUERY) ||
        (o->left == CLASS_QUERY && o->right == CLASS_WORDS))
        return o->op;
    return refuse(o, "@@ means something else there for this type");
}

/* The pattern itself is looked at where the literal is written. */
static const char *match(struct operation *o)
{
    if (o->prefix)
        return strcmp(o->op, "~") == 0 ? bits(o) : refuse(o, NULL);
    if (o->left != CLASS_TEXT)
        return refuse(o, "a regular expression on this type means something else there");
    return o->op;
}

static const struct {
    const char *op;
    const char *(*find)(struct operation *o);
    const char *word; /* of LIKE */
} operators[] = {
    {"+", add, NULL},           {"-", add, NULL},
    {"*", add, NULL},           {"/", add, NULL},
    {"%", add, NULL},           {"^", add, NULL},
    {"<", compare, NULL},       {">", compare, NULL},
    {"<=", compare, NULL},      {">=", compare, NULL},
    {"=", compare, NULL},       {"<>", compare, NULL},
    {"||", join, NULL},         {"->", within_json, NULL},
    {"->>", within_json, NULL}, {"#>", within_json, NULL},
    {"#>>", within_json, NULL}, {"#-", within_json, NULL},
    {"?", within_json, NULL},   {"?|", within_json, NULL},
    {"?&", within_json, NULL},  {"@>", contains, NULL},
    {"<@", contains, NULL},     {"&&", contains, NULL},
    {"&", bits, NULL},          {"|", bits, NULL},
    {"#", bits, NULL},          {"<<", bits, NULL},
    {">>", bits, NULL},         {"~", match, NULL},
    {"~*", match, NULL},        {"!~", match, NULL},
    {"!~*", match, NULL},       {"@@", search, NULL},
    {"~~", NULL, "LIKE"},       {"!~~", NULL, "NOT LIKE"},
    {"~~*", NULL, "ILIKE"},     {"!~~*", NULL, "NOT ILIKE"},
};

const char *operator_for(struct cockroach_expr *context, const char *op, size_t len,
                         const char *left, size_t left_len, const char *right, size_t right_len,
                         const char **why)
{
    for (; left_len > 0 && *left == ' '; left_len--)
        left++;
    while (left_len > 0 && left[left_len - 1] == ' ')
        left_len--;
    struct operation o = {.context = context,
                          .left_text = left,
                          .left_len = left_len,
                          .left = class_of_piece(context, left, left_len),
                          .right = class_of_piece(context, right, right_len),
                          .prefix = left_len == 0};
    const char *found = NULL;
    *why = NULL;
    for (size_t i = 0; i < sizeof operators / sizeof *operators && !found; i++) {
        if (strlen(operators[i].op) != len || strncmp(operators[i].op, op, len) != 0)
            continue;
        o.op = operators[i].op;
        if (either(&o, CLASS_OTHER))
            refuse(&o, "an operator of a type that CockroachDB lacks means something else there");
        else
            found = operators[i].word ? like(&o, operators[i].word) : operators[i].find(&o);
        *why = o.why;
        break;
    }
    return found;
}

/* --- casts -------------------------------------------------------------------- */

static const char *to_text(struct cockroach_expr *context, enum expr_class from)
{
    switch (from) {
    case CLASS_BOOL:
    case CLASS_INTEGER:
    case CLASS_UUID:
    case CLASS_ENUM:
    case CLASS_ADDRESS:
        return NULL;
    case CLASS_DECIMAL:
        context->loose = "decimals below 0.000001 have another text there";
        return NULL;
    default:
        return "the text of a value of this type is another there";
    }
}

const char *cast_trouble(struct cockroach_expr *context, enum expr_class from, enum expr_class to)
{
    static const char time_text[] = "what a text means as a time depends on settings there";
    if (from == to || from == CLASS_NULL || (is_text(from) && is_text(to)))
        return NULL;
    if (from == CLASS_OTHER || to == CLASS_OTHER)
        return "a cast of a type that CockroachDB lacks means something else there";
    switch (to) {
    case CLASS_TEXT:
    case CLASS_PADDED:
        return to_text(context, from);
    case CLASS_INTEGER:
        if (from == CLASS_TEXT || from == CLASS_PADDED)
            return "a text of digits that begins with 0 is read as octal there";
        return is_number(from) || from == CLASS_BOOL || from == CLASS_JSON
                   ? NULL
                   : "the cast to integer means something else there";
    case CLASS_DECIMAL:
        if (from == CLASS_FLOAT)
            context->loose = "double precision becomes a decimal of 17 digits there, of 15 here";
        return NULL;
    case CLASS_DATE:
    case CLASS_TIME:
    case CLASS_TIMESTAMP:
        return from == CLASS_DATE || from == CLASS_TIME || from == CLASS_TIMESTAMP ? NULL
                                                                                   : time_text;
    case CLASS_INTERVAL:
        return from == CLASS_TIME ? NULL : time_text;
    case CLASS_BITS:
        return "the cast to bit means something else there";
    case CLASS_ARRAY:
        return from == CLASS_UNKNOWN ? NULL : "the cast to an array means something else there";
    default:
        return NULL;
    }
}
