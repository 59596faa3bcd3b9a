/*
 * For tests of what reads SQL files: a script whose source is a string, handed out in pieces of a
 * given size.
 */
#ifndef DBR_TESTS_SCRIPT_TEXT_H
#define DBR_TESTS_SCRIPT_TEXT_H

#include "base/buf.h"
#include "db/script.h"
#include "unit.h"

struct script_text {
    const char *data;
    size_t left, piece;
};

UNIT_UNUSED static bool script_text_read(void *context, char *data, size_t size, size_t *len,
                                         struct err *err)
{
    struct script_text *text = context;
    size_t n = text->left < text->piece ? text->left : text->piece;
    (void)err;
    n = n < size ? n : size;
    memcpy(data, text->data, n);
    text->data += n;
    text->left -= n;
    *len = n;
    return true;
}

/* The rows of a COPY block in one string; false when it has no end. */
UNIT_UNUSED static bool script_text_rows(struct script *script, struct buf *rows, struct err *err)
{
    const char *data;
    size_t len;
    bool line_end;
    do {
        if (!script_copy_read(script, &data, &len, &line_end, err))
            return false;
        assert_true(len == 0 || line_end == (data[len - 1] == '\n'));
        buf_add(rows, data, len);
    } while (len > 0);
    return true;
}

/*
 * All items of a text in one string: "S1[..]", C (COPY, "{rows|count}"), -- (comment), M (meta),
 * each with its line; "E" with the CRC and size, or "!" and the error. skip: COPY rows are not
 * read.
 */
UNIT_UNUSED static void script_text_items(struct buf *out, const char *data, size_t len,
                                          size_t piece, bool skip)
{
    static const char *const names[] = {"S", "C", "--", "M", "E"};
    struct script_text text = {data, len, piece};
    struct script *script = script_new(script_text_read, &text);
    struct script_item item = {.kind = SCRIPT_STATEMENT};
    struct err err = ERR_INIT;
    bool ok = true;

    while (ok && (ok = script_next(script, &item, &err)) && item.kind != SCRIPT_END) {
        assert_int_equal(strlen(item.text), item.len);
        buf_addf(out, "%s%lld[%s]", names[item.kind], (long long)item.line, item.text);
        if (item.kind != SCRIPT_COPY || skip)
            continue;
        buf_addch(out, '{');
        ok = script_text_rows(script, out, &err);
        buf_addf(out, "|%lld}", (long long)script_copy_rows(script));
        assert_true(*item.text != '\0');
    }
    if (ok)
        buf_addf(out, "E%lld %08x %lld", (long long)script_line(script), script_crc(script),
                 (long long)script_bytes(script));
    else
        buf_addf(out, "!%d %s", (int)err.code, err.message);
    script_free(script);
}

#endif
