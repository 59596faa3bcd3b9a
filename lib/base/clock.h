/* Time. Wall-clock instants are microseconds since 1970 UTC in an int64_t; spans are milliseconds
 * unless named. */
#ifndef DBR_BASE_CLOCK_H
#define DBR_BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#define CLOCK_TEXT_SIZE 32

int64_t clock_now_us(void);  /* wall clock */
int64_t clock_mono_ms(void); /* monotonic, for deadlines and durations */
int64_t clock_mono_us(void);

/* Writes "2026-01-24T20:34:43.910Z" (UTC, milliseconds) to text, which has CLOCK_TEXT_SIZE bytes;
 * returns text. */
char *clock_format(int64_t us, char *text);
/* Reads what clock_format wrote (fraction of 0 to 6 digits). False when the text is nothing of that
 * kind. */
bool clock_parse(const char *text, int64_t *us);
/* Reads a span as people write it: a whole number and s, m, h, d or w ("90m", "24h", "7d"); at most
 * ten years. False when it is nothing of that kind, or 0. */
bool clock_parse_span(const char *text, int64_t *ms);
/* Sleeps for ms, less when a stop is requested (base/stop.h). */
void clock_sleep_ms(int64_t ms);

#endif
