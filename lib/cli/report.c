/* Tables for people, and numbers as people read them. */
#include "cli/report.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/strlist.h"

#define GAP "  "
#define TEXT_SIZE ((size_t)32)

struct report {
    size_t columns;
    bool *right;          /* by column */
    size_t *widths;       /* by column, in code points */
    struct strlist cells; /* row after row; the first row is the headings */
};

static size_t width_of(const char *text)
{
    size_t width = 0;
    for (; *text; text++)
        width += ((unsigned char)*text & 0xC0) != 0x80;
    return width;
}

static void add_cell(struct report *report, size_t column, const char *text)
{
    struct buf clean = BUF_INIT;

    buf_add_clean(&clean, text ? text : "-");
    size_t width = width_of(clean.data);
    if (width > report->widths[column])
        report->widths[column] = width;
    strlist_add(&report->cells, clean.data);
    buf_release(&clean);
}

struct report *report_new(const char *const *headings, size_t columns)
{
    struct report *report = mem_alloc(sizeof *report);

    report->columns = columns;
    report->right = mem_alloc(columns * sizeof *report->right);
    report->widths = mem_alloc(columns * sizeof *report->widths);
    for (size_t i = 0; i < columns; i++) {
        report->right[i] = headings[i][0] == '>';
        add_cell(report, i, headings[i] + report->right[i]);
    }
    return report;
}

void report_row(struct report *report, const char *const *cells)
{
    for (size_t i = 0; i < report->columns; i++)
        add_cell(report, i, cells[i]);
}

static void pad(struct buf *line, size_t count)
{
    for (size_t i = 0; i < count; i++)
        buf_addch(line, ' ');
}

static void print_row(const struct report *report, char *const *cells, FILE *out, bool bold)
{
    struct buf line = BUF_INIT;

    for (size_t i = 0; i < report->columns; i++) {
        size_t blanks = report->widths[i] - width_of(cells[i]);
        if (i > 0)
            buf_adds(&line, GAP);
        if (report->right[i])
            pad(&line, blanks);
        buf_adds(&line, cells[i]);
        if (!report->right[i])
            pad(&line, blanks);
    }
    /* No blanks at the end: they wrap on narrow terminals and show in diffs. */
    size_t len = line.len;
    while (len > 0 && line.data[len - 1] == ' ')
        len--;
    buf_truncate(&line, len);
    fprintf(out, bold ? "\033[1m%s\033[0m\n" : "%s\n", line.data);
    buf_release(&line);
}

void report_print(const struct report *report, FILE *out, bool color)
{
    for (size_t i = 0; i < report->cells.count; i += report->columns)
        print_row(report, report->cells.items + i, out, color && i == 0);
}

void report_free(struct report *report)
{
    if (!report)
        return;
    strlist_release(&report->cells);
    free(report->widths);
    free(report->right);
    free(report);
}

char *report_count(int64_t n, char *text)
{
    char digits[TEXT_SIZE];
    char *to = text;

    int len = snprintf(digits, sizeof digits, "%" PRId64, n);
    for (int i = 0; i < len; i++) {
        *to++ = digits[i];
        int left = len - 1 - i;
        if (left > 0 && left % 3 == 0 && digits[i] != '-')
            *to++ = ',';
    }
    *to = '\0';
    return text;
}

char *report_bytes(int64_t n, char *text)
{
    static const char *const units[] = {"KB", "MB", "GB", "TB", "PB", "EB"};
    double value = (double)n / 1000;
    size_t unit = 0;

    if (n < 1000) {
        (void)snprintf(text, TEXT_SIZE, "%" PRId64 " B", n);
        return text;
    }
    /* From here on one decimal would round up to 1000.0. */
    while (value >= 999.95) {
        value /= 1000;
        unit++;
    }
    (void)snprintf(text, TEXT_SIZE, "%.1f %s", value, units[unit]);
    return text;
}

char *report_duration(int64_t ms, char *text)
{
    int64_t s = ms / 1000 + (ms % 1000 >= 500);

    if (ms < 1000)
        (void)snprintf(text, TEXT_SIZE, "%" PRId64 " ms", ms);
    else if (ms < 59950)
        (void)snprintf(text, TEXT_SIZE, "%.1f s", (double)ms / 1000);
    else if (s < 3600)
        (void)snprintf(text, TEXT_SIZE, "%" PRId64 " min %" PRId64 " s", s / 60, s % 60);
    else if (s < 86400)
        (void)snprintf(text, TEXT_SIZE, "%" PRId64 " h %" PRId64 " min", s / 3600, s / 60 % 60);
    else
        (void)snprintf(text, TEXT_SIZE, "%" PRId64 " d %" PRId64 " h", s / 86400, s / 3600 % 24);
    return text;
}
