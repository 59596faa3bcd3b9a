/*
 * Time. Dates are computed here rather than by the C library, whose conversions depend on the
 * process's time zone and on a global one at that.
 */
#include "base/clock.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/stop.h"

#define US_PER_SECOND INT64_C(1000000)
#define SECONDS_PER_DAY INT64_C(86400)
#define SLICE_MS 50 /* how long a stop may go unnoticed when its signal reached another thread */

static int64_t now_us(clockid_t id)
{
    struct timespec now;
    (void)clock_gettime(id, &now);
    return (int64_t)now.tv_sec * US_PER_SECOND + now.tv_nsec / 1000;
}

int64_t clock_now_us(void)
{
    return now_us(CLOCK_REALTIME);
}

int64_t clock_mono_us(void)
{
    return now_us(CLOCK_MONOTONIC);
}

int64_t clock_mono_ms(void)
{
    return clock_mono_us() / 1000;
}

/* Days since 1970-01-01 of a date of the proleptic Gregorian calendar, counted in years that begin
 * in March. */
static int64_t days_of_date(int64_t year, int month, int day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

static void date_of_days(int64_t days, int64_t *year, int *month, int *day)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t day_of_era = days - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t shifted = (5 * day_of_year + 2) / 153;
    *day = (int)(day_of_year - (153 * shifted + 2) / 5 + 1);
    *month = (int)(shifted < 10 ? shifted + 3 : shifted - 9);
    *year = year_of_era + era * 400 + (*month <= 2);
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

char *clock_format(int64_t us, char *text)
{
    int64_t seconds = floor_div(us, US_PER_SECOND);
    int64_t part = us % US_PER_SECOND; /* seconds * US_PER_SECOND would overflow at the very end */
    int64_t ms = (part < 0 ? part + US_PER_SECOND : part) / 1000;
    int64_t days = floor_div(seconds, SECONDS_PER_DAY);
    int64_t rest = seconds - days * SECONDS_PER_DAY;
    int64_t year;
    int month, day;

    date_of_days(days, &year, &month, &day);
    /* The remainders change nothing; they show the compiler how wide each part can be. */
    unsigned time = (unsigned)rest;
    (void)snprintf(text, CLOCK_TEXT_SIZE, "%04d-%02u-%02uT%02u:%02u:%02u.%03uZ",
                   (int)(year % 1000000), (unsigned)month % 100, (unsigned)day % 100,
                   time / 3600 % 100, time / 60 % 60, time % 60, (unsigned)ms % 1000);
    return text;
}

/* Reads exactly `digits` digits and the character after them (0: none is looked at). */
static bool take(const char **text, int digits, char after, int *value)
{
    *value = 0;
    for (int i = 0; i < digits; i++, (*text)++) {
        if (!isdigit((unsigned char)**text))
            return false;
        *value = *value * 10 + (**text - '0');
    }
    if (after == 0)
        return true;
    if (**text != after)
        return false;
    (*text)++;
    return true;
}

static bool take_fraction(const char **text, int *us)
{
    int digits = 0;

    *us = 0;
    if (**text != '.')
        return true;
    for ((*text)++; isdigit((unsigned char)**text); (*text)++, digits++) {
        if (digits == 6)
            return false;
        *us = *us * 10 + (**text - '0');
    }
    if (digits == 0)
        return false;
    for (; digits < 6; digits++)
        *us *= 10;
    return true;
}

static int month_days(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return month == 2 && leap ? 29 : days[month - 1];
}

bool clock_parse(const char *text, int64_t *us)
{
    int year, month, day, hour, minute, second, fraction;

    if (!text || !take(&text, 4, '-', &year) || !take(&text, 2, '-', &month) ||
        !take(&text, 2, 'T', &day) || !take(&text, 2, ':', &hour) ||
        !take(&text, 2, ':', &minute) || !take(&text, 2, 0, &second) ||
        !take_fraction(&text, &fraction) || strcmp(text, "Z") != 0)
        return false;
    if (month < 1 || month > 12 || day < 1 || day > month_days(year, month) || hour > 23 ||
        minute > 59 || second > 59)
        return false;
    int64_t seconds =
        days_of_date(year, month, day) * SECONDS_PER_DAY + hour * 3600 + minute * 60 + second;
    *us = seconds * US_PER_SECOND + fraction;
    return true;
}

bool clock_parse_span(const char *text, int64_t *ms)
{
    static const struct {
        char unit;
        int64_t seconds;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', SECONDS_PER_DAY}, {'w', 604800}};
    int64_t number = 0;
    size_t digits = strspn(text, "0123456789");

    if (digits == 0 || digits > 9 || text[digits] == '\0' || text[digits + 1] != '\0')
        return false;
    for (size_t i = 0; i < digits; i++)
        number = number * 10 + (text[i] - '0');
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (units[i].unit == text[digits] && number > 0 &&
            number * units[i].seconds <= 3660 * SECONDS_PER_DAY) {
            *ms = number * units[i].seconds * 1000;
            return true;
        }
    }
    return false;
}

void clock_sleep_ms(int64_t ms)
{
    int64_t end = clock_mono_us() + (ms > 0 ? ms : 0) * 1000;

    while (!stop_signal()) {
        int64_t left = end - clock_mono_us();
        if (left <= 0)
            return;
        if (left > SLICE_MS * 1000)
            left = SLICE_MS * 1000;
        struct timespec slice = {.tv_sec = 0, .tv_nsec = (long)left * 1000};
        (void)nanosleep(&slice, NULL);
    }
}
