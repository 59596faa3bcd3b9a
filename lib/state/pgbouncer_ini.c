/*
 * Reads and rewrites a line of PgBouncer's file after the rules of its own parsers: one setting per
 * line, comments only at the start of a line, values in single quotes with '' for a quote.
 */
#include "state/pgbouncer_ini.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct line {
    const char *start, *value, *end; /* end: without the line end and blanks before it */
};

struct walk {
    const char *at, *end;
    bool in_databases;
};

static const char *skip_blanks(const char *from, const char *to)
{
    while (from < to && isspace((unsigned char)*from) && *from != '\n')
        from++;
    return from;
}

/* An included file has no section: its lines belong to that of the file that includes it. */
static bool has_section(const char *text, size_t len)
{
    for (const char *at = text, *end = text + len; at < end;) {
        if (*skip_blanks(at, end) == '[')
            return true;
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        at = newline ? newline + 1 : end;
    }
    return false;
}

static struct walk walk_start(const char *text, size_t len)
{
    return (struct walk){text, text + len, !has_section(text, len)};
}

/* The next line that sets `database`; false at the end. */
static bool walk_next(struct walk *walk, const char *database, struct line *line)
{
    while (walk->at < walk->end) {
        const char *start = walk->at;
        const char *stop = memchr(start, '\n', (size_t)(walk->end - start));
        if (!stop)
            stop = walk->end;
        walk->at = stop < walk->end ? stop + 1 : stop;
        const char *name = skip_blanks(start, stop);
        if (name < stop && *name == '[')
            walk->in_databases = stop - name >= 11 && memcmp(name, "[databases]", 11) == 0;
        size_t len = strlen(database);
        if (!walk->in_databases || (size_t)(stop - name) <= len || memcmp(name, database, len) != 0)
            continue;
        const char *equals = skip_blanks(name + len, stop);
        if (equals == stop || *equals != '=')
            continue;
        while (stop > equals + 1 && isspace((unsigned char)stop[-1]))
            stop--;
        *line = (struct line){start, skip_blanks(equals + 1, stop), stop};
        return true;
    }
    return false;
}

/* One key=value of a line. */
struct pair {
    const char *start, *end;
    size_t key_len;
    char *value; /* malloced, without quotes */
};

/* False at the end, or with *bad set where the text is no pair. */
static bool next_pair(const char **at, const char *end, struct pair *pair, bool *bad)
{
    const char *p = skip_blanks(*at, end);
    struct buf value = BUF_INIT;
    *bad = false;
    if (p == end)
        return false;
    pair->start = p;
    while (p < end && *p != '=' && !isspace((unsigned char)*p))
        p++;
    pair->key_len = (size_t)(p - pair->start);
    p = skip_blanks(p, end);
    *bad = p == end || *p != '=' || pair->key_len == 0;
    p = *bad ? end : skip_blanks(p + 1, end);
    if (p < end && *p == '\'') {
        for (p++; p < end && (*p != '\'' || (p + 1 < end && p[1] == '\'')); p++) {
            p += *p == '\'';
            buf_addch(&value, *p);
        }
        *bad = p == end;
        p += !*bad;
    } else {
        while (p < end && !isspace((unsigned char)*p))
            buf_addch(&value, *p++);
    }
    pair->end = *at = p;
    pair->value = buf_detach(&value);
    if (*bad)
        free(pair->value);
    return !*bad;
}

static bool is_key(const struct pair *pair, const char *key)
{
    return strlen(key) == pair->key_len && strncmp(pair->start, key, pair->key_len) == 0;
}

/* The field of parts that the pair sets, or NULL. */
static char **field_of(struct url_parts *parts, const struct pair *pair)
{
    return is_key(pair, "host")       ? &parts->host
           : is_key(pair, "port")     ? &parts->port
           : is_key(pair, "dbname")   ? &parts->dbname
           : is_key(pair, "user")     ? &parts->user
           : is_key(pair, "password") ? &parts->password
                                      : NULL;
}

bool pgbouncer_ini_get(const char *text, size_t len, const char *database, struct url_parts *parts)
{
    struct walk walk = walk_start(text, len);
    struct line line;
    bool found = false;
    bool bad = false;
    *parts = (struct url_parts)URL_PARTS_INIT;
    while (walk_next(&walk, database, &line)) {
        struct pair pair;
        url_parts_release(parts);
        found = true;
        for (const char *at = line.value; next_pair(&at, line.end, &pair, &bad);) {
            char **field = field_of(parts, &pair);
            if (field) {
                free(*field);
                *field = pair.value;
            } else {
                free(pair.value);
            }
        }
    }
    return found && !bad;
}

static void add_pair(struct buf *out, const char *key, const char *value)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./:-";
    if (!value)
        return;
    if (out->len > 0 && out->data[out->len - 1] != ' ')
        buf_addch(out, ' ');
    buf_addf(out, "%s=", key);
    bool quoted = !*value || value[strspn(value, plain)];
    if (quoted)
        buf_addch(out, '\'');
    for (const char *p = value; *p; p++) {
        buf_addch(out, *p);
        if (*p == '\'')
            buf_addch(out, *p);
    }
    if (quoted)
        buf_addch(out, '\'');
}

/* False when the line cannot be understood. */
static bool rewrite(const struct line *line, const struct url_parts *parts, struct buf *out)
{
    struct url_parts ignored = URL_PARTS_INIT;
    struct pair pair;
    bool bad = false;
    buf_add(out, line->start, (size_t)(line->value - line->start));
    add_pair(out, "host", parts->host);
    add_pair(out, "port", parts->port);
    add_pair(out, "dbname", parts->dbname);
    add_pair(out, "user", parts->user);
    add_pair(out, "password", parts->password);
    for (const char *at = line->value; next_pair(&at, line->end, &pair, &bad);) {
        if (!field_of(&ignored, &pair)) {
            buf_addch(out, ' ');
            buf_add(out, pair.start, (size_t)(pair.end - pair.start));
        }
        free(pair.value);
    }
    return !bad;
}

/* A value that would end its line. */
static bool has_line_end(const struct url_parts *parts)
{
    const char *const values[] = {parts->host, parts->port, parts->dbname, parts->user,
                                  parts->password};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        if (values[i] && strpbrk(values[i], "\r\n"))
            return true;
    }
    return false;
}

bool pgbouncer_ini_set(const char *path, const char *text, size_t len, const char *database,
                       const struct url_parts *parts, struct buf *out, struct err *err)
{
    struct walk walk = walk_start(text, len);
    struct buf result = BUF_INIT;
    struct line line;
    const char *done = text;
    bool ok = true;
    if (has_line_end(parts))
        return err_set(err, ERR_USAGE, "a line end cannot be written into %s", path);
    while (ok && walk_next(&walk, database, &line)) {
        buf_add(&result, done, (size_t)(line.start - done));
        ok = rewrite(&line, parts, &result);
        done = line.end;
    }
    if (ok && done != text) {
        buf_add(out, result.data, result.len);
        buf_add(out, done, (size_t)(text + len - done));
    } else if (ok) {
        ok = err_set(err, ERR_USAGE, "%s has no line for %s below [databases]", path, database);
        err_hint(err,
                 "add one: %s = host=... port=... dbname=... user=... password=...; where it "
                 "is in an included file, name that in DB_PGBOUNCER_INI",
                 database);
    } else {
        err_set_hint(err, ERR_USAGE,
                     "write it as NAME = host=... port=... dbname=..., with values in '...' where "
                     "they hold blanks",
                     "the line for %s in %s cannot be understood", database, path);
    }
    buf_release(&result);
    return ok;
}
