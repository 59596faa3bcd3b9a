/* The functions and words of PostgreSQL that CockroachDB has in the same meaning, and what is to be
 * minded with each. */
#include "db/cockroach_expr.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* Sorted. A function that depends on a locale, a setting or on the text of a type is not here. */
/* clang-format off */
static const struct function_rule functions[] = {
    {"abs", CLASS_UNKNOWN, CARE_NONE},
    {"acos", CLASS_FLOAT, CARE_DIGITS},
    {"array_append", CLASS_ARRAY, CARE_NONE},
    {"array_cat", CLASS_ARRAY, CARE_NONE},
    {"array_length", CLASS_INTEGER, CARE_NONE},
    {"array_lower", CLASS_INTEGER, CARE_NONE},
    {"array_position", CLASS_INTEGER, CARE_NONE},
    {"array_positions", CLASS_ARRAY, CARE_NONE},
    {"array_prepend", CLASS_ARRAY, CARE_NONE},
    {"array_remove", CLASS_ARRAY, CARE_NONE},
    {"array_replace", CLASS_ARRAY, CARE_NONE},
    {"array_upper", CLASS_INTEGER, CARE_NONE},
    {"ascii", CLASS_INTEGER, CARE_NONE},
    {"asin", CLASS_FLOAT, CARE_DIGITS},
    {"atan", CLASS_FLOAT, CARE_DIGITS},
    {"atan2", CLASS_FLOAT, CARE_DIGITS},
    {"bit_length", CLASS_INTEGER, CARE_LENGTH},
    {"btrim", CLASS_TEXT, CARE_TRIM},
    {"cardinality", CLASS_INTEGER, CARE_NONE},
    {"cbrt", CLASS_FLOAT, CARE_DIGITS},
    {"ceil", CLASS_UNKNOWN, CARE_NONE},
    {"ceiling", CLASS_UNKNOWN, CARE_NONE},
    {"char_length", CLASS_INTEGER, CARE_NONE},
    {"character_length", CLASS_INTEGER, CARE_NONE},
    {"chr", CLASS_TEXT, CARE_NONE},
    {"clock_timestamp", CLASS_TIMESTAMP, CARE_MOMENT},
    {"coalesce", CLASS_UNKNOWN, CARE_NONE},
    {"concat", CLASS_TEXT, CARE_JOIN},
    {"concat_ws", CLASS_TEXT, CARE_JOIN},
    {"convert_from", CLASS_TEXT, CARE_NONE},
    {"convert_to", CLASS_BYTES, CARE_NONE},
    {"cos", CLASS_FLOAT, CARE_DIGITS},
    {"cot", CLASS_FLOAT, CARE_DIGITS},
    {"currval", CLASS_INTEGER, CARE_MOMENT},
    {"date_part", CLASS_FLOAT, CARE_NONE},
    {"date_trunc", CLASS_TIMESTAMP, CARE_NONE},
    {"decode", CLASS_BYTES, CARE_HEX},
    {"degrees", CLASS_FLOAT, CARE_DIGITS},
    {"difference", CLASS_INTEGER, CARE_NONE},
    {"digest", CLASS_BYTES, CARE_NONE},
    {"div", CLASS_DECIMAL, CARE_NONE},
    {"encode", CLASS_TEXT, CARE_HEX},
    {"exp", CLASS_UNKNOWN, CARE_DIGITS},
    {"extract", CLASS_DECIMAL, CARE_NONE},
    {"floor", CLASS_UNKNOWN, CARE_NONE},
    {"gen_random_bytes", CLASS_BYTES, CARE_MOMENT},
    {"gen_random_uuid", CLASS_UUID, CARE_MOMENT},
    {"greatest", CLASS_UNKNOWN, CARE_ORDER},
    {"hmac", CLASS_BYTES, CARE_NONE},
    {"host", CLASS_TEXT, CARE_NONE},
    {"isfinite", CLASS_BOOL, CARE_NONE},
    {"json_array_length", CLASS_INTEGER, CARE_NONE},
    {"json_build_array", CLASS_JSON, CARE_NONE},
    {"json_build_object", CLASS_JSON, CARE_NONE},
    {"json_extract_path", CLASS_JSON, CARE_NONE},
    {"json_typeof", CLASS_TEXT, CARE_NONE},
    {"jsonb_array_length", CLASS_INTEGER, CARE_NONE},
    {"jsonb_build_array", CLASS_JSON, CARE_NONE},
    {"jsonb_build_object", CLASS_JSON, CARE_NONE},
    {"jsonb_exists_any", CLASS_BOOL, CARE_NONE},
    {"jsonb_extract_path", CLASS_JSON, CARE_NONE},
    {"jsonb_insert", CLASS_JSON, CARE_NONE},
    {"jsonb_set", CLASS_JSON, CARE_NONE},
    {"jsonb_strip_nulls", CLASS_JSON, CARE_NONE},
    {"jsonb_typeof", CLASS_TEXT, CARE_NONE},
    {"lastval", CLASS_INTEGER, CARE_MOMENT},
    {"least", CLASS_UNKNOWN, CARE_ORDER},
    {"left", CLASS_TEXT, CARE_NONE},
    {"length", CLASS_INTEGER, CARE_NONE},
    {"ln", CLASS_UNKNOWN, CARE_DIGITS},
    {"log", CLASS_UNKNOWN, CARE_DIGITS},
    {"lower", CLASS_TEXT, CARE_LETTERS},
    {"lpad", CLASS_TEXT, CARE_NONE},
    {"ltrim", CLASS_TEXT, CARE_TRIM},
    {"make_date", CLASS_DATE, CARE_NONE},
    {"make_timestamp", CLASS_TIMESTAMP, CARE_NONE},
    {"make_timestamptz", CLASS_TIMESTAMP, CARE_NONE},
    {"masklen", CLASS_INTEGER, CARE_NONE},
    {"md5", CLASS_TEXT, CARE_NONE},
    {"mod", CLASS_UNKNOWN, CARE_NONE},
    {"nextval", CLASS_INTEGER, CARE_MOMENT},
    {"now", CLASS_TIMESTAMP, CARE_MOMENT},
    {"nullif", CLASS_UNKNOWN, CARE_NONE},
    {"num_nonnulls", CLASS_INTEGER, CARE_NONE},
    {"num_nulls", CLASS_INTEGER, CARE_NONE},
    {"octet_length", CLASS_INTEGER, CARE_LENGTH},
    {"overlay", CLASS_TEXT, CARE_NONE},
    {"phraseto_tsquery", CLASS_QUERY, CARE_PARSER},
    {"pi", CLASS_FLOAT, CARE_NONE},
    {"plainto_tsquery", CLASS_QUERY, CARE_PARSER},
    {"position", CLASS_INTEGER, CARE_NONE},
    {"pow", CLASS_UNKNOWN, CARE_DIGITS},
    {"power", CLASS_UNKNOWN, CARE_DIGITS},
    {"quote_ident", CLASS_TEXT, CARE_NONE},
    {"quote_literal", CLASS_TEXT, CARE_NONE},
    {"quote_nullable", CLASS_TEXT, CARE_NONE},
    {"radians", CLASS_FLOAT, CARE_DIGITS},
    {"random", CLASS_FLOAT, CARE_MOMENT},
    {"repeat", CLASS_TEXT, CARE_NONE},
    {"replace", CLASS_TEXT, CARE_NONE},
    {"reverse", CLASS_TEXT, CARE_NONE},
    {"right", CLASS_TEXT, CARE_NONE},
    {"round", CLASS_UNKNOWN, CARE_NONE},
    {"rpad", CLASS_TEXT, CARE_NONE},
    {"rtrim", CLASS_TEXT, CARE_TRIM},
    {"sign", CLASS_UNKNOWN, CARE_NONE},
    {"sin", CLASS_FLOAT, CARE_DIGITS},
    {"soundex", CLASS_TEXT, CARE_NONE},
    {"split_part", CLASS_TEXT, CARE_SPLIT},
    {"sqrt", CLASS_UNKNOWN, CARE_DIGITS},
    {"starts_with", CLASS_BOOL, CARE_NONE},
    {"statement_timestamp", CLASS_TIMESTAMP, CARE_MOMENT},
    {"string_to_array", CLASS_ARRAY, CARE_NONE},
    {"strpos", CLASS_INTEGER, CARE_NONE},
    {"substr", CLASS_UNKNOWN, CARE_NONE},
    {"substring", CLASS_UNKNOWN, CARE_PATTERN},
    {"tan", CLASS_FLOAT, CARE_DIGITS},
    {"timezone", CLASS_TIMESTAMP, CARE_ZONE},
    {"to_timestamp", CLASS_TIMESTAMP, CARE_PATTERN},
    {"to_tsquery", CLASS_QUERY, CARE_PARSER},
    {"to_tsvector", CLASS_WORDS, CARE_PARSER},
    {"transaction_timestamp", CLASS_TIMESTAMP, CARE_MOMENT},
    {"translate", CLASS_TEXT, CARE_NONE},
    {"trim", CLASS_TEXT, CARE_NONE},
    {"trunc", CLASS_UNKNOWN, CARE_NONE},
    {"upper", CLASS_TEXT, CARE_LETTERS},
    {"uuid_generate_v1", CLASS_UUID, CARE_MOMENT},
    {"uuid_generate_v4", CLASS_UUID, CARE_MOMENT},
    {"uuid_nil", CLASS_UUID, CARE_NONE},
    {"width_bucket", CLASS_INTEGER, CARE_NONE},
};

/* Sorted. */
static const struct {
    const char *word;
    bool moment;
} keywords[] = {
    {"all", false}, {"and", false}, {"any", false}, {"array", false}, {"as", false}, {"at", false},
    {"between", false}, {"both", false}, {"case", false}, {"cast", false},
    {"current_catalog", true}, {"current_date", true}, {"current_role", true},
    {"current_schema", true}, {"current_time", true}, {"current_timestamp", true},
    {"current_user", true}, {"distinct", false}, {"else", false}, {"end", false},
    {"false", false}, {"for", false}, {"from", false}, {"in", false}, {"is", false},
    {"leading", false}, {"localtime", true}, {"localtimestamp", true}, {"not", false},
    {"null", false}, {"or", false}, {"placing", false}, {"row", false}, {"session_user", true},
    {"some", false}, {"then", false}, {"time", false}, {"trailing", false}, {"true", false},
    {"unknown", false}, {"user", true}, {"when", false}, {"zone", false},
};
/* clang-format on */

static int by_name(const void *key, const void *rule)
{
    return strcmp(key, *(const char *const *)rule);
}

const struct function_rule *function_rule(const char *name)
{
    static const struct function_rule geometry = {"st_", CLASS_UNKNOWN, CARE_NONE};
    if (strncmp(name, "st_", 3) == 0)
        return &geometry;
    return bsearch(name, functions, sizeof functions / sizeof *functions, sizeof *functions,
                   by_name);
}

bool expr_keyword(const char *word, bool *moment)
{
    size_t count = sizeof keywords / sizeof *keywords;
    for (size_t i = 0; i < count; i++)
        if (strcmp(keywords[i].word, word) == 0) {
            *moment = keywords[i].moment;
            return true;
        }
    return false;
}

/* --- arguments ---------------------------------------------------------------- */

struct argument {
    const char *text;
    size_t len;
    enum expr_class class;
};
#define ARGUMENTS 8

/* Those that commas, or FROM and FOR, part. */
static size_t take_arguments(const struct cockroach_expr *context, const char *text, size_t len,
                             struct argument *list)
{
    const char *end = text + len;
    size_t count = 0;
    while (text < end && count < ARGUMENTS) {
        const char *stop = expr_piece_end(text, end), *p = text;
        for (; p < stop; p++) {
            if (*p == '\'' || *p == '"')
                p += expr_quoted(p, stop) - 1;
            else if (*p == '(' || *p == '[')
                p = expr_close(p + 1, stop);
            else if (strncmp(p, " FROM ", 6) == 0 || strncmp(p, " FOR ", 5) == 0)
                break;
        }
        struct argument *a = &list[count++];
        *a = (struct argument){text, (size_t)(p - text), CLASS_UNKNOWN};
        a->class = class_of_piece(context, a->text, a->len);
        text = p < stop ? p + strcspn(p + 1, " ") + 2 : stop + 1;
        while (text < end && *text == ' ')
            text++;
    }
    return count;
}

static bool is_hex(const struct argument *a)
{
    return a->len >= 5 && strncmp(a->text, "'hex'", 5) == 0;
}

/* A plain name such as 'utc': a sign and digits are read by another rule there. */
static bool is_zone(const struct argument *a)
{
    if (a->len < 2 || *a->text != '\'')
        return false;
    for (const char *p = a->text + 1; *p != '\''; p++)
        if (!isalpha((unsigned char)*p) && *p != '/' && *p != '_')
            return false;
    return true;
}

static bool is_text(enum expr_class class)
{
    return class == CLASS_TEXT || class == CLASS_PADDED;
}

const char *function_trouble(struct cockroach_expr *context, const struct function_rule *rule,
                             const char *arguments, size_t len)
{
    struct argument a[ARGUMENTS] = {{0}};
    size_t count = take_arguments(context, arguments, len, a);
    for (size_t i = 0; i < count; i++) {
        if (a[i].class == CLASS_OTHER)
            return "a function of a type that CockroachDB lacks means something else there";
        if (rule->care == CARE_ORDER && is_text(a[i].class))
            return "texts are ordered byte by byte there";
        if (rule->care == CARE_JOIN && !is_text(a[i].class) && a[i].class != CLASS_INTEGER &&
            a[i].class != CLASS_NULL)
            return "it joins values whose text is another there";
        if (a[i].class == CLASS_WORDS && rule->gives == CLASS_INTEGER)
            return "CockroachDB cannot count the words of a tsvector";
    }
    switch (rule->care) {
    case CARE_MOMENT:
        if (strcmp(rule->name, "random") == 0 && count > 0)
            return "CockroachDB has no random() between two limits";
        return context->check ? "it depends on the moment: rows that are right today would be "
                                "refused when they are copied later"
                              : NULL;
    case CARE_DIGITS:
        context->loose = "the last digits may differ";
        return NULL;
    case CARE_LETTERS:
        context->loose = "upper and lower case of letters beyond ASCII may differ";
        return NULL;
    case CARE_PARSER:
        context->loose = "CockroachDB cuts texts into words by rules of its own";
        return NULL;
    case CARE_LENGTH:
        return a[0].class == CLASS_PADDED ? "character(n) is kept without its blanks there" : NULL;
    case CARE_HEX:
        return count == 2 && is_hex(&a[1]) ? NULL : "only the encoding hex is the same there";
    case CARE_SPLIT:
        return count == 3 && isdigit((unsigned char)*a[2].text)
                   ? NULL
                   : "CockroachDB does not count the parts from the end";
    case CARE_PATTERN:
        return count > 1 && a[1].class != CLASS_INTEGER
                   ? "a pattern or format is read otherwise there"
                   : NULL;
    case CARE_ZONE:
        return count == 2 && is_zone(&a[0]) ? NULL : "the time zone may be read otherwise there";
    default:
        return NULL;
    }
}
