/*
 * Tables on stdout: aligned columns, right-aligned numbers, no colour unless asked, widths counted
 * in UTF-8 code points, control characters replaced.
 */
#ifndef DBR_CLI_REPORT_H
#define DBR_CLI_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct report;

/* headings: one string for each column; one that starts with '>' is right-aligned (the '>' is not
 * shown). */
struct report *report_new(const char *const *headings, size_t columns);
void report_row(struct report *report, const char *const *cells); /* copies; NULL shows "-" */
void report_print(const struct report *report, FILE *out, bool color);
void report_free(struct report *report);

/* Texts for people; each writes to a buffer of at least 32 bytes and returns it. */
char *report_count(int64_t n, char *text);     /* 1234567 -> "1,234,567" */
char *report_bytes(int64_t n, char *text);     /* "812 B", "12.3 KB", "1.2 GB" (powers of 1000) */
char *report_duration(int64_t ms, char *text); /* "341 ms", "2.4 s", "3 min 12 s" */

#endif
