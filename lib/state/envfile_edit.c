/*
 * Rewrites assignments in the text of an env file. Where they stand is the parser's word
 * (envfile.c), so that what is changed is what Node takes for an assignment; the result is parsed
 * again before it is given out.
 */
#include "state/envfile_edit.h"

#include <string.h>

#include "state/envfile.h"

#define BOM "\xef\xbb\xbf"

static void add_quoted(struct buf *out, char quote, const char *value)
{
    buf_addch(out, quote);
    buf_adds(out, value);
    buf_addch(out, quote);
}

bool envfile_quote(struct buf *out, const char *value)
{
    if (strchr(value, '\r'))
        return false; /* Node drops it */
    if (!strchr(value, '\'')) {
        add_quoted(out, '\'', value);
        return true;
    }
    if (!strpbrk(value, "\"$`\\")) {
        add_quoted(out, '"', value);
        return true;
    }
    if (strncmp(value, "postgres://", 11) != 0 && strncmp(value, "postgresql://", 13) != 0)
        return false;
    buf_addch(out, '\'');
    for (const char *p = value; *p; p++) {
        if (*p == '\'')
            buf_adds(out, "%27");
        else
            buf_addch(out, *p);
    }
    buf_addch(out, '\'');
    return true;
}

/* Where in text the character stands that has `plain` others before it when carriage returns and a
 * byte order mark are not counted; behind that many, to be exact. */
static size_t raw_offset(const char *text, size_t len, size_t plain)
{
    size_t at = len >= 3 && memcmp(text, BOM, 3) == 0 ? 3 : 0;
    for (; at < len && plain > 0; at++)
        plain -= text[at] != '\r';
    return at;
}

/* The line end that text[from, to) has, "" when it has none. */
static const char *line_end_of(const char *text, size_t from, size_t to)
{
    if (to == from || text[to - 1] != '\n')
        return "";
    return to - from > 1 && text[to - 2] == '\r' ? "\r\n" : "\n";
}

static void add_assignment(struct buf *out, const char *name, const char *quoted, const char *end)
{
    buf_addf(out, "%s=%s%s", name, quoted, end);
}

/* Indentation and `export ` of an assignment. */
static size_t prefix_length(const char *line)
{
    size_t blanks = strspn(line, " ");
    return strncmp(line + blanks, "export ", 7) == 0 ? blanks + 7 : blanks;
}

static void rewrite(const struct envfile *file, const char *text, size_t len, const char *name,
                    const char *quoted, struct buf *out)
{
    size_t done = 0;
    bool found = false;
    for (size_t i = 0; i < file->count; i++) {
        const struct envfile_entry *entry = &file->entries[i];
        if (strcmp(entry->name, name) != 0)
            continue;
        size_t start = raw_offset(text, len, entry->start);
        size_t end = raw_offset(text, len, entry->end);
        buf_add(out, text + done, start + prefix_length(text + start) - done);
        add_assignment(out, name, quoted, line_end_of(text, start, end));
        done = end;
        found = true;
    }
    buf_add(out, text + done, len - done);
    if (found)
        return;
    const char *first = memchr(text, '\n', len);
    const char *end = first ? line_end_of(text, 0, (size_t)(first - text) + 1) : "\n";
    if (len > 0 && text[len - 1] != '\n')
        buf_adds(out, end);
    add_assignment(out, name, quoted, end);
}

static bool has_value(const char *path, const struct buf *text, const char *name,
                      const char *quoted)
{
    struct envfile wanted = ENVFILE_INIT;
    struct envfile result = ENVFILE_INIT;
    struct buf line = BUF_INIT;
    add_assignment(&line, name, quoted, "\n");
    envfile_parse(&wanted, path, line.data, line.len);
    envfile_parse(&result, path, text->data, text->len);
    const struct envfile_entry *a = envfile_find(&wanted, name);
    const struct envfile_entry *b = envfile_find(&result, name);
    bool same = a && b && strcmp(a->value, b->value) == 0;
    envfile_release(&wanted);
    envfile_release(&result);
    buf_release(&line);
    return same;
}

bool envfile_set(const char *path, const char *text, size_t len, const char *name,
                 const char *value, struct buf *out, struct err *err)
{
    struct envfile file = ENVFILE_INIT;
    struct buf quoted = BUF_INIT;
    struct buf whole = BUF_INIT;
    struct buf result = BUF_INIT;
    bool ok = envfile_quote(&quoted, value);
    if (!ok) {
        err_set(err, ERR_USAGE,
                "the value of %s cannot be quoted so that Node and a shell read the same", name);
        err_hint(err, "write it as a postgresql:// URL");
        goto out;
    }
    /* With the line end that is to come: without it a quote that is never closed hides its line. */
    buf_add(&whole, text, len);
    buf_addch(&whole, '\n');
    envfile_parse(&file, path, whole.data, whole.len);
    rewrite(&file, text, len, name, quoted.data, &result);
    ok = has_value(path, &result, name, quoted.data);
    if (ok) {
        buf_add(out, result.data, result.len);
    } else {
        err_set(err, ERR_USAGE, "cannot set %s in %s: another line hides it", name, path);
        err_hint(err, "look for a quote that is never closed in %s", path);
    }
out:
    envfile_release(&file);
    buf_release(&quoted);
    buf_release(&whole);
    buf_release(&result);
    return ok;
}
