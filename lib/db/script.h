/*
 * An SQL file as psql reads it, one item at a time, in memory that does not grow with the file:
 * statements (quotes, dollar quotes, nested comments, parentheses, BEGIN ATOMIC bodies and
 * standard_conforming_strings = on are understood), comment lines, psql's backslash commands, and
 * the rows behind a COPY ... FROM stdin.
 *
 *     struct script *script = script_new(source, context);
 *     while (script_next(script, &item, err) && item.kind != SCRIPT_END)
 *         if (item.kind == SCRIPT_COPY)
 *             while (script_copy_read(script, &data, &len, &line_end, err) && len > 0) ...
 *
 * What cannot be read (an unterminated quote, comment, statement or COPY block at the end of the
 * file, a backslash in the middle of a statement, a NUL byte, a statement longer than
 * STATEMENT_MAX) is ERR_REFUSED and names the line. After a failure there is nothing to do but
 * script_free.
 *
 * Where psql's scanner and the server's disagree, the server's is followed, for it is the one that
 * decides what a statement does: parts of E'..' on further lines, and BEGIN as a name of something.
 */
#ifndef DBR_DB_SCRIPT_H
#define DBR_DB_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define STATEMENT_MAX ((size_t)1 << 30) /* bytes; the server takes no more either */

enum script_kind {
    SCRIPT_STATEMENT, /* text: one statement without its semicolon; comments before it are left out,
                         those inside stay */
    SCRIPT_COPY,      /* the same, a COPY ... FROM stdin: its rows follow, and are skipped if not
                         read */
    SCRIPT_COMMENT,   /* text: a line that is nothing but a comment between statements, from its
                         "--" on, without the line end */
    SCRIPT_META,      /* text: a psql command from its backslash to the end of the line */
    SCRIPT_END
};

struct script_item {
    enum script_kind kind;
    int64_t line;     /* of its first character, from 1 */
    const char *text; /* NUL-terminated; lives until the next call of script_next */
    size_t len;
};

/* Puts up to size bytes of the file into data; *len 0 at its end, and only there. */
typedef bool (*script_source)(void *context, char *data, size_t size, size_t *len, struct err *err);

struct script;

/* Reads nothing yet. A byte order mark at the start of the file is skipped. */
struct script *script_new(script_source source, void *context);
bool script_next(struct script *script, struct script_item *item, struct err *err);

/*
 * Rows of the COPY block that script_next has just found: pieces of whole lines where lines fit the
 * buffer, else parts of one line; *line_end tells whether the piece ends with a line end. *len 0 at
 * the end ("\." was read; it is not part of any piece). Line ends are passed as they are. A piece
 * lives until the next call.
 */
bool script_copy_read(struct script *script, const char **data, size_t *len, bool *line_end,
                      struct err *err);

int64_t script_line(const struct script *script);      /* the line that is read next */
int64_t script_copy_rows(const struct script *script); /* lines of the last COPY block so far */

/* CRC-32 (as in gzip) and number of all bytes before the first character of the last item; of the
 * whole file when that is SCRIPT_END. */
uint32_t script_crc(const struct script *script);
int64_t script_bytes(const struct script *script);

void script_free(struct script *script); /* NULL is fine */

#endif
