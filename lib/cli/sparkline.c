/* Bars of eight heights in UTF-8, of seven in ASCII. */
#include "cli/sparkline.h"

#include <math.h>

struct charset {
    const char *bad;
    const char *bars[8];
    size_t heights;
};

static const struct charset unicode = {
    "\u00d7", {"\u2581", "\u2582", "\u2583", "\u2584", "\u2585", "\u2586", "\u2587", "\u2588"}, 8};
static const struct charset ascii = {"x", {"_", ".", "-", "=", "+", "*", "#"}, 7};

static const char *bar(const struct charset *set, double value, double most)
{
    double height = most > 0 ? ceil(value / most * (double)set->heights) : 1;
    if (height < 1)
        height = 1;
    if (height > (double)set->heights)
        height = (double)set->heights;
    return set->bars[(size_t)height - 1];
}

void sparkline_add(struct buf *line, const double *values, size_t count, bool utf8)
{
    const struct charset *set = utf8 ? &unicode : &ascii;
    double most = 0;
    for (size_t i = 0; i < count; i++)
        most = values[i] > most ? values[i] : most;
    for (size_t i = 0; i < count; i++) {
        if (values[i] >= 0)
            buf_adds(line, bar(set, values[i], most));
        else
            buf_adds(line, values[i] > SPARKLINE_BAD ? " " : set->bad);
    }
}
