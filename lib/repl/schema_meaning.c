/* Expressions taken apart into what two engines print alike. */
#include "repl/schema_meaning.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/strlist.h"

static const char operators[] = "+-*/<>=~!@#%^&|?";

struct atoms {
    struct strlist list;
    char before[2]; /* kinds of the last two atoms: n number, a arithmetic, w other */
    bool turned;    /* something in it is printed in another order */
    bool vague;     /* something in it is printed in too many ways */
};

static void add(struct atoms *atoms, char kind, const char *prefix, const char *text)
{
    strlist_addf(&atoms->list, "%s%s", prefix, text);
    /* 24 * 60 may have been worked out on one side. */
    atoms->vague |= kind == 'n' && atoms->before[1] == 'a' && atoms->before[0] == 'n';
    atoms->before[0] = atoms->before[1];
    atoms->before[1] = kind;
}

static bool word_char(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '$' || (unsigned char)c >= 0x80;
}

/* What is quoted at p, without quotes and escapes; returns what follows. */
static const char *take_quoted(const char *p, bool escapes, struct buf *text)
{
    char quote = *p++;
    buf_reset(text);
    while (*p && (*p != quote || p[1] == quote)) {
        if (p[1] && (*p == quote || (escapes && *p == '\\')))
            p++;
        buf_addch(text, *p++);
    }
    return *p ? p + 1 : p;
}

/* A type, with precision and brackets; its name without qualifier and quotes goes to `name`. */
static const char *take_type(const char *p, struct buf *name, bool *own, bool *array)
{
    *own = false;
    for (;; p++) {
        *own |= *p == '"' || *p == '.';
        buf_reset(name);
        if (*p == '"')
            p = take_quoted(p, false, name);
        else
            while (word_char(*p))
                buf_addch(name, *p++);
        if (*p != '.')
            break;
        *own = true;
    }
    if (*p == '(' && isdigit((unsigned char)p[1]))
        p += strcspn(p, ")") + 1;
    *array = *p == '[';
    while (*p == '[' || *p == ']')
        p++;
    return p;
}

static bool is_one_of(const char *word, const char *const *list)
{
    while (*list && strcasecmp(word, *list) != 0)
        list++;
    return *list != NULL;
}

/* The elements of '{a,"b c"}'. */
static void add_elements(struct atoms *atoms, const char *text)
{
    struct buf element = BUF_INIT;
    for (const char *p = text + 1; *p && *p != '}';) {
        if (*p == '"') {
            p = take_quoted(p, true, &element);
        } else {
            buf_reset(&element);
            while (*p && *p != ',' && *p != '}')
                buf_addch(&element, *p++);
        }
        add(atoms, 'w', "'", element.data);
        p += *p == ',';
    }
    buf_release(&element);
}

static void take_apart(struct atoms *atoms, const char *p);

/* A text literal with the cast behind it, if there is one. */
static const char *take_literal(struct atoms *atoms, const char *p, bool escapes)
{
    static const char *const texts[] = {"STRING", "VARCHAR", "CHAR", "char", "NAME",
                                        "TEXT",   "DATE",    "UUID", NULL};
    static const char *const numbers[] = {"INT2",    "INT4",   "INT8",   "INT",
                                          "DECIMAL", "FLOAT4", "FLOAT8", NULL};
    struct buf text = BUF_INIT, type = BUF_INIT;
    bool own = true, array = false;
    p = take_quoted(p, escapes, &text);
    if (strncmp(p, "::", 2) == 0)
        p = take_type(p + 2, &type, &own, &array);
    bool brackets = text.data[strspn(text.data, "{}[] ")] == '\0';
    if (array && *text.data == '{')
        add_elements(atoms, text.data);
    else if (is_one_of(type.data, numbers))
        take_apart(atoms, text.data); /* '-1'::integer is a number */
    else if (own || is_one_of(type.data, texts) || brackets)
        add(atoms, 'w', "'", text.data);
    else
        add(atoms, 'w', "'", "a value");
    buf_release(&text);
    buf_release(&type);
    return p;
}

static const char *take_number(struct atoms *atoms, const char *p)
{
    struct buf number = BUF_INIT;
    size_t zeros = strspn(p, "0");
    if (isdigit((unsigned char)p[zeros]))
        p += zeros;
    while (isdigit((unsigned char)*p) || *p == '.')
        buf_addch(&number, *p++);
    atoms->vague |= *p == 'e' || *p == 'E';
    if (strchr(number.data, '.')) {
        while (number.data[number.len - 1] == '0')
            buf_truncate(&number, number.len - 1);
        if (number.data[number.len - 1] == '.')
            buf_truncate(&number, number.len - 1);
    }
    add(atoms, 'n', "", number.data);
    buf_release(&number);
    return p;
}

static void add_word(struct atoms *atoms, const char *word)
{
    /* Of the functions that the standard writes in words, and of constructors. */
    static const char *const silent[] = {"from",  "for", "in",       "both",
                                         "array", "row", "interval", NULL};
    static const char *const turned[] = {"position", "strpos", "trim", "btrim",
                                         "ltrim",    "rtrim",  NULL};
    static const char *const vague[] = {"extract", "date_part", "zone",    "timezone",
                                        "leading", "trailing",  "overlay", NULL};
    static const char *const same[][2] = {{"current_timestamp", "now"},
                                          {"transaction_timestamp", "now"},
                                          {"position", "strpos"},
                                          {"substring", "substr"},
                                          {"char_length", "length"},
                                          {"character_length", "length"},
                                          {"ceiling", "ceil"},
                                          {"power", "pow"},
                                          {"trim", "btrim"}};
    if (is_one_of(word, silent))
        return;
    atoms->turned |= is_one_of(word, turned);
    atoms->vague |= is_one_of(word, vague);
    for (size_t i = 0; i < sizeof same / sizeof *same; i++)
        if (strcmp(word, same[i][0]) == 0)
            word = same[i][1];
    add(atoms, 'w', "", word);
}

/* A name or word; one before a dot only says where the next one belongs. */
static const char *take_word(struct atoms *atoms, const char *p)
{
    struct buf word = BUF_INIT;
    bool quoted = *p == '"';
    if (quoted)
        p = take_quoted(p, false, &word);
    else
        while (word_char(*p))
            buf_addch(&word, (char)tolower((unsigned char)*p++));
    if (*p != '.' && quoted)
        add(atoms, 'w', "", word.data);
    else if (*p != '.')
        add_word(atoms, word.data);
    p += *p == '.';
    buf_release(&word);
    return p;
}

static const char *take_operator(struct atoms *atoms, const char *p)
{
    char text[8] = "";
    size_t len = strspn(p, operators);
    atoms->vague |= len >= sizeof text;
    memcpy(text, p, len < sizeof text ? len : sizeof text - 1);
    add(atoms, len == 1 && strchr("+-*/%^", *text) ? 'a' : 'w', "",
        strcmp(text, "!=") == 0 ? "<>" : text);
    return p + len;
}

static void take_apart(struct atoms *atoms, const char *p)
{
    struct buf type = BUF_INIT;
    bool own, array;
    while (*p) {
        if (strncmp(p, "::", 2) == 0)
            p = take_type(p + 2, &type, &own, &array);
        else if (*p == '\'')
            p = take_literal(atoms, p, false);
        else if (word_char(*p) && p[1] == '\'' && strchr("eEbBxX", *p))
            p = take_literal(atoms, p + 1, *p == 'e' || *p == 'E');
        else if (isdigit((unsigned char)*p))
            p = take_number(atoms, p);
        else if (*p == '"' || word_char(*p))
            p = take_word(atoms, p);
        else if (strchr(operators, *p))
            p = take_operator(atoms, p);
        else
            p++;
    }
    buf_release(&type);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void sort(struct strlist *list)
{
    if (list->count > 0)
        qsort(list->items, list->count, sizeof *list->items, by_text);
}

bool meaning_same(const char *a, const char *b)
{
    struct atoms ours = {.list = STRLIST_INIT}, theirs = {.list = STRLIST_INIT};
    if (!a || !b)
        return true;
    take_apart(&ours, a);
    take_apart(&theirs, b);
    if (ours.turned || theirs.turned) {
        sort(&ours.list);
        sort(&theirs.list);
    }
    bool same = ours.list.count == theirs.list.count;
    for (size_t i = 0; same && i < ours.list.count; i++)
        same = strcmp(ours.list.items[i], theirs.list.items[i]) == 0;
    same |= ours.vague || theirs.vague;
    strlist_release(&ours.list);
    strlist_release(&theirs.list);
    return same;
}

bool meaning_null(const char *expr)
{
    return expr && strncasecmp(expr, "NULL", 4) == 0 &&
           (!expr[4] || strncmp(expr + 4, "::", 2) == 0);
}
