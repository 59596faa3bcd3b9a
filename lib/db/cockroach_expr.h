/* What the files that write expressions for CockroachDB share; not for others. */
#ifndef DBR_DB_COCKROACH_EXPR_H
#define DBR_DB_COCKROACH_EXPR_H

#include "db/cockroach_ddl.h"

/* What an expression gives, as far as it decides what operators and functions do with it. */
enum expr_class {
    CLASS_UNKNOWN,
    CLASS_NULL,
    CLASS_OTHER, /* of a type that CockroachDB lacks, or does otherwise */
    CLASS_BOOL,
    CLASS_INTEGER,
    CLASS_DECIMAL,
    CLASS_FLOAT,
    CLASS_TEXT,
    CLASS_PADDED, /* character(n) */
    CLASS_BYTES,
    CLASS_BITS,
    CLASS_DATE,
    CLASS_TIME,
    CLASS_TIMESTAMP, /* with and without time zone */
    CLASS_INTERVAL,
    CLASS_JSON,
    CLASS_ARRAY,
    CLASS_ADDRESS,
    CLASS_UUID,
    CLASS_ENUM,
    CLASS_WORDS, /* tsvector */
    CLASS_QUERY, /* tsquery */
    CLASS_CONFIG /* the name of a text search configuration */
};

/* "text", "interval", ...: for people. */
const char *class_name(enum expr_class class);
enum expr_class class_of_type(const struct model *model, const char *type);
enum expr_class class_of_column(const struct model *model, const struct model_column *column);
/* Of a whole expression, without what surrounds it; PostgreSQL's words. */
enum expr_class class_of_piece(const struct cockroach_expr *context, const char *text, size_t len);

/* What is to be said of a function of PostgreSQL on CockroachDB. */
enum function_care {
    CARE_NONE,
    CARE_MOMENT,  /* another value each time: not in a check */
    CARE_DIGITS,  /* the last digits may differ */
    CARE_LETTERS, /* letters beyond ASCII may differ */
    CARE_PARSER,  /* texts are cut into words otherwise */
    CARE_ORDER,   /* not of texts: their order differs */
    CARE_LENGTH,  /* counts the blanks of character(n) here, not there */
    CARE_TRIM,    /* with one argument it takes any white space away there */
    CARE_HEX,     /* encodings other than hex differ */
    CARE_SPLIT,   /* counts from the end only here */
    CARE_PATTERN, /* not with a pattern */
    CARE_ZONE,    /* a time zone with digits is read otherwise */
    CARE_JOIN     /* of texts and integers alone */
};
struct function_rule {
    const char *name;
    enum expr_class gives; /* CLASS_UNKNOWN: what its first argument is */
    enum function_care care;
};
/* NULL for a function that CockroachDB lacks, or that means something else there. */
const struct function_rule *function_rule(const char *name);
/* Why the function cannot stand with these arguments (the text between its parentheses), or NULL.
 * What may differ goes to context->loose. */
const char *function_trouble(struct cockroach_expr *context, const struct function_rule *rule,
                             const char *arguments, size_t len);
/* A word that is no name: AND, CASE, CURRENT_DATE, ... moment: its value is another each time. */
bool expr_keyword(const char *word, bool *moment);

/*
 * What stands for an operator; NULL, with *why set or NULL (it does not exist there), where nothing
 * does. The left operand is empty for a prefix.
 */
const char *operator_for(struct cockroach_expr *context, const char *op, size_t len,
                         const char *left, size_t left_len, const char *right, size_t right_len,
                         const char **why);
/* Why a value of one class cannot be cast to another there, or NULL. */
const char *cast_trouble(struct cockroach_expr *context, enum expr_class from, enum expr_class to);

/*
 * Appends a regular expression as CockroachDB's library reads it to the same effect. Returns why it
 * cannot, or NULL. Pattern: the text of it, quotes still doubled.
 */
const char *cockroach_pattern(struct buf *out, const char *pattern, size_t len);

/* Scanning. */
size_t expr_quoted(const char *p, const char *end); /* '...' or "..." at p, with its quotes */
bool expr_word_char(char c);
size_t expr_word(const char *p, const char *end);
bool expr_at_word(const char *p, const char *end, const char *word);
/* Where what begins at p ends: at a comma or a bracket that closes what is not opened in it. */
const char *expr_piece_end(const char *p, const char *end);
/* The bracket that closes the one just before p. */
const char *expr_close(const char *p, const char *end);
/* The end of the name of a type behind "::". */
const char *expr_type_end(const char *p, const char *end);

#endif
