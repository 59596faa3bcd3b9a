/* The text format of COPY, as the server reads it. */
#include "db/copy_text.h"

#include <string.h>

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The character that stands at *p, behind a backslash; *p moves behind it. The text ends with a
 * NUL, which is no digit. */
static char unescape(const char **p)
{
    static const char letters[] = "bfnrtv", meant[] = "\b\f\n\r\t\v";
    char c = *(*p)++;
    const char *letter = memchr(letters, c, sizeof letters - 1);
    if (letter)
        return meant[letter - letters];
    if (c >= '0' && c <= '7') {
        int value = c - '0';
        for (int n = 0; n < 2 && **p >= '0' && **p <= '7'; n++)
            value = value * 8 + (*(*p)++ - '0');
        return (char)(value & 0xff);
    }
    if (c == 'x' && hex_digit(**p) >= 0) {
        int value = hex_digit(*(*p)++);
        if (hex_digit(**p) >= 0)
            value = value * 16 + hex_digit(*(*p)++);
        return (char)value;
    }
    return c;
}

/*
 * The field that begins at p: escapes are undone where it stands, and it is closed with a NUL. Its
 * end is where the tab stood, or the end of the line.
 */
static char *end_of_field(char *p, const char *end, size_t *len, bool *is_null, struct err *err)
{
    char *out = p;
    const char *in = p;
    *is_null = end - p >= 2 && p[0] == '\\' && p[1] == 'N' && (p + 2 == end || p[2] == '\t');
    while (in < end && *in != '\t') {
        char c = *in++;
        if (c == '\\' && in == end) {
            err_set_hint(err, ERR_REFUSED, HINT_DAMAGED_FILE, "a row ends with a backslash");
            return NULL;
        }
        if (c == '\\')
            c = unescape(&in);
        if (c == '\0') {
            err_set_hint(err, ERR_REFUSED, HINT_DAMAGED_FILE, "a value has a NUL byte");
            return NULL;
        }
        *out++ = c;
    }
    *len = (size_t)(out - p);
    char *tab = p + (in - p);
    *out = '\0';
    return tab;
}

bool copy_text_split(char *line, size_t len, copy_text_field field, void *context, struct err *err)
{
    char *end = line + len;
    char *p = line;
    const char *escape = memchr(line, '\\', len);

    if (memchr(line, '\0', len))
        return err_set_hint(err, ERR_REFUSED, HINT_DAMAGED_FILE, "a value has a NUL byte");
    *end = '\0';
    for (size_t column = 0;; column++) {
        size_t field_len = 0;
        bool is_null = false;
        char *tab = memchr(p, '\t', (size_t)(end - p));
        if (!tab)
            tab = end;
        if (!escape || escape > tab) {
            *tab = '\0';
            field_len = (size_t)(tab - p);
        } else {
            tab = end_of_field(p, end, &field_len, &is_null, err);
            if (!tab)
                return false;
            escape = memchr(tab, '\\', (size_t)(end - tab));
        }
        if (!field(context, column, is_null ? NULL : p, is_null ? 0 : field_len, err))
            return false;
        if (tab == end)
            return true;
        p = tab + 1;
    }
}

/* Appends data with each of this character doubled. */
static void add_doubled(struct buf *out, const char *data, size_t len, char doubled)
{
    const char *end = data + len;
    const char *stop;
    while (data < end && (stop = memchr(data, doubled, (size_t)(end - data)))) {
        buf_add(out, data, (size_t)(stop + 1 - data));
        buf_addch(out, doubled);
        data = stop + 1;
    }
    buf_add(out, data, (size_t)(end - data));
}

static size_t piece_of(size_t left)
{
    return left < COPY_TEXT_PIECE ? left : COPY_TEXT_PIECE;
}

static void add_literal_text(struct buf *sql, const char *data, size_t len)
{
    const char *end = data + len;
    const char *backslash;
    while (data < end && (backslash = memchr(data, '\\', (size_t)(end - data)))) {
        add_doubled(sql, data, (size_t)(backslash - data), '\'');
        buf_adds(sql, "\\\\");
        data = backslash + 1;
    }
    add_doubled(sql, data, (size_t)(end - data), '\'');
}

bool copy_text_literal_piece(struct buf *sql, const char *data, size_t len, size_t *at)
{
    if (!data) {
        buf_adds(sql, "NULL");
        return false;
    }
    size_t piece = piece_of(len - *at);
    if (*at == 0)
        buf_adds(sql, memchr(data, '\\', len) ? "E'" : "'");
    add_literal_text(sql, data + *at, piece);
    *at += piece;
    if (*at < len)
        return true;
    buf_addch(sql, '\'');
    return false;
}

void copy_text_literal(struct buf *sql, const char *data, size_t len)
{
    size_t at = 0;
    while (copy_text_literal_piece(sql, data, len, &at))
        ;
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool needs_quotes(const char *data, size_t len)
{
    if (len == 0 || is_space(data[0]) || is_space(data[len - 1]))
        return true;
    if (len == 2 && data[0] == '\\' && (data[1] == 'N' || data[1] == '.'))
        return true;
    for (size_t i = 0; i < len; i++)
        if (data[i] == '"' || data[i] == ',' || data[i] == '\n' || data[i] == '\r')
            return true;
    return false;
}

bool copy_text_csv_piece(struct buf *out, const char *data, size_t len, size_t *at)
{
    if (!data) {
        buf_adds(out, "\\N");
        return false;
    }
    size_t piece = piece_of(len - *at);
    bool first = *at == 0;
    bool last = *at + piece == len;
    bool quoted = (first || last) && needs_quotes(data, len);
    if (first && quoted)
        buf_addch(out, '"');
    add_doubled(out, data + *at, piece, '"'); /* one without quotes has none to double */
    if (last && quoted)
        buf_addch(out, '"');
    *at += piece;
    return !last;
}

bool copy_text_ends_csv(const char *data, size_t len)
{
    return data && (memmem(data, len, "\n\\.\n", 4) || memmem(data, len, "\n\\.\r\n", 5));
}
