/*
 * Takes an SQL file apart. A token that runs into the end of the buffer is read again from its
 * start when at least twice as much of it is there, so that long ones stay linear.
 */
#include "db/script.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "db/script_input.h"
#include "db/sql_token.h"
#include "db/statement.h"

struct script {
    struct script_input in;
    bool started;
    bool fresh_line; /* nothing but blanks stands between the last line end and pos */
    uint32_t item_crc;
    int64_t item_bytes;
    /* The COPY block. */
    bool in_copy;
    bool in_row; /* a part of a line was passed, the rest follows */
    int64_t copy_line, copy_rows;
    struct buf copy_text; /* the statement, which the rows would push out of the window */
};

struct script *script_new(script_source source, void *context)
{
    struct script *script = mem_alloc(sizeof *script);
    script_input_init(&script->in, source, context);
    script->fresh_line = true;
    script->copy_text = (struct buf)BUF_INIT;
    return script;
}

void script_free(struct script *script)
{
    if (!script)
        return;
    script_input_release(&script->in);
    buf_release(&script->copy_text);
    free(script);
}

int64_t script_line(const struct script *script)
{
    return script->in.line;
}

int64_t script_copy_rows(const struct script *script)
{
    return script->copy_rows;
}

uint32_t script_crc(const struct script *script)
{
    return script->item_crc;
}

int64_t script_bytes(const struct script *script)
{
    return script->item_bytes;
}

static bool skip_byte_order_mark(struct script *script, struct err *err)
{
    struct script_input *in = &script->in;
    script->started = true;
    if (!script_input_fill(in, 3, err))
        return false;
    if (in->end >= 3 && memcmp(in->data, "\xef\xbb\xbf", 3) == 0)
        in->pos = in->start = 3;
    return true;
}

/* The whole token at pos; it is not skipped. What never ends is refused. */
static bool next_token(struct script *script, struct sql_token *token, struct err *err)
{
    struct script_input *in = &script->in;
    for (;;) {
        sql_token_read(token, in->data + in->pos, in->data + in->end, in->final);
        if (token->kind != SQL_MORE)
            break;
        if (!script_input_fill(in, token->len + 1, err))
            return false;
    }
    if (token->kind != SQL_END && token->kind != SQL_UNENDED)
        return true;
    if (!script_input_check_nul(in, err))
        return false;
    if (token->kind == SQL_UNENDED)
        return err_set_hint(err, ERR_REFUSED, HINT_DAMAGED_FILE,
                            "line %lld: a %s that begins here never ends", (long long)in->line,
                            sql_token_unended(token));
    return true;
}

/* The rest of the line at pos without its line end, "\n" or "\r\n", which stays, too. */
static bool rest_of_line(struct script *script, size_t *len, struct err *err)
{
    struct script_input *in = &script->in;
    size_t seen = 0;
    const char *newline;
    while (!(newline = memchr(in->data + in->pos + seen, '\n', in->end - in->pos - seen)) &&
           !in->final) {
        seen = in->end - in->pos;
        if (!script_input_fill(in, seen + 1, err))
            return false;
    }
    *len = (newline ? (size_t)(newline - in->data) : in->end) - in->pos;
    if (*len > 0 && in->data[in->pos + *len - 1] == '\r')
        (*len)--;
    return true;
}

/* Skips the line end at pos: a comment ends at a carriage return alone, too. */
static bool skip_line_end(struct script *script, struct err *err)
{
    struct script_input *in = &script->in;
    if (in->end - in->pos < 2 && !in->final && !script_input_fill(in, 2, err))
        return false;
    if (in->pos < in->end && in->data[in->pos] == '\r')
        script_input_skip(in, 1);
    if (in->pos < in->end && in->data[in->pos] == '\n')
        script_input_skip(in, 1);
    script->fresh_line = true;
    return true;
}

/* The item begins at pos: what stands before it is no longer needed. */
static void begin_item(struct script *script, struct script_item *item, enum script_kind kind)
{
    struct script_input *in = &script->in;
    in->start = in->pos;
    script_input_sum(in, in->pos);
    script->item_crc = in->crc;
    script->item_bytes = in->bytes;
    *item = (struct script_item){kind, in->line, "", 0};
}

/* The item is the text of that length at start; pos stands behind what ended it, if anything. */
static void end_item(struct script *script, struct script_item *item, size_t len)
{
    struct script_input *in = &script->in;
    /* The byte behind the text is overwritten, so it must have been summed. */
    script_input_sum(in, in->pos);
    in->data[in->start + len] = '\0';
    item->text = in->data + in->start;
    item->len = len;
}

/* What is known of the statement so far. */
struct progress {
    size_t words;
    bool copy;         /* it begins with COPY */
    bool create;       /* CREATE [OR REPLACE] so far */
    bool routine;      /* ... FUNCTION or PROCEDURE */
    bool after_from;   /* the last token was FROM */
    bool after_begin;  /* the last token was BEGIN */
    bool from_stdin;   /* COPY ... FROM stdin */
    size_t parens;     /* that are open */
    size_t begin_case; /* BEGIN ATOMIC and CASE that are open */
};

/* A word: the first ones tell what the statement is, those of a body where it ends. */
static void note_word(struct progress *progress, const struct sql_token *word)
{
    size_t n = progress->words++;
    if (n > 3 && !progress->copy && !progress->routine)
        return; /* most words of a file: nothing depends on them */
    bool after_from = progress->after_from;
    bool after_begin = progress->after_begin;
    progress->after_from = sql_token_is(word, "FROM");
    progress->after_begin = sql_token_is(word, "BEGIN");
    if (n == 0) {
        progress->copy = sql_token_is(word, "COPY");
        progress->create = sql_token_is(word, "CREATE");
        return;
    }
    if (progress->create && (n == 1 || n == 3))
        progress->routine |= sql_token_is(word, "FUNCTION") || sql_token_is(word, "PROCEDURE");
    if (n <= 2)
        progress->create = progress->create && sql_token_is(word, n == 1 ? "OR" : "REPLACE");
    if (progress->parens > 0)
        return;
    progress->from_stdin |= progress->copy && after_from && sql_token_is(word, "STDIN");
    if (!progress->routine)
        return;
    if (after_begin && sql_token_is(word, "ATOMIC"))
        progress->begin_case++;
    else if (progress->begin_case > 0 && sql_token_is(word, "CASE"))
        progress->begin_case++;
    else if (progress->begin_case > 0 && sql_token_is(word, "END"))
        progress->begin_case--;
}

/* Any token but a semicolon that may end the statement. */
static void note_token(struct progress *progress, const struct sql_token *token)
{
    if (token->kind == SQL_SPACE || token->kind == SQL_LINE_COMMENT || token->kind == SQL_COMMENT)
        return;
    if (token->kind == SQL_WORD) {
        note_word(progress, token);
        return;
    }
    progress->after_from = progress->after_begin = false;
    if (token->kind == SQL_SYMBOL && *token->text == '(')
        progress->parens++;
    else if (token->kind == SQL_SYMBOL && *token->text == ')' && progress->parens > 0)
        progress->parens--;
}

/* Behind the semicolon of a COPY: its rows begin on the next line. */
static bool begin_copy(struct script *script, struct script_item *item, struct err *err)
{
    struct script_input *in = &script->in;
    size_t len;
    buf_reset(&script->copy_text);
    buf_add(&script->copy_text, item->text, item->len);
    item->kind = SCRIPT_COPY;
    item->text = script->copy_text.data;
    in->start = in->pos;
    if (!rest_of_line(script, &len, err))
        return false;
    for (size_t i = 0; i < len; i++)
        if (!strchr(" \t\r", in->data[in->pos + i]))
            return err_set_hint(
                err, ERR_REFUSED,
                "write the rows of COPY on lines of their own, or export with --inserts",
                "line %lld: text behind a COPY statement, on the line where it ends",
                (long long)in->line);
    script_input_skip(in, len);
    script->in_copy = true;
    script->in_row = false;
    script->copy_line = item->line;
    script->copy_rows = 0;
    return skip_line_end(script, err);
}

static bool read_statement(struct script *script, struct script_item *item, struct err *err)
{
    struct script_input *in = &script->in;
    struct progress progress = {0};
    struct sql_token token;

    begin_item(script, item, SCRIPT_STATEMENT);
    for (;;) {
        if (!next_token(script, &token, err))
            return false;
        if (token.kind == SQL_END)
            return err_set_hint(err, ERR_REFUSED, HINT_DAMAGED_FILE,
                                "line %lld: the file ends within a statement: it is cut off",
                                (long long)item->line);
        char symbol = '\0';
        if (token.kind == SQL_SYMBOL)
            symbol = *token.text;
        if (symbol == '\\')
            return err_set_hint(
                err, ERR_REFUSED,
                "the commands of psql cannot be used within a statement: take them out of the file",
                "line %lld: a backslash within a statement", (long long)in->line);
        if (symbol == ';' && progress.parens == 0 && progress.begin_case == 0)
            break;
        note_token(&progress, &token);
        script_input_skip(in, token.len);
    }
    size_t len = in->pos - in->start;
    script_input_skip(in, 1);
    script->fresh_line = false;
    end_item(script, item, len);
    return !progress.from_stdin || begin_copy(script, item, err);
}

/* A comment line or a psql command of that length; the line end behind it is skipped. */
static bool read_line(struct script *script, struct script_item *item, enum script_kind kind,
                      size_t len, struct err *err)
{
    begin_item(script, item, kind);
    script_input_skip(&script->in, len);
    if (!skip_line_end(script, err))
        return false;
    end_item(script, item, len);
    return true;
}

static bool read_meta(struct script *script, struct script_item *item, struct err *err)
{
    size_t len;
    script->in.start = script->in.pos;
    return rest_of_line(script, &len, err) && read_line(script, item, SCRIPT_META, len, err);
}

/* What stands between statements and is no item: white space, comments, empty statements. */
static void skip_between(struct script *script, const struct sql_token *token)
{
    if (token->kind != SQL_SPACE)
        script->fresh_line = false;
    else if (memchr(token->text, '\n', token->len))
        script->fresh_line = true;
    script_input_skip(&script->in, token->len);
}

static bool skip_copy(struct script *script, struct err *err)
{
    const char *data;
    size_t len = 0;
    bool line_end;
    while (script->in_copy)
        if (!script_copy_read(script, &data, &len, &line_end, err))
            return false;
    return true;
}

bool script_next(struct script *script, struct script_item *item, struct err *err)
{
    struct script_input *in = &script->in;
    struct sql_token token;

    if (!script->started && !skip_byte_order_mark(script, err))
        return false;
    if (!skip_copy(script, err))
        return false;
    for (;;) {
        in->start = in->pos;
        if (!next_token(script, &token, err))
            return false;
        char symbol = '\0';
        if (token.kind == SQL_SYMBOL)
            symbol = *token.text;
        if (token.kind == SQL_END) {
            begin_item(script, item, SCRIPT_END);
            return true;
        }
        if (token.kind == SQL_LINE_COMMENT && script->fresh_line)
            return read_line(script, item, SCRIPT_COMMENT, token.len, err);
        if (symbol == '\\')
            return read_meta(script, item, err);
        if (token.kind != SQL_SPACE && token.kind != SQL_LINE_COMMENT &&
            token.kind != SQL_COMMENT && symbol != ';')
            return read_statement(script, item, err);
        skip_between(script, &token);
    }
}

/* --- the rows of COPY ---------------------------------------------------------- */

static bool copy_is_cut_off(const struct script *script, struct err *err)
{
    if (!script_input_check_nul(&script->in, err))
        return false;
    char *title = statement_title(script->copy_text.data);
    err_set_hint(err, ERR_REFUSED, HINT_DAMAGED_FILE,
                 "line %lld: the file ends within the rows of %s: it is cut off",
                 (long long)script->copy_line, title);
    free(title);
    return false;
}

/* Length of the line "\." at p with its line end, 0 when it is another; *open: it may become it. */
static size_t end_mark(const char *p, const struct script_input *in, bool *open)
{
    const char *end = in->data + in->end;
    size_t left = (size_t)(end - p);
    *open = false;
    if (left > 0 && *p != '\\')
        return 0;
    if (left > 1 && p[1] != '.')
        return 0;
    if (left > 2 && p[2] == '\n')
        return 3;
    if (left > 3 && p[2] == '\r' && p[3] == '\n')
        return 4;
    if (left < 3 || (left == 3 && p[2] == '\r')) {
        *open = !in->final;
        return in->final && !in->nul && left >= 2 ? left : 0;
    }
    return 0;
}

/*
 * Whole lines from pos on, up to the end mark or to the last line that is complete; *mark is the
 * length of the mark behind them, 0 when there is none. Returns where they end.
 */
static const char *whole_lines(struct script *script, size_t *mark)
{
    struct script_input *in = &script->in;
    const char *p = in->data + in->pos;
    const char *end = in->data + in->end;
    int64_t lines = 0;
    *mark = 0;
    for (;;) {
        bool open = false;
        if (!script->in_row && (*mark = end_mark(p, in, &open)) > 0)
            break;
        const char *newline = open ? NULL : memchr(p, '\n', (size_t)(end - p));
        if (!newline)
            break;
        p = newline + 1;
        lines++;
        script->in_row = false;
    }
    script->copy_rows += lines;
    in->line += lines;
    return p;
}

bool script_copy_read(struct script *script, const char **data, size_t *len, bool *line_end,
                      struct err *err)
{
    struct script_input *in = &script->in;
    *data = "";
    *len = 0;
    *line_end = true;
    while (script->in_copy) {
        size_t mark;
        const char *first = in->data + in->pos;
        const char *last = whole_lines(script, &mark);
        in->start = in->pos;
        if (last > first) {
            *data = first;
            *len = (size_t)(last - first);
            in->pos += *len;
            return true;
        }
        if (mark > 0) {
            script_input_skip(in, mark);
            script->in_copy = false;
            script->fresh_line = true;
        } else if (in->end - in->pos >= in->cap / 2) {
            /* A line that does not fit is passed as far as it is there. */
            *data = first;
            *len = in->end - in->pos;
            *line_end = false;
            in->pos = in->end;
            script->in_row = true;
            return true;
        } else if (in->final) {
            return copy_is_cut_off(script, err);
        } else if (!script_input_fill(in, 1, err)) {
            return false;
        }
    }
    return true;
}
