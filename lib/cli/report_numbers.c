/* Numbers as people read them. */
#include <inttypes.h>
#include <stdio.h>

#include "cli/report.h"

#define TEXT_SIZE ((size_t)32)

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
