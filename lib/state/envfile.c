/*
 * The parser of env files. It works on a copy without carriage returns and walks it line by line,
 * except where a quoted value runs over several lines. It knows nothing of dbr's own keys.
 */
#include "state/envfile.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/fsio.h"
#include "base/mem.h"

/* Far beyond any real file; keeps a mistaken path (a dump, a device) from filling memory. */
#define ENVFILE_MAX ((size_t)1 << 20)

struct span {
    const char *at;
    size_t len;
};

struct parser {
    struct envfile *file;
    const char *path;
    const char *at, *end;
    size_t line;
};

static struct span trim(const char *from, const char *to)
{
    while (from < to && *from == ' ')
        from++;
    while (to > from && to[-1] == ' ')
        to--;
    return (struct span){from, (size_t)(to - from)};
}

static const char *find(const char *from, const char *to, char c)
{
    return from < to ? memchr(from, c, (size_t)(to - from)) : NULL;
}

static const char *line_end(const char *from, const char *to)
{
    const char *newline = find(from, to, '\n');
    return newline ? newline : to;
}

static const char *skip_blanks(const char *from, const char *to)
{
    while (from < to && (*from == ' ' || *from == '\t'))
        from++;
    return from;
}

/* Moves behind the line that ends at or after `from`, counting the lines passed. */
static void next_line(struct parser *p, const char *from)
{
    const char *stop = line_end(from, p->end);
    if (stop < p->end)
        stop++;
    for (const char *c = p->at; c < stop; c++)
        p->line += *c == '\n';
    p->at = stop;
}

/* Names that a program can ask the environment for; anything else is left over from broken quoting,
 * say. */
static bool name_is_plain(struct span name)
{
    for (size_t i = 0; i < name.len; i++) {
        unsigned char c = (unsigned char)name.at[i];
        if (!isalnum(c) && c != '_' && c != '.' && c != '-')
            return false;
    }
    return name.len > 0;
}

static void store(struct parser *p, struct span name, size_t line, struct span value, bool escapes)
{
    struct envfile *file = p->file;
    if (file->count == file->cap) {
        file->cap = file->cap ? file->cap * 2 : 16;
        file->entries = mem_array(file->entries, file->cap, sizeof *file->entries);
    }
    char *text = mem_strndup(value.at, value.len);
    if (escapes) {
        char *to = text;
        for (const char *from = text; *from; from++) {
            bool newline = from[0] == '\\' && from[1] == 'n';
            *to++ = newline ? '\n' : *from;
            from += newline;
        }
        *to = '\0';
    }
    if (!name_is_plain(name))
        strlist_addf(&file->warnings, "%s line %zu: what stands before '=' is not a usable name",
                     p->path, line);
    file->entries[file->count++] =
        (struct envfile_entry){mem_strndup(name.at, name.len), text, line, 0, 0, false};
}

static void parse_quoted(struct parser *p, struct span name, const char *from)
{
    const char *close = find(from + 1, p->end, *from);
    const char *stop = line_end(from, p->end);
    size_t line = p->line;
    if (!close) {
        strlist_addf(&p->file->warnings, "%s line %zu: the quote of %.*s is never closed", p->path,
                     line, name_is_plain(name) ? (int)name.len : 0, name.at);
        /* As Node: the rest of the line, quote included, is the value; without a line end there is
         * none. */
        if (stop < p->end)
            store(p, name, line, (struct span){from, (size_t)(stop - from)}, false);
        next_line(p, from);
        return;
    }
    store(p, name, line, (struct span){from + 1, (size_t)(close - from - 1)}, *from == '"');
    const char *rest = skip_blanks(close + 1, p->end);
    if (rest < p->end && *rest != '\n' && *rest != '#')
        strlist_addf(&p->file->warnings,
                     "%s line %zu: what follows the closing quote of %.*s is ignored", p->path,
                     line, name_is_plain(name) ? (int)name.len : 0, name.at);
    next_line(p, close);
}

static void parse_plain(struct parser *p, struct span name, const char *from)
{
    const char *stop = line_end(from, p->end);
    const char *hash = find(from, stop, '#');
    bool cut = hash && hash[-1] != ' ' && hash[-1] != '\t';
    if (cut)
        strlist_addf(&p->file->warnings,
                     "%s line %zu: the value of %.*s is cut short by '#': put it in quotes",
                     p->path, p->line, name_is_plain(name) ? (int)name.len : 0, name.at);
    store(p, name, p->line, trim(from, hash ? hash : stop), false);
    p->file->entries[p->file->count - 1].cut = cut;
    next_line(p, from);
}

static void parse_line(struct parser *p)
{
    const char *stop = line_end(p->at, p->end);
    const char *first = skip_blanks(p->at, stop);
    if (first == stop || *first == '#') {
        next_line(p, p->at);
        return;
    }
    const char *equals = find(p->at, stop, '=');
    struct span name = trim(p->at, equals ? equals : stop);
    if (!equals || name.len == 0) {
        strlist_addf(&p->file->warnings,
                     "%s line %zu: skipped, it has no %s (Node may miss what follows it)", p->path,
                     p->line, equals ? "name before '='" : "'='");
        next_line(p, p->at);
        return;
    }
    if (name.len >= 7 && memcmp(name.at, "export ", 7) == 0)
        name = (struct span){name.at + 7, name.len - 7};
    const char *value = equals + 1;
    while (value < stop && *value == ' ')
        value++;
    if (value < stop && strchr("'\"`", *value))
        parse_quoted(p, name, value);
    else
        parse_plain(p, name, value);
}

void envfile_parse(struct envfile *file, const char *path, const char *text, size_t len)
{
    if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
        text += 3;
        len -= 3;
    }
    struct buf copy = BUF_INIT;
    buf_grow(&copy, len);
    for (size_t i = 0; i < len; i++) {
        if (text[i] != '\r')
            buf_addch(&copy, text[i]);
    }
    struct parser p = {file, path, copy.data, copy.data + copy.len, 1};
    while (p.at < p.end) {
        size_t start = (size_t)(p.at - copy.data);
        parse_line(&p);
        struct envfile_entry *last = file->count > 0 ? &file->entries[file->count - 1] : NULL;
        if (last && last->end == 0) { /* the line gave a new entry */
            last->start = start;
            last->end = (size_t)(p.at - copy.data);
        }
    }
    buf_release(&copy);
}

bool envfile_read(struct envfile *file, const char *path, struct err *err)
{
    struct buf text = BUF_INIT;
    struct stat st;
    if (stat(path, &st) != 0)
        return err_set_errno(err, ERR_USAGE, errno, "cannot read env file %s", path);
    if (!fsio_read(path, ENVFILE_MAX, &text, err)) {
        buf_release(&text);
        return err_prefix(err, "env file");
    }
    if (memchr(text.data, '\0', text.len)) {
        buf_release(&text);
        return err_set_hint(err, ERR_USAGE,
                            "name the text file that was meant (--env-file, DBR_ENV_FILE)",
                            "env file %s is not a text file", path);
    }
    if (S_ISREG(st.st_mode) && (st.st_mode & (S_IRGRP | S_IROTH)))
        strlist_addf(&file->warnings, "%s can be read by others (mode %03o): chmod 600 %s", path,
                     (unsigned)(st.st_mode & 07777), path);
    envfile_parse(file, path, text.data, text.len);
    buf_release(&text);
    return true;
}

const struct envfile_entry *envfile_find(const struct envfile *file, const char *name)
{
    for (size_t i = file->count; i > 0; i--) {
        if (strcmp(file->entries[i - 1].name, name) == 0)
            return &file->entries[i - 1];
    }
    return NULL;
}

void envfile_release(struct envfile *file)
{
    for (size_t i = 0; i < file->count; i++) {
        free(file->entries[i].name);
        free(file->entries[i].value);
    }
    free(file->entries);
    strlist_release(&file->warnings);
    memset(file, 0, sizeof *file);
}
