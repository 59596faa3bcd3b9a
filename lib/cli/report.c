/* Tables for people. Widths are found when a table is printed, since symbols and the terminal count
 * in them. */
#include "cli/report.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/strlist.h"
#include "cli/terminal.h"
#include "cli/width.h"

#define GAP ((size_t)2)
#define NAME_MIN 10 /* a column of names is not made narrower than that, */
#define TEXT_MIN 24 /* nor one of texts, which go on in the next line */
#define LIST_MIN 10 /* what the values of a list have at least, even if the terminal has not */
#define SYMBOL_WIDTH 2

struct report {
    size_t columns;
    bool *right;          /* by column */
    struct strlist cells; /* row after row; the first row is the headings */
    struct buf marks;     /* of each cell, one byte */
};

/* How one table is laid out for one terminal. */
struct layout {
    const struct report *report;
    struct report_style style;
    size_t *widths; /* by column */
    bool *marked;   /* by column: some cell has a symbol, so that all are moved to the right */
};

static void add_cell(struct report *report, const char *text)
{
    struct buf clean = BUF_INIT;

    buf_add_clean(&clean, text ? text : "-");
    strlist_add(&report->cells, clean.data);
    buf_addch(&report->marks, REPORT_PLAIN);
    buf_release(&clean);
}

struct report *report_new(const char *const *headings, size_t columns)
{
    struct report *report = mem_alloc(sizeof *report);

    report->columns = columns;
    report->right = mem_alloc(columns * sizeof *report->right);
    report->marks = (struct buf)BUF_INIT;
    for (size_t i = 0; i < columns; i++) {
        report->right[i] = headings[i][0] == '>';
        add_cell(report, headings[i] + report->right[i]);
    }
    return report;
}

void report_row(struct report *report, const char *const *cells)
{
    for (size_t i = 0; i < report->columns; i++)
        add_cell(report, cells[i]);
}

void report_mark(struct report *report, size_t column, enum report_mark mark)
{
    report->marks.data[report->cells.count - report->columns + column] = (char)mark;
}

static size_t max_size(size_t a, size_t b)
{
    return a > b ? a : b;
}

static const char *symbol(enum report_mark mark, bool utf8)
{
    static const char *const unicode[] = {" ", "\u2713", "!", "\u2717"};
    static const char *const ascii[] = {" ", "+", "!", "x"};
    return (utf8 ? unicode : ascii)[mark];
}

static const char *color_of(enum report_mark mark)
{
    static const char *const colors[] = {"", "\033[32m", "\033[33m", "\033[31m"};
    return colors[mark];
}

static void pad(struct buf *line, size_t count)
{
    for (size_t i = 0; i < count; i++)
        buf_addch(line, ' ');
}

/* No blanks at the end: they wrap on narrow terminals and show in diffs. */
static void put_line(struct buf *line, FILE *out)
{
    size_t len = line->len;
    while (len > 0 && line->data[len - 1] == ' ')
        len--;
    buf_truncate(line, len);
    fprintf(out, "%s\n", line->data);
    buf_reset(line);
}

static bool is_last_text(const struct layout *l, size_t column)
{
    return column == l->report->columns - 1 && column > 0 && !l->report->right[column];
}

static size_t total_width(const struct layout *l)
{
    size_t total = GAP * (l->report->columns - 1);
    for (size_t i = 0; i < l->report->columns; i++)
        total += l->widths[i];
    return total;
}

/* Takes what is too much from the text of the last column, then from the widest names. False when
 * the table cannot be made as narrow as the terminal. */
static bool fit(struct layout *l)
{
    size_t limit = l->style.columns;
    size_t last = l->report->columns - 1;
    while (limit > 0 && total_width(l) > limit) {
        size_t widest = last + 1;
        if (is_last_text(l, last) && l->widths[last] > TEXT_MIN) {
            size_t over = total_width(l) - limit;
            size_t spare = l->widths[last] - TEXT_MIN;
            l->widths[last] -= over < spare ? over : spare;
            continue;
        }
        for (size_t i = 0; i < last + !is_last_text(l, last); i++)
            if (!l->report->right[i] && l->widths[i] > NAME_MIN &&
                (widest > last || l->widths[i] > l->widths[widest]))
                widest = i;
        if (widest > last)
            return false;
        l->widths[widest]--;
    }
    return true;
}

static void measure(struct layout *l)
{
    const struct report *r = l->report;
    for (size_t i = 0; i < r->cells.count; i++)
        if (l->style.symbols && r->marks.data[i] != REPORT_PLAIN)
            l->marked[i % r->columns] = true;
    for (size_t i = 0; i < r->cells.count; i++) {
        size_t column = i % r->columns;
        size_t width = width_of(r->cells.items[i]);
        if (l->marked[column] && i >= r->columns)
            width += SYMBOL_WIDTH;
        l->widths[column] = max_size(l->widths[column], width);
    }
}

/* The first line of a cell, padded to its column. What goes on in the next line begins at *rest. */
static void add_cell_line(const struct layout *l, struct buf *line, size_t column, const char *text,
                          enum report_mark mark, const char **rest)
{
    struct buf shown = BUF_INIT;
    size_t width = l->widths[column];
    size_t next = strlen(text);
    if (is_last_text(l, column))
        buf_add(&shown, text, width_break(text, width, &next));
    else
        width_add_cut(&shown, text, width, l->style.utf8);
    *rest = text[next] ? text + next : NULL;
    size_t taken = width_of(shown.data);
    size_t blanks = taken < width ? width - taken : 0;
    bool colored = l->style.color && mark != REPORT_PLAIN;
    if (l->report->right[column])
        pad(line, blanks);
    buf_adds(line, colored ? color_of(mark) : "");
    buf_adds(line, shown.data);
    buf_adds(line, colored ? "\033[0m" : "");
    if (!l->report->right[column])
        pad(line, blanks);
    buf_release(&shown);
}

/* A cell as it is shown, with its symbol. */
static char *cell_text(const struct layout *l, size_t i)
{
    const struct report *r = l->report;
    const char *text = r->cells.items[i];
    if (i < r->columns || !l->marked[i % r->columns])
        return mem_strdup(text);
    return mem_printf("%s %s", symbol((enum report_mark)r->marks.data[i], l->style.utf8), text);
}

/* The text of the last column goes on below itself. */
static void print_rest(const struct layout *l, const char *rest, enum report_mark mark, FILE *out)
{
    struct buf line = BUF_INIT;
    size_t last = l->report->columns - 1;
    size_t indent = total_width(l) - l->widths[last] + (l->marked[last] ? SYMBOL_WIDTH : 0);
    struct layout below = *l;
    size_t *widths = mem_alloc((last + 1) * sizeof *widths);
    memcpy(widths, l->widths, (last + 1) * sizeof *widths);
    widths[last] -= l->marked[last] ? SYMBOL_WIDTH : 0;
    below.widths = widths;
    while (rest) {
        pad(&line, indent);
        add_cell_line(&below, &line, last, rest, mark, &rest);
        put_line(&line, out);
    }
    free(widths);
    buf_release(&line);
}

static void print_row(const struct layout *l, size_t first, FILE *out)
{
    const struct report *r = l->report;
    struct buf line = BUF_INIT;
    bool bold = l->style.color && first == 0;
    char *last = NULL;
    const char *rest = NULL;

    for (size_t i = 0; i < r->columns; i++) {
        free(last);
        last = cell_text(l, first + i);
        pad(&line, i > 0 ? GAP : 0);
        add_cell_line(l, &line, i, last, (enum report_mark)r->marks.data[first + i], &rest);
    }
    if (bold) {
        fputs("\033[1m", out);
        while (line.len > 0 && line.data[line.len - 1] == ' ')
            buf_truncate(&line, line.len - 1);
        buf_adds(&line, "\033[0m");
    }
    put_line(&line, out);
    if (rest)
        print_rest(l, rest, (enum report_mark)r->marks.data[first + r->columns - 1], out);
    free(last);
    buf_release(&line);
}

/* A heading and its value, in the layout of two columns. */
static void print_item(const struct layout *l, const char *heading, const char *value,
                       enum report_mark mark, FILE *out)
{
    struct buf line = BUF_INIT;
    const char *rest;
    char *text =
        l->marked[1] ? mem_printf("%s %s", symbol(mark, l->style.utf8), value) : mem_strdup(value);

    add_cell_line(l, &line, 0, heading, REPORT_PLAIN, &rest);
    pad(&line, GAP);
    add_cell_line(l, &line, 1, text, mark, &rest);
    put_line(&line, out);
    if (rest)
        print_rest(l, rest, mark, out);
    free(text);
    buf_release(&line);
}

/* Rows below each other. */
static void print_list(const struct report *r, const struct report_style *style, FILE *out)
{
    bool right[2] = {false, false};
    bool marked[2] = {false, false};
    size_t widths[2] = {0, LIST_MIN};
    const struct report pair = {2, right, r->cells, r->marks};
    struct layout l = {&pair, *style, widths, marked};

    for (size_t i = 0; i < r->columns; i++)
        widths[0] = max_size(widths[0], width_of(r->cells.items[i]));
    if (style->columns > widths[0] + GAP + LIST_MIN)
        l.widths[1] = style->columns - widths[0] - GAP;
    for (size_t row = r->columns; row < r->cells.count; row += r->columns) {
        if (row > r->columns)
            fputc('\n', out);
        for (size_t i = 0; i < r->columns; i++) {
            enum report_mark mark = (enum report_mark)r->marks.data[row + i];
            l.marked[1] = style->symbols && mark != REPORT_PLAIN;
            print_item(&l, r->cells.items[i], r->cells.items[row + i], mark, out);
        }
    }
}

void report_print_in(const struct report *report, FILE *out, const struct report_style *style)
{
    struct layout l = {report, *style, mem_alloc(report->columns * sizeof *l.widths),
                       mem_alloc(report->columns * sizeof *l.marked)};

    measure(&l);
    if (!fit(&l) && report->cells.count > report->columns)
        print_list(report, style, out);
    else
        for (size_t i = 0; i < report->cells.count; i += report->columns)
            print_row(&l, i, out);
    free(l.widths);
    free(l.marked);
}

struct report_style report_style_of(FILE *out, bool color)
{
    size_t columns = terminal_columns(fileno(out));
    const struct report_style style = {columns, color, columns > 0, columns > 0 && terminal_utf8()};
    return style;
}

void report_print(const struct report *report, FILE *out, bool color)
{
    const struct report_style style = report_style_of(out, color);
    report_print_in(report, out, &style);
}

void report_word(FILE *out, bool color, const char *label, enum report_mark mark, const char *word)
{
    const struct report_style style = report_style_of(out, color);
    bool marked = style.symbols && mark != REPORT_PLAIN;
    fprintf(out, "%s%s%s%s%s%s%s\n", label, style.color ? "\033[1m" : "",
            style.color ? color_of(mark) : "", marked ? symbol(mark, style.utf8) : "",
            marked ? " " : "", word, style.color ? "\033[0m" : "");
}

void report_free(struct report *report)
{
    if (!report)
        return;
    strlist_release(&report->cells);
    buf_release(&report->marks);
    free(report->right);
    free(report);
}
