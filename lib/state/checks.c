/* Reading DB_CHECKS. */
#include "state/checks.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

#define NAME_MAX_LENGTH 40

/* The next part, its "\;" made plain; malloced and without blanks around. Moves *text behind it. */
static char *next_part(const char **text)
{
    struct buf part = BUF_INIT;
    const char *p = *text;
    while (isspace((unsigned char)*p))
        p++;
    for (; *p && *p != ';'; p++) {
        if (p[0] == '\\' && p[1] == ';')
            p++;
        buf_addch(&part, *p);
    }
    *text = *p ? p + 1 : p;
    while (part.len > 0 && isspace((unsigned char)part.data[part.len - 1]))
        buf_truncate(&part, part.len - 1);
    return buf_detach(&part);
}

/* "warn>100"; moves *p behind it. */
static bool read_limit(struct check_spec *check, const char **p)
{
    bool warn = strncmp(*p, "warn", 4) == 0;
    struct check_limit *limit = warn ? &check->warn : &check->crit;
    char *end;
    if ((!warn && strncmp(*p, "crit", 4) != 0) || limit->given ||
        ((*p)[4] != '>' && (*p)[4] != '<'))
        return false;
    limit->given = true;
    limit->below = (*p)[4] == '<';
    *p += 5;
    limit->at = strtod(*p, &end);
    bool ok = end != *p && isfinite(limit->at);
    *p = end;
    return ok;
}

/* "[warn>100,crit>500]" or nothing; moves *p behind it. */
static bool read_limits(struct check_spec *check, const char **p)
{
    if (**p != '[')
        return true;
    do {
        (*p)++;
        if (!read_limit(check, p))
            return false;
    } while (**p == ',');
    if (**p != ']')
        return false;
    (*p)++;
    return !check->warn.given || !check->crit.given || check->warn.below == check->crit.below;
}

static bool is_taken(const struct check_list *list, const char *name)
{
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->items[i].name, name) == 0)
            return true;
    }
    return false;
}

static size_t name_length(const char *text)
{
    size_t len = 0;
    while (isalnum((unsigned char)text[len]) || (text[len] && strchr("_-.", text[len])))
        len++;
    return len;
}

/* The name is told, the rest may hold a secret. */
static bool read_check(struct check_list *list, const char *part, struct err *err)
{
    size_t len = name_length(part);
    const char *p = part + len;
    if (len == 0 || len > NAME_MAX_LENGTH)
        return err_set(
            err, ERR_USAGE,
            "check %zu has no name of at most %d letters, digits, '_', '-', '.' before its '='",
            list->count + 1, NAME_MAX_LENGTH);
    char *name = mem_strndup(part, len);
    struct check_spec check = {.name = name};
    bool ok = true;
    if (is_taken(list, name))
        ok = err_set(err, ERR_USAGE, "check \"%s\" is there twice", name);
    else if (!read_limits(&check, &p))
        ok = err_set(err, ERR_USAGE,
                     "check \"%s\" has no thresholds like [warn>100,crit>500] or [warn<10]", name);
    else if (*p != '=' || p[1 + strspn(p + 1, " \t")] == '\0')
        ok = err_set(err, ERR_USAGE, "check \"%s\" has no command", name);
    else if (list->count == CHECKS_MAX)
        ok = err_set(err, ERR_USAGE, "there are more than %d checks", CHECKS_MAX);
    if (!ok) {
        free(name);
        return false;
    }
    check.command = mem_strdup(p + 1 + strspn(p + 1, " \t"));
    list->items[list->count++] = check;
    return true;
}

bool checks_parse(const char *text, struct check_list *list, struct err *err)
{
    *list = (struct check_list){mem_alloc(CHECKS_MAX * sizeof *list->items), 0};
    while (*text) {
        char *part = next_part(&text);
        bool ok = !*part || read_check(list, part, err);
        free(part);
        if (!ok)
            return false;
    }
    return true;
}

void checks_release(struct check_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i].name);
        free(list->items[i].command);
    }
    free(list->items);
    *list = (struct check_list){NULL, 0};
}

bool check_limit_exceeded(const struct check_limit *limit, double value)
{
    if (!limit->given)
        return false;
    return limit->below ? value < limit->at : value > limit->at;
}
