/*
 * Tables on stdout: aligned columns, right-aligned numbers, control characters replaced. In a pipe
 * or a file a table is as wide as its cells are. On a terminal it is no wider than that: long names
 * end in "…", a text in the last column goes on below itself, and where not even that helps, each
 * row is shown as a list of its own. Numbers are never cut.
 */
#ifndef DBR_CLI_REPORT_H
#define DBR_CLI_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct report;

/* What a cell says, for colour and a symbol on a terminal; its words must say it by themselves. */
enum report_mark { REPORT_PLAIN, REPORT_GOOD, REPORT_WARNING, REPORT_BAD };

/* How it is shown. Symbols stand before marked cells. */
struct report_style {
    size_t columns; /* of the terminal; 0: no limit */
    bool color, symbols;
    bool utf8;
};

/* headings: one string for each column; one that starts with '>' is right-aligned (the '>' is not
 * shown). */
struct report *report_new(const char *const *headings, size_t columns);
void report_row(struct report *report, const char *const *cells); /* copies; NULL shows "-" */
/* Marks a left-aligned cell of the row that was added last. */
void report_mark(struct report *report, size_t column, enum report_mark mark);
void report_print(const struct report *report, FILE *out, bool color);
void report_print_in(const struct report *report, FILE *out, const struct report_style *style);
void report_free(struct report *report);

/* The style for what is printed to out. */
struct report_style report_style_of(FILE *out, bool color);
/* A line of its own: label, and a word with its mark. */
void report_word(FILE *out, bool color, const char *label, enum report_mark mark, const char *word);

/* Texts for people; each writes to a buffer of at least 32 bytes and returns it. */
char *report_count(int64_t n, char *text);     /* 1234567 -> "1,234,567" */
char *report_bytes(int64_t n, char *text);     /* "812 B", "12.3 KB", "1.2 GB" (powers of 1000) */
char *report_duration(int64_t ms, char *text); /* "341 ms", "2.4 s", "3 min 12 s" */

#endif
