/* Single values; what is made of several stands in canonical_literal.c and canonical_json.c. */
#include "db/canonical.h"

#include <arpa/inet.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "db/canonical_internal.h"

/* A number longer than this is not one that either engine takes. */
#define NUMBER_MAX 1100
/* PostgreSQL's numeric ends at 131072 digits before the point and 16383 behind it. */
#define EXPONENT_MAX 200000

void canonical_begin(struct siphash *hash, char sort)
{
    siphash_init(hash);
    siphash_add(hash, &sort, 1);
}

/* --- decimals --------------------------------------------------------------------------------- */

/* A number's text taken apart: [-]digits[.digits][E[+-]digits]. */
struct decimal {
    bool negative;
    const char *whole, *fraction;
    size_t whole_len, fraction_len;
    long exponent;
};

static size_t digits(const char *p, const char *end)
{
    const char *start = p;

    while (p < end && *p >= '0' && *p <= '9')
        p++;
    return (size_t)(p - start);
}

static bool take_exponent(struct decimal *d, const char *p, const char *end)
{
    bool negative = p < end && *p == '-';
    size_t len;

    if (p < end && (*p == '-' || *p == '+'))
        p++;
    len = digits(p, end);
    if (len == 0 || p + len != end)
        return false;
    for (; p < end; p++)
        if (d->exponent <= EXPONENT_MAX)
            d->exponent = d->exponent * 10 + (*p - '0');
    if (d->exponent > EXPONENT_MAX)
        return false;
    if (negative)
        d->exponent = -d->exponent;
    return true;
}

static bool take_decimal(struct decimal *d, const char *p, const char *end)
{
    memset(d, 0, sizeof(*d));
    d->negative = p < end && *p == '-';
    p += d->negative;
    d->whole = p;
    d->whole_len = digits(p, end);
    p += d->whole_len;
    if (p < end && *p == '.') {
        d->fraction = ++p;
        d->fraction_len = digits(p, end);
        p += d->fraction_len;
    }
    if (d->whole_len + d->fraction_len == 0)
        return false;
    return p == end || ((*p == 'e' || *p == 'E') && take_exponent(d, p + 1, end));
}

/* Leading zeros say nothing. */
static void add_digits(struct siphash *hash, const char *p, size_t len, bool *any)
{
    while (!*any && len > 0 && *p == '0')
        p++, len--;
    *any = *any || len > 0;
    siphash_add(hash, p, len);
}

/* Digits without a point and the scale, as PostgreSQL's numeric has them: 1E+5 has the scale 0,
 * 1E-7 seven. */
bool canonical_add_decimal(struct siphash *hash, const char *text, size_t len)
{
    struct decimal d;
    bool any = false;
    long scale;

    if (!take_decimal(&d, text, text + len))
        return false;
    add_digits(hash, d.whole, d.whole_len, &any);
    add_digits(hash, d.fraction, d.fraction_len, &any);
    scale = (long)d.fraction_len - d.exponent;
    for (; scale < 0; scale++)
        if (any)
            siphash_add(hash, "0", 1);
    siphash_add(hash, any && d.negative ? "-" : "+", 1);
    siphash_add_number(hash, (uint64_t)scale);
    return true;
}

static bool add_decimal(struct siphash *hash, const char *text, size_t len)
{
    static const char *const words[] = {"NaN", "Infinity", "-Infinity"};
    size_t i;

    for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (strlen(words[i]) == len && !memcmp(words[i], text, len)) {
            siphash_add(hash, text, len);
            return true;
        }
    return canonical_add_decimal(hash, text, len);
}

/* --- floats ----------------------------------------------------------------------------------- */

/* The programs never leave the C locale, so that the point is one. All NaNs are one. */
static bool add_float(struct siphash *hash, const char *text, size_t len, bool single)
{
    char copy[NUMBER_MAX];
    char *end;
    uint64_t bits = 0;
    double wide;
    float narrow;

    if (len == 0 || len >= sizeof(copy))
        return false;
    memcpy(copy, text, len);
    copy[len] = '\0';
    if (single) {
        narrow = strtof(copy, &end);
        wide = narrow;
        memcpy(&bits, &narrow, sizeof(narrow));
    } else {
        wide = strtod(copy, &end);
        memcpy(&bits, &wide, sizeof(wide));
    }
    siphash_add_number(hash, isnan(wide) ? UINT64_MAX : bits);
    return end == copy + len;
}

static bool add_vector(struct siphash *hash, const char *text, size_t len)
{
    const char *p = text + 1;
    const char *end = text + len - 1;

    if (len < 2 || *text != '[' || *end != ']')
        return false;
    while (p < end) {
        const char *comma = memchr(p, ',', (size_t)(end - p));
        const char *stop = comma ? comma : end;

        if (!add_float(hash, p, (size_t)(stop - p), true))
            return false;
        p = stop + 1;
    }
    return true;
}

/* --- addresses -------------------------------------------------------------------------------- */

/* The text of an IPv6 address may be written in several ways, and a full prefix is left out. */
static bool add_address(struct siphash *hash, const char *text, size_t len)
{
    char copy[80];
    unsigned char bytes[16];
    char *slash;
    char *end;
    int family;
    unsigned long prefix;

    if (len == 0 || len >= sizeof(copy))
        return false;
    memcpy(copy, text, len);
    copy[len] = '\0';
    slash = strchr(copy, '/');
    if (slash)
        *slash = '\0';
    family = strchr(copy, ':') ? AF_INET6 : AF_INET;
    if (inet_pton(family, copy, bytes) != 1)
        return false;
    prefix = family == AF_INET6 ? 128 : 32;
    if (slash) {
        prefix = strtoul(slash + 1, &end, 10);
        if (end == slash + 1 || *end)
            return false;
    }
    siphash_add(hash, bytes, family == AF_INET6 ? 16 : 4);
    siphash_add_number(hash, prefix);
    return true;
}

/* --- any value -------------------------------------------------------------------------------- */

static bool digest(const struct canonical *form, const char *text, size_t len, uint64_t *sum)
{
    struct siphash hash;
    bool ok = false;

    if (form->array)
        return canonical_array(form, text, len, sum);
    canonical_begin(&hash, 'v');
    switch (form->kind) {
    case CANONICAL_TEXT:
        break;
    case CANONICAL_PADDED:
        while (len > 0 && text[len - 1] == ' ')
            len--;
        break;
    case CANONICAL_DECIMAL:
        ok = add_decimal(&hash, text, len);
        break;
    case CANONICAL_FLOAT4:
    case CANONICAL_FLOAT8:
        ok = add_float(&hash, text, len, form->kind == CANONICAL_FLOAT4);
        break;
    case CANONICAL_ADDRESS:
        ok = add_address(&hash, text, len);
        break;
    case CANONICAL_VECTOR:
        ok = add_vector(&hash, text, len);
        break;
    case CANONICAL_JSON:
        return canonical_json(text, len, sum);
    case CANONICAL_RECORD:
        return canonical_record(form, text, len, sum);
    }
    if (form->kind == CANONICAL_TEXT || form->kind == CANONICAL_PADDED) {
        siphash_add(&hash, text, len);
        ok = true;
    }
    *sum = siphash_end(&hash);
    return ok;
}

uint64_t canonical_digest(const struct canonical *form, const char *text, size_t len)
{
    struct siphash hash;
    uint64_t sum;

    if (!text) {
        canonical_begin(&hash, 'N');
        return siphash_end(&hash);
    }
    if (digest(form, text, len, &sum))
        return sum;
    canonical_begin(&hash, '?');
    siphash_add(&hash, text, len);
    return siphash_end(&hash);
}
