/*
 * "2026-01-24 20:34:43.91+00": fields of fixed width after the year, so that bytes order as time
 * does once the year's length and the era are known.
 */
#include "repl/instant.h"

#include <string.h>

/* -2 NULL, -1 -infinity, 0 BC, 1 AD, 2 infinity. */
static int era(const char *text)
{
    size_t len;

    if (!text)
        return -2;
    if (!strcmp(text, "infinity"))
        return 2;
    if (!strcmp(text, "-infinity"))
        return -1;
    len = strlen(text);
    return len > 3 && !strcmp(text + len - 3, " BC") ? 0 : 1;
}

static int sign(int n)
{
    return n < 0 ? -1 : n > 0;
}

/* Month to fraction: equal widths but for the fraction, whose missing digits are zeros ('+' and ' '
 * sort below them). */
static int compare_rest(const char *a, const char *b)
{
    for (;; a++, b++) {
        int x = *a == '.' || (*a >= '0' && *a <= '9') || *a == '-' || *a == ':' ? *a : 0;
        int y = *b == '.' || (*b >= '0' && *b <= '9') || *b == '-' || *b == ':' ? *b : 0;

        if (*a == ' ' && *b == ' ' && a[1] != 'B' && b[1] != 'B')
            continue;
        if (x != y || !x)
            return x - y;
    }
}

int instant_compare(const char *a, const char *b)
{
    int x = era(a);
    int y = era(b);
    size_t years_a;
    size_t years_b;
    int order;

    if (x != y || x < 0 || x == 2)
        return sign(x - y);
    years_a = strcspn(a, "-");
    years_b = strcspn(b, "-");
    if (years_a != years_b)
        order = years_a < years_b ? -1 : 1;
    else
        order = strncmp(a, b, years_a);
    if (order)
        return x == 0 ? -sign(order) : sign(order);
    return sign(compare_rest(a + years_a, b + years_b));
}

bool instant_is_later(const char *a, const char *b)
{
    return a && b && instant_compare(a, b) > 0;
}
